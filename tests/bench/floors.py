"""The least that such a screen costs on Textual: its own header and footer around a table, and nothing behind it.

`--updates` changes so many rows a second; `--poll` asks the service on this port `--rate` times a second, with httpx.
"""

import argparse
import asyncio
from collections.abc import Iterator
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Footer, Header

from tests.bench.places import job_id, label

STATUS = ("◦ idle   ", "▸ running")
FLUSH = 0.25
"""Seconds between two looks at what the answers changed."""


class LineTable(ScrollView, can_focus=True):
    """Only strings; draws the lines in view, and those again that changed."""

    DEFAULT_CSS = "LineTable { height: 1fr; background: $background; scrollbar-size-vertical: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [("up", "move(-1)", "Up"), ("down", "move(1)", "Down")]

    def __init__(self, jobs: int) -> None:
        super().__init__()
        self.running = [number % 4 == 0 for number in range(jobs)]
        self._rows = [(job_id(number), label(number)) for number in range(1, jobs + 1)]
        self.cursor = 0
        self.virtual_size = Size(100, jobs + 1)

    def set_status(self, row: int, running: bool) -> None:
        if self.running[row] != running:
            self.running[row] = running
            self._draw(row)

    def action_move(self, by: int) -> None:
        before, self.cursor = self.cursor, max(0, min(len(self.running) - 1, self.cursor + by))
        self._draw(before)
        self._draw(self.cursor)

    def _draw(self, row: int) -> None:
        y = row + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        row = y - 1 + self.scroll_offset.y
        if row >= len(self.running):
            return Strip.blank(self.size.width, self.rich_style)
        if y == 0:
            text, style = "  Status        For    Age  Job", self.rich_style + Style(bold=True)
        else:
            on_cursor = row == self.cursor
            text = f"{'›' if on_cursor else ' '} {STATUS[self.running[row]]}     12m         {self._rows[row][1]:<36}"
            style = self.rich_style + Style(reverse=True) if on_cursor else self.rich_style
        return Strip([Segment(text, style)], len(text)).adjust_cell_length(self.size.width, style)


class FloorApp(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "Quit"),
        ("a", "add", "Add"),
        ("slash", "find", "Find"),
        ("s", "sort", "Sort"),
    ]
    TITLE = "the least"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, jobs: int, updates: float, poll: int, rate: float) -> None:
        super().__init__()
        self._jobs, self._updates, self._poll, self._rate = jobs, updates, poll, rate

    def compose(self) -> ComposeResult:
        self.table = LineTable(self._jobs)
        yield Header()
        yield self.table
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.table.focus()
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        if self._updates:
            self.run_worker(self.change())
        if self._poll:
            self.run_worker(self.ask())

    async def change(self) -> None:
        """Evenly over the second, as answers come in."""
        for row in self._rows():
            await asyncio.sleep(1 / self._updates)
            self.table.set_status(row, not self.table.running[row])

    async def ask(self) -> None:
        from tests.bench.polls import ask

        answers: dict[str, bool] = {}

        async def flush() -> None:
            while True:
                await asyncio.sleep(FLUSH)
                for job in list(answers):
                    self.table.set_status(int(job, 16) - 1, answers.pop(job))

        jobs = [job_id(number) for number in range(1, self._jobs + 1)]
        await asyncio.gather(ask(self._poll, jobs, self._rate, "one", answers.__setitem__), flush())

    def _rows(self) -> Iterator[int]:
        """Every row in turn, but not from top to bottom."""
        turn = 0
        while True:
            turn += 7
            yield turn % self._jobs


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--updates", type=float, default=0)
    parser.add_argument("--poll", type=int, default=0, metavar="PORT")
    parser.add_argument("--rate", type=float, default=5)
    parser.add_argument("--httpx", action="store_true", help="only import it, for its memory")
    options = parser.parse_args()
    if options.httpx:
        __import__("httpx")
    FloorApp(options.jobs, options.updates, options.poll, options.rate).run()
