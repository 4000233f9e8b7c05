"""Widgets of a line or a sentence: header, hints, banner, and the text for a terminal that is too small."""

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui.terminal.capabilities import COLUMNS, ROWS

BROAD = 110
"""From this many columns on the details fit beside the table."""
WIDTHS = [(0, "-tiny"), (COLUMNS, "-narrow"), (BROAD, "-broad")]
HEIGHTS = [(0, "-low"), (ROWS, "-high")]
"""CSS classes of a screen by its columns and rows. With `-tiny` or `-low`, `TooSmall` covers everything."""


def classes_for(size: tuple[int, int]) -> tuple[str, str]:
    """The two classes for a screen of this many columns and rows."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]


Look = TypeVar("Look")
Part = tuple[str, str]
"""A text and the name of its look."""


class StatusLine(Widget):
    """One line of texts, each with a named look. Drawn again only if it changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"line--{name}"
        for name in ("running", "idle", "error", "failed", "stale", "ageing", "unread", "paused", "dim", "key")
    }

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
            room -= len(self.between) + sum(len(text) for text, _ in group)
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
            line.append(text, self.get_component_rich_style(f"line--{name}", partial=True) if name else "")
        return line


def joined(parts: Iterable[tuple[str, Look]]) -> list[tuple[str, Look]]:
    """The parts, with neighbours of one look joined. Blank parts look the same in every look, so they are joined to the
    part before them, or at the start to the one after. Each change of look costs about 25 bytes on the wire."""
    runs: list[tuple[str, Look]] = []
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


class HidingText(Static):
    """Plain text, hidden while it is empty. Drawn again only if it changed."""

    def __init__(self, classes: str) -> None:
        super().__init__(classes=classes, markup=False)
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


class TooSmall(Static):
    """Covers the whole screen while the terminal is too small."""

    def __init__(self) -> None:
        super().__init__(Text(f"too small: {COLUMNS}x{ROWS} min"), markup=False)
