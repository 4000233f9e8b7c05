"""How often a job is polled: intervals that stretch, and how failures back off."""

from math import isclose

import pytest

from tests.support.scripted_reader import failed
from tui.core.reading import FailureKind
from tui.polling.policy import Cadence, Policy, back_off, pacing

POLICY = Policy()
MANY = {"running": 9, "near": 40, "idle": 100, "lasting": 9}


def least(low: float, high: float) -> float:
    return low


def most(low: float, high: float) -> float:
    return high


def test_passing_failures_back_off_by_doubling_up_to_the_cap() -> None:
    timeout = failed(FailureKind.TIMEOUT)
    waits = [back_off(POLICY, timeout, failures, 1, most) for failures in range(1, 8)]
    assert waits == [15, 30, 60, 120, 240, 300, 300]
    assert back_off(POLICY, timeout, 3, 1, least) == 30


def test_weeks_of_failures_do_not_overflow() -> None:
    assert back_off(POLICY, failed(FailureKind.DNS), 100_000, 1, most) == 300


def test_back_off_is_never_shorter_than_a_stretched_interval() -> None:
    assert back_off(POLICY, failed(FailureKind.TIMEOUT), 9, 100, most) == 1500


def test_a_failing_server_that_names_a_time_is_left_alone_so_long() -> None:
    assert back_off(POLICY, failed(FailureKind.SERVER_ERROR, retry_after=120), 1, 1, most) == 120


@pytest.mark.parametrize("kind", [FailureKind.NOT_FOUND, FailureKind.FORBIDDEN, FailureKind.SIGN_IN])
def test_lasting_failures_are_asked_seldom_however_many(kind: FailureKind) -> None:
    assert isclose(back_off(POLICY, failed(kind), 1, 1, least), 270)
    assert isclose(back_off(POLICY, failed(kind), 50, 1, most), 330)


def test_being_throttled_often_does_not_back_off_a_job() -> None:
    assert back_off(POLICY, failed(FailureKind.THROTTLED), 9, 1, most) == 15


def intervals(rate: float, **jobs: int) -> tuple[float, ...]:
    """The intervals of running, near, other, quiet and lastingly failing jobs."""
    paced = pacing(POLICY, {Cadence(name): count for name, count in jobs.items()}, rate).intervals
    return tuple(round(paced[cadence], 1) for cadence in Cadence)


def test_intervals_are_those_of_the_settings_while_the_rate_allows_it() -> None:
    as_set = (5, 15, 15, 15, 300)
    assert intervals(5.0, idle=75) == as_set
    assert intervals(5.0, idle=30, near=20, quiet=25) == as_set
    assert intervals(5.0, lasting=1500) == as_set
    assert intervals(5.0) == as_set


def test_with_too_many_jobs_all_intervals_stretch_and_the_rest_waits_a_quarter_longer() -> None:
    assert intervals(5.0, idle=150) == (8, 24, 30, 30, 600)
    running, near, idle, *_ = intervals(0.6, running=2, near=8, idle=10)
    assert idle == pytest.approx(1.25 * near, abs=0.1)
    assert running == pytest.approx(near / 3, abs=0.1)


@pytest.mark.parametrize("jobs", [{"running": 11, "near": 40, "idle": 149}, {"running": 60, "near": 5, "idle": 100}])
def test_in_a_long_round_the_rest_waits_a_twentieth_longer_than_in_a_plain_one_at_most(jobs: dict[str, int]) -> None:
    plain = sum(jobs.values()) / 0.5
    running, near, idle, *_ = intervals(0.5, **jobs)
    assert idle == pytest.approx(1.05 * plain, abs=0.1)
    assert near == pytest.approx(plain, abs=0.1)
    assert running < near


def test_one_more_job_never_changes_the_intervals_much() -> None:
    before = intervals(0.58, running=5, near=40)
    for idle in range(1, 100):
        after = intervals(0.58, running=5, near=40, idle=idle)
        assert all(abs(new - old) <= 0.1 * old for old, new in zip(before[:2], after[:2], strict=True))
        before = after


def test_quiet_jobs_wait_first_and_never_longer_than_they_may() -> None:
    assert intervals(5.0, running=5, quiet=150) == (5, 15, 15, 37.5, 300)
    assert intervals(1.0, running=10, quiet=90) == (11.1, 33.3, 41.7, 900, 833.3)
    assert intervals(0.5, quiet=2000)[2:4] == (4000, 4000)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.6, 1, 2, 3, 3.5, 4, 5, 8, 20])
@pytest.mark.parametrize(
    "jobs", [{}, {"idle": 60}, {"running": 9, "near": 40, "idle": 100}, {"quiet": 300, "near": 9}, MANY]
)
def test_the_intervals_always_keep_to_the_rate(rate: float, jobs: dict[str, int]) -> None:
    paced = pacing(POLICY, {Cadence(name): count for name, count in jobs.items()}, rate).intervals
    sent = sum(count / paced[Cadence(name)] for name, count in jobs.items())
    assert sent <= rate * 1.0001
    assert paced[Cadence.IDLE] == 15 or sent >= rate * 0.999 or jobs.get("quiet")
