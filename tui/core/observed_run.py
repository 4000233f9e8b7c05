"""Runs as observed: a start or an end lies between two readings, and nothing is assumed about a gap."""

from collections.abc import Iterable, Iterator
from math import inf
from typing import NamedTuple

from tui.core.estimate import PastRun, is_precise
from tui.core.job import JobId
from tui.core.reading import Reading, Status
from tui.core.run import Outcome

GAP = 3.0
"""After this many intervals without a successful reading the job counts as not watched in between."""
CLOSE = 60.0
"""Seconds. A start or an end that may have been at any moment of such a time is shown as one moment; of a longer time,
the service's record says more."""
SET = 1.0
"""Seconds between the wall clock and the monotonic one above which the wall clock was set."""

SERVICE = "the service"
"""The source of a run of which only the service's record tells."""


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

    @property
    def is_close(self) -> bool:
        return self.width is not None and self.width <= CLOSE

    def holds(self, moment: float, widening: float = 0.0) -> bool:
        """Returns whether it may have happened at this moment, or at most `widening` seconds off."""
        return (self.after is None or self.after - widening <= moment) and moment <= self.by + widening

    def overlaps(self, other: "Between") -> bool:
        """Returns whether both may be the same moment; False if the time before one of them is unknown."""
        afters = (self.after, other.after)
        return all(at is not None and at <= min(self.by, other.by) for at in afters)

    def shifted(self, seconds: float) -> "Between":
        return Between(None if self.after is None else self.after + seconds, self.by + seconds)

    def narrowed(self, other: "Between") -> "Between":
        """Returns the overlap of both; this one if there is none, since the clocks of two hosts may differ."""
        after = max((at for at in (self.after, other.after) if at is not None), default=None)
        both = Between(after, min(self.by, other.by))
        return self if after is not None and after > both.by else both


class ObservedRun(NamedTuple):
    """One run of a job: between which readings it began and ended. It goes on while `end` is None."""

    job: JobId
    start: Between
    running_at: float
    """When the last question was sent that was answered with running; epoch seconds."""
    end: Between | None = None
    maybe_two: bool = False
    """Whether it may have ended and another one begun while there were no readings."""
    interval: float = 0.0
    """The longest of the job's polling intervals, in seconds, from before its start to its end."""
    number: int | None = None
    """The service's number of the build, if known."""
    outcome: Outcome = Outcome.UNKNOWN
    outcome_as_sent: str = ""
    source: str = ""
    """The host that observed the run; empty for this host, `SERVICE` for a run that no host observed."""
    known_number: int = 0
    """The highest number of a build that was known before it ended; 0 if none was."""

    @property
    def is_told(self) -> bool:
        """Returns whether the run is known from the service's record alone."""
        return self.source == SERVICE

    @property
    def duration(self) -> tuple[float, float | None] | None:
        """The shortest and the longest possible duration in seconds; no longest one (None) if its start was not seen.

        None while it goes on. Never negative, although clocks of two hosts may differ.
        """
        if self.end is None:
            return None
        least = max(0.0, (self.end.after or self.running_at) - self.start.by)
        return least, None if self.start.after is None else max(least, self.end.by - self.start.after)

    @property
    def past(self) -> PastRun | None:
        """The run as input of an estimate; None if it was not observed closely enough."""
        if self.end is None or self.end.width is None or self.start.width is None or self.maybe_two:
            return None
        length = self.end.middle - self.start.middle
        if not is_precise(self.start.width, self.end.width, length, self.interval):
            return None
        return PastRun(self.end.by, length, self.outcome.did_not_pass, self.is_told)

    def shifted(self, seconds: float) -> "ObservedRun":
        """Returns the same run by a clock that is ahead by this much."""
        return self._replace(
            start=self.start.shifted(seconds),
            running_at=self.running_at + seconds,
            end=self.end and self.end.shifted(seconds),
        )

    def touches(self, other: "ObservedRun") -> bool:
        """Returns whether both are one run: they were seen running, or may have begun, at the same time."""
        if self.number is not None and other.number is not None:
            return self.number == other.number
        mine, its = self.seen_span, other.seen_span
        if mine[0] <= its[1] and its[0] <= mine[1]:
            return True
        return self.start.overlaps(other.start) and not (self.is_over_before(other) or other.is_over_before(self))

    def is_over_before(self, other: "ObservedRun") -> bool:
        """Returns whether this run had ended when the other was last seen running."""
        return self.end is not None and self.end.by < other.running_at

    @property
    def seen_span(self) -> tuple[float, float]:
        return min(self.start.by, self.running_at), max(self.start.by, self.running_at)

    def narrowed(self, other: "ObservedRun") -> "ObservedRun":
        """Returns the combined knowledge of two observers of the same run."""
        ends = [end for end in (self.end, other.end) if end]
        return self._replace(
            start=self.start.narrowed(other.start),
            running_at=max(self.running_at, other.running_at),
            end=ends[0].narrowed(ends[-1]) if ends else None,
            maybe_two=self.maybe_two and other.maybe_two,
            number=other.number if self.number is None else self.number,
            outcome=other.outcome if self.outcome is Outcome.UNKNOWN else self.outcome,
            outcome_as_sent=self.outcome_as_sent or other.outcome_as_sent,
            known_number=max(self.known_number, other.known_number),
        )


