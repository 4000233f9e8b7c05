"""The condition of a job in one word, and the sum of all jobs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from typing import NamedTuple

from tui.core.board import Freshness, JobState
from tui.core.job import JobId
from tui.core.reading import Status
from tui.core.run import Outcome


class Condition(StrEnum):
    """The state of a job in one word, worst first: the order of sorting by state and by "attention", and of the groups'
    counts."""

    FAILED = "failed"
    NO_ANSWER = "no answer"
    """It cannot be read; that a build failed is `FAILED`."""
    STALE = "stale"
    TIMED_OUT = "timed out"
    ABORTED = "aborted"
    RUNNING = "running"
    PASSED = "passed"
    IDLE = "idle"
    """Not running, and what became of the last run is not known."""
    UNREAD = "unread"
    PAUSED = "paused"


PROBLEMS = (Condition.FAILED, Condition.NO_ANSWER, Condition.STALE)
"""What someone should look at, the worst first."""
NOT_RUNNING = frozenset({Condition.FAILED, Condition.TIMED_OUT, Condition.ABORTED, Condition.PASSED, Condition.IDLE})
"""What the service calls not running, whatever became of it."""


def condition_of(state: JobState, now: float, interval: float) -> Condition:
    """Paused goes before no answer, no answer before stale, stale before running and idle. `interval` in seconds."""
    return _condition(state, state.freshness(now, interval))


def _condition(state: JobState, freshness: Freshness) -> Condition:
    if state.paused:
        return Condition.PAUSED
    if state.failure:
        return Condition.NO_ANSWER
    if state.status is None or state.is_remembered:
        return Condition.UNREAD
    if freshness is Freshness.STALE:
        return Condition.STALE
    return Condition.RUNNING if state.status is Status.RUNNING else after_run(state)


def after_run(state: JobState) -> Condition:
    """What a job that is not running is called: by the outcome of its last run, where that is known."""
    return condition_after(state.last_run.outcome if state.last_run else Outcome.UNKNOWN)


def condition_after(outcome: Outcome) -> Condition:
    """The condition that a run leaves behind."""
    return Condition.IDLE if outcome is Outcome.UNKNOWN else Condition(outcome.value)


class Summary(NamedTuple):
    """The numbers of the header."""

    counts: Counter[Condition]
    ageing: int
    """Jobs whose status is ageing or stale, without paused ones."""
    stale: int
    """Stale jobs among them, whether they fail or not."""
    never: int
    """Jobs that were never read, without paused ones, whether they fail or not."""
    oldest: float | None
    """Age in seconds of the oldest ageing or stale status; None if all are fresh."""

    @property
    def total(self) -> int:
        return self.counts.total()


Addend = tuple[Condition, Freshness | None]
"""What one job adds to the sum. A paused job has no freshness (None)."""
UNREAD: Addend = (Condition.UNREAD, Freshness.NEVER_READ)
IntervalOf = Callable[[JobState], float]


class Tally:
    """Keeps the sum up to date by the jobs that changed. `count` again when time has passed."""

    def __init__(self) -> None:
        self._addends: dict[JobId, Addend] = {}
        """What each job adds; jobs that are missing here are unread."""
        self._sums: Counter[Addend] = Counter()
        self._read_at: dict[JobId, float] = {}
        """When each job with an ageing or stale status was read."""
        self.jobs: defaultdict[Condition, dict[JobId, None]] = defaultdict(dict)
        """The jobs in each state but unread."""
        self._now = 0.0

    def count(self, states: Collection[JobState], now: float, interval_of: IntervalOf) -> set[JobId]:
        """Discards the counts and counts these jobs anew. Returns those that were counted otherwise before."""
        self._now = now
        before, self._addends = self._addends, {}
        self._read_at, self._sums = {}, Counter({UNREAD: len(states)})
        self.jobs.clear()
        self.follow((state for state in states if state.last or state.paused), interval_of)
        others = {job for job, addend in self._addends.items() if before.get(job) != addend}
        return others | before.keys() - self._addends.keys()

    def follow(self, states: Iterable[JobState], interval_of: IntervalOf) -> None:
        """Update the sum for these jobs, which were counted before."""
        for state in states:
            job, addend = state.job.id, _addend(state, self._now, interval_of(state))
            before = self._addends.get(job, UNREAD)
            if addend != before:
                self._sums[before] -= 1
                self._sums[addend] += 1
                self.jobs[before[0]].pop(job, None)
                self.jobs[addend[0]][job] = None
                self._addends[job] = addend
            if state.good and addend[1] in (Freshness.AGEING, Freshness.STALE):
                self._read_at[job] = state.good.received.at
            else:
                self._read_at.pop(job, None)

    @property
    def summary(self) -> Summary:
        counts: Counter[Condition] = Counter()
        by_freshness: Counter[Freshness | None] = Counter()
        for (condition, freshness), number in self._sums.items():
            counts[condition] += number
            by_freshness[freshness] += number
        stale = by_freshness[Freshness.STALE]
        oldest = self._now - min(self._read_at.values()) if self._read_at else None
        return Summary(
            counts, by_freshness[Freshness.AGEING] + stale, stale, by_freshness[Freshness.NEVER_READ], oldest
        )


def _addend(state: JobState, now: float, interval: float) -> Addend:
    freshness = state.freshness(now, interval)
    return _condition(state, freshness), None if state.paused else freshness
