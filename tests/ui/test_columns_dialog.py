"""Columns of one's own choice: by the settings, and by a dialog that goes before them."""

import re
from typing import NoReturn

import pytest

from tests.support.builders import failure, job_id
from tests.support.screen_harness import screen
from tui.core.errors import UserError
from tui.core.job import Job
from tui.core.reading import Status
from tui.storage.screen_state import ScreenState
from tui.storage.settings import UiSettings
from tui.ui.columns_dialog import ColumnChoice


def heads(lines: list[str]) -> list[str]:
    return next(line for line in lines if "State" in line or "Job" in line or " ID" in line).split()


async def test_the_settings_name_the_columns_and_their_order() -> None:
    async with screen(3, columns=("job", "id", "state")) as shown:
        assert heads(shown.lines) == ["Job", "ID", "State"]


async def test_a_choice_that_cannot_be_saved_says_so_once() -> None:
    def full(state: ScreenState) -> NoReturn:
        raise UserError("Not saved: the disk is full")

    async with screen(3, save_state=full) as shown:
        await shown.press("w")
        assert shown.said == "The look of the screen is not saved: the disk is full"


async def test_columns_are_chosen_in_a_dialog_seen_at_once_and_kept() -> None:
    async with screen(3, columns=("job", "state")) as shown:
        await shown.press("W")
        assert "[x] Job" in shown.text
        await shown.press("J", "space")
        assert shown.lines[1].split()[0] == "State"
        await shown.press("space", "j", "j", "enter")
        assert heads(shown.lines) == ["State", "Job"]
        assert shown.saved[-1].columns == ("state", "job")
        await shown.press("W", "down", "space", "escape")
        assert heads(shown.lines) == ["State", "Job"]
        await shown.press("W", "0", "enter")
        assert heads(shown.lines) == ["Job", "State"]
        assert not shown.saved[-1].columns


async def test_a_click_on_a_column_shows_or_hides_it_and_saves_nothing() -> None:
    async with screen(3, columns=("job", "state")) as shown:
        await shown.press("W")
        for ticks in ("[ ] State", "[x] State"):
            await shown.pilot.click("OptionList", offset=(10, 1))
            await shown.settle()
            assert ticks in shown.text
        assert not shown.saved


async def test_settings_that_are_edited_meanwhile_change_the_usual_columns_and_not_what_is_tried() -> None:
    async with screen(3, columns=("job", "state")) as shown:
        await shown.press("W")
        settings = shown.board.deps.settings
        shown.board.deps = shown.board.deps._replace(settings=settings._replace(ui=UiSettings(columns=("id",))))
        shown.board.look.apply(shown.board.state.look)
        await shown.settle()
        assert heads(shown.lines) == ["Job", "State"]
        await shown.press("enter")
        assert heads(shown.lines) == ["Job", "State"]
        await shown.press("W", "0", "enter")
        assert heads(shown.lines) == ["ID"]
        assert not shown.saved[-1].columns


async def test_a_column_that_was_chosen_before_the_start_is_there() -> None:
    async with screen(3, state=ScreenState(columns=("id",))) as shown:
        assert shown.lines[1].split() == ["ID"]


def test_one_column_stays_and_the_ends_of_the_list_hold() -> None:
    choice = ColumnChoice(("state", "job", "id"), ("job",))
    assert choice.order == ["job", "state", "id"]
    assert not choice.toggle(0)
    assert choice.move(0, -1) == 0
    assert choice.move(0, 1) == 1
    assert choice.toggle(2)
    assert choice.shown == ("job", "id")


@pytest.mark.parametrize("width", [80, 60])
async def test_forty_names_of_forty_characters_are_told_apart(width: int) -> None:
    names = [f"platform-service-{number:02}-release-candidate-x" for number in range(40)]
    watched = [Job(job_id(number), name[:40]) for number, name in enumerate(names, 1)]
    async with screen(watched, {job_id(3): Status.RUNNING, job_id(4): failure()}, size=(width, 50)) as shown:
        texts = {text for line in shown.lines[2:42] for text in re.findall(r"plat\S+", line)}
        assert len(texts) == 40
