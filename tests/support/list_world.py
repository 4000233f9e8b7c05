"""A service under a quota, in virtual time, with random builds and lists that may lag or lie; measures delays."""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from random import Random
from statistics import median, quantiles

from tests.support.builders import DAY, job_id
from tests.support.credential_fakes import NoCredential
from tests.support.virtual_time import run
from tui.core.board import Board
from tui.core.budget import Limit
from tui.core.hints import PAGE_SIZE, Hint, HintPage
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.polling.list_sweeps import ListPage
from tui.polling.policy import Policy
from tui.polling.poller import Poller
from tui.polling.rate_limiter import Peers

QUOTA, WINDOW = 200, 300.0
LAG = 60.0
IN_VIEW = 40
REFUSED = Failure(FailureKind.FORBIDDEN, "no right to list")
TOO_MANY = Failure(FailureKind.THROTTLED, "too many", "APIG.0308", limit=(float(QUOTA), WINDOW))
EMPTY = Failure(FailureKind.SERVER_ERROR, "empty, with a total")


@dataclass(frozen=True)
class Setting:
    """What the world is like."""

    jobs: int = 200
    projects: int = 1
    running: float = 11.0
    """Jobs that run at a time, on average."""
    build: float = 480.0
    """Median seconds of a build."""
    hours: float = 3.0
    lists: str | None = "good"
    """How the lists are; None for a program without lists."""
    filter_works: bool = False
    others: int = 0
    """Jobs in the first project that are not watched."""
    knows_limit: bool = True
    """Whether the limit is remembered from the day before."""
    seed: int = 1
    has_view: bool = True
    luck: int = 0
    """Differs between instances in the same world."""


@dataclass
class Figures:
    """What was measured."""

    starts: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    unseen: int = 0
    builds: int = 0
    refusals: int = 0
    calls: int = 0
    pages: int = 0
    wrong: int = 0
    """Readings on the board that no status call brought."""
    all_running_after: float | None = None
    """Seconds from the start until all jobs that ran then were shown as running."""
    waits: list[float] = field(default_factory=list)
    """Between two status calls of a job, as parts of the interval that the header stated."""

    def delays(self) -> str:
        parts = []
        for name, some in (("start", self.starts), ("stop", self.stops)):
            if len(some) > 1:
                parts.append(f"{name} {median(some):.0f}/{quantiles(some, n=20)[-1]:.0f}")
        return "  ".join(parts)

    def __str__(self) -> str:
        share = 100 * self.unseen / max(1, self.builds)
        shown = "-" if self.all_running_after is None else f"{self.all_running_after:.1f}"
        return (
            f"{self.delays()} s  unseen {share:.1f} %  refused {self.refusals}  calls {self.calls}"
            f"  pages {self.pages}  first {shown} s  longest wait {max(self.waits, default=0):.2f}"
        )


