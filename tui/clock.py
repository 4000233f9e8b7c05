"""The clocks of this machine."""

import time
from datetime import UTC, datetime

from tui.core.reading import Moment

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def seconds() -> float:
    """Returns monotonic seconds; they include the time that the machine was suspended."""
    return time.clock_gettime(_CLOCK)


def now() -> Moment:
    """Returns the present moment by both clocks."""
    return Moment(seconds(), datetime.now(UTC))
