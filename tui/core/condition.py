"""What a job's row says at a glance, and the sum of all rows."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tui.core.board import Freshness, JobState
from tui.core.reading import Status


class Condition(StrEnum):
    """One word for a row, worst first: this is also the order of sorting by status."""

    FAILING = "failing"
    STALE = "stale"
    RUNNING = "running"
    IDLE = "idle"
    UNREAD = "unread"
    PAUSED = "paused"


PROBLEMS = frozenset({Condition.FAILING, Condition.STALE})


def condition_of(state: JobState, now: float, interval: float) -> Condition:
    """Paused before failing before stale before what the service said; `interval` in seconds."""
    if state.paused:
        return Condition.PAUSED
    if state.failure:
        return Condition.FAILING
    if state.status is None:
        return Condition.UNREAD
    if state.freshness(now, interval) is Freshness.STALE:
        return Condition.STALE
    return Condition.RUNNING if state.status is Status.RUNNING else Condition.IDLE


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole board in a few numbers."""

    counts: Counter[Condition]
    ageing: int
    """Jobs whose status is not fresh, paused ones left out."""
    stale: int
    """Those among them that are stale, failing or not."""
    never: int
    """Jobs that are asked and have not been read yet, failing or not."""
    oldest: float | None
    """Seconds since the oldest of them was read; None where all is fresh."""

    @property
    def total(self) -> int:
        return self.counts.total()


def summarise(states: Iterable[JobState], now: float, interval_of: Callable[[JobState], float]) -> Summary:
    """Counts by condition, and the worst freshness among the jobs that are being asked."""
    counts: Counter[Condition] = Counter()
    ageing = stale = never = 0
    oldest: float | None = None
    for state in states:
        if state.last is None and not state.paused:
            counts[Condition.UNREAD] += 1
            never += 1
            continue  # as all are at first
        interval = interval_of(state)
        good = state.good
        if good and good is state.last and not state.paused and now - good.received.at <= 1.5 * interval:
            counts[Condition.RUNNING if state.status is Status.RUNNING else Condition.IDLE] += 1
            continue  # read, fresh and going on, as nearly all are
        counts[condition_of(state, now, interval)] += 1
        age = state.age(now)
        if state.paused:
            continue
        if age is None:
            never += 1
        if age is None or age <= 1.5 * interval:
            continue
        ageing += 1
        stale += age > 3 * interval
        oldest = max(oldest or 0.0, age)
    return Summary(counts, ageing, stale, never, oldest)
