"""The service's times by this machine's clock: what a `Date` says of the difference, and when it is believed."""

from collections.abc import Callable
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
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), NOW - timedelta(minutes=5), ENDED),
    ],
    ids=["right", "rounded", "hours ahead", "1970", "2048", "wrong Date", "Date of another age", "9999", "after 9999"],
)
def test_of_two_clocks_that_differ_the_one_is_believed_that_fits_the_time(
    machine: datetime, service: datetime, shown: datetime
) -> None:
    assert clock_of(machine, service).by_this_machine(ENDED) == shown


@pytest.mark.parametrize("days", [-8000, -400, -0.2, 0, 0.2, 400, 8000])
def test_no_time_that_the_right_one_of_two_clocks_has_seen_lies_in_the_future(days: float) -> None:
    off = NOW + timedelta(days=days)
    assert clock_of(off, NOW).latest_now() >= NOW
    assert clock_of(NOW, off).latest_now() >= NOW


def test_without_a_date_nothing_is_known_of_the_difference() -> None:
    clock = ServerClock(lambda: Moment(0.0, NOW + timedelta(days=1)))
    clock.learn("yesterday")
    assert clock.by_this_machine(ENDED) == ENDED


@pytest.mark.parametrize("days", [-400, 400])
def test_a_date_that_is_days_off_signs_no_request(days: int) -> None:
    clock = clock_of(NOW, NOW + timedelta(days=days))
    assert (clock.now(), clock.ignored_skew) == (NOW, timedelta(days=days))
    assert clock.likely_now() == NOW + timedelta(days=days)
    clock.learn(format_datetime(NOW, usegmt=True))
    assert (clock.now(), clock.ignored_skew, clock.likely_now()) == (NOW, None, NOW)


@pytest.mark.parametrize("told", [timedelta(minutes=5), timedelta(days=400)])
def test_an_extra_call_tells_the_time_only_where_no_other_call_has(told: timedelta) -> None:
    later = format_datetime(NOW + timedelta(minutes=9), usegmt=True)
    clock = clock_of(NOW, NOW + told)
    clock.learn_first(later)
    assert clock.now() == NOW + (told if told < timedelta(days=1) else timedelta())
    untold = ServerClock(lambda: Moment(0.0, NOW))
    untold.learn_first(later)
    assert untold.now() == NOW + timedelta(minutes=9)


class Machine:
    """This machine's clocks, and Dates of a service that is right."""

    def __init__(self) -> None:
        self.at, self.ahead = 0.0, timedelta()
        self.clock = ServerClock(lambda: Moment(self.at, NOW + timedelta(seconds=self.at) + self.ahead))

    def answer(self, wrong: timedelta = timedelta()) -> None:
        """A second later: an answer of a machine of the service whose clock is wrong by so much."""
        self.at += 1
        self.clock.learn(format_datetime(NOW + timedelta(seconds=self.at) + wrong, usegmt=True))

    @property
    def moved(self) -> timedelta:
        """How far the time of a run is moved."""
        return self.clock.by_this_machine(ENDED) - ENDED


@pytest.mark.parametrize("wrong", [timedelta(seconds=-45), timedelta(minutes=50), timedelta(days=-400)])
@pytest.mark.parametrize("first", [0, 1])
def test_one_machine_of_the_service_whose_clock_is_wrong_moves_no_time(wrong: timedelta, first: int) -> None:
    """Else all rows would change with each answer."""
    machine = Machine()
    for number in range(300):
        machine.answer(wrong if number % 2 == first else timedelta())
        assert not machine.moved or number == 0


def test_times_move_at_once_when_this_machines_clock_is_set() -> None:
    machine = Machine()
    for ahead in (timedelta(hours=2), timedelta(), timedelta(minutes=-10), timedelta(minutes=-20)):
        machine.ahead = ahead
        machine.answer()
        assert machine.moved == ahead


def test_a_clock_that_was_set_right_moves_no_time_though_a_date_is_some_seconds_old() -> None:
    machine = Machine()
    for ahead in (timedelta(hours=2), timedelta(seconds=2), timedelta(hours=-2), timedelta(seconds=-20)):
        machine.ahead = ahead
        machine.answer()
        assert machine.moved == (ahead if abs(ahead) > timedelta(minutes=1) else timedelta())


def test_times_move_when_the_service_shows_another_skew_for_a_minute() -> None:
    """Its own clock was set."""
    machine = Machine()
    machine.answer()
    for _ in range(60):
        machine.answer(timedelta(minutes=5))
        assert not machine.moved
    machine.answer(timedelta(minutes=5))
    assert machine.moved == timedelta(minutes=-5)
    machine.answer()
    assert not machine.moved


def test_times_do_not_move_back_to_a_skew_after_dates_have_shown_a_smaller_one() -> None:
    machine = Machine()
    machine.answer(timedelta(minutes=5))
    machine.answer(timedelta(minutes=50))
    machine.answer(timedelta(minutes=2))
    assert machine.moved == timedelta(minutes=-2)
    machine.at += 100
    machine.answer(timedelta(minutes=50))
    assert machine.moved == timedelta(minutes=-2)


@pytest.mark.parametrize(
    "wrong", [lambda number: timedelta(minutes=5 + 45 * (number % 2)), lambda number: timedelta(minutes=300 - number)]
)
def test_times_do_not_move_while_all_dates_are_wrong_by_different_times(wrong: Callable[[int], timedelta]) -> None:
    machine = Machine()
    machine.answer()
    for number in range(200):
        machine.answer(wrong(number))
        assert not machine.moved


def test_times_do_not_move_to_and_fro_where_a_skew_is_hardly_noticed() -> None:
    machine = Machine()
    machine.ahead = timedelta(seconds=30)
    moved = set()
    for number in range(200):
        machine.answer(timedelta(seconds=number % 3 - 1))
        moved.add(machine.moved)
    assert len(moved) == 1


def test_a_build_is_searched_by_the_exact_skew_though_a_small_one_moves_no_time() -> None:
    """Of builds that last some seconds the right one is found."""
    clock = clock_of(NOW, NOW + timedelta(seconds=20))
    assert clock.by_this_machine(ENDED) == ENDED
    assert (clock.likely_skews, clock.likely_now()) == ((timedelta(seconds=20),), NOW + timedelta(seconds=20))
