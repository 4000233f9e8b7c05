"""The clocks of this machine."""

import time
from datetime import UTC, datetime

from tui.core.reading import Moment

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> Moment:
    """This instant; the first clock also counts the time that the machine was suspended."""
    return Moment(time.clock_gettime(_CLOCK), datetime.now(UTC))
