"""The rows of the table: start, pace, keys, memory, leaving. Each answers one row or a few."""

import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack

from tests.bench.asking import polls
from tests.bench.figures import Figure, Row
from tests.bench.growth import growth
from tests.bench.measure import (
    Plan,
    Sample,
    floor_app,
    has_command,
    home,
    idle_together,
    in_turn,
    key_delays,
    poll_floor,
    product,
    quiet,
    settled,
)
from tests.bench.places import ENVIRONMENT, THIRD_ROW, floor, job_id
from tests.bench.product import pace
from tests.bench.sent import changes_with_something_open, silence
from tests.bench.service import Service
from tests.bench.sweeping import sweeping
from tests.bench.terminal import Terminal, idle_with

STATUS = "[▸◦] (running|idle)".encode()


def start(plan: Plan, jobs: int, most: float) -> list[Row]:
    """First paint, and the first status after it. One start of each goes before, so that all is compiled; starts are
    short, so there are five times as many as runs."""
    with Service() as service:

        def the_product() -> Sample:
            with product(jobs, service.port) as terminal:
                shown = terminal.wait_for(THIRD_ROW)
                cpu = terminal.cpu
                known = terminal.wait_for(STATUS, also_before=True)
                return {"ms": (shown - terminal.started) * 1000, "cpu": cpu * 1000, "status": (known - shown) * 1000}

        def the_floor() -> Sample:
            with floor_app("--jobs", jobs) as terminal:
                shown = terminal.wait_for(THIRD_ROW)
                return {"ms": (shown - terminal.started) * 1000, "cpu": terminal.cpu * 1000}

        def an_answer() -> Sample:
            before = quiet(([sys.executable, "-c", "import asyncio"], ENVIRONMENT))["ms"]
            return {"ms": quiet((floor("polls", service.port, "--most", 1), ENVIRONMENT))["ms"] - before}

        the_product(), the_floor(), an_answer()
        took = in_turn(5 * plan.runs, {"product": the_product, "floor": the_floor, "answer": an_answer})
    ours, least = took["product"], took["floor"]
    said = "floor: import httpx, make a client, get one answer"
    return [
        Row(f"first paint of {jobs:,} jobs", "ms", ours["ms"], least["ms"], most),
        Row(f"CPU until then, {jobs:,} jobs", "ms", ours["cpu"], least["cpu"]),
        Row(f"first status after it, {jobs:,} jobs", "ms", ours["status"], took["answer"]["ms"], most=150, note=said),
    ]


def quiet_screen(plan: Plan) -> list[Row]:
    """Bytes and CPU where nothing changes, 200 jobs at the default pace of 5 questions a second: all runs at once,
    since they hardly work. The first round of answers takes 40 seconds, and a minute later its last row says `1m+`: the
    window begins after that."""
    runs, seconds = min(plan.runs, 3), plan.seconds(60, 20)
    with ExitStack() as stack:
        services = [stack.enter_context(Service()) for _ in range(runs)]
        ours = [stack.enter_context(product(200, service.port)) for service in services]
        idle = [stack.enter_context(floor_app("--jobs", 200)) for _ in range(runs)]
        for terminal in (*ours, *idle):
            terminal.wait_for(THIRD_ROW)
        taken = idle_together([*ours, *idle], 120, seconds)
    asking = [poll_floor(seconds / 2, 5, "one", 3)["cpu"] for _ in range(runs)]
    least = [screen["cpu"] + polls for screen, polls in zip(taken[runs:], asking, strict=True)]
    sent = Figure(tuple(sample["bytes"] for sample in taken[:runs]))
    cpu = Figure(tuple(sample["cpu"] * 100 for sample in taken[:runs]))
    said = f"floor: an idle screen's {taken[runs]['cpu']:.2%} + polls alone"
    return [
        Row("nothing changes, 200 jobs, default pace", "bytes/min", sent, most=600),
        Row("idle CPU, 200 jobs, default pace", "%", cpu, Figure(tuple(v * 100 for v in least)), 1.25, note=said),
    ]


def changes(plan: Plan) -> list[Row]:
    """10 changes a second among 200 jobs: one in five of 50 questions a second finds one.

    The floor's rows stay where they are, and so do those of the watchlist's order; in the automatic one each change
    moves a row to the top.
    """
    seconds = plan.seconds(20, 8)

    def the_product(sort: str) -> Sample:
        with Service(0.2) as service, product(200, service.port, pace(50, 200), sort=sort) as terminal:
            return settled(terminal, 6, seconds, service)

    def the_floor() -> Sample:
        with floor_app("--jobs", 200, "--updates", 10) as terminal:
            return settled(terminal, 3, seconds)

    cases = {
        "product": lambda: the_product("list"),
        "automatic": lambda: the_product(""),
        "floor": the_floor,
        "polls": lambda: poll_floor(seconds, 50, "one"),
    }
    took = in_turn(plan.runs, cases)
    ours, least, polls = took["product"], took["floor"], took["polls"]["cpu"]
    above = Figure(tuple((a - b) * 100 for a, b in zip(ours["cpu"].values, polls.values, strict=True)))
    whole = f"with its polls {ours['cpu'].middle:.1%}, polls alone {polls.middle:.1%}"
    drawing = Figure(tuple(value * 100 for value in least["cpu"].values))
    return [
        Row("10 changes/s among 200 jobs", "bytes/min", ours["bytes"], least["bytes"], 1.2),
        Row("the same, CPU without polls", "%", above, drawing, 1.3, note=whole),
        Row("10 changes/s, the automatic order", "bytes/min", took["automatic"]["bytes"], least["bytes"]),
    ]


