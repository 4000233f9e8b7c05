"""The last line of each dialog, and what keys do there that mean nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.widgets import Static

from tests.core.test_past_events import run
from tests.support.builders import DAY, failure, job_id
from tests.support.long_run import by_length
from tests.support.project_lists import Lists
from tests.support.screen_harness import PROFILE, Door, Screen, no_problem, screen
from tests.ui.test_dialogs import NOW, Silent, send
from tui.codearts.log_api import BuildLog
from tui.core.job import Job
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import UNICODE
from tui.ui.add_dialog import AddDialog
from tui.ui.columns import columns
from tui.ui.columns_dialog import ColumnsDialog
from tui.ui.dialogs import ChoiceDialog, Dialog, KeyLine, ReadDialog, SignInDialog, TextDialog
from tui.ui.find_dialog import FindDialog
from tui.ui.history_dialog import HistoryDialog
from tui.ui.key_help import HelpDialog, help_entries
from tui.ui.list_dialog import ListDialog, ListLine
from tui.ui.log_dialog import LogDialog

EVERY = columns(UNICODE)


async def no_log(run: object) -> None:
    return None


DIALOGS: dict[type[Dialog[Any]], Callable[[], Dialog[Any]]] = {
    AddDialog: lambda: AddDialog(
        (), NOW, "\n".join(job_id(number) for number in range(40)), {"": "", "x": "cn"}, no_problem, "O"
    ),
    TextDialog: lambda: TextDialog("Label of job 001", "", "", 200, no_problem),
    ChoiceDialog: lambda: ChoiceDialog("Show", [(str(number), f"choice {number}") for number in range(30)], "3"),
    ReadDialog: lambda: ReadDialog(
        "Why the build failed", [Static("reason\n" * 30)], [("l", "log"), ("n", "next"), ("y", "copy the report")]
    ),
    SignInDialog: lambda: SignInDialog("Sign in", Door(), None),
    ColumnsDialog: lambda: ColumnsDialog(EVERY, ["job"], lambda: ["job"], lambda shown: None),
    FindDialog: lambda: FindDialog(Lists(), (), "", NOW, no_problem, UNICODE),
    HelpDialog: lambda: HelpDialog(help_entries({}, {}, {}, UNICODE)),
    ListDialog: lambda: ListDialog(
        "What happened",
        lambda today: [ListLine(str(number), ((f"line {number}", ""),)) for number in range(40)],
        "nothing",
        ("enter: go to the job", "✱: new", "esc: close"),
        "…",
        lambda: DAY,
    ),
    HistoryDialog: lambda: HistoryDialog(
        "Runs", [run(job_id(1), -100.0 * number, 50.0 - 100 * number) for number in range(40, 0, -1)], (), None, {},
        no_log, lambda: DAY, UNICODE,
    ),
    LogDialog: lambda: LogDialog("web", BuildLog(Silent(), job_id(1), 0, 0), lambda: "running", lambda: DAY, "…"),
}  # fmt: skip


def every_kind(kind: type[Dialog[Any]]) -> set[type[Dialog[Any]]]:
    return {kind}.union(*map(every_kind, kind.__subclasses__()))


def test_every_dialog_is_here() -> None:
    assert every_kind(Dialog) - {Dialog} == DIALOGS.keys()


@pytest.mark.parametrize("size", by_length([(80, 24), (40, 8)], [(80, 24), (60, 15), (50, 12), (40, 8)]))
async def test_no_screen_is_too_narrow_or_too_low_for_the_key_that_leaves_a_dialog(size: tuple[int, int]) -> None:
    async with screen(3, size=size) as shown:
        for kind, make in DIALOGS.items():
            shown.app.push_screen(make())
            await shown.settle()
            box = shown.app.screen.query_one(KeyLine).region
            line = shown.lines[box.y].strip("│ ").rstrip()
            assert "…" not in line, kind
            assert line.endswith(("esc: close", "esc: back")), kind
            if size == (80, 24):
                assert line.split(", ") == ", ".join(make().KEYS).split(", "), kind
            await shown.press("escape")
            assert shown.board.is_active, kind


UNUSED = ("f12", "ctrl+x", "tab", "shift+tab")


async def said_of(shown: Screen, key: str) -> str:
    shown.app.clear_notifications()
    await shown.press(key)
    return shown.said


OPEN = {"colon": ":", "question_mark": "?", "slash": "/", **{letter: letter for letter in "asTWhOElLtFVeid"}}
"""Keys that open the palette, a dialog, or a line to type in."""
THEN = ("pagedown", "pageup", "home", "end", "up", "down", "left", "right", "tab", "backspace", "delete", "enter")


@pytest.mark.parametrize("key", by_length(["colon"], [*OPEN]))
async def test_no_key_typed_together_with_the_one_that_opens_a_dialog_ends_the_program(key: str) -> None:
    async with screen(3, {job_id(1): failure()}) as shown:
        for then in THEN:
            shown.app.post_message(events.Key(key, OPEN[key]))
            shown.app.post_message(events.Key(then, None))
            await shown.settle()
            assert not shown.app.crash, then
            await shown.press("escape", "escape", "escape")


async def test_a_key_that_does_nothing_says_so_on_the_table_and_in_each_dialog() -> None:
    async with screen(3) as shown:
        for key in UNUSED:
            assert await said_of(shown, key) == f"{key} does nothing here. Press ? for the keys."
            assert await said_of(shown, key) == ""  # once is enough
        for kind, make in DIALOGS.items():
            shown.app.push_screen(make())
            await shown.settle()
            takes_text = kind in (AddDialog, TextDialog, SignInDialog, FindDialog, HelpDialog)
            for key in ("f12", *(() if kind is AddDialog else ("tab",)), *(() if takes_text else ("percent_sign",))):
                said = await said_of(shown, key)
                assert said.endswith(f"does nothing here. Keys: {', '.join(make().KEYS)}."), (kind, key)
            await shown.press("escape")


async def test_the_slash_says_that_there_is_no_search_in_the_list_of_runs() -> None:
    async with screen(1) as shown:
        await shown.press("h", "slash")
        assert shown.said.startswith("/ does nothing here. Keys: ")
        assert "enter" not in shown.text.partition("No run of this job was seen yet.")[2].partition("╰")[0]


async def test_no_palette_opens_over_a_dialog_where_it_would_be_empty() -> None:
    async with screen(1) as shown:
        await shown.press("s")
        assert "does nothing here" in await said_of(shown, "ctrl+p")
        await shown.press("escape")
        assert shown.board.is_active


async def test_without_a_search_n_says_how_to_begin_one_in_a_log() -> None:
    async with screen(1) as shown:
        shown.app.push_screen(DIALOGS[LogDialog]())
        await shown.settle()
        assert await said_of(shown, "n") == "Nothing is searched for yet: / does that."


async def test_what_is_read_scrolls_by_the_keys_of_the_table() -> None:
    async with screen(1) as shown:
        shown.app.push_screen(ReadDialog("Why", [Static("\n".join(f"line {n}." for n in range(60)))], ()))
        await shown.until(lambda: "line 0." in shown.text)
        await shown.press("j", "j")
        await shown.until(lambda: "line 0." not in shown.text)
        await shown.press("k", "k")
        await shown.until(lambda: "line 0." in shown.text)


async def test_q_closes_the_help_as_it_says_but_is_text_in_a_search_that_has_begun() -> None:
    async with screen(1) as shown:
        await shown.press("question_mark", "q")
        await shown.until(lambda: shown.board.is_active)
        assert shown.app.is_running
        await shown.press("question_mark")
        send(shown, "q", "q")
        await shown.until(lambda: shown.board.is_active)
        assert shown.app.is_running
        await shown.press("question_mark")
        send(shown, *"quit")  # no letter of it acts on the table
        await shown.until(lambda: "Close what is open, then quit [leave]" in shown.text)
        await shown.press(*["backspace"] * 4, "w", "q")
        assert "Keys, words and marks" in shown.text
        await shown.press("escape")
        assert shown.board.is_active


async def test_tab_says_that_the_arrows_scroll_the_details_where_there_is_more_of_them() -> None:
    async with screen(3, size=(120, 12)) as shown:
        await shown.press("d")
        assert await said_of(shown, "tab") == "The arrows scroll the details now. Press tab to return to the jobs."
        await shown.press("down")
        assert shown.cursor == job_id(1)
        await shown.press("tab", "down")
        assert shown.cursor == job_id(2)
        await shown.pilot.resize_terminal(120, 50)
        await shown.settle()
        assert await said_of(shown, "tab") == "All of the details is in view."
        await shown.press("down")
        assert shown.cursor == job_id(3)
        await shown.pilot.resize_terminal(80, 9)
        await shown.settle()
        assert await said_of(shown, "tab") == "Press pgdn to scroll the details."
        await shown.press("up")
        assert shown.cursor == job_id(2)


async def test_tab_typed_together_with_the_key_that_opens_the_details_finds_them_as_long_as_they_are() -> None:
    async with screen(3, size=(120, 12)) as shown:
        send(shown, "d", "tab")
        await shown.until(lambda: "details" in shown.said)
        assert shown.said.startswith("The arrows scroll the details now.")


async def test_every_key_that_moves_scrolls_the_details_that_have_the_focus() -> None:
    async with screen(3, size=(120, 12)) as shown:
        await shown.press("down", "d")
        for there, back in (("j", "k"), ("pagedown", "pageup"), ("ctrl+d", "ctrl+u"), ("G", "g")):
            await shown.press("tab", there)
            assert shown.cursor == job_id(2), there
            assert shown.board.details.pane().scroll_offset.y > 0, there
            await shown.press(back)
            assert (shown.cursor, shown.board.details.pane().scroll_offset.y) == (job_id(2), 0), back
            await shown.press("tab", there)
            assert shown.cursor == job_id(3), there
            await shown.press("up")


@pytest.mark.parametrize(("below", "rows"), [(False, 12), (True, 16)])
async def test_the_edge_of_the_details_shows_that_they_have_the_focus_also_without_colours(
    below: bool, rows: int
) -> None:
    state = ScreenState(details=True, details_below=below, details_height=6)
    async with screen(3, size=(120, rows), state=state) as shown:
        before = shown.text
        await shown.press("tab")
        shown.app.clear_notifications()
        await shown.until(lambda: "scroll the details" not in shown.text)
        assert shown.text != before
        await shown.press("tab")
        assert shown.text == before


async def test_a_reversed_order_is_said_where_no_head_of_a_column_shows_it() -> None:
    async with screen(3) as shown:
        assert await said_of(shown, "S") == "The order of the rows is reversed."
        assert shown.cursor == job_id(3)
        assert await said_of(shown, "S") == "The order of the rows is no longer reversed."
        await shown.press("s", "j", "j", "j", "j", "enter")
        assert await said_of(shown, "S") == ""
        assert "State" in shown.lines[1]


async def test_what_a_column_shows_is_not_cut_where_it_is_chosen() -> None:
    async with screen(3) as shown:
        await shown.press("W")
        assert "[ ] ID" in shown.text
        assert "…" not in shown.text


async def test_no_choice_of_an_order_is_cut_on_a_low_screen() -> None:
    async with screen(3, size=(60, 15)) as shown:
        await shown.press("s")
        seen = shown.text
        await shown.press("end")
        assert "…" not in seen + shown.text


async def test_enter_says_why_it_adds_nothing() -> None:
    watched = [Job(job_id(1), "job-001 nightly")]
    async with screen(watched, profile=replace(PROFILE, extras=Lists())) as shown:
        await shown.press("a", "enter")
        assert "There is nothing to add: no new job ID is in it." in shown.text
        await shown.press("z")
        assert "nothing to add" not in shown.text
        await shown.press("escape", "O")
        await shown.until(lambda: "Project 3" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "watched" in shown.text)
        await shown.press("enter")
        assert "This job is watched already." in shown.text
        await shown.press("down")
        assert "already" not in shown.text


async def test_a_profile_that_is_not_there_is_named_where_it_was_typed() -> None:
    async with screen(1, names=("", "lab")) as shown:
        await shown.press("a")
        shown.app.post_message(events.Paste(job_id(7)))
        await shown.until(lambda: "1 new" in shown.text)
        await shown.press("tab", "tab", "tab", *"lba", "enter")
        assert "There is no profile 'lba'; there are lab." in shown.text


async def test_a_key_that_can_do_nothing_now_says_why() -> None:
    async with screen(1, profile=replace(PROFILE, extras=Lists()), columns=("job",)) as shown:
        for opens, key, said in (
            ("W", "space", "One column has to stay."),
            ("question_mark", "enter", "The help only names the keys. Close it to press them."),
            ("O", "asterisk", "Only jobs can be ticked. Press enter to see those of the project."),
        ):
            await shown.press(opens)
            assert await said_of(shown, key) == said
            await shown.press("escape")


async def test_ctrl_c_quits_only_twice_in_a_row_and_names_the_key_that_leaves_what_is_open() -> None:
    """One who has ctrl+c in the fingers to leave a field does not leave the program with it."""
    ways = {"j": "q", "slash": "esc to go back", "a": "esc to go back", "s": "esc to go back"}
    async with screen(2) as shown:
        for opened, way in ways.items():
            await shown.press(opened, *("w" if opened == "slash" else ""), "ctrl+c")
            assert shown.said == f"Press ctrl+c again to quit, or {way}."
            await shown.press("escape")
            assert shown.said == ""
            await shown.press("L", "ctrl+c", "escape", "question_mark")
            assert "Keys, words and marks" in shown.text
            await shown.press("escape")


async def click_on(shown: Screen, key: str) -> None:
    """Click on this part of the last line of the dialog."""
    text = str(shown.app.screen.query_one(KeyLine).render())
    await shown.pilot.click(KeyLine, offset=(text.index(key), 0))
    await shown.settle()


@pytest.mark.parametrize("size", by_length([(40, 8)], [(80, 24), (40, 8)]))
async def test_who_opens_a_dialog_by_a_click_can_leave_it_by_one(size: tuple[int, int]) -> None:
    async with screen(3, size=size) as shown:
        for kind, make in DIALOGS.items():
            shown.app.push_screen(make())
            await shown.settle()
            await click_on(shown, "esc: ")
            assert shown.board.is_active, kind


async def test_a_click_on_a_key_in_the_last_line_of_a_dialog_presses_it() -> None:
    async with screen(3) as shown:
        await shown.press("W")
        assert "[x] State" in shown.text
        await click_on(shown, "space: tick")
        assert "[ ] State" in shown.text
        await click_on(shown, ", J K: move")  # between two of them
        assert shown.said == ""
        await click_on(shown, "enter: save")
        assert "State" not in shown.lines[1]
        await shown.press("question_mark")
        await click_on(shown, "arrows: scroll")  # which of the arrows?
        assert not shown.board.is_active
        assert shown.said == ""
