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
"""Where intervals are stretched, those of jobs that are neither running nor near are this many times as long."""
SLOWED_MOST = 0.05
"""What is read more often makes the others wait this much longer at most than if all were read in turn: this part of
such a round, or an idle interval."""


class Pacing(NamedTuple):
    """The intervals of all jobs, in seconds."""

    intervals: Mapping[Cadence, float]

    @property
    def longest(self) -> float:
        """The interval that every idle job keeps."""
        return max(self.intervals[Cadence.IDLE], self.intervals[Cadence.QUIET])


def configured_interval(policy: Policy, cadence: Cadence) -> float:
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
    return sum(count / configured_interval(policy, cadence) for cadence, count in jobs.items())


def pacing(policy: Policy, jobs: Mapping[Cadence, int], rate: float) -> Pacing:
    """Returns the intervals with which these jobs need `rate` requests a second, or less.

    If there are too many jobs for the rate, quiet ones wait up to `policy.quiet` first, and then all intervals stretch.
    """
    quiet = jobs.get(Cadence.QUIET, 0)
    others: dict[Cadence, int] = {cadence: count for cadence, count in jobs.items() if cadence is not Cadence.QUIET}
    spare = rate - needed(policy, others)
    if quiet / policy.idle <= spare:
        return _paced(policy, _Stretch(), policy.idle)
    slowest = max(policy.quiet, policy.idle)
    if quiet / slowest <= spare:
        return _paced(policy, _Stretch(), quiet / spare)
    if quiet / slowest < rate:
        stretch = _stretch(policy, others, rate - quiet / slowest, is_fair=not quiet)
        if not quiet or policy.idle * stretch.rest <= slowest:
            return _paced(policy, stretch, slowest if quiet else policy.idle * stretch.rest)
    stretch = _stretch(policy, {**others, Cadence.IDLE: others.get(Cadence.IDLE, 0) + quiet}, rate, is_fair=True)
    return _paced(policy, stretch, policy.idle * stretch.rest)


class _Stretch(NamedTuple):
    """The factors of the intervals: of running jobs, of near ones, and of the rest."""

    running: float = 1.0
    near: float = 1.0
    rest: float = 1.0


def _paced(policy: Policy, stretch: _Stretch, quiet: float) -> Pacing:
    return Pacing(
        {
            Cadence.RUNNING: policy.running * stretch.running,
            Cadence.NEAR: policy.idle * stretch.near,
            Cadence.IDLE: policy.idle * stretch.rest,
            Cadence.QUIET: max(quiet, policy.idle * stretch.rest),
            Cadence.LASTING: policy.lasting * stretch.rest,
        }
    )


def _stretch(policy: Policy, jobs: Mapping[Cadence, int], rate: float, *, is_fair: bool) -> _Stretch:
    """Returns factors of 1 and more; that of the rest is the square of the others, up to `REST_FACTOR` times as large.

    `is_fair` keeps the rest from waiting much longer than in a plain round; lists that are trusted make up for that.
    """
    near = needed(policy, {cadence: jobs.get(cadence, 0) for cadence in (Cadence.RUNNING, Cadence.NEAR)})
    rest = needed(policy, {cadence: jobs.get(cadence, 0) for cadence in (Cadence.IDLE, Cadence.LASTING)})
    far = (near + rest / REST_FACTOR) / rate
    if far >= REST_FACTOR:
        stretch = _Stretch(far, far, far * REST_FACTOR)
        return _fair(policy, jobs, rest, rate, stretch) if is_fair else stretch
    close = (near + sqrt(near * near + 4 * rate * rest)) / (2 * rate)
    return _Stretch(max(1.0, close), max(1.0, close), max(1.0, close * close))


def _fair(policy: Policy, jobs: Mapping[Cadence, int], rest: float, rate: float, wanted: _Stretch) -> _Stretch:
    """Returns `wanted`, unless others would wait much longer than in a plain round: then running jobs wait longer.

    `rest` is how many requests a second the rest needs.
    """
    running, near = jobs.get(Cadence.RUNNING, 0), jobs.get(Cadence.NEAR, 0)
    plain = (running + near + rest * policy.idle) / rate
    most = (plain + max(policy.idle, SLOWED_MOST * plain)) / policy.idle
    of_rest, of_near = min(wanted.rest, most), most / (1 + SLOWED_MOST)
    if wanted.rest <= most and wanted.near <= of_near:
        return wanted
    left = rate - rest / of_rest
    both = (running / policy.running + near / policy.idle) / left
    if not running or both <= of_near:
        return _Stretch(both, both, of_rest)
    return _Stretch(running / (left - near / policy.idle / of_near) / policy.running, of_near, of_rest)


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
