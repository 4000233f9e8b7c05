"""What a question costs with the screen open and nothing changing, beside httpx alone."""

from collections.abc import Callable
from functools import partial

from tests.bench.figures import Figure, Row
from tests.bench.measure import Plan, Sample, in_turn, poll_floor, product, settled, window
from tests.bench.places import THIRD_ROW
from tests.bench.product import full_speed, pace
from tests.bench.service import Service
from tests.bench.terminal import idle_with

AT_ONCE = 16
"""Questions as fast as they go: profiles of ours, each of which may ask 100 a second, and workers of the floor."""


def polls(plan: Plan) -> list[Row]:
    """As fast as they go, many at once; and at a hundred a second, the most that one profile may ask."""
    what = "CPU of 1,000 polls, screen open"
    seconds = plan.seconds(15, 6)

    def paced() -> Sample:
        with Service() as service, product(200, service.port, pace(100, 200)) as terminal:
            return settled(terminal, 4, seconds, service)

    cases: dict[str, Callable[[], Sample]] = {
        "fast": partial(_at_full_speed, seconds),
        "one": partial(poll_floor, seconds, 0, "one", workers=AT_ONCE),
        "each": partial(poll_floor, seconds, 0, "each", workers=AT_ONCE),
        "paced": paced,
        "paced floor": partial(poll_floor, seconds, 100, "one"),
    }
    took = {name: _per_thousand(figures["per_poll"]) for name, figures in in_turn(plan.runs, cases).items()}
    best = min((took["one"], took["each"]), key=lambda figure: figure.middle)
    note = "product 100/s, sleeping between; floor as fast as it goes"
    return [
        Row(what, "ms", took["fast"], best, 1.25, note=f"both {AT_ONCE} at once, as fast as they go"),
        Row(f"{what}, both at 100/s", "ms", took["paced"], took["paced floor"], 1.25),
        Row(f"{what}, 100/s, floor unpaced", "ms", took["paced"], best, note=note),
    ]


def _at_full_speed(seconds: float) -> Sample:
    """Profiles that ask one question at a time each, and may ask more often in all than one core can."""
    jobs = 2400
    with Service() as service, product(jobs, service.port, full_speed(service.port, AT_ONCE), AT_ONCE) as terminal:
        terminal.wait_for(THIRD_ROW)
        for _ in range(240):
            idle_with([terminal], 0.5)
            if service.requests >= 2 * jobs:  # each job's first answer changes its row
                return window(terminal, seconds, service)
        raise TimeoutError(f"no {2 * jobs} requests within two minutes")


def _per_thousand(per_poll: Figure) -> Figure:
    """Milliseconds of 1,000 questions."""
    return Figure(tuple(value * 1000 for value in per_poll.values))
