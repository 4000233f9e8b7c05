"""Dialogs under quick fingers: keys that come while one is still being made, or just before it closes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from textual import events
from textual.widgets import Static

from tests.support.builders import DAY, job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import Door, Screen, screen
from tui.codearts.extra_call import ExtraCall
from tui.codearts.log_api import BuildLog
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.run import RunRecord
from tui.terminal.capabilities import UNICODE
from tui.ui.add_dialog import AddDialog
from tui.ui.dialogs import ChoiceDialog, Dialog, ReadDialog, SignInDialog, TextDialog
from tui.ui.key_help import HelpDialog, help_entries
from tui.ui.log_dialog import LogDialog

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
    "add": lambda: AddDialog((), NOW, profiles={"": "", "other": "cn-north-4"}),
    "text": lambda: TextDialog("Label"),
    "choice": lambda: ChoiceDialog("Show", [("a", "first"), ("b", "second")], "a"),
    "log": lambda: LogDialog("web", BuildLog(Silent(), job_id(1)), lambda: "running", DAY),
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
        shown.app.push_screen(TextDialog("Label"), answers.append)
        send(shown, *"quick", "enter")
        await shown.until(lambda: bool(answers))
        assert answers == ["quick"]
        shown.app.push_screen(AddDialog((), NOW))
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
