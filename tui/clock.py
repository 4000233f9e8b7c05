"""The clocks of this machine, and its time zone."""

import os
import time
from datetime import UTC, datetime

from tui.core.errors import UserError
from tui.core.reading import Moment
from tui.core.text import clean

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def seconds() -> float:
    """Returns monotonic seconds; they include the time that the machine was suspended."""
    return time.clock_gettime(_CLOCK)


def now() -> Moment:
    """Returns the present moment by both clocks."""
    return Moment(seconds(), datetime.now(UTC))


_DAY = 24 * 60 * 60


def check_time_zone() -> None:
    """Raises UserError if `datetime` cannot tell the local time: it takes no zone a day or more from UTC."""
    if max(abs(time.timezone), abs(time.altzone)) >= _DAY:
        given = f": correct TZ, which is {clean(zone, 60)}" if (zone := os.environ.get("TZ")) else ""
        raise UserError(f"The time zone is a day or more from UTC{given}.")
