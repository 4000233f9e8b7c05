"""How many requests may leave, when, and what refusals and other instances change of that."""

from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.long_run import by_length
from tests.support.scripted_reader import failed, job
from tui.core.budget import Limit, Spending, Told, limit_of
from tui.core.reading import FailureKind
from tui.polling.rate_limiter import EVERY, AdaptiveRateLimiter, BudgetShare

REFUSED = failed(FailureKind.THROTTLED)


def at_work(limiter: AdaptiveRateLimiter, now: float, seconds: float) -> float:
    """Successful readings, one a second. Returns the time afterwards."""
    for second in range(int(seconds) + 1):
        limiter.on_success(now + second, None)
    return now + seconds


def test_requests_are_spaced_evenly() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    assert limiter.ready_at <= 0
    limiter.on_sent(10.0)
    assert limiter.ready_at == 10.2


def test_a_group_leaves_together_and_the_next_when_the_rate_has_made_up_for_it() -> None:
    limiter = AdaptiveRateLimiter(5.0, most_together=8)
    for _ in range(3):
        assert limiter.group_at(10.0) <= 10.0
        limiter.on_sent(10.0)
    assert limiter.ready_at > 10.0
    assert isclose(limiter.group_at(10.1), 10.6)


def test_who_is_waited_for_need_not_wait_for_a_group() -> None:
    limiter = AdaptiveRateLimiter(5.0, most_together=8)
    for _ in range(3):
        limiter.on_sent(10.0)
    assert isclose(limiter.ready_at, 10.2)
    limiter.on_sent(10.2)
    assert isclose(limiter.group_at(10.3), 10.8)


@pytest.mark.parametrize(("rate", "most", "group"), [(0.66, 8, 1), (5.0, 2, 2), (5.0, 1, 1), (100.0, 8, 8)])
def test_a_group_has_the_requests_of_a_moment_and_never_too_many(rate: float, most: int, group: int) -> None:
    limiter = AdaptiveRateLimiter(rate, most)
    left = 0
    while limiter.group_at(10.0) <= 10.0:
        limiter.on_sent(10.0)
        left += 1
    assert left == group


def test_after_a_refusal_requests_leave_one_by_one() -> None:
    limiter = AdaptiveRateLimiter(10.0, most_together=8)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=0.0), 0.0, 0.1)
    assert limiter.rate == 5.0  # still enough for a group
    limiter.on_sent(10.0)
    assert limiter.group_at(10.0) == limiter.ready_at > 10.0


def test_throttling_halves_the_rate_and_waits_longer_each_time() -> None:
    limiter = AdaptiveRateLimiter(8.0)
    now, waits, rates = 0.0, [], []
    for _ in range(7):
        limiter.on_sent(now)
        limiter.on_throttled(REFUSED, now, now + 0.1)
        waits.append(limiter.waiting_until - now - 0.1)
        rates.append(limiter.rate)
        now = limiter.ready_at + 0.1
    assert [round(wait, 6) for wait in waits] == [5, 10, 20, 40, 60, 60, 60]
    assert rates == [4, 2, 1, 0.5, 0.25, 0.25, 0.25]


def test_refusals_of_requests_already_in_flight_are_one_event() -> None:
    limiter = AdaptiveRateLimiter(8.0)
    limiter.on_throttled(REFUSED, 0.0, 1.0)
    for late in (0.2, 0.5, 0.9):
        limiter.on_throttled(REFUSED, late, 1.0 + late)
    assert limiter.rate == 4
    assert limiter.waiting_until == 6.0


def test_a_late_refusal_may_name_a_longer_wait() -> None:
    limiter = AdaptiveRateLimiter(8.0)
    limiter.on_throttled(REFUSED, 0.0, 1.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=60), 0.5, 2.0)
    assert limiter.rate == 4
    assert limiter.waiting_until == 62.0


def test_retry_after_is_waited_out() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=42, limit=(5, 1)), 0.0, 1.0)
    assert limiter.ready_at == 43.0


