"""Notices: what a key brought goes with the screen that it was about; what happened without a key stays."""

import pytest

from tests.support.screen_harness import screen
from tui.storage.screen_state import ScreenState


async def test_what_a_key_brought_does_not_lie_over_what_is_opened_next() -> None:
    async with screen() as shown:
        for opened in ("question_mark", "E", "s", "L", "colon", "slash"):
            await shown.press("y")
            assert "Copied" in shown.said, opened
            await shown.press(opened)
            assert shown.said == "", opened
            await shown.press("escape")


async def test_what_a_key_brought_is_not_seen_beside_what_is_opened_next() -> None:
    async with screen(draws_notices=True) as shown:
        for opened in ("question_mark", "E", "s", "L", "colon"):
            await shown.press("y")
            await shown.until(lambda: "Copied" in shown.text)
            await shown.press(opened)
            assert "Copied" not in shown.text, opened
            await shown.press("escape")


@pytest.mark.parametrize("leave", ["escape", "q"])
async def test_what_a_dialog_said_goes_with_it(leave: str) -> None:
    async with screen() as shown:
        await shown.press("E", "h")
        assert "h does nothing here" in shown.said
        await shown.press(leave)
        assert shown.said == ""


async def test_what_a_key_did_in_a_dialog_is_still_said_after_it() -> None:
    async with screen() as shown:
        await shown.press("L", *"new", "enter", "t", *"blue", "enter")
        assert "blue" in shown.said


async def test_what_happened_without_a_key_stays_over_a_dialog() -> None:
    async with screen() as shown:
        shown.board.announce("No history: the disk is full.")
        await shown.press("question_mark")
        assert shown.said == "No history: the disk is full."
        await shown.press("escape")
        assert shown.said == "No history: the disk is full."


async def test_what_is_said_of_the_details_goes_when_they_close() -> None:
    async with screen(size=(120, 16), state=ScreenState(details=True)) as shown:
        await shown.press("tab")
        assert "details" in shown.said
        await shown.press("escape")
        assert shown.said == ""


@pytest.mark.parametrize(("later", "quits"), [(4.5, True), (6.0, False)])
async def test_the_second_ctrl_c_quits_while_the_notice_of_the_first_stands(later: float, quits: bool) -> None:
    async with screen() as shown:
        await shown.press("ctrl+c")
        assert shown.said == "Press ctrl+c again to quit, or q."
        shown.clock.ahead += later
        await shown.press("ctrl+c")
        assert shown.app.is_running is not quits
