"""Long lists with a cursor, which draw only the rows in view; and a dialog with such a list of lines."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, Generic, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from tui.ui.dialogs import Dialog, KeyLine
from tui.ui.formatting import fit
from tui.ui.status_line import Part, joined, style_of

Entry = TypeVar("Entry")


class CursorList(ScrollView, Generic[Entry]):
    """Rows, one of them under the cursor; a subclass draws them.

    No key acts on a row that is not seen: the view follows the cursor, and the wheel takes the cursor along.
    """

    class Moved(Message):
        """The cursor may be on another row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Entry] = ()
        self.cursor = 0

    @property
    def under_cursor(self) -> Entry | None:
        return self.rows[self.cursor] if self.rows else None

    def take(self, rows: Sequence[Entry]) -> None:
        """Show these rows, with the cursor where it is; at the end if there are fewer."""
        self.rows = rows
        self.cursor = max(0, min(len(rows) - 1, self.cursor))
        self.virtual_size = Size(0, len(rows))
        self.refresh()

    def move_to(self, row: int) -> None:
        before, self.cursor = self.cursor, max(0, min(len(self.rows) - 1, row))
        top, room = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + room:
            y = self.cursor if self.cursor < top else self.cursor - room + 1
            self.scroll_to(y=y, animate=False, immediate=True, force=True)
        top = self.scroll_offset.y
        self.refresh(*(Region(0, at - top, self.size.width, 1) for at in (before, self.cursor)))
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self.size.height - 1))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        top = self.scroll_offset.y
        seen = max(top, min(top + self.size.height - 1, self.cursor))
        if seen != self.cursor:
            self.move_to(seen)

    def on_resize(self) -> None:
        self.move_to(self.cursor)


class ListLine(NamedTuple):
    key: str
    """What the dialog returns when this line is chosen."""
    parts: tuple[Part, ...]


class LineList(CursorList[ListLine], can_focus=True, inherit_bindings=False):
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

    def __init__(self, ellipsis: str) -> None:
        super().__init__()
        self._ellipsis = ellipsis

    def show(self, lines: Sequence[ListLine]) -> None:
        self.take(lines)
        self.styles.height = max(1, len(lines))

    def render_line(self, y: int) -> Strip:
        width, line = self.scrollable_content_region.width, y + self.scroll_offset.y  # without the scroll bar
        if line >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        parts, left = [], width
        is_cursor = line == self.cursor
        base = self.get_component_rich_style("line-list--cursor") if is_cursor else self.rich_style
        for text, look in self.rows[line].parts:
            cells = cell_len(text)
            shown = text if cells <= left else fit(text, left, self._ellipsis)
            left -= min(cells, left)
            parts.append((shown, base if is_cursor or not look else base + style_of(self, look)))
        strip = Strip([Segment(text, style) for text, style in joined(parts)])
        return strip.adjust_cell_length(width, base)

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        self.move_to(event.y + self.scroll_offset.y)


NO_PROBLEM = "No build failed or took longer than usual, and each job gave an answer."
Lines = Callable[[datetime], Sequence[ListLine]]
"""Returns the lines, given any aware time of today."""


class ListDialog(Dialog[str]):
    """Shows lines. The answer is the key of the one that was chosen; a line without a key cannot be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("exclamation_mark", "only_problems", show=False)]

    def __init__(
        self,
        title: str,
        lines: Lines,
        empty: str,
        keys: Sequence[str],
        ellipsis: str,
        now: Callable[[], datetime],
        problems: Lines | None = None,
    ) -> None:
        """`empty` is shown instead of no lines. `keys`: see `KeyLine`. `problems` are the lines that `!` leaves."""
        super().__init__(title)
        self.KEYS = keys
        self._lines, self._now = lines, now
        self._problems = problems
        self._is_narrowed = False
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
        shown = self._problems if self._problems and self._is_narrowed else self._lines
        lines = shown(self._now())
        self.list.show(lines)
        self.list.display = bool(lines)
        note = self.query_one(".note", Static)
        note.update(Text(NO_PROBLEM if self._is_narrowed else self._empty))
        note.display = not lines
        is_empty = not (lines or self._is_narrowed)
        self.query_one(KeyLine).show(self.KEYS[-1:] if is_empty else self.KEYS)  # of no lines none can be chosen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "only_problems" or self._problems is not None

    def action_only_problems(self) -> None:
        """Show only the problems; again all lines."""
        self._is_narrowed = not self._is_narrowed
        self.head.update(Text(f"{self._title}: only problems" if self._is_narrowed else self._title))
        self.show()
        self.list.move_to(0)

    def on_resize(self) -> None:
        self.list.styles.max_height = self.room

    def on_line_list_chosen(self) -> None:
        if (line := self.list.under_cursor) and line.key:
            self.dismiss(line.key)