@pytest.mark.parametrize(
    ("limit", "rate", "wait"), [((200, 300), 0.6, 300), ((50, 3600), 0.9 / 72, 300), ((5, 1), 4.5, 1)]
)
def test_a_named_limit_sets_rate_and_wait(limit: tuple[float, float], rate: float, wait: float) -> None:
    limiter = AdaptiveRateLimiter(5.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, limit=limit), 0.0, 1.0)
    assert isclose(limiter.rate, rate)
    assert limiter.waiting_until == 1.0 + wait


@pytest.mark.parametrize("limit", [(0.0, 60.0), (-5.0, 60.0), (5.0, 0.0)])
def test_a_nonsensical_limit_only_halves(limit: tuple[float, float]) -> None:
    limiter = AdaptiveRateLimiter(5.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, limit=limit), 0.0, 1.0)
    assert limiter.rate == 2.5
    assert 1.0 <= limiter.waiting_until <= 61.0


def test_the_rate_grows_back_a_tenth_a_quiet_minute() -> None:
    limiter = AdaptiveRateLimiter(10.0)
    limiter.on_throttled(REFUSED, 0.0, 0.0)
    now = at_work(limiter, 5.0, 59)
    assert limiter.rate == 5
    now = at_work(limiter, now, 1)
    assert limiter.rate == 6
    now = at_work(limiter, now, 240)
    assert limiter.rate == 10
    at_work(limiter, now, 600)
    assert limiter.rate == 10


def test_a_named_limit_is_kept_for_a_day() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, limit=(60, 60)), 0.0, 0.0)
    now = at_work(limiter, 60.0, 1700)
    assert limiter.rate == 0.9
    limiter.on_success(now + 86_400, None)
    assert limiter.rate == 5


def test_after_a_quiet_minute_the_next_wait_is_short_again() -> None:
    limiter = AdaptiveRateLimiter(8.0)
    limiter.on_throttled(REFUSED, 0.0, 0.0)
    limiter.on_throttled(REFUSED, 6.0, 6.0)
    assert limiter.waiting_until == 16.0
    now = at_work(limiter, 16.0, 61)
    limiter.on_throttled(REFUSED, now, now)
    assert limiter.waiting_until == now + 5


def windows(moments: list[float], seconds: float) -> int:
    """The most requests in any window of this length; the moments are in order."""
    return max(bisect_left(moments, start + seconds) - bisect_left(moments, start) for start in moments)


def known(calls: float = 200, seconds: float = 300, rate: float = 5.0) -> AdaptiveRateLimiter:
    """A limiter that knows a limit from before."""
    limiter = AdaptiveRateLimiter(rate)
    limiter.remember(Limit(calls, seconds, 0.0))
    return limiter


def sends(limiter: AdaptiveRateLimiter, start: float, end: float, *, at_once: bool = False) -> list[float]:
    """When requests leave of somebody who always wants more."""
    moments, now = [], start
    while now < end:
        at = limiter.ready_at if at_once else limiter.group_at(now)
        if at > now:
            now = at
            continue
        limiter.on_sent(now)
        moments.append(now)
    return [at for at in moments if at < end]


def test_half_of_a_window_may_be_spent_at_once_and_then_nothing_stands_still() -> None:
    limiter = known()
    assert limiter.left(0.0) == 90
    first = sends(limiter, 0.0, 60.0, at_once=True)
    assert sum(at < 20 for at in first) > 85
    assert limiter.left(60.0) < 1
    later = sends(limiter, 60.0, 3600.0)
    assert max(b - a for a, b in pairwise([*first, *later])) <= 4
    assert windows([*first, *later], 300.0) <= 190
    assert len(later) >= 0.57 * 3540


def test_while_the_pace_is_kept_a_few_requests_may_still_leave_at_once() -> None:
    limiter = known()
    moments = sends(limiter, 0.0, 3000.0)
    now = moments[-1]
    assert limiter.group_at(now) > now + 1
    assert limiter.ready_at <= now + 0.2
    moments += sends(limiter, now, now + 5, at_once=True)
    assert windows(moments, 300.0) <= 190


@settings(max_examples=by_length(8, 40))
@given(st.lists(st.tuples(st.floats(1, 400), st.booleans()), max_size=20))
def test_no_window_ever_has_more_than_the_limit(turns: list[tuple[float, bool]]) -> None:
    limiter, moments, now = known(), [], 0.0
    for seconds, at_once in turns:
        moments += sends(limiter, now, now + seconds, at_once=at_once)
        now += seconds
    assert not moments or windows(moments, 300.0) <= 190


