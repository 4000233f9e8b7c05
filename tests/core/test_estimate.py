"""The estimate against real runs of sixteen families, against simulated ones, and at its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.estimate_protocol import SIMULATED, Figures, by_project, mean, real, simulated
from tui.core.estimate import Estimate, Outlook, PastRun, RunProgress, estimate, is_precise, outlook, rounded


@pytest.fixture(scope="module")
def families() -> list[Figures]:
    return real()


def test_the_range_of_real_runs_holds_four_of_five(families: list[Figures]) -> None:
    assert len(families) == 16
    assert all(0.72 <= one.coverage <= 0.89 for one in families), families
    assert 0.77 <= mean("", families).coverage <= 0.82


def test_the_point_is_nearer_than_the_last_run_and_the_mean_of_three(families: list[Figures]) -> None:
    of_projects = mean("", list(by_project(families)))
    assert of_projects.ours <= 0.13
    assert of_projects.ours < of_projects.last
    assert of_projects.ours < of_projects.mean_of_3
    assert of_projects.pointed >= 0.85


def test_successful_runs_are_seldom_called_late(families: list[Figures]) -> None:
    assert mean("", families).late <= 0.02
    assert max(one.late for one in families) <= 0.06


@pytest.mark.parametrize("kind", SIMULATED)
def test_the_range_of_simulated_runs_holds_four_of_five(kind: str) -> None:
    assert 0.75 <= simulated(kind, families=5).coverage <= 0.87


def test_two_kinds_of_runs_get_no_point() -> None:
    assert simulated("two kinds", families=5).pointed < 0.01


def runs_of(*durations: float, failed: bool = False, until: float = 1000.0) -> list[PastRun]:
    return [PastRun(until - len(durations) + at, duration, failed) for at, duration in enumerate(durations)]


@pytest.mark.parametrize("durations", [(), (60,), (60, 61)])
def test_fewer_than_three_runs_say_nothing(durations: tuple[float, ...]) -> None:
    assert estimate(runs_of(*durations), 1000) is None


def test_a_range_needs_nine_runs() -> None:
    eight, nine = estimate(runs_of(*range(100, 108)), 1000), estimate(runs_of(*range(100, 109)), 1000)
    assert eight
    assert not eight.has_range
    assert nine
    assert nine.has_range
    assert (nine.least, nine.point, nine.most) == (100, 104, 108)


def test_percentiles_lie_between_neighbours() -> None:
    usual = estimate(runs_of(*range(1, 20)), 1000)  # 10 % and 90 % of twenty places
    assert usual
    assert (usual.least, usual.most) == (2, 18)
    usual = estimate(runs_of(*range(100, 114)), 1000)  # places 1.5 and 13.5
    assert usual
    assert (usual.least, usual.most) == (100.5, 112.5)


def test_only_the_last_twenty_count() -> None:
    usual = estimate(runs_of(*[900.0] * 30, *[60.0] * 20), 1000)
    assert usual == Estimate(20, 60, 60, 60)
    told = [run._replace(is_told=run.duration == 900) for run in runs_of(*[900.0] * 30, *[60.0] * 20)]
    assert estimate(told, 1000) == usual
    assert estimate(told[:30], 1000) == Estimate(20, 900, 900, 900, told=20)


def test_runs_of_the_future_and_of_last_season_do_not_count() -> None:
    now = 100 * 86_400.0
    old = runs_of(60, 60, 60, until=9 * 86_400)
    future = runs_of(60, 60, 60, until=now + 100)
    assert estimate([*old, *future], now) is None


def test_a_run_counts_for_ninety_days_and_if_it_took_any_time() -> None:
    now, oldest = 100 * 86_400.0, 10 * 86_400.0
    counted = [PastRun(at, 60) for at in (oldest, now - 1, now)]
    usual = estimate([*counted, PastRun(oldest - 1, 900), PastRun(now + 1, 900), PastRun(now - 1, 0)], now)
    assert usual == Estimate(3, 60, 60, 60)
    assert estimate([*counted[1:], PastRun(oldest - 1, 60)], now) is None


def test_failed_runs_count_only_where_there_are_not_enough_others() -> None:
    failed = runs_of(10, 10, 10, failed=True)
    assert estimate([*failed, *runs_of(100, 100, 100)], 1000) == Estimate(3, 100, 100, 100)
    both = estimate([*failed, *runs_of(12, 12)], 1000)
    assert both
    assert both.runs == 5
    assert both.includes_failed


def test_runs_of_two_kinds_have_a_range_and_no_point() -> None:
    usual = estimate(runs_of(*[60.0] * 5, *[600.0] * 5), 1000)
    assert usual
    assert usual.point is None
    assert usual.has_range
    assert estimate(runs_of(60, 60, 600, 600), 1000) is None
    nine = estimate(runs_of(*[60.0] * 5, *[600.0] * 4), 1000)
    assert nine
    assert (nine.point, nine.has_range) == (None, True)
    assert estimate(runs_of(100, 100, 300), 1000)
    assert estimate(runs_of(100, 100, 301), 1000) is None
    assert outlook(59, True, usual) == Outlook(RunProgress.ON_ITS_WAY)
    assert outlook(61, True, usual) == Outlook(RunProgress.ANY_MOMENT)
    assert outlook(usual.too_long + 1, True, usual) == Outlook(RunProgress.LONGER_THAN_USUAL)


def test_what_is_said_follows_the_time_that_passed() -> None:
    usual = estimate(runs_of(*range(540, 660, 12)), 1000)
    assert usual
    assert usual.point == 594
    assert outlook(0, True, usual) == Outlook(RunProgress.ON_ITS_WAY, 594, 0)
    assert outlook(-3, True, usual) == Outlook(RunProgress.ON_ITS_WAY, 594, 0)
    assert outlook(297, True, usual) == Outlook(RunProgress.ON_ITS_WAY, 297, 0.5)
    assert outlook(594, True, usual) == Outlook(RunProgress.ANY_MOMENT, share=0.95)
    assert outlook(usual.too_long, True, usual).progress is RunProgress.ANY_MOMENT
    assert outlook(usual.too_long + 1, True, usual) == Outlook(RunProgress.LONGER_THAN_USUAL, share=0.95)
    assert outlook(10_000, True, None) == Outlook(RunProgress.UNKNOWN)


def test_a_few_runs_call_none_longer_than_usual() -> None:
    eight, nine = estimate(runs_of(*[100.0] * 8), 1000), estimate(runs_of(*[100.0] * 9), 1000)
    assert outlook(161, True, eight) == Outlook(RunProgress.LONGER_THAN_THE_FEW, share=0.95)
    assert outlook(161, False, eight) == Outlook(RunProgress.UNKNOWN)
    assert not outlook(161, True, eight).is_late
    assert outlook(161, False, nine) == Outlook(RunProgress.LONGER_THAN_USUAL)
    assert outlook(161, True, nine).is_late


def test_a_run_whose_start_was_not_seen_is_only_ever_called_late() -> None:
    usual = estimate(runs_of(*[100.0] * 9), 1000)
    assert usual
    assert usual.too_long == 160
    assert outlook(50, False, usual) == Outlook(RunProgress.UNKNOWN)
    assert outlook(161, False, usual).is_late


def test_too_long_is_a_quarter_above_the_range_and_a_minute_at_least() -> None:
    assert Estimate(9, 500, 400, 1000).too_long == 1250
    assert Estimate(9, 50, 40, 60).too_long == 120


def test_only_closely_observed_runs_teach() -> None:
    assert is_precise(15, 30, 120, interval=15)
    assert not is_precise(15, 31, 200, interval=15)
    assert not is_precise(10, 16, 60, interval=15)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, 0), (-5, 0), (0.2, 1), (59.4, 59), (61, 60), (68, 75), (599, 600), (629, 600), (640, 660)],
)
def test_durations_are_rounded_to_what_a_person_tells_apart(seconds: float, shown: int) -> None:
    assert rounded(seconds) == shown


@given(st.lists(st.floats(0.001, 1e7), max_size=40), st.floats(0, 1e8), st.booleans())
def test_nothing_said_is_ever_negative_or_full(durations: list[float], elapsed: float, start_seen: bool) -> None:
    usual = estimate(runs_of(*durations), 1000)
    said = outlook(elapsed, start_seen, usual)
    assert said.left is None or said.left > 0
    assert said.share is None or 0 <= said.share <= 0.95
    assert (usual is None) == (said.progress is RunProgress.UNKNOWN) or not start_seen
    if usual:
        assert min(durations) <= usual.least <= (usual.point or usual.least) <= usual.most <= max(durations)
