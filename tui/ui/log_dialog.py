"""The dialog that shows a build's log: its end, what is added while the build runs, and a search in it."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from tui.codearts.log_api import BuildLog
from tui.core.log_tail import READ_EVERY, LogTail, with_short_stamp
from tui.core.text import width
from tui.ui.dialogs import LONG_WAIT, LONGEST_SEARCH, Dialog, LineInput
from tui.ui.status_line import HidingText

AFTER_PROBLEM = 60.0
"""Seconds until a log that could not be read is asked for again."""


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the lines in view. Stays at the end of a growing log while it is there, else on its lines."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--match", "log-view--current"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "lines(-1)", show=False),
        Binding("down,j", "lines(1)", show=False),
        Binding("pageup", "pages(-1.0)", show=False),
        Binding("pagedown,space", "pages(1.0)", show=False),
        Binding("ctrl+u", "pages(-0.5)", show=False),
        Binding("ctrl+d", "pages(0.5)", show=False),
        Binding("left", "sideways(-16)", show=False),
        Binding("right", "sideways(16)", show=False),
        Binding("home,g", "start", show=False),
        Binding("end,G", "end", show=False),
    ]

    class Scrolled(Message):
        """Other lines are in view."""

    def __init__(self, now: Callable[[], datetime], ellipsis: str) -> None:
        super().__init__()
        self._now = now
        self._ellipsis = ellipsis
        self._today = now()
        self.tail = LogTail()
        """The log that is shown."""
        self._dropped = 0
        self._widest = 0
        self._measured = 0
        """Lines whose width is in `_widest`."""
        self._wanted: re.Pattern[str] | None = None
        self._current = -1
        """The line of the current match, counted from the first line of the log."""
        self.is_at_end = True
        """Whether the last line was in view before the log grew or the view shrank."""

    def show(self, tail: LogTail) -> None:
        """Show this log as it is now. At its end the view moves on by a third: so most new lines move no other."""
        is_new = tail is not self.tail
        was_at_end = self.is_at_end or is_new
        if is_new:
            self.tail, self._dropped, self._widest, self._measured = tail, tail.dropped, 0, 0
        shift, self._dropped = tail.dropped - self._dropped, tail.dropped
        self._measure()
        self._reach(tail.size)
        if shift:
            self._scroll(y=max(0, self.scroll_offset.y - shift))
        if is_new:
            self.action_end()
        elif was_at_end and tail.size > self.scroll_offset.y + self.size.height:
            self._reach(tail.size + self._below)
            self._scroll(y=tail.size - self.size.height + self._below)
        self._reach(tail.size)  # what was in view before may have been further down
        if was_at_end or shift:
            self.refresh()

    def show_day(self) -> None:
        """Show the lines with a date where their day is not that of now."""
        self._today, self._measured = self._now(), 0
        self._measure()
        self._reach(self.tail.size)
        self.refresh()

    def _reach(self, lines: int) -> None:
        """Let this many lines be scrolled to, and what is in view now. At the end of the log the bar is at its end."""
        self.virtual_size = Size(self._widest, max(lines, self.scroll_offset.y + self.size.height))

    @property
    def _below(self) -> int:
        """Lines that may be empty below the end of the log."""
        return self.size.height // 3

    @property
    def _room(self) -> int:
        """Cells of a line, without the scroll bar."""
        return self.scrollable_content_region.width

    def find(self, text: str) -> list[int]:
        """Mark this text wherever it is. Returns the lines that have it, counted from the first line of the log."""
        self._wanted = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self.refresh()
        return [self.tail.dropped + at for at in self.tail.find(text, self._shown)]

    def go_to(self, line: int) -> None:
        """Bring a line into view, counted from the first of the log, and mark its matches as the current ones."""
        self._current, at, room = line, line - self.tail.dropped, self.size.height
        if not self.scroll_offset.y <= at < self.scroll_offset.y + room:
            self._scroll(y=max(0, at - room // 2))
        text = self._shown(self.tail.line(at))
        if found := self._wanted and self._wanted.search(text):
            cell = width(text[: found.start()])
            if not self.scroll_offset.x <= cell < self.scroll_offset.x + self._room - 1:
                self._scroll(x=max(0, cell - self._room // 2))
        self.refresh()

    def _shown(self, line: str) -> str:
        return with_short_stamp(line, self._today)

    @property
    def lines_in_view(self) -> tuple[int, int]:
        """The first and the last line in view, counted from the first of the log."""
        first = self.tail.dropped + self.scroll_offset.y
        return first, min(first + self.size.height, self.tail.dropped + self.tail.size) - 1

    def render_line(self, y: int) -> Strip:
        at, left, room = y + self.scroll_offset.y, self.scroll_offset.x, self._room
        style = self.rich_style
        if at >= self.tail.size:
            return Strip.blank(room, style)
        text = self._shown(self.tail.line(at))
        parts = list(self._parts(text, at + self.tail.dropped == self._current, style))
        strip = Strip([Segment(*part) for part in parts])
        if strip.cell_length > left + room > 0:  # it goes on to the right
            cut = strip.crop(left, left + room - 1).adjust_cell_length(room - 1, style)
            return Strip([*cut, Segment(self._ellipsis, style)])
        return strip.crop(left, left + room).adjust_cell_length(room, style)

    def _parts(self, text: str, is_current: bool, style: Style) -> list[tuple[str, Style]]:
        parts, done = [], 0
        name = "log-view--current" if is_current else "log-view--match"
        for found in self._wanted.finditer(text) if self._wanted else ():
            marked = self.get_component_rich_style(name)
            parts += [(text[done : found.start()], style), (found[0], marked)]
            done = found.end()
        return [*parts, (text[done:], style)]

    def _measure(self) -> None:
        """Learn how wide the new lines are, at most: two cells for each character that is not ASCII."""
        tail = self.tail
        for at in range(max(0, self._measured - tail.dropped), tail.size):
            text = self._shown(tail.line(at))
            self._widest = max(self._widest, len(text) if text.isascii() else 2 * len(text))
        self._measured = tail.count

    def _scroll(self, x: int | None = None, y: int | None = None) -> None:
        self.scroll_to(x, y, animate=False, immediate=True, force=True)

    def action_lines(self, lines: int) -> None:
        y, lowest = self.scroll_offset.y, self.tail.size - self.size.height
        self._scroll(y=y + lines if lines < 0 else max(y, min(y + lines, lowest)))

    def action_pages(self, pages: float) -> None:
        self.action_lines(round(pages * self.size.height))

    def action_sideways(self, cells: int) -> None:
        self._scroll(x=self.scroll_offset.x + cells)

    def action_start(self) -> None:
        self._scroll(y=0)

    def action_end(self) -> None:
        self._scroll(y=max(0, self.tail.size - self.size.height))

    def watch_show_vertical_scrollbar(self) -> None:
        self.vertical_scrollbar.position = self.scroll_y  # Textual tells only a bar that is shown

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.is_at_end = self.scroll_offset.y >= self.tail.size - self.size.height
        self.post_message(self.Scrolled())

    def on_resize(self) -> None:
        if self.is_at_end:
            self.action_end()
        self.post_message(self.Scrolled())


class LogDialog(Dialog[None]):
    """Shows the log of a build. Reads on while the job runs, and once more after it stopped."""

    KEYS = ("/: search", "n N: next, previous", "r: ask again", "arrows: scroll", "esc: close")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", show=False),
        Binding("n", "match(1)", show=False),
        Binding("N", "match(-1)", show=False),
        Binding("r,f5", "follow", show=False),
    ]

    def __init__(
        self, name: str, log: BuildLog, state: Callable[[], str], now: Callable[[], datetime], ellipsis: str
    ) -> None:
        """`state` returns the state of the job now: `running` or `was running` while there is more to come."""
        super().__init__(f"Log of {name}")
        self._log = log
        self._state = state
        self._now = now
        self._ellipsis = ellipsis
        self._matches: list[int] = []
        self._wanted = ""
        self._current = -1
        self._is_asking = False

    def body(self) -> ComposeResult:
        self._problem = HidingText("problem")
        self._view = LogView(self._now, self._ellipsis)
        self._where = Static(classes="where", markup=False)
        self._field = LineInput(placeholder="search: enter finds, esc leaves", max_length=LONGEST_SEARCH, compact=True)
        self._field.display = False
        yield self._problem
        yield self._view
        yield self._where
        yield self._field

    def on_mount(self) -> None:
        self._view.focus()
        self.draw_each_day(self._now, self._view.show_day)
        self.action_follow()

    @work(group="follow", exclusive=True)
    async def action_follow(self) -> None:
        """Read what there is, and go on while the job runs; once more after that, since the end may come late."""
        goes_on = True
        while goes_on:
            goes_on = self._grows
            problem = await self._read_on()
            goes_on = goes_on or self._grows
            if goes_on and not self._log.has_more:
                await asyncio.sleep(AFTER_PROBLEM if problem else READ_EVERY)
        self._tell()

    @property
    def _is_running(self) -> bool:
        """Whether the job runs as far as is known: an old answer, `was running`, counts, too."""
        return self._state().endswith("running")

    @property
    def _grows(self) -> bool:
        return self._is_running or self._log.has_more

    async def _read_on(self) -> str:
        """Returns what kept it from reading; empty if nothing did."""
        self._is_asking = True
        self._tell()
        late = self.set_timer(LONG_WAIT, self._explain)
        problem = await self._log.read_on(self._is_running, self._piece_came)
        late.stop()
        self._is_asking = False
        self._problem.show(problem)
        self._show()
        return problem

    def _piece_came(self) -> None:
        """Show it: the rest may take as long as statuses have to be asked for."""
        if self._log.tail.size:
            self._problem.show("")
        self._show()

    def _show(self) -> None:
        self._view.show(self._log.tail)
        if self._wanted:
            self._matches = self._view.find(self._wanted)
        self._tell()

    def _explain(self) -> None:
        if not self._log.tail.size:
            self._problem.show("Still asking: the calls for statuses go first, and the service may be slow.")

    # What it says

    @on(LogView.Scrolled)
    def _tell(self) -> None:
        number = f", build #{self._log.number}" if self._log.number else ""
        state = "ended" if self._log.is_older else self._state()
        self.head.update(Text(f"{self._title}{number}, {state}"))
        self._where.update(Text(self._position()))

    def _position(self) -> str:
        tail, (first, last) = self._view.tail, self._view.lines_in_view
        if not tail.size:
            return "asking…" if self._is_asking else "no lines"
        parts = [f"lines {first + 1:,} to {last + 1:,} of {tail.dropped + tail.size:,}"]
        if tail.dropped:
            parts.append(f"the last {tail.size:,} are kept")
        if self._wanted:
            place = self._matches.index(self._current) + 1 if self._current in self._matches else 0
            found = f"{place} of {len(self._matches):,}" if place else f"{len(self._matches):,}"
            parts.append(f"{self._wanted!r}: {found if self._matches else 'not there'}")
        if self._is_running and self._view.is_at_end:
            parts.append("following")
        return " · ".join(parts)

    # Search

    def action_search(self) -> None:
        self._field.display = True
        self._field.focus()

    @on(Input.Submitted)
    def search(self, event: Input.Submitted) -> None:
        """Find the last match that is not below the view: the end of a log tells most."""
        self._leave_field()
        self._wanted = event.value
        self._matches = self._view.find(self._wanted)
        _, bottom = self._view.lines_in_view
        above = [line for line in self._matches if line <= bottom]
        self._go(above[-1] if above else self._matches[-1] if self._matches else -1)

    def action_match(self, step: int) -> None:
        """Go to the next or the previous match, around the ends."""
        if not self._wanted:
            self.say("Nothing is searched for yet: / does that.")
        if not self._matches:
            return
        first, last = self._view.lines_in_view
        start = self._current if self._current in self._matches else first - 1 if step > 0 else last + 1
        later = [line for line in self._matches[::step] if (line - start) * step > 0]
        self._go(later[0] if later else self._matches[::step][0])

    def _go(self, line: int) -> None:
        self._current = line
        if line >= 0:
            self._view.go_to(line)
        self._tell()

    def action_close(self) -> None:
        if self.focused is self._field:
            self._leave_field()
        else:
            super().action_close()

    def _leave_field(self) -> None:
        self._field.display = False
        self._view.focus()
