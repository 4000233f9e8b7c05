"""What time it is for the service: this machine's clock, set right by the `Date` of answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from tui.core.reading import Moment


class ServerClock:
    """One for a profile: shared by its client and its credential."""

    def __init__(self, now: Callable[[], Moment]) -> None:
        self._now = now
        self.skew: timedelta | None = None
        """How far the service's clock is ahead of this machine's; None as long as no answer said so."""

    def now(self) -> datetime:
        """By the service's clock, to the second."""
        return self._now().wall + (self.skew or timedelta())

    def at(self) -> float:
        """Monotonic seconds."""
        return self._now().at

    def learn(self, date: str, received: datetime | None = None) -> None:
        """From the header of an answer that came at `received` by this machine's clock, or just now."""
        if sent := http_date(date):
            self.skew = sent - (received or self._now().wall)


@lru_cache(maxsize=8)
def http_date(text: str) -> datetime | None:
    """The moment that a header such as `Date` names; None where it is not of the one form that HTTP has today."""
    if not text.endswith(" GMT"):
        return None
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
