"""The estimate tried on real and on simulated runs: `python -m tests.core.estimate_protocol` prints the figures.

Each successful run is predicted at its start from the runs that had ended by then, once five of them were successful.
A limit that is not kept shows a broken estimate; one that is kept proves no good one.
"""

import csv
import random
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

from tui.core.estimate import Estimate, PastRun, estimate

FAMILIES = tuple(f"J{number:02}" for number in range(1, 17))
PROJECTS = ({"J02", "J03"}, {"J05", "J06", "J07"}, {"J08", "J12", "J13"}, {"J04", "J09", "J10", "J11", "J15", "J16"})
"""Families that are parts of the same workflows; each other family is a project of its own."""
ENOUGH = 30
"""A family with fewer predictions is left out."""
POLL = 15.0
"""How far the observed duration of a simulated run is from the true one, at most; seconds."""


class Prediction(NamedTuple):
    truth: float
    usual: Estimate
    last: float
    """The duration of the last successful run."""
    mean_of_3: float


class Figures(NamedTuple):
    """What came out for one family of runs; shares, not percentages."""

    family: str
    predictions: int
    coverage: float
    """Of the 80 % range."""
    pointed: float
    """Predictions with a point. The others have a range alone, since there are two kinds of runs."""
    ours: float
    """The median absolute relative error of the point; the next two are those of its rivals for the same runs."""
    last: float
    mean_of_3: float
    late: float
    """Successful runs that were called longer than usual."""


def real_runs(family: str) -> list[PastRun]:
    with (Path(__file__).parents[1] / "data" / "ci_runs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["job"] == family]
    return [
        PastRun(float(row["start"]) + float(row["duration_s"]), float(row["duration_s"]), row["outcome"] != "S")
        for row in rows
    ]


def predictions(runs: Iterable[PastRun]) -> Iterator[Prediction]:
    runs = sorted(runs)
    ends = [run.ended_at for run in runs]
    for run in runs:
        start = run.ended_at - run.duration
        earlier = runs[max(0, bisect_right(ends, start) - 200) : bisect_right(ends, start)]
        good = [known.duration for known in earlier if not known.failed and known is not run]
        usual = estimate(earlier, start)
        if not run.failed and run.duration > 0 and len(good) >= 5 and usual:
            yield Prediction(run.duration, usual, good[-1], fmean(good[-3:]))


def figures(family: str, made: Sequence[Prediction]) -> Figures:
    def error(guess: Callable[[Prediction], float]) -> float:
        return median(abs(guess(one) - one.truth) / one.truth for one in pointed)

    pointed = [one for one in made if one.usual.point]
    ranged = [one for one in made if one.usual.has_range]
    return Figures(
        family,
        len(made),
        fmean(one.usual.least <= one.truth <= one.usual.most for one in ranged),
        len(pointed) / len(made),
        error(lambda one: one.usual.point or 0.0),
        error(lambda one: one.last),
        error(lambda one: one.mean_of_3),
        fmean(one.truth > one.usual.too_long for one in ranged),
    )


def real() -> list[Figures]:
    every = [figures(family, list(predictions(real_runs(family)))) for family in FAMILIES]
    return [one for one in every if one.predictions >= ENOUGH]


def by_project(every: Iterable[Figures]) -> Iterator[Figures]:
    """The mean over the families of each project."""
    families: dict[str, list[Figures]] = defaultdict(list)
    for one in every:
        families[next((min(project) for project in PROJECTS if one.family in project), one.family)].append(one)
    return (mean(project, its) for project, its in families.items())


def mean(name: str, every: Sequence[Figures]) -> Figures:
    """The mean of all shares."""
    means = [fmean(values) for values in zip(*(one[2:] for one in every), strict=True)]
    return Figures(name, sum(one.predictions for one in every), *means)


Simulation = Callable[[random.Random, int, float], float]
"""Takes chance, the number of the run and the spread (sigma of the logarithm); returns a duration in seconds."""
SIMULATED: dict[str, Simulation] = {
    "log-normal": lambda chance, _, spread: 480 * chance.lognormvariate(0, spread),
    "two kinds": lambda chance, _, spread: (
        (120 if chance.random() < 0.4 else 600) * chance.lognormvariate(0, spread / 2)
    ),
    "a step": lambda chance, at, spread: (300 if at < 150 else 510) * chance.lognormvariate(0, spread),
    "a drift": lambda chance, at, spread: 300 * (1 + at / 300) * chance.lognormvariate(0, spread / 2),
    "outliers": lambda chance, _, spread: (
        300 * chance.lognormvariate(0, spread) * (chance.uniform(4, 10) if chance.random() < 0.03 else 1)
    ),
    "failures": lambda chance, _, spread: 480 * chance.lognormvariate(0, spread),
}


def simulated_runs(kind: str, seed: int) -> list[PastRun]:
    """300 runs, one every two hours; of the kind `failures` a quarter fails early."""
    chance = random.Random(f"{kind}{seed}")
    spread = 0.1 + 0.4 * chance.random()
    runs = []
    for at in range(300):
        failed = kind == "failures" and chance.random() < 0.25
        duration = SIMULATED[kind](chance, at, spread) * (chance.uniform(0.1, 0.6) if failed else 1)
        observed = max(1.0, duration + chance.uniform(-POLL, POLL))
        runs.append(PastRun(at * 7200.0 + observed, observed, failed))
    return runs


def simulated(kind: str, families: int) -> Figures:
    """What came out for so many families together."""
    return figures(kind, [made for seed in range(families) for made in predictions(simulated_runs(kind, seed))])


def table(families: int) -> Iterator[str]:
    """The lines of the table; `families` of each simulated kind."""
    heads = f"{'80 % range':>12}{'a point':>9}{'error':>8}{'last run':>10}{'mean of 3':>11}{'in vain late':>14}"
    yield f"{'':<20}{'runs':>7}{heads}"
    every = real()
    for one in every:
        yield _line(one)
    yield _line(mean("mean of families", every))
    yield _line(mean("mean of projects", list(by_project(every))))
    for kind in SIMULATED:
        yield _line(simulated(kind, families))


def _line(one: Figures) -> str:
    ours, last, mean_of_3 = (
        f"{error:.1%}" if one.pointed >= 0.01 else "-" for error in (one.ours, one.last, one.mean_of_3)
    )
    shares = f"{one.coverage:>12.1%}{one.pointed:>9.0%}{ours:>8}{last:>10}{mean_of_3:>11}{one.late:>14.1%}"
    return f"{one.family:<20}{one.predictions:>7}{shares}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in table(families=30))
