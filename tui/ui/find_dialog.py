"""The dialog that finds jobs in the user's projects and adds those that are ticked. `Finder` knows what it shows: no
widgets.
"""

from collections.abc import Container, Sequence
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input, Static

from tui.codearts.error_codes import advise
from tui.codearts.extra_call import Fetcher
from tui.codearts.job_list_api import JobEntry, JobPages, Project, ProjectId, projects_of_user, to_watch
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Retry
from tui.terminal.capabilities import Glyphs
from tui.ui.dialogs import LONG_WAIT, LONGEST_SEARCH, Dialog, KeyLine, LineInput, Save
from tui.ui.formatting import fit
from tui.ui.list_dialog import CursorList
from tui.ui.short_names import cut_middle
from tui.ui.status_line import HidingText

STILL_ASKING = "Still asking: the calls for statuses go first, and lists wait while most jobs cannot be read."
EVERYWHERE = "all your jobs, in every project"

FinderRow = Project | JobEntry | None
"""One row: a project, a job, or None for the jobs of all projects."""


class Finder:
    """Asks for projects at once, and for the jobs of a project page by page as they are needed."""

    def __init__(self, fetcher: Fetcher, watched: Container[JobId]) -> None:
        self.text = ""
        """The search."""
        self.pages: JobPages | None = None
        """The list that is open; None while the projects are shown."""
        self.place = ""
        """Its project's name; empty while the projects are shown."""
        self.ticked: dict[JobId, JobEntry] = {}
        self.failure: Failure | None = None
        """Why projects are missing; None if no page of them failed."""
        self._projects: list[Project] | None = None
        self._lacks_projects = False
        """Whether there are projects that are not going to be read."""
        self._fetcher = fetcher
        self._watched = watched
        self._lists: dict[ProjectId | None, JobPages] = {}
        self._ticks_all = False

    # What is shown

    def rows(self) -> list[FinderRow]:
        """The projects or jobs that have the searched text, in the order of the service."""
        if self.pages:
            return [entry for entry in self.pages.found.values() if entry.is_found(self.text)]
        named = [project for project in self._projects or () if project.is_found(self.text)]
        return [*named, None] if self.text.strip() else [None, *named]

    @property
    def known(self) -> int:
        """How many rows there are without the search."""
        return len(self.pages.found) if self.pages else len(self._projects or ()) + 1

    @property
    def has_more(self) -> bool:
        """Whether the service has rows that were not fetched yet."""
        return self.pages.has_more if self.pages else self._projects is None

    @property
    def is_cut(self) -> bool:
        """Whether there are rows that are not going to be fetched."""
        return self.pages.is_cut if self.pages else self._lacks_projects

    def is_watched(self, entry: JobEntry) -> bool:
        return entry.id in self._watched

    @property
    def problem(self) -> str:
        """Why something is missing, and what to do; empty if nothing is."""
        if not (failure := self.pages.failure if self.pages else self.failure):
            return ""
        match failure.kind.retry:
            case Retry.SIGN_IN:  # its summary says what to do
                return failure.summary
            case Retry.LASTING:
                return f"{failure.summary} {advise(failure).action}"
            case _:
                return f"{failure.summary} Press f5 to ask again."

    # Asking

    def needs_more(self, down_to: int) -> bool:
        """Whether another page is needed: to show this row, to search everything, or to tick everything."""
        if not self.has_more or self.problem:
            return False
        return self.pages is None or bool(self.text) or self._ticks_all or len(self.pages.found) <= down_to

    async def read_on(self) -> None:
        """Asks for the next page."""
        if self.pages:
            await self.pages.read_on()
            if self._ticks_all and not self.pages.has_more:
                self.tick_all()
            return
        listed = await projects_of_user(self._fetcher)
        self._projects, self.failure = listed.projects, listed.failure
        self._lacks_projects = not (listed.is_whole or listed.failure)

    def ask_again(self) -> None:
        """Forgets what failed, so that it is asked for again."""
        if self.pages:
            self.pages.failure = None
        elif self.failure:
            self.failure = self._projects = None

    # Choosing

    def open(self, project: Project | None) -> None:
        """Show the jobs of this project; None for those of all, in which what was typed is searched for."""
        key = project.id if project else None
        self.pages = self._lists.setdefault(key, JobPages(self._fetcher, project))
        self.place = (project.name or str(project.id)) if project else EVERYWHERE
        self.text, self._ticks_all = "" if project else self.text, False

    def back(self) -> bool:
        """Empty the search, else return to the projects; False if there is nothing to go back to."""
        if self.text:
            self.text = ""
            return True
        is_open, self.pages, self.place, self._ticks_all = self.pages is not None, None, "", False
        return is_open

    def tick(self, entry: JobEntry) -> None:
        """Tick this job or take the tick away; a job that is watched has none."""
        if entry.id in self.ticked:
            del self.ticked[entry.id]
        elif not self.is_watched(entry):
            self.ticked[entry.id] = entry

    def tick_all(self) -> None:
        """Tick all jobs that match, once all are there; if all are ticked, take these ticks away."""
        self._ticks_all = self.has_more and not self.problem
        if self._ticks_all:
            return
        free = {one.id: one for one in self.rows() if isinstance(one, JobEntry) and not self.is_watched(one)}
        if free.keys() <= self.ticked.keys():
            self.ticked = {job: entry for job, entry in self.ticked.items() if job not in free}
        else:
            self.ticked |= free

    def chosen(self, under_cursor: FinderRow) -> Sequence[JobEntry]:
        """What enter adds: the ticked jobs, else the one under the cursor."""
        if self.ticked:
            return list(self.ticked.values())
        is_new = isinstance(under_cursor, JobEntry) and not self.is_watched(under_cursor)
        return [under_cursor] if is_new and isinstance(under_cursor, JobEntry) else []


