"""What stands on the screen is so now: also behind a dialog, off the screen, under a filter, and after a removal."""

import asyncio
import re
from collections import Counter

import pytest
from textual.widgets import Input

from tests.support.builders import failure, job_id, reading
from tests.support.long_run import by_length
from tests.support.screen_harness import HOUR, Screen, jobs, screen
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.storage.screen_state import ScreenState
from tui.ui.live import RARELY


def let_time_pass(shown: Screen, hours: float) -> None:
    """Nobody is asked meanwhile."""
    shown.board.live.pollers.paused = True
    shown.clock.ahead += hours * HOUR
    for _ in range(RARELY):
        shown.board.tick()


async def test_behind_a_dialog_old_answers_are_marked() -> None:
    async with screen(30) as shown:
        await shown.press("s")
        let_time_pass(shown, 10)
        await shown.until(lambda: "was idle" in shown.text and "30 stale" in shown.lines[0])
        assert "Sort by" in shown.text


@pytest.mark.parametrize("keys", [["exclamation_mark"], ["slash", *"is:stale", "enter"]])
async def test_what_only_time_makes_a_problem_is_found(keys: list[str]) -> None:
    async with screen(30) as shown:
        await shown.press(*keys)
        assert "job 001" not in shown.text
        let_time_pass(shown, 10)
        await shown.until(lambda: "was idle" in shown.text)


async def test_a_row_that_comes_into_view_is_as_old_as_it_is() -> None:
    async with screen(60) as shown:
        await shown.press("G", "g")
        shown.board.live.pollers.paused = True
        shown.clock.ahead += 10 * HOUR
        await shown.press("G")
        assert not [line for line in shown.lines if "◦ idle" in line]


async def test_a_row_that_was_out_of_view_meanwhile_is_as_old_as_it_is() -> None:
    async with screen(60, {job_id(number): Status.RUNNING for number in range(1, 61)}) as shown:
        seen = set()
        for _ in range(2):  # two times that are equally wide: nothing else draws the row again
            shown.clock.ahead += HOUR / 4
            shown.board.tick()
            await shown.settle()
            await shown.press("G")
            assert "job 060" in shown.lines[-2]
            seen.add(shown.lines[-2])
            await shown.press("g")
        assert len(seen) == 2


async def test_a_stale_job_without_an_answer_is_counted_grouped_and_found_as_one_without_an_answer() -> None:
    async with screen(3) as shown:
        let_time_pass(shown, 10)
        shown.board.record([reading(job_id(1), failure(), shown.clock.now().at)])
        await shown.settle()
        assert " 1 no answer  2 stale │ paused │ cn-north-4" in shown.lines[0]
        assert "running" not in shown.lines[0]
        for word, found in (("no-answer", [1]), ("stale", [2, 3])):
            await shown.press("slash", *f"is:{word}", "enter")
            assert [number for number in (1, 2, 3) if f"job {number:03}" in shown.text] == found
            await shown.press("escape")
        await shown.press("z", "t", "enter")
        assert "no tag (2)  1 no answer  1 stale" in shown.text


async def test_a_removal_undone_brings_back_what_was_known() -> None:
    async with screen(2, {job_id(1): Status.RUNNING}) as shown:
        since = shown.board.state.board.states[job_id(1)].since
        shown.board.live.pollers.paused = True
        await shown.press("x")
        await shown.until(lambda: job_id(1) not in shown.board.state.board.states)
        await shown.press("u")
        await shown.until(lambda: job_id(1) in shown.board.state.board.states)
        assert shown.board.state.board.states[job_id(1)].since == since
        shown.board.live.pollers.paused = False
        shown.board.show_all()
        assert "1 running" in shown.lines[0]


async def test_a_resize_leaves_the_filter_to_the_typist() -> None:
    async with screen(3) as shown:
        await shown.press("slash", *"job")
        await shown.pilot.resize_terminal(130, 30)
        await shown.press(*" x")
        assert len(shown.store.load().jobs) == 3
        assert shown.board.state.look.filter == "job x"


async def test_the_filter_line_goes_with_escape_and_the_cursor_comes_back() -> None:
    async with screen(9) as shown:
        await shown.press("j", "j")
        before = shown.cursor
        await shown.press("slash", *"001")
        assert shown.cursor != before
        await shown.press("escape")
        assert shown.cursor == before
        assert "is:running" not in shown.text
        await shown.press("slash", "escape")
        assert "is:running" not in shown.text


async def test_marks_that_the_filter_hides_make_no_other_job_a_target() -> None:
    async with screen(3) as shown:
        await shown.press("space", "slash", *"003", "enter", "x")
        assert len(shown.store.load().jobs) == 3


async def test_a_page_that_the_user_has_scrolled_to_stays() -> None:
    async with screen(60) as shown:
        shown.board.look.sort_by("status")
        await shown.settle()
        shown.board.table.scroll_to(y=30, animate=False, immediate=True)
        shown.board.record([reading(job_id(40), Status.RUNNING, shown.clock.now().at)])
        await shown.settle()
        assert shown.board.table.scroll_offset.y == 30


async def test_a_range_grows_by_the_users_keys_only() -> None:
    async with screen(5) as shown:
        await shown.press("v", "j", "j")
        shown.store.remove([job_id(3)])
        shown.board.take_watchlist(shown.store.load(), by_itself=False)
        await shown.settle()
        assert shown.board.table.marks == {job_id(1), job_id(2)}


async def test_an_address_that_is_none_is_shown_as_text() -> None:
    async with screen([Job(job_id(1), "odd", address="https://[bad")]) as shown:
        await shown.press("o")
        await shown.until(lambda: "https://[bad" in shown.text)


