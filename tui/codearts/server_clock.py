"""The service's time: this machine's clock, corrected by the `Date` header of responses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from tui.core.reading import NOTICED, Moment

LARGEST_SKEW = timedelta(days=1)
"""A `Date` that is further from this machine's clock is ignored: one wrong header would stop every sign-in."""
AGREED = 60.0
"""Seconds for which all `Date`s must show a larger skew until it moves the times of runs."""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Moments outside of these are ignored, so that adding to one never overflows."""


class _AgreedSkew:
    """The skew that moves the times of runs. One of the service's machines may be wrong, or a `Date` that a proxy kept.

    It counts at once if it is the first since this machine's clock was set, or nearer to nothing than the one before;
    else after all `Date`s have shown it for a minute.
    """

    def __init__(self) -> None:
        self.skew = timedelta()
        self._other: tuple[timedelta, float] | None = None
        """Another one that is larger, and since when all `Date`s show it."""
        self._before: Moment | None = None
        """When the `Date` before this one was received."""

    def learn(self, skew: timedelta, now: Moment) -> None:
        """Learns from the skew of a `Date` that was received just now."""
        was_set = self._before is None or self._before.by(now) != self._before.wall
        self._before = now
        if abs(skew - self.skew) < NOTICED:
            self._other = None
        elif was_set or abs(skew) < abs(self.skew):
            self.skew, self._other = skew, None
        elif self._other is None or abs(skew - self._other[0]) >= NOTICED:
            self._other = skew, now.at
        elif now.at - self._other[1] >= AGREED:
            self.skew, self._other = skew, None


class ServerClock:
    """The clock of the service that a profile asks. The profile's client and its credential share it."""

    def __init__(self, now: Callable[[], Moment]) -> None:
        self._now = now
        self.skew: timedelta | None = None
        """How far the service's clock is ahead of this machine's; None until a response has a usable `Date`."""
        self.ignored_skew: timedelta | None = None
        """The same by the last `Date`, if that was too far away to be used."""
        self._agreed = _AgreedSkew()

    def now(self) -> datetime:
        """Returns the service's time, to the second."""
        return self._now().wall + (self.skew or timedelta())

    @property
    def likely_skews(self) -> tuple[timedelta, ...]:
        """The skew that `Date`s agree on, as the last usable one has it, and what else it may be."""
        last, agreed = self.skew, self._agreed.skew
        return _possible(last if last is not None and abs(last - agreed) < NOTICED else agreed)

    def likely_now(self) -> datetime:
        """Returns the service's time by the likeliest skew, also by one with which `now` would sign in in vain."""
        return self._now().wall + self.likely_skews[0]

    def latest_now(self) -> datetime:
        """Returns the later of the two times that the service may have: what comes after it lies in the future."""
        return self._now().wall + max(timedelta(), *self.likely_skews)

    def at(self) -> float:
        """Returns monotonic seconds."""
        return self._now().at

    @property
    def told_skew(self) -> timedelta:
        """The skew that `Date`s agree on, whether it can be used or not; nothing if it is not noticed."""
        return self._agreed.skew if abs(self._agreed.skew) >= NOTICED else timedelta()

    def by_this_machine(self, moment: datetime) -> datetime:
        """Returns a moment of the service's clock by this machine's. If one of them is wrong, the one that is nearer
        to the moment counts."""
        ahead = moment - self._now().wall
        skew = min(_possible(self.told_skew), key=lambda skew: abs(ahead - skew))
        try:
            return moment - skew
        except OverflowError:
            return moment

    def learn(self, date: str) -> None:
        """Corrects the clock by the `Date` of a response that arrived just now."""
        if sent := http_date(date):
            now = self._now()
            skew = sent - now.wall
            self._agreed.learn(skew, now)
            if abs(skew) > LARGEST_SKEW:
                self.ignored_skew = skew
            else:
                self.skew, self.ignored_skew = skew, None

    def learn_first(self, date: str) -> None:
        """Learns from the `Date` of an extra call if no other call has told the time yet."""
        if self.skew is None and self.ignored_skew is None:
            self.learn(date)


def _possible(skew: timedelta) -> tuple[timedelta, ...]:
    """The skew; if it is more than a day, none after it: one of the two clocks is wrong."""
    return (skew,) if abs(skew) <= LARGEST_SKEW else (skew, timedelta())


def believable(moment: datetime) -> datetime | None:
    """Returns a moment from outside in UTC; None if it has no time zone or is centuries away. Never raises."""
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else None
    except (OverflowError, ValueError):
        return None
    return utc if utc and _EARLIEST <= utc < _LATEST else None


@lru_cache(maxsize=8)
def http_date(text: str) -> datetime | None:
    """Parses a header such as `Date`. Returns None if it is not in HTTP's one form, or not believable."""
    if not text.endswith(" GMT"):
        return None
    try:
        return believable(parsedate_to_datetime(text).replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
