"""The last line: the keys that matter for what is under the cursor and what is open. Each can be clicked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events
from textual.message import Message

from tui.core.condition import Condition
from tui.ui.keys import BY_ID, keys_of, shown
from tui.ui.status_line import StatusLine

OWN = "own "
"""Before the name of a command of the user's own."""
_MOST_OWN = 3
"""So many commands of the user's own are among the hints."""


class Focus(NamedTuple):
    """What the keys act on now."""

    condition: Condition | None = None
    """Of the job under the cursor; None if there is none."""
    group: bool = False
    """Whether the cursor is on the line of a group."""
    folded: bool = False
    """Whether that group is folded."""
    marked: int = 0
    typing: bool = False
    """Whether the filter is being typed."""
    filtered: bool = False
    details: bool = False
    """Whether the details stand in place of the table."""
    watched: bool = True
    """Whether there is any job."""
    unknown: bool = False
    """Whether the default profile has no credential."""


class Hint(NamedTuple):
    command: str
    """The name of the command; empty for a key that is no command of ours."""
    key: str
    word: str


def hints(focus: Focus, keymap: Mapping[str, str], own: Mapping[str, str]) -> list[Hint]:
    """The hints, the most important first: a narrow screen drops the last ones. `own`: names of the user's own commands
    by their keys."""
    if focus.typing:
        return [Hint("", "enter", "keep the filter"), _hint("back", "clear it", keymap), Hint("", "!", "not"),
                Hint("", "is:failed", "state"), Hint("", "tag:x", "tag")]  # fmt: skip
    wanted = {"help": "help", "leave": "quit", **_first(focus)}
    if not focus.group and focus.condition:
        wanted |= {f"{OWN}{name}": name for name in list(own.values())[:_MOST_OWN]}
    if focus.watched and not focus.marked:
        others = _USUAL.keys() - wanted.keys() - (_OF_A_JOB if focus.group else frozenset())
        wanted |= {name: word for name, word in _USUAL.items() if name in others}
    by_name = {name: key for key, name in own.items()}
    found = [
        Hint(name, shown(by_name[name.removeprefix(OWN)]), word) if name.startswith(OWN) else _hint(name, word, keymap)
        for name, word in wanted.items()
    ]
    return [hint for hint in found if hint.key]


def _first(focus: Focus) -> dict[str, str]:
    """The commands that belong to this moment."""
    if focus.details:
        return {"back": "table", "error": "why", "log": "log", "history": "runs", "next_problem": "next",
                "copy_report": "copy", "open_address": "page"}  # fmt: skip
    if not focus.watched:
        sign_in = {"sign_in": "sign in"} if focus.unknown else {}
        return sign_in | {"add": "add", "find": "find", "palette": "all commands", "undo": "undo"}
    if focus.marked:
        return {"back": "unmark", "remove": "remove", "tags": "tags", "refresh": "refresh", "pause": "pause",
                "alert": "alert", "copy_id": "copy"}  # fmt: skip
    first = {"back": "clear filter"} if focus.filtered else {}
    if focus.group:
        word = "unfold" if focus.folded else "fold"
        return first | {"details": word, "fold_all": "fold all", "group": "group by", "mark": "mark its jobs"}
    match focus.condition:
        case Condition.NO_ANSWER | Condition.FAILED:
            return first | {"error": "why", "details": "details"}
        case Condition.PAUSED:
            return first | {"pause": "go on", "details": "details"}
        case Condition.RUNNING:
            return first | {"details": "details", "alert": "alert"}
        case _:
            return first | {"details": "details"}


_USUAL = {
    "log": "log",
    "filter": "filter",
    "next_problem": "next",
    "add": "add",
    "remove": "remove",
    "group": "group",
    "sort": "sort",
    "refresh": "refresh",
    "mark": "mark",
    "copy_id": "copy",
    "history": "runs",
    "events": "events",
    "palette": "all commands",
    "undo": "undo",
}
_OF_A_JOB = frozenset({"log", "history"})
"""What cannot be done to a group."""


def _hint(name: str, word: str, keymap: Mapping[str, str]) -> Hint:
    keys = keys_of(BY_ID[name], keymap)
    return Hint(name, shown(keys[0]) if keys else "", word)


class Footer(StatusLine):
    """The hints, as many as fit."""

    @dataclass
    class HintClicked(Message):
        """A hint was clicked."""

        command: str

    def __init__(self) -> None:
        super().__init__(" ")
        self._hints: Sequence[Hint] = ()

    def show_hints(self, found: Sequence[Hint]) -> None:
        """Draws them again only if they changed."""
        self._hints = found
        self.show([[(hint.key, "key"), (f" {hint.word}", "dim")] for hint in found])

    def on_click(self, event: events.Click) -> None:
        left = 1
        for hint, group in zip(self._hints, self.fitting(), strict=False):
            width = sum(len(text) for text, _ in group)
            if left <= event.x < left + width and hint.command:
                self.post_message(self.HintClicked(hint.command))
            left += width + len(self.between)
