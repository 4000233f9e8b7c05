"""A poller's part in a budget that several instances share. No disk and no clock of its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Protocol

from tui.core.budget import Spending, Told
from tui.polling.rate_limiter import AdaptiveRateLimiter

EVERY = 0.2
"""Seconds between two exchanges; a refusal is told at once."""
AT_FIRST = 0.3
"""Seconds that the first request waits at most to hear from others and of a remembered limit."""
ROOM = 1.25
"""An instance asks for so many times what its plan needs: for extras, and for what the user wants at once."""


class Peers(Protocol):
    """The other instances that use the same credential: `storage.shared_budget.SharedBudget`, or a fake."""

    def exchange(self, spending: Spending) -> Told | None:
        """Tells them, and returns what they told last; None before anything was heard. Never blocks."""

    def when_told(self, ready: Callable[[], object]) -> None:
        """Calls `ready`, from any thread, when something is told for the first time."""

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
