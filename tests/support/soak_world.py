"""A month on a jump host in a simulated world: services that fail, machines that sleep, lists that are edited."""

import asyncio
import gc
import resource
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from tests.support.board_invariants import check_board
from tests.support.builders import DAY, job_id
from tests.support.hostile_texts import body, text
from tui.codearts.status_api import interpret
from tui.core.board import Board, JobState
from tui.core.errors import UserError
from tui.core.hints import Hint, HintPage
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.polling.list_sweeps import ListPage
from tui.polling.policy import Policy
from tui.polling.poller import Poller, PollerGroup
from tui.storage.watchlist import Watchlist, WatchlistFile

JOBS = 300
PROFILES = ("", "b")


@dataclass(frozen=True)
class Usage:
    """Measurements that must not grow."""

    memory: float
    """MB in use."""
    tasks: int
    descriptors: int

    @classmethod
    def now(cls) -> "Usage":
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return cls(pages * resource.getpagesize() / 1e6, len(asyncio.all_tasks()), descriptors)


class Service:
    """The reader of a profile: sometimes all readings succeed, sometimes some or all fail."""

    def __init__(self, world: "World", dice: Random) -> None:
        self.world, self.dice = world, dice
        self.sent = self.pages = 0
        self.lies = self.lag = 0.0
        self.last_sent = -1e9
        self.in_flight: set[JobId] = set()
        self.share = 0.0
        self.kinds: list[FailureKind] = []
        self.latency = 0.2

    def change_mood(self) -> None:
        self.share = self.dice.choice((0.0, 0.0, 0.02, 0.3, 1.0))
        self.kinds = self.dice.sample(list(FailureKind), self.dice.choice((1, 3, 20)))
        self.latency = self.dice.choice((0.05, 0.3, 2.0))
        self.lies, self.lag = self.dice.choice((0.0, 0.0, 0.1, 1.0)), self.dice.choice((0.0, 60.0))

    async def read(self, job: JobId) -> Reading:
        assert job not in self.in_flight, "two requests at once for one job"
        sent = self.world.moment()
        assert sent.at - self.last_sent >= 1 / self.world.policy.requests_per_second - 1e-6
        self.sent, self.last_sent = self.sent + 1, sent.at
        self.in_flight.add(job)
        assert len(self.in_flight) <= self.world.policy.concurrency
        await asyncio.sleep(self.dice.expovariate(1 / self.latency))
        self.in_flight.discard(job)
        return Reading(job, self.answer(job), sent, self.world.moment(), 200, "c0ffee")

    def answer(self, job: JobId) -> Status | Failure:
        if self.dice.random() < self.share:
            if self.dice.random() < 0.02:
                return interpret(self.dice.choice((200, 429, 500)), {}, body(self.dice), ())
            return Failure(self.dice.choice(self.kinds), "it failed", retry_after=self.dice.choice((None, 30.0)))
        return Status.RUNNING if (int(job, 16) * 7919 + int(self.world.clock()) // 300) % 3 == 0 else Status.IDLE

    async def page(self, page: ListPage) -> HintPage | Failure:
        """Lists that are refused, empty, late, repeated, or lie, as the mood is."""
        self.pages += 1
        self.last_sent = self.world.clock()
        await asyncio.sleep(self.dice.expovariate(1 / self.latency))
        if self.dice.random() < self.share:
            return Failure(self.dice.choice(self.kinds), "no list", retry_after=self.dice.choice((None, 30.0)))
        jobs = list(self.world.board.states)[
            page.number * 100 : page.number * 100 + self.dice.choice((0, 50, 100, 100))
        ]
        said = {job: self.says(job) is not (self.dice.random() < self.lies) for job in jobs}
        hints = {job: Hint(runs, (runs,), 0, "p" * (int(job, 16) % 3)) for job, runs in said.items()}
        return HintPage(hints, self.dice.choice((None, JOBS)), all(said.values()))

    def says(self, job: JobId) -> bool:
        return (int(job, 16) * 7919 + int(self.world.clock() - self.lag) // 300) % 3 == 0

    def credential_changed(self) -> bool:
        return self.dice.random() < 0.1

    def may_show_again(self) -> bool:
        return False

    def reset(self) -> None:
        pass

    def hurry(self) -> None:
        pass


class World:
    """The program without its screen; `edit` does one of the things that happen on a working day."""

    def __init__(self, folder: Path, policy: Policy, seed: int) -> None:
        self.dice = Random(seed)
        self.policy = policy
        self.asleep = self.wall_ahead = 0.0
        self.readings = self.edits = 0
        self.services = {name: Service(self, Random(seed + place)) for place, name in enumerate(PROFILES)}
        self.file = WatchlistFile(folder / "watchlist.toml")
        self.file.add([Job(job_id(number), f"job {number}", profile="b" * (number % 2)) for number in range(JOBS)])
        self.board = Board()
        self.pollers = PollerGroup(self.poller, "")
        self.follow(self.file.load())

    def clock(self) -> float:
        return asyncio.get_running_loop().time() + self.asleep

    def moment(self) -> Moment:
        at = self.clock()
        return Moment(at, DAY + timedelta(seconds=at + self.wall_ahead))

    def poller(self, name: str) -> Poller:
        service = self.services[name]
        clock, uniform = self.clock, self.dice.uniform
        return Poller(service, self.record, self.policy, clock=clock, uniform=uniform, lists=service)

    def record(self, readings: list[Reading]) -> None:
        self.readings += len(readings)
        self.board = self.board.record(readings)

    def follow(self, watchlist: Watchlist) -> None:
        self.board = self.board.watch(watchlist.jobs)
        self.pollers.watch(watchlist.jobs)

    def interval(self, state: JobState) -> float:
        return self.pollers.interval(state.job.id)

    def check(self) -> None:
        check_board(self.board, self.clock(), self.interval)
        for job in self.board.states:
            planned = self.pollers.next_attempt(job)
            assert planned is None or planned >= self.clock()

    def edit(self) -> None:
        """Does one thing that a user, another instance, an editor, the service or the machine may do."""
        dice = self.dice
        some = dice.sample(list(self.board.states), min(20, len(self.board.states)))
        self.edits += 1
        match dice.randrange(12):
            case 0:
                self.asleep += dice.choice((40.0, 900.0, 8 * 3600.0))
            case 1:
                self.wall_ahead += dice.choice((-3600.0, 3600.0, -86400.0, 1e6))
            case 2:
                self.pollers.refresh(dice.choice((None, some)))
            case 3:
                self.pollers.pause(some[:3])
                self.board = self.board.pause(some[:3], self.moment())
            case 4:
                self.pollers.resume(list(self.board.states))
                self.board = self.board.pause(self.board.states, None)
            case 5:
                self.pollers.prefer(some)
            case 6:
                self.edit_list(some)
            case 7:
                self.edit_by_hand()
            case _:
                for service in self.services.values():
                    service.change_mood()

    def edit_list(self, some: list[JobId]) -> None:
        """Removes jobs, gives others hostile labels, and undoes the removal."""
        removed = self.file.remove(some[:5])
        self.follow(removed.after)
        self.follow(self.file.edit({job: {"label": text(self.dice)} for job in some[5:8]}).after)
        self.follow(self.file.undo(removed).after)
        assert len(self.board.states) == JOBS

    def edit_by_hand(self) -> None:
        """Breaks the file, as an editor may, and repairs it."""
        whole = self.file.path.read_bytes()
        self.file.path.write_bytes(whole + b'\n[[jobs]\nid = "')
        try:
            self.follow(self.file.load())
            raise AssertionError("a broken file was taken")
        except UserError:
            self.file.path.write_bytes(whole)
        self.follow(self.file.load())
