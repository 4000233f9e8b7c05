"""The rate limiter of a profile: GCRA, with a rate that follows what the service allows.

A limit that the service names is a number of requests in a window of time. What the window has left may be spent at
once, up to half of the limit; all other requests keep a pace that the window never runs out of. Where the service only
refuses, the rate halves and grows back slowly. Instances that share a budget each take a part of the rate.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from math import inf
from typing import Protocol

from tui.core.budget import LONGEST_WINDOW, CallLog, Limit, Spending, Told, free_at, limit_of, share, spent
from tui.core.job import JobId
from tui.core.reading import LONGEST_RETRY_AFTER, Failure, FailureKind

QUIET = 60.0
"""Seconds without throttling after which the rate grows by a step; in a long window two windows."""
GROWTH = 0.1
"""A step, as a share of the full rate."""
LOWEST = 1 / 32
"""The share of the configured rate at which halving ends."""
LEAST_CARE = 1 / 8
"""The share of a named limit at which halving ends."""
PACED, USABLE = 0.9, 0.95
"""The part of a limit that the pace uses, and the part that is used at most: others may send a request, too."""
AT_ONCE_MOST = 0.5
"""The part of a limit that may be spent ahead of the pace."""
LONG = 60.0
"""Seconds: requests are counted in windows from this length on; in a shorter one they only keep their pace."""
SHOWN_BY = 10
"""Requests that must have been sent before a refusal to conclude a limit from it."""
FIRST_WAIT = 5.0
LONGEST_WAIT = 60.0
"""Seconds without requests after throttling that names no time: doubled each time, up to the longest."""
ONE_EVENT = 0.5
"""Seconds within which refusals of several instances are one: each has heard of it by a clock of its own."""
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
        self.wanted = requests_per_second
        """Requests a second that the caller needs; of a shared budget it gets as much, if there is enough."""
        self.limit: Limit | None = None
        """What the service allows, as far as it is known."""
        self._taken_back: Limit | None = None
        """A limit that was one job's own, and when that was seen."""
        self.throttled: Failure | None = None
        """The last throttling failure; None where another instance was throttled since."""
        self.waiting_until = -inf
        """No request leaves before this moment: the service asked for a pause."""
        self.refused_at = -inf
        """When the service throttled a request last, of this instance or another one."""
        self._total = requests_per_second
        """Requests a second that the credential may send if it has no limit: halved, and grown back."""
        self._care = 1.0
        """The part of the limit that is ours: halved, and grown back."""
        self._paid_at = -inf
        """GCRA's theoretical arrival time: when all requests sent so far are paid for."""
        self._paced_at = -inf
        """The same for the pace of a limit, without the requests that were spent ahead of it."""
        self._group = (-inf, 0)
        """When the current group began to leave, and how many of its requests have left."""
        self._log, self._ahead = CallLog(), CallLog()
        """All requests, and those that were spent ahead of the pace."""
        self._requests = 0
        """Number of requests so far."""
        self._free: tuple[object, float] = None, -inf
        """What the last `_window_at` was figured out from, and its result: it is asked for many times a request."""
        self._busy_since, self._sent_since = inf, 0
        """When the first request left since the last throttling, and how many have left since."""
        self._others: tuple[Spending, ...] = ()
        self._quiet_since = -inf
        self._episodes = 0
        self._blamed: JobId | None = None
        """The job whose requests alone were throttled last; None if there were several."""
        self._others_well = 0
        """Successful readings of other jobs since."""
        self._before: tuple[float, float, Limit | None] = (self._total, self._care, None)

    @property
    def rate(self) -> float:
        """Requests a second that this instance may send for long."""
        return min(self.full_rate, self._part_of(self._allowed))

    @property
    def ready_at(self) -> float:
        """The earliest moment for a request that the user waits for, or for the first sight of a job."""
        soon = max(self.waiting_until, self._paid_at - (self._together - 1) / self._fast_rate)
        if not self.limit:
            return soon
        return max(soon, min(self._paced_at, self._ahead_at(self.limit)), self._window_at(self.limit))

    def why_waiting(self, now: float) -> Failure | None:
        """Returns why no request leaves now; None if one may. What another instance was told has no details."""
        if self.waiting_until <= now:
            return None
        seconds = self.waiting_until - now
        return self.throttled or Failure(FailureKind.THROTTLED, "The service asked for a pause.", retry_after=seconds)

    def group_at(self, now: float) -> float:
        """Returns the earliest moment for any other request: now, with the group that is leaving, or with the next."""
        began, left = self._group
        is_leaving = began == now and left < self._together
        soon = max(self.waiting_until, -inf if is_leaving else self._paid_at)
        return max(soon, self._paced_at, self._window_at(self.limit)) if self.limit else soon

    def left(self, now: float) -> float:
        """Returns how many requests may leave at once ahead of the pace; infinite where no limit is known."""
        if not self.limit:
            return inf
        if self.limit.seconds < LONG:
            return 0.0
        window = self.limit.seconds
        by_window = self._most(self.limit) - spent(self._all_counts(), window, now)
        return max(0.0, min(by_window, self._most_ahead(self.limit) - spent(self._ahead.counts(), window, now)))

    def on_sent(self, now: float) -> None:
        """A request leaves."""
        began, left = self._group
        self._group = (now, 1) if now >= self._paid_at else (began, left + 1)
        self._paid_at = max(self._paid_at, now) + 1 / self._fast_rate
        self._log.add(now)
        self._busy_since = min(self._busy_since, now)
        self._sent_since += 1
        self._requests += 1
        if self.limit and now < self._paced_at:
            self._ahead.add(now)
        elif self.limit:
            self._paced_at = max(self._paced_at, now) + 1 / self._paced_rate(self.limit, now)

    def on_success(self, now: float, job: JobId | None) -> None:
        """A reading succeeded. After each minute without throttling the rate grows by a step."""
        self._others_well += job != self._blamed
        if self.limit and not self.limit.holds(now):
            self.limit = None
        if now - self._quiet_since < (max(QUIET, 2 * self.limit.seconds) if self.limit else QUIET):
            return
        self._episodes = 0
        if self._total < self.full_rate or self._care < 1.0:
            self._total = min(self.full_rate, self._total + GROWTH * self.full_rate)
            self._care = min(1.0, self._care + GROWTH)
            self._quiet_since = now

    def on_throttled(self, failure: Failure, sent: float, now: float, job: JobId | None = None) -> None:
        """The service throttled a request that left at `sent`.

        Requests that left before the first of them was throttled count as one event with it: they may name a limit or
        a longer wait, but the rate is not halved again. A job that is throttled again and again while all others are
        read has a limit of its own, and does not slow down the others.
        """
        if job is not None and job == self._blamed and self._others_well >= OTHERS_WELL:
            self._forgive(now)
            return
        self.throttled = failure
        is_new = sent > self.refused_at
        self._blame(job, is_new)
        if is_new:
            self.refused_at = now
            self._episodes += 1
        is_explained = self._learn_limit(failure, is_new, now)
        wait = _named_wait(failure, is_explained)
        if wait is None and self.limit and is_explained:
            wait = max(0.0, self._window_at(self.limit) - now)
        elif wait is None and is_new:
            wait = min(FIRST_WAIT * 2.0 ** min(self._episodes - 1, 16), LONGEST_WAIT)
        self.waiting_until = max(self.waiting_until, now + (wait or 0.0))
        self._quiet_since = self.waiting_until
        self._busy_since, self._sent_since = inf, 0

    # With others that use the same credential

    def spending(self, now: float) -> Spending:
        """Returns what the others need to know."""
        return Spending(
            now,
            self.wanted,
            self._log.counts(),
            self._total,
            self.refused_at,
            self.waiting_until,
            self.limit,
            self._taken_back,
            self._care,
        )

    def take_others(self, others: Sequence[Spending], now: float) -> None:
        """Learns what the others have spent and what the service told them."""
        self._others = tuple(others)
        for other in others:
            self._take_back(other.taken_back)
        for other in others:
            if other.limit and other.limit.holds(now):
                self.remember(other.limit)
            if max(self.refused_at + ONE_EVENT, now - LONGEST_RETRY_AFTER) < other.refused_at <= now:
                self.throttled, self.refused_at = None, other.refused_at
                self._total = min(self._total, max(other.rate, LOWEST * self.full_rate))
                self._care = min(self._care, max(other.care, LEAST_CARE))
                self.waiting_until = max(self.waiting_until, min(other.waits_until, now + LONGEST_RETRY_AFTER))
                self._quiet_since = max(self.waiting_until, now)
                self._busy_since, self._sent_since = inf, 0

    def remember(self, limit: Limit) -> None:
        """Takes over a limit that was learned elsewhere, unless a newer one is known or it was taken back since."""
        back = self._taken_back
        if back and back[:2] == limit[:2] and limit.learned <= back.learned:
            return
        if not self.limit or limit.learned > self.limit.learned:
            self.limit = limit

    def _take_back(self, limit: Limit | None) -> None:
        if limit and self.limit and self.limit[:2] == limit[:2] and self.limit.learned <= limit.learned:
            self.limit, self._taken_back = None, limit

    @property
    def full_share(self) -> float:
        """Requests a second that this instance would send if the service allowed all that is configured."""
        return min(self.full_rate, self._part_of(self.full_rate))

    @property
    def shared_by(self) -> int:
        """Number of instances that use the budget now, with this one."""
        return 1 + sum(other.is_there for other in self._others)

    # How it is figured out

    @property
    def _allowed(self) -> float:
        """Requests a second of all instances together."""
        return min(self._total, PACED * self._care * self.limit.rate) if self.limit else self._total

    def _part_of(self, rate: float) -> float:
        if not self._others:
            return rate
        return share(rate, self.wanted, [other.wanted for other in self._others if other.is_there])

    @property
    def _fast_rate(self) -> float:
        """Requests a second while the window has something left."""
        is_window = self.limit is not None and self.limit.seconds >= LONG
        return min(self.full_rate, self._part_of(self._total)) if is_window else self.rate

    @property
    def _together(self) -> int:
        """The size of a group; 1 once the service has throttled, since it may count requests by the second."""
        return 1 if self.throttled else max(1, min(self._most_together, int(self._fast_rate * TOGETHER)))

    def _all_counts(self) -> list[tuple[float, int]]:
        return [*self._log.counts(), *(count for other in self._others for count in other.calls)]

    def _most(self, limit: Limit) -> int:
        return max(1, int(USABLE * self._care * limit.calls))

    def _most_ahead(self, limit: Limit) -> float:
        return AT_ONCE_MOST * self.rate * limit.seconds

    def _window_at(self, limit: Limit) -> float:
        """Returns when the window has room for a request."""
        if limit.seconds < LONG:
            return -inf
        known = (self._requests, self._others, limit, self._care)
        if known != self._free[0]:
            self._free = known, free_at(self._all_counts(), limit.seconds, self._most(limit))
        return self._free[1]

    def _ahead_at(self, limit: Limit) -> float:
        """Returns when a request may leave ahead of the pace."""
        if limit.seconds < LONG:
            return inf
        return free_at(self._ahead.counts(), limit.seconds, max(1, int(self._most_ahead(limit))))

    def _paced_rate(self, limit: Limit, now: float) -> float:
        """Slower while requests that were spent ahead of the pace are still in the window."""
        ahead = spent(self._ahead.counts(), limit.seconds, now) if limit.seconds >= LONG else 0
        return max(self.rate - ahead / limit.seconds, self.rate * (1 - AT_ONCE_MOST))

    def _blame(self, job: JobId | None, is_new: bool) -> None:
        if is_new:
            self._blamed, self._before = job, (self._total, self._care, self.limit)
        elif job != self._blamed:
            self._blamed = None
        self._others_well = 0

    def _forgive(self, now: float) -> None:
        """Undoes what throttling of this job has cost all jobs."""
        self._others_well = 0
        if self.limit and self.limit != self._before[2]:
            self._taken_back = self.limit._replace(learned=now)
        self.throttled = None
        total, care, limit = self._before
        self._total, self._care, self.limit = max(self._total, total), max(self._care, care), limit

    def _learn_limit(self, failure: Failure, is_new: bool, now: float) -> bool:
        """Learns from a refusal how much is allowed. Returns whether the requests that were sent explain it."""
        named = limit_of(*failure.limit, now) if failure.limit else self._limit_shown(failure, is_new, now)
        known, self.limit = self.limit, named or self.limit
        if named and (not known or named[:2] != known[:2]):
            self._paced_at = max(self._paced_at, now)
            return self._explains(named, now)
        if known and self._explains(known, now):
            return True
        if not is_new:
            return False
        if known:
            self._care = max(self._care / 2, min(self._care, LEAST_CARE))
        else:
            self._total = max(self._total / 2, min(self._total, LOWEST * self.full_rate))
        return False

    def _limit_shown(self, failure: Failure, is_new: bool, now: float) -> Limit | None:
        """Returns the limit that a refusal shows if it says when to try again: the requests sent before it, in a window
        that ends then. None if it shows none."""
        lasted = now - self._busy_since
        if self.limit or not is_new or not failure.retry_after or self._sent_since <= SHOWN_BY:
            return None
        calls = self._sent_since - 1 + sum(spent(other.calls, lasted, now) for other in self._others)
        seconds = lasted + failure.retry_after
        return limit_of(calls, seconds, now, is_named=False) if LONG <= seconds <= LONGEST_WINDOW + LONG else None

    def _explains(self, limit: Limit, now: float) -> bool:
        """Returns whether the window is as full as the limit allows by our own requests."""
        return limit.seconds >= LONG and spent(self._all_counts(), limit.seconds, now) >= PACED * limit.calls


