"""The dialog that finds jobs in the user's projects and adds those that are ticked."""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Static

from tui.codearts.extra_call import Fetcher
from tui.codearts.job_list_api import JobEntry, Project
from tui.codearts.job_lists import to_watch
from tui.core.job import Job, JobId
from tui.terminal.capabilities import Glyphs
from tui.ui.dialogs import Dialog, Save
from tui.ui.finder import EVERYWHERE, Finder, Found
from tui.ui.formatting import fit
from tui.ui.inputs import LineInput
from tui.ui.status_line import HidingText, TooSmall

AHEAD = 20
"""Rows below the cursor that are fetched before they are in view."""
WATCHED = "watched"
LONGEST_SEARCH = 200


class SearchInput(LineInput):
    """A field that leaves the keys for ticking to its dialog."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key not in ("space", "asterisk") and super().check_consume_key(key, character)


class FoundList(ScrollView, can_focus=False):
    """Draws the rows in view, with a cursor, ticks, and a word beside jobs that are watched."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"found-list--cursor", "found-list--watched"}

    class Clicked(Message):
        """The row under the cursor was clicked."""

    def __init__(self, finder: Finder, glyphs: Glyphs) -> None:
        super().__init__()
        self._finder = finder
        self._glyphs = glyphs
        self.rows: list[Found] = []
        self.cursor = 0

    def show(self, cursor: int | None = None) -> None:
        """Show what the finder has now, with the cursor on this row; on the one where it was by default."""
        self.rows = self._finder.rows()
        self.virtual_size = Size(0, len(self.rows))
        self.move_to(self.cursor if cursor is None else cursor)
        self.refresh()

    def move_to(self, row: int) -> None:
        self.cursor = max(0, min(len(self.rows) - 1, row))
        top, room = self.scroll_offset.y, max(1, self.size.height)
        if not top <= self.cursor < top + room:
            y = self.cursor if self.cursor < top else self.cursor - room + 1
            self.scroll_to(y=y, animate=False, immediate=True, force=True)
        self.refresh()

    @property
    def under_cursor(self) -> Found:
        return self.rows[self.cursor] if self.rows else None

    def render_line(self, y: int) -> Strip:
        at, room = y + self.scroll_offset.y, self.scrollable_content_region.width
        if at >= len(self.rows):
            return Strip.blank(room, self.rich_style)
        row, on_cursor = self.rows[at], at == self.cursor
        is_watched = isinstance(row, JobEntry) and self._finder.is_watched(row)
        look = "cursor" if on_cursor else "watched" if is_watched else ""
        style = self.get_component_rich_style(f"found-list--{look}") if look else self.rich_style
        ticked = isinstance(row, JobEntry) and row.id in self._finder.ticked
        marks = (self._glyphs.cursor if on_cursor else " ") + (self._glyphs.mark if ticked else " ")
        text = marks + "".join(self._cells(row, room - 2, WATCHED if is_watched else ""))
        return Strip([Segment(text, style)]).adjust_cell_length(room, style)

    def _cells(self, row: Found, room: int, word: str) -> Sequence[str]:
        """Name and project, and the word at the end."""
        cut = self._glyphs.ellipsis
        if not isinstance(row, JobEntry):
            return [fit((row.name or str(row.id)) if row else EVERYWHERE, room, cut)]
        last = len(WATCHED) + 1
        beside = min(24, room // 3) if self._finder.place == EVERYWHERE else 0
        name = fit(row.name or str(row.id), room - beside - last, cut)
        return [name, fit(f" {row.project}", beside, cut), fit(f" {word}", last, cut)]

    def on_click(self, event: events.Click) -> None:
        if event.y + self.scroll_offset.y < len(self.rows):
            self.move_to(event.y + self.scroll_offset.y)
            self.post_message(self.Clicked())

    def on_resize(self) -> None:
        self.move_to(self.cursor)


class FindDialog(Dialog[tuple[Job, ...]]):
    """Its result is the jobs that were added, at least one."""

    HINT = "type to search, space: tick, *: all, enter: open or add, esc: back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("space", "tick", show=False, priority=True),
        Binding("asterisk", "tick_all", show=False, priority=True),
        Binding("f5,ctrl+r", "again", show=False, priority=True),
    ]

    def __init__(
        self,
        fetcher: Fetcher,
        watched: Container[JobId],
        profile: str,
        now: datetime,
        save: Save[tuple[Job, ...]],
        glyphs: Glyphs,
    ) -> None:
        """`profile` is what the jobs that are added get; empty for the default one."""
        super().__init__("Find jobs")
        self._finder = Finder(fetcher, watched)
        self._profile = profile
        self._now = now
        self._save = save
        self._glyphs = glyphs
        self._is_asking = False

    def compose(self) -> ComposeResult:
        self._head = Static(Text(self._title), classes="title", markup=False)
        self._problem = HidingText("problem")
        self._problem.display = False
        self._field = SearchInput(placeholder="search", max_length=LONGEST_SEARCH, compact=True)
        self._list = FoundList(self._finder, self._glyphs)
        self._where = Static(classes="where", markup=False)
        with Vertical(classes="box"):
            yield self._head
            yield self._field
            yield self._list
            yield self._problem
            yield Static(classes="verdict")
            yield self._where
            yield Static(Text(self.HINT), classes="hint")
        yield TooSmall()

    def on_mount(self) -> None:
        self._field.focus()
        self._show()

    def _show(self, cursor: int | None = None) -> None:
        self._list.show(cursor)
        self._fetch()
        self._tell()

    def _fetch(self) -> None:
        if not self._is_asking and self._needs_more():
            self._is_asking = True
            self._ask()

    def _needs_more(self) -> bool:
        return self._finder.needs_more(self._list.cursor + max(AHEAD, self._list.size.height))

    @work(group="find")
    async def _ask(self) -> None:
        """One page after the other, as long as more are needed."""
        while self._needs_more():
            await self._finder.read_on()
            self._list.show()
            self._tell()
        self._is_asking = False
        self._tell()

    def _tell(self) -> None:
        """Update the lines around the list."""
        finder = self._finder
        named = f" of {self._profile}" if self._profile else ""
        self._head.update(Text(f"{self._title}{named}: {finder.place or 'choose a project'}"))
        self._problem.show(finder.problem)
        what = "jobs" if finder.pages else "rows"
        shown, known = len(self._list.rows), finder.known
        parts = [f"{shown} of {known} {what}" if shown != known else f"{known} {what}"] if finder.pages else []
        parts += [f"{len(finder.ticked)} ticked"] if finder.ticked else []
        parts += ["asking…" if self._is_asking else "more below"] if finder.has_more and not finder.problem else []
        self._where.update(Text(" · ".join(parts) or ("nothing matches" if not self._list.rows else "")))

    # Keys

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._finder.text:
            self._finder.text = event.value
            self._show(0)

    @on(Input.Submitted)
    def choose(self) -> None:
        """Open the project under the cursor, or add the ticked jobs."""
        row = self._list.under_cursor
        if not self._finder.pages:
            if self._list.rows and not isinstance(row, JobEntry):
                self._open(row)
        elif chosen := self._finder.chosen(row):
            jobs = tuple(to_watch(entry, self._profile, self._now) for entry in chosen)
            self.save(jobs, self._save)
        else:
            self.app.bell()

    def _open(self, project: Project | None) -> None:
        self._finder.open(project)
        self._field.value = ""
        self._show(0)

    def action_close(self) -> None:
        """Empty the search, then return to the projects, then close."""
        if not self._finder.back():
            super().action_close()
            return
        self._field.value = ""
        self._show(0)

    def action_move(self, rows: int) -> None:
        self._list.move_to(self._list.cursor + rows)
        self._fetch()
        self._tell()

    def action_page(self, pages: int) -> None:
        self.action_move(pages * max(1, self._list.size.height - 1))

    @on(FoundList.Clicked)
    def action_tick(self) -> None:
        if isinstance(row := self._list.under_cursor, JobEntry):
            self._finder.tick(row)
            self.action_move(1)
        elif not self._finder.pages and self._list.rows:
            self._open(row)

    def action_tick_all(self) -> None:
        if self._finder.pages:
            self._finder.tick_all()
            self._show()

    def action_again(self) -> None:
        self._finder.ask_again()
        self._show()
