"""The estimate against real runs of sixteen families, against simulated ones, and at its edges."""

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.estimate import Estimate, Outlook, PastRun, RunProgress, estimate, is_precise, outlook, rounded

PROJECTS = [{"J02", "J03"}, {"J05", "J06", "J07"}, {"J08", "J12", "J13"}, {"J04", "J09", "J10", "J11", "J15", "J16"}]
"""Families that are parts of the same workflows."""


class Prediction(NamedTuple):
    family: str
    truth: float
    usual: Estimate
    last: float
    mean_of_3: float


def ended_runs(family: str) -> list[PastRun]:
    with (Path(__file__).parents[1] / "data" / "ci_runs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["job"] == family]
    return [
        PastRun(float(row["start"]) + float(row["duration_s"]), float(row["duration_s"]), row["outcome"] != "S")
        for row in rows
    ]


def predictions(family: str, runs: list[PastRun]) -> list[Prediction]:
    """Each successful run, predicted at its start from those that had ended by then."""
    runs = sorted(runs)
    made = []
    for run in runs:
        start = run.ended_at - run.duration
        earlier = [known for known in runs if known.ended_at <= start and known is not run]
        good = [known.duration for known in earlier if not known.failed]
        usual = estimate(earlier[-200:], start)
        if not run.failed and run.duration > 0 and len(good) >= 5 and usual:
            made.append(Prediction(family, run.duration, usual, good[-1], fmean(good[-3:])))
    return made


@pytest.fixture(scope="module")
def real() -> dict[str, list[Prediction]]:
    families = [f"J{number:02}" for number in range(1, 17)]
    return {family: predictions(family, ended_runs(family)) for family in families}


def error(made: list[Prediction], guess: Callable[[Prediction], float]) -> float:
    return median(abs(guess(one) - one.truth) / one.truth for one in made)


def coverage(made: list[Prediction]) -> float:
    ranged = [one for one in made if one.usual.has_range]
    return fmean(one.usual.least <= one.truth <= one.usual.most for one in ranged)


def by_project(real: dict[str, list[Prediction]], guess: Callable[[Prediction], float]) -> float:
    """The mean over projects of the mean over their families of the median error."""
    errors: dict[str, list[float]] = defaultdict(list)
    for family, made in real.items():
        project = next((str(sorted(project)) for project in PROJECTS if family in project), family)
        if len(made) >= 30:
            errors[project].append(error(made, guess))
    return fmean(fmean(of_project) for of_project in errors.values())


def guessed(one: Prediction) -> float:
    """The point, or the middle of the range where there is no point."""
    return one.usual.point or (one.usual.least + one.usual.most) / 2


def test_the_range_of_real_runs_holds_four_of_five(real: dict[str, list[Prediction]]) -> None:
    covered = {family: coverage(made) for family, made in real.items() if len(made) >= 30}
    assert all(0.72 <= share <= 0.89 for share in covered.values()), covered
    assert 0.77 <= fmean(covered.values()) <= 0.82


def test_the_point_is_nearer_than_the_last_run_and_the_mean_of_three(real: dict[str, list[Prediction]]) -> None:
    ours = by_project(real, guessed)
    assert ours <= 0.13
    assert ours < by_project(real, lambda one: one.last)
    assert ours < by_project(real, lambda one: one.mean_of_3)


def test_successful_runs_are_seldom_called_late(real: dict[str, list[Prediction]]) -> None:
    late = [fmean(one.truth > one.usual.too_long for one in made if one.usual.has_range) for made in real.values()]
    assert fmean(late) <= 0.02
    assert max(late) <= 0.06


SIMULATED: dict[str, Callable[[random.Random, int], float]] = {
    "log-normal": lambda chance, _: 480 * chance.lognormvariate(0, 0.3),
    "two kinds": lambda chance, _: (120 if chance.random() < 0.4 else 600) * chance.lognormvariate(0, 0.2),
    "a step": lambda chance, at: (300 if at < 150 else 510) * chance.lognormvariate(0, 0.25),
    "a drift": lambda chance, at: 300 * (1 + at / 300) * chance.lognormvariate(0, 0.2),
    "outliers": lambda chance, _: (
        300 * chance.lognormvariate(0, 0.25) * (chance.uniform(4, 10) if chance.random() < 0.03 else 1)
    ),
}


def simulated(kind: str, seed: int, failed_share: float = 0.0) -> list[PastRun]:
    chance = random.Random(f"{kind}{seed}")
    runs = []
    for at in range(300):
        failed = chance.random() < failed_share
        duration = SIMULATED[kind](chance, at) * (chance.uniform(0.1, 0.6) if failed else 1)
        noisy = max(1.0, duration + chance.uniform(-15, 15))
        runs.append(PastRun(at * 7200.0 + noisy, noisy, failed))
    return runs


@pytest.mark.parametrize("kind", SIMULATED)
def test_the_range_of_simulated_runs_holds_four_of_five(kind: str) -> None:
    shares = [coverage(predictions(kind, simulated(kind, seed))) for seed in range(5)]
    assert 0.75 <= fmean(shares) <= 0.87


def test_early_failures_are_left_out_of_the_range() -> None:
    shares = [coverage(predictions("failures", simulated("log-normal", seed, failed_share=0.25))) for seed in range(5)]
    assert 0.75 <= fmean(shares) <= 0.87


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


def test_runs_of_the_future_and_of_last_season_do_not_count() -> None:
    now = 100 * 86_400.0
    old = runs_of(60, 60, 60, until=9 * 86_400)
    future = runs_of(60, 60, 60, until=now + 100)
    assert estimate([*old, *future], now) is None


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
