"""Rows about sweeps over the lists of 2,000 jobs, on the screen: keys, CPU, and bytes both ways."""

import random
import statistics
import time
from contextlib import ExitStack
from functools import partial

from tests.bench.figures import Figure, Row
from tests.bench.listed import list_page
from tests.bench.measure import Plan, Sample, in_turn, product
from tests.bench.places import THIRD_ROW
from tests.bench.service import Service
from tests.bench.terminal import Terminal, idle_with

JOBS = 2000
SETTLE = 330.0
"""Seconds after which every job has been read once: that is spread over five minutes."""
PACE = "[polling]\nrequests_per_second = 20\n"
"""Twenty pages take five seconds, every fifteen; with trust more of them."""
FRAME = rb"\x1b\[\?2026l"
"""The end of a frame."""
DOWN, UP, ENTER, ESCAPE = b"\x1b[B", b"\x1b[A", b"\r", b"\x1b"
KEYS = {"a cursor key": (DOWN, UP), "a letter of the filter": (b"x", b"\x7f"), "details": (ENTER, ESCAPE)}
"""What is pressed in turn."""
BOUNDS = {"median": None, "p95": 1.5, "p95 of its CPU": 1.25}
"""Times what the key takes where no lists are read."""


def sweeping(plan: Plan) -> list[Row]:
    """The same 2,000 jobs with lists and without; nothing changes. With lists one sweep follows another."""
    presses = round(plan.seconds(60, 10))
    with ExitStack() as stack:
        services = {name: stack.enter_context(Service(listed=JOBS)) for name in ("sweeps", "rest")}
        settings = {"sweeps": PACE, "rest": f"{PACE}[service]\nextras = false\n"}
        screens = {
            name: stack.enter_context(product(JOBS, service.port, settings[name])) for name, service in services.items()
        }
        for terminal in screens.values():
            terminal.wait_for(THIRD_ROW)
        _idle(screens, plan.seconds(SETTLE, 40))
        rows = _keys(plan, screens, services, presses)
        return rows + _windows(plan, screens, services)


def _keys(plan: Plan, screens: dict[str, Terminal], services: dict[str, Service], presses: int) -> list[Row]:
    rows = []
    before, began = services["sweeps"].pages, time.monotonic()
    for what, pair in KEYS.items():
        if what.startswith("a letter"):
            for terminal in screens.values():
                _press(terminal, b"/")
        took = in_turn(plan.runs, {name: partial(_delays, one, pair, presses) for name, one in screens.items()})
        if what.startswith("a letter"):
            for terminal in screens.values():
                _press(terminal, ESCAPE)
        for figure, most in BOUNDS.items():
            said = f"{what}, {JOBS:,} jobs in a sweep, {figure}"
            ours, least = took["sweeps"][figure], took["rest"][figure]
            rows.append(Row(said, "ms", ours, least, most, note="floor: the same without lists"))
    pages = (services["sweeps"].pages - before) / (time.monotonic() - began)
    rows[0] = Row(rows[0].what, "ms", rows[0].product, rows[0].floor, note=f"{pages:.1f} pages a second meanwhile")
    return rows


def _windows(plan: Plan, screens: dict[str, Terminal], services: dict[str, Service]) -> list[Row]:
    """What both do for a while, at the same time."""
    seconds = plan.seconds(60, 15)
    _idle(screens, 1)
    before = {name: (one.cpu, one.bytes_read, services[name].pages) for name, one in screens.items()}
    _idle(screens, seconds)
    used = {name: one.cpu - before[name][0] for name, one in screens.items()}
    pages = services["sweeps"].pages - before["sweeps"][2]
    sent = {name: (one.bytes_read - before[name][1]) / seconds * 60 for name, one in screens.items()}
    sweep = JOBS / 100
    received = sum(len(list_page(first, JOBS)) for first in range(0, JOBS, 100)) / 1000
    of_sweep = (used["sweeps"] - used["rest"]) / max(1, pages) * sweep * 1000
    note = f"{pages} pages in {seconds:.0f} s; without lists {used['rest'] / seconds:.1%}"
    return [
        Row("CPU while sweeps go on", "%", _one(used["sweeps"] / seconds * 100), most=10, note=note),
        Row("CPU of one sweep", "ms", _one(of_sweep), most=400, note="beside the status calls"),
        Row("bodies received for one sweep", "kB", _one(received)),
        Row(
            "bytes to the terminal while sweeps go on, nothing changes",
            "bytes/min",
            _one(sent["sweeps"]),
            _one(sent["rest"]),
            most=600,
        ),
    ]


def _one(value: float) -> Figure:
    return Figure((value,))


def _idle(screens: dict[str, Terminal], seconds: float) -> None:
    idle_with(list(screens.values()), seconds)


def _delays(terminal: Terminal, pair: tuple[bytes, bytes], presses: int) -> Sample:
    """Of the first key of the pair; the second one takes it back."""
    found, used = [], []
    for _ in range(presses):
        idle_with([terminal], random.uniform(0.12, 0.3))
        cpu = terminal.cpu
        found.append(_delay(terminal, pair[0]))
        used.append((terminal.cpu - cpu) * 1000)
        _press(terminal, pair[1])
    found.sort(), used.sort()
    place = int(len(found) * 0.95)
    return {"median": statistics.median(found), "p95": found[place], "p95 of its CPU": used[place]}


def _delay(terminal: Terminal, key: bytes) -> float:
    """Milliseconds from a key to the end of the frame that it draws."""
    pressed = time.monotonic()
    terminal.send(key)
    return (terminal.wait_for(FRAME, patience=20) - pressed) * 1000


def _press(terminal: Terminal, key: bytes) -> None:
    """Returns when it has acted; esc must be alone for a moment, or it would be taken for the begin of another key."""
    terminal.send(key)
    terminal.wait_for(FRAME, patience=20)
    idle_with([terminal], 0.3)
