"""Runs as observed: a start or an end lies between two readings, and nothing is assumed about a gap."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tui.core.estimate import PastRun, is_precise
from tui.core.job import JobId
from tui.core.reading import Moment, Reading, Status

GAP = 3.0
"""After this many intervals without a successful reading the job counts as not watched in between."""


class Between(NamedTuple):
    """Something happened after the request of one reading (`after`) and before the response of another (`by`).

    Epoch seconds. `after` is None if nothing is known of the time before `by`.
    """

    after: float | None
    by: float

    @property
    def width(self) -> float | None:
        return None if self.after is None else self.by - self.after

    @property
    def middle(self) -> float:
        return self.by if self.after is None else (self.after + self.by) / 2

    def narrowed(self, other: "Between") -> "Between":
        """Returns the overlap of both; this one if there is none, since the clocks of two hosts may differ."""
        after = max((at for at in (self.after, other.after) if at is not None), default=None)
        both = Between(after, min(self.by, other.by))
        return self if after is not None and after > both.by else both


class RecordedRun(NamedTuple):
    """One build of a job. It goes on while `end` is None."""

    job: JobId
    start: Between
    running_at: float
    """When the last question was sent that was answered with running; epoch seconds."""
    end: Between | None = None
    maybe_two: bool = False
    """Whether it may have ended and another one begun while there were no readings."""
    interval: float = 0.0
    """The job's polling interval in seconds when the run was last seen."""
    number: int | None = None
    """The service's number of the build, if known."""
    outcome: str = ""
    """How the run ended, in our word; empty while unknown."""
    outcome_as_sent: str = ""
    source: str = ""
    """The host that observed it; empty for this one."""

    @property
    def duration(self) -> tuple[float, float | None] | None:
        """The shortest and the longest possible duration in seconds; the latter is None if its start was not seen.

        None while it goes on.
        """
        if self.end is None:
            return None
        least = max(0.0, (self.end.after or self.running_at) - self.start.by)
        return least, None if self.start.after is None else self.end.by - self.start.after

    @property
    def past(self) -> PastRun | None:
        """The run as input of an estimate; None if it was not observed closely enough."""
        if self.end is None or self.end.width is None or self.start.width is None or self.maybe_two:
            return None
        length = self.end.middle - self.start.middle
        if not is_precise(self.start.width, self.end.width, length, self.interval):
            return None
        return PastRun(self.end.by, length, self.outcome in ("failed", "aborted", "timed out"))

    def touches(self, other: "RecordedRun") -> bool:
        """Returns whether both were seen running at the same time, and so are one run."""
        if self.number is not None and other.number is not None:
            return self.number == other.number
        mine, its = self.seen_span, other.seen_span
        return mine[0] <= its[1] and its[0] <= mine[1]

    @property
    def seen_span(self) -> tuple[float, float]:
        return min(self.start.by, self.running_at), max(self.start.by, self.running_at)

    def narrowed(self, other: "RecordedRun") -> "RecordedRun":
        """Returns the combined knowledge of two observers of the same run."""
        ends = [end for end in (self.end, other.end) if end]
        return self._replace(
            start=self.start.narrowed(other.start),
            running_at=max(self.running_at, other.running_at),
            end=ends[0].narrowed(ends[-1]) if ends else None,
            maybe_two=self.maybe_two and other.maybe_two,
            number=other.number if self.number is None else self.number,
            outcome=self.outcome or other.outcome,
            outcome_as_sent=self.outcome_as_sent or other.outcome_as_sent,
        )


class Gap(NamedTuple):
    """A time in which a job was not watched; epoch seconds."""

    job: JobId
    start: float
    end: float


class Seen(NamedTuple):
    """The last successful reading of one job, and the run in progress."""

    status: Status
    sent: Moment
    received: Moment
    run: RecordedRun | None = None


class Observation(NamedTuple):
    """What one successful reading showed."""

    seen: Seen
    ended: RecordedRun | None = None
    gap: Gap | None = None


def observe(known: Seen | None, reading: Reading, interval: float) -> Observation | None:
    """Returns what a reading showed; None if it failed, or if it was sent before the last one.

    `interval` is the job's polling interval in seconds.
    """
    if not isinstance(reading.outcome, Status) or (known and reading.sent.at < known.sent.at):
        return None
    job, status, sent, received = reading.job, reading.outcome, reading.sent, reading.received
    since = Between(known.sent.wall.timestamp() if known else None, received.wall.timestamp())
    gap = None
    if known and sent.at - known.received.at > GAP * interval:
        gap = Gap(job, known.received.wall.timestamp(), sent.wall.timestamp())
    open_run = known.run if known else None
    if status is Status.RUNNING:
        now = sent.wall.timestamp()
        run = open_run or RecordedRun(job, since, now)
        maybe_two = run.maybe_two or bool(open_run and gap)
        run = run._replace(running_at=now, maybe_two=maybe_two, interval=interval)
        return Observation(Seen(status, sent, received, run), None, gap)
    ended = open_run and open_run._replace(end=Between(open_run.running_at, since.by), interval=interval)
    return Observation(Seen(status, sent, received), ended, gap)


def merged(runs: Iterable[RecordedRun]) -> list[RecordedRun]:
    """Returns the runs of one job, oldest first; a run that several observers saw is listed once.

    An observer that polled too rarely to see the idle time between two runs has one run for both: it is dropped.
    """
    return [run for group in _touching(runs) for run in _one_each(group)]


def _touching(runs: Iterable[RecordedRun]) -> Iterator[list[RecordedRun]]:
    """Yields groups of runs that touch each other, directly or through other runs."""
    group: list[RecordedRun] = []
    for run in sorted(runs, key=lambda run: run.seen_span):
        if group and not any(run.touches(other) for other in group):
            yield group
            group = []
        group.append(run)
    if group:
        yield group


def _one_each(group: list[RecordedRun]) -> Iterator[RecordedRun]:
    """Yields the runs of a group that do not touch, each narrowed by the runs that touch it and no other."""
    apart: list[RecordedRun] = []
    for run in sorted(group, key=lambda run: run.seen_span[1]):
        if not any(run.touches(other) for other in apart):
            apart.append(run)
    for run in apart:
        narrowed = run
        for other in group:
            if other is not run and [one for one in apart if one.touches(other)] == [run]:
                narrowed = narrowed.narrowed(other)
        yield narrowed
