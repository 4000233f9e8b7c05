"""Cost against the number of jobs: a question's CPU, where nothing changes and where one answer in ten is a change."""

from functools import partial

from tests.bench.figures import Figure, Row
from tests.bench.measure import Plan, Sample, floor_app, in_turn, product, settled
from tests.bench.product import pace
from tests.bench.service import Service

SIZES = (20, 200, 2_000, 10_000)
RATE = 20.0
"""Questions a second at every size, so that what costs by the second counts alike."""
CHANGING = 0.1

SERIES = {"quiet": "product, nothing changes", "changing": "product, 2 changes/s", "floor": "floor: table + httpx"}


def growth(plan: Plan) -> list[Row]:
    seconds = plan.seconds(12, 8)
    rows = []
    for jobs in SIZES:
        took = in_turn(
            min(plan.runs, 3),
            {
                "quiet": partial(_product, jobs, 0, seconds),
                "changing": partial(_product, jobs, CHANGING, seconds),
                "floor": partial(_floor, jobs, seconds),
            },
        )
        least = took["floor"]["per_poll"]
        rows += [
            Row(f"CPU a poll, {jobs:,} jobs, {name}", "ms", took[name]["per_poll"], least)
            for name in ("quiet", "changing")
        ]
    return rows


def curves(rows: list[Row]) -> dict[str, list[tuple[int, Figure]]]:
    """The rows of `growth` as lines of a chart: by title, points of jobs and CPU."""
    lines: dict[str, list[tuple[int, Figure]]] = {title: [] for title in SERIES.values()}
    for place, row in enumerate(rows):
        jobs, name = SIZES[place // 2], ("quiet", "changing")[place % 2]
        lines[SERIES[name]].append((jobs, row.product))
        if row.floor and name == "quiet":
            lines[SERIES["floor"]].append((jobs, row.floor))
    return lines


def _product(jobs: int, change: float, seconds: float) -> Sample:
    with Service(change) as service, product(jobs, service.port, pace(RATE, jobs)) as terminal:
        return settled(terminal, 4, seconds, service)


def _floor(jobs: int, seconds: float) -> Sample:
    with Service() as service, floor_app("--jobs", jobs, "--poll", service.port, "--rate", RATE) as terminal:
        return settled(terminal, 4, seconds, service)
