"""Makes the calls beside the status call wait for their share of a profile's request rate."""

import asyncio
from collections.abc import Callable

from tui.core.reading import Failure
from tui.polling.budget_share import BudgetShare, Peers
from tui.polling.rate_limiter import SHARE, AdaptiveRateLimiter, ExtrasShare

LONGEST_NAP = 2.0
"""Seconds between two checks of whether an extra may be sent."""
WANTED = 1.0
"""Requests a second that a command needs which asks for nothing but extras."""


class ExtrasBudget:
    """Makes extras wait for their share; while `may_ask` returns False they wait, too."""

    def __init__(
        self,
        limiter: AdaptiveRateLimiter,
        clock: Callable[[], float],
        may_ask: Callable[[], bool] = lambda: True,
        *,
        part: float = SHARE,
        peers: Peers | None = None,
    ) -> None:
        """`part` is the part of the limiter's rate that extras may take; with `peers` it is shared with others."""
        self._limiter = limiter
        self._share = ExtrasShare(limiter, part)
        self._clock = clock
        self._may_ask = may_ask
        self._shared = BudgetShare(limiter, peers) if peers else None
        self._has_begun = False

    async def turn(self) -> None:
        """Returns when one request may leave; it is paid for then."""
        if self._shared and not self._has_begun:
            self._has_begun = True
            await self._shared.begin(self._clock(), WANTED)
        while True:
            if self._shared:
                self._shared.turn(self._clock(), WANTED)
            wait = self._share.take(self._clock()) if self._may_ask() else LONGEST_NAP
            if not wait:
                return
            await asyncio.sleep(min(wait, LONGEST_NAP))

    def throttled(self, refusal: Failure, sent: float, now: float) -> None:
        """The service asked for fewer requests: the status calls slow down with the extras."""
        self._limiter.on_throttled(refusal, sent, now)

    def close(self) -> None:
        """No more requests leave."""
        if self._shared and self._has_begun:
            self._shared.end(self._clock())
