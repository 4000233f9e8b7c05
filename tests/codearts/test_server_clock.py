"""The service's times by this machine's clock: what a `Date` says of the difference, and when it is believed."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tui.codearts.server_clock import ServerClock
from tui.core.reading import Moment

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ENDED = NOW - timedelta(minutes=4)


def clock_of(machine: datetime, service: datetime) -> ServerClock:
    clock = ServerClock(lambda: Moment(0.0, machine))
    clock.learn(format_datetime(service, usegmt=True))
    return clock


@pytest.mark.parametrize(
    ("machine", "service", "shown"),
    [
        (NOW, NOW, ENDED),
        (NOW + timedelta(seconds=20), NOW, ENDED),
        (NOW + timedelta(hours=5), NOW, ENDED + timedelta(hours=5)),
        (datetime(1970, 1, 2, tzinfo=UTC), NOW, datetime(1970, 1, 1, 23, 56, tzinfo=UTC)),
        (NOW + timedelta(days=8000), NOW, ENDED + timedelta(days=8000)),
        (NOW, NOW + timedelta(days=400), ENDED),
        (NOW, datetime(2001, 1, 1, tzinfo=UTC), ENDED),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), NOW, datetime(9999, 12, 31, 23, 55, tzinfo=UTC)),
    ],
    ids=["right", "rounded", "hours ahead", "1970", "2048", "wrong Date", "Date of another age", "9999"],
)
def test_of_two_clocks_that_differ_the_one_is_believed_that_fits_the_time(
    machine: datetime, service: datetime, shown: datetime
) -> None:
    assert clock_of(machine, service).by_this_machine(ENDED) == shown


def test_without_a_date_nothing_is_known_of_the_difference() -> None:
    clock = ServerClock(lambda: Moment(0.0, NOW + timedelta(days=1)))
    clock.learn("yesterday")
    assert clock.by_this_machine(ENDED) == ENDED
