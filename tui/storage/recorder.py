"""Writes down what the board learns: each run when it starts and when it ends, gaps, and what was seen last."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from typing import Protocol

from tui.core.board import Board, JobState, states_on_both
from tui.core.job import JobId
from tui.core.reading import Moment
from tui.core.remembered import Notes, Remembered, last_seen, remember, together

STILL_THERE = 60.0
"""Seconds between two notes of the runs in progress and of what was seen last."""
AT_THE_END = 1.0
"""Seconds that the end of the program waits for the disk."""


class Archive(Protocol):
    """Where notes go: `storage.history.History`, or a fake."""

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        """What was there of these jobs at the start, and what other programs write later, each once. None while it is
        not known."""

    def notice(self) -> str:
        """A sentence for the user, each once."""

    def note(self, notes: Notes) -> None:
        """Keep this."""

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        """Read as many runs of these jobs as an estimate uses, for a later call of `remembered`."""

    def close(self, wait: float) -> None:
        """Finish what was noted, within `wait` seconds."""


class NoArchive:
    """Keeps nothing, and knows of nothing."""

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        return Remembered()

    def notice(self) -> str:
        return ""

    def note(self, notes: Notes) -> None:
        pass

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        pass

    def close(self, wait: float) -> None:
        pass


class Recorder:
    """Notes in the archive what the board learns. Belongs to the thread of the screen, or of the command. No call waits
    for the disk."""

    def __init__(self, archive: Archive, now: Callable[[], Moment]) -> None:
        self._archive = archive
        self._now = now
        self._unwritten: dict[JobId, JobState] = {}
        """The states of jobs that were read since what was seen last was noted."""
        self._asked: set[JobId] = set()
        """Jobs all of whose runs that an estimate uses were asked for; at the start fewer are read."""
        self._next = now().at + STILL_THERE

    def fill(self, board: Board, wait: float = 0.0) -> Board:
        """Returns the board with what is remembered of jobs that are new on it, and what other programs saw meanwhile;
        waits at most `wait` seconds for that."""
        known = self._archive.remembered(board.states.keys(), wait)
        return remember(board, known, self._now()) if known else board

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Note what is known of these jobs on the second board and was not on the first."""
        notes, more = [], set()
        for was, now in states_on_both(before, after, jobs):
            if news := self._news(was, now):
                notes.append(news)
            if _needs_more(was, now):
                more.add(now.job.id)
        if notes:
            self._archive.note(together(notes))
        if more := more - self._asked:
            self._asked |= more
            self._archive.ask(more)
        self.tick()

    def tick(self) -> None:
        """Call this once in a while: each minute it notes what goes on, and what was seen last."""
        if self._now().at >= self._next:
            self._note_last()

    def notice(self) -> str:
        """Returns why there is no history, or no former one; each sentence once."""
        return self._archive.notice()

    def close(self) -> None:
        self._note_last()
        self._archive.close(AT_THE_END)

    def _news(self, was: JobState, now: JobState) -> Notes | None:
        """Returns what the second state has and the first has not; None for a reading that changed nothing."""
        if now.good is not was.good or now.last_run is not was.last_run:
            self._unwritten[now.job.id] = now
        silent = {} if _silent(was) == _silent(now) else {now.job.id: _silent(now)}
        if was.runs is now.runs and was.gaps is now.gaps and _start(was) == _start(now):
            return Notes(silent=silent) if silent else None
        runs = [run for run in now.runs if run not in was.runs]
        runs += [now.current_run] if now.current_run else []  # after a gap it may be two
        gaps = tuple(gap for gap in now.gaps if gap not in was.gaps)
        before = _start(was)
        dropped = frozenset() if before is None else frozenset({(now.job.id, before)})
        found = last_seen(now)
        return Notes(tuple(runs), gaps, {now.job.id: found} if found else {}, dropped, silent)

    def _note_last(self) -> None:
        states, self._unwritten = self._unwritten, {}
        self._next = self._now().at + STILL_THERE
        seen = {job: found for job, state in states.items() if (found := last_seen(state))}
        runs = tuple(state.current_run for state in states.values() if state.current_run)
        if seen:
            self._archive.note(Notes(runs, seen=seen))


def _needs_more(was: JobState, now: JobState) -> bool:
    """Whether older runs of the job are to be read: it has begun to run, and they give the estimate; or the service has
    told of runs, which are joined with them."""
    return (now.current_run is not None and was.current_run is None) or now.records is not was.records


def _silent(state: JobState) -> float | None:
    since = state.silent_since
    return since and since.by(state.last.received if state.last else since).timestamp()


def _start(state: JobState) -> float | None:
    """The start of the run in progress, which is its key in the file."""
    return state.current_run.start.by if state.current_run else None