class ListWorld(NoCredential):
    """The service and the program."""

    def __init__(self, setting: Setting, peers: Peers | None = None) -> None:
        self.setting = setting
        self.dice = Random(setting.seed)
        self.ids = [job_id(number) for number in range(setting.jobs + setting.others)]
        self.began = self.clock()
        self.spells = {job: self._spells() for job in self.ids}
        self.project = {job: f"p{number % setting.projects}" for number, job in enumerate(self.ids)}
        self.project |= dict.fromkeys(self.ids[setting.jobs :], "p0")
        self.liars = set(self.dice.sample(self.ids, len(self.ids) // 10))
        self.sent: deque[float] = deque()
        self.figures = Figures()
        self.seen: dict[JobId, set[int]] = {job: set() for job in self.ids}
        watched = self.ids[: setting.jobs]
        self.board = Board().watch(map(Job, watched))
        lists = self if setting.lists else None
        uniform = Random(setting.seed + setting.luck).uniform
        self.poller = Poller(self, self.record, Policy(), clock=self.clock, uniform=uniform, lists=lists, peers=peers)
        if setting.knows_limit:
            self.poller.limiter.remember(Limit(QUOTA, WINDOW, self.began))
        self.extras = self.poller.extras_budget()
        self.poller.watch(watched)
        if setting.has_view:
            self.poller.prefer(watched[:IN_VIEW])
        self.asked: dict[JobId, tuple[float, float]] = {}
        self.first = {job for job in watched if self.is_running(job)}
        self.tasks: set[asyncio.Task[None]] = set()

    def clock(self) -> float:
        return asyncio.get_running_loop().time()

    def moment(self) -> Moment:
        return Moment(self.clock(), DAY + timedelta(seconds=self.clock()))

    def _spells(self) -> list[float]:
        """Ends of idle and running spells in turn."""
        setting = self.setting
        build = setting.build * 1.13
        idle = build * (setting.jobs / setting.running - 1)
        lengths = [self.dice.expovariate(1 / idle) - self.dice.uniform(0, build)]
        while sum(lengths) < setting.hours * 3600 + 600:
            lengths += [setting.build * self.dice.lognormvariate(0, 0.5), self.dice.expovariate(1 / idle)]
        return [self.began + end for end in accumulate(lengths)]

    def spell(self, job: JobId, lag: float = 0.0) -> int:
        return bisect_right(self.spells[job], self.clock() - lag)

    def is_running(self, job: JobId, lag: float = 0.0) -> bool:
        return self.spell(job, lag) % 2 == 1

    # The service

    def refuses(self) -> bool:
        """Counts a call; refuses it if there were too many in the last five minutes."""
        now = self.clock()
        while self.sent and self.sent[0] <= now - WINDOW:
            self.sent.popleft()
        if len(self.sent) >= QUOTA:
            self.figures.refusals += 1
            return True
        self.figures.calls += 1
        self.sent.append(now)
        return False

    async def read(self, job: JobId) -> Reading:
        sent = self.moment()
        refused = self.refuses()
        self._note_wait(job, sent.at)
        await asyncio.sleep(0.05)
        spell = self.spell(job)
        await asyncio.sleep(0.05)
        if refused:
            return Reading(job, TOO_MANY, sent, self.moment())
        if spell % 2:
            self.seen[job].add(spell)
        return Reading(job, Status.RUNNING if spell % 2 else Status.IDLE, sent, self.moment())

    def _note_wait(self, job: JobId, now: float) -> None:
        if job in self.asked and self.asked[job][0] > self.began + 900:
            before, stated = self.asked[job]
            self.figures.waits.append((now - before) / max(stated, self.poller.pace().within))
        self.asked[job] = now, self.poller.pace().within

    async def page(self, page: ListPage) -> HintPage | Failure:
        self.figures.pages += 1
        mode = self.setting.lists
        if mode == "refused":
            if self.figures.pages <= 4:
                self.refuses()
            return REFUSED
        if self.refuses():
            self.extras.throttled(TOO_MANY, self.clock(), self.clock())  # as the client of the extra calls does
            return TOO_MANY
        await asyncio.sleep(0.2)
        if mode == "withheld" and not page.project and not page.whole:
            return EMPTY
        jobs = [job for job in self.ids if not page.project or self.project[job] == page.project]
        if page.building and self.setting.filter_works:
            jobs = [job for job in jobs if self._said(job)]
        if mode == "empty" and self.clock() > self.began + 1200:
            return HintPage({}, 0)
        shift = self.dice.randrange(20) - 10 if mode == "shifts" and page.number else 0
        first = max(0, page.number * PAGE_SIZE + shift)
        shown = jobs if page.whole else jobs[first : first + PAGE_SIZE]
        if mode == "drops":
            shown = [job for job in shown if self.dice.random() > 0.1]
        return HintPage({job: self._hint(job) for job in shown}, len(jobs), bool(shown) and all(map(self._said, shown)))

    def _said(self, job: JobId) -> bool:
        lag = LAG if self.setting.lists == "lags" else 0.0
        if self.setting.lists == "frozen":
            lag = self.clock() - self.began
        lies = self.setting.lists == "lies" and job in self.liars
        lies = lies or (self.setting.lists == "lies at random" and self.dice.random() < 0.1)
        return self.is_running(job, lag) is not lies

    def _hint(self, job: JobId) -> Hint:
        lag = LAG if self.setting.lists == "lags" else 0.0
        if self.setting.lists == "frozen":
            lag = self.clock() - self.began
        said, number = self._said(job), (self.spell(job, lag) + 1) // 2
        return Hint(said, (said, "", "", number, number), number, self.project[job])

    # The program

    def record(self, readings: list[Reading]) -> None:
        before, self.board = self.board, self.board.record(readings)
        for reading in readings:
            state, was = self.board.states[reading.job], before.states[reading.job]
            if state.status is not None and (state.good is None or state.good.result is not state.status):
                self.figures.wrong += 1
            if state.transitions[-1:] != was.transitions[-1:]:
                self._seen(reading)
        if self.figures.all_running_after is None:
            shown = {job for job, state in self.board.states.items() if state.status is Status.RUNNING}
            if all(job in shown or not self.is_running(job) for job in self.first):
                self.figures.all_running_after = self.clock() - self.began

    def _seen(self, reading: Reading) -> None:
        now = self.clock()
        ends = self.spells[reading.job]
        place = bisect_right(ends, reading.sent.at)
        if (place % 2 == 1) is not (reading.result is Status.RUNNING):
            place = bisect_right(ends, reading.received.at)
        delay = now - ends[place - 1]
        if ends[place - 1] < self.began + 900:
            return  # it began before the lists were known
        if reading.result is Status.RUNNING:
            self.figures.starts.append(delay)
            return
        self.figures.stops.append(delay)
        task = asyncio.create_task(self._ask_for_record())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _ask_for_record(self) -> None:
        await asyncio.sleep(5)
        await self.extras.turn()
        if self.refuses():
            self.extras.throttled(TOO_MANY, self.clock(), self.clock())

    async def ask(self) -> None:
        """Asks until it is cancelled."""
        await self.poller.run()

    async def live(self) -> Figures:
        work = asyncio.create_task(self.ask())
        await asyncio.sleep(self.setting.hours * 3600)
        work.cancel()
        for task in self.tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await work
        for job in self.ids[: self.setting.jobs]:
            for place in self._builds_in_time(job):
                self.figures.builds += 1
                self.figures.unseen += place not in self.seen[job]
        return self.figures

    def _builds_in_time(self, job: JobId) -> Iterator[int]:
        ends = self.spells[job]
        for place in range(1, len(ends), 2):
            if ends[place - 1] > self.began + 900 and ends[place] < self.began + self.setting.hours * 3600 - 60:
                yield place


def measured(setting: Setting) -> Figures:
    """Lives through the hours of this setting."""

    async def scene() -> Figures:
        return await ListWorld(setting).live()

    return run(scene())
