"""The main screen's state and what is drawn of it. The keys are in `board_screen.py`."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.core.board import Board, JobState
from tui.core.condition import Tally
from tui.core.filter import LONGEST, parse_filter
from tui.core.job import JobId
from tui.core.reading import Moment, Reading
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
from tui.ui.row import NOT_ASKED, Row, Subject
from tui.ui.setup import Setup
from tui.ui.sizes import BROAD, HEIGHTS, WIDTHS, classes_for
from tui.ui.too_small import TooSmall
from tui.ui.units import time_of_day

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.details import DetailsPane

TICK = 1.0
"""Seconds between two looks at the header and at the file; what did not change is not drawn."""
RARELY = 5
"""Ticks after which the moment moves on that ages and durations are reckoned at: they are shown in such steps."""


class BoardView(AskingScreen):
    """Owns the board. `record` and `take_watchlist` are the only ways it changes.

    Header, rows and details show `shown` at `moment`, so that they say the same in every frame.
    """

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "JobTable"
    apart = 0.5
    """Seconds between two frames that readings cause."""
    draws_soon = False
    _drawn_at = -inf
    _ticks = 0

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self.board = self.shown = Board().watch(setup.jobs)
        self.moment = setup.now()
        self._paused_since: Moment | None = None
        self._changed: set[JobId] = set()
        """Jobs that were read since `shown`."""
        self.every_column = columns(setup.glyphs)
        self.arrangement = Arrangement()
        self._tally = Tally()
        self._sign_in_key = first_key("sign_in", setup.keys)
        self._pause_key = first_key("pause_all", setup.keys)
        self.file_warning = setup.warning
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
        self.hints.show(hint_groups(self.setup.keys))

    def start_polling(self) -> None:
        """After the first frame, which needs no answer."""
        if self.is_asking or not self.begin((state.job for state in self.board.states.values()), self.record):
            return
        self.set_class(self.screen_state.details and self.app.size.width >= BROAD, "-details")
        self.show_around()
        self.set_interval(TICK, self.tick)
        self.desk.prefer(self.table.in_view())
        self.run_worker(self.desk.run(), name="poller")
        self.run_worker(self.learn_ends(self.show_around))

    def row_of(self, job: JobId) -> Row:
        state = self.shown.states[job]
        last = state.last.received if state.last else self.moment
        return Row(state, max(last, self.moment, key=lambda moment: moment.at), self._interval(state))

    def _interval(self, state: JobState) -> float:
        if not self.is_asking:
            return inf
        return NOT_ASKED if self.desk.paused else self.desk.interval(state.job.id)

    def record(self, readings: Sequence[Reading]) -> None:
        """Take what the poller brought; the screen follows."""
        before, self.board = self.board, self.board.record(readings)
        self.alert(before, self.board)
        self._changed |= {reading.job for reading in readings}
        if not self.draws_soon:
            self.draws_soon = True
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, self._drawn_at + self.apart - loop.time()), self.call_later, self.draw)

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

    def show_all(self) -> None:
        """Draw what differs, whichever jobs it is about; what time alone changes, too."""
        self.moment = self.setup.now()
        self.shown = self.board
        self._tally.count(self.shown.states.values(), self.moment.at, self._interval)
        self._changed.clear()
        self.table.show(self.arrangement.order(self.shown.states, self.row_of))
        self.table.update_rows(self.table.in_view())
        self.show_around()

    def draw(self) -> None:
        """Draw the jobs that were read, and the header with them."""
        self.draws_soon = False
        self._drawn_at = asyncio.get_running_loop().time()
        jobs, self._changed, self.shown = self._changed & self.board.states.keys(), set(), self.board
        self._tally.follow((self.shown.states[job] for job in jobs), self._interval)
        if self.arrangement.moved(jobs, self.row_of):
            self.table.show(self.arrangement.order(self.shown.states, self.row_of))
        self.table.update_rows(jobs)
        self.show_around()

    def show_around(self) -> None:
        """Header, banner, empty screens and details."""
        now, paces = self.moment, self.desk.paces() if self.is_asking else {}
        summary = self._tally.summary
        state = self.screen_state
        seen = [name for name in paces if self.arrangement.only is None or name == state.profile] or list(paces)
        profiles = tuple(profile_glance(self.service.profile(name), paces[name], now) for name in seen)
        narrowed = bool(state.filter or state.problems_only or self.arrangement.only is not None)
        shown, marked = len(self.table.order), len(self.table.marks)
        glance = Glance(
            profiles, summary, now.at, shown, narrowed, marked, self._sign_in_key, self.file_warning, self._paused()
        )
        self.header.show(header_parts(glance))
        self.banner.show(*banner(glance))
        trouble = next((pace.trouble for pace in paces.values() if pace.trouble), None)
        never = all(state.status is None for state in self.shown.states.values())
        empty = empty_text(summary.total, len(self.table.order), state, trouble if never else None)
        self.empty.show(empty)
        self.table.display = bool(self.table.order)
        if self.is_asking:
            self.show_details()

    def _paused(self) -> str:
        if not (self.is_asking and self.desk.paused):
            self._paused_since = None
            return ""
        self._paused_since = self._paused_since or self.moment
        since = time_of_day(self._paused_since, self.moment.wall)
        return f"Paused since {since}: nothing is asked, and nothing below is current. {self._pause_key} goes on."

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
            from textual.widgets import Input

            hint = "words, !word, is:running, tag:x, /pattern/"
            self.filter_line = Input(self.screen_state.filter, hint, classes="filter", max_length=LONGEST)
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
        """Whether a dialog is in front."""
        return self.app.screen is not self

    def tick(self) -> None:
        """What changes by the mere passing of time."""
        if not gc.isenabled():  # nor did the first frame and the first answers need a tidy memory
            gc.freeze()
            gc.enable()
        self._ticks += 1
        is_rare = self._ticks % RARELY == 0
        now = self.setup.now().at
        has_slept, self._ticked_at = now - self._ticked_at > RARELY * TICK, now
        if is_rare and self.ends_were_lost():
            self.run_worker(self.learn_ends(self.show_around))
        self.desk.prefer(self.table.in_view())
        if is_rare or has_slept:
            self.show_all()
        else:
            self.show_around()

    def on_screen_resume(self) -> None:
        if not self.is_asking:
            self.call_later(self.start_polling)  # Textual draws the first frame before
