"""How often a job is polled. Pure: from what was learned to seconds."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from math import sqrt
from typing import NamedTuple

from tui.core.reading import Failure, Retry

_DOUBLINGS = 16
"""Enough to get to any longest wait; 2 to the power of a week's failures would overflow."""


class Policy(NamedTuple):
    """How often to poll. Durations are in seconds."""

    running: float = 5
    """The interval of a running job."""
    idle: float = 15
    requests_per_second: float = 5.0
    concurrency: int = 8
    """Requests in flight at most."""
    together: int = 1
    """Requests that leave as one group at most; see `rate_limiter.TOGETHER`."""
    quiet: float = 900
    """The longest interval of an idle job whose project's list has earned trust."""
    lasting: float = 300
    """The interval of a job that fails for a reason that only a person can remove."""
    back_off_most: float = 300
    """The longest wait of a job that backs off."""
    lists: bool = True
    """Whether lists of jobs may be asked for, if the profile allows other calls than the status call."""


class Cadence(StrEnum):
    """Which interval of the policy applies to a job."""

    RUNNING = "running"
    NEAR = "near"
    """Idle, and in view, marked or armed."""
    IDLE = "idle"
    QUIET = "quiet"
    """Idle, and a list that has earned trust says the same."""
    LASTING = "lasting"


REST_FACTOR = 1.25
"""Where intervals are stretched, those of jobs that are neither running nor near are so much longer."""


class Pacing(NamedTuple):
    """The intervals of all jobs, in seconds."""

    intervals: Mapping[Cadence, float]
    stretch: float = 1.0
    """The factor of running and near jobs."""

    @property
    def longest(self) -> float:
        """The interval that every idle job keeps."""
        return max(self.intervals[Cadence.IDLE], self.intervals[Cadence.QUIET])


def seconds(policy: Policy, cadence: Cadence) -> float:
    """Returns the interval as configured."""
    match cadence:
        case Cadence.RUNNING:
            return policy.running
        case Cadence.LASTING:
            return policy.lasting
        case _:
            return policy.idle


def needed(policy: Policy, jobs: Mapping[Cadence, int]) -> float:
    """Returns the requests a second with which these jobs are read as often as configured."""
    return sum(count / seconds(policy, cadence) for cadence, count in jobs.items())


def pacing(policy: Policy, jobs: Mapping[Cadence, int], rate: float) -> Pacing:
    """Returns the intervals with which these jobs need `rate` requests a second, or less.

    If there are too many jobs for the rate, quiet ones wait up to `policy.quiet` first, and then all intervals stretch.
    """
    quiet = jobs.get(Cadence.QUIET, 0)
    others: dict[Cadence, int] = {cadence: count for cadence, count in jobs.items() if cadence is not Cadence.QUIET}
    spare = rate - needed(policy, others)
    if quiet / policy.idle <= spare:
        return _paced(policy, 1.0, 1.0, policy.idle)
    slowest = max(policy.quiet, policy.idle)
    if quiet / slowest <= spare:
        return _paced(policy, 1.0, 1.0, quiet / spare)
    if quiet / slowest < rate:
        near, rest = _stretches(policy, others, rate - quiet / slowest)
        if not quiet or policy.idle * rest <= slowest:
            return _paced(policy, near, rest, slowest if quiet else policy.idle * rest)
    near, rest = _stretches(policy, {**others, Cadence.IDLE: others.get(Cadence.IDLE, 0) + quiet}, rate)
    return _paced(policy, near, rest, policy.idle * rest)


def _paced(policy: Policy, near: float, rest: float, quiet: float) -> Pacing:
    intervals = {
        Cadence.RUNNING: policy.running * near,
        Cadence.NEAR: policy.idle * near,
        Cadence.IDLE: policy.idle * rest,
        Cadence.QUIET: max(quiet, policy.idle * rest),
        Cadence.LASTING: policy.lasting * rest,
    }
    return Pacing(intervals, near)


def _stretches(policy: Policy, jobs: Mapping[Cadence, int], rate: float) -> tuple[float, float]:
    """Returns the factors of running and near jobs, and of the rest: equal up to 1, and `REST_FACTOR` apart at most."""
    near = needed(policy, {cadence: jobs.get(cadence, 0) for cadence in (Cadence.RUNNING, Cadence.NEAR)})
    rest = needed(policy, {cadence: jobs.get(cadence, 0) for cadence in (Cadence.IDLE, Cadence.LASTING)})
    far = (near + rest / REST_FACTOR) / rate
    if far >= REST_FACTOR:
        return far, far * REST_FACTOR
    close = (near + sqrt(near * near + 4 * rate * rest)) / (2 * rate)  # the factor of the rest is its square
    return max(1.0, close), max(1.0, close * close)


def back_off(
    policy: Policy,
    failure: Failure,
    failures: int,
    stretched: float,
    uniform: Callable[[float, float], float],
    was_read: bool = False,
) -> float:
    """Returns the seconds until a job's next request after this failure, the last of `failures` in a row.

    After a lasting failure it varies by a tenth, so that jobs do not fall into step. Back-off takes between half and
    all of its time: that spreads jobs that failed together, and is never zero. A throttled job waits as after its
    first failure, however often it happens: the rate limiter slows down for it. A job that was read before backs off
    step by step to the interval of lasting failures, since the first ones may not be about the job.
    """
    idle = policy.idle * stretched
    doubled = idle * 2.0 ** min(max(failures - 1, 0), _DOUBLINGS)
    match failure.kind.retry:
        case Retry.THROTTLED:
            return idle * uniform(0.5, 1.0)
        case Retry.PASSING:
            backed_off = min(doubled, max(policy.back_off_most, idle)) * uniform(0.5, 1.0)
            return max(backed_off, failure.retry_after or 0.0)
        case Retry.LASTING if was_read:
            return min(doubled, policy.lasting * stretched) * uniform(0.9, 1.1)
        case _:
            return policy.lasting * stretched * uniform(0.9, 1.1)
