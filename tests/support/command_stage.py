"""The commands without a screen on a scripted service, in virtual time."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO

from tests.support.builders import DAY, job_id
from tests.support.credential_fakes import NoCredential
from tui.commands.output import Output
from tui.commands.session import Adjust, Report, Session
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading, Status
from tui.polling.policy import Policy
from tui.polling.poller import Poller, PollerGroup
from tui.polling.rate_limiter import Peers
from tui.storage.learned import KeptNames
from tui.storage.watchlist import MemoryWatchlist, WatchlistStore

Outcome = Status | Failure


def jobs(count: int) -> list[Job]:
    return [Job(job_id(number), f"job {number}") for number in range(1, count + 1)]


def now() -> Moment:
    at = asyncio.get_running_loop().time()
    return Moment(at, DAY + timedelta(seconds=at))


@dataclass
class Stage(NoCredential):
    """What the service answers, by job and the seconds since the first question; and all that was written."""

    answer: Callable[[JobId, float], Outcome] = lambda job, at: Status.IDLE
    latency: float = 0.05
    policy: Policy = field(default_factory=Policy)
    store: WatchlistStore = field(default_factory=MemoryWatchlist)
    data: StringIO = field(default_factory=StringIO)
    talk: StringIO = field(default_factory=StringIO)
    peers: Peers | None = None
    asked: list[tuple[JobId, float]] = field(default_factory=list)
    closed: bool = False
    _started: float | None = None

    async def read(self, job: JobId) -> Reading:
        sent = now()
        self._started = sent.at if self._started is None else self._started
        self.asked.append((job, sent.at - self._started))
        await asyncio.sleep(self.latency)
        outcome = self.answer(job, now().at - self._started)
        return Reading(job, outcome, sent, now(), 200 if isinstance(outcome, Status) else 502, "c0ffee")

    async def close(self) -> None:
        self.closed = True

    def session(self) -> Session:
        def pollers(report: Report, adjust: Adjust) -> PollerGroup:
            policy = adjust(self.policy)
            uniform = random.Random(7).uniform
            return PollerGroup(
                lambda _: Poller(self, report, policy, clock=lambda: now().at, uniform=uniform, peers=self.peers),
                "prod",
            )

        return Session(
            self.store, pollers, self.close, now, KeptNames(None), lambda name: None, Output(self.data, self.talk)
        )

    @property
    def lines(self) -> list[str]:
        return self.data.getvalue().splitlines()
