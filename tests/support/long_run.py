"""How long the tests may take: seconds each, or minutes or hours as `CODEARTS_WATCH_LONG` says."""

import os
from typing import TypeVar

import pytest

SWITCH = "CODEARTS_WATCH_LONG"
LENGTHS = ("", "minutes", "hours")
T = TypeVar("T")


def length_of(value: str) -> int:
    """The place of the switch's value among LENGTHS; raises UsageError when it is none of them."""
    if value not in LENGTHS:
        raise pytest.UsageError(f"{SWITCH} is {value!r}: it takes minutes or hours")
    return LENGTHS.index(value)


_LENGTH = length_of(os.environ.get(SWITCH, ""))
MINUTES = _LENGTH >= 1
HOURS = _LENGTH >= 2


def by_length(everyday: T, minutes: T, hours: T | None = None) -> T:
    """The value for this run; `hours` is by default the one for minutes."""
    return everyday if not MINUTES else minutes if hours is None or not HOURS else hours


takes_minutes = pytest.mark.skipif(not MINUTES, reason=f"runs with {SWITCH}=minutes")
takes_hours = pytest.mark.skipif(not HOURS, reason=f"runs with {SWITCH}=hours: it needs a quiet machine")
SIZES = pytest.mark.parametrize(("rows", "columns"), by_length([(24, 80)], [(24, 80)], [(24, 80), (40, 120)]))
"""Sizes of the terminal in which a test runs."""
