"""The main screen's state and what is drawn of it. The keys are in `board_screen.py`."""

import asyncio
import gc
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.core.board import Board, JobState
from tui.core.condition import Tally
from tui.core.filter import LONGEST, parse_filter
from tui.core.job import JobId
from tui.core.reading import Reading, Status
from tui.storage.state import ScreenState
from tui.storage.watchlist import Watchlist
from tui.ui.arrangement import Arrangement
from tui.ui.asking_screen import AskingScreen
from tui.ui.columns import columns
from tui.ui.empty import empty_text
from tui.ui.header import Glance, banner, header_parts, profile_glance
from tui.ui.hints import hint_groups
from tui.ui.job_table import JobTable
from tui.ui.keys import first_key
from tui.ui.lines import Line, Sentence
from tui.ui.row import Row, Subject
from tui.ui.setup import Setup
from tui.ui.too_small import HEIGHTS, WIDTHS, TooSmall, classes_for

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.details import DetailsPane

TICK = 1.0
"""Seconds between two looks at the header and at the file; what did not change is not drawn."""
RARELY = 5
"""Ticks between two looks at ages and durations, which are shown in steps of 5 and 20 seconds."""


class BoardView(AskingScreen):
    """Owns the board. `record` and `take_watchlist` are the only ways it changes."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "JobTable"
    around_after = 1.0
    """Seconds that the header may be behind the rows: it sums up all of them."""
    around_soon = _was_covered = False
    _ticks = 0

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self.board = Board().watch(setup.jobs)
        self.every_column = columns(setup.glyphs)
        self.arrangement = Arrangement()
        self._tally = Tally()
        self._sign_in_key = first_key("sign_in", setup.keys)
        self.file_warning = setup.warning
        self.settings_warning = ""
        """Why the edited settings are not in use."""
        self.unsaved = ""
        """Why the last change was not saved; empty once one is."""
        self._ticked_at = setup.now().at
        self.details: DetailsPane | None = None
        self.filter_line: Input | None = None
        self.table = JobTable(self.every_column, setup.glyphs, self.row_of, self.cursor_moved)

    def compose(self) -> ComposeResult:
        self.header = Line(self.setup.glyphs.rule)
        self.banner = Sentence("banner")
        self.empty = Sentence("empty")
        self.hints = Line(" ")
        yield self.header
        yield self.banner
        with Horizontal(id="body"), Vertical(id="list"):
            yield self.empty
            yield self.table
        yield self.hints
        yield TooSmall()

    def on_mount(self) -> None:
        self.add_class(*classes_for(self.app.size), update=False)  # no second look at styles at the first resize
        self.apply_look()
        self.show_keys()

    def show_keys(self) -> None:
        """The keys as the user has them now, wherever the screen names one."""
        self._sign_in_key = first_key("sign_in", self.setup.keys)
        self.hints.show(hint_groups(self.setup.keys))

    def start_polling(self) -> None:
        """After the first frame, which needs no answer."""
        if self.is_asking or not self.begin((state.job for state in self.board.states.values()), self.record):
            return
        self.set_class(self.screen_state.details and self.app.size.width >= 110, "-details")
        self.show_around()
        self.set_interval(TICK, self.tick)
        self.desk.prefer(self.table.in_view())
        self.run_worker(self.desk.run(), name="poller")
        self.run_worker(self.learn_ends(self.show_around))

    def row_of(self, job: JobId) -> Row:
        return Row(self.board.states[job], self.setup.now(), self.desk.interval(job) if self.is_asking else inf)

    def record(self, readings: Sequence[Reading]) -> None:
        """Take what the poller brought; the screen follows."""
        before, self.board, jobs = self.board, self.board.record(readings), {reading.job for reading in readings}
        self.alert(before, self.board)
        self._tally.follow(before, self.board, jobs)
        self.show_changes(jobs)

    def take_watchlist(self, watchlist: Watchlist) -> None:
        """Watch these jobs: what is known of those that stay is kept."""
        self.board = self.board.watch(watchlist.jobs, self.service.names[0])
        self.desk.watch(state.job for state in self.board.states.values())
        self.table.set_marks(self.table.marks & self.board.states.keys())
        self.arrangement.only = self._only(self.screen_state)
        self.show_all()

    def apply_look(self) -> None:
        """Sort, filter and columns as the screen's state says."""
        state = self.screen_state
        by_key = {column.key: column for column in self.every_column}
        self.arrangement = Arrangement(
            by_key.get(state.sort), state.reverse, parse_filter(state.filter), state.problems_only, self._only(state)
        )
        if state.filter or self.filter_line:
            self.filter_input().display = bool(state.filter) or self.typing
        self.table.set_columns(state.sort, state.reverse, state.wide)
        self.show_all()

    def _only(self, state: ScreenState) -> frozenset[JobId] | None:
        if not state.profile or state.profile not in self.service.names:
            return None
        default = self.service.names[0]
        return frozenset(job for job, it in self.board.states.items() if (it.job.profile or default) == state.profile)

    def show_all(self) -> bool:
        """Answers whether anything looks different now."""
        self._tally.forget()
        before = self.table.order
        self.table.show(self.arrangement.order(self.board.states, self.row_of))
        in_view = self.table.update_rows(self.table.in_view())
        return self.show_around() or in_view or self.table.order != before

    def show_changes(self, jobs: Iterable[JobId]) -> None:
        if self.covered:
            return
        if self.arrangement.moved([job for job in jobs if job in self.board.states], self.row_of):
            self.table.show(self.arrangement.order(self.board.states, self.row_of))
        self.table.update_rows(jobs)
        if not self.around_soon:
            self.around_soon = True
            asyncio.get_running_loop().call_later(self.around_after, self.call_later, self.show_around)

    def show_around(self) -> bool:
        """Header, banner, empty screens and details; answers whether one of the first three is another now."""
        self.around_soon = False
        now, paces = self.setup.now(), self.desk.paces() if self.is_asking else {}

        def interval(state: JobState) -> float:
            pace = paces[self.desk.profile(state.job.id)]
            return pace.running if state.status is Status.RUNNING else pace.idle

        summary = self._tally.of(self.board, now.at, interval)
        state = self.screen_state
        seen = [name for name in paces if self.arrangement.only is None or name == state.profile] or list(paces)
        profiles = tuple(profile_glance(self.service.profile(name), paces[name], now) for name in seen)
        narrowed = bool(state.filter or state.problems_only or self.arrangement.only is not None)
        shown, marked = len(self.table.order), len(self.table.marks)
        warning = "\n".join(filter(None, (self.unsaved or self.file_warning, self.settings_warning)))
        glance = Glance(profiles, summary, now.at, shown, narrowed, marked, self._sign_in_key, warning)
        changed = [self.header.show(header_parts(glance)), self.banner.show(*banner(glance))]
        trouble = next((pace.trouble for pace in paces.values() if pace.trouble), None)
        never = all(state.status is None for state in self.board.states.values())
        empty = empty_text(summary.total, len(self.table.order), state, trouble if never else None)
        changed.append(self.empty.show(empty))
        self.table.display = bool(self.table.order)
        if self.is_asking:
            self.show_details()
        return any(changed)

    def cursor_moved(self, by_user: bool) -> None:
        """Another job is under the cursor; not `by_user` where the one before has gone."""
        self.show_details()

    def show_details(self) -> None:
        if self.has_class("-details"):
            self.details_pane().show(self.subject(self.table.cursor) if self.table.cursor else None)

    # Made when first wanted, so that the first paint need not wait for them

    def details_pane(self) -> "DetailsPane":
        if self.details is None:
            from tui.ui.details import DetailsPane

            self.details = DetailsPane()
            self.query_one("#body").mount(self.details)
        return self.details

    def filter_input(self) -> "Input":
        if self.filter_line is None:
            from tui.ui.inputs import LineInput

            hint = "words, !word, is:running, tag:x, /pattern/"
            self.filter_line = LineInput(self.screen_state.filter, hint, classes="filter", max_length=LONGEST)
            self.mount(self.filter_line, before=self.hints)
        return self.filter_line

    @property
    def typing(self) -> bool:
        """Whether keys are text for the filter."""
        return self.filter_line is not None and self.focused is self.filter_line

    def subject(self, job: JobId) -> Subject:
        return Subject(
            self.row_of(job), self.endpoint_of(job).url, self.desk.next_attempt(job), self.desk.interval(job)
        )

    @property
    def covered(self) -> bool:
        """Whether a dialog is in front: then nothing is drawn until it is closed."""
        return self.app.screen is not self

    def tick(self) -> None:
        """What changes by the mere passing of time. Rarely where that takes a look at every job, or a whole screen."""
        if not gc.isenabled():  # nor did the first frame and the first answers need a tidy memory
            gc.freeze()
            gc.enable()
        self._ticks += 1
        is_rare = self._ticks % RARELY == 0
        now = self.setup.now().at
        has_slept, self._ticked_at = now - self._ticked_at > RARELY * TICK, now
        if is_rare and self.ends_were_lost():
            self.run_worker(self.learn_ends(self.show_around))
        if self.covered:
            if is_rare and self.show_all():
                self.app.screen.refresh()  # the dialog draws what is behind it
            return
        self.desk.prefer(self.table.in_view())
        if has_slept or (is_rare and self.arrangement.depends_on_readings):
            self.show_all()
        elif is_rare:
            self._tally.forget()
            self.show_changes(self.table.in_view())
        else:
            self.show_changes(())

    def on_screen_suspend(self) -> None:
        self._was_covered = True

    def on_screen_resume(self) -> None:
        """At the start, and after a dialog, under which little was drawn."""
        if not self.is_asking:
            self.call_later(self.start_polling)  # Textual draws the first frame before
        elif self._was_covered:
            self.show_all()
