"""The run in progress compared with the job's runs before it, and which jobs are read more often therefore."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tui.core.board import Board, JobState
from tui.core.estimate import Estimate, Outlook, RunProgress, outlook
from tui.core.job import JobId
from tui.core.job_runs import usual_duration
from tui.core.known_runs import times_agree
from tui.core.observed_run import Between, Gap, RecordedRun
from tui.core.reading import Moment, Status


class Course(NamedTuple):
    """A run in progress at one moment."""

    elapsed: float
    """Seconds since the middle of the interval in which it began; the least possible if that is not known."""
    start_seen: bool
    """Whether it is known when it began."""
    outlook: Outlook = Outlook(RunProgress.UNKNOWN)
    usual: Estimate | None = None
    began: float = 0.0
    """Epoch seconds: `elapsed` before the moment that is looked at."""

    @property
    def is_late(self) -> bool:
        """Whether it takes longer than usual."""
        return self.outlook.is_late

    def after(self, elapsed: float) -> "Course":
        """The same run after so many seconds."""
        return self._replace(elapsed=elapsed, outlook=outlook(elapsed, self.start_seen, self.usual))


def course_of(state: JobState, now: float) -> Course | None:
    """Returns how far the job's run is at `now` (epoch seconds); None if the last good status is not running.

    If its start was not seen, the time in the service's record is taken, where it fits what was seen.
    """
    if (run := state.current_run) is None:
        return None
    if run.start.after is None and state.going and state.going.started_at and times_agree(state.going, run):
        began = min(state.going.started_at.timestamp(), run.start.by)
        run = run._replace(start=Between(began, began))  # not seen by us, but the service says so
    return course(run, usual_duration(state, now), state.gaps, now)


def course(run: RecordedRun, usual: Estimate | None, gaps: Iterable[Gap], now: float) -> Course:
    """Returns how far the run is at `now` (epoch seconds), judged by the usual duration.

    A run that may be two has been going since the last gap at least: the first of the two may have ended in it.
    """
    start_seen = run.start.after is not None and not run.maybe_two
    start = run.start.middle if start_seen else _sure_start(run, gaps)
    elapsed = max(0.0, now - start)
    return Course(elapsed, start_seen, outlook(elapsed, start_seen, usual), usual, start)


def late_since(state: JobState) -> float | None:
    """Returns since when the run takes longer than usual (epoch seconds), judged at the last good reading."""
    if state.good is None:
        return None
    read_at = state.good.received.wall.timestamp()
    known = course_of(state, read_at)
    if known is None or known.usual is None or not known.is_late:
        return None
    return read_at - known.elapsed + known.usual.too_long


def _sure_start(run: RecordedRun, gaps: Iterable[Gap]) -> float:
    """Returns the latest moment at which the run can have begun."""
    if not run.maybe_two:
        return run.start.by
    return max((gap.end for gap in gaps if gap.end <= run.running_at), default=run.running_at)


def chosen(board: Board, marked: Iterable[JobId]) -> Iterator[JobId]:
    """Yields the jobs that the user has marked or armed."""
    yield from marked
    for job, state in board.states.items():
        if state.armed:
            yield job


def expected_ends(board: Board, now: Moment) -> Mapping[JobId, float]:
    """Returns when running jobs usually end (clock seconds); those that are due at any moment end now."""
    ends = {}
    for job, state in board.states.items():
        if state.status is not Status.RUNNING or not (course := course_of(state, now.wall.timestamp())):
            continue
        if course.outlook.left is not None:
            ends[job] = now.at + course.outlook.left
        elif course.outlook.progress is RunProgress.ANY_MOMENT:
            ends[job] = now.at
    return ends