async def test_an_undo_takes_the_last_change_also_where_the_disk_is_slow() -> None:
    async with screen(jobs(3)) as shown:
        await shown.press("L", *" two", "enter")
        await shown.until(lambda: shown.store.load().jobs[0].label == "job 001 two")
        async with shown.board.editor._one_at_a_time:
            shown.board.action_press("remove")
            shown.board.action_press("undo")
            await asyncio.sleep(0)
        await shown.until(lambda: len(shown.board.editor._undone) == 1)
        assert [job.label for job in shown.store.load().jobs] == ["job 001 two", "job 002", "job 003"]


async def test_the_header_names_the_age_up_to_which_all_is_fresh() -> None:
    async with screen(3) as shown:
        assert "all answers under 90 m old" in shown.lines[0]  # asked once an hour


def said(line: str) -> dict[str, int]:
    """What the header counts, without what is nought."""
    counts = re.findall(r"(\d+) (running|idle|no answer|stale|unread)\b", line)
    return {word: int(number) for number, word in counts if number != "0"}


def seen(lines: list[str]) -> dict[str, int]:
    """The same of the rows."""
    words = {"▸": "running", "◦": "idle", "?": "no answer", "◌": "stale", "-": "unread"}
    marks = [words[line[2]] for line in lines if re.search(r"job \d{3}", line)]
    return dict(Counter(marks))


def assert_same(shown: Screen) -> None:
    header, *rows = (line for line in shown.lines if line.strip())
    assert said(header) == seen(rows)


async def test_header_and_rows_say_the_same_when_answers_grow_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(job: JobId) -> Reading:
        await asyncio.Event().wait()
        raise AssertionError(job)

    outcomes: dict[JobId, Status | Failure] = {job_id(n): Status.RUNNING for n in range(1, 6)}
    async with screen(10, outcomes) as shown:
        monkeypatch.setattr(shown.reader, "read", hang)
        assert said(shown.lines[0]) == {"running": 5, "idle": 5}
        shown.clock.ahead += 3 * HOUR - 5
        for _ in range(3 * RARELY):
            shown.board.tick()
            await shown.settle()
            assert_same(shown)
            shown.clock.ahead += 1
        assert said(shown.lines[0]) == {"stale": 10}


async def test_header_and_rows_are_drawn_in_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with screen(10) as shown:
        frames: list[list[str]] = []
        monkeypatch.setattr(shown.app, "post_display_hook", lambda: frames.append(shown.lines))
        for number in range(1, 11):
            shown.reader.outcomes[job_id(number)] = Status.RUNNING  # the pollers may read it meanwhile
            at = shown.clock.now().at + 0.1  # so it is sent now: one sent before the pollers' last would be dropped
            shown.board.record([reading(job_id(number), Status.RUNNING, at)])
            await shown.settle()
        for header, *rows in frames:
            assert said(header) == seen(rows)
        assert said(frames[-1][0]) == {"running": 10}


async def test_behind_a_dialog_header_and_rows_follow() -> None:
    async with screen(3) as shown:
        await shown.press("L")
        shown.board.record([reading(job_id(1), Status.RUNNING, shown.clock.now().at)])
        await shown.until(lambda: "1 running  2 idle" in shown.text and "▸ running" in shown.text)
        assert "enter: save" in shown.text


async def test_a_pause_is_a_banner_and_nothing_changes_under_it() -> None:
    async with screen(3, {job_id(1): Status.RUNNING}) as shown:
        await shown.press("P")
        paused = shown.lines
        assert re.search(r"Paused since .*: nothing is asked", shown.text)
        assert "◌ was running" in shown.text
        for _ in range(200):
            shown.clock.ahead += 7
            shown.board.tick()
        await shown.settle()
        assert shown.lines == paused
        await shown.press("P")
        assert "Paused" not in shown.text


async def test_healthy_jobs_sorted_by_age_stay_where_they_are() -> None:
    async with screen(6, state=ScreenState(sort="age", details=False)) as shown:
        order = shown.board.table.order
        for number in (3, 1, 6, 2):
            shown.clock.ahead += 60
            shown.board.record([reading(job_id(number), Status.IDLE, shown.clock.now().at)])
            await shown.settle()
            shown.board.show_all()
            assert shown.board.table.order == order


@pytest.mark.parametrize(
    "keys",
    by_length([["a"], ["T", "escape", "slash"]], [["slash"], ["L"], ["a"], ["i"], ["colon"], ["T", "escape", "slash"]]),
)
async def test_no_cursor_blinks(keys: list[str]) -> None:
    async with screen(3) as shown:
        await shown.press(*keys)
        fields = shown.app.screen.query(Input)
        assert [field for field in fields if field.has_focus]
        assert not [field for field in fields if field.has_focus and field.cursor_blink]


async def test_what_the_banner_says_is_not_said_again_on_each_row() -> None:
    refused = Failure(FailureKind.UNREACHABLE, "Nothing listens at this port.")
    async with screen(6, {job_id(number): refused for number in range(1, 7)}) as shown:
        await shown.until(lambda: "No answers: " in shown.text)
        await shown.until(lambda: shown.text.count("Nothing listens at this port") == 1)
        assert "? no answer" in shown.text


async def test_with_several_profiles_a_row_names_the_one_that_the_banner_speaks_of() -> None:
    refused = Failure(FailureKind.UNREACHABLE, "Nothing listens at this port.")
    watched = [Job(job_id(number), f"job {number}", profile="lab" if number > 3 else "") for number in range(1, 7)]
    async with screen(watched, {job.id: refused for job in watched if job.profile}, names=("", "lab")) as shown:
        await shown.until(lambda: shown.text.count("lab: see above") == 3)
        assert shown.text.count("Nothing listens at this port") == 1
