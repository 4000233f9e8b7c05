"""Makes README's two pictures from the real program: `.venv/bin/python .ci/pictures.py`, in the tests' environment.

The program runs in a pseudo-terminal on the simulated service, with a list of jobs that can be read. Each run of cells
becomes text in an SVG file. In the moving picture each line is shown for as long as it stood; CSS does it alone,
without a script. Takes about two minutes.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.terminal import Terminal, base_environment

PICTURES = Path(__file__).resolve().parents[1] / ".pictures"
PROGRAM = (sys.executable, "-m", "tui")
JOBS = (
    *("payments-api nightly", "payments-api release", "payments-ledger", "web-frontend", "web-checkout"),
    *("web-browser-tests", "mobile-android", "mobile-ios", "infra-base-images", "data-warehouse load", "auth-service"),
)
"""Of the simulated jobs some without a fault of the way."""
ROWS, COLUMNS = 18, 100
SEEN_BEFORE = 60.0
"""Seconds that the program runs before the pictures are taken, so that there is something to see."""
KEYS: tuple[tuple[str, float], ...] = (
    *(("", 2.0), ("n", 1.5), ("e", 3.0), ("escape", 1.0), ("l", 3.0), ("escape", 1.0)),
    *(("enter", 3.0), ("enter", 1.0), ("E", 3.0), ("escape", 2.0)),
)
"""Keys, and the seconds that are filmed after each."""
FRAME = 0.1
"""Seconds between two looks at the screen."""

_WIDTH, _HEIGHT, _SIZE = 8.43, 19.0, 14
_GROUND, _INK = "#15181e", "#d5dae3"
_PIECE = re.compile(r"[!-~]+|\S")
"""What is drawn as one: words, and each sign, since fonts differ in the width of signs."""
_COLOUR = re.compile("[0-9a-f]{6}")


class Part(NamedTuple):
    """Neighbouring cells of one look."""

    column: int
    cells: int
    text: str
    ink: str
    ground: str
    is_bold: bool


Line = tuple[Part, ...]


class Shown(NamedTuple):
    """A line of the screen, and from when until when it stood; seconds."""

    row: int
    line: Line
    start: float
    end: float


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as home, _service() as printed:
        exported = dict(line.removeprefix("export ").split("=", 1) for line in printed if line.startswith("export "))
        known = {label: number for number, _, label in (line.partition("  ") for line in printed)}
        environment = base_environment() | exported | {"HOME": home}
        for label in JOBS:
            subprocess.run([*PROGRAM, "add", known[label], "--label", label], env=environment, check=True)
        with Terminal(PROGRAM, environment, ROWS, COLUMNS) as terminal:
            time.sleep(SEEN_BEFORE)
            still = [Shown(row, line, 0.0, 0.0) for row, line in enumerate(_lines(terminal))]
            (PICTURES / "screen.svg").write_text(_svg(still, 0.0))
            film = list(_film(terminal))
            (PICTURES / "moving.svg").write_text(_svg(film, max(shown.end for shown in film)))


@contextmanager
def _service() -> Iterator[list[str]]:
    """Yields the lines that the simulated service prints at its start; ends the service at the end."""
    with subprocess.Popen([*PROGRAM, "demo-service"], stdout=subprocess.PIPE, text=True) as service:
        printed: list[str] = []
        for line in service.stdout or ():
            printed.append(line.strip())
            if printed[-1].startswith("export CODEARTS_TOKEN="):
                break
        try:
            yield printed
        finally:
            service.terminate()


def _film(terminal: Terminal) -> Iterator[Shown]:
    start = time.monotonic()
    standing: dict[int, tuple[Line, float]] = {}
    at = 0.0
    for key, seconds in KEYS:
        if key:
            terminal.press(key)
        until = time.monotonic() - start + seconds
        while at < until:
            for row, line in enumerate(_lines(terminal)):
                before = standing.get(row)
                if before and before[0] != line:
                    yield Shown(row, before[0], before[1], at)
                if not before or before[0] != line:
                    standing[row] = line, at
            time.sleep(FRAME)
            at = time.monotonic() - start
    for row, (line, since) in standing.items():
        yield Shown(row, line, since, at)


def _lines(terminal: Terminal) -> list[Line]:
    return [tuple(_parts(row)) for row in terminal.cells]


def _parts(row: Sequence[Any]) -> Iterator[Part]:
    column = 0
    for look, group in groupby(row, key=_look):
        cells = list(group)
        yield Part(column, len(cells), "".join(cell.data for cell in cells), *look)
        column += len(cells)


def _look(cell: Any) -> tuple[str, str, bool]:
    ink, ground = _colour(cell.fg, _INK), _colour(cell.bg, _GROUND)
    return (ground, ink, cell.bold) if cell.reverse else (ink, ground, cell.bold)


def _colour(name: str, default: str) -> str:
    return f"#{name}" if _COLOUR.fullmatch(name) else default


def _svg(film: list[Shown], length: float) -> str:
    """The picture; it moves if it has a length in seconds."""
    times = sorted({(shown.start, shown.end) for shown in film if (shown.start, shown.end) != (0.0, length)})
    styles = "".join(_style(number, start, end, length) for number, (start, end) in enumerate(times))
    numbers = {at: number for number, at in enumerate(times)}
    lines = "\n".join(_drawn(shown, numbers.get((shown.start, shown.end))) for shown in film)
    width, height = COLUMNS * _WIDTH, ROWS * _HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 16:.0f} {height + 16:.0f}">\n'
        f"<style>text{{font:{_SIZE}px DejaVu Sans Mono,Menlo,Consolas,monospace;white-space:pre}}"
        f".b{{font-weight:bold}}{styles}</style>\n"
        f'<rect width="100%" height="100%" rx="6" fill="{_GROUND}"/>\n'
        f'<g transform="translate(8 8)">\n{lines}\n</g></svg>\n'
    )


def _style(number: int, start: float, end: float, length: float) -> str:
    """A class whose elements are visible from `start` until `end`, again and again."""
    first, last = 100 * start / length, 100 * end / length
    before = "0%{visibility:hidden}" if start else ""
    after = f"{last:.2f}%{{visibility:hidden}}" if end < length else ""
    frames = f"@keyframes k{number}{{{before}{first:.2f}%{{visibility:visible}}{after}}}"
    return f".k{number}{{visibility:hidden;animation:k{number} {length:.1f}s step-end infinite}}{frames}"


def _drawn(shown: Shown, moment: int | None) -> str:
    y = shown.row * _HEIGHT
    grounds = "".join(
        f'<rect x="{part.column * _WIDTH:.1f}" y="{y:.0f}" width="{part.cells * _WIDTH:.1f}" height="{_HEIGHT:.0f}"'
        f' fill="{part.ground}"/>'
        for part in shown.line
    )
    texts = "".join(
        f'<text x="{(part.column + word.start()) * _WIDTH:.1f}" y="{y + 14:.0f}" fill="{part.ink}"'
        f"{_class('b' if part.is_bold else '')}>{escape(word[0])}</text>"
        for part in shown.line
        for word in _PIECE.finditer(part.text)
    )
    return f"<g{_class('' if moment is None else f'k{moment}')}>{grounds}{texts}</g>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


if __name__ == "__main__":
    main()
