"""How often a job is polled. Pure: from what was learned to seconds."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from tui.core.reading import Failure, Retry, Status

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
    lasting: float = 300
    """The interval of a job that fails for a reason that only a person can remove."""
    back_off_most: float = 300
    """The longest wait of a job that backs off."""


class Cadence(StrEnum):
    """Which interval of the policy applies to a job."""

    RUNNING = "running"
    IDLE = "idle"
    LASTING = "lasting"


def seconds(policy: Policy, cadence: Cadence) -> float:
    """Returns the interval as configured."""
    match cadence:
        case Cadence.RUNNING:
            return policy.running
        case Cadence.IDLE:
            return policy.idle
        case Cadence.LASTING:
            return policy.lasting


def needed(policy: Policy, jobs: Mapping[Cadence, int]) -> float:
    """Returns the requests a second with which these jobs are read as often as configured."""
    return sum(count / seconds(policy, cadence) for cadence, count in jobs.items())


def stretch(policy: Policy, jobs: Mapping[Cadence, int], rate: float) -> float:
    """Returns the factor for all intervals with which these jobs need `rate` requests a second; at least 1."""
    return max(1.0, needed(policy, jobs) / rate)


def delay(
    policy: Policy,
    outcome: Status | Failure,
    failures: int,
    stretched: float,
    uniform: Callable[[float, float], float],
    was_read: bool = False,
) -> float:
    """Returns the seconds until a job's next request after this outcome, the last of `failures` failures in a row.

    The interval after a success or a lasting failure varies by a tenth, so that jobs do not fall into step. Back-off
    takes between half and all of its time: that spreads jobs that failed together, and is never zero. A throttled job
    waits as after its first failure, however often it happens: the rate limiter slows down for it. A job that was read
    before backs off step by step to the interval of lasting failures, since the first ones may not be about the job.
    """
    if isinstance(outcome, Status):
        cadence = Cadence.RUNNING if outcome is Status.RUNNING else Cadence.IDLE
        return seconds(policy, cadence) * stretched * uniform(0.9, 1.1)
    idle = policy.idle * stretched
    doubled = idle * 2.0 ** min(max(failures - 1, 0), _DOUBLINGS)
    match outcome.kind.retry:
        case Retry.THROTTLED:
            return idle * uniform(0.5, 1.0)
        case Retry.PASSING:
            backed_off = min(doubled, max(policy.back_off_most, idle)) * uniform(0.5, 1.0)
            return max(backed_off, outcome.retry_after or 0.0)
        case Retry.LASTING if was_read:
            return min(doubled, policy.lasting * stretched) * uniform(0.9, 1.1)
        case _:
            return policy.lasting * stretched * uniform(0.9, 1.1)
