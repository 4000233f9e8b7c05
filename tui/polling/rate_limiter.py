"""The rate limiter of a profile: GCRA, with a rate that halves when the service throttles and grows back slowly."""

from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure

LONGEST_WINDOW = 300.0
"""Seconds: a longer window that a throttling message names is not waited for."""
CEILING_LASTS = 1800.0
"""Seconds for which the rate stays within a limit that a message named."""
QUIET = 60.0
"""Seconds without throttling after which the rate grows by a step."""
GROWTH = 0.1
"""A step, as a share of the configured rate."""
LOWEST = 1 / 32
"""The share of the configured rate at which halving ends."""
FIRST_WAIT = 5.0
LONGEST_WAIT = 60.0
"""Seconds without requests after throttling that names no time: doubled each time, up to the longest."""
LONGEST_RETRY_AFTER = 3600.0
ROOMY = 2.0
"""A named limit of at least this many times our rate does not halve the rate: other clients use the limit up."""
OTHERS_WELL = 10
"""If this many readings of other jobs succeed between two throttled ones of a job, the limit is that job's own."""
TOGETHER = 0.6
"""The requests of this many seconds leave as a group: three in a row cost a third less CPU than three apart."""


class AdaptiveRateLimiter:
    """Allows `rate` requests a second, plus one group. All times are seconds of the caller's clock."""

    def __init__(self, requests_per_second: float, most_together: int = 1) -> None:
        """`most_together` is the size of a group at most, where `TOGETHER` seconds have more requests."""
        self._most_together = most_together
        self.full_rate = requests_per_second
        self.rate = requests_per_second
        self.throttled: Failure | None = None
        """The last throttling failure."""
        self.waiting_until = -inf
        """No request leaves before this moment: the service asked for a pause."""
        self._paid_at = -inf
        """GCRA's theoretical arrival time: when all requests sent so far are paid for."""
        self._group = (-inf, 0)
        """When the current group began to leave, and how many of its requests have left."""
        self._throttled_at = -inf
        self._quiet_since = -inf
        self._episodes = 0
        self._ceiling = inf
        self._ceiling_until = -inf
        self._blamed: JobId | None = None
        """The job whose requests alone were throttled last; None if there were several."""
        self._others_well = 0
        """Successful readings of other jobs since."""
        self._rate_before = requests_per_second

    @property
    def ready_at(self) -> float:
        """The earliest moment for a request that the user waits for."""
        return max(self.waiting_until, self._paid_at - (self._together - 1) / self.rate)

    def group_at(self, now: float) -> float:
        """Returns the earliest moment for any other request: now, with the group that is leaving, or with the next."""
        began, left = self._group
        is_leaving = began == now and left < self._together
        return max(self.waiting_until, -inf if is_leaving else self._paid_at)

    def on_sent(self, now: float) -> None:
        """A request leaves."""
        began, left = self._group
        self._group = (now, 1) if now >= self._paid_at else (began, left + 1)
        self._paid_at = max(self._paid_at, now) + 1 / self.rate

    @property
    def _together(self) -> int:
        """The size of a group; 1 once the service has throttled, since it may count requests by the second."""
        return 1 if self.throttled else max(1, min(self._most_together, int(self.rate * TOGETHER)))

    def on_success(self, now: float, job: JobId | None = None) -> None:
        """A reading succeeded. After each minute without throttling the rate grows by a step."""
        self._others_well += job != self._blamed
        if now - self._quiet_since < QUIET:
            return
        self._episodes = 0
        ceiling = min(self.full_rate, self._ceiling) if now < self._ceiling_until else self.full_rate
        if self.rate < ceiling:
            self.rate = min(ceiling, self.rate + GROWTH * self.full_rate)
            self._quiet_since = now

    def on_throttled(self, failure: Failure, sent: float, now: float, job: JobId | None = None) -> None:
        """The service throttled a request that left at `sent`.

        Requests that left before the first of them was throttled count as one event with it: they may name a limit or
        a longer wait, but the rate is not halved again. A job that is throttled again and again while all others are
        read has a limit of its own, and does not slow down the others.
        """
        if job is not None and job == self._blamed and self._others_well >= OTHERS_WELL:
            self._forgive()
            return
        self.throttled = failure
        is_new = sent > self._throttled_at
        self._blame(job, is_new)
        if is_new:
            self._throttled_at = now
            self._episodes += 1
        is_roomy = failure.limit is not None and failure.limit[0] >= ROOMY * self.rate * failure.limit[1] > 0
        if not self._learn_limit(failure, now) and is_new and not is_roomy:
            self.rate = max(self.rate / 2, min(self.rate, LOWEST * self.full_rate))
        wait = _named_wait(failure)
        if wait is None and is_new:
            wait = min(FIRST_WAIT * 2.0 ** min(self._episodes - 1, 16), LONGEST_WAIT)
        self.waiting_until = max(self.waiting_until, now + (wait or 0.0))
        self._quiet_since = self.waiting_until

    def _blame(self, job: JobId | None, is_new: bool) -> None:
        if is_new:
            self._blamed, self._rate_before = job, self.rate
        elif job != self._blamed:
            self._blamed = None
        self._others_well = 0

    def _forgive(self) -> None:
        """Undoes what throttling of this job has cost all jobs."""
        self._others_well = 0
        self.throttled = None
        self.rate = max(self.rate, self._rate_before)

    def _learn_limit(self, failure: Failure, now: float) -> bool:
        """Takes over the limit that the failure names. Returns whether that lowered the rate."""
        if not failure.limit or min(failure.limit) <= 0:
            return False
        requests, window = failure.limit
        named = max(requests / window, 1 / LONGEST_WINDOW)
        self._ceiling = named
        self._ceiling_until = now + CEILING_LASTS
        if named >= self.rate:
            return False
        self.rate = named
        return True


def _named_wait(failure: Failure) -> float | None:
    """Returns the seconds that the failure asks to wait; None if it names no time."""
    if failure.retry_after is not None:
        return min(max(failure.retry_after, 0.0), LONGEST_RETRY_AFTER)
    return min(max(failure.limit[1], 0.0), LONGEST_WINDOW) if failure.limit else None


SHARE = 0.2
AT_ONCE = 5
"""Requests that may be sent together after a pause, since a dialog waits for them."""


class ExtrasShare:
    """Takes from the profile's limiter, and slows down with it. All times are the caller's clock."""

    def __init__(self, limiter: AdaptiveRateLimiter) -> None:
        self._limiter = limiter
        self._paid_at = -inf
        """GCRA's theoretical arrival time: when all requests taken so far are paid for."""

    def take(self, now: float) -> float:
        """Takes one request and returns 0.0, or returns the seconds to wait before calling again."""
        apart = 1 / (SHARE * self._limiter.rate)
        ready_at = max(self._limiter.ready_at, self._paid_at - (AT_ONCE - 1) * apart)
        if ready_at > now:
            return ready_at - now
        self._limiter.on_sent(now)
        self._paid_at = max(self._paid_at, now) + apart
        return 0.0
