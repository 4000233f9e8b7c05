"""Dialogs under quick fingers: keys that come while one is still being made, or just before it closes."""

import asyncio
import gc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any, TypeVar

import pytest
from textual import events
from textual.strip import Strip
from textual.widgets import Input, OptionList, Static

from tests.support.builders import DAY, job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import Door, Screen, jobs, no_problem, screen
from tui.codearts.extra_call import ExtraCall
from tui.codearts.log_api import BuildLog
from tui.core.job import Job, JobId
from tui.core.reading import Failure
from tui.core.run import RunRecord
from tui.storage.toml_document import Document
from tui.storage.watchlist import MemoryWatchlist, WatchlistEdit
from tui.terminal.capabilities import UNICODE
from tui.ui.add_dialog import AddDialog
from tui.ui.dialogs import ChoiceDialog, Dialog, ReadDialog, SignInDialog, TextDialog
from tui.ui.key_help import HelpDialog, help_entries
from tui.ui.log_dialog import LogDialog
from tui.ui.typed_keys import LONGEST_WAIT, KeyTurns

T = TypeVar("T")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Silent:
    """Never gets an answer."""

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        await asyncio.Event().wait()
        return None

    async def fetch(self, call: ExtraCall[T]) -> T | Failure:
        raise AssertionError(call)


DIALOGS: dict[str, Callable[[], Dialog[Any]]] = {
    "add": lambda: AddDialog((), NOW, "", {"": "", "other": "cn-north-4"}, no_problem, "O"),
    "text": lambda: TextDialog("Label", "", "", 200, no_problem),
    "choice": lambda: ChoiceDialog("Show", [("a", "first"), ("b", "second")], "a"),
    "log": lambda: LogDialog("web", BuildLog(Silent(), job_id(1), 0, 0), lambda: "running", lambda: DAY, "…"),
    "read": lambda: ReadDialog("Why", [Static("a long reason")], [("y", "copies")]),
    "help": lambda: HelpDialog(help_entries({}, {"1": "mine"}, {"log": ("", "f6")}, UNICODE)),
    "sign in": lambda: SignInDialog("Sign in", Door(), None),
}
KEYS = ("pagedown", "pageup", "ctrl+u", "j", "k", "enter", "tab", "down", "z", "backspace")


def send(shown: Screen, *keys: str) -> None:
    """All at once, as one read of the terminal brings them."""
    for key in keys:
        shown.app.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.mark.parametrize("dialog", by_length(list(DIALOGS)[:1], list(DIALOGS)))
async def test_a_key_while_a_dialog_is_being_made_waits_for_it(dialog: str) -> None:
    async with screen(1) as shown:
        for key in KEYS:
            shown.app.push_screen(DIALOGS[dialog]())
            send(shown, key, "escape", key)
            await shown.settle()
            assert shown.app.is_running


async def test_what_is_typed_while_a_dialog_is_being_made_is_not_lost() -> None:
    async with screen(1) as shown:
        answers: list[str | None] = []
        shown.app.push_screen(TextDialog("Label", "", "", 200, no_problem), answers.append)
        send(shown, *"quick", "enter")
        await shown.until(lambda: bool(answers))
        assert answers == ["quick"]
        shown.app.push_screen(AddDialog((), NOW, "", {"": ""}, no_problem, "O"))
        shown.app.post_message(events.Paste(f"{job_id(7)}\n{job_id(8)}"))
        await shown.until(lambda: "2 new" in shown.text)


async def test_keys_typed_together_with_the_one_that_opens_or_closes_a_dialog_go_where_they_were_meant_to() -> None:
    keys = {"label": "f2", "tags": "f3", "theme": "f4", "save_view": "f6"}
    async with screen(2, keys=keys) as shown:
        send(shown, "f2", "!", "?", "enter", "f3", "w", "enter", "down", "f2", "escape", "x")
        await shown.until(lambda: len(shown.store.load().jobs) == 1)
        (job,) = shown.store.load().jobs
        assert (job.label, job.tags) == ("job 001!?", ("w",))
        send(shown, "f4", "escape", "f2", "1", "enter", "f6", "enter", "z", "enter")
        await shown.until(lambda: "view 1 z" in shown.text)
        assert shown.store.load().jobs[0].label == "job 001!?1"


