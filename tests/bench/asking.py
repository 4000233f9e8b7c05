"""What a question costs with the screen open and nothing changing, beside httpx alone."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.bench.figures import Figure, Row
from tests.bench.measure import Plan, Sample, asking, httpx_alone, in_turn, poll_floor, product, settled
from tests.bench.product import full_speed, pace
from tests.bench.service import Service
from tests.bench.terminal import idle_with

SETTLE, WINDOW = 0.4, 0.25
"""Seconds: at first a program that stood still draws its whole screen again. The window is long enough for a hundred
questions, and short enough that the machine keeps its speed over a pair."""


def polls(plan: Plan) -> list[Row]:
    """As fast as they go, eight at once; and at a hundred a second, the most that one profile may ask."""
    what = "CPU of 1,000 polls, screen open"
    ours, best = _at_full_speed(round(plan.seconds(100, 5)))
    seconds = plan.seconds(15, 6)

    def the_product() -> Sample:
        with Service() as service, product(200, service.port, pace(100, 200)) as terminal:
            return settled(terminal, 4, seconds, service)

    cases = {"product": the_product, "paced": lambda: poll_floor(seconds, 100, "one")}
    took = {name: _per_thousand(figures["per_poll"]) for name, figures in in_turn(plan.runs, cases).items()}
    note = "product 100/s, sleeping between; floor as fast as it goes"
    return [
        Row(what, "ms", ours, best, 1.25, note="both 8 at once, as fast as they go"),
        Row(f"{what}, both at 100/s", "ms", took["product"], took["paced"], 1.25),
        Row(f"{what}, 100/s, floor unpaced", "ms", took["product"], best, note=note),
    ]


def _at_full_speed(rounds: int) -> tuple[Figure, Figure]:
    """The product's figure, and the best floor's. All are there at the same time; each stands still but in its turn."""
    with ExitStack() as stack:
        windows: dict[str, Callable[[], Sample]] = {"product": stack.enter_context(_product())}
        for kind in ("one", "each"):
            windows[kind] = stack.enter_context(_floor(kind))
        took = in_turn(rounds, windows)
    each = {name: _per_thousand(figures["per_poll"]) for name, figures in took.items()}
    return each["product"], min((each["one"], each["each"]), key=lambda figure: figure.middle)


@contextmanager
def _product() -> Iterator[Callable[[], Sample]]:
    """Eight profiles that ask one question at a time each, and want more than they get."""
    jobs, profiles = 2400, 8
    with Service() as service, product(jobs, service.port, full_speed(service.port, profiles), profiles) as terminal:
        settled(terminal, 6, 0.1)
        yield _in_its_turn(terminal.pid, service, partial(idle_with, [terminal]))


@contextmanager
def _floor(kind: str) -> Iterator[Callable[[], Sample]]:
    with httpx_alone(kind) as (pid, service):
        time.sleep(2)
        yield _in_its_turn(pid, service, time.sleep)


def _in_its_turn(pid: int, service: Service, wait: Callable[[float], None]) -> Callable[[], Sample]:
    """A window of a process that stands still before and after."""

    def window() -> Sample:
        os.kill(pid, signal.SIGCONT)
        wait(SETTLE)
        sample = asking(pid, service, partial(wait, WINDOW))
        os.kill(pid, signal.SIGSTOP)
        return sample

    os.kill(pid, signal.SIGSTOP)
    return window


def _per_thousand(per_poll: Figure) -> Figure:
    """Milliseconds of 1,000 questions."""
    return Figure(tuple(value * 1000 for value in per_poll.values))
