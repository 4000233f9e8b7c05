"""`python -m tests.bench`: measure the product beside its floors, and print the table. Linux only."""

import argparse
import sys
from pathlib import Path

from tests.bench.chart import chart
from tests.bench.figures import Row, table
from tests.bench.growth import curves
from tests.bench.measure import Plan
from tests.bench.noise import Noise
from tests.bench.rows import ROWS


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure the product beside its floors, in turn, and print a table: medians (least-most).",
        epilog="A busy machine spoils every figure: look at the noise of each row before you believe it.",
    )
    parser.add_argument("--runs", type=int, default=5, help="of each command; 5 by default")
    parser.add_argument("--only", action="append", choices=list(ROWS), help="these rows; may be repeated")
    parser.add_argument("--quick", action="store_true", help="one run and short windows: to see that it works")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write cost against number of jobs as SVG")
    options = parser.parse_args()
    plan = Plan(1 if options.quick else options.runs, options.quick)
    cells: list[tuple[str, ...]] = []
    for name in options.only or ROWS:
        noise = Noise()
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            rows = ROWS[name](plan)
        except (TimeoutError, RuntimeError) as failure:  # the other rows are worth having
            print(f"  {name} could not be measured: {failure}", file=sys.stderr, flush=True)
            continue
        cells += _with_noise(rows, str(noise))
        if name == "growth" and options.chart:
            options.chart.write_text(chart("CPU of one poll, screen open", "ms", curves(rows)))
        for line in cells[len(cells) - len(rows) :]:
            print("  " + "; ".join(line), file=sys.stderr, flush=True)
    print(table(cells))


def _with_noise(rows: list[Row], noise: str) -> list[tuple[str, ...]]:
    """What is worth knowing beside the figures; a row's own note goes first."""
    return [(*row.cells[:-1], f"{row.note}; {noise}" if row.note else noise) for row in rows]


if __name__ == "__main__":
    main()
