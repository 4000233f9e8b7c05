"""A job's runs: those that ended, observed or only told of by the service's records; and the one in progress, compared
with them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from tui.core.board import Board, JobState
from tui.core.estimate import Estimate, Outlook, RunProgress, estimate, outlook
from tui.core.job import JobId
from tui.core.known_runs import SLACK, WIDENING, known_runs, with_record, without_doubles
from tui.core.observed_run import CLOSE, GAP, SERVICE, Between, Gap, ObservedRun
from tui.core.reading import Moment, Status
from tui.core.run import RunRecord

RUNS_SHOWN = 10
"""The last ones of a job, in its row."""
REMEMBERED_JOBS = 2048
"""So many jobs have their runs kept, and what was computed from these; further ones have them computed each time."""
_DAY = 86_400.0


P = ParamSpec("P")
Value = TypeVar("Value")


def _kept_for_last_state(
    compute: Callable[Concatenate[JobState, P], Value],
) -> Callable[Concatenate[JobState, P], Value]:
    """Computes a value again only if the runs or records of the job have changed, or the other arguments.

    Keeps one value of each job: that of an earlier state is never asked for again, and its runs take 20 kB. Runs and
    records are compared by identity: they are replaced when they change, and comparing is slow.
    """
    kept: dict[JobId, tuple[object, JobState, Value]] = {}

    def value_of(state: JobState, /, *others: P.args, **named: P.kwargs) -> Value:
        run = state.current_run
        basis = (id(state.runs), id(state.records), run and run.start, others, named)
        known = kept.pop(state.job.id, None)
        if known is None or known[0] != basis:
            known = (basis, state, compute(state, *others, **named))  # the state keeps both objects, and so their ids
        kept[state.job.id] = known
        if len(kept) > REMEMBERED_JOBS:
            del kept[next(iter(kept))]
        return known[2]

    return value_of


def job_runs(state: JobState) -> tuple[ObservedRun, ...]:
    """Returns the runs that ended, oldest first. An observed run has number, outcome and times of its record."""
    return _joined_runs(state) if state.records else state.runs


def usual_duration(state: JobState, now: float) -> Estimate | None:
    """Returns the estimate from those runs that are known closely enough. `now` in epoch seconds."""
    return _usual_duration(state, now // _DAY * _DAY + _DAY)


@_kept_for_last_state
def _usual_duration(state: JobState, now: float) -> Estimate | None:
    runs = [past for run in job_runs(state) if (past := run.past)]
    return estimate(runs, now)


@_kept_for_last_state
def _joined_runs(state: JobState) -> tuple[ObservedRun, ...]:
    joined = without_doubles(known_runs(state.runs, state.records))
    runs = [_with_times(one.run, one.record) for one in joined if one.run]
    told = [
        as_run(state.job.id, one.record)
        for one in joined
        if one.run is None and one.record and not _is_current(state, one.record)
    ]
    return tuple(sorted([*runs, *filter(None, told)], key=lambda run: (run.start.by, run.number or 0)))


def undated_runs(state: JobState) -> tuple[ObservedRun, ...]:
    """Returns the runs that ended, but the service does not say when, in the order of their numbers. None is the run in
    progress; any may be a run that was seen, but whose number is not known."""
    joined = known_runs(state.runs, [*state.records, *([state.last_run] if state.last_run else ())])
    records = [one.record for one in joined if one.record and not one.run and one.record.started_at is None]
    over = [it for it in records if it.is_finished or (it.is_finished is None and state.current_run is None)]
    job, unknown = state.job.id, Between(None, inf)
    return tuple(_told(job, one, unknown, -inf, unknown) for one in sorted(over, key=lambda record: record.number))


def _told(job: JobId, record: RunRecord, start: Between, running_at: float, end: Between) -> ObservedRun:
    """Returns the run that only this record tells of, with these times."""
    run = ObservedRun(job, start, running_at, end, number=record.number, source=SERVICE)
    return run._replace(outcome=record.outcome, outcome_as_sent=record.outcome_as_sent)


def in_order(runs: Iterable[ObservedRun], undated: Iterable[ObservedRun]) -> list[ObservedRun]:
    """Returns the runs, oldest first, with the undated ones behind those that have lower numbers. Leaves the undated
    ones out where the number of a run that ended is not known: it may be one of them."""
    ordered = list(runs)
    if any(run.end and run.number is None for run in ordered):
        return ordered
    known = {run.number for run in ordered}
    for one in undated:
        if one.number not in known:
            lower = [at for at, run in enumerate(ordered, 1) if (run.number or inf) < (one.number or 0)]
            ordered.insert(max(lower, default=0), one)
    return ordered


def as_run(job: JobId, record: RunRecord) -> ObservedRun | None:
    """Returns the run as the service tells of it; None if it goes on, or if its start is not known.

    Its end is not known while the unit of the service's durations is not.
    """
    if record.is_finished is False or record.started_at is None:
        return None
    start, ended = record.started_at.timestamp(), _ended(record)
    if ended is None:
        return _told(job, record, Between(start, start), start, Between(None, start))
    return _told(job, record, Between(start, start), ended, Between(ended, ended))


def _ended(record: RunRecord) -> float | None:
    return record.end.timestamp() if record.end else None


def _with_times(run: ObservedRun, record: RunRecord | None) -> ObservedRun:
    """Returns the run with number, outcome and times of its record; times only if both are where they were seen."""
    if record is None:
        return run
    run, exact = with_record(run, record), as_run(run.job, record)
    if exact and exact.end and exact.end.after is not None and _are_where_seen(exact.start.by, exact.end.by, run):
        return run._replace(start=exact.start, running_at=exact.running_at, end=exact.end)
    return run


def _are_where_seen(start: float, end: float, run: ObservedRun) -> bool:
    return run.end is not None and run.start.holds(start, SLACK) and run.end.holds(end, SLACK)


def _is_current(state: JobState, record: RunRecord) -> bool:
    """Whether the record is about the run in progress, or may be."""
    run = state.current_run
    if run is None or record.started_at is None:
        return False
    ended, first = _ended(record), run.start.by if run.start.after is None else run.start.after
    is_over = ended is not None and ended < first
    return not is_over and record.started_at.timestamp() > first - WIDENING


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
        """Returns the same run when `elapsed` seconds of it have passed."""
        return self._replace(elapsed=elapsed, outlook=outlook(elapsed, self.start_seen, self.usual))


def course_of(state: JobState, now: float) -> Course | None:
    """Returns how far the job's run is at `now` (epoch seconds); None if the last good status is not running.

    If its start was not seen closely, or it may be two, the time in the service's record is taken, where it fits what
    was seen.
    """
    if (run := state.current_run) is None:
        return None
    return course(_as_told(run, state), usual_duration(state, now), state.gaps, now)


def told_start(state: JobState) -> float | None:
    """Returns when the run in progress began, as the service says (epoch seconds); None if it does not, or if its start
    was seen as closely."""
    run = state.current_run
    told = run and _as_told(run, state)
    return None if told is None or told is run else told.start.by


def _as_told(run: ObservedRun, state: JobState) -> ObservedRun:
    """Returns the run in progress with the start that its record has; unchanged if its start was seen as closely."""
    if state.going is None or (run.start.is_close and not run.maybe_two):
        return run
    return _begun_as_told(run, state.going, state.gaps)


def _begun_as_told(run: ObservedRun, record: RunRecord, gaps: Iterable[Gap]) -> ObservedRun:
    """Returns the run with the start that its record has; unchanged if there is none, or another one than was seen.

    Of what may be two runs, the record is that of the second one if there are two: it was asked for after the gap.
    """
    seen = Between(None if run.maybe_two else run.start.after, _sure_start(run, gaps))
    if record.started_at is None or not seen.holds(record.started_at.timestamp(), WIDENING):
        return run
    began = min(max(record.started_at.timestamp(), -inf if seen.after is None else seen.after), seen.by)
    return run._replace(start=Between(began, began), maybe_two=False)


def course(run: ObservedRun, usual: Estimate | None, gaps: Iterable[Gap], now: float) -> Course:
    """Returns how far the run is at `now` (epoch seconds), judged by the usual duration.

    A run that may be two has been going since the last gap at least: the first of the two may have ended in it. One
    that began in a gap has been going since the end of that.
    """
    width = run.start.width
    start_seen = width is not None and width <= GAP * run.interval + CLOSE and not run.maybe_two
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


def _sure_start(run: ObservedRun, gaps: Iterable[Gap]) -> float:
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
