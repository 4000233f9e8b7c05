"""The one screen: what stands on it, and what is drawn when. What the keys do is in `actions`, their list in `keys.py`.

The screen owns plain objects: `state` (what is shown), `live` (the service, its pollers), `alerting` (the alerts),
`editor` (the watchlist's file), `edited` (the other files that a user may edit meanwhile), `recorder` (what is written
into the history) and `happened` (what happened while no key was pressed).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property, partial
from inspect import isawaitable
from math import inf
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, on
from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen

from tui.core.board import Board
from tui.core.condition import Condition
from tui.core.errors import UserError
from tui.core.filter import said_while_typed
from tui.core.job import JobId, ServiceName
from tui.core.job_runs import expected_ends
from tui.core.reading import Moment, Reading
from tui.core.run import FailedStep, RunRecord
from tui.startup import resume_gc
from tui.storage.recorder import NoArchive, Recorder
from tui.storage.watchlist import Watchlist
from tui.threads import DiskThread
from tui.ui.actions.details import AROUND_ROWS, DetailsActions
from tui.ui.actions.filter import FilterActions
from tui.ui.actions.look import LookActions, number_of, title_of
from tui.ui.alerting import Alerting
from tui.ui.base_screen import HEIGHTS, WIDTHS, BaseScreen, classes_for, too_small
from tui.ui.board_state import BoardState
from tui.ui.columns import columns, sorts
from tui.ui.edited_files import EditedFiles
from tui.ui.formatting import time_of_day
from tui.ui.happened import Happened
from tui.ui.header import HeaderState, banner, header_lines, header_parts, title_text
from tui.ui.job_table import JobTable
from tui.ui.keys import BINDINGS, BY_ID, first_key, keys_in, keys_named
from tui.ui.live import RARELY, TICK, Live
from tui.ui.row import Subject
from tui.ui.screen_deps import ScreenDeps
from tui.ui.status_line import LOOK_CLASSES, OWN, Focus, Footer, HidingText, StatusLine, hints
from tui.ui.typed_keys import COMMAND
from tui.ui.watchlist_editor import Emptied, WatchlistEditor

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.actions.copying import CopyActions
    from tui.ui.actions.cursor import CursorActions
    from tui.ui.actions.dialogs import DialogActions
    from tui.ui.actions.program import ProgramActions
    from tui.ui.actions.service import ServiceActions
    from tui.ui.actions.watchlist import WatchlistActions
    from tui.ui.dialogs import Dialog

Answer = TypeVar("Answer")
TWO_LINES = 20
"""From this many rows on the header may have two lines."""
FOR_HISTORY = 0.1
"""Seconds that the first frame waits for the history file, which is read since the program started."""


class BoardScreen(BaseScreen, Screen[None]):
    """The table of jobs with everything that a key can do to it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = LOOK_CLASSES

    class PollingStarted(Message):
        """The pollers have started: from now on every key works."""

    class SettingsEdited(Message):
        """`deps` has what the settings say now."""

    class ThemesEdited(Message):
        """Some theme's file was edited, made or removed."""

    BINDINGS: ClassVar[list[BindingType]] = [*BINDINGS]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "JobTable"
    apart = 0.5
    """Seconds between two frames that readings cause."""
    draws_soon = False
    problem: UserError | None = None
    """Why the pollers could not start; the app exits then."""
    _drawn_at = -inf
    _ticks = 0
    _has_unread = False
    """Whether there was a job at the last tick that had not been read yet."""

    def __init__(
        self,
        deps: ScreenDeps,
        write: Callable[[str], None],
        write_alert: Callable[[str], None],
        show_title: Callable[[str], None],
        suspended: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        """`write` sends a control sequence to the terminal, `write_alert` one that is news only now; `show_title`
        shows a text as the terminal's title. `suspended` frees the terminal for another program."""
        super().__init__()
        self.deps = deps
        self.write = write
        self.suspended = suspended
        self.disk = DiskThread()
        self.live = Live(deps)
        self.editor = WatchlistEditor(deps, self.disk, self.take_watchlist, self._not_saved)
        self.edited = EditedFiles(deps)
        self.recorder = deps.recorder or Recorder(NoArchive(), deps.now)
        self.alerting = Alerting(
            deps.settings.alerts,
            deps.now,
            write_alert,
            self.announce,
            self._disarm,
            self.live.profile_of,
            self.live.asks_outcome,
            deps.environ,
        )
        self._show_title = show_title
        self.happened = Happened(deps.now())
        every = columns(deps.glyphs)
        self.sorts = sorts(every)
        board = self.recorder.fill(Board.unread(deps.jobs, deps.job_names), FOR_HISTORY)
        self.state = BoardState(board, deps.state, deps.now(), self.sorts, self.live.interval, self.live.profile_names)
        state = self.state
        self.table = JobTable(
            every, deps.glyphs, state.row, state.state_of, state.groups, self.cursor_moved, self.view_moved
        )
        self.details = DetailsActions(self)
        self.look = LookActions(self)
        self.filter = FilterActions(self)

    def compose(self) -> ComposeResult:
        self.add_class(*classes_for(self.app.size), update=False)  # before the widgets: they get their styles once
        self.header = StatusLine(self.deps.glyphs.rule)
        self.more = StatusLine(self.deps.glyphs.rule)
        self.more.display = self._has_two_lines()
        self.banner = HidingText("banner")
        self.digest = HidingText("digest")
        self.empty = HidingText("empty")
        self.hints = Footer()
        yield self.header
        yield self.more
        yield self.banner
        yield self.digest
        yield self.empty
        with Horizontal(id="body"):
            yield self.table
        yield self.hints
        yield too_small()

    def on_mount(self) -> None:
        self.look.apply(self.deps.state)
        self.show_keys()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        if not self.live.is_asking:
            event.refresh_styles = False  # the widgets have just got them
            self.call_later(self.start_polling)  # Textual draws the first frame before

    def start_polling(self) -> None:
        """Start the pollers. Called after the first frame, which must not wait for them."""
        if self.live.is_asking:
            return
        from tui.polling.outcomes import FactReports

        try:
            self.live.begin(self.editor.watched, self.record, FactReports(self.learned, self.named, self.told))
        except UserError as problem:
            self.problem = problem
            self.app.exit()
            return
        self.post_message(self.PollingStarted())
        self.set_class(self.state.look.details and not self.details.place.alone, "-details")
        self.show_around()
        self.set_interval(TICK, self.tick)
        self.live.prefer(self.table.in_view(), self.state.board, self.table.marks)
        self.run_worker(self.live.pollers.run(), name="poller")
        self.run_worker(self.live.facts.run(), name="facts")
        self.run_worker(self.learn_ends())

    async def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        await self.alerting.close()
        await self.live.close()
        self.recorder.close()
        self.disk.close()

    # What happens

    def record(self, readings: Sequence[Reading]) -> None:
        """Record readings from the pollers, run alerts, and draw soon."""
        before, jobs = self.state.board, {reading.job for reading in readings}
        self.state.record(readings, self.live.pollers.polled_every)
        self.alerting.seen(before, self.state.board, jobs)
        self.live.facts.look(before, self.state.board, jobs)
        self.recorder.look(before, self.state.board, jobs)
        self.happened.look(before, self.state.board, jobs)
        self.state.unseen.look(before, self.state.board, jobs, self.deps.now())
        self._draw_soon()

    def learned(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        """Take what the service told of a job's last run, and draw soon."""
        before = self.state.board
        self.state.learn(job, record, step, self.deps.now().at)
        self.recorder.look(before, self.state.board, [job])
        self.state.unseen.look(before, self.state.board, [job], self.deps.now())
        if state := self.state.board.states.get(job):
            self.alerting.learned(state)
        self._draw_soon()

    def told(self, job: JobId, records: Sequence[RunRecord]) -> None:
        """Take what the service told of a job's last runs, and draw soon."""
        before = self.state.board
        if self.state.take_records(job, records):
            self.recorder.look(before, self.state.board, [job])
            self._draw_soon()

    def named(self, names: Mapping[JobId, ServiceName]) -> None:
        """Take the service's names of jobs, and draw soon."""
        if self.state.take_names(names):
            self._draw_soon()

    def _disarm(self, jobs: frozenset[JobId]) -> None:
        """Disarm these jobs: they were armed for one alert, and had it."""
        self.state.arm_once(jobs, False)
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self.draws_soon:
            self.draws_soon = True
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._drawn_at + self.apart - loop.time())
            loop.call_later(wait, self.call_later, partial(self.draw, by_itself=True))

    def tick(self) -> None:
        """Runs each second: checks the files, and redraws what changes with time alone."""
        resume_gc()  # neither the first frame nor the first readings need it
        self._look_at_files()
        self._look_at_history()
        self._look_at_widths()
        self.live.prefer(self.table.in_view(), self.state.board, self.table.marks)
        self.alerting.tick(self.state.board, self.live.obstacles())
        self._ticks += 1
        if is_rare := self._ticks % RARELY == 0:
            self._look_at_ends()
        if self.live.has_slept(self.deps.now().at) or is_rare:
            self.pass_time()
        elif asyncio.get_running_loop().time() - self._drawn_at > TICK:  # else readings have just caused a frame
            self.show_around()

    def _look_at_ends(self) -> None:
        """Find out when credentials and builds are expected to end."""
        self.live.pollers.expect(expected_ends(self.state.board, self.deps.now()))
        if self.live.ends_were_lost():
            self.run_worker(self.learn_ends())
        elif self.live.without_credential:
            self.run_worker(self.learn_ends([*self.live.without_credential]))

    async def learn_ends(self, names: Sequence[str] = ()) -> None:
        await self.live.learn_ends(names)
        self.show_around()

    def _look_at_files(self) -> None:
        if self.edited.settings_edited():
            self.run_worker(self.take_settings(), group="settings")
        if self.edited.themes_edited():
            self.post_message(self.ThemesEdited())
        if self.editor.changed():
            self.run_worker(self.reload())
        if self.editor.emptied is Emptied.FOUND and self.app.screen is self:
            self.watchlist.ask_about_empty_file()

    def _look_at_widths(self) -> None:
        """Once all jobs have been read, let no column be as wide as their old states needed."""
        had_unread, self._has_unread = self._has_unread, self.state.summary.counts[Condition.UNREAD] > 0
        if had_unread and not self._has_unread:
            self.table.measure()

    def _look_at_history(self) -> None:
        self.recorder.tick()
        if (filled := self.recorder.fill(self.state.board)) is not self.state.board:
            self.state.board = filled
            self.show_all()
        if notice := self.recorder.notice():
            self.announce(notice)

    async def take_settings(self, said: str = "The edited settings are in effect.") -> None:
        """Apply edited settings, and say so. The banner names those that need a restart, or why none can be used."""
        if settings := await self.edited.read_settings(self.disk):
            if former := self.alerting.use(settings.alerts):
                self.run_worker(former.finish(), group="alerts")
            number = number_of(self.state.look, self.deps.settings.views)
            self.deps = self.deps._replace(settings=settings)
            if view := settings.views.get(number):
                self.look.use_view(view)
            self.look.apply(self.state.look)
            self.show_keys()
            self.post_message(self.SettingsEdited())
            self.say(self.edited.warning or said)
        self.show_around()

    async def reload(self) -> None:
        """Load the watchlist after another program changed its file."""
        before = self.editor.faults
        if problem := await self.editor.reload():
            self.announce(problem, "error")
        self.announce_all([fault for fault in self.editor.faults if fault not in before])
        self.show_around()

    def take_watchlist(self, watchlist: Watchlist, by_itself: bool) -> None:
        """Watch these jobs. The states of jobs that were watched before are kept. `by_itself`: see `_show_lines`."""
        self.state.watch(watchlist.jobs)
        self.live.pollers.watch(state.job for state in self.state.board.states.values())
        self.live.facts.watch(self.state.board.states)
        self.state.unseen.keep(self.state.board.states.keys())
        self.table.set_marks(self.table.marks & self.state.board.states.keys())
        self.show_all(by_itself)
        self.watchlist.drop_question()

    def _not_saved(self) -> None:
        if self.editor.emptied is not Emptied.NO:
            self.watchlist.ask_about_empty_file()
        self.show_around()

    # What is shown

    def show_keys(self) -> None:
        """Show in the last line the keys that matter now."""
        own = {key: name for name, one in self.deps.settings.commands.items() for key in keys_in(one.key)[:1]}
        self.hints.show_hints(hints(self._focus_of_keys(), self.deps.settings.keys, own))

    def _focus_of_keys(self) -> Focus:
        """What the keys act on now."""
        job, group = (self.table.cursor, self.table.group) if self.table.order else (None, "")
        return Focus(
            self.state.row(job).condition if job else None,
            bool(group),
            group in self.state.groups.folded,
            bool(group) and self.state.groups.are_all_folded,
            len(self.table.marks),
            self.filter.is_typing,
            said_while_typed(self.state.look.filter) if self.filter.is_typing else "",
            bool(self.state.look.filter),
            self.state.look.problems_only,
            self.details.alone,
            bool(self.state.board.states),
            self.live.no_credential is not None or self.live.is_signed_out,
            self.editor.can_undo,
            self.live.has_extras(job),
        )

    @on(Footer.HintClicked)
    async def run_hint(self, event: Footer.HintClicked) -> None:
        """Do what the key of the hint does."""
        if event.command.startswith(OWN):
            self.action_own(event.command.removeprefix(OWN))
        elif command := BY_ID.get(event.command):
            await self.app.run_action(command.bound_action, self)

    def show_all(self, by_itself: bool = False) -> None:
        """Draw all that changed since the last frame, also by time alone."""
        self._show(self.state.show_all, by_itself)

    def pass_time(self) -> None:
        """Draw all that readings and time changed since the last frame."""
        self._show(self.state.pass_time, by_itself=True)

    def _show(self, bring_up_to_date: Callable[[Moment], None], by_itself: bool) -> None:
        """Draw all that changed since the last frame, after `state` was brought up to date."""
        self.state.take_troubles(self.live.troubles())
        self.state.exceeds_screen = self._exceeds_screen()
        bring_up_to_date(self.deps.now())
        self._show_lines(by_itself)
        self.table.update_rows(self.table.in_view())
        self.show_around()

    def _show_lines(self, by_itself: bool) -> None:
        """`by_itself`: not caused by the user. No key then acts at once on what comes under the cursor."""
        is_quiet = self.happened.is_quiet(self.deps.now())
        self.table.show(self.state.groups.lines, is_quiet, self.deps.now().at if by_itself else -inf)
        if is_quiet and not self.details.is_open:  # the user may be reading the details of the cursor's job
            self.table.park_cursor(self.happened.has_key, self.deps.now().at)

    def draw(self, by_itself: bool = False) -> None:
        """Draw the rows of the jobs that were read since the last frame, and the header."""
        changed = self.state.show_changed()
        if self.draws_soon:  # other frames do not hold up the next readings
            self.draws_soon = False
            if changed or self._drawn_at > -inf:  # a moved view does not hold up the first ones
                self._drawn_at = asyncio.get_running_loop().time()
        if self.state.take_troubles(self.live.troubles()):
            changed |= set(self.table.in_view())
        self._show_lines(by_itself)
        self.table.update_rows(changed)
        self.show_around()

    def show_around(self) -> None:
        """Draw all but the rows: header, banner, details, and the text shown when there are no rows."""
        self.state.unseen.show(self.table.in_view(), self.state.moment.at)
        header = self._header_state()
        self.more.display = has_two = self._has_two_lines()
        counts, more = header_lines(header) if has_two else (header_parts(header), [])
        self.header.show(counts)
        self.more.show(more)
        self.banner.show(*banner(header))
        self._show_title(title_text(header.summary, self.deps.glyphs) if self.deps.settings.alerts.title else "")
        self.digest.show(self._digest_text())
        self.show_rows()
        self.show_keys()
        if self.live.is_asking:
            self.details.show()

    def _header_state(self) -> HeaderState:
        state, glyphs, is_long = self.state, self.deps.glyphs, self._is_long()
        number = number_of(state.look, self.deps.settings.views)
        away = state.out_of_view(self.table.in_view()) if is_long else {}
        return HeaderState(
            profiles=self.live.profiles(state.only_profile, state.moment),
            summary=state.summary,
            now=state.moment.at,
            shown=len(state.order),
            narrowed=state.is_narrowed,
            only=state.only,
            marked=len(self.table.marks),
            sign_in_key=self.key("sign_in"),
            warning="\n".join(filter(None, (self.editor.warning, self.edited.warning))),
            paused=self._paused(),
            view=title_of(number, self.deps.settings.views[number]) if number else "",
            width=self.app.size.width,
            changed=state.changed,
            changed_since=state.changed_since,
            quiet_since=state.quiet_since,
            silent=self.silent_until(),
            ends=state.ends(glyphs),
            names=state.names,
            out_of_view=tuple((state.state_of(job).name, condition) for job, condition in away.items()),
            hides=state.hides(away),
            is_long=is_long,
            is_demo=self.deps.is_demo,
            glyphs=glyphs,
        )

    def show_rows(self) -> None:
        """Show the table, and the text in place of rows; neither where the details are in place of both."""
        is_covered = self.details.alone
        trouble = None if self._paused() else self.live.trouble()  # nothing is asked again by itself
        helps = trouble is not None and self.live.is_signed_out
        text = self.state.empty_text(self.key, trouble, self.live.no_credential, helps)
        self.empty.show("" if is_covered else text)
        self.table.display = bool(self.state.order) and not is_covered

    def _is_long(self) -> bool:
        """Whether there are more jobs than rows on the screen; or more lines, with those of the groups."""
        below = (self.details.place.height or 0) if self.details.is_open else 0
        return max(len(self.state.board.states), len(self.state.groups.lines)) > self._rows(below)

    def _exceeds_screen(self) -> bool:
        """Whether there would be more jobs than rows if no details stood below the rows."""
        return len(self.state.board.states) > self._rows()

    def _rows(self, below: int = 0) -> int:
        """How many rows there can be on the screen if `below` lines below them are taken."""
        return self.app.size.height - AROUND_ROWS - below

    def _has_two_lines(self) -> bool:
        """Whether the header has two lines: it names what may be out of view."""
        return self._is_long() and self.app.size.height >= TWO_LINES

    def silent_until(self) -> str:
        until = self.alerting.without_alerts_until
        return f"{until:%H:%M}" if until else ""

    def _paused(self) -> str:
        if not (since := self.live.paused_since(self.state.moment)):
            return ""
        shown, key = time_of_day(since.by(self.state.moment), self.state.moment.wall), self.key("pause_all")
        return f"Paused since {shown}: nothing is asked, and nothing below is current. Press {key} to resume."

    def key(self, name: str) -> str:
        """Returns the first key of a command, as it is shown."""
        return first_key(name, self.deps.settings.keys)

    def _digest_text(self) -> str:
        if (digest := self.happened.digest(self.state.shown.states.values())) is None:
            return ""
        from tui.ui.run_lines import digest_text

        keys = self.key("next_problem"), self.key("back")
        digest = digest._replace(since=self.happened.silent_since.by(self.state.moment).timestamp())
        cells, today, glyphs = self.app.size.width - 2, self.state.moment.wall, self.deps.glyphs
        return digest_text(digest, self.job_name, cells, keys, today, glyphs)

    def key_came(self) -> None:
        """Take note of a key, a click or a paste; the first one after a while without brings the digest."""
        if self.happened.key(self.deps.now()):
            if self.happened.digest(self.state.board.states.values()) is None:
                self.happened.close_digest()
            self.call_later(self.show_around)
        elif seen := self._seen_by_key():
            self.call_later(self._show_seen, seen)

    def _seen_by_key(self) -> set[JobId]:
        """The jobs whose change the user has seen, since a key was pressed while it was on the screen."""
        unseen, now = self.state.unseen, self.deps.now().at
        if not unseen.jobs or not self.happened.may_have_seen(self.deps.now()):
            return set()
        is_seen = self.details.is_open or not self.table.is_elsewhere
        cursor = self.table.cursor if is_seen else None
        by_cursor = {cursor} if cursor and unseen.see(cursor, now) else set()
        return by_cursor | unseen.key(self.table.in_view(), now, self._has_failed)

    def _has_failed(self, job: JobId) -> bool:
        return self.state.row(job).condition is Condition.FAILED

    def _show_seen(self, jobs: Iterable[JobId]) -> None:
        self.table.update_rows(jobs)
        self.show_around()

    def cursor_moved(self) -> None:
        """The user has put the cursor on a line: what changed there has been seen."""
        if (job := self.table.cursor) and self.state.unseen.see(job, self.deps.now().at):
            self.call_later(self._show_seen, [job])
        self.show_keys()
        self.details.show()

    def view_moved(self) -> None:
        """Other rows are in view: the header names those that are not. The start of the pollers draws it, too."""
        if self.live.is_asking and (self._is_long() or self.more.display):
            self._draw_soon()

    def subject(self, job: JobId) -> Subject:
        return self.live.subject(self.state.row(job))._replace(alerts=self.deps.settings.alerts)

    # Created on first use: the first frame does not wait for them

    @cached_property
    def watchlist(self) -> "WatchlistActions":
        from tui.ui.actions.watchlist import WatchlistActions

        return WatchlistActions(self)

    @cached_property
    def cursor(self) -> "CursorActions":
        from tui.ui.actions.cursor import CursorActions

        return CursorActions(self)

    @cached_property
    def copying(self) -> "CopyActions":
        from tui.ui.actions.copying import CopyActions

        return CopyActions(self)

    @cached_property
    def dialogs(self) -> "DialogActions":
        from tui.ui.actions.dialogs import DialogActions

        return DialogActions(self)

    @cached_property
    def service(self) -> "ServiceActions":
        from tui.ui.actions.service import ServiceActions

        return ServiceActions(self)

    @cached_property
    def program(self) -> "ProgramActions":
        from tui.ui.actions.program import ProgramActions

        return ProgramActions(self)

    # Talk to the user

    async def ask(self, command: str, dialog: "Dialog[Answer]") -> Answer | None:
        """Show the dialog of this command, and return the answer. The command's own keys close the dialog, too."""
        dialog.closing_keys = keys_named(command, self.deps.settings.keys)
        return await self.app.push_screen_wait(dialog)

    def job_name(self, job: JobId) -> str:
        return self.state.board.states[job].name

    # Keys and the mouse

    def action_press(self, name: str) -> None:
        """Do what the command with this name does: `action` in `keys.py` names the object and its method."""
        owner, method, arguments = parse(BY_ID[name].action)
        if isawaitable(waiting := getattr(getattr(self, owner), method)(*arguments)):
            self.run_worker(waiting, group=COMMAND)

    def action_own(self, name: str) -> None:
        """Run this command of the user's own."""
        self.program.own(name)

    def on_input_changed(self, event: "Input.Changed") -> None:
        self.filter.changed(event.value)

    def on_descendant_blur(self) -> None:
        self.filter.left()

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        self.filter.submitted(event.value)

    def on_paste(self, event: events.Paste) -> None:
        """Open the add dialog with the pasted text: the table itself has no use for text."""
        event.stop()
        self.run_worker(self.watchlist.add(event.text), group=COMMAND)

    def focus_table(self) -> None:
        self.set_focus(None if self.details.alone else self.table)

    def on_resize(self) -> None:
        has_other_order = self.state.exceeds_screen != self._exceeds_screen()
        self.call_after_refresh(self.show_all if has_other_order else self.show_around)
        self.call_after_refresh(self.details.arrange)

    @on(JobTable.GroupClicked)
    def fold_clicked(self, event: JobTable.GroupClicked) -> None:
        self.look.fold(self.state.groups.folded_after(event.group))

    @on(JobTable.HeadClicked)
    def sort_by_head(self, event: JobTable.HeadClicked) -> None:
        """Whoever clicks there looks for what comes first, not for the job under the cursor."""
        self.look.reverse() if event.column == self.state.look.sort else self.look.sort_by(event.column)
        self.table.scroll_to(y=0, animate=False, immediate=True)
