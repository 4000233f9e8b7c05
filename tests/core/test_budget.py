"""Limits, what was spent within a window, and the share of each instance."""

from itertools import pairwise
from math import inf, isclose, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.budget import BUCKET, LONGEST_WINDOW, CallLog, free_at, limit_of, share, spent

rates = st.floats(0.01, 100)


@pytest.mark.parametrize(
    ("rate", "own", "others", "part"),
    [
        (5.0, 5.0, [], 5.0),
        (5.0, 1.0, [], 5.0),  # alone: all of it
        (6.0, 10.0, [10.0, 10.0], 2.0),
        (6.0, 10.0, [1.0], 5.0),
        (6.0, 1.0, [10.0], 1.0),
        (6.0, 1.0, [1.0], 3.0),  # enough for both: what is left is shared evenly
    ],
)
def test_each_gets_what_it_wants_or_an_even_part(rate: float, own: float, others: list[float], part: float) -> None:
    assert isclose(share(rate, own, others), part)


@given(rates, st.lists(rates, min_size=1, max_size=6))
def test_the_shares_of_a_rate_add_up_to_it_and_none_is_less_than_its_want_or_an_equal_part(
    rate: float, wants: list[float]
) -> None:
    parts = [share(rate, want, [*wants[:place], *wants[place + 1 :]]) for place, want in enumerate(wants)]
    assert isclose(sum(parts), rate)
    assert all(part >= min(want, rate / len(wants)) * 0.999 for part, want in zip(parts, wants, strict=True))


def test_requests_leave_a_window_when_it_is_over_and_not_sooner() -> None:
    log = CallLog()
    for second in range(100):
        log.add(float(second))
    assert spent(log.counts(), 300.0, 100.0) == 100
    assert all(later[0] - sooner[0] >= BUCKET for sooner, later in pairwise(log.counts()))
    at = free_at(log.counts(), 300.0, 91)
    assert spent(log.counts(), 300.0, at) < 91 <= spent(log.counts(), 300.0, at - 0.001)
    assert free_at(log.counts(), 300.0, 101) == -inf
    log.add(1000.0)
    assert log.counts() == ((1000.0, 1),)


@pytest.mark.parametrize(("calls", "seconds"), [(0, 300), (200, 0), (-1, 5), (nan, 300), (200, inf), (200, nan)])
def test_a_limit_that_makes_no_sense_is_none(calls: float, seconds: float) -> None:
    assert limit_of(calls, seconds, 0.0) is None


def test_a_limit_of_a_long_window_is_spread_evenly() -> None:
    limit = limit_of(2400, 86_400.0, 0.0)
    assert limit
    assert limit.seconds == LONGEST_WINDOW
    assert isclose(limit.calls, 2400 / 288)
