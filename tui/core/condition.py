"""What a job's row says at a glance, and the sum of all rows."""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.core.board import Board, Freshness, JobState
from tui.core.job import JobId
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


class Summary(NamedTuple):
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


class Tally:
    """The sum of the board, which follows readings by what they change. While jobs are ageing, and when it was told to
    forget, every job is looked at: for what time alone does."""

    def __init__(self) -> None:
        self._board = Board()
        self._summary: Summary | None = None

    def of(self, board: Board, now: float, interval_of: Callable[[JobState], float]) -> Summary:
        if self._summary is None or self._summary.ageing or board is not self._board:
            self._board, self._summary = board, summarise(board.states.values(), now, interval_of)
        return self._summary

    def forget(self) -> None:
        """Count anew when next asked."""
        self._summary = None

    def follow(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """These jobs were read between the two boards."""
        if self._summary is None or self._summary.ageing or before is not self._board:
            return
        counts, never = Counter(self._summary.counts), self._summary.never
        for job in jobs:
            if (old := before.states.get(job)) and (new := after.states.get(job)) and not new.paused:
                counts[condition_of(old, 0.0, inf)] -= 1
                counts[condition_of(new, 0.0, inf)] += 1
                never += (new.good is None) - (old.good is None)
        self._board, self._summary = after, self._summary._replace(counts=counts, never=never)
