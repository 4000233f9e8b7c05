"""What happened to the jobs, newest first, and the sum of what happened while no key was pressed."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from heapq import nlargest
from itertools import chain
from typing import NamedTuple

from tui.core.board import RUNS_KEPT, JobState
from tui.core.job import JobId
from tui.core.job_runs import job_runs, late_since
from tui.core.known_runs import WIDENING
from tui.core.observed_run import ObservedRun
from tui.core.run import Outcome

LONGEST = 1000
"""Events of a list at most."""


class EventKind(StrEnum):
    STARTED = "started"
    ENDED = "ended"
    LATE = "longer than usual"
    NO_ANSWER = "no answer"
    READABLE = "answers again"


class Outage(NamedTuple):
    """A time in which a job gave no answer; epoch seconds."""

    job: JobId
    since: float
    until: float | None
    """None while it goes on."""
    reason: str


class PastEvent(NamedTuple):
    """One thing that happened to one job."""

    at: float
    """When it was known, at the latest; epoch seconds."""
    job: JobId
    kind: EventKind
    run: ObservedRun | None = None
    reason: str = ""
    """Why there was no answer."""

    @property
    def outcome(self) -> Outcome | None:
        """What became of the run; None if this event is not its end."""
        return self.run.outcome if self.run and self.kind is EventKind.ENDED else None

    @property
    def is_problem(self) -> bool:
        """Whether it made its job one of those that `!` leaves in the table."""
        return self.outcome is Outcome.FAILED or self.kind in (EventKind.NO_ANSWER, EventKind.LATE)


def events(states: Iterable[JobState], outages: Iterable[Outage], now: float) -> list[PastEvent]:
    """Returns the last thousand events up to `now` (epoch seconds), newest first."""
    every = chain(_of_outages(outages), *map(events_of, states))
    return nlargest(LONGEST, (event for event in every if event.at <= now), key=lambda event: event.at)


def events_of(state: JobState) -> Iterator[PastEvent]:
    """Yields the events of one job, in no order."""
    job = state.job.id
    with_records = {run.number: run for run in job_runs(state) if run.number} if state.records else {}
    for run in (*state.runs, *([state.current_run] if state.current_run else ())):
        if run.start.after is not None:
            yield PastEvent(run.start.by, job, EventKind.STARTED, run)
        if run.end:
            yield PastEvent(run.end.by, job, EventKind.ENDED, with_records.get(run.number, run))
    for run, ended in _missed(state):
        yield PastEvent(ended, job, EventKind.ENDED, run)
    if (at := late_since(state)) is not None:
        yield PastEvent(at, job, EventKind.LATE, state.current_run)
    if outage := outage_of(state):
        yield from _of_outages([outage])


def _missed(state: JobState) -> Iterator[tuple[ObservedRun, float]]:
    """Yields each run that ended while the job was not watched, and when it ended; the service's records say both. None
    is yielded that may be one that was seen, and whose number is not known."""
    seen = [run.end for run in state.runs if run.end and run.number is None]
    for run in job_runs(state) if state.gaps else ():
        ended = run.end.by if run.is_told and run.end and run.end.after is not None else None
        if ended is None or any(end.holds(ended, WIDENING) for end in seen):
            continue
        if any(gap.start <= ended <= gap.end for gap in state.gaps):
            yield run, ended


def outage_of(state: JobState) -> Outage | None:
    """Returns the time without answers that goes on; None if there is none, or if the next reading may end it."""
    if state.failure is None or state.silent_since is None or state.last is None:
        return None
    since = state.silent_since.by(state.last.received).timestamp()
    return Outage(state.job.id, since, None, state.failure.summary)


def ended_outage(before: JobState, after: JobState) -> Outage | None:
    """Returns the time without answers that ended between two states of a job; None if none did."""
    since = before.silent_since
    if since is None or after.failure is not None or after.last is None:
        return None
    reason = before.failure.summary if before.failure else ""
    until = after.last.received
    return Outage(before.job.id, since.by(until).timestamp(), until.wall.timestamp(), reason)


def _of_outages(outages: Iterable[Outage]) -> Iterator[PastEvent]:
    for outage in outages:
        yield PastEvent(outage.since, outage.job, EventKind.NO_ANSWER, reason=outage.reason)
        if outage.until is not None:
            yield PastEvent(outage.until, outage.job, EventKind.READABLE)


class Matter(StrEnum):
    """What a digest counts; the most urgent first. Each is the word after its number."""

    FAILED = "failed"
    NO_ANSWER = "no answer"
    LATE = "longer than usual"
    FAILED_BEFORE = "failed in between"
    """The last build that ended did not fail, but one before it did."""
    TIMED_OUT = "timed out"
    ABORTED = "aborted"
    PASSED = "passed"
    ENDED = "ended"
    STARTED = "started"


class Count(NamedTuple):
    """How many jobs something happened to, and how often in all."""

    matter: Matter
    jobs: int
    times: int


class Digest(NamedTuple):
    """What happened after `since` (epoch seconds), while no key was pressed."""

    since: float
    counts: tuple["Count", ...] = ()
    """Without zeros, the most urgent first. Each job is counted once."""
    jobs: tuple[JobId, ...] = ()
    """Each job to which something happened, the most urgent first, then the newest."""
    urgent: tuple[JobId, ...] = ()
    """Those with a failed build, without an answer, or with a run that takes longer than usual."""
    at_least: bool = False
    """Whether there were more runs: only the last ones of each job are kept."""


URGENT = frozenset({Matter.FAILED, Matter.NO_ANSWER, Matter.LATE})
_ENDS = frozenset({Matter.FAILED, Matter.TIMED_OUT, Matter.ABORTED, Matter.PASSED, Matter.ENDED})
"""What became of runs that ended."""
_PLACE = {matter: place for place, matter in enumerate(Matter)}
_MATTERS = {
    Outcome.FAILED: Matter.FAILED,
    Outcome.TIMED_OUT: Matter.TIMED_OUT,
    Outcome.ABORTED: Matter.ABORTED,
    Outcome.PASSED: Matter.PASSED,
    Outcome.UNKNOWN: Matter.ENDED,
}


def digest(states: Iterable[JobState], since: float, until: float) -> Digest:
    """Returns what happened after `since`, up to `until`. What went by is left out: a start whose end is counted, and
    a time without answers that is over. A job that has never answered is no news.

    A job counts as the end of its last run, or as what it is now if that is worse.
    """
    jobs, times = dict.fromkeys(Matter, 0), dict.fromkeys(Matter, 0)
    worst: list[tuple[int, float, JobId]] = []
    at_least = False
    for state in states:
        at_least = at_least or _has_lost(state, since)
        found = _without_past([(matter, at) for matter, at in _matters(state) if since < at <= until])
        if found:
            place, at, matter = min((_PLACE[matter], -at, matter) for matter, at in found)
            worst.append((place, at, state.job.id))
            jobs[matter] += 1
            times[matter] += sum(other is matter for other, _ in found)
    ordered = [(place, job) for place, _, job in sorted(worst)]
    urgent = tuple(job for place, job in ordered if place < len(URGENT))
    shown = tuple(Count(matter, number, times[matter]) for matter, number in jobs.items() if number)
    return Digest(since, shown, tuple(job for _, job in ordered), urgent, at_least)


def _without_past(found: list[tuple[Matter, float]]) -> list[tuple[Matter, float]]:
    """Failures before an end of another kind were earlier; other ends before one of another kind went by."""
    ends = [(matter, at) for matter, at in found if matter in _ENDS]
    last = max(ends, key=lambda end: end[1])[0] if ends else None
    now = [(matter, at) for matter, at in found if matter not in _ENDS or matter is last]
    if last is Matter.FAILED:
        return now
    return now + [(Matter.FAILED_BEFORE, at) for matter, at in ends if matter is Matter.FAILED]


def _has_lost(state: JobState, since: float) -> bool:
    """Whether the job may have had more runs since then than are kept."""
    return len(state.runs) == RUNS_KEPT and state.runs[0].start.by > since


def _matters(state: JobState) -> Iterator[tuple[Matter, float]]:
    for run in state.runs:
        if run.end:
            yield _MATTERS[run.outcome], run.end.by
    for run, ended in _missed(state):
        yield _MATTERS[run.outcome], ended
    if state.good and (outage := outage_of(state)):
        yield Matter.NO_ANSWER, outage.since
    if (at := late_since(state)) is not None:
        yield Matter.LATE, at
    elif state.current_run and state.current_run.start.after is not None:
        yield Matter.STARTED, state.current_run.start.by
