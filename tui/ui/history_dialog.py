"""All runs of one job, newest first: the last ones at once, the others when the history file was read."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from textual import work

from tui.core.board import JobState
from tui.core.errors import UserError
from tui.core.job_runs import job_runs
from tui.core.observed_run import RecordedRun, merged
from tui.terminal.capabilities import Glyphs
from tui.ui.list_dialog import ListDialog, ListLine
from tui.ui.row import look_of
from tui.ui.run_lines import condition_of_run, record_of, records_of, run_line

Reader = Callable[[], Sequence[RecordedRun]]
"""Returns the runs in the file, 1,000 at most of each host. Raises UserError. May take long, or for ever."""
EMPTY = "No run of this job is known yet."
READING = "reading the history file"


class HistoryDialog(ListDialog):
    """Its lines cannot be chosen."""

    def __init__(self, state: JobState, read: Reader | None, today: datetime, glyphs: Glyphs) -> None:
        super().__init__(f"Runs of {state.name}", (), EMPTY, "esc: close", glyphs.ellipsis)
        self._state = state
        self._read = read
        self._today = today
        self._glyphs = glyphs

    def begin(self) -> None:
        self._show(job_runs(self._state), READING if self._read else "")
        if self._read:
            self.read_all(self._read)

    @work
    async def read_all(self, read: Reader) -> None:
        try:
            runs = await _in_thread(lambda: whole_history(self._state, read()))
        except UserError as error:
            self._show(job_runs(self._state), str(error))
        else:
            self._show(runs, "")

    def _show(self, runs: Sequence[RecordedRun], note: str) -> None:
        going = [self._state.current_run] if self._state.current_run else []
        records = records_of(self._state)
        lines = []
        for run in (*going, *reversed(runs)):
            text = run_line(run, self._today, self._glyphs, record_of(run, records))
            lines.append(ListLine("", ((text, look_of(condition_of_run(run))),)))
        self.show([*lines, *([ListLine("", ((note, "dim"),))] if note else [])])


def whole_history(state: JobState, older: Sequence[RecordedRun]) -> Sequence[RecordedRun]:
    """Returns the runs of the file and those that are not written yet, with the service's records, oldest first."""
    ended = merged(run for run in (*older, *state.runs) if run.end)
    return job_runs(state._replace(runs=tuple(ended)))


async def _in_thread(work: Reader) -> Sequence[RecordedRun]:
    """Runs this in a thread of its own, which does not hold up the end of the program if a file server hangs."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Sequence[RecordedRun]] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except UserError as error:
            report(error)
        else:
            report(result)

    def report(result: Sequence[RecordedRun] | UserError) -> None:
        with suppress(RuntimeError):  # the program has ended
            loop.call_soon_threadsafe(_end, done, result)

    threading.Thread(target=run, name="past runs", daemon=True).start()
    return await done


def _end(done: "asyncio.Future[Sequence[RecordedRun]]", result: Sequence[RecordedRun] | UserError) -> None:
    if done.done():  # the dialog was closed
        return
    if isinstance(result, UserError):
        done.set_exception(result)
    else:
        done.set_result(result)
