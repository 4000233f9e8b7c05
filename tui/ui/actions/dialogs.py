"""Open what is read and closed again: error, log, history, events, help."""

from functools import partial
from typing import TYPE_CHECKING

from tui.core.condition import Condition
from tui.core.job import JobId
from tui.core.job_runs import job_runs, undated_runs
from tui.core.reading import Status
from tui.core.run import Outcome
from tui.ui.actions import Actions
from tui.ui.row import status_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tui.codearts.log_api import BuildLog
    from tui.core.observed_run import ObservedRun
    from tui.core.past_events import PastEvent
    from tui.ui.list_dialog import ListLine


ERRORS = (Condition.NO_ANSWER, Condition.FAILED)
"""Conditions that have a reason."""


class DialogActions(Actions):
    """Each method shows one dialog and waits until it is closed. Most are about the job under the cursor."""

    async def error(self) -> None:
        """Show why there is no answer or why the build failed; on a job without either go to the next that has one, on
        a group to its first."""
        from tui.ui.details import Fields, error_fields, report
        from tui.ui.dialogs import ReadDialog

        if self.table.group:
            self._go_to_next_error()
            return
        if not (job := self.the_job()):
            return
        condition = self.state.row(job).condition
        if condition not in ERRORS:
            self._go_to_next_error()
            return
        subject = self.screen.subject(job)
        content = [Fields(list(error_fields(subject)))]
        has_failed = condition is Condition.FAILED
        title = "Why the build failed" if has_failed else "Why there is no answer"
        its = [("l", "log")] if has_failed else [("i", "sign in")] if self.live.awaits_sign_in(job) else []
        keys = [*its, ("n", "next"), ("y", "copy the report")]
        match await self.screen.ask("error", ReadDialog(title, content, keys)):
            case "l":
                await self._show_log(job)
            case "i":
                await self.screen.service.sign_in()
            case "n":
                self._go_to_next_error()
                if self.table.cursor != job:
                    await self.error()
            case "y":
                await self.screen.copying.copy_text(report(subject), "report")

    def _go_to_next_error(self) -> None:
        self.screen.cursor.go_to_first(self.table.after_cursor(1), ERRORS)

    async def log(self) -> None:
        if job := self.the_job():
            await self._show_log(job)

    async def _show_log(self, job: JobId, run: "ObservedRun | None" = None) -> None:
        """The log of this run; of the one that goes on or was the last, if none is given."""
        from tui.codearts.log_api import BuildLog
        from tui.ui.log_dialog import LogDialog
        from tui.ui.run_lines import word_of

        if not (self._is_watched(job) and (extras := self.extras(self.live.profile_of(job), "Logs need"))):
            return
        state = self.state.row(job).state
        last, ended = state.last_run, run if run and run.end else None
        if ended and not ended.number:
            self.say("The service's number of this build is not known, so its log cannot be asked for.")
            return
        log = BuildLog(extras, job, last.number if last else 0, (ended and ended.number) or 0)
        word = partial(word_of, ended) if ended else partial(self._state_word, job, log)
        await self.screen.ask("log", LogDialog(state.name, log, word, self._wall, self.deps.glyphs.ellipsis))

    def _is_watched(self, job: JobId) -> bool:
        """Returns whether the job is still in the list, and says so if another program removed it while a dialog about
        it was open."""
        if job in self.state.board.states:
            return True
        self.say("That job is no longer in the watchlist.")
        return False

    def _wall(self) -> "datetime":
        return self.deps.now().wall

    def _state_word(self, job: JobId, log: "BuildLog") -> str:
        """The state of the job now, of which this is the log; `ended` if that is of another build than its last one
        that is known. Empty if the job is not watched any more."""
        if job not in self.state.shown.states:
            return ""
        row = self.state.row(job)
        last = row.state.last_run
        if row.state.status is Status.IDLE and last and last.number and log.number not in (0, last.number):
            return "ended"
        return status_word(row)

    async def history(self) -> None:
        from tui.ui.history_dialog import HistoryDialog
        from tui.ui.run_lines import records_of

        if not (job := self.the_job()):
            return
        state = self.state.board.states[job]
        runs = [*job_runs(state), *([state.current_run] if state.current_run else ())]
        title = f"Runs of {state.name}"
        read_page = partial(self.deps.older_runs, job) if self.deps.older_runs else None
        show_log = partial(self._show_log, job)
        records, glyphs = records_of(state), self.deps.glyphs
        dialog = HistoryDialog(title, runs, undated_runs(state), read_page, records, show_log, self._wall, glyphs)
        await self.screen.ask("history", dialog)

    def _step_of(self, event: "PastEvent") -> str:
        """The step in which the event's build failed; empty if it did not, or is not the last build of its job."""
        state, run = self.state.board.states.get(event.job), event.run  # the job may have been removed since
        if event.outcome is not Outcome.FAILED or not (state and run and state.last_run and state.failed_step):
            return ""
        return state.failed_step.step if run.number and run.number == state.last_run.number else ""

    async def events(self) -> None:
        from tui.ui.list_dialog import ListDialog
        from tui.ui.run_lines import event_lines

        now, look, glyphs = self.deps.now(), self.state.look, self.deps.glyphs
        events = self.screen.happened.events(self.state.board.states.values(), now)
        names = {event.job: self.screen.job_name(event.job) for event in events}
        read_until = look.events_read if look.events_read <= now.wall.timestamp() else 0.0  # else the clock was wrong
        cells = self.screen.app.size.width

        def lines_of(events: "Sequence[PastEvent]", today: "datetime") -> "Sequence[ListLine]":
            return event_lines(events, read_until, names.__getitem__, today, glyphs, cells, self._step_of)

        problems = [event for event in events if event.is_problem]
        dialog = ListDialog(
            "What happened",
            partial(lines_of, events),
            "Nothing was seen to happen yet.",
            ("enter: go to the job", "!: only problems", f"{glyphs.new}: new", "esc: close"),
            glyphs.ellipsis,
            self._wall,
            partial(lines_of, problems),
        )
        self.screen.look.save(look._replace(events_read=now.wall.timestamp()))
        if (job := await self.screen.ask("events", dialog)) and self._is_watched(JobId(job)):
            self.screen.cursor.go_to(JobId(job))
            if job not in self.state.order:
                self.say("That job is hidden by the filter.")

    async def help(self) -> None:
        from tui.ui.key_help import HelpDialog, help_entries

        views = {number: view.name for number, view in self.deps.settings.views.items()}
        own = {name: (command.help, command.key) for name, command in self.deps.settings.commands.items()}
        await self.screen.ask("help", HelpDialog(help_entries(self.deps.settings.keys, views, own, self.deps.glyphs)))