async def test_a_paste_comes_behind_the_key_that_was_typed_before_it() -> None:
    async with screen(2) as shown:
        send(shown, "L")
        shown.app.post_message(events.Paste(" pasted"))
        send(shown, "!", "enter")
        await shown.until(lambda: shown.store.load().jobs[0].label == "job 001 pasted!")


async def test_an_unmarked_paste_into_the_add_dialog_arrives_as_it_is_whatever_key_it_begins_with() -> None:
    async with screen(1) as shown:
        await shown.press("a")
        pasted = "jgk4567890abcdef0123456789abcdef"
        send(shown, *pasted)
        await shown.until(lambda: pasted[-8:] in shown.text)
        assert shown.app.screen.query_one("#ids", Input).value == pasted
        assert "1 new" in shown.text


async def test_a_click_comes_behind_the_key_that_was_typed_before_it_and_before_the_next() -> None:
    async with screen(5) as shown:
        send(shown, "x")
        for pressed in (events.MouseDown, events.MouseUp):  # on the row of job 004
            shown.app.post_message(pressed(None, 20, 5, 0, 0, 1, False, False, False, 20, 5))
        send(shown, "space")
        await shown.until(lambda: bool(shown.board.table.marks))
        assert [job.label for job in shown.store.load().jobs] == ["job 002", "job 003", "job 004", "job 005"]
        assert shown.board.table.marks == {job_id(5)}  # there when the click came

        send(shown, "a")
        for pressed in (events.MouseDown, events.MouseUp):  # beside the dialog
            shown.app.post_message(pressed(None, 2, 2, 0, 0, 1, False, False, False, 2, 2))
        await shown.settle()
        assert shown.cursor == job_id(5)


@pytest.mark.parametrize("button", [1, 2, 3])
async def test_buttons_that_paste_in_many_terminals_do_nothing(button: int) -> None:
    async with screen(3) as shown:
        for pressed in (events.MouseDown, events.MouseUp):  # on the row of job 003
            shown.app.post_message(pressed(None, 20, 4, 0, 0, button, False, False, False, 20, 4))
        await shown.press("space")
        assert shown.board.table.marks == {job_id(3 if button == 1 else 1)}


async def test_a_click_on_a_notice_that_has_just_gone_does_nothing() -> None:
    async with screen(1) as shown:
        notice = Static("Soon gone.")  # the harness shows no notices
        await shown.board.mount(notice)
        await shown.until(lambda: "Soon gone." in shown.text)
        at = notice.region.offset
        with shown.app.batch_update():  # no layout comes between
            await notice.remove()
            for came in (events.MouseDown, events.MouseMove, events.MouseUp):
                await shown.app.on_event(came(None, at.x, at.y, 0, 0, 1, False, False, False, at.x, at.y))
        await shown.settle()
        assert not shown.app.crash
        assert "Soon gone." not in shown.text


class Hanging(MemoryWatchlist):
    """A disk that takes no change for as long as it hangs."""

    def __init__(self, watched: list[Job]) -> None:
        super().__init__(watched)
        self.goes_on = Event()

    def _change(self, operation: Callable[..., Document], *arguments: object) -> WatchlistEdit:
        self.goes_on.wait()
        return super()._change(operation, *arguments)