def keys(plan: Plan) -> list[Row]:
    """Keys while 2,000 jobs are asked 50 times a second and 1 % of the answers are changes."""
    presses = round(plan.seconds(60, 20))

    def delays(terminal: Terminal) -> Sample:
        terminal.wait_for(THIRD_ROW)
        idle_with([terminal], plan.seconds(45, 5))  # the first round over 2,000 jobs takes 40
        found = sorted(key_delays(terminal, presses))
        return {"median": statistics.median(found), "p95": found[int(len(found) * 0.95)]}

    def the_product() -> Sample:
        with Service(0.01) as service, product(2000, service.port, pace(50, 2000)) as terminal:
            return delays(terminal)

    def the_floor() -> Sample:
        with Service(0.01) as service, floor_app("--jobs", 2000, "--poll", service.port, "--rate", 50) as terminal:
            return delays(terminal)

    took = in_turn(min(plan.runs, 3), {"product": the_product, "floor": the_floor})
    ours, least = took["product"], took["floor"]
    return [
        Row("key, 2,000 jobs, 50 polls/s, median", "ms", ours["median"], least["median"], 1.5),
        Row("the same, 95th of 100", "ms", ours["p95"], least["p95"], most=20),
    ]


def memory(plan: Plan) -> list[Row]:
    """At its peak, 200 jobs read several times."""

    def the_product() -> Sample:
        with Service() as service, product(200, service.port, pace(50, 200)) as terminal:
            settled(terminal, plan.seconds(15, 6), 0.1)
            return {"mb": terminal.peak_memory}

    def imported() -> Sample:
        with floor_app("--jobs", 200, "--httpx") as terminal:
            settled(terminal, 2, 0.1)
            return {"mb": terminal.peak_memory}

    def asking() -> Sample:
        with Service() as service, floor_app("--jobs", 200, "--poll", service.port, "--rate", 50) as terminal:
            settled(terminal, plan.seconds(15, 6), 0.1)
            return {"mb": terminal.peak_memory}

    took = in_turn(min(plan.runs, 3), {"product": the_product, "imported": imported, "asking": asking})
    ours, what = took["product"]["mb"], "memory at its peak"
    return [
        Row(what, "MB", ours, took["imported"]["mb"], 1.15, note="floor: httpx imported, nothing asked"),
        Row(f"{what}, floor asks too", "MB", ours, took["asking"]["mb"], 1.15, note="floor: its 8 workers ask"),
    ]


def headless(plan: Plan) -> list[Row]:
    """One round over 200 jobs, against curl and an interpreter that imports httpx."""
    curl = shutil.which("curl")
    if not curl or not has_command("status"):
        print("headless: left out, there is no `curl` or no `status` here", file=sys.stderr)
        return []
    with Service() as service, tempfile.NamedTemporaryFile("w") as urls, home(200, service.port, pace(100, 200)) as its:
        for number in range(1, 201):
            urls.write(f'url = "http://127.0.0.1:{service.port}/v3/jobs/{job_id(number)}/status"\noutput = /dev/null\n')
        urls.flush()
        fetch = [curl, "-s", "--parallel", "--parallel-max", "8", "-K", urls.name]
        bare = [sys.executable, "-c", "import httpx"]
        status = [sys.executable, "-m", "tui", "status"]
        took = in_turn(
            plan.runs,
            {
                "product": lambda: quiet((status, its.env)),
                "floor": lambda: quiet((fetch, ENVIRONMENT), (bare, ENVIRONMENT)),
                "httpx": lambda: quiet((floor("polls", service.port, "--most", 200), ENVIRONMENT)),
            },
        )
    ours, least, httpx = took["product"], took["floor"], took["httpx"]
    said = "100 questions a second are the most that the settings allow"
    return [
        Row("status of 200 jobs without a screen", "ms", ours["ms"], least["ms"], 1.3, note=said),
        Row("the same, CPU", "ms", ours["cpu"], least["cpu"], 1.3),
        Row("the same, CPU, floor: httpx alone", "ms", ours["cpu"], httpx["cpu"], 1.3, note="8 at once, no budget"),
    ]


def leaving(plan: Plan) -> list[Row]:
    """From the key or the signal to the end of the process."""
    ways: dict[str, tuple[bytes, int]] = {
        "q": (b"q", 0),
        **{name: (b"", getattr(signal, f"SIG{name}")) for name in ("TERM", "INT", "HUP")},
    }

    def leave(keys: bytes, number: int) -> Sample:
        with Service() as service, product(200, service.port) as terminal:
            terminal.wait_for(THIRD_ROW)
            idle_with([terminal], 1.5)
            return {"ms": terminal.leave(keys, number) * 1000}

    cases = {name: lambda way=way: leave(*way) for name, way in ways.items()}
    return [Row(f"leaving by {name}", "ms", it["ms"], most=500) for name, it in in_turn(plan.runs, cases).items()]


ROWS: dict[str, Callable[[Plan], list[Row]]] = {
    "start": lambda plan: start(plan, 200, 1.15),
    "start-10000": lambda plan: start(plan, 10_000, 1.3),
    "quiet": quiet_screen,
    "changes": changes,
    "open": changes_with_something_open,
    "silent": silence,
    "polls": polls,
    "keys": keys,
    "sweeping": sweeping,
    "memory": memory,
    "growth": growth,
    "headless": headless,
    "leaving": leaving,
}