class Gap(NamedTuple):
    """A time in which a job was not watched; epoch seconds."""

    job: JobId
    start: float
    end: float


class Observation(NamedTuple):
    """What one successful reading showed."""

    run: ObservedRun | None = None
    """The run in progress."""
    ended: ObservedRun | None = None
    gap: Gap | None = None


_NOTHING = Observation()


def observe(last: Reading | None, run: ObservedRun | None, reading: Reading, interval: float = inf) -> Observation:
    """Returns what a successful reading showed, compared with `last`, the successful one before it.

    `run` is the run in progress, `interval` the seconds between two readings while the job had the status of `last`.
    Times are those of the later reading's clock: if it was set, what was recorded before is corrected.
    """
    is_gap = last is not None and reading.sent.at - last.received.at > GAP * interval
    if reading.result is Status.IDLE and not run and not is_gap:
        return _NOTHING
    received = reading.received.wall.timestamp()
    if last is None:
        return Observation(_going(reading, Between(None, received), interval))
    asked, gap = last.sent.wall.timestamp(), None
    if abs(step := received - asked - (reading.received.at - last.sent.at)) > SET:
        asked, run = asked + step, run and run.shifted(step)
    if is_gap:
        gap = Gap(reading.job, asked + last.latency, reading.sent.wall.timestamp())
    if run is None:
        return Observation(_going(reading, Between(asked, received), interval), None, gap)
    if reading.result is Status.IDLE:
        return Observation(None, run._replace(end=Between(run.running_at, received)), gap)
    maybe_two, interval = run.maybe_two or is_gap, max(run.interval, interval)
    running_at = reading.sent.wall.timestamp()
    return Observation(run._replace(running_at=running_at, maybe_two=maybe_two, interval=interval), None, gap)


def _going(reading: Reading, start: Between, interval: float) -> ObservedRun | None:
    """Returns the run that this reading showed for the first time; None if there is none."""
    if reading.result is Status.IDLE:
        return None
    return ObservedRun(reading.job, start, reading.sent.wall.timestamp(), interval=interval)


def merged(runs: Iterable[ObservedRun]) -> list[ObservedRun]:
    """Returns the runs of one job, oldest first; a run that several observers saw is listed once.

    An observer that polled too rarely to see the idle time between two runs has one run for both: it is dropped.
    """
    ordered = sorted(runs, key=lambda run: run.start.by)
    if all(map(_are_apart, ordered, ordered[1:])):
        return ordered
    return [run for group in _touching(ordered) for run in _one_each(group)]


def _are_apart(one: ObservedRun, later: ObservedRun) -> bool:
    """Returns whether the first run had ended when the later one was first seen; almost all had."""
    return one.end is not None and one.end.by < later.start.by and (one.number is None or one.number != later.number)


def _touching(runs: Iterable[ObservedRun]) -> Iterator[list[ObservedRun]]:
    """Yields groups of runs that touch each other, directly or through other runs."""
    group: list[ObservedRun] = []
    for run in sorted(runs, key=lambda run: run.seen_span):
        if group and not any(run.touches(other) for other in group):
            yield group
            group = []
        group.append(run)
    if group:
        yield group


def _one_each(group: list[ObservedRun]) -> Iterator[ObservedRun]:
    """Yields the runs of a group that do not touch, each narrowed by the runs that touch it and no other."""
    apart: list[ObservedRun] = []
    for run in sorted(group, key=lambda run: run.seen_span[1]):
        if not any(run.touches(other) for other in apart):
            apart.append(run)
    for run in apart:
        narrowed = run
        for other in group:
            if other is not run and [one for one in apart if one.touches(other)] == [run]:
                narrowed = narrowed.narrowed(other)
        yield narrowed