def _named_wait(failure: Failure, is_explained: bool) -> float | None:
    """Returns the seconds that the failure asks to wait; None if it names no time, or a window that we filled."""
    if failure.retry_after is not None:
        return min(max(failure.retry_after, 0.0), LONGEST_RETRY_AFTER)
    return min(max(failure.limit[1], 0.0), LONGEST_WINDOW) if failure.limit and not is_explained else None


SHARE = 0.2
AT_ONCE, BY_ITSELF = 5, 3
"""Requests that may be sent together after a pause: while a dialog waits for them, and in the background. So a dialog
finds room beside a background that always wants more."""


class ExtrasShare:
    """Limits the extras to their part of the profile's rate, and slows down with its limiter. All times are the
    caller's clock."""

    def __init__(self, limiter: AdaptiveRateLimiter, part: float = SHARE) -> None:
        """`part` is the part of the limiter's rate that may be taken; 1 for all that it allows."""
        self._limiter = limiter
        self.part = part
        self._paid_at = -inf
        """GCRA's theoretical arrival time: when all requests taken so far are paid for."""

    def take(self, now: float, at_once: int) -> float:
        """Takes one request and returns 0.0, or returns the seconds to wait before calling again."""
        apart = 1 / (self.part * self._limiter.rate) if self.part < 1 else 0.0
        ready_at = max(self._limiter.ready_at, self._paid_at - (at_once - 1) * apart)
        if ready_at > now:
            return ready_at - now
        self._limiter.on_sent(now)
        self._paid_at = max(self._paid_at, now) + apart
        return 0.0


