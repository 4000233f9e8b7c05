"""Every size of a terminal: one honest line where nothing fits, and everything again when there is room."""

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.geometry import Size

from tests.support.builders import failure, job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import screen
from tui.core.reading import Failure, Status

if TYPE_CHECKING:
    from tui.core.job import JobId

SENTENCE = "too small: 40x8 min"


@pytest.mark.parametrize("size", by_length([(20, 5)], [(20, 5), (39, 24), (80, 7)]))
@pytest.mark.parametrize("key", by_length(["", "a"], ["", "a", "question_mark", "s"]))
async def test_below_the_smallest_size_there_is_one_honest_line(size: tuple[int, int], key: str) -> None:
    async with screen(3) as shown:
        if key:
            await shown.press(key)
        before = shown.text
        await shown.pilot.resize_terminal(*size)
        await shown.until(lambda: shown.text.strip() == SENTENCE)
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: shown.text == before)


async def test_the_smallest_size_of_all_still_has_a_letter_of_it() -> None:
    async with screen(3, size=(1, 1)) as shown:
        assert shown.text == "t"
        await shown.pilot.resize_terminal(40, 8)
        await shown.until(lambda: "job 001" in shown.text and SENTENCE not in shown.text)


@pytest.mark.parametrize("leave", ["q", "ctrl+q"])
async def test_where_nothing_can_be_seen_keys_do_nothing_but_leave(leave: str) -> None:
    async with screen(3, size=(39, 24)) as shown:
        await shown.press("x", "colon", "pagedown", "escape", "exclamation_mark")
        shown.app.post_message(events.Paste(job_id(9)))
        await shown.settle()
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: "job 001" in shown.text)
        assert "3 idle" in shown.lines[0]
        assert "shown" not in shown.lines[0]
        await shown.press("colon")
        await shown.pilot.resize_terminal(1, 1)
        await shown.press("pagedown", "pageup", "end", "z", "enter")
        assert not shown.app.crash
        await shown.press("escape")
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: "Search for commands" in shown.text)
        await shown.press("escape")
        await shown.pilot.resize_terminal(80, 7)
        await shown.press(leave)
        await shown.until(lambda: not shown.app.is_running)


async def test_at_the_smallest_size_keys_act() -> None:
    async with screen(3, size=(40, 8)) as shown:
        await shown.press("exclamation_mark")
        await shown.until(lambda: "job 001" not in shown.text)


async def test_a_storm_of_sizes_ends_in_the_same_screen() -> None:
    dice = Random(5)
    async with screen(30) as shown:
        before = shown.text
        for _ in range(by_length(15, 50)):
            await shown.pilot.resize_terminal(dice.randint(1, 200), dice.randint(1, 60))
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: shown.text == before)


ACTIONS = ["add", "error", "app.theme", "label", "tags", "sort", "help", "open_address"]


@pytest.mark.parametrize("action", by_length(ACTIONS[:3], ACTIONS))
async def test_a_dialog_may_be_closed_before_it_is_there(action: str) -> None:
    async with screen(3, {job_id(1): failure()}, address="https://x.example/{job_id}") as shown:
        await shown.app.run_action(action, shown.board)
        for _ in range(1000):
            if not shown.board.is_active:
                break
            await asyncio.sleep(0)
        for _ in range(2):
            await shown.app.run_action("close", shown.app.screen)
        await shown.until(lambda: shown.board.is_active)
        await shown.press("j")
        assert not shown.app.crash


async def test_counts_that_a_narrow_screen_has_no_room_for_leave_a_sign() -> None:
    outcomes: dict[JobId, Status | Failure] = {job_id(1): Status.RUNNING, job_id(2): failure()}
    async with screen(5, outcomes, size=(40, 24)) as shown:
        await shown.press("exclamation_mark")
        assert shown.lines[0] == " 1▸  3◦  1?  1 of 5 shown: problems"
        await shown.press("space")
        assert shown.lines[0] == " 1▸  3◦  1?  1 of 5 shown  1 marked"
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: "1 of 5 shown: problems" in shown.lines[0])


async def test_a_size_that_comes_late_is_not_taken_for_that_of_now() -> None:
    async with screen(3) as shown:
        for key in ("", "question_mark", "colon"):
            await shown.press(*filter(None, [key]))
            shown.app.screen.post_message(events.Resize(Size(20, 5), Size(20, 5)))
            await shown.settle()
            assert shown.app.screen.size == shown.board.size == Size(80, 24), key
            assert "too small" not in shown.text
            await shown.press("escape")