AHEAD = 20
"""Rows below the cursor that are fetched before they are in view."""
WATCHED = "watched"
PROJECT_KEYS = ("enter: open", "type to search", "esc: close")
JOB_KEYS = ("enter: add", "space: tick", "*: all", "type to search", "esc: back")


class SearchInput(LineInput):
    """A field that leaves the keys for ticking to its dialog."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key not in ("space", "asterisk") and super().check_consume_key(key, character)


class FoundList(CursorList[FinderRow], can_focus=False):
    """Draws a cursor, ticks, and a word beside jobs that are watched."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"found-list--cursor", "found-list--watched"}

    class Clicked(Message):
        """The row under the cursor was clicked."""

    def __init__(self, finder: Finder, glyphs: Glyphs) -> None:
        super().__init__()
        self._finder = finder
        self._glyphs = glyphs

    def show(self, cursor: int | None = None) -> None:
        """Show what the finder has now, with the cursor on this row; on the one where it was by default."""
        self.take(self._finder.rows())
        self.move_to(self.cursor if cursor is None else cursor)

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

    def _cells(self, row: FinderRow, room: int, word: str) -> Sequence[str]:
        """Name and project, and the word at the end."""
        cut = self._glyphs.ellipsis
        if not isinstance(row, JobEntry):
            everywhere = f"'{text}' in {EVERYWHERE}" if (text := self._finder.text.strip()) else EVERYWHERE
            return [_named((row.name or str(row.id)) if row else everywhere, room, cut)]
        last = len(WATCHED) + 1
        beside = min(24, room // 3) if self._finder.place == EVERYWHERE else 0
        name = _named(row.name or str(row.id), room - beside - last, cut)
        return [name, _named(f" {row.project}", beside, cut), fit(f" {word}", last, cut)]

    def on_click(self, event: events.Click) -> None:
        if event.y + self.scroll_offset.y < len(self.rows):
            self.move_to(event.y + self.scroll_offset.y)
            self.post_message(self.Clicked())


def _named(name: str, cells: int, ellipsis: str) -> str:
    """The name in exactly `cells` cells; without its middle, as in the table, if it is longer."""
    return fit(cut_middle(name, cells, ellipsis), cells, ellipsis)


class FindDialog(Dialog[tuple[Job, ...]]):
    """Lists projects and their jobs to choose from. The answer is the jobs that were added, at least one."""

    KEYS: Sequence[str] = PROJECT_KEYS
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
        self._is_late = False
        """It has been asking for so long that it says why."""

    def body(self) -> ComposeResult:
        self._problem = HidingText("problem")
        self._field = SearchInput(placeholder="search", max_length=LONGEST_SEARCH, compact=True)
        self._list = FoundList(self._finder, self._glyphs)
        self._where = Static(classes="where", markup=False)
        yield self._field
        yield self._list
        yield self._problem
        yield Static(classes="verdict")
        yield self._where

    def on_mount(self) -> None:
        self._field.focus()
        self._list.show()

    @on(CursorList.Moved)
    def show_more(self) -> None:
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
        """Ask for one page after the other, as long as more are needed."""
        late = self.set_timer(LONG_WAIT, self._explain)
        while self._needs_more():
            await self._finder.read_on()
            self._is_late = False
            self._list.show()
            self._tell()
        late.stop()
        self._is_asking = False
        self._tell()

    def _explain(self) -> None:
        self._is_late = True
        self._tell()

    def _tell(self) -> None:
        """Update the lines around the list."""
        finder = self._finder
        named = f" of {self._profile}" if self._profile else ""
        self.head.update(Text(f"{self._title}{named}: {finder.place or 'choose a project'}"))
        self.KEYS = JOB_KEYS if finder.pages else PROJECT_KEYS
        self.query_one(KeyLine).show(self.KEYS)
        self._problem.show(finder.problem or (STILL_ASKING if self._is_late else ""))
        what = "jobs" if finder.pages else "rows"
        shown, known = len(self._list.rows), finder.known
        parts = [f"{shown} of {known} {what}" if shown != known else f"{known} {what}"] if finder.pages else []
        parts += [f"{len(finder.ticked)} ticked"] if finder.ticked else []
        parts += ["asking…" if self._is_asking else "more below"] if finder.has_more and not finder.problem else []
        parts += ["there are more that are not read"] if finder.is_cut else []
        self._where.update(Text(" · ".join(parts) or ("nothing matches" if not self._list.rows else "")))

    # Keys

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._finder.text:
            self.forget_verdict()
            self._finder.text = event.value
            self._list.show(0)

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
        elif isinstance(row, JobEntry):
            self.refuse("This job is watched already.")

    def _open(self, project: Project | None) -> None:
        self._finder.open(project)
        self._field.value = self._finder.text
        self._list.show(0)

    def action_close(self) -> None:
        """Empty the search, then return to the projects, then close."""
        if not self._finder.back():
            super().action_close()
            return
        self._field.value = ""
        self._list.show(0)

    def action_move(self, rows: int) -> None:
        self.forget_verdict()
        self._list.action_move(rows)

    def action_page(self, pages: int) -> None:
        self.forget_verdict()
        self._list.action_page(pages)

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
            self._list.show()
        else:
            self.say("Only jobs can be ticked. Press enter to see those of the project.")

    def action_again(self) -> None:
        self._finder.ask_again()
        self._list.show()
