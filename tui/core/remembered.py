"""What is written into the history file, what is known from it at the next start, and the board made of that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from itertools import pairwise
from math import inf
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from tui.core.board import GAPS_KEPT, RUNS_KEPT, Board, JobState
from tui.core.job import JobId
from tui.core.observed_run import Between, Gap, ObservedRun, merged
from tui.core.reading import Moment, Reading, Status
from tui.core.run import Outcome, RunRecord

AHEAD = 60.0
"""Seconds by which the clock of another host may be ahead; what is later than that did not happen yet."""


class LastSeen(NamedTuple):
    """The last status of a job before the program ended; epoch seconds."""

    status: Status
    sent: float
    received: float
    since: float
    """When this status was first received."""
    since_after: float | None = None
    """When the last request was sent that returned the other status; None if there never was another."""
    number: int = 0
    """The service's number of the last run that ended, if known; it need not have been observed."""
    outcome: Outcome = Outcome.UNKNOWN
    outcome_as_sent: str = ""


class Remembered(NamedTuple):
    """What was read from the file."""

    runs: Mapping[JobId, Sequence[ObservedRun]] = {}
    """The last runs of each job, oldest first, of all hosts; the last one may be going on."""
    seen: Mapping[JobId, LastSeen] = {}
    gaps: Mapping[JobId, Sequence[Gap]] = {}
    silent: Mapping[JobId, float] = {}
    """Since when jobs gave no answer that gave none before the program ended; epoch seconds."""

    @property
    def jobs(self) -> AbstractSet[JobId]:
        return self.runs.keys() | self.seen.keys() | self.gaps.keys() | self.silent.keys()

    def only(self, jobs: AbstractSet[JobId]) -> "Remembered":
        """Returns what was read of these jobs."""
        silent = _only(self.silent, jobs)
        return Remembered(_only(self.runs, jobs), _only(self.seen, jobs), _only(self.gaps, jobs), silent)

    def with_news(self, news: "Remembered") -> "Remembered":
        """Returns this with runs that were read later."""
        runs = {job: merged([*self.runs.get(job, ()), *more])[-RUNS_KEPT - 1 :] for job, more in news.runs.items()}
        return self._replace(runs={**self.runs, **runs})


Known = TypeVar("Known")


def _only(known: Mapping[JobId, Known], jobs: AbstractSet[JobId]) -> dict[JobId, Known]:
    return {job: known[job] for job in known.keys() & jobs}


class Notes(NamedTuple):
    """What is to be written down."""

    runs: tuple[ObservedRun, ...] = ()
    gaps: tuple[Gap, ...] = ()
    seen: Mapping[JobId, LastSeen] = MappingProxyType({})
    dropped: frozenset[tuple[JobId, float]] = frozenset()
    """Runs, by job and start, that `runs` has anew: with another start if the clock was set."""
    silent: Mapping[JobId, float | None] = MappingProxyType({})
    """Since when jobs give no answer; None for one that gives answers again."""


def together(notes: Iterable[Notes]) -> Notes:
    """Returns all notes as one; of two notes about the same run the later one counts."""
    runs: dict[tuple[JobId, float], ObservedRun] = {}
    gaps: list[Gap] = []
    seen: dict[JobId, LastSeen] = {}
    dropped: set[tuple[JobId, float]] = set()
    silent: dict[JobId, float | None] = {}
    for note in notes:
        for key in note.dropped:
            runs.pop(key, None)
        dropped |= note.dropped
        runs |= {(run.job, run.start.by): run for run in note.runs}
        gaps += note.gaps
        seen |= note.seen
        silent |= note.silent
    return Notes(tuple(runs.values()), tuple(gaps), seen, frozenset(dropped), silent)


def last_seen(state: JobState) -> LastSeen | None:
    """Returns what is to be remembered of the job's last status; None if it was not read since the start.

    A run that only a list tells of is not remembered: it would count as confirmed.
    """
    if state.is_remembered or not (state.good and state.since and state.status):
        return None
    sent, received = state.good.sent.wall.timestamp(), state.good.received.wall.timestamp()
    now = state.good.received  # the clock may have been set since the others
    after = state.since_after.by(now).timestamp() if state.since_after else None
    run = state.last_run if state.last_run and state.last_run.is_confirmed else RunRecord(0)
    since = state.since.by(now).timestamp()
    return LastSeen(state.status, sent, received, since, after, run.number, run.outcome, run.outcome_as_sent)


