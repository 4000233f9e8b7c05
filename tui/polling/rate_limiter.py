"""The rate limiter of a profile: GCRA, with a rate that halves when the service throttles."""

from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure

LONGEST_WINDOW = 300.0
"""Seconds waited at most for a window that a message names."""
CEILING_LASTS = 1800.0
QUIET = 60.0
"""Seconds without a refusal after which the rate grows a step."""
GROWTH = 0.1
LOWEST = 1 / 32
"""Of the configured rate: halving ends there."""
FIRST_WAIT = 5.0
LONGEST_WAIT = 60.0
LONGEST_RETRY_AFTER = 3600.0
ROOMY = 2.0
"""A named limit that is so many times our rate is no reason to halve it: others use it up."""
OTHERS_WELL = 10
"""Good answers of other jobs between two refusals of one job, which are its own then."""
TOGETHER = 0.6
"""Seconds whose requests leave together: three in a row cost a third less CPU than three apart."""


class AdaptiveRateLimiter:
    """Never more than `rate` requests in a second, and a group. All times are the caller's clock."""

    def __init__(self, requests_per_second: float, most_together: int = 1) -> None:
        """A group has the requests of `TOGETHER` seconds, and never more than `most_together`."""
        self._most_together = most_together
        self.full_rate = requests_per_second
        self.rate = requests_per_second
        self.refusal: Failure | None = None
        """What the service said when it throttled last."""
        self.waiting_until = -inf
        self._paid_at = -inf
        """When the rate has made up for all that was sent."""
        self._group = (-inf, 0)
        """When the last whole group began to leave, and how many have left with it."""
        self._refused_at = -inf
        self._quiet_since = -inf
        self._episodes = 0
        self._ceiling = inf
        self._ceiling_until = -inf
        self._blamed: JobId | None = None
        """The only job that the last refusals were about."""
        self._others_well = 0
        """Good answers of other jobs since."""
        self._rate_before = requests_per_second

    @property
    def ready_at(self) -> float:
        """The earliest moment for a request that somebody waits for."""
        return max(self.waiting_until, self._paid_at - (self._together - 1) / self.rate)

    def group_at(self, now: float) -> float:
        """The earliest moment for any other: with the group that leaves just now, or at the head of the next."""
        began, left = self._group
        is_leaving = began == now and left < self._together
        return max(self.waiting_until, -inf if is_leaving else self._paid_at)

    def sent(self, now: float) -> None:
        """A request left."""
        began, left = self._group
        self._group = (now, 1) if now >= self._paid_at else (began, left + 1)
        self._paid_at = max(self._paid_at, now) + 1 / self.rate

    @property
    def _together(self) -> int:
        """One by one once the service has refused any: it may count by the second."""
        return 1 if self.refusal else max(1, min(self._most_together, int(self.rate * TOGETHER)))

    def answered_well(self, now: float, job: JobId | None = None) -> None:
        """A status arrived. A minute without a refusal gives back a tenth of the configured rate."""
        self._others_well += job != self._blamed
        if now - self._quiet_since < QUIET:
            return
        self._episodes = 0
        ceiling = min(self.full_rate, self._ceiling) if now < self._ceiling_until else self.full_rate
        if self.rate < ceiling:
            self.rate = min(ceiling, self.rate + GROWTH * self.full_rate)
            self._quiet_since = now

    def refused(self, refusal: Failure, sent: float, now: float, job: JobId | None = None) -> None:
        """The service throttled a request of `sent`.

        Refusals of requests that had left before the first one came are one event with it: they may name a limit or a
        longer wait, but the rate does not halve again. One job that is refused again and again while all others are
        answered has a limit of its own, and slows nobody else.
        """
        if job is not None and job == self._blamed and self._others_well >= OTHERS_WELL:
            self._forgive()
            return
        self.refusal = refusal
        is_new = sent > self._refused_at
        self._blame(job, is_new)
        if is_new:
            self._refused_at = now
            self._episodes += 1
        is_roomy = refusal.limit is not None and refusal.limit[0] >= ROOMY * self.rate * refusal.limit[1] > 0
        if not self._learn_limit(refusal, now) and is_new and not is_roomy:
            self.rate = max(self.rate / 2, min(self.rate, LOWEST * self.full_rate))
        wait = _named_wait(refusal)
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
        """What the first refusal of this job cost is given back."""
        self._others_well = 0
        self.refusal = None
        self.rate = max(self.rate, self._rate_before)

    def _learn_limit(self, refusal: Failure, now: float) -> bool:
        """Take over the limit that the message names; whether that slowed us down."""
        if not refusal.limit or min(refusal.limit) <= 0:
            return False
        requests, window = refusal.limit
        named = max(requests / window, 1 / LONGEST_WINDOW)
        self._ceiling = named
        self._ceiling_until = now + CEILING_LASTS
        if named >= self.rate:
            return False
        self.rate = named
        return True


def _named_wait(refusal: Failure) -> float | None:
    """Seconds that the refusal asks for; None when it does not say."""
    if refusal.retry_after is not None:
        return min(max(refusal.retry_after, 0.0), LONGEST_RETRY_AFTER)
    return min(max(refusal.limit[1], 0.0), LONGEST_WINDOW) if refusal.limit else None
