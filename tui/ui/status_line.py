"""Widgets of a line or a sentence: header, banner, and the last line with the keys that matter now."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.core.condition import Condition
from tui.core.text import width
from tui.ui.keys import first_key, shown

AnyLook = TypeVar("AnyLook")
Part = tuple[str, str]
"""A text and the name of its look."""
LOOKS = ("running", "failed", "error", "stale", "ageing", "paused", "idle", "unread", "dim", "accent", "strong")
LOOK_CLASSES = {f"look--{name}" for name in LOOKS}
"""The component classes of each screen: its widgets ask it for them, so that each look is computed once."""
STANDS_OUT = {"failed": Style(reverse=True), "error": Style(bold=True), "stale": Style(bold=True)}
"""What the looks of problems have besides in a line about all jobs."""


def style_of(widget: Widget, look: str) -> Style:
    """The colour and the weight of a look on the screen of the widget, without a background."""
    return widget.screen.get_component_rich_style(f"look--{look}", partial=True)


class StatusLine(Widget):
    """One line of texts, each with a named look. Drawn again only if it changed."""

    def __init__(self, separator: str) -> None:
        super().__init__()
        self._separator = separator
        self._groups: list[list[Part]] = []

    def show(self, groups: list[list[Part]]) -> None:
        if groups != self._groups:
            self._groups = groups
            self.refresh()

    @property
    def between(self) -> str:
        """What stands between two groups."""
        return f" {self._separator} "

    def fitting(self) -> list[list[Part]]:
        """The first groups, as many as fit into the line; one is always there."""
        room = self.size.width - 1 + len(self.between)
        fit = 0
        for group in self._groups:
            room -= len(self.between) + sum(width(text) for text, _ in group)
            if fit and room < 0:
                break
            fit += 1
        return self._groups[:fit]

    def render(self) -> Text:
        shown: list[Part] = []
        for place, group in enumerate(self.fitting()):
            shown += [(self.between, "dim") if place else (" ", ""), *group]
        line = Text()
        for text, name in joined(shown):
            line.append(text, style_of(self, name) + STANDS_OUT.get(name) if name else "")
        return line


def joined(parts: Iterable[tuple[str, AnyLook]]) -> list[tuple[str, AnyLook]]:
    """The parts, with neighbours of one look joined. Blank parts look the same in every look, so they are joined to the
    part before them, or at the start to the one after. Each change of look costs about 25 bytes on the wire."""
    runs: list[tuple[str, AnyLook]] = []
    for text, look in parts:
        before, its_look = runs[-1] if runs else ("", look)
        if its_look == look or (text.isspace() and not _fills(its_look)):
            runs[-1:] = [(before + text, its_look)]
        elif before.isspace():
            runs[-1:] = [(before + text, look)]
        else:
            runs.append((text, look))
    return runs


def _fills(look: object) -> bool:
    """Whether blanks can be seen in this look, since it is reversed."""
    return look == "failed" or bool(getattr(look, "reverse", False))


def part_at(x: int, widths: Iterable[int], gap: int) -> int | None:
    """Which of the parts of a line, `gap` cells apart, has this cell; None if none has."""
    left = 0
    for place, cells in enumerate(widths):
        if left <= x < left + cells:
            return place
        left += cells + gap
    return None


class HidingText(Static):
    """Plain text, hidden while it is empty. Drawn again only if it changed."""

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes, markup=False)
        self.display = False
        self._shown = ("", "")

    def show(self, text: str, look: str = "") -> None:
        """`look` becomes a class of the widget."""
        if (text, look) == self._shown:
            return
        self.remove_class(f"-{self._shown[1]}")
        self._shown = (text, look)
        self.update(Text(text))
        self.display = bool(text)
        if look:
            self.add_class(f"-{look}")


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
    all_folded: bool = False
    """Whether all groups are."""
    marked: int = 0
    typing: bool = False
    """Whether the filter is being typed."""
    said: str = ""
    """What is to be said of the filter as it was typed so far."""
    filtered: bool = False
    problems: bool = False
    """Whether only problems are shown."""
    details: bool = False
    """Whether the details stand in place of the table."""
    watched: bool = True
    """Whether there is any job."""
    signed_out: bool = False
    """Whether a profile asks nothing before the user signs in, or there is no credential."""
    undo: bool = False
    """Whether there is a change to undo."""
    extras: bool = True
    """Whether other calls than the status call may be sent, as for logs and lists."""


class KeyHint(NamedTuple):
    command: str
    """The name of the command; empty for a key that is no command of ours."""
    key: str
    word: str


def hints(focus: Focus, keymap: Mapping[str, str], own: Mapping[str, str]) -> tuple[KeyHint, ...]:
    """The hints, the most important first: a narrow screen drops the last ones. `own`: names of the user's own commands
    by their keys."""
    if focus.said:
        term, _, said = focus.said.partition(" ")
        return (KeyHint("", term, said),)
    if focus.typing:
        return (KeyHint("", "enter", "keep the filter"), KeyHint("back", first_key("back", keymap), "clear it"),
                KeyHint("", "!", "not"), KeyHint("", "is:failed", "state"), KeyHint("", "tag:x", "tag"))  # fmt: skip
    wanted = {"help": "help", "leave": "quit"}
    wanted |= {"sign_in": "sign in"} if focus.signed_out else {}
    wanted |= _first(focus)
    if focus.condition:
        wanted |= {f"{OWN}{name}": name for name in list(own.values())[:_MOST_OWN]}
    if (focus.group or focus.condition) and not focus.marked:
        others = _USUAL.keys() - wanted.keys() - (_OF_A_JOB if focus.group else frozenset())
        wanted |= {name: word for name, word in _USUAL.items() if name in others}
    for name in (*(() if focus.undo else ("undo",)), *(() if focus.extras else _EXTRAS)):
        wanted.pop(name, None)
    by_name = {name: key for key, name in own.items()}
    found = []
    for name, word in wanted.items():
        is_own = name.startswith(OWN)
        key = shown(by_name[name.removeprefix(OWN)]) if is_own else first_key(name, keymap)
        found += [KeyHint(name, key, word)] if key else []
    return tuple(found)


def _first(focus: Focus) -> dict[str, str]:
    """The commands that belong to this moment."""
    if focus.details:
        if not focus.condition:
            return {"back": "table"}
        return {"back": "table", "error": "why", "log": "log", "history": "runs", "next_problem": "next",
                "copy_report": "copy", "open_address": "page"}  # fmt: skip
    if not focus.watched:
        return {"add": "add", "find": "find", "palette": "all commands", "undo": "undo"}
    hidden = "clear filter" if focus.filtered else "all jobs" if focus.problems else ""
    if focus.marked:
        return {"back": hidden or "unmark", "remove": "remove", "tags": "tags", "refresh": "refresh", "pause": "pause",
                "alert": "alert", "copy_id": "copy"}  # fmt: skip
    first = {"back": hidden} if hidden else {}
    if focus.group:
        word = "unfold" if focus.folded else "fold"
        every = "unfold all" if focus.all_folded else "fold all"
        return first | {"details": word, "fold_all": every, "group": "group by", "mark": "mark its jobs"}
    if not focus.condition:
        return first | {"filter": "filter", "add": "add", "find": "find", "palette": "all commands", "undo": "undo"}
    match focus.condition:
        case Condition.NO_ANSWER | Condition.FAILED:
            return first | {"error": "why", "details": "details"}
        case Condition.PAUSED:
            return first | {"pause": "resume", "details": "details"}
        case _:  # the same for a build that runs and one that does not: else a line of hints is sent at each step
            return first | {"details": "details", "alert": "alert"}


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
_EXTRAS = ("log", "find")
"""What needs other calls than the status call."""


class Footer(StatusLine):
    """The hints, as many as fit."""

    class HintClicked(Message):
        """A hint was clicked."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def __init__(self) -> None:
        super().__init__(" ")
        self._hints: Sequence[KeyHint] = ()

    def show_hints(self, found: Sequence[KeyHint]) -> None:
        """Draws them again only if they changed."""
        if found != self._hints:
            self._hints = found
            self.show([[(hint.key, "accent"), (f" {hint.word}", "dim")] for hint in found])

    def on_click(self, event: events.Click) -> None:
        widths = (sum(width(text) for text, _ in group) for group in self.fitting())
        place = part_at(event.x - 1, widths, len(self.between))
        if place is not None and (command := self._hints[place].command):
            self.post_message(self.HintClicked(command))
