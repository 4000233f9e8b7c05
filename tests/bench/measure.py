"""How the rows measure: commands in turn, windows in which nothing but reading is done."""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.places import CURSOR, ENVIRONMENT, ROOT, THIRD_ROW, floor
from tests.bench.product import Home
from tests.bench.service import Service
from tests.bench.terminal import Terminal, idle_with, processor_seconds

Sample = dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and how long."""

    runs: int
    quick: bool

    def seconds(self, thorough: float, quick: float) -> float:
        return quick if self.quick else thorough


def in_turn(runs: int, cases: Mapping[str, Callable[[], Sample]]) -> dict[str, dict[str, Figure]]:
    """A B A B…, so that what disturbs one disturbs the other: figures by case and by name."""
    samples: dict[str, list[Sample]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, measure in cases.items():
            samples[name].append(measure())
    return {
        name: {what: Figure(tuple(sample[what] for sample in taken)) for what in taken[0]}
        for name, taken in samples.items()
    }


@contextmanager
def home(jobs: int, port: int, settings: str = "", profiles: int = 0, sort: str = "") -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="codearts-watch-bench-") as folder:
        yield Home(Path(folder), jobs, port, settings, profiles, sort)


@contextmanager
def product(jobs: int, port: int, settings: str = "", profiles: int = 0, sort: str = "") -> Iterator[Terminal]:
    with home(jobs, port, settings, profiles, sort) as its, its.open() as terminal:
        yield terminal


def floor_app(*arguments: object) -> Terminal:
    return Terminal(floor("floors", *arguments), ENVIRONMENT, ROOT)


def window(terminal: Terminal, seconds: float, service: Service | None = None) -> Sample:
    """CPU in seconds a second, bytes a minute, and the questions asked, while nobody touches it."""
    requests = service.requests if service else 0
    start, cpu, sent = time.monotonic(), terminal.cpu, terminal.bytes_read
    idle_with([terminal], seconds)
    elapsed = time.monotonic() - start
    polls = service.requests - requests if service else 0
    used = terminal.cpu - cpu
    return {
        "cpu": used / elapsed,
        "bytes": (terminal.bytes_read - sent) * 60 / elapsed,
        "polls": polls / elapsed,
        "per_poll": used / polls * 1000 if polls else 0.0,
    }


def settled(terminal: Terminal, settle: float, seconds: float, service: Service | None = None) -> Sample:
    """A window that begins `settle` seconds after the list is shown."""
    terminal.wait_for(THIRD_ROW)
    idle_with([terminal], settle)
    return window(terminal, seconds, service)


def poll_floor(seconds: float, rate: float, kind: str, settle: float = 1.5, workers: int = 8) -> Sample:
    """What httpx alone takes of the processor: seconds a second, and milliseconds a question.

    It asks `rate` questions a second, or as many as go (0), with so many workers.
    """
    with Service() as service:
        command = floor("polls", service.port, "--rate", rate, "--clients", kind, "--workers", workers)
        process = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT)
        try:
            time.sleep(settle)
            requests, start, cpu = service.requests, time.monotonic(), processor_seconds(process.pid)
            time.sleep(seconds)
            used, elapsed = processor_seconds(process.pid) - cpu, time.monotonic() - start
            return {"cpu": used / elapsed, "per_poll": used / (service.requests - requests) * 1000}
        finally:
            process.kill()
            process.wait()


def key_delays(terminal: Terminal, keys: int) -> list[float]:
    """Milliseconds from a key to the moved cursor. Pauses are uneven, to not fall in step with a frame's timer.

    The cursor is moved away from the first row before: it comes back there if rows above it go, and up does nothing.
    """

    def delay(key: bytes) -> float:
        idle_with([terminal], random.uniform(0.12, 0.3))
        pressed = time.monotonic()
        terminal.send(key)
        return (terminal.wait_for(CURSOR, patience=10) - pressed) * 1000

    down, up = b"\x1b[B", b"\x1b[A"
    for _ in range(8):
        delay(down)
    return [delay((down, up)[turn % 2]) for turn in range(keys)]


def idle_together(terminals: Sequence[Terminal], settle: float, seconds: float) -> list[Sample]:
    """Windows of several programs at the same time: for what hardly works, as in one pane beside another."""
    idle_with(terminals, settle)
    start = time.monotonic()
    before = [(terminal.cpu, terminal.bytes_read) for terminal in terminals]
    idle_with(terminals, seconds)
    elapsed = time.monotonic() - start
    return [
        {"cpu": (terminal.cpu - cpu) / elapsed, "bytes": (terminal.bytes_read - sent) * 60 / elapsed}
        for terminal, (cpu, sent) in zip(terminals, before, strict=True)
    ]


def quiet(*commands: tuple[Sequence[str], Mapping[str, str]]) -> Sample:
    """Milliseconds from start to end of these commands and their environments, one after another, and their CPU."""
    start, cpu = time.monotonic(), _cpu_of_ended()
    for argv, env in commands:
        subprocess.run(argv, env=env, cwd=ROOT, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"ms": (time.monotonic() - start) * 1000, "cpu": (_cpu_of_ended() - cpu) * 1000}


def _cpu_of_ended() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def has_command(name: str) -> bool:
    """Whether the product knows this command already."""
    return quiet_code([sys.executable, "-m", "tui", name, "--help"]) == 0


def quiet_code(argv: Sequence[str]) -> int:
    return subprocess.run(argv, env=ENVIRONMENT, cwd=ROOT, check=False, capture_output=True).returncode
