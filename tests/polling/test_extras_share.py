"""The extras' share of the budget."""

import pytest

from tests.support.builders import failure
from tui.core.reading import FailureKind
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasShare


def taken(share: ExtrasShare, seconds: int, start: float = 0.0) -> list[float]:
    """The moments of all requests of somebody who always wants more."""
    now, moments = start, []
    while now < start + seconds:
        wait = share.take(now)
        moments += [now] * (wait == 0.0)
        now += wait or 1e-9
    return moments


@pytest.mark.parametrize("rate", [0.5, 2.0, 5.0])
def test_it_is_a_fifth_of_the_budget_and_a_few_at_once(rate: float) -> None:
    moments = taken(ExtrasShare(AdaptiveRateLimiter(rate)), 3600)
    assert 720 * rate <= len(moments) <= 720 * rate + 5


def test_what_extras_take_the_status_calls_do_not_have() -> None:
    budget = AdaptiveRateLimiter(5.0)
    assert ExtrasShare(budget).take(10.0) == 0.0
    assert budget.ready_at > 10.0


def test_they_wait_for_status_calls_that_have_just_left_and_while_the_service_is_throttling() -> None:
    budget = AdaptiveRateLimiter(5.0)
    share = ExtrasShare(budget)
    budget.on_sent(10.0)
    assert share.take(10.0) == pytest.approx(0.2)
    budget.on_throttled(failure(FailureKind.THROTTLED), 10.0, 10.5)
    assert share.take(11.0) == pytest.approx(budget.waiting_until - 11.0)


def test_the_share_shrinks_with_the_rate() -> None:
    budget = AdaptiveRateLimiter(5.0)
    share = ExtrasShare(budget)
    budget.rate = 0.5
    assert len(taken(share, 1000)) <= 100 + 5
