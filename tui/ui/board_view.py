"""The board as it is seen: the table, header and banner, and the pollers behind it."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING, TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui.core.board import Board, JobState
from tui.core.condition import Tally
from tui.core.errors import UserError
from tui.core.filter import LONGEST, parse_filter
from tui.core.job import Job, JobId
from tui.core.reading import Moment, Reading
from tui.core.text import clean
from tui.startup import resume_gc
from tui.storage.screen_state import ScreenState
from tui.storage.watchlist import Watchlist
from tui.ui.board_state import RowOrder, empty_text
from tui.ui.columns import columns
from tui.ui.formatting import time_of_day
from tui.ui.header import HeaderState, banner, header_parts, profile_state
from tui.ui.job_table import JobTable
from tui.ui.key_help import hint_groups
from tui.ui.keys import first_key, keys_named
from tui.ui.row import NOT_ASKED, Row, Subject
from tui.ui.screen_deps import ScreenDeps, ScreenService
from tui.ui.sizes import BROAD, HEIGHTS, WIDTHS, classes_for
from tui.ui.status_line import Sentence, TextLine, TooSmall

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.alerts import Alerts
    from tui.codearts.endpoints import Endpoint
    from tui.polling.poller_group import PollerGroup
    from tui.ui.details import DetailsPane
    from tui.ui.dialogs import Dialog


Result = TypeVar("Result")
Answer = TypeVar("Answer")


class BaseScreen(Screen[None]):
    """Does the disk's work in a thread of its own, and talks to the user."""

    def __init__(self, deps: ScreenDeps, write: Callable[[str], None]) -> None:
        """`write` sends a control sequence to the terminal."""
        super().__init__()
        self.deps = deps
        self.screen_state = deps.state
        self._write = write
        self._files = ThreadPoolExecutor(1, "files")

    async def on_unmount(self) -> None:
        self._files.shutdown(wait=False)

    async def in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Disk work, one piece after another, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._files, partial(work, *arguments))

    def keep_state(self, state: ScreenState) -> None:
        """Show the screen this way, now and at the next start."""
        self.screen_state = state
        self.run_worker(self._save_state(state), group="state")

    async def _save_state(self, state: ScreenState) -> None:
        try:
            await self.in_thread(self.deps.save_state, state)
        except UserError as problem:
            self.say(f"The look of the screen is not kept: {problem}", "warning")

    async def ask(self, command: str, dialog: "Dialog[Answer]") -> Answer | None:
        """Show the dialog that this command opens, whose keys close it, too."""
        dialog.closing_keys = keys_named(command, self.deps.keys)
        return await self.app.push_screen_wait(dialog)

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """One sentence for the user, plain text whatever it contains."""
        self.app.clear_notifications()  # one at a time: more would hide the rows
        self.notify(clean(text), severity=severity, markup=False, timeout=5 if severity == "information" else 12)

    def tell(self, notices: Sequence[str]) -> None:
        """The first of them; the others can be had from the commands."""
        if notices:
            more = f" And {len(notices) - 1} more: codearts-watch list and config name them." if notices[1:] else ""
            self.say(f"{notices[0]}{more}", "warning")

    async def copy_text(self, text: str, what: str) -> None:
        from tui.terminal.clipboard import copy, route

        way = route(self.deps.environ)
        self.say(f"{what[0].upper()}{what[1:]}: {await self.in_thread(copy, text, way, self._write)}.")


