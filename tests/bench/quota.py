"""`python -m tests.bench.quota`: how late a change is known at a service that allows 200 calls in five minutes.

The program's own poller, limiter and lists in virtual time: an hour takes seconds, and a busy machine changes nothing.
Beside it a plain loop that asks for one job after another at 80 % of the quota. All calls count, also those for lists
and for the outcomes of builds that ended.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from math import inf, log10
from statistics import median, quantiles
from typing import NamedTuple

from tests.bench.sweep import sweep_cost
from tests.support.list_world import QUOTA, WINDOW, Figures, ListWorld, Setting
from tests.support.quota import Room
from tests.support.virtual_time import run
from tui.core.job import JobId

PLAIN_SHARE = 0.8
"""The part of the quota that the plain loop uses."""
SIZES = (20, 50, 100, 200, 500, 1000, 2000)
HOURS, QUICK = 3.0, 1.0
"""Of each world: from a quarter of an hour after its start on, changes are counted."""
MOST_RUNNING = 20.0
"""Of the chart: twice as many bring more changes than the quota has calls to confirm them."""
BAR = 50
"""Cells of the longest bar."""
LONGEST = 3600.0
"""Seconds of the longest bar; each of three thirds is ten times as long as the one before."""
ROUNDS = 6
"""Rounds of the plain loop that a world without lists lasts at least."""
SHORT = 90.0
"""Seconds of a short build."""
FEW = 10
"""Changes that there must be for a figure."""
BROKEN = ("lags", "empty", "lies", "shifts", "drops", "refused", "frozen", "lies at random")


class PlainLoop(ListWorld):
    """Asks for one job after another, evenly, and for nothing else."""

    async def ask(self) -> None:
        asked: set[asyncio.Task[None]] = set()
        for job in cycle(self.ids[: self.setting.jobs]):
            task = asyncio.create_task(self._ask_for(job))
            asked.add(task)
            task.add_done_callback(asked.discard)
            await asyncio.sleep(WINDOW / QUOTA / PLAIN_SHARE)

    async def _ask_for(self, job: JobId) -> None:
        self.record([await self.read(job)])

    async def _ask_for_record(self) -> None:
        """It does not learn what became of builds."""


class QuotaRow(NamedTuple):
    """One line of the table. `reached` is None where nothing was asked for."""

    what: str
    found: Sequence[str]
    """Of the plain loop, of the program without lists, and with them."""
    bound: str = ""
    reached: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "reached", False: "NOT reached", None: ""}[self.reached]
        return (self.what, *self.found, self.bound, verdict)


HEADS = ("at 200 calls in five minutes", "plain loop", "without lists", "with lists", "bound", "")


def lived(setting: Setting, kind: type[ListWorld] = ListWorld) -> Figures:
    """What was measured in the hours of this setting."""

    async def scene() -> Figures:
        return await kind(setting).live()

    return run(scene())


def together(setting: Setting, instances: int) -> list[Figures]:
    """The same for several instances that watch the same jobs and share one budget."""

    async def scene() -> list[Figures]:
        room = Room(asyncio.get_running_loop().time)
        worlds = [ListWorld(replace(setting, luck=number), room.peers()) for number in range(instances)]
        for world in worlds:
            world.sent = worlds[0].sent  # one quota for all
        return list(await asyncio.gather(*(world.live() for world in worlds)))

    return run(scene())


class Three(NamedTuple):
    """The same world with each way of asking."""

    plain: Figures
    bare: Figures
    """The program with `[service] extras = false`."""
    lists: Figures

    @classmethod
    def of(cls, setting: Setting) -> "Three":
        rounds = setting.jobs * WINDOW / QUOTA / PLAIN_SHARE
        slow = replace(setting, hours=max(setting.hours, ROUNDS * rounds / 3600))
        return cls(lived(slow, PlainLoop), lived(replace(slow, lists=None)), lived(setting))


def delays(figures: Figures) -> str:
    """Median and 95th of 100, for starts and for stops."""
    return "; ".join("–" if len(some) < FEW else f"{median(some):.0f}, {p95(some):.0f}" for some in _both(figures))


def p95(some: Sequence[float]) -> float:
    return quantiles(some, n=20)[-1]


def worst(figures: Figures) -> tuple[float, float]:
    """The larger median, and the larger 95th of 100; infinite where too few changes were seen."""
    if any(len(some) < FEW for some in _both(figures)):
        return inf, inf
    return max(map(median, _both(figures))), max(map(p95, _both(figures)))


def _both(figures: Figures) -> tuple[list[float], list[float]]:
    return figures.starts, figures.stops


def unseen(figures: Figures) -> float:
    return 100 * figures.unseen / max(1, figures.builds)


def in_five_minutes(instances: Sequence[Figures], hours: float) -> str:
    return f"{sum(one.calls for one in instances) / hours / 12:.0f}"


def rows(hours: float) -> Iterator[QuotaRow]:
    """The lines of the table, as they are measured."""
    usual = Setting(hours=hours)
    three = Three.of(usual)
    reached = worst(three.lists)[0] <= 16 and worst(three.lists)[1] <= 45
    what = "200 jobs in one project: median and p95 until a start is seen; a stop, s"
    yield QuotaRow(what, [delays(one) for one in three], "16, 45", reached)
    first = three.lists.all_running_after
    is_soon = first is not None and first <= 5
    yield QuotaRow(
        "the same, all running jobs are shown after the start, s", [shown(one) for one in three], "5", is_soon
    )
    unknown = Setting(hours=min(hours, 1.0), knows_limit=False)
    firsts = [shown(lived(replace(unknown, lists=lists))) for lists in (None, "good")]
    yield QuotaRow("the same, the very first start: no limit is known yet", ["", *firsts])
    yield QuotaRow("the same, calls in five minutes", [in_five_minutes([one], hours) for one in three], "200")
    yield QuotaRow("the same, builds of 8 min never seen, %", [f"{unseen(one):.1f}" for one in three])
    yield from _many(hours)
    short = Three.of(replace(usual, build=SHORT, running=2.1))
    never = [f"{unseen(one):.1f}" for one in short]
    yield QuotaRow("200 jobs, builds of 90 s never seen, %", never, "3", unseen(short.lists) <= 3)
    yield from _broken(usual, three)
    yield from _refusals(hours)
    cost = sweep_cost(2000)
    values = f"{cost.pages}; {cost.bytes / 1000:,.0f}; {cost.cpu * 1000:.0f}; {cost.longest * 1000:.1f}"
    what = "a sweep over 2,000 jobs: pages; kB; CPU, ms; the longest page, ms"
    yield QuotaRow(what, ["", "", values], "a key: 20", cost.longest <= 0.02)


def shown(figures: Figures) -> str:
    """Seconds until all jobs that ran at the start were shown."""
    return "–" if figures.all_running_after is None else f"{figures.all_running_after:.1f}"


def _many(hours: float) -> Iterator[QuotaRow]:
    """The filter makes no difference where no list is asked for."""
    setting = Setting(jobs=2000, projects=5, running=20, hours=hours)
    three = Three.of(setting)
    reached = worst(three.lists)[0] <= 45
    yield QuotaRow("2,000 jobs in five projects, 20 running, s", [delays(one) for one in three], "45", reached)
    filtered = lived(replace(setting, filter_works=True))
    what = "the same, where the filter for building jobs works, s"
    yield QuotaRow(what, ["", "", delays(filtered)], "20", worst(filtered)[0] <= 20)
    yield QuotaRow("the same, all running jobs are shown after the start, s", [shown(one) for one in three])


def _broken(usual: Setting, three: Three) -> Iterator[QuotaRow]:
    """Lists that are not what they should be: never a wrong status, and no delay above the plain loop's."""
    for lists in BROKEN:
        found = lived(replace(usual, lists=lists))
        slower = any(ours > plain for ours, plain in zip(worst(found), worst(three.plain), strict=True))
        reached = found.wrong == 0 and not slower
        values = [delays(three.plain), delays(three.bare), delays(found)]
        yield QuotaRow(f"200 jobs, lists: {lists}, s", values, "the plain loop's", reached)


