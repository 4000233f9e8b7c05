"""The table of jobs, drawn line by line. Cursor and marks belong to jobs, not to rows. Draws only what changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.core.job import JobId
from tui.terminal.capabilities import Glyphs
from tui.ui.columns import Column, Placed, place
from tui.ui.formatting import fit
from tui.ui.row import Row
from tui.ui.status_line import joined

STYLES = ("error", "failed", "stale", "running", "idle", "unread", "paused", "ageing", "dim")
MARGIN = 2
"""Rows kept in view above and below the cursor."""
Cells = tuple[tuple[str, str], ...]


class JobTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the jobs of `order`. Calls `row_of` for the rows in view only."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"job-table--{name}" for name in (*STYLES, "head", "cursor", "marked")}

    @dataclass
    class HeadClicked(Message):
        """The head of a column was clicked."""

        column: str

    def __init__(
        self,
        every: tuple[Column, ...],
        glyphs: Glyphs,
        row_of: Callable[[JobId], Row],
        cursor_moved: Callable[[], None],
    ) -> None:
        """`cursor_moved` is called when another job is under the cursor; a message would cost more."""
        super().__init__()
        self._every = every
        self._glyphs = glyphs
        self._row_of = row_of
        self._cursor_moved = cursor_moved
        self._placed: tuple[Placed, ...] = ()
        self._cells: dict[JobId, Cells] = {}
        self._styles: dict[str, Style] = {}
        self._lines: dict[JobId, int] = {}
        self.order: tuple[JobId, ...] = ()
        self.cursor: JobId | None = None
        self.marks: frozenset[JobId] = frozenset()
        self._range_from: JobId | None = None
        """The job where the range began that grows with the cursor; None if there is none."""
        self.sorted_by = ""
        self.reverse = False
        self.wide = False

    def show(self, order: Sequence[JobId]) -> None:
        """Show these jobs in this order. The cursor stays on its job, and that job on its line of the screen."""
        order = tuple(order)
        if order is self.order or order == self.order:
            return
        old_line = self._lines.get(self.cursor, 0) if self.cursor else 0
        height_above = old_line - self.scroll_offset.y
        was_in_view = not self.order or self._in_view(old_line)
        self.order = order
        self._lines = {job: line for line, job in enumerate(order)}
        self._cells = {job: cells for job, cells in self._cells.items() if job in self._lines}
        if self.cursor not in self._lines:
            self.cursor = order[min(old_line, len(order) - 1)] if order else None
            self._cursor_moved()
        elif self.cursor and self._lines[self.cursor] != old_line and was_in_view:
            self._resize()
            self.scroll_to(y=self._lines[self.cursor] - height_above, animate=False, immediate=True)
        self._resize()
        if was_in_view:  # else the user has scrolled away to look at something
            self._keep_in_view()
        self.refresh()

    def update_rows(self, jobs: Iterable[JobId]) -> None:
        """Draw those of these jobs again that are in view and of which a text or a look changed."""
        changed = []
        for job in jobs:
            old = self._cells.pop(job, None)
            line = self._lines.get(job)
            if line is not None and old is not None and self._in_view(line) and self._cells_of(job) != old:
                changed.append(job)
        self._refresh_lines(changed)

    def in_view(self) -> tuple[JobId, ...]:
        """The jobs whose rows are on the screen."""
        top = self.scroll_offset.y
        return self.order[top : top + self.page]

    def set_marks(self, marks: Iterable[JobId]) -> None:
        changed = self.marks ^ (new := frozenset(marks))
        self.marks = new
        self._refresh_lines(changed)

    def toggle_mark(self) -> None:
        """Mark the job under the cursor, or unmark it, and move down."""
        if self.cursor and self.order:
            self.set_marks(self.marks ^ {self.cursor})
            self.move_by(1)

    def toggle_all_marks(self) -> None:
        every = frozenset(self.order)
        self.set_marks(frozenset() if every <= self.marks else every)

    def toggle_range(self) -> None:
        """Begin a range at the cursor, or end the one that has begun."""
        self._range_from = None if self._range_from else self.cursor
        self._extend_range()

    def _extend_range(self) -> None:
        order, anchor, cursor = self.order, self._range_from, self.cursor
        if anchor and anchor in order and cursor in order:
            first, last = sorted((order.index(anchor), order.index(cursor)))
            self.set_marks(self.marks | set(order[first : last + 1]))

    def drop_marks(self) -> None:
        """End the range that has begun; where there is none, remove all marks."""
        if self._range_from:
            self._range_from = None
        else:
            self.set_marks(())

    @property
    def targets(self) -> list[JobId]:
        """The marked jobs that are shown, in their order; the one under the cursor when there are no marks."""
        if self.marks:
            return [job for job in self.order if job in self.marks]
        return [self.cursor] if self.cursor and self.order else []

    def after_cursor(self, step: int) -> Iterable[JobId]:
        """The shown jobs from the cursor on, once around, without the cursor's own; backwards where `step` is -1."""
        start = self.order.index(self.cursor) if self.cursor in self.order else 0
        return (self.order[(start + step * by) % len(self.order)] for by in range(1, len(self.order)))

    def set_columns(self, sorted_by: str, reverse: bool, wide: bool) -> None:
        """Which column is marked as sorted, and whether all columns are shown, scrolling sideways."""
        self.sorted_by, self.reverse, self.wide = sorted_by, reverse, wide
        self.set_class(wide, "-wide")
        self._place()
        self.refresh()

    @property
    def page(self) -> int:
        """Rows that fit below the heads."""
        return max(1, self.size.height - 1)

    def move_to(self, job: JobId | None) -> None:
        """Put the cursor on this job, if it is shown."""
        if job is None or job == self.cursor or job not in self._lines:
            return
        old, self.cursor = self.cursor, job
        self._refresh_lines(filter(None, (old, job)))
        self._keep_in_view()
        self._extend_range()
        self._cursor_moved()

    def move_by(self, lines: int) -> None:
        if self.order:
            line = self._lines.get(self.cursor, 0) if self.cursor else 0
            self.move_to(self.order[max(0, min(len(self.order) - 1, line + lines))])

    def _keep_in_view(self) -> None:
        if not self.cursor:
            return
        line, top = self._lines[self.cursor], self.scroll_offset.y
        margin = min(MARGIN, (self.page - 1) // 2)
        highest, lowest = max(0, line - margin), line + margin - self.page + 1
        if top > highest:
            self.scroll_to(y=highest, animate=False, immediate=True)
        elif top < lowest:
            self.scroll_to(y=lowest, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._head().crop(self.scroll_offset.x, self.scroll_offset.x + width)
        line = y - 1 + self.scroll_offset.y
        if line >= len(self.order):
            return Strip.blank(width, self.rich_style)
        job = self.order[line]
        return self._draw(job, self._cells_of(job)).crop(self.scroll_offset.x, self.scroll_offset.x + width)

    def _cells_of(self, job: JobId) -> Cells:
        row = self._row_of(job)
        cells = tuple((placed.column.cell(row), placed.column.style(row)) for placed in self._placed)
        self._cells[job] = cells
        return cells

    def _draw(self, job: JobId, cells: Cells) -> Strip:
        on_cursor, marked = job == self.cursor, job in self.marks
        base = self._style("cursor") if on_cursor else self._style("marked") if marked else self.rich_style
        parts = [((self._glyphs.cursor if on_cursor else " ") + (self._glyphs.mark if marked else " "), base)]
        for placed, (text, name) in zip(self._placed, cells, strict=False):
            style = base + self._ink(name) if name and not on_cursor else base
            parts.append((fit(text, placed.width, self._glyphs.ellipsis) + " ", style))
        strip = Strip([Segment(text, style) for text, style in joined(parts)])
        return strip.adjust_cell_length(max(self.size.width, self._needed), base)

    def _head(self) -> Strip:
        style = self._style("head")
        segments = [Segment("  ", style)]
        for placed in self._placed:
            title = placed.column.title
            if placed.column.key == self.sorted_by:
                arrow = self._glyphs.descending if self.reverse else self._glyphs.ascending
                title = fit(title, min(len(title), placed.width - 1), "") + arrow
            segments.append(Segment(fit(title, placed.width, ""), style))
            segments.append(Segment(" ", style))
        return Strip(segments).adjust_cell_length(max(self.size.width, self._needed), style)

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"job-table--{name}")
        return self._styles[name]

    def _ink(self, name: str) -> Style:
        """A cell's look without its background, so that marked lines keep theirs. The line of the cursor has one colour
        for all cells: the colours of a status cannot be read on it."""
        key = f"ink {name}"
        if key not in self._styles:
            style = self.get_component_rich_style(f"job-table--{name}", partial=True)
            self._styles[key] = Style(color=style.color, bold=style.bold, dim=style.dim, italic=style.italic)
        return self._styles[key]

    @property
    def _needed(self) -> int:
        return self._placed[-1].left + self._placed[-1].width if self._placed else 0

    def _place(self) -> None:
        width = self.scrollable_content_region.width or self.app.size.width - 1  # before the first layout
        placed = place(self._every, width, self.wide)
        if placed == self._placed:
            return
        self._placed = placed
        self._cells.clear()
        self._resize()
        self.refresh()

    def _resize(self) -> None:
        self.virtual_size = Size(self._needed if self.wide else 0, len(self.order) + 1)

    def _in_view(self, line: int) -> bool:
        return 0 <= line - self.scroll_offset.y < self.page

    def _refresh_lines(self, jobs: Iterable[JobId]) -> None:
        lines = [self._lines[job] for job in jobs if job in self._lines]
        top, page, width = self.scroll_offset.y, self.page, self.size.width
        if regions := [Region(0, line + 1 - top, width, 1) for line in lines if 0 <= line - top < page]:
            self.refresh(*regions)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def on_resize(self) -> None:
        self._place()
        self._keep_in_view()

    def on_click(self, event: events.Click) -> None:
        x = event.x + self.scroll_offset.x
        if event.y == 0:
            for placed in self._placed:
                if placed.left <= x < placed.left + placed.width + 1:
                    self.post_message(self.HeadClicked(placed.column.key))
            return
        line = event.y - 1 + self.scroll_offset.y
        if line < len(self.order):
            self.move_to(self.order[line])
