"""The table of jobs, drawn line by line. Marks and the cursor belong to jobs, not to rows. Draws only what changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from math import inf
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.core.board import JobState
from tui.core.job import JobId
from tui.terminal.capabilities import Glyphs
from tui.ui.columns import GUTTER, WIDEST, Column, Look, Placed, place
from tui.ui.formatting import fit
from tui.ui.groups import GroupLine, Groups, GroupTexts, Line, group_of, job_of
from tui.ui.row import Row
from tui.ui.short_names import ColumnNames
from tui.ui.status_line import joined, style_of

AFTER_NAME, LEAST_AFTER_NAME = " · ", 6
"""What stands between a name and the text after it, and the fewest cells that this text needs."""
BESIDE, KEPT = 8, 12
"""A name that leaves fewer cells than that is cut until it leaves `BESIDE`, if it keeps `KEPT` cells then."""
MARGIN = 2
"""Rows kept in view above and below the cursor."""
MEASURED, NAMES_MEASURED = 60, 2000
"""Rows whose texts decide how wide the columns are, from the top; besides them those that come into view. Of the names,
which must not move, more are measured: they cost next to nothing."""
Cells = tuple[tuple[str, Look], ...]
"""The mark before a row, then the texts of its columns, each with its look."""
PLAIN_LOOKS = ("", "dim", "idle")
"""Looks that say nothing: a row that has changed does without them."""
NEW, NEW_FAILED = Style(bold=True), Style(bold=True, reverse=True)


class JobTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the lines of `order`. Calls `row_of` for the rows in view only."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"job-table--{name}" for name in ("head", "cursor", "marked")}

    class HeadClicked(Message):
        """The head of a column was clicked."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    class GroupClicked(Message):
        """The line of a group was clicked."""

        def __init__(self, group: str) -> None:
            super().__init__()
            self.group = group

    order: tuple[Line, ...] = ()
    """What each line shows, from the top."""
    cursor_line: Line | None = None
    _left_from: Line | None = None
    """The line of the cursor before the last change of the lines: after there were none it comes back there."""
    is_parked = False
    """Whether the cursor is where `park_cursor` put it."""
    came_by_itself_at = -inf
    """When the cursor last came to another job or group without the user: it was parked, or its own line had gone.
    -inf if the user has moved it since."""
    marks: frozenset[JobId] = frozenset()
    _range_from: Line | None = None
    """The line where the range began that grows with the cursor; None if there is none."""
    sorted_by = ""
    reverse = False
    wide = False
    _keeps_top = False
    """Whether the first lines stay in view though the cursor does not, see `show`; until the user moves it."""
    _page_before = 0
    """The rows that fitted before the size changed."""

    def __init__(
        self,
        every: tuple[Column, ...],
        glyphs: Glyphs,
        row_of: Callable[[JobId], Row],
        state_of: Callable[[JobId], JobState],
        groups: Groups,
        cursor_moved: Callable[[], None],
        view_moved: Callable[[], None],
    ) -> None:
        """`cursor_moved` is called when the cursor was put on a line, `view_moved` when other lines are in view;
        a message would cost more."""
        super().__init__()
        self.every = every
        self._glyphs = glyphs
        self._row_of = row_of
        self._state_of = state_of
        self._groups = groups
        self._group_texts = GroupTexts(groups, glyphs)
        self._cursor_moved = cursor_moved
        self._view_moved = view_moved
        self._chosen: tuple[Column, ...] = ()
        self._placed: tuple[Placed, ...] = ()
        self._widths: dict[str, int] = {}
        """Cells that the texts of each column need. They grow with the texts, and shrink only with `measure`."""
        self._names = ColumnNames(glyphs.ellipsis)
        self._shortens_soon = False
        self._measured_jobs: frozenset[JobId] = frozenset()
        """The jobs of the last `measure` in `show`: only other ones are measured anew."""
        self._cells: dict[Line, Cells] = {}
        """What the lines in view show, as of the last `update_rows` or drawn since."""
        self._styles: dict[str, Style] = {}
        self._lines: dict[Line, int] = {}
        self._grouped: dict[JobId, list[Line]] = {}
        """The lines of each job; empty without groups."""

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Does nothing: no style of the table depends on the focus, and Textual would compute all of them again."""

    @property
    def cursor(self) -> JobId | None:
        """The job under the cursor; None where the cursor is on the line of a group, or there are no lines."""
        return job_of(self.cursor_line)

    @property
    def group(self) -> str:
        """The group whose own line is under the cursor; empty if there is none."""
        return "" if self.cursor or not self.order else group_of(self.cursor_line)

    @property
    def acted_on(self) -> JobId | str:
        """The job or group under the cursor, which keys act on; empty if there are no lines."""
        return self.cursor or self.group

    def show(self, order: Sequence[Line], keeps_top: bool = False, by_itself_at: float = -inf) -> None:
        """Show these lines. The cursor stays on its job, and that job on its line of the screen.

        A list that is at its top stays there instead, as long as the cursor is in view then: so what comes to the top
        is seen. With `keeps_top` it stays there even if the cursor goes out of view. `by_itself_at` is the time, if the
        user has not caused the change of the lines; if the user has, a cursor that went out of view comes to the middle
        of it, where one sees what stands around it.
        """
        self._keeps_top = keeps_top
        order = tuple(order)
        if order is self.order or order == self.order:
            return
        top, before, cursor = self.scroll_offset.y, self._lines_in_view(), self.cursor_line
        number, job, acted_on = self._cursor_number, self.cursor, self.acted_on
        was_in_view = not self.order or self._in_view(number)
        self._take(order)
        self.cursor_line = self._left_from = cursor or self._left_from  # there may have been no lines before
        if self.cursor_line not in self._lines:
            self.cursor_line = self._same_place() or (order[min(number, len(order) - 1)] if order else None)
        if self.acted_on not in (acted_on, ""):
            self.came_by_itself_at = by_itself_at
        self._resize()
        if top and self.cursor == job and self.cursor_line and was_in_view:
            self._scroll(top + self._cursor_number - number)
        if self.scroll_offset.y > (last := max(0, len(order) - self.page)):  # the next key may come before the layout
            self._scroll(last)
        if was_in_view:  # else the user has scrolled away to look at something
            is_lost = by_itself_at == -inf and not self._in_view(self._cursor_number)
            self._stay_in_view(self.page // 2 if is_lost else 0)
        self._redraw(top, before, cursor)

    def _redraw(self, top: int, before: Sequence[Line], cursor: Line | None) -> None:
        """Draw the lines again that are not those of before; all of them after a move of the view or the cursor."""
        shown = self._lines_in_view()
        if (self.scroll_offset.y, self.cursor_line, len(shown)) == (top, cursor, len(before)):
            self._refresh_lines(line for line, other in zip(shown, before, strict=True) if line != other)
        else:
            self.refresh()

    def _take(self, order: tuple[Line, ...]) -> None:
        """Let these be the lines. The columns are measured anew if the jobs are others than before."""
        self.order = order
        self._lines = {line: number for number, line in enumerate(order)}
        self._grouped = {}
        for line in order:
            if isinstance(line, GroupLine) and line.job:
                self._grouped.setdefault(line.job, []).append(line)
        self._cells = {line: cells for line, cells in self._cells.items() if line in self._lines}
        if self._measured_jobs != (jobs := frozenset(self._every_job)):
            self._measured_jobs = jobs
            self.measure()

    def _same_place(self) -> Line | None:
        """Another line of the cursor's job; else the line of its group, or of the folded one that it is in now."""
        if self.cursor and (lines := self._lines_of([self.cursor])):
            return lines[0]
        heads = (GroupLine(group) for group in (group_of(self.cursor_line), self._groups.hides(self.cursor)))
        return next((head for head in heads if head in self._lines), None)

    def _lines_of(self, jobs: Iterable[JobId]) -> list[Line]:
        """The lines of these jobs that are shown."""
        if self._groups.by:
            return [line for job in jobs for line in self._grouped.get(job, ())]
        return [job for job in jobs if job in self._lines]

    def update_rows(self, jobs: Iterable[JobId]) -> None:
        """Draw those of these jobs again that are in view and of which a text or a look changed; groups, too."""
        in_view = self._lines_in_view()
        self._cells = {line: self._cells[line] for line in in_view if line in self._cells}
        changed = []
        self._group_texts.widen()
        for line in (*self._lines_of(jobs), *(one for one in in_view if job_of(one) is None)):
            old = self._cells.get(line)
            if old is not None and self._cells_of(line) != old:
                changed.append(line)
        self._refresh_lines(changed)
        self._place()  # in this frame, where a text needs more room than any before it

    def _lines_in_view(self) -> tuple[Line, ...]:
        top = self.scroll_offset.y
        return self.order[top : top + self.page]

    def measure(self) -> None:
        """Find out how wide the columns have to be, without what was there before."""
        self._group_texts.forget()
        self._group_texts.widen()
        jobs = tuple(islice(self._every_job, NAMES_MEASURED))
        rows = [self._row_of(job) for job in jobs[:MEASURED]]
        for one in self._shown:
            names = map("".join, map(one.name, map(self._state_of, jobs))) if one.name else ()
            texts = names or (one.cell(row, WIDEST) for row in rows)
            self._widths[one.key] = max(map(cell_len, texts), default=0)
        before = self._placed
        self._place()
        if self._placed is before:  # then the names were not cut anew
            self._shorten()

    def _widen(self, texts: Mapping[str, str]) -> None:
        """Make each column as wide as its text needs, if it is not yet."""
        for key, text in texts.items():
            if (cells := cell_len(text)) > self._widths.get(key, 0):
                self._widths[key] = cells
                self.call_later(self._place)

    def _shorten(self) -> None:
        """Cut the names so that they can be told apart."""
        before, self._names, self._shortens_soon = self._names, ColumnNames(self._glyphs.ellipsis), False
        for placed in self._placed:
            cells = placed.width - len(AFTER_NAME) - BESIDE
            has_texts = cells >= KEPT and any(column.after_name for column in self._left_out)
            is_cut = placed.width < self._widths.get(placed.column.key, 0)
            if (name := placed.column.name) and (is_cut or has_texts):
                names = [name(self._state_of(job))[1] for job in self._every_job]
                width, before_text = placed.width if is_cut else 0, cells if has_texts else 0
                self._names = ColumnNames(self._glyphs.ellipsis, names, width, before_text)
        if self._names.differ_from(before):
            self._cells.clear()
            self.refresh()

    @property
    def _shown(self) -> Sequence[Column]:
        return self.every if self.wide else self._chosen

    def in_view(self) -> tuple[JobId, ...]:
        """The jobs whose rows are on the screen."""
        return tuple(dict.fromkeys(job for line in self._lines_in_view() if (job := job_of(line))))

    def set_marks(self, marks: Iterable[JobId]) -> None:
        changed = self.marks ^ (new := frozenset(marks))
        self.marks = new
        self._refresh_lines(self._lines_of(changed))
        if changed and self._groups.by:
            self._refresh_lines(line for line in self._lines_in_view() if job_of(line) is None)

    def toggle_mark(self) -> None:
        """Mark what is under the cursor, or unmark it, and move down."""
        self.bring_cursor()
        if self.order and (jobs := frozenset(self._under_cursor)):
            self.set_marks(self.marks - jobs if jobs <= self.marks else self.marks | jobs)
            self.move_by(1)

    def toggle_all_marks(self) -> None:
        every = frozenset(self._every_job)
        self.set_marks(frozenset() if every <= self.marks else every)

    @property
    def _under_cursor(self) -> tuple[JobId, ...]:
        """The job under the cursor; all jobs of the group whose line that is."""
        if group := self.group:
            return self._groups.jobs_in(group)
        return (self.cursor,) if self.cursor else ()

    @property
    def _every_job(self) -> Iterable[JobId]:
        """The jobs of all lines, each once; those in folded groups, too."""
        if self._groups.by:
            return dict.fromkeys(job for line in self._groups.every if (job := job_of(line)))
        return [line for line in self.order if isinstance(line, JobId)]

    @property
    def _every_line(self) -> tuple[Line, ...]:
        return self._groups.every if self._groups.by else self.order

    def toggle_range(self) -> None:
        """Begin a range at the cursor, or end the one that has begun."""
        self.bring_cursor()
        self._range_from = None if self._range_from else self.cursor_line
        self._extend_range()

    def _extend_range(self) -> None:
        anchor, cursor = self._range_from, self.cursor_line
        if anchor in self._lines and cursor in self._lines:
            first, last = sorted((self._lines[anchor], self._lines[cursor]))
            self.set_marks(self.marks | {job for line in self.order[first : last + 1] if (job := job_of(line))})

    def drop_marks(self) -> None:
        """End the range that has begun; where there is none, remove all marks."""
        if self._range_from:
            self._range_from = None
        else:
            self.set_marks(())

    @property
    def targets(self) -> list[JobId]:
        """The marked jobs that are shown, in their order; without marks the one under the cursor, or its group's."""
        if self.marks:
            return [job for job in self._every_job if job in self.marks]
        return list(self._under_cursor) if self.order else []

    def after_cursor(self, step: int) -> Iterable[Line]:
        """The lines of jobs from the cursor on, once around; backwards where `step` is -1. The cursor's own line comes
        first, but only if the cursor `is_elsewhere`."""
        every = self._every_line
        first = self._first_in_view if self.is_away else self.cursor_line
        start = every.index(first) if first in every else 0
        lines = (every[(start + step * by) % len(every)] for by in range(not self.is_elsewhere, len(every)))
        return (line for line in lines if job_of(line))

    def set_columns(self, keys: Sequence[str], sorted_by: str, reverse: bool, wide: bool) -> None:
        """Which columns are shown, which is marked as sorted, and whether all are shown, scrolling sideways."""
        self.sorted_by, self.reverse = sorted_by, reverse
        by_key = {column.key: column for column in self.every}
        chosen = tuple(by_key[key] for key in keys)
        if (chosen, wide) != (self._chosen, self.wide):
            self._chosen, self.wide = chosen, wide
            self.set_class(wide, "-wide")
            self.measure()
        self.refresh()

    @property
    def page(self) -> int:
        """Rows that fit below the heads."""
        return max(1, self.scrollable_content_region.height - 1)  # without the line of a scroll bar

    def move_to(self, line: Line | None, margin: int = MARGIN) -> None:
        """Put the cursor on this line, or on the first line of this job, if shown, `margin` lines from the edge."""
        if isinstance(line, JobId) and self._groups.by:
            line = self.cursor_line if line == self.cursor else next(iter(self._grouped.get(line, ())), None)
        if line is None or line not in self._lines:
            return
        self.came_by_itself_at = -inf
        if line == self.cursor_line and not self.is_parked:
            return
        old, self.cursor_line = self.cursor_line, line
        self.is_parked = False
        self._keeps_top = False
        self._refresh_lines(filter(None, (old, line)))
        self._keep_in_view(margin)
        self._extend_range()
        self._cursor_moved()

    def move_by(self, lines: int) -> None:
        """Move the cursor; one that is out of view comes to the first line in view."""
        if self.order:
            line = self._line_before(lines)
            self.move_to(self.order[max(0, min(len(self.order) - 1, line + lines))])

    def _stay_in_view(self, margin: int = 0) -> None:
        """Keep the cursor in view, unless the first lines have to stay there."""
        if self.scroll_offset.y or not self._keeps_top:
            self._keep_in_view(margin)

    def _line_before(self, step: int) -> int:
        """The number of the line that a step leads away from: the cursor's, or one beside the first in view."""
        return self.scroll_offset.y - min(1, step) if self.is_away else self._cursor_number

    @property
    def _cursor_number(self) -> int:
        """The number of the cursor's line, from 0; 0 if there are no lines."""
        return self._lines.get(self.cursor_line, 0) if self.cursor_line else 0

    @property
    def is_away(self) -> bool:
        """Whether the cursor is out of view."""
        return self.cursor_line is not None and not self._in_view(self._cursor_number) and self.is_on_screen

    @property
    def is_elsewhere(self) -> bool:
        """Whether the cursor is not where the user has put it and sees it: it is out of view, or parked."""
        return self.is_away or self.is_parked

    def bring_cursor(self) -> None:
        """Put a cursor that is out of view on the first line in view. It is where the user sees it from now on."""
        self.move_to(self._first_in_view if self.is_away else self.cursor_line)

    def park_cursor(self, was_used: bool, now: float) -> None:
        """If the list is at its top, put a cursor that is out of view on the first line, and keep it there.

        With `was_used` False, since the user has not touched any key yet, a cursor in view goes there, too.
        """
        if (self.is_elsewhere or not was_used) and not self.scroll_offset.y and self.order:
            old, self.cursor_line = self.cursor_line, self.order[0]
            if old != self.cursor_line:
                self.is_parked, self.came_by_itself_at = True, now
                self._refresh_lines(filter(None, (old, self.cursor_line)))

    @property
    def _first_in_view(self) -> Line:
        """The first line in view; the last one where there is room for the heads alone."""
        return self.order[min(self.scroll_offset.y, len(self.order) - 1)]

    def _keep_in_view(self, margin: int) -> None:
        """Scroll so that the cursor and `margin` lines above and below it are in view, if there is room for them."""
        if not self.cursor_line:
            return
        line, top = self._lines[self.cursor_line], self.scroll_offset.y
        margin = min(margin, (self.page - 1) // 2)
        highest, lowest = max(0, line - margin), line + margin - self.page + 1
        if (wanted := max(lowest, min(top, highest))) != top:
            self._scroll(wanted)

    def _scroll(self, y: int) -> None:
        self.scroll_to(y=y, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._head().crop(self.scroll_offset.x, self.scroll_offset.x + width)
        number = y - 1 + self.scroll_offset.y
        if number >= len(self.order):
            return Strip.blank(width, self._style(""))
        line = self.order[number]
        kept = self._cells.get(line) if job_of(line) else None  # the room for a group's counts may have changed
        strip = self._draw(line, kept or self._cells_of(line))
        left = self.scroll_offset.x
        if not (self.wide and job_of(line)):
            return strip.crop(left, left + width)
        right = left + self.scrollable_content_region.width  # what is behind it, the scroll bar covers
        if self._goes_on(strip, right):
            last = next(iter(strip.crop(right - 1, right))).style
            strip = Strip.join([strip.crop(left, right - 1), Strip([Segment(self._glyphs.ellipsis, last)])])
            return strip.adjust_cell_length(width)
        return strip.crop(left, left + width)

    def _goes_on(self, strip: Strip, right: int) -> bool:
        """Whether a text of the line, not only the line, is cut there."""
        ends = (one.left + one.width for one in self._placed if one.left < right < one.left + one.width)
        return any(strip.crop(right, end).text.strip() for end in ends)

    def _cells_of(self, line: Line) -> Cells:
        if job := job_of(line):
            row = self._row_of(job)
            texts = {column.key: column.cell(row, WIDEST) for column in self._shown}
            self._widen(texts)
            shown = (self._cell(one, row, texts[one.column.key]) for one in self._placed)
            cells: Cells = ((self._glyphs.new if row.is_new else "", "accent"), *shown)
        else:
            room = max(self.scrollable_content_region.width, self._needed) - GUTTER
            cells = self._group_texts.cells(group_of(line), room)
        self._cells[line] = cells
        return cells

    def _cell(self, placed: Placed, row: Row, text: str) -> tuple[str, Look]:
        """The cell's text and look. After a name stands what a column says that was left out, if there is room; a name
        that leaves none is cut, if it can be told apart then."""
        look = placed.column.style(row)
        if not placed.column.name or not isinstance(look, str):
            return text if cell_len(text) <= placed.width else placed.column.cell(row, placed.width), look
        before, name = placed.column.name(row.state)
        width = placed.width - cell_len(before)
        shown = self._short_name(name, width)
        room = width - cell_len(shown) - len(AFTER_NAME)
        shorter = self._names.before_texts.get(name) if room < LEAST_AFTER_NAME else shown
        if not shorter:
            return before + shown, look
        said, its_look = self._after_name(row, width - cell_len(shorter) - len(AFTER_NAME))
        if not said:
            return before + shown, look
        if shorter != shown:
            shorter = self._names.cut_before_text(name, width - len(AFTER_NAME) - cell_len(said))
        parts = ((before + shorter, look), (AFTER_NAME, "dim"), (said, its_look))
        return "".join(part for part, _ in parts), tuple(its for part, its in parts for _ in part)

    def _after_name(self, row: Row, room: int) -> tuple[str, str]:
        """Returns what stands after the name in `room` cells, and its look; two empty texts if nothing does."""
        for column in self._left_out:
            said, look = column.after_name(row) if column.after_name else ("", "")
            if said:
                return fit(said, min(room, cell_len(said)), self._glyphs.ellipsis), look
        return "", ""

    @property
    def _left_out(self) -> Iterable[Column]:
        """The columns that were chosen, and have no room."""
        placed = {one.column.key for one in self._placed}
        return (column for column in self._shown if column.key not in placed)

    def _short_name(self, name: str, cells: int) -> str:
        """Returns the name in `cells` cells. For one that is cut and is not known yet, all names are cut anew soon."""
        if cell_len(name) > cells and self._names.lack(name) and not self._shortens_soon:
            self._shortens_soon = True
            self.call_later(self._shorten)
        return self._names.cut(name, cells)

    def _draw(self, line: Line, cells: Cells) -> Strip:
        job = job_of(line)
        on_cursor = line == self.cursor_line
        marked = job in self.marks if job else self._is_marked(line)
        base = self._style("cursor") if on_cursor else self._style("marked") if marked else self._style("")
        (new, _), *cells_shown = cells
        parts = [(self._glyphs.cursor if on_cursor else " ", base)]
        mark = self._glyphs.mark if marked else new or " "
        parts.append((mark, self._look("accent", base, on_cursor) if new else base))
        widths = (
            [(one.width, one.gap) for one in self._placed] if job else [(cell_len(text), 1) for text, _ in cells_shown]
        )
        for (width, gap), (text, look) in zip(widths, cells_shown, strict=False):
            shown = fit(text, width, self._glyphs.ellipsis) + " " * gap
            for part, name in _spans(shown, text, look):
                parts.append((part, self._look(name, base, on_cursor, bool(new))))
        strip = Strip([Segment(text, style) for text, style in joined(parts)])
        return strip.adjust_cell_length(max(self.size.width, self._needed), base)

    def _look(self, name: str, base: Style, on_cursor: bool, is_new: bool = False) -> Style:
        """The style of a cell. What has changed is bold, and a failed build among it reversed.

        All else on the cursor's line looks alike, since the colours of states cannot be read there.
        """
        if is_new and name == "failed":
            return (self._style("") if on_cursor else base) + NEW_FAILED + style_of(self, name)
        base += NEW if is_new else Style.null()
        return base if on_cursor or not name or (is_new and name in PLAIN_LOOKS) else base + style_of(self, name)

    def _is_marked(self, line: Line) -> bool:
        """Whether all jobs of the group are marked."""
        return self.marks.issuperset(self._groups.jobs_in(group_of(line)))

    @property
    def shows_order(self) -> bool:
        """Whether the head of a column says by what the rows are sorted."""
        return any(placed.column.key == self.sorted_by for placed in self._placed)

    def _head(self) -> Strip:
        style = self._style("head")
        segments = [Segment("  ", style)]
        for placed in self._placed:
            title = placed.column.title
            if placed.column.key == self.sorted_by:
                arrow = self._glyphs.descending if self.reverse else self._glyphs.ascending
                title = fit(title, min(len(title), placed.width - 1), "") + arrow
            segments.append(Segment(fit(title, placed.width, "") + " " * placed.gap, style))
        return Strip(segments).adjust_cell_length(max(self.size.width, self._needed), style)

    def _style(self, name: str) -> Style:
        """The style of a part of the table; of the table itself if the name is empty. Kept: each line needs it."""
        if name not in self._styles:
            part = self.get_component_rich_style(f"job-table--{name}") if name else self.rich_style
            self._styles[name] = part
        return self._styles[name]

    @property
    def _needed(self) -> int:
        return self._placed[-1].left + self._placed[-1].width if self._placed else 0

    def _place(self) -> None:
        width = self.scrollable_content_region.width or self.app.size.width - 1  # before the first layout
        placed = place(self._shown, self._widths, width, self.wide)
        if placed == self._placed:
            return
        self._placed = placed
        self._cells.clear()
        self._shorten()
        self._resize()
        self.refresh()

    def _resize(self) -> None:
        self.virtual_size = Size(self._needed if self.wide else 0, len(self.order) + 1)

    def _in_view(self, line: int) -> bool:
        return 0 <= line - self.scroll_offset.y < self.page

    def _refresh_lines(self, changed: Iterable[Line]) -> None:
        lines = [self._lines[line] for line in changed if line in self._lines]
        top, page, width = self.scroll_offset.y, self.page, self.size.width
        if regions := [Region(0, line + 1 - top, width, 1) for line in lines if 0 <= line - top < page]:
            self.refresh(*regions)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._view_moved()

    def on_resize(self) -> None:
        self.measure()
        self._view_moved()
        was_in_view = 0 <= self._cursor_number - self.scroll_offset.y < (self._page_before or self.page)
        self._page_before = self.page
        if was_in_view:
            self._stay_in_view()

    def on_click(self, event: events.Click) -> None:
        x = event.x + self.scroll_offset.x
        if event.y == 0:
            for placed in self._placed:
                if placed.left <= x < placed.left + placed.width + placed.gap:
                    self.post_message(self.HeadClicked(placed.column.key))
            return
        line = event.y - 1 + self.scroll_offset.y
        if line < len(self.order):
            self.move_to(self.order[line], margin=0)  # what is clicked stays where it is, for the next click
            if self.group:
                self.post_message(self.GroupClicked(self.group))


def _spans(shown: str, text: str, look: Look) -> Iterable[tuple[str, str]]:
    """The parts of a cell with one look each. `shown` is its text with the blanks after it."""
    if isinstance(look, str):
        return [(shown, look)]
    looks = look[len(look) - len(text) :]  # a cut text lacks its beginning
    return [*zip(text, looks, strict=True), (shown[len(text) :], "")]
