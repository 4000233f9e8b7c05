"""Columns of one's own choice: by the settings, and by a dialog that goes before them."""

from tests.support.screen_harness import screen
from tui.storage.screen_state import ScreenState
from tui.ui.columns_dialog import ColumnChoice


def heads(lines: list[str]) -> list[str]:
    return next(line for line in lines if "State" in line or "Job" in line).split()


async def test_the_settings_name_the_columns_and_their_order() -> None:
    async with screen(3, columns=("job", "id", "state")) as shown:
        assert heads(shown.lines) == ["Job", "ID", "State"]


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
