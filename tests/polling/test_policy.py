from math import isclose

import pytest

from tests.support.scripted_reader import failed
from tui.core.reading import FailureKind, Status
from tui.polling.policy import Cadence, Policy, delay, stretch

POLICY = Policy()


def least(low: float, high: float) -> float:
    return low


def most(low: float, high: float) -> float:
    return high


@pytest.mark.parametrize(("status", "seconds"), [(Status.RUNNING, 5), (Status.IDLE, 15)])
def test_good_answers_are_repeated_at_the_interval_give_or_take_a_tenth(status: Status, seconds: float) -> None:
    assert isclose(delay(POLICY, status, 0, 1, least), 0.9 * seconds)
    assert isclose(delay(POLICY, status, 0, 1, most), 1.1 * seconds)
    assert isclose(delay(POLICY, status, 0, 3, most), 3.3 * seconds)


def test_passing_failures_back_off_by_doubling_up_to_the_cap() -> None:
    timeout = failed(FailureKind.TIMEOUT)
    waits = [delay(POLICY, timeout, failures, 1, most) for failures in range(1, 8)]
    assert waits == [15, 30, 60, 120, 240, 300, 300]
    assert delay(POLICY, timeout, 3, 1, least) == 30


def test_weeks_of_failures_do_not_overflow() -> None:
    assert delay(POLICY, failed(FailureKind.DNS), 100_000, 1, most) == 300


def test_back_off_is_never_shorter_than_a_stretched_interval() -> None:
    assert delay(POLICY, failed(FailureKind.TIMEOUT), 9, 100, most) == 1500


def test_a_failing_server_that_names_a_time_is_left_alone_so_long() -> None:
    assert delay(POLICY, failed(FailureKind.SERVER_ERROR, retry_after=120), 1, 1, most) == 120


@pytest.mark.parametrize("kind", [FailureKind.NOT_FOUND, FailureKind.FORBIDDEN, FailureKind.SIGN_IN])
def test_lasting_failures_are_asked_seldom_however_many(kind: FailureKind) -> None:
    assert isclose(delay(POLICY, failed(kind), 1, 1, least), 270)
    assert isclose(delay(POLICY, failed(kind), 50, 1, most), 330)


def test_being_throttled_often_does_not_back_off_a_job() -> None:
    assert delay(POLICY, failed(FailureKind.THROTTLED), 9, 1, most) == 15


def test_intervals_stretch_only_when_the_jobs_need_more_than_the_budget() -> None:
    assert stretch(POLICY, {Cadence.IDLE: 75}, 5.0) == 1
    assert stretch(POLICY, {Cadence.IDLE: 150}, 5.0) == 2
    assert isclose(stretch(POLICY, {Cadence.RUNNING: 25, Cadence.IDLE: 75}, 5.0), 2)
    assert stretch(POLICY, {Cadence.LASTING: 1500}, 5.0) == 1
    assert stretch(POLICY, {}, 5.0) == 1