def remember(board: Board, known: Remembered, now: Moment) -> Board:
    """Returns the board with what is remembered of its jobs.

    A job with a status only gets runs that it has not: what its status was before is no longer of interest.
    """
    changed = {
        job: state
        for job in known.jobs & board.states.keys()
        if (state := _remember(board.states[job], known, now)) != board.states[job]
    }
    return board._replace(states={**board.states, **changed}) if changed else board


def _remember(state: JobState, known: Remembered, now: Moment) -> JobState:
    job, latest = state.job.id, now.wall.timestamp() + AHEAD
    runs = [run for run in known.runs.get(job, ()) if (run.end.by if run.end else run.running_at) <= latest]
    gaps = [gap for gap in known.gaps.get(job, ()) if gap.end <= latest]
    state = state._replace(gaps=(*gaps, *state.gaps)[-GAPS_KEPT:])
    silent = known.silent.get(job, inf)
    if silent <= latest and not state.good:
        state = state._replace(silent_before=_moment(silent, now))
    if state.good or state.runs:
        return state._replace(runs=tuple(merged([*_known_to_end(runs, state), *state.runs])[-RUNS_KEPT:]))
    found = known.seen.get(job)
    return _with_status(state, runs, _latest(found if found and found.received <= latest else None, runs), now)


def _known_to_end(runs: list[ObservedRun], state: JobState) -> Iterator[ObservedRun]:
    """The end of the run in progress is that which is seen here."""
    for run in ended(runs):
        if run.end and not (state.current_run and run.touches(state.current_run)):
            yield run


def _with_status(state: JobState, runs: list[ObservedRun], seen: LastSeen | None, now: Moment) -> JobState:
    going = runs[-1] if runs and not runs[-1].end else None
    if seen and going and seen.status is Status.IDLE:
        runs[-1] = going._replace(end=Between(going.running_at, seen.received))
        seen = seen._replace(since=seen.received, since_after=going.running_at)
        going = None
    whole = tuple(run for run in ended(runs) if run.end)[-RUNS_KEPT:]
    state = state._replace(runs=whole, last_run=_last_record(seen, whole))
    if seen is None or (going is None) == (seen.status is Status.RUNNING):
        return state
    return state._replace(
        status=seen.status,
        good=Reading(state.job.id, seen.status, _moment(seen.sent, now), _moment(seen.received, now)),
        since=_moment(seen.since, now),
        since_after=None if seen.since_after is None else _moment(seen.since_after, now),
        current_run=going,
        is_remembered=True,
    )


def ended(runs: Sequence[ObservedRun]) -> list[ObservedRun]:
    """Returns the runs of one job, oldest first; one without an end had ended when the next one was seen to go on."""
    closed = [
        run if run.end else run._replace(end=Between(run.running_at, max(run.running_at, later.start.by)))
        for run, later in pairwise(runs)
    ]
    return [*closed, *runs[-1:]]


def _latest(seen: LastSeen | None, runs: list[ObservedRun]) -> LastSeen | None:
    """Returns the last that is known of the status: another program may have seen more than this one."""
    if not runs:
        return seen
    last = runs[-1]
    if last.end:
        after = last.running_at if last.end.after is None else last.end.after
        other = LastSeen(Status.IDLE, after, last.end.by, last.end.by, after)
    else:
        other = LastSeen(Status.RUNNING, last.running_at, last.running_at, last.start.by, last.start.after)
    if seen is None or seen.received >= other.received:
        return seen or other
    return other._replace(number=seen.number, outcome=seen.outcome, outcome_as_sent=seen.outcome_as_sent)


def _last_record(seen: LastSeen | None, runs: Sequence[ObservedRun]) -> RunRecord | None:
    """Returns what is known of the last run that ended; None if nothing is."""
    known = [(run.number or 0, run.outcome, run.outcome_as_sent) for run in runs[-1:]]
    known += [(seen.number, seen.outcome, seen.outcome_as_sent)] if seen else []
    number, outcome, as_sent = max(known, default=(0, Outcome.UNKNOWN, ""))
    return RunRecord(number, outcome, as_sent, is_finished=True) if number else None


def _moment(at: float, now: Moment) -> Moment:
    ago = max(0.0, now.wall.timestamp() - at)
    return Moment(now.at - ago, datetime.fromtimestamp(at, UTC))