EVERY = 0.2
"""Seconds between two exchanges with the other instances; a refusal is passed on at once."""
AT_FIRST = 0.3
"""Seconds that the first request waits at most to hear from others and of a remembered limit."""
ROOM = 1.25
"""An instance asks for this many times what its plan needs: for extras, and for what the user wants at once."""


class Peers(Protocol):
    """The other instances that use the same credential: `storage.shared_budget.SharedBudget`, or a fake."""

    def exchange(self, spending: Spending) -> Told | None:
        """Tells them, and returns what they told last; None before anything was heard. Never blocks."""

    def when_told(self, ready: Callable[[], object]) -> None:
        """Calls `ready`, from any thread, when another instance is heard for the first time."""

    def end(self) -> None:
        """Tells the other instances that this one ends. May wait."""


class BudgetShare:
    """Keeps a limiter within its part of the budget that instances share. Belongs to one event loop. All times are
    seconds of the caller's clock."""

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
            if told.remembered and told.remembered.holds(now):
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


_is_awaited = ContextVar("is_awaited", default=False)


@contextmanager
def awaited() -> Iterator[None]:
    """Lets more of the extras that are asked for within it leave at once: the user waits for them. Those of the
    background, which run as other tasks, get no more by it."""
    before = _is_awaited.set(True)
    try:
        yield
    finally:
        _is_awaited.reset(before)


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
        patience: float = inf,
    ) -> None:
        """`part` is the part of the limiter's rate that extras may take; with `peers` it is shared with others.
        A pause of more than `patience` seconds that the service asked for is not waited for."""
        self._limiter = limiter
        self._share = ExtrasShare(limiter, part)
        self._clock = clock
        self._may_ask = may_ask
        self._shared = BudgetShare(limiter, peers) if peers else None
        self._patience = patience
        self._has_begun = False

    async def turn(self) -> Failure | None:
        """Returns when one request may leave; it is paid for then. Returns why, if none may leave soon."""
        if self._shared and not self._has_begun:
            self._has_begun = True
            await self._shared.begin(self._clock(), WANTED)
        while True:
            if self._shared:
                self._shared.turn(self._clock(), WANTED)
            now = self._clock()
            if self._limiter.waiting_until - now > self._patience:
                return self._limiter.why_waiting(now)
            at_once = AT_ONCE if _is_awaited.get() else BY_ITSELF
            wait = self._share.take(now, at_once) if self._may_ask() else LONGEST_NAP
            if not wait:
                return None
            await asyncio.sleep(min(wait, LONGEST_NAP))

    def throttled(self, refusal: Failure, sent: float, now: float) -> None:
        """The service asked for fewer requests: the status calls slow down with the extras."""
        self._limiter.on_throttled(refusal, sent, now)

    def close(self) -> None:
        """Lets no more requests leave. May be called again."""
        shared, self._shared = self._shared, None
        if shared and self._has_begun:
            shared.end(self._clock())