def test_a_window_that_we_filled_ourselves_is_waited_for_and_no_longer() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    moments = sends(limiter, 0.0, 40.0)
    assert len(moments) == 200
    limiter.on_throttled(failed(FailureKind.THROTTLED, limit=(200, 300)), 40.0, 40.1)
    assert 300 <= limiter.waiting_until <= 306
    assert windows([*moments, *sends(limiter, 40.1, 3600.0, at_once=True)], 300.0) <= 201
    assert limiter.rate == 0.6


def test_a_limit_that_others_use_up_is_used_less_and_by_and_by_more_again() -> None:
    limiter = known()
    limiter.on_sent(1000.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, limit=(200, 300)), 1000.0, 1000.1)
    assert limiter.rate == 0.3
    assert limiter.waiting_until == 1300.1
    at_work(limiter, 1300.1, 600)
    assert isclose(limiter.rate, 0.36)


def test_a_refusal_that_says_when_to_come_back_shows_the_limit() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    sends(limiter, 0.0, 40.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=260.0), 39.9, 40.0)
    assert isclose(limiter.rate, 0.9 * 199 / 300, rel_tol=0.01)
    assert limiter.waiting_until == 300.0
    assert windows(sends(limiter, 40.0, 3600.0, at_once=True), 300.0) <= 190


def test_a_refusal_after_a_few_requests_shows_no_limit() -> None:
    limiter = AdaptiveRateLimiter(5.0)
    for number in range(10):
        limiter.on_sent(number / 5)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=260.0), 1.8, 2.0)
    assert limiter.limit is None
    assert limiter.rate == 2.5


def test_a_job_is_not_found_to_have_its_own_limit_by_two_refusals_alone() -> None:
    limiter = AdaptiveRateLimiter(8.0)
    limiter.on_throttled(REFUSED, 1000.0, 1000.1, job(1))
    for number in range(2, 11):
        limiter.on_success(1010.0 + number, job(number))
    limiter.on_throttled(REFUSED, 1030.0, 1030.1, job(1))
    assert limiter.rate == 2.0


def test_a_refusal_of_another_instance_slows_this_one_too_and_once() -> None:
    limiter, other = AdaptiveRateLimiter(5.0), AdaptiveRateLimiter(5.0)
    other.on_throttled(REFUSED, 1000.0, 1000.1)
    for late in (0.2, 0.3, 60.0):
        told = other.spending(1000.1)
        limiter.take_others([told._replace(refused_at=told.refused_at + late / 1000)], 1000.1 + late)
    assert limiter.waiting_until == other.waiting_until
    limiter.take_others([], 1061.0)
    assert limiter.rate == 2.5
    at_work(limiter, 1006.0, 61)
    assert limiter.rate == 3.0


def test_of_two_pauses_the_one_that_another_instance_was_told_of_later_is_named() -> None:
    limiter, other = AdaptiveRateLimiter(5.0), AdaptiveRateLimiter(5.0)
    limiter.on_throttled(failed(FailureKind.THROTTLED, retry_after=20), 1000.0, 1000.0)
    other.on_throttled(failed(FailureKind.THROTTLED, retry_after=1800), 1100.0, 1100.0)
    limiter.take_others([other.spending(1100.0)], 1200.0)
    pause = limiter.why_waiting(1200.0)
    assert pause
    assert pause.retry_after == 1700


def test_a_limit_that_was_one_jobs_own_is_taken_back_everywhere() -> None:
    limiter, other = AdaptiveRateLimiter(5.0), AdaptiveRateLimiter(5.0)
    named = failed(FailureKind.THROTTLED, limit=(1, 60))
    limiter.on_throttled(named, 1000.0, 1000.1, job(1))
    other.take_others([limiter.spending(1000.1)], 1000.2)
    assert limiter.limit == other.limit is not None
    assert other.rate < 0.1
    for number in range(2, 20):
        limiter.on_success(1100.0 + number, job(number))
    limiter.on_throttled(named, 1200.0, 1200.1, job(1))
    assert limiter.rate == 5.0
    other.take_others([limiter.spending(1200.1)], 1200.2)
    limiter.take_others([other.spending(1000.3)], 1200.3)  # what it said before it heard of that
    assert limiter.limit is other.limit is None
    assert limiter.rate == other.rate == 2.5  # each has a half


