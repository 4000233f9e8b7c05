"""The budget of a credential: a limit that the service named, what was spent, and each instance's share. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

LONGEST_WINDOW = 300.0
"""Seconds. A limit of a longer window is spread evenly over windows of this length."""
BUCKET = 5.0
"""Seconds: requests are counted in steps of this length."""
KEPT_A_DAY, KEPT_AN_HOUR = 86_400.0, 3600.0
"""Seconds for which a limit is believed that the service named, and one that a refusal only showed."""


class Limit(NamedTuple):
    """A limit of the service: `calls` requests in a window of `seconds`."""

    calls: float
    seconds: float
    learned: float
    """When the service named it last."""
    is_named: bool = True
    """Whether the service named it; else it was concluded from a refusal."""

    @property
    def ends(self) -> float:
        return self.learned + (KEPT_A_DAY if self.is_named else KEPT_AN_HOUR)

    def holds(self, now: float) -> bool:
        """Whether it is believed now. A limit from the future was learned while the computer's clock was wrong."""
        return self.learned <= now + BUCKET and now < self.ends

    @property
    def rate(self) -> float:
        return self.calls / self.seconds


def limit_of(calls: float, seconds: float, learned: float, is_named: bool = True) -> Limit | None:
    """Returns the limit, in a window that is not too long; None for figures that make no sense."""
    if not (1 <= calls < inf and 0 < seconds < inf):
        return None
    if seconds > LONGEST_WINDOW:
        calls, seconds = max(1.0, calls * (LONGEST_WINDOW / seconds)), LONGEST_WINDOW
    return Limit(calls, seconds, learned, is_named)


Counts = tuple[tuple[float, int], ...]
"""Numbers of requests: each began to be counted at a moment and for `BUCKET` seconds; oldest first."""


class Spending(NamedTuple):
    """What an instance tells the others that use the same credential. Times are seconds of one clock."""

    at: float
    wanted: float
    """Requests a second that it needs."""
    calls: Counts
    """Its requests of the last `LONGEST_WINDOW` seconds."""
    rate: float
    """Requests a second that the credential may send altogether, as it believes."""
    refused_at: float
    """When the service refused a request of it last."""
    waits_until: float
    limit: Limit | None
    taken_back: Limit | None = None
    """A limit that turned out to be that of one job alone, and when that was seen (`learned`)."""
    care: float = 1.0
    """The part of the limit that it believes to be the program's own; the rest is used by others."""
    is_there: bool = True
    """False for one that has ended: its requests still count."""


class CallLog:
    """The requests of the last `LONGEST_WINDOW` seconds."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[float, int]] = deque()

    def add(self, now: float) -> None:
        if self._buckets and now - self._buckets[-1][0] < BUCKET:
            start, count = self._buckets[-1]
            self._buckets[-1] = start, count + 1
            return
        self._buckets.append((now, 1))
        while self._buckets[0][0] + BUCKET + LONGEST_WINDOW <= now:
            self._buckets.popleft()

    def counts(self) -> Counts:
        return tuple(self._buckets)


def spent(counts: Iterable[tuple[float, int]], seconds: float, now: float) -> int:
    """Returns the number of requests in the window that ends now."""
    return sum(count for start, count in counts if start + BUCKET + seconds > now)


def free_at(counts: Iterable[tuple[float, int]], seconds: float, most: int) -> float:
    """Returns from when on a window has fewer than `most` requests, if no others are sent."""
    ordered = sorted(counts)
    left, at = sum(count for _, count in ordered), -inf
    for start, count in ordered:
        if left < most:
            break
        left -= count
        at = start + BUCKET + seconds
    return at


def share(rate: float, own: float, others: Sequence[float]) -> float:
    """Returns the own part of a rate: each gets what it wants, and what is left is shared evenly.

    If there is too little, those who want less than an even part get what they want, and the others share the rest.
    """
    left, wants = rate, sorted([own, *others])
    for place, want in enumerate(wants):
        even = left / (len(wants) - place)
        if want >= even:
            return min(own, even)
        left -= want
    return own + left / len(wants)


class Told(NamedTuple):
    """What is known from others: from instances that use the same credential, and from an earlier start."""

    others: tuple[Spending, ...] = ()
    remembered: Limit | None = None
    """The limit that the service named within the last day."""


class Identity(NamedTuple):
    """Whose budget it is. Neither text has a secret in it."""

    shared: str
    """Endpoint and credential: instances with the same one share a budget."""
    remembered: str
    """Endpoint and user: tokens of the same place are one, since a token lasts no longer than a day."""
