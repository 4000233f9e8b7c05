"""The one screen: what stands on it, and one action for each key. The list of keys is in `keys.py`.

The screen owns five plain objects: `state` (what is shown), `live` (the service, its pollers), `alerting` (the alerts),
`editor` (the watchlist's file) and `edited` (the other files that a user may edit meanwhile).
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from math import inf
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui.core.alert_policy import Arm, next_arm
from tui.core.column_names import USUAL
from tui.core.condition import Condition
from tui.core.errors import UserError
from tui.core.filter import LONGEST, parse_filter
from tui.core.job import (
    LABEL_LONGEST,
    Job,
    JobId,
    ServiceName,
    join_tags,
    retagged,
    shared_tags,
    split_tags,
    unfit,
)
from tui.core.job_runs import job_runs
from tui.core.priority import expected_ends
from tui.core.reading import Reading
from tui.core.run import FailedStep, RunRecord
from tui.core.text import clean
from tui.startup import resume_gc
from tui.storage.recorder import NoArchive, Recorder
from tui.storage.screen_settings import NAME_LONGEST, ViewSettings
from tui.storage.screen_state import ScreenState
from tui.storage.watchlist import Watchlist
from tui.ui.alerting import Alerting
from tui.ui.board_state import BoardState
from tui.ui.columns import columns, sorts
from tui.ui.details_place import DetailsPlace, place_of, resized
from tui.ui.edited_files import EditedFiles
from tui.ui.footer import OWN, Focus, Footer, hints
from tui.ui.formatting import seconds, time_of_day
from tui.ui.groups import GROUPINGS, GroupLine, Line, job_of
from tui.ui.happened import Happened, next_of
from tui.ui.header import banner, header_parts
from tui.ui.job_table import JobTable
from tui.ui.keys import BINDINGS, COMMANDS, RESERVED, canonical_key, first_key, keys_in, keys_named, meanings, shown
from tui.ui.live import RARELY, TICK, Live
from tui.ui.row import Subject, status_word
from tui.ui.screen_deps import ScreenDeps
from tui.ui.status_line import HEIGHTS, WIDTHS, HidingText, StatusLine, TooSmall, classes_for
from tui.ui.terminal_title import TerminalTitle, title_text
from tui.ui.views import EVERYTHING, choices, first_free, number_of, shown_by, view_of
from tui.ui.watchlist_editor import DiskThread, Emptied, Undone, WatchlistEditor, count

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.ui.details import DetailsPane
    from tui.ui.dialogs import ChoiceDialog, Dialog
    from tui.ui.own_commands import CommandRunner

Answer = TypeVar("Answer")
NEEDS_EXTRAS = "{} more than the status call: leave out --status-only, and set extras = true in [service]."
"""Why a key cannot do what it is for."""

FOR_HISTORY = 0.1
"""Seconds that the first frame waits for the history file, which is read since the program started."""


class BoardScreen(Screen[None]):
    """The table of jobs with everything that a key can do to it."""

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
    details: "DetailsPane | None" = None
    filter_line: "Input | None" = None
    _drawn_at = -inf
    _ticks = 0
    _runner: "CommandRunner | None" = None
    _before_filter: JobId | None = None
    """The job under the cursor when the filter was opened. The cursor returns to it whenever that job is shown."""
    _question: "ChoiceDialog | None" = None
    """The open question about an emptied watchlist file; None when there is none."""

    def __init__(
        self,
        deps: ScreenDeps,
        write: Callable[[str], None],
        write_alert: Callable[[str], None],
        show_title: Callable[[str], bool],
        suspended: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`write` sends a control sequence to the terminal, `write_alert` one that is news only now; `show_title`
        returns whether the terminal has taken the title. `suspended` frees the terminal for another program."""
        super().__init__()
        self.deps = deps
        self._write = write
        self._suspended = suspended
        self._hinted: set[str] = set()
        """The keys, and other things, of which it was said that they do nothing here."""
        self._disk = DiskThread()
        self.live = Live(deps)
        self.editor = WatchlistEditor(deps, self._disk, self.take_watchlist, self._not_saved)
        self.edited = EditedFiles(deps)
        self.recorder = deps.recorder or Recorder(NoArchive(), deps.now)
        self.alerting = Alerting(
            deps.alerts,
            deps.now,
            write_alert,
            lambda text: self.say(text, "warning"),
            self._disarm,
            self.live.profile_of,
            self.live.asks_outcome,
            deps.environ,
        )
        self._title = TerminalTitle(show_title)
        self.happened = Happened(deps.now())
        every = columns(deps.glyphs)
        self._sorts = sorts(every)
        self.state = BoardState(
            deps.jobs, deps.state, deps.now(), self._sorts, self.live.interval, self.live.profile_names
        )
        self.state.call(deps.job_names)
        self.state.board = self.recorder.fill(self.state.board, FOR_HISTORY)
        self.table = JobTable(every, deps.glyphs, self.state.row, self.state.groups, self.cursor_moved)

    def compose(self) -> ComposeResult:
        self.header = StatusLine(self.deps.glyphs.rule)
        self.banner = HidingText("banner")
        self.digest = HidingText("digest")
        self.empty = HidingText("empty")
        self.hints = Footer()
        yield self.header
        yield self.banner
        yield self.digest
        with Horizontal(id="body"), Vertical(id="list"):
            yield self.empty
            yield self.table
        yield self.hints
        yield TooSmall()

    def on_mount(self) -> None:
        self.add_class(*classes_for(self.app.size), update=False)  # else the first resize computes all styles again
        self.set_look(self.deps.state)
        self.show_keys()

    def on_screen_resume(self) -> None:
        if not self.live.is_asking:
            self.call_later(self.start_polling)  # Textual draws the first frame before

    def start_polling(self) -> None:
        """Start the pollers. Called after the first frame, which must not wait for them."""
        if self.live.is_asking:
            return
        try:
            self.live.begin(self.editor.watched, self.record, self.learned, self.named, self.told)
        except UserError as problem:
            self.problem = problem
            self.app.exit()
            return
        self.post_message(self.PollingStarted())
        self.set_class(self.state.look.details and not self.details_place.alone, "-details")
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
        self._disk.close()

    # What happens

    def record(self, readings: Sequence[Reading]) -> None:
        """Record readings from the pollers, run alerts, and draw soon."""
        before, jobs = self.state.board, {reading.job for reading in readings}
        self.state.record(readings, self.live.polled_every)
        self.alerting.seen(before, self.state.board, jobs)
        self.live.facts.look(before, self.state.board, jobs)
        self.recorder.look(before, self.state.board, jobs)
        self.happened.look(before, self.state.board, jobs)
        self.state.unseen.look(before, self.state.board, jobs, self.deps.now().at)
        self._draw_soon()

    def learned(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        """Take what the service told of a job's last run, and draw soon."""
        before = self.state.board
        self.state.learn(job, record, step, self.deps.now().at)
        self.recorder.look(before, self.state.board, [job])
        self.state.unseen.look(before, self.state.board, [job], self.deps.now().at)
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
        if names:
            self.state.call(names)
            self._draw_soon()

    def _disarm(self, jobs: frozenset[JobId]) -> None:
        """These were armed for one alert, and had it."""
        self.state.arm_once(jobs, False)
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self.draws_soon:
            self.draws_soon = True
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, self._drawn_at + self.apart - loop.time()), self.call_later, self.draw)

    def tick(self) -> None:
        """Runs each second: checks the files, and redraws what changes with time alone."""
        resume_gc()  # neither the first frame nor the first readings need it
        self._look_at_files()
        self._look_at_history()
        self._ticks += 1
        is_rare = self._ticks % RARELY == 0
        if is_rare and self.live.ends_were_lost():
            self.run_worker(self.learn_ends())
        self.live.prefer(self.table.in_view(), self.state.board, self.table.marks)
        if is_rare:
            self.live.pollers.expect(expected_ends(self.state.board, self.deps.now()))
        self.alerting.tick(self.state.board, self.live.troubled())
        has_slept = self.live.has_slept(self.deps.now().at)
        self.show_all() if is_rare or has_slept else self.show_around()

    async def learn_ends(self) -> None:
        await self.live.learn_ends()
        self.show_around()

    def _look_at_files(self) -> None:
        if self.edited.settings_edited():
            self.run_worker(self.take_settings(), group="settings")
        if self.edited.themes_edited():
            self.post_message(self.ThemesEdited())
        if self.editor.changed():
            self.run_worker(self.reload())
        if self.editor.emptied is Emptied.FOUND and self.app.screen is self:
            self.ask_about_empty_file()

    def _look_at_history(self) -> None:
        self.recorder.tick()
        if (filled := self.recorder.fill(self.state.board)) is not self.state.board:
            self.state.board = filled
            self.show_all()
        if notice := self.recorder.notice():
            self.say(notice, "warning")

    async def take_settings(self, said: str = "The edited settings are in effect.") -> None:
        """Apply edited settings, and say so. The banner names those that need a restart, or why none can be used."""
        if settings := await self.edited.read_settings(self._disk):
            if former := self.alerting.use(settings.alerts):
                self.run_worker(former.finish(seconds=30), group="alerts")
            number = number_of(self.state.look, self.deps.views)
            self.deps = self.deps._replace(views=settings.views, commands=settings.commands)
            if view := settings.views.get(number):
                self._show_view(view)
            self.deps = self.deps._replace(keys=settings.keys, theme=settings.ui.theme, address=settings.ui.address)
            self.deps = self.deps._replace(columns=settings.ui.columns)
            self.set_look(self.state.look)
            self.show_keys()
            self.post_message(self.SettingsEdited())
            self.say(self.edited.warning or said)
        self.show_around()

    async def reload(self) -> None:
        """Load the watchlist after another program changed its file."""
        if problem := await self.editor.reload():
            self.say(problem, "error")
        self.show_around()

    def take_watchlist(self, watchlist: Watchlist) -> None:
        """Watch these jobs. The states of jobs that were watched before are kept."""
        self.state.watch(watchlist.jobs)
        self.live.pollers.watch(state.job for state in self.state.board.states.values())
        self.live.facts.watch(self.state.board.states)
        self.state.unseen.keep(self.state.board.states.keys())
        self.table.set_marks(self.table.marks & self.state.board.states.keys())
        self.show_all()
        if self._question:  # there are jobs again, so nothing is left to ask
            self._question.action_close()

    def _not_saved(self) -> None:
        if self.editor.emptied is not Emptied.NO:
            self.ask_about_empty_file()
        self.show_around()

    @work(group="emptied", exclusive=True)
    async def ask_about_empty_file(self) -> None:
        """Ask whether to stop watching: another program may have emptied the file by accident."""
        from tui.ui.dialogs import ChoiceDialog

        watched = self.editor.watched
        jobs = "the job" if len(watched) == 1 else f"the {len(watched)} jobs"
        choices = [("keep", f"write {jobs} back into it"), ("none", "stop watching them")]
        self._question = ChoiceDialog("The watchlist's file has no jobs any more", choices, "keep")
        self.editor.emptied = Emptied.ASKED
        answer = await self.app.push_screen_wait(self._question)
        self._question = None
        if answer == "keep":
            await self.editor.write_back()
        elif answer == "none":
            self.editor.accept_empty()

    # What is shown

    def set_look(self, look: ScreenState) -> None:
        """Apply this sorting, filter and choice of columns."""
        self.state.set_look(look)
        if look.filter or self.filter_line:
            self.filter_input().display = bool(look.filter) or self.typing
        self.table.set_columns(self.columns_of(look), look.sort, look.reverse, look.wide)
        self.show_all()

    def columns_of(self, look: ScreenState) -> Sequence[str]:
        """The columns chosen on the screen, else those of the settings, else the usual ones."""
        return look.columns or self.deps.columns or USUAL

    def keep_look(self, look: ScreenState) -> None:
        """Apply this look and save it for the next start."""
        self.set_look(look)
        self.keep_state(look)

    def keep_state(self, look: ScreenState) -> None:
        """Save this look for the next start, in the background."""
        self.state.look = look
        self.run_worker(self._save_state(look), group="state")

    async def _save_state(self, look: ScreenState) -> None:
        try:
            await self._disk.run(self.deps.save_state, look)
        except UserError as problem:
            self.say(f"The look of the screen is not saved: {problem}", "warning")

    def show_keys(self) -> None:
        """Show in the last line the keys that matter now."""
        own = {key: name for name, one in self.deps.commands.items() for key in keys_in(one.key)[:1]}
        self.hints.show_hints(hints(self._focus_of_keys(), self.deps.keys, own))

    def _focus_of_keys(self) -> Focus:
        """What the keys act on now."""
        job, group = (self.table.cursor, self.table.group) if self.table.order else (None, "")
        return Focus(
            self.state.row(job).condition if job else None,
            bool(group),
            group in self.state.groups.folded,
            len(self.table.marks),
            self.typing,
            bool(self.state.look.filter),
            self.details_alone,
            bool(self.state.board.states),
        )

    @on(Footer.HintClicked)
    async def run_hint(self, event: Footer.HintClicked) -> None:
        """Do what the key of the hint does."""
        if event.command.startswith(OWN):
            self.action_own(event.command.removeprefix(OWN))
        elif command := next((one for one in COMMANDS if one.id == event.command), None):
            await self.app.run_action(command.action or command.id, self)

    def show_all(self) -> None:
        """Draw all that changed since the last frame, also by time alone."""
        self.state.take_troubles(self.live.troubles())
        self.state.show_all(self.deps.now())
        self.table.show(self.state.groups.lines)
        self.table.update_rows(self.table.in_view())
        self.show_around()

    def draw(self) -> None:
        """Draw the rows of the jobs that were read since the last frame, and the header."""
        if self.draws_soon:  # other frames do not hold up the next readings
            self.draws_soon = False
            self._drawn_at = asyncio.get_running_loop().time()
        changed = self.state.show_changed()
        if self.state.take_troubles(self.live.troubles()):
            changed |= set(self.table.in_view())
        self.table.show(self.state.groups.lines)
        self.table.update_rows(changed)
        self.show_around()

    def show_around(self) -> None:
        """Draw all but the rows: header, banner, details, and the text shown when there are no rows."""
        self.state.unseen.show(self.table.in_view(), self.state.moment.at)
        profiles = self.live.profiles(self.state.only_profile, self.state.moment)
        warning = "\n".join(filter(None, (self.editor.warning, self.edited.warning)))
        sign_in_key = first_key("sign_in", self.deps.keys)
        number = number_of(self.state.look, self.deps.views)
        view = f"{number} {self.deps.views[number].name}" if number else ""
        header = self.state.header(profiles, len(self.table.marks), sign_in_key, warning, self._paused(), view)
        header = header._replace(
            silent=self._silent(),
            changed=self.state.changed(),
            width=self.app.size.width,
            marks=self.deps.glyphs.condition,
        )
        self.header.show(header_parts(header))
        self.banner.show(*banner(header))
        self._title.show(title_text(header.summary, self.deps.glyphs) if self.alerting.wants_title else "")
        self.digest.show(self._digest_text())
        self.empty.show(self.state.empty_text(self.live.trouble()))
        self.table.display = bool(self.state.order)
        self.show_keys()
        if self.live.is_asking:
            self.show_details()

    def _silent(self) -> str:
        until = self.alerting.silent_until
        return f"{until.wall.astimezone():%H:%M}" if until else ""

    def _paused(self) -> str:
        if not (since := self.live.paused_since(self.state.moment)):
            return ""
        shown, key = time_of_day(since, self.state.moment.wall), first_key("pause_all", self.deps.keys)
        return f"Paused since {shown}: nothing is asked, and nothing below is current. Press {key} to resume."

    def _digest_text(self) -> str:
        if (digest := self.happened.digest(self.state.shown.states.values())) is None:
            return ""
        from tui.ui.event_lines import digest_text

        keys = first_key("next_problem", self.deps.keys), first_key("back", self.deps.keys)
        return digest_text(digest, self.job_name, self.app.size.width - 2, keys, self.state.moment.wall)

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
        unseen, cursor = self.state.unseen, self.table.cursor
        by_cursor = {cursor} if cursor and unseen.see(cursor) else set()
        return by_cursor | unseen.key(self.table.in_view(), self.deps.now().at, self._has_failed)

    def _has_failed(self, job: JobId) -> bool:
        return self.state.row(job).condition is Condition.FAILED

    def _show_seen(self, jobs: Iterable[JobId]) -> None:
        self.table.update_rows(jobs)
        self.show_around()

    def cursor_moved(self) -> None:
        """Another line is under the cursor: what changed there has been seen."""
        if (job := self.table.cursor) and self.state.unseen.see(job):
            self.call_later(self._show_seen, [job])
        self.show_keys()
        self.show_details()

    def show_details(self) -> None:
        """Show the job under the cursor in the details pane, if that is open."""
        if not self.has_class("-details"):
            return
        subject = self.subject(self.table.cursor) if self.table.cursor else None
        self.details_pane().show(subject)
        if subject:
            self.live.facts.look_again(subject.row.state)

    # Created on first use: the first frame does not wait for them

    def details_pane(self) -> "DetailsPane":
        if self.details is None:
            from tui.ui.details import DetailsPane

            self.details = DetailsPane(self.deps.glyphs)
            self.query_one("#body").mount(self.details)
        return self.details

    def filter_input(self) -> "Input":
        if self.filter_line is None:
            from tui.ui.inputs import LineInput

            hint = "words, !word, is:running, tag:x, /pattern/"
            self.filter_line = LineInput(self.state.look.filter, hint, classes="filter", max_length=LONGEST)
            self.mount(self.filter_line, before=self.hints)
        return self.filter_line

    @property
    def typing(self) -> bool:
        """Whether the filter has the focus, so that keys are text."""
        return self.filter_line is not None and self.focused is self.filter_line

    def subject(self, job: JobId) -> Subject:
        return self.live.subject(self.state.row(job))

    # Talk to the user

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """Show one notice, as plain text whatever it contains."""
        self.app.clear_notifications()  # only one at a time: several would hide the rows
        self.notify(clean(text), severity=severity, markup=False, timeout=5 if severity == "information" else 12)

    def show_notices(self, notices: Sequence[str]) -> None:
        """Show the first notice; `list` and `config` show the rest."""
        if notices:
            more = f" And {len(notices) - 1} more: codearts-watch list and config name them." if notices[1:] else ""
            self.say(f"{notices[0]}{more}", "warning")

    async def ask(self, command: str, dialog: "Dialog[Answer]") -> Answer | None:
        """Show the dialog of this command, and return the answer. The command's own keys close the dialog, too."""
        dialog.closing_keys = keys_named(command, self.deps.keys)
        return await self.app.push_screen_wait(dialog)

    async def copy_text(self, text: str, what: str) -> None:
        from tui.terminal.clipboard import copy, route

        way = route(self.deps.environ)
        via = await self._disk.run(copy, text, way, self._write)
        self.say(f"Copied {what} ({via})." if via else "There is nothing to copy.")

    def targets(self) -> list[JobId]:
        """The jobs that an action applies to: see `JobTable.targets`. A notice says if the filter hides all."""
        jobs = self.table.targets
        if self.table.marks and not jobs:
            self.say("The marked jobs are hidden by the filter. Press esc to clear it.")
        return jobs

    def the_job(self) -> JobId | None:
        """The job under the cursor. A notice says what to do if there is none."""
        if self.table.group:
            self.say("The cursor is on a group. Move it to one of the jobs.")
        elif not self.table.order:
            self.say(f"There is no job here. Press {first_key('add', self.deps.keys)} to add some.")
        return self.table.cursor if self.table.order else None

    def job_name(self, job: JobId) -> str:
        return self.state.board.states[job].name

    def name_of(self, jobs: Sequence[JobId]) -> str:
        return count([self.state.board.states[job].job for job in jobs])

    # Keys that change the watchlist

    def action_add(self) -> None:
        self.add_jobs("")

    def on_paste(self, event: events.Paste) -> None:
        """Open the add dialog with the pasted text: the table itself has no use for text."""
        event.stop()
        self.add_jobs(event.text)

    @work(group="watchlist")
    async def add_jobs(self, pasted: str) -> None:
        from tui.ui.add_dialog import AddDialog

        regions = {name: self.live.service.profile(name).endpoint.region for name in self.live.profile_names()}
        dialog = AddDialog(self.state.board.states, self.deps.now().wall, pasted, regions, self.editor.add)
        if jobs := await self.ask("add", dialog):
            self._show_added(jobs)

    @work(group="watchlist")
    async def action_find(self) -> None:
        from tui.ui.find_dialog import FindDialog

        name = self.live.profile_to_find(self.state.only_profile, self.table.cursor)
        if not (extras := self.live.service.profile(name).extras):
            self.say(NEEDS_EXTRAS.format("Lists of jobs need"))
            return
        named, now = "" if name == self.live.profile_names()[0] else name, self.deps.now().wall
        watched, glyphs = self.state.board.states, self.deps.glyphs
        if jobs := await self.ask("find", FindDialog(extras, watched, named, now, self.editor.add, glyphs)):
            self._show_added(jobs)

    def _show_added(self, jobs: tuple[Job, ...]) -> None:
        self.go_to(jobs[0].id)
        hidden = "" if jobs[0].id in self.state.order else "; hidden by the filter" if len(jobs) == 1 else ""
        self.say(f"Added {count(jobs)}{hidden}. Press u to undo.")

    @work(group="watchlist")
    async def action_remove(self) -> None:
        if jobs := self.targets():
            name = self.name_of(jobs)
            if await self.editor.remove(jobs, name):
                self.say(f"Removed {name}. Press u to undo.")

    @work(group="watchlist")
    async def action_label(self) -> None:
        from tui.ui.dialogs import TextDialog

        if not (job_id := self.the_job()):
            return
        job = self.state.board.states[job_id].job

        async def save(label: str) -> str:
            return await self.editor.edit({job.id: {"label": label}}, f"labelled {job.name}")

        title = f"Label of {job.id.short}"
        await self.ask("label", TextDialog(title, job.given_label, "empty: the short ID is shown", LABEL_LONGEST, save))

    @work(group="watchlist")
    async def action_tags(self) -> None:
        from tui.ui.add_dialog import TAGS_LONGEST
        from tui.ui.dialogs import TextDialog

        if not (jobs := [self.state.board.states[job].job for job in self.targets()]):
            return
        common = shared_tags(jobs)

        async def save(text: str) -> str:
            return await self._save_tags(jobs, common, split_tags(text))

        others = any(job.given_tags != common for job in jobs)
        title = f"Tags of {count(jobs)}" + (" that all of them have; their other tags stay" if others else "")
        hint = "words, separated by spaces; quotes keep spaces"
        await self.ask("tags", TextDialog(title, join_tags(common), hint, TAGS_LONGEST, save))

    async def _save_tags(self, jobs: list[Job], common: tuple[str, ...], wanted: tuple[str, ...]) -> str:
        changed = {job.id: {"tags": retagged(job.given_tags, common, wanted)} for job in jobs}
        if all(job.given_tags == changed[job.id]["tags"] for job in jobs):
            return ""
        return unfit("", set(wanted) - set(common)) or await self.editor.edit(changed, f"tagged {count(jobs)}")

    @work(group="watchlist")
    async def action_undo(self) -> None:
        self._show_undone(await self.editor.undo(), "undo", "Undone")

    @work(group="watchlist")
    async def action_redo(self) -> None:
        self._show_undone(await self.editor.redo(), "redo", "Redone")

    def _show_undone(self, undone: Undone, verb: str, past: str) -> None:
        if not undone.what:
            self.say(f"Nothing to {verb}.")
        elif undone.edit:
            before = {job.id for job in undone.edit.before.jobs}
            self.go_to(next((job.id for job in undone.edit.after.jobs if job.id not in before), None))
            self.say(f"{past}: {undone.what}.")

    # Keys that change what is seen

    def action_details(self) -> None:
        """Show or hide the details; on the line of a group, fold or unfold that."""
        if self.table.group and not self.details_alone:
            self._fold(self.state.groups.folded_after(self.table.group))
        else:
            self.toggle_details()

    def toggle_details(self) -> None:
        self.toggle_class("-details")
        self._place_details()
        if not self.details_place.alone:
            self.keep_state(self.state.look._replace(details=self.has_class("-details")))

    def close_details(self) -> bool:
        if not self.has_class("-details"):
            return False
        self.toggle_details()
        return True

    def _place_details(self) -> None:
        self.set_class(self.details_place.below, "-below")
        if self.has_class("-details"):
            self.details_pane().set_size(*self.details_place)
        self.query_one("#list").display = not self.details_alone
        if not self.typing:
            self._focus_table()
        self.show_keys()
        self.show_details()

    def _focus_table(self) -> None:
        self.set_focus(None if self.details_alone else self.table)

    @property
    def details_alone(self) -> bool:
        """Whether the details replace the table because the screen is too narrow for both."""
        return self.has_class("-details") and self.details_place.alone

    @property
    def details_place(self) -> DetailsPlace:
        return place_of(self.state.look, *self.app.size)

    def action_details_below(self) -> None:
        """Move the details below the table, or back; open them there if they are closed."""
        is_open = self.has_class("-details")
        look = self.state.look
        self.state.look = look._replace(details_below=not look.details_below if is_open else True, details=True)
        self.set_class(True, "-details")
        self._place_details()
        self.keep_state(self.state.look)
        if self.state.look.details_below and not self.details_place.below:
            self.say("There is no room below the table: the screen has too few lines.")

    def action_details_size(self, steps: int) -> None:
        if not self.has_class("-details"):
            self.say(f"No details are open. Press {first_key('details', self.deps.keys)} to open them.")
        elif self.details_alone:
            self.say(f"Only the details are shown. Press {first_key('details_below', self.deps.keys)} for both.")
        else:
            self.keep_state(resized(self.state.look, self.details_place, steps))
            self._place_details()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_around)
        self.call_after_refresh(self._place_details)

    @work
    async def action_error(self) -> None:
        from tui.ui.details import Fields, error_fields, report
        from tui.ui.dialogs import ReadDialog

        if not (job := self.the_job()):
            return
        condition = self.state.row(job).condition
        if condition not in (Condition.NO_ANSWER, Condition.FAILED):
            self._go_to(self.table.after_cursor(1), (Condition.NO_ANSWER, Condition.FAILED))
            return
        subject = self.subject(job)
        content = [Fields(list(error_fields(subject)))]
        title = "Why there is no answer" if condition is Condition.NO_ANSWER else "Why the build failed"
        if await self.ask("error", ReadDialog(title, content, [("y", "copy the report")])):
            await self.copy_text(report(subject), "report")

    @work
    async def action_log(self) -> None:
        from tui.codearts.build_log import BuildLog
        from tui.ui.log_dialog import LogDialog

        if not (job := self.the_job()):
            return
        if not (extras := self.live.extras_of(job)):
            self.say(NEEDS_EXTRAS.format("Logs need"))
            return
        last = self.state.row(job).state.last_run
        log = BuildLog(extras, job, last.number if last else 0)
        await self.ask("log", LogDialog(self.state.row(job).state.name, log, lambda: self.state_word(job)))

    def state_word(self, job: JobId) -> str:
        """The state of a job now; empty if it is not watched any more."""
        return status_word(self.state.row(job)) if job in self.state.shown.states else ""

    def action_next_problem(self) -> None:
        self._walk(1)

    def action_previous_problem(self) -> None:
        self._walk(-1)

    def _walk(self, step: int) -> None:
        """Go to the next job of the digest while that is shown, else to the next problem."""
        digest = self.happened.digest(self.state.shown.states.values()) if self.happened.may_close else None
        if digest is None:
            self._go_to(self.table.after_cursor(step))
            return
        shown = [job for job in digest.jobs if job in self.state.order]
        if following := next_of(shown, self.table.cursor, step):
            self.go_to(following[0])
        else:
            self.say("No other job of these is shown.")

    def _go_to(self, lines: Iterable[Line], only: Collection[Condition] = ()) -> None:
        for line in lines:
            if (job := job_of(line)) is None:
                continue
            row = self.state.row(job)
            if row.condition in only or (not only and (row.is_problem or row.is_new)):
                self.go_to(line)
                return
        which = "has failed or gives no answer" if only else "is a problem or has just changed"
        self.say(f"No other job {which}.")

    def go_to(self, line: Line | None) -> None:
        """Put the cursor on this line, or on this job; a folded group around it is unfolded."""
        if group := self.state.groups.hides(line):
            self._fold(self.state.groups.folded_after(group, fold=False))
        self.table.move_to(line)

    def _fold(self, folded: tuple[str, ...]) -> None:
        self.state.groups.set_folded(folded)
        self.keep_state(self.state.look._replace(folded=folded))
        self.table.show(self.state.groups.lines)
        self.table.update_rows(())

    @work
    async def action_group(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("none", "no groups"), *GROUPINGS.items()]
        chosen = await self.ask("group", ChoiceDialog("Group by", choices, self.state.look.group or "none"))
        if chosen:
            self.keep_look(self.state.look._replace(group="" if chosen == "none" else chosen))

    def action_fold_all(self) -> None:
        if self.state.groups.by:
            self._fold(self.state.groups.folded_after_all())
        else:
            key = first_key("group", self.deps.keys)
            self.say(f"There are no groups to fold. Press {key} to group the jobs.")

    @on(JobTable.GroupClicked)
    def fold_clicked(self, event: JobTable.GroupClicked) -> None:
        self._fold(self.state.groups.folded_after(event.group))

    def action_only_problems(self) -> None:
        self.keep_look(self.state.look._replace(problems_only=not self.state.look.problems_only))

    @work
    async def action_history(self) -> None:
        from tui.ui.history_dialog import HistoryDialog
        from tui.ui.run_lines import records_of

        if not (job := self.the_job()):
            return
        state, now = self.state.board.states[job], self.deps.now()
        runs = [*job_runs(state), *([state.current_run] if state.current_run else ())]
        title = f"Runs of {state.name}"
        read_page = partial(self.deps.older_runs, job) if self.deps.older_runs else None
        dialog = HistoryDialog(title, runs, read_page, records_of(state), now.wall, self.deps.glyphs)
        await self.ask("history", dialog)

    @work
    async def action_events(self) -> None:
        from tui.ui.event_lines import event_lines
        from tui.ui.list_dialog import ListDialog

        now, look, glyphs = self.deps.now(), self.state.look, self.deps.glyphs
        events = self.happened.events(self.state.board.states.values(), now)
        lines = event_lines(events, look.events_read, self.job_name, now.wall, glyphs)
        hint = f"enter: go to the job, esc: close; {glyphs.mark} is new"
        dialog = ListDialog("What happened", lines, "Nothing happened yet.", hint, glyphs.ellipsis)
        self.keep_state(look._replace(events_read=now.wall.timestamp()))
        if job := await self.ask("events", dialog):
            self.go_to(JobId(job))
            if job not in self.state.order:
                self.say("That job is hidden by the filter.")

    @work
    async def action_profile(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        names = self.live.profile_names()
        if len(names) < 2:
            self.say("There is only one profile. Add more in settings.toml.")
            return
        choices = [("", "all profiles"), *((name, name) for name in names if name)]
        chosen = await self.ask("profile", ChoiceDialog("Show", choices, self.state.look.profile))
        if chosen is not None:
            self.keep_look(self.state.look._replace(profile=chosen))

    @work
    async def action_sort(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("list", "the watchlist's order"), *((key, sort.title) for key, sort in self._sorts.items())]
        if chosen := await self.ask("sort", ChoiceDialog("Sort by", choices, self.state.look.sort or "list")):
            self.sort_by(chosen)

    @on(JobTable.HeadClicked)
    def sort_by_head(self, event: JobTable.HeadClicked) -> None:
        self.action_reverse() if event.column == self.state.look.sort else self.sort_by(event.column)

    def sort_by(self, key: str) -> None:
        self.keep_look(self.state.look._replace(sort="" if key == "list" else key, reverse=False))

    def action_reverse(self) -> None:
        self.keep_look(self.state.look._replace(reverse=not self.state.look.reverse))

    @work
    async def action_columns(self) -> None:
        from tui.ui.columns_dialog import ColumnsDialog

        look = self.state.look

        def show(chosen: Sequence[str]) -> None:
            self.table.set_columns(chosen, look.sort, look.reverse, look.wide)

        dialog = ColumnsDialog(self.table.every, self.columns_of(look), self.deps.columns or USUAL, show)
        chosen = await self.ask("columns", dialog)
        self.set_look(self.state.look) if chosen is None else self.keep_look(self.state.look._replace(columns=chosen))

    def action_wide(self) -> None:
        self.keep_look(self.state.look._replace(wide=not self.state.look.wide))

    def take_other_key(self, name: str) -> None:
        """Take a key that is none of ours: run the user's own command that has it, or say once that it does nothing."""
        key = canonical_key(name)
        if self.typing or key in meanings(self.deps.keys):
            return
        if own := {key: name for name, one in self.deps.commands.items() for key in keys_in(one.key)}.get(key):
            self.action_own(own)
        elif key not in RESERVED:
            text = f"{shown(key)} does nothing here. Press {first_key('help', self.deps.keys)} for the keys."
            self._hint_once(key, text)

    def action_own(self, name: str) -> None:
        """Run this command of the user's own on the job under the cursor."""
        from tui.ui.own_commands import CommandRunner

        command = self.deps.commands.get(name)
        if command is None or not (job := self.the_job()):
            return
        self._runner = self._runner or CommandRunner(self.say, self._suspended)
        self.run_worker(self._runner.run(name, command, self.state.board.states[job]), group="own")

    def action_view(self, number: str) -> None:
        """Show a view of the settings; 0 shows everything."""
        view = ViewSettings("everything") if number == EVERYTHING else self.deps.views.get(number)
        if view is None:
            key = first_key("save_view", self.deps.keys)
            self.say(f"There is no view {number}. Press {key} to save what is shown now as one.")
        elif shown_by(view, self.state.look) == self.state.look:
            self.say(f"This is {view.name} already.")
        else:
            self._show_view(view)

    def _show_view(self, view: ViewSettings) -> None:
        look = shown_by(view, self.state.look)
        if self.filter_line:
            self.filter_line.value = look.filter
        self.keep_look(look)

    @work
    async def action_save_view(self) -> None:
        from tui.ui.dialogs import ChoiceDialog, TextDialog

        views = self.deps.views
        title = "Save filter, order, groups and columns as a view"
        number = await self.ask("save_view", ChoiceDialog(title, choices(views), first_free(views)))
        if not number:
            return

        async def save(name: str) -> str:
            return await self._save_view(number, view_of(self.state.look, clean(name or f"view {number}")))

        name = views[number].name if number in views else ""
        hint = "a word or two, shown in the first line"
        dialog = TextDialog(f"Name of view {number}", name, hint, NAME_LONGEST, save, saves_unchanged=True)
        await self.app.push_screen_wait(dialog)

    async def _save_view(self, number: str, view: ViewSettings) -> str:
        """Write the view into the settings. Returns why that failed; empty if it did not."""
        said = f"Saved as view {number}: press {first_key(f'view_{number}', self.deps.keys)} to show it."
        try:
            if self.deps.save_view:
                await self._disk.run(self.deps.save_view, number, view)
        except UserError as problem:
            return str(problem)
        self.deps = self.deps._replace(views={**self.deps.views, number: view})
        if self.edited.settings_edited():
            await self.take_settings(said)
        else:
            self.say(f"{said} It is kept until you quit: there is no settings file here.")
        self.show_around()
        return ""

    def action_filter(self) -> None:
        self._before_filter = self.table.cursor
        line = self.filter_input()
        line.display = True
        self.set_focus(line)
        self.show_keys()

    def on_input_changed(self, event: "Input.Changed") -> None:
        """Apply the filter while it is typed."""
        if event.value != self.state.look.filter:
            self.set_look(self.state.look._replace(filter=event.value))
            self.table.move_to(self._before_filter)

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        """Save the filter, and return to the table."""
        if problem := parse_filter(event.value).problem:
            self.say(problem, "warning")
        self._focus_table()
        self.keep_look(self.state.look)

    def drop_filter(self) -> None:
        where = self._before_filter if self.typing else None
        self.filter_input().value = ""
        self._focus_table()
        self.keep_look(self.state.look._replace(filter=""))
        self.table.move_to(where)

    # Keys that ask the service

    def action_refresh(self) -> None:
        self._refresh(self.targets())

    def action_refresh_all(self) -> None:
        self._refresh(None)

    def _refresh(self, jobs: list[JobId] | None) -> None:
        wait = self.live.pollers.refresh(jobs)
        if wait == inf:
            self.say("Paused: nothing is asked. Press p to resume the job, P to resume everything.")
        else:
            number = len(self.state.board.states if jobs is None else jobs)
            how_long = f", about {seconds(round(wait))}" if wait >= 1 else ""
            if number:
                self.say(f"Asking about {number} {'job' if number == 1 else 'jobs'}{how_long}.")

    def action_pause(self) -> None:
        jobs = self.targets()
        if going := [job for job in jobs if not self.state.board.states[job].paused]:
            self.live.pollers.pause(going)
            self.state.pause(going, self.deps.now())
        else:
            self.live.pollers.resume(jobs)
            self.state.pause(jobs, None)
        self.draw()

    def action_pause_all(self) -> None:
        self.live.pollers.paused = not self.live.pollers.paused
        self.show_all()

    # Keys for alerts

    @work(group="watchlist")
    async def action_alert(self) -> None:
        jobs = self.targets()
        states = self.state.board.states
        if arm := next_arm(states[job].armed for job in jobs):
            jobs = [job for job in jobs if states[job].armed is not Arm.ALWAYS]
        name = states[jobs[0]].name if len(jobs) == 1 else f"{len(jobs)} jobs"
        values = {job: {"alert": arm is Arm.ALWAYS} for job in jobs if (arm is Arm.ALWAYS) is not states[job].job.alert}
        if not jobs or (values and await self.editor.edit(values, f"alert {'on' if arm else 'off'}: {name}")):
            return
        self.state.arm_once(jobs, arm is Arm.ONCE)
        self.alerting.armed(jobs)
        self.draw()
        again = {Arm.ONCE: ", once. Again: always.", Arm.ALWAYS: ", always. Again: off."}
        self.say(f"Alert when {name} ends{again[arm]}" if arm else f"No alert about {name}.")

    def action_silence(self) -> None:
        held = self.alerting.silence()
        until = self._silent()
        self.say(f"Silent until {until}: no alerts." if until else f"Alerts are on again. {held}".rstrip())
        self.show_around()

    # Keys that mark and copy

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self.show_around()

    def action_mark_all(self) -> None:
        self.table.toggle_all_marks()
        self.show_around()

    def action_mark_range(self) -> None:
        self.table.toggle_range()
        self.show_around()

    @work
    async def action_copy_id(self) -> None:
        if jobs := self.targets():
            await self.copy_text("\n".join(jobs), "job ID" if len(jobs) == 1 else f"{len(jobs)} job IDs")

    @work
    async def action_copy_report(self) -> None:
        from tui.ui.details import report

        if jobs := self.targets():
            text = "\n".join(report(self.subject(job)) for job in jobs)
            await self.copy_text(text, "report" if len(jobs) == 1 else f"{len(jobs)} reports")

    @work
    async def action_copy_request(self) -> None:
        from tui.ui.details import curl

        if jobs := self.targets():
            await self.copy_text("\n".join(curl(self.subject(job)) for job in jobs), "request as a curl line")

    @work
    async def action_open_address(self) -> None:
        from tui.ui.details import page_of
        from tui.ui.dialogs import ReadDialog, link_content

        if not (job_id := self.the_job()):
            return
        job = self.state.board.states[job_id].job
        if not (address := page_of(job, self.live.endpoint_of(job.id).region, self.deps.address)):
            self.say(
                "No address is known for this job. Paste the address of its page when you add it, or set ui.address."
            )
            return
        dialog = ReadDialog(f"Page of {job.name}", link_content(address), [("y", "copy it")])
        if await self.ask("open_address", dialog):
            await self.copy_text(address, "address")

    # Keys that move

    def action_move(self, lines: int) -> None:
        self.table.move_by(lines)

    def action_page(self, pages: float) -> None:
        if self.details_alone:
            pane = self.details_pane()
            pane.scroll_relative(y=pages * pane.size.height, animate=False)
        else:
            self.table.move_by(round(pages * self.table.page))

    def action_first(self) -> None:
        self.table.move_by(-len(self.table.order))

    def action_last(self) -> None:
        self.table.move_by(len(self.table.order))

    def action_sideways(self, cells: int) -> None:
        """Fold or unfold the group under the cursor; on a job scroll sideways, or go to its group."""
        if self.table.group:
            self._fold(self.state.groups.folded_after(self.table.group, fold=cells < 0))
            return
        line = self.table.cursor_line
        if isinstance(line, GroupLine) and cells < 0 and not self.table.wide:
            self.table.move_to(GroupLine(line.group))
            return
        self.table.scroll_relative(x=cells, animate=False, immediate=True)
        if not self.table.wide:
            key = first_key("wide", self.deps.keys)
            self._hint_once("sideways", f"Nothing is beside these columns. Press {key} for their full width.")

    def _hint_once(self, about: str, text: str) -> None:
        """Say this, unless it was said before: a key that does nothing here needs no second explanation."""
        if about not in self._hinted:
            self._hinted.add(about)
            self.say(text)

    # Keys for the program itself

    @work
    async def action_sign_in(self) -> None:
        from tui.ui.sign_in_dialog import SignInDialog

        name = self.live.profile_to_sign_in(self.table.cursor)
        if name not in self.live.profile_names():
            self.say(f"The settings have no profile {name!r}: add it there, or change the job's profile.", "warning")
            return
        theirs = [job for job in self.state.board.states if self.live.pollers.profile(job) == name]
        form = self.live.service.profile(name).sign_in
        if await self.ask("sign_in", SignInDialog(f"Sign in {name}".strip(), form, next(iter(theirs), None))):
            self.live.pollers.refresh(theirs)
            self.say("Signed in.")

    @work
    async def action_help(self) -> None:
        from tui.ui.help_dialog import HelpDialog
        from tui.ui.key_help import help_entries

        views = {number: view.name for number, view in self.deps.views.items()}
        own = {name: (command.help, command.key) for name, command in self.deps.commands.items()}
        await self.ask("help", HelpDialog(help_entries(self.deps.keys, views, own)))

    def action_back(self) -> None:
        """Close the filter line, the digest or the details; if none is open, clear the filter, then the marks."""
        if self.typing:
            self.drop_filter()
        elif self.happened.may_close:
            self.happened.close_digest()
            self.show_around()
        elif self.state.look.filter and not self.details_alone:
            self.drop_filter()
        elif not self.close_details():
            self.table.drop_marks()
            self.show_around()

    def action_leave(self) -> None:
        if not self.close_details():
            self.app.exit()