def _refusals(hours: float) -> Iterator[QuotaRow]:
    """At the first start, where nothing is known of the limit."""
    setting = Setting(hours=hours, knows_limit=False)
    both = [replace(setting, lists=lists) for lists in (None, "good")]
    single = [lived(one).refusals for one in both]
    yield QuotaRow(
        f"one instance, refusals in {hours:g} h", ["", *map(str, single)], "1 in an hour", max(single) <= hours
    )
    shared = [together(one, 3) for one in both]
    counts = [sum(one.refusals for one in some) for some in shared]
    reached = max(counts) <= 2 * hours
    yield QuotaRow(f"three instances, refusals in {hours:g} h", ["", *map(str, counts)], "2 in an hour", reached)
    yield QuotaRow(
        "the same, calls in five minutes of all three", ["", *(in_five_minutes(some, hours) for some in shared)], "200"
    )
    yield QuotaRow("the same, each of them, s", ["", *(delays(some[0]) for some in shared)])


def table(lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, aligned."""
    cells = [HEADS, *lines]
    widths = [max(len(line[place]) for line in cells) for place in range(len(HEADS))]
    ruled = [cells[0], tuple("-" * width for width in widths), *cells[1:]]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in ruled
    )


def chart(hours: float) -> Iterator[str]:
    """A bar for each number of jobs and way of asking: until a start is seen, median; lengths are logarithms."""
    yield "Seconds until a start is seen (median of those that are), by number of jobs; the bars are logarithmic:"
    for jobs in SIZES:
        three = Three.of(Setting(jobs=jobs, running=min(jobs * 11 / 200, MOST_RUNNING), hours=hours))
        for place, (name, figures) in enumerate(zip(HEADS[1:4], three, strict=True)):
            seconds = median(figures.starts) if figures.starts else LONGEST
            length = round(BAR * min(1.0, log10(max(1.0, seconds)) / log10(LONGEST)))
            said = f"{seconds:.0f} s, {unseen(figures):.0f} % of the builds never seen"
            yield f"{'' if place else jobs:>6}  {name:<13}  {'█' * length} {said}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.quota", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--hours", type=float, default=HOURS, help="that each world lasts; %(default)g by default")
    parser.add_argument("--quick", action="store_true", help="an hour each: to see that it works")
    parser.add_argument("--chart", action="store_true", help="only the chart")
    parser.add_argument("--table", action="store_true", help="only the table")
    options = parser.parse_args()
    hours = QUICK if options.quick else options.hours
    if not options.chart:
        lines = []
        for row in rows(hours):
            print("  " + "; ".join(filter(None, row.cells)), file=sys.stderr, flush=True)
            lines.append(row.cells)
        print(table(lines), end="\n\n")
    if not options.table:
        for line in chart(hours):
            print(line, flush=True)


if __name__ == "__main__":
    main()
