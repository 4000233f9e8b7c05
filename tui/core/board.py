"""The board: what is known of every watched job. Recording readings returns a new board."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading, Status

TRANSITIONS_KEPT = 20
REMEMBERED = 500
"""Removed jobs whose state is kept, in case they come back, as by undo."""


AGEING_AFTER, STALE_AFTER = 1.5, 3.0
"""Intervals after which the last good status is no longer fresh but ageing, and after which it is stale."""


class Freshness(StrEnum):
    """The age of the last good status, measured against the job's interval."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    NEVER_READ = "never read"


def fresh_within(interval: float) -> float:
    """The age in seconds up to which a status is fresh."""
    return AGEING_AFTER * interval


def freshness(age: float | None, interval: float) -> Freshness:
    """The freshness of a status of this age; `age` is None if the job was never read."""
    if age is None:
        return Freshness.NEVER_READ
    if age <= fresh_within(interval):
        return Freshness.FRESH
    return Freshness.AGEING if age <= STALE_AFTER * interval else Freshness.STALE


class Transition(NamedTuple):
    """An observed change. It happened between sending the request `after` and receiving the response `by`."""

    job: JobId
    status: Status
    """The new status."""
    after: Moment
    by: Moment


class JobState(NamedTuple):  # no dataclass, for the same reason as Job
    """What is known of one job."""

    job: Job
    status: Status | None = None
    """The last good status; None if never read."""
    good: Reading | None = None
    """The reading with that status."""
    since: Moment | None = None
    """When this status was first received. The job may have had it any time after `since_after`."""
    since_after: Moment | None = None
    """When the last request was sent that returned the other status; None if there never was another."""
    last: Reading | None = None
    """The last reading, good or not."""
    failures: int = 0
    """Failed readings in a row."""
    failing_since: Moment | None = None
    transitions: tuple[Transition, ...] = ()
    """The last changes, oldest first."""
    paused: Moment | None = None
    """When the user paused the job; None if it is not paused."""

    @property
    def failure(self) -> Failure | None:
        """Why the last reading failed; None if it did not."""
        return self.last.failure if self.last else None

    def age(self, now: float) -> float | None:
        """Seconds since the last good status was received; None if never read."""
        return now - self.good.received.at if self.good else None

    def freshness(self, now: float, interval: float) -> Freshness:
        return freshness(self.age(now), interval)

    def record(self, reading: Reading) -> "JobState":
        """The state after `reading`, which is dropped if it was sent before the last one recorded."""
        if self.last and reading.sent.at < self.last.sent.at:
            return self
        if isinstance(reading.outcome, Failure):
            return self._replace(
                last=reading,
                failures=self.failures + 1,
                failing_since=self.failing_since or reading.received,
            )
        known = self._replace(last=reading, good=reading, failures=0, failing_since=None)
        if reading.outcome == self.status:
            return known
        since_after = self.good.sent if self.good else None  # the status was true at some moment after that
        known = known._replace(status=reading.outcome, since=reading.received, since_after=since_after)
        if since_after is None:
            return known
        seen = Transition(self.job.id, reading.outcome, since_after, reading.received)
        return known._replace(transitions=(*self.transitions, seen)[-TRANSITIONS_KEPT:])


class Board(NamedTuple):
    """The state of every watched job, in the order of the watchlist."""

    states: Mapping[JobId, JobState] = {}
    gone: Mapping[JobId, JobState] = {}
    """States of jobs that were removed lately."""

    def record(self, readings: Iterable[Reading]) -> "Board":
        """The board after `readings`. Those of jobs that are no longer watched are dropped."""
        states = dict(self.states)
        for reading in readings:
            if state := states.get(reading.job):
                states[reading.job] = state.record(reading)
        return self._replace(states=states)

    def watch(self, jobs: Iterable[Job], default: str = "") -> "Board":
        """The board for this watchlist. States of jobs that stay, or come back, are kept.

        Not if the profile changed: it may be another service. `default` is the profile of jobs without one.
        """
        states = {}
        for job in jobs:
            known = self.states.get(job.id) or self.gone.get(job.id)
            if known is None:
                states[job.id] = JobState(job)
            elif known.job == job:
                states[job.id] = known
            elif (known.job.profile or default) == (job.profile or default):
                states[job.id] = known._replace(job=job)
            else:
                states[job.id] = JobState(job, paused=known.paused)
        left = {job: state._replace(paused=None) for job, state in self.states.items() if job not in states}
        gone = {job: state for job, state in self.gone.items() if job not in states} | left
        return Board(states, dict(list(gone.items())[-REMEMBERED:]))

    def pause(self, ids: Iterable[JobId], since: Moment | None) -> "Board":
        """The board with these jobs paused since then, or resumed (None)."""
        states = dict(self.states)
        for job_id in ids:
            if state := states.get(job_id):
                states[job_id] = state._replace(paused=since)
        return self._replace(states=states)
