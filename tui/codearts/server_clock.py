"""The service's time: this machine's clock, corrected by the `Date` header of responses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from tui.core.reading import Moment

LARGEST_SKEW = timedelta(days=1)
"""A `Date` that is further from this machine's clock is ignored: one wrong header would stop every sign-in."""
NOTICED = timedelta(seconds=30)
"""A smaller skew moves no time of a run: a `Date` is rounded, and old by the time of the way."""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Moments outside of these are ignored, so that adding to one never overflows."""


class ServerClock:
    """A profile has one, which its client and its credential share."""

    def __init__(self, now: Callable[[], Moment]) -> None:
        self._now = now
        self.skew: timedelta | None = None
        """How far the service's clock is ahead of this machine's; None until a response has a usable `Date`."""
        self.ignored_skew: timedelta | None = None
        """The same by the last `Date`, if that was too far away to be used."""

    def now(self) -> datetime:
        """Returns the service's time, to the second."""
        return self._now().wall + (self.skew or timedelta())

    def at(self) -> float:
        """Returns monotonic seconds."""
        return self._now().at

    @property
    def told_skew(self) -> timedelta:
        """The skew by the last `Date`, whether it can be used or not; nothing if it is not noticed."""
        told = self.skew if self.ignored_skew is None else self.ignored_skew
        return told if told and abs(told) >= NOTICED else timedelta()

    def by_this_machine(self, moment: datetime) -> datetime:
        """Returns a moment of the service's clock by this machine's.

        Where the two are more than a day apart, one of them is wrong: the one that is nearer to the moment counts.
        """
        skew = self.told_skew
        if self.ignored_skew is not None:
            ours = self._now().wall
            is_ours_wrong = abs(moment - ours - skew) < abs(moment - ours)
            skew = skew if is_ours_wrong else timedelta()
        try:
            return moment - skew
        except OverflowError:
            return moment

    def learn(self, date: str, received: datetime | None = None) -> None:
        """Corrects the clock by the `Date` of a response that arrived at `received`, by default now."""
        if sent := http_date(date):
            skew = sent - (received or self._now().wall)
            if abs(skew) > LARGEST_SKEW:
                self.ignored_skew = skew
            else:
                self.skew, self.ignored_skew = skew, None


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