async def test_while_the_disk_hangs_only_the_first_key_after_it_waits_long(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Hanging(jobs(20))
    async with screen(store=disk) as shown:
        waits: list[float] = []
        turns, loop = shown.app._turns, asyncio.get_running_loop()
        later = loop.call_later

        def noted(delay: float, call: Callable[..., object], *arguments: Any) -> asyncio.TimerHandle:
            if call == turns._end:
                waits.append(delay)
            return later(delay, call, *arguments)

        monkeypatch.setattr(loop, "call_later", noted)
        try:
            send(shown, "x", "down", "down", "down", "x", "down")
            await shown.until(lambda: shown.cursor == job_id(5))
            assert waits.count(LONGEST_WAIT) == 1
        finally:
            disk.goes_on.set()


class Held:
    """An app that is busy: what it is asked to do later waits in a list."""

    focused, workers, screen_stack = None, (), (None,)

    def __init__(self) -> None:
        self.later: list[Callable[[], Any]] = []
        self.screen = self
        self.parent = None

    def call_later(self, call: Callable[..., Any], *arguments: Any) -> bool:
        self.later.append(partial(call, *arguments))
        return True


@pytest.fixture
def typed() -> tuple[KeyTurns, Held, list[str]]:
    acted: list[str] = []

    async def act(event: Any) -> None:
        acted.append(event.key)

    app: Any = Held()
    return KeyTurns(app, act, comes_back=lambda event: False), app, acted


def key(name: str, at: float = 0.0) -> events.Key:
    event = events.Key(name, None)
    event.time = at
    return event


async def test_a_key_that_is_late_at_the_very_moment_it_has_acted_gives_one_turn(
    monkeypatch: pytest.MonkeyPatch, typed: tuple[KeyTurns, Held, list[str]]
) -> None:
    turns, app, acted = typed
    ends: list[Callable[[], object]] = []
    monkeypatch.setattr(
        asyncio.get_running_loop(), "call_later", lambda delay, call, *given: ends.append(partial(call, *given))
    )
    await turns.take(key("a"))
    await turns.take(key("b"))
    ends[0]()
    while app.later:
        for call in [app.later.pop(0), *ends]:
            if asyncio.iscoroutine(waiting := call()):
                await waiting
    assert acted == ["a", "b"]


@pytest.mark.parametrize(("at", "after"), [(0.5, ["a", "b", "c", "ctrl+c"]), (5.0, ["a", "ctrl+c"])])
async def test_a_way_out_drops_a_backlog_but_comes_behind_keys_typed_together_with_it(
    at: float, after: list[str], typed: tuple[KeyTurns, Held, list[str]]
) -> None:
    turns, app, acted = typed
    for event in (key("a"), key("b"), key("c"), key("ctrl+c", at)):
        await turns.take(event)
    while app.later:
        if asyncio.iscoroutine(waiting := app.later.pop(0)()):
            await waiting
    assert acted == after


async def test_a_key_that_comes_back_to_the_app_has_its_turn_until_then() -> None:
    acted: list[str] = []

    async def act(event: Any) -> None:
        acted.append(event.key)

    app: Any = Held()
    turns, first, second = KeyTurns(app, act, lambda event: True), key("a"), key("b")
    await turns.take(first)
    await turns.take(second)
    assert acted == ["a"]
    assert not app.later  # nothing is sent behind it
    turns.came_back(second)
    assert not app.later
    turns.came_back(first)
    await app.later.pop()()
    assert acted == ["a", "b"]
    turns.came_back(second)
    assert turns.is_free


async def test_a_paste_and_a_resize_just_before_a_dialog_closes_do_nothing() -> None:
    async with screen(1) as shown:
        for make in DIALOGS.values():
            shown.app.push_screen(make())
            await shown.settle()
            shown.app.post_message(events.Paste(job_id(7)))
            send(shown, "x", "escape")
            await shown.pilot.resize_terminal(60, 20)
            await shown.settle()
            assert shown.app.screen is shown.board
            await shown.pilot.resize_terminal(80, 24)
        assert job_id(7) not in shown.board.state.board.states


async def test_a_letter_goes_to_the_choices_that_begin_with_it_one_after_the_other() -> None:
    choices = [("none", "no groups"), ("tag", "tag"), ("project", "project"), ("profile", "profile")]
    async with screen(1) as shown:
        dialog = ChoiceDialog("Group by", choices, "none")
        shown.app.push_screen(dialog)
        await shown.settle()
        reached = []
        for key in ("P", "p", "p", "j", "k", "x", "n", "t"):
            await shown.press(key)
            reached.append(choices[dialog.query_one(OptionList).highlighted or 0][0])
        assert reached == ["project", "profile", "project", "profile", "project", "project", "none", "tag"]


@pytest.mark.parametrize(("words", "said"), [("1lab", "1: choose at once"), ("123", "1 to 3: choose at once")])
async def test_the_digits_that_choose_are_named(words: str, said: str) -> None:
    async with screen(jobs(1), {}) as shown:
        shown.board.app.push_screen(ChoiceDialog("Show", [(word, word) for word in words], "1"))
        await shown.until(lambda: said in shown.text)
        assert f", {said}," in shown.text


async def test_what_was_drawn_of_a_closed_dialog_is_let_go() -> None:
    """Textual's caches kept the lines of the last 128 dialogs: 17 MB in a day."""

    def lines() -> int:
        gc.collect()
        return sum(isinstance(one, Strip) for one in gc.get_objects())

    async with screen(5) as shown:
        before = lines()
        for _ in range(4):
            await shown.press("?", "escape")
        await shown.until(lambda: lines() - before < 50)  # the last one may still be closing
