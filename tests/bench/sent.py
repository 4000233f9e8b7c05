"""Rows about bytes: what a change costs whatever is open, and what should send nothing."""

from collections.abc import Sequence
from functools import partial

from tests.bench.figures import Figure, Row
from tests.bench.measure import Plan, Sample, in_turn, product, window
from tests.bench.places import THIRD_ROW
from tests.bench.product import pace
from tests.bench.service import Service
from tests.bench.terminal import Terminal, idle_with

ALL_READ = b"all answers under"
JOBS, PER_SECOND, CHANGE = 30, 5, 0.1
"""All in view, half a change a second: each is a frame of its own."""
OPEN: dict[str, tuple[Sequence[bytes], float]] = {
    "nothing": ((), 0),
    "details open": ((b"\r",), 2),
    "groups by state": ((b"z", *[b"\x1b[B"] * 4, b"\r"), 2),
    "the filter line open": ((b"/",), 2),
    "the sort dialog open": ((b"s",), 3),
    "the label dialog open": ((b"L",), 3),
    "help open": ((b"?",), 3),
}
"""Keys that open something, and the most that a change may cost then against the bare table."""
AT_REST = 65
"""Seconds after the first answers: by then the rows of running jobs say `1m+`, the last that changes in them."""
FOCUS = {"blur": b"\x1b[O", "focus": b"\x1b[I"}


def press(terminal: Terminal, keys: Sequence[bytes], settle: float) -> None:
    """One after another, each after the one before has acted."""
    for key in keys:
        terminal.send(key)
        idle_with([terminal], 0.4)
    idle_with([terminal], settle)


def changes_with_something_open(plan: Plan) -> list[Row]:
    """Bytes of one changed row, with everything that comes with it."""
    seconds = plan.seconds(40, 20)

    def measure(keys: Sequence[bytes]) -> Sample:
        with Service(CHANGE) as service, product(JOBS, service.port, pace(PER_SECOND, JOBS)) as terminal:
            terminal.wait_for(THIRD_ROW)
            idle_with([terminal], 3)
            press(terminal, keys, 2)
            sample = window(terminal, seconds, service)
            return {"bytes": sample["bytes"] / (sample["polls"] * 60 * CHANGE)}

    took = in_turn(min(plan.runs, 3), {name: partial(measure, keys) for name, (keys, _) in OPEN.items()})
    bare = took["nothing"]["bytes"]
    rows = [Row("one changed row", "bytes", bare)]
    for name, (_, most) in OPEN.items():
        if most:
            rows.append(Row(f"one changed row, {name}", "bytes", took[name]["bytes"], bare, most))
    return rows


def silence(plan: Plan) -> list[Row]:
    """What changes nothing that can be seen."""

    def focus(report: bytes) -> Sample:
        with Service() as service, product(JOBS, service.port) as terminal:
            terminal.wait_for(ALL_READ)
            press(terminal, (), 2)
            before = terminal.bytes_read
            press(terminal, (report,), 1)
            return {"bytes": terminal.bytes_read - before}

    def typing(keys: Sequence[bytes], jobs: int = JOBS, sort: str = "") -> Sample:
        with Service() as service, product(jobs, service.port, sort=sort) as terminal:
            terminal.wait_for(ALL_READ)
            press(terminal, (), AT_REST)
            press(terminal, keys, 2)
            return window(terminal, plan.seconds(60, 20))

    def paused() -> Sample:
        with Service() as service, product(JOBS, service.port) as terminal:
            terminal.wait_for(ALL_READ)
            press(terminal, (), AT_REST)
            before = terminal.bytes_read
            press(terminal, (b"P",), 1)
            return {"bytes": terminal.bytes_read - before, "after": window(terminal, 60)["bytes"]}

    runs = min(plan.runs, 3)
    took = in_turn(
        runs,
        {
            **{name: partial(focus, report) for name, report in FOCUS.items()},
            "filter": lambda: typing((b"/",)),
            "label": lambda: typing((b"L",)),
            "age": lambda: typing((), 60, "age"),
            "pause": paused,
        },
    )
    sent: dict[str, Figure] = {name: figures["bytes"] for name, figures in took.items()}
    return [
        Row("the window loses the focus", "bytes", sent["blur"], most=200),
        Row("the window gets the focus", "bytes", sent["focus"], most=200),
        Row("the filter line is open, nothing changes", "bytes/min", sent["filter"], most=600),
        Row("the label dialog is open, nothing changes", "bytes/min", sent["label"], most=600),
        Row("60 healthy jobs sorted by age", "bytes/min", sent["age"], most=600),
        Row("everything is paused", "bytes", sent["pause"]),
        Row("the minute after that", "bytes", took["pause"]["after"], most=200),
    ]
