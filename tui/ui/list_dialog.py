"""A dialog with a long list of lines, one under the cursor. It draws only the lines in view."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from tui.ui.dialogs import AROUND, Dialog
from tui.ui.formatting import fit
from tui.ui.status_line import Part, joined, style_of

NEAR = 20
"""So many lines before the end of the list more of them are asked for."""


class ListLine(NamedTuple):
    key: str
    """What the dialog returns when this line is chosen."""
    parts: tuple[Part, ...]


class LineList(ScrollView, can_focus=True, inherit_bindings=False):
    """The lines. `enter` chooses the one under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line-list--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("home,g", "move(-100000)", show=False),
        Binding("end,G", "move(100000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Chosen(Message):
        """The line under the cursor was chosen."""

    class NearsEnd(Message):
        """The cursor is near the last line."""

    def __init__(self, ellipsis: str) -> None:
        super().__init__()
        self._ellipsis = ellipsis
        self.lines: Sequence[ListLine] = ()
        self.cursor = 0

    def show(self, lines: Sequence[ListLine]) -> None:
        """Show these lines; the cursor stays where it is."""
        self.lines = lines
        self.cursor = max(0, min(self.cursor, len(lines) - 1))
        self.virtual_size = Size(0, len(lines))
        self.styles.height = max(1, len(lines))
        self.refresh()

    @property
    def chosen(self) -> str:
        return self.lines[self.cursor].key if self.lines else ""

    def render_line(self, y: int) -> Strip:
        width, line = self.scrollable_content_region.width, y + self.scroll_offset.y  # without the scroll bar
        if line >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        parts, left = [], width
        is_cursor = line == self.cursor
        base = self.get_component_rich_style("line-list--cursor") if is_cursor else self.rich_style
        for text, look in self.lines[line].parts:
            cells = cell_len(text)
            shown = text if cells <= left else fit(text, left, self._ellipsis)
            left -= min(cells, left)
            parts.append((shown, base if is_cursor or not look else base + style_of(self, look)))
        strip = Strip([Segment(text, style) for text, style in joined(parts)])
        return strip.adjust_cell_length(width, base)

    def action_move(self, by: int) -> None:
        before, self.cursor = self.cursor, max(0, min(len(self.lines) - 1, self.cursor + by))
        top, height = self.scroll_offset.y, self.size.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)
        top = self.scroll_offset.y
        self.refresh(*(Region(0, line - top, self.size.width, 1) for line in (before, self.cursor)))
        if self.cursor >= len(self.lines) - NEAR:
            self.post_message(self.NearsEnd())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The wheel takes the cursor along: no key acts on a line that is not seen."""
        super().watch_scroll_y(old_value, new_value)
        top = self.scroll_offset.y
        if seen := max(top, min(top + self.size.height - 1, self.cursor)) - self.cursor:
            self.action_move(seen)

    def on_resize(self) -> None:
        self.action_move(0)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        self.action_move(event.y + self.scroll_offset.y - self.cursor)


class ListDialog(Dialog[str]):
    """Shows lines. The answer is the key of the one that was chosen; a line without a key cannot be chosen."""

    def __init__(
        self,
        title: str,
        lines: Callable[[datetime], Sequence[ListLine]],
        empty: str,
        hint: str,
        ellipsis: str,
        now: Callable[[], datetime],
    ) -> None:
        """`lines` gets any aware time of today. `empty` is shown instead of no lines."""
        super().__init__(title)
        self.HINT = hint
        self._lines, self._now = lines, now
        self._empty = empty
        self.list = LineList(ellipsis)

    def body(self) -> ComposeResult:
        yield self.list
        yield Static(self._empty, classes="note", markup=False)

    def on_mount(self) -> None:
        self.show()
        self.list.focus()
        self.draw_each_day(self._now, self.show)

    def show(self) -> None:
        """Show the lines as they are now."""
        lines = self._lines(self._now())
        self.list.show(lines)
        self.list.display = bool(lines)
        self.query_one(".note").display = not lines

    def on_resize(self) -> None:
        self.list.styles.max_height = max(1, self.app.size.height - AROUND)

    def on_line_list_chosen(self) -> None:
        if self.list.chosen:
            self.dismiss(self.list.chosen)
