"""The extras' share of a profile's budget: a fifth of what the status calls may use, a few at once."""

from math import inf

from tui.polling.rate_limiter import AdaptiveRateLimiter

SHARE = 0.2
AT_ONCE = 5
"""Requests that may leave together after a quiet while: a dialog waits for them."""


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
        self._budget.on_sent(now)
        self._paid_at = max(self._paid_at, now) + apart
        return 0.0
