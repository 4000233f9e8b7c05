"""When a job is asked again. Pure: seconds from what was learned."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from tui.core.reading import Failure, Retry, Status

_DOUBLINGS = 16
"""Enough for any cap, and 2 to the power of a week's failures would overflow."""


class Policy(NamedTuple):
    """How often to ask. Seconds, but for the two that say otherwise."""

    running: float = 5
    idle: float = 15
    requests_per_second: float = 5.0
    concurrency: int = 8
    """Requests at once."""
    together: int = 1
    """Requests that leave together at most, where the rate allows for more than one in `budget.TOGETHER` seconds."""
    lasting: float = 300
    """Between questions that failed for a reason that only somebody's change mends."""
    back_off_most: float = 300


class Cadence(StrEnum):
    """How often a job wants to be asked."""

    RUNNING = "running"
    IDLE = "idle"
    LASTING = "lasting"


def seconds(policy: Policy, cadence: Cadence) -> float:
    """Between two questions, as configured."""
    match cadence:
        case Cadence.RUNNING:
            return policy.running
        case Cadence.IDLE:
            return policy.idle
        case Cadence.LASTING:
            return policy.lasting


def stretch(policy: Policy, jobs: Mapping[Cadence, int], rate: float) -> float:
    """What all intervals are multiplied by so that these many jobs fit into `rate` requests a second; at least 1."""
    needed = sum(count / seconds(policy, cadence) for cadence, count in jobs.items())
    return max(1.0, needed / rate)


def delay(
    policy: Policy,
    outcome: Status | Failure,
    failures: int,
    stretched: float,
    uniform: Callable[[float, float], float],
    was_read: bool = False,
) -> float:
    """Seconds until a job is asked again that just answered so, after `failures` failed readings in a row.

    Good answers and lasting failures vary by a tenth, so that jobs do not march in step. Back-off takes between half
    and all of its time: enough to break up a crowd that failed together, and never a retry at once. A throttled job
    waits as after its first failure, however often: it is the budget that slows down for it. A job that was read once
    comes to a lasting failure by backing off, since that may have been no failure of the job.
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