class AskingScreen(BaseScreen):
    """Until `is_asking` nothing is known of profiles, and there are no pollers."""

    class Asks(Message):
        """From now on every key can do what it is for."""

    is_asking = False
    problem: UserError | None = None
    """Why nothing can ever be asked; the screen has ended then."""
    pollers: "PollerGroup"

    def __init__(self, deps: ScreenDeps, write: Callable[[str], None]) -> None:
        super().__init__(deps, write)
        self._service: ScreenService | None = None
        self._alerts: Alerts | None = None
        self._ends: dict[str, datetime | None] = {}

    async def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        if self._alerts:
            await self._alerts.finish()
        if self._service:
            await self._service.close()

    @property
    def service(self) -> ScreenService:
        """Made when first wanted. Raises Problem then."""
        if self._service is None:
            self._service = self.deps.service()
        return self._service

    def begin(self, jobs: Iterable[Job], report: Callable[[list[Reading]], None]) -> bool:
        """Have pollers that watch these jobs. False where none can be had: then the screen ends."""
        try:
            self.pollers = self.service.pollers(report)
            self.pollers.watch(jobs)
        except UserError as problem:
            self.problem = problem
            self.app.exit()
            return False
        self.is_asking = True
        self.post_message(self.Asks())
        return True

    def endpoint_of(self, job: JobId) -> "Endpoint":
        return self.service.profile(self.pollers.profile(job)).endpoint

    def alert(self, before: Board, after: Board) -> None:
        """Run the settings' command for every change between the two."""
        if not self.deps.alert:
            return
        from tui.alerts import Alerts
        from tui.core.transitions import changes

        self._alerts = self._alerts or Alerts(self.deps.alert, lambda text: self.say(text, "warning"))
        for change in changes(before, after):
            self._alerts.tell(change, self.pollers.profile(change.job.id))

    def forget_alerts(self) -> None:
        """The command is another one from now on; what the former one still does may end."""
        former, self._alerts = self._alerts, None
        if former:
            self.run_worker(former.finish(seconds=30), group="alerts")

    async def learn_ends(self, then: Callable[[], object]) -> None:
        """When the credentials end, where somebody can say: for the header."""
        for name in self.service.names:
            with suppress(UserError):
                await self.service.profile(name).look()
        then()

    def ends_were_lost(self) -> bool:
        """Whether it was known of some credential when it ends, and is no more: somebody replaced it."""
        ends = {name: self.service.profile(name).credential.expires_at for name in self.service.names}
        before, self._ends = self._ends, ends
        return any(before.get(name) and not end for name, end in ends.items())


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

    def __init__(self, deps: ScreenDeps, write: Callable[[str], None]) -> None:
        super().__init__(deps, write)
        self.board = self.shown = Board().watch(deps.jobs)
        self.moment = deps.now()
        self._paused_since: Moment | None = None
        self._changed: set[JobId] = set()
        """Jobs that were read since `shown`."""
        self.every_column = columns(deps.glyphs)
        self.row_order = RowOrder()
        self._tally = Tally()
        self._sign_in_key = first_key("sign_in", deps.keys)
        self._pause_key = first_key("pause_all", deps.keys)
        self.file_warning = deps.warning
        self.settings_warning = ""
        """Why the edited settings are not in use."""
        self.unsaved = ""
        """Why the last change was not saved; empty once one is."""
        self._ticked_at = deps.now().at
        self.details: DetailsPane | None = None
        self.filter_line: Input | None = None
        self.table = JobTable(self.every_column, deps.glyphs, self.row_of, self.cursor_moved)

    def compose(self) -> ComposeResult:
        self.header = TextLine(self.deps.glyphs.rule)
        self.banner = Sentence("banner")
        self.empty = Sentence("empty")
        self.hints = TextLine(" ")
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
        self._sign_in_key = first_key("sign_in", self.deps.keys)
        self.hints.show(hint_groups(self.deps.keys))

    def start_polling(self) -> None:
        """After the first frame, which needs no answer."""
        if self.is_asking or not self.begin((state.job for state in self.board.states.values()), self.record):
            return
        self.set_class(self.screen_state.details and self.app.size.width >= BROAD, "-details")
        self.show_around()
        self.set_interval(TICK, self.tick)
        self.pollers.prefer(self.table.in_view())
        self.run_worker(self.pollers.run(), name="poller")
        self.run_worker(self.learn_ends(self.show_around))

    def row_of(self, job: JobId) -> Row:
        state = self.shown.states[job]
        last = state.last.received if state.last else self.moment
        return Row(state, max(last, self.moment, key=lambda moment: moment.at), self._interval(state))

    def _interval(self, state: JobState) -> float:
        if not self.is_asking:
            return inf
        return NOT_ASKED if self.pollers.paused else self.pollers.interval(state.job.id)

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
        self.pollers.watch(state.job for state in self.board.states.values())
        self.table.set_marks(self.table.marks & self.board.states.keys())
        self.row_order.only = self._only(self.screen_state)
        self.show_all()

    def apply_look(self) -> None:
        """Sort, filter and columns as the screen's state says."""
        state = self.screen_state
        by_key = {column.key: column for column in self.every_column}
        self.row_order = RowOrder(
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
        self.moment = self.deps.now()
        self.shown = self.board
        self._tally.count(self.shown.states.values(), self.moment.at, self._interval)
        self._changed.clear()
        self.table.show(self.row_order.order(self.shown.states, self.row_of))
        self.table.update_rows(self.table.in_view())
        self.show_around()

    def draw(self) -> None:
        """Draw the jobs that were read, and the header with them."""
        self.draws_soon = False
        self._drawn_at = asyncio.get_running_loop().time()
        jobs, self._changed, self.shown = self._changed & self.board.states.keys(), set(), self.board
        self._tally.follow((self.shown.states[job] for job in jobs), self._interval)
        if self.row_order.moved(jobs, self.row_of):
            self.table.show(self.row_order.order(self.shown.states, self.row_of))
        self.table.update_rows(jobs)
        self.show_around()

    def show_around(self) -> None:
        """Header, banner, empty screens and details."""
        now, paces = self.moment, self.pollers.paces() if self.is_asking else {}
        summary = self._tally.summary
        state = self.screen_state
        seen = [name for name in paces if self.row_order.only is None or name == state.profile] or list(paces)
        profiles = tuple(profile_state(self.service.profile(name), paces[name], now) for name in seen)
        narrowed = bool(state.filter or state.problems_only or self.row_order.only is not None)
        shown, marked = len(self.table.order), len(self.table.marks)
        warning = "\n".join(filter(None, (self.unsaved or self.file_warning, self.settings_warning)))
        header = HeaderState(
            profiles, summary, now.at, shown, narrowed, marked, self._sign_in_key, warning, self._paused()
        )
        self.header.show(header_parts(header))
        self.banner.show(*banner(header))
        trouble = next((pace.trouble for pace in paces.values() if pace.trouble), None)
        never = all(state.status is None for state in self.shown.states.values())
        empty = empty_text(summary.total, len(self.table.order), state, trouble if never else None)
        self.empty.show(empty)
        self.table.display = bool(self.table.order)
        if self.is_asking:
            self.show_details()

    def _paused(self) -> str:
        if not (self.is_asking and self.pollers.paused):
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
            self.row_of(job), self.endpoint_of(job).url, self.pollers.next_attempt(job), self.pollers.interval(job)
        )

    @property
    def covered(self) -> bool:
        """Whether a dialog is in front."""
        return self.app.screen is not self

    def tick(self) -> None:
        """What changes by the mere passing of time."""
        resume_gc()
        self._ticks += 1
        is_rare = self._ticks % RARELY == 0
        now = self.deps.now().at
        has_slept, self._ticked_at = now - self._ticked_at > RARELY * TICK, now
        if is_rare and self.ends_were_lost():
            self.run_worker(self.learn_ends(self.show_around))
        self.pollers.prefer(self.table.in_view())
        if is_rare or has_slept:
            self.show_all()
        else:
            self.show_around()

    def on_screen_resume(self) -> None:
        if not self.is_asking:
            self.call_later(self.start_polling)  # Textual draws the first frame before
