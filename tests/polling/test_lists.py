"""Lists steer whom to ask next: delays under a quota, with good lists and with bad ones. All in virtual time."""

from functools import cache
from statistics import median, quantiles

import pytest

from tests.bench.quota import PlainLoop, lived, worst
from tests.support.list_world import Figures, Setting, measured
from tests.support.long_run import by_length, takes_minutes


def half_and_most(delays: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    assert len(delays) > 20
    return median(delays), quantiles(delays, n=20)[-1]


@cache
def of_a_plain_loop(hours: float) -> tuple[float, float]:
    """How late a plain loop sees the same builds: its worse median, and its worse 95th percentile.

    It asks for one of 200 jobs after another at 80 % of 200 requests in five minutes.
    """
    return worst(lived(Setting(hours=hours), PlainLoop))


def keeps_promises(figures: Figures) -> None:
    assert figures.wrong == 0
    assert figures.refusals <= 1
    assert max(figures.waits) <= 2


def test_with_lists_200_jobs_are_seen_to_start_and_stop_within_seconds() -> None:
    figures = measured(Setting(hours=by_length(0.8, 3.0)))
    for delays in (figures.starts, figures.stops):
        half, most = half_and_most(delays)
        assert half <= 16
        assert most <= 45
    assert figures.all_running_after is not None
    assert figures.all_running_after <= 5
    keeps_promises(figures)


@takes_minutes
def test_an_unknown_limit_costs_one_refusal() -> None:
    figures = measured(Setting(hours=1.0, knows_limit=False))
    assert figures.refusals == 1
    assert figures.all_running_after is not None
    assert figures.all_running_after <= 5


@pytest.mark.parametrize(
    "lists",
    [
        "lies",
        pytest.param("empty", marks=takes_minutes),
        pytest.param("lags", marks=takes_minutes),
        pytest.param("lies at random", marks=takes_minutes),
        pytest.param("shifts", marks=takes_minutes),
        pytest.param("drops", marks=takes_minutes),
        pytest.param("refused", marks=takes_minutes),
        pytest.param("withheld", marks=takes_minutes),
        pytest.param("frozen", marks=takes_minutes),
    ],
)
def test_bad_lists_make_nothing_wrong_and_nothing_slower_than_a_plain_loop(lists: str) -> None:
    hours = by_length(0.8, 6.0)
    figures = measured(Setting(hours=hours, lists=lists))
    assert all(len(delays) > 20 for delays in (figures.starts, figures.stops))
    for found, plain in zip(worst(figures), of_a_plain_loop(hours), strict=True):
        assert found <= plain
    keeps_promises(figures)


@takes_minutes
@pytest.mark.parametrize(("filter_works", "bound"), [(False, 45.0), (True, 20.0)])
def test_2000_jobs_in_five_projects(filter_works: bool, bound: float) -> None:
    figures = measured(
        Setting(jobs=2000, projects=5, running=20, hours=by_length(1.0, 1.0, 2.0), filter_works=filter_works)
    )
    for delays in (figures.starts, figures.stops):
        assert median(delays) <= bound
    keeps_promises(figures)


@takes_minutes
def test_builds_of_90_seconds_are_seen() -> None:
    figures = measured(Setting(build=90, running=2.1, hours=3.0))
    assert figures.builds > 100
    assert figures.unseen <= 0.03 * figures.builds
    keeps_promises(figures)


@takes_minutes
def test_lists_that_name_few_watched_jobs_are_not_read_to_their_end() -> None:
    figures = measured(Setting(jobs=60, running=4, others=3000, hours=2.0))
    assert figures.pages <= 800
    keeps_promises(figures)
