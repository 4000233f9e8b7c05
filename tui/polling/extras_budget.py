"""Makes the calls beside the status call wait for their share of a profile's request rate."""

import asyncio
from collections.abc import Callable

from tui.core.reading import Failure
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasShare

LONGEST_NAP = 2.0
"""Seconds between two checks of whether an extra may be sent."""


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