def test_of_two_limits_the_newer_one_counts_and_one_that_was_taken_back_never_again() -> None:
    limiter, newer, older = AdaptiveRateLimiter(5.0), Limit(200, 300, 1000.0), Limit(100, 300, 900.0)
    for limit in (newer, older):
        limiter.remember(limit)
    assert limiter.limit == newer
    limiter.take_others([AdaptiveRateLimiter(5.0).spending(1001.0)._replace(taken_back=newer)], 1001.0)
    limiter.remember(newer)
    assert limiter.limit is None
    limiter.remember(newer._replace(learned=1002.0))
    assert limiter.limit


def test_others_are_told_each_moment_what_is_needed_and_a_bit_more_and_of_a_refusal_at_once() -> None:
    class Others:
        def exchange(self, spending: Spending) -> Told:
            told.append(spending)
            return Told()

        def when_told(self, ready: Callable[[], object]) -> None:
            """They are heard at once."""

        def end(self) -> None:
            """Nothing is left."""

    limiter, told = AdaptiveRateLimiter(5.0), list[Spending]()
    shared = BudgetShare(limiter, Others())
    for now in (0.0, 0.1, EVERY):
        shared.turn(now, 2.0)
    limiter.on_throttled(REFUSED, EVERY, EVERY + 0.05)
    shared.turn(EVERY + 0.1, 100.0)
    assert [(one.at, one.wanted) for one in told] == [(0.0, 2.5), (EVERY, 2.5), (EVERY + 0.1, 5.0)]


def test_what_another_instance_heard_long_ago_means_nothing() -> None:
    limiter, other = AdaptiveRateLimiter(5.0), AdaptiveRateLimiter(5.0)
    other.on_throttled(REFUSED, 1000.0, 1000.1)
    limiter.take_others([other.spending(9000.0)._replace(is_there=False)], 9000.0)
    assert limiter.rate == 5.0


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 400), st.sampled_from(["good", "refused", "named"])), max_size=60))
def test_the_rate_stays_between_the_lowest_and_the_configured(events: list[tuple[float, str]]) -> None:
    limiter = AdaptiveRateLimiter(5.0)
    now = 0.0
    for wait, event in events:
        now = max(now + wait, limiter.ready_at)
        limiter.on_sent(now)
        match event:
            case "good":
                limiter.on_success(now, None)
            case "refused":
                limiter.on_throttled(REFUSED, now, now)
            case _:
                limiter.on_throttled(failed(FailureKind.THROTTLED, limit=(10, 60)), now, now)
        assert 0.9 * 10 / 60 / 8 <= limiter.rate <= 5.0
        assert now <= limiter.ready_at <= now + 300


@pytest.mark.parametrize(("ahead", "is_believed"), [(-10.0, True), (1.0, True), (3600.0, False)])
def test_a_limit_that_another_instance_learned_in_the_future_is_not_believed(ahead: float, is_believed: bool) -> None:
    limiter = AdaptiveRateLimiter(5.0)
    limit = Limit(200, 300, 1000.0 + ahead)
    limiter.take_others([Spending(1000.0, 1.0, (), 5.0, 0.0, 0.0, limit)], 1000.0)
    assert limiter.limit == (limit if is_believed else None)


@pytest.mark.parametrize(("calls", "seconds"), [(1e308, 1e308), (1e-300, 1.0), (1e-300, 1e300), (1e12, 1e12)])
def test_a_limit_of_any_size_leaves_finite_times(calls: float, seconds: float) -> None:
    limiter = AdaptiveRateLimiter(5.0)
    if limit := limit_of(calls, seconds, 1000.0):
        limiter.remember(limit)
    limiter.on_sent(1000.0)
    assert limiter.ready_at < 1e6
    assert limiter.group_at(1000.0) < 1e6
