"""The extra calls' share of a profile's request rate: a fifth of the status calls' rate, a few at once."""

import asyncio
from collections.abc import Callable
from math import inf

from tui.core.reading import Failure
from tui.polling.rate_limiter import AdaptiveRateLimiter

SHARE = 0.2
AT_ONCE = 5
"""Requests that may be sent together after a pause, since a dialog waits for them."""
LONGEST_NAP = 2.0
"""Seconds between two checks of whether an extra may be sent."""


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


class ExtrasBudget:
    """Makes extras wait for their share; while `may_ask` returns False they wait, too."""

    def __init__(
        self, limiter: AdaptiveRateLimiter, clock: Callable[[], float], may_ask: Callable[[], bool] = lambda: True
    ) -> None:
        self._limiter = limiter
        self._share = ExtrasShare(limiter)
        self._clock = clock
        self._may_ask = may_ask

    async def turn(self) -> None:
        """Returns when one request may leave; it is paid for then."""
        while True:
            wait = self._share.take(self._clock()) if self._may_ask() else LONGEST_NAP
            if not wait:
                return
            await asyncio.sleep(min(wait, LONGEST_NAP))

    def throttled(self, refusal: Failure, sent: float, now: float) -> None:
        """The service asked for fewer requests: the status calls slow down with the extras."""
        self._limiter.on_throttled(refusal, sent, now)
