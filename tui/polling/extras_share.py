"""The extras' share of a profile's budget: a fifth of what the status calls may use, a few at once."""

import asyncio
from collections.abc import Callable
from math import inf

from tui.core.reading import Failure
from tui.polling.rate_limiter import AdaptiveRateLimiter

SHARE = 0.2
AT_ONCE = 5
"""Requests that may leave together after a quiet while: a dialog waits for them."""
LONGEST_NAP = 2.0
"""Seconds between two looks at whether an extra may leave."""


class ExtrasShare:
    """Takes from the budget, and slows down with it. All times are the caller's clock."""

    def __init__(self, limiter: AdaptiveRateLimiter) -> None:
        self._budget = limiter
        self._paid_at = -inf
        """When the share has made up for all that was taken."""

    def take(self, now: float) -> float:
        """0.0: a request may leave, and is paid for. Otherwise the seconds until it is worth asking again."""
        apart = 1 / (SHARE * self._budget.rate)
        ready_at = max(self._budget.ready_at, self._paid_at - (AT_ONCE - 1) * apart)
        if ready_at > now:
            return ready_at - now
        self._budget.sent(now)
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
        while wait := self._share.take(self._clock()) if self._may_ask() else LONGEST_NAP:
            await asyncio.sleep(min(wait, LONGEST_NAP))

    def throttled(self, refusal: Failure, sent: float, now: float) -> None:
        """The service asked for fewer requests: the status calls slow down with the extras."""
        self._limiter.refused(refusal, sent, now)
