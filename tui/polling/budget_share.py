"""A poller's part in a shared budget, and of it the part of calls beside the status. No disk, no clock of its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Protocol

from tui.core.budget import Spending, Told
from tui.core.reading import Failure
from tui.polling.rate_limiter import SHARE, AdaptiveRateLimiter, ExtrasShare

EVERY = 0.2
"""Seconds between two exchanges with the other instances; a refusal is passed on at once."""
AT_FIRST = 0.3
"""Seconds that the first request waits at most to hear from others and of a remembered limit."""
ROOM = 1.25
"""An instance asks for so many times what its plan needs: for extras, and for what the user wants at once."""


class Peers(Protocol):
    """The other instances that use the same credential: `storage.shared_budget.SharedBudget`, or a fake."""

    def exchange(self, spending: Spending) -> Told | None:
        """Tells them, and returns what they told last; None before anything was heard. Never blocks."""

    def when_told(self, ready: Callable[[], object]) -> None:
        """Calls `ready`, from any thread, when another instance is heard for the first time."""

    def end(self) -> None:
        """This instance ends. May take a moment."""


class BudgetShare:
    """Belongs to one event loop. All times are seconds of the caller's clock."""

    def __init__(self, limiter: AdaptiveRateLimiter, peers: Peers) -> None:
        self._limiter, self._peers = limiter, peers
        self._told: Told | None = None
        self._at = -inf
        self._refused_at = -inf

    async def begin(self, now: float, wanted: float) -> None:
        """Returns when the others were heard, or after a moment."""
        heard, loop = asyncio.Event(), asyncio.get_running_loop()
        self._peers.when_told(lambda: loop.call_soon_threadsafe(heard.set))
        self.turn(now, wanted)
        if self._told is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_FIRST):
                    await heard.wait()

    def turn(self, now: float, wanted: float) -> None:
        """Tells and learns, if it is time. `wanted` is how many requests a second the plan needs."""
        limiter = self._limiter
        if now < self._at + EVERY and limiter.refused_at == self._refused_at and self._told is not None:
            return
        self._at, self._refused_at = now, limiter.refused_at
        limiter.wanted = min(max(ROOM * wanted, 1e-3), limiter.full_rate)
        told = self._peers.exchange(limiter.spending(now))
        if told is not None and told is not self._told:
            self._told = told
            if told.remembered and now < told.remembered.ends:
                limiter.remember(told.remembered)
            limiter.take_others(told.others, now)

    def end(self, now: float) -> None:
        """The last word: what was spent still counts."""
        self._peers.exchange(self._limiter.spending(now))
        self._peers.end()


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
