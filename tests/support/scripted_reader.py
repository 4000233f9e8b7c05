"""A reader with scripted outcomes, and a bench that runs a poller with it in virtual time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from math import inf
from random import Random

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.polling.policy import Policy
from tui.polling.poller import Poller
from tui.polling.rate_limiter import TOGETHER

Outcome = Status | Failure
ROUNDING = 1e-6


def job(number: int) -> JobId:
    return JobId(f"{number:032d}")


def jobs(count: int) -> list[JobId]:
    return [job(number) for number in range(count)]


def failed(kind: FailureKind, retry_after: float | None = None, limit: tuple[float, float] | None = None) -> Failure:
    return Failure(kind, f"it failed: {kind}", retry_after=retry_after, limit=limit)


class Bench:
    """The reader, the poller that calls it, and a record of all requests and reports with their times."""

    def __init__(self, policy: Policy, latency: float) -> None:
        self.answer: Callable[[JobId], Outcome] = lambda _: Status.IDLE
        self.latency: Callable[[JobId], float] = lambda _: latency
        self.asleep = 0.0
        """Seconds that the machine was suspended: the clock is ahead of the loop by as much."""
        self.credential_is_new = False
        self.has_ready_token = False
        self.tried_again = 0
        """How often the user requested a reading while signed out."""
        self.hurried = 0
        """How often the user requested one else."""
        self.sent: list[tuple[float, JobId]] = []
        self.reports: list[tuple[float, list[Reading]]] = []
        self.in_flight: set[JobId] = set()
        self.most_in_flight = 0
        self.policy = policy
        self.poller = Poller(self, self._take, policy, clock=self.clock, uniform=Random(7).uniform)

    def clock(self) -> float:
        return asyncio.get_running_loop().time() + self.asleep

    async def read(self, job: JobId) -> Reading:
        assert job not in self.in_flight, "two requests at once for one job"
        sent = self._moment()
        self.sent.append((sent.at, job))
        self.in_flight.add(job)
        self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
        try:
            await asyncio.sleep(self.latency(job))
            return Reading(job, self.answer(job), sent, self._moment())
        finally:
            self.in_flight.discard(job)

    def credential_changed(self) -> bool:
        return self.credential_is_new

    def may_show_again(self) -> bool:
        return self.has_ready_token

    def reset(self) -> None:
        self.tried_again += 1

    def hurry(self) -> None:
        self.hurried += 1

    def asked(self, *only: JobId, since: float = 0.0) -> list[float]:
        """Returns when requests left, for these jobs or all."""
        return [at for at, job in self.sent if at >= since and (not only or job in only)]

    def who(self, since: float = 0.0) -> list[JobId]:
        """Returns the jobs of the requests, in order."""
        return [job for at, job in self.sent if at >= since]

    @property
    def readings(self) -> list[Reading]:
        return [reading for _, batch in self.reports for reading in batch]

    def check(self) -> None:
        """Asserts what must hold whatever happens."""
        rate, paid_at = self.policy.requests_per_second, -inf
        group = max(1, min(self.policy.together, int(rate * TOGETHER)))
        for at, _ in self.sent:  # never more than the rate, and a group
            assert at >= paid_at - (group - 1) / rate - ROUNDING
            paid_at = max(paid_at, at) + 1 / rate
        assert self.most_in_flight <= self.policy.concurrency
        reports = [at for at, _ in self.reports]
        assert all(later - earlier >= 0.1 - ROUNDING for earlier, later in itertools.pairwise(reports))

    def _take(self, readings: list[Reading]) -> None:
        assert readings
        self.reports.append((self.clock(), readings))

    def _moment(self) -> Moment:
        return Moment(self.clock(), datetime(2026, 1, 1, tzinfo=UTC))


@asynccontextmanager
async def polling(count: int = 0, policy: Policy | None = None, latency: float = 0.1) -> AsyncIterator[Bench]:
    """Runs a poller with this many jobs. Afterwards asserts that it kept to the policy and left no task behind."""
    bench = Bench(policy or Policy(), latency)
    bench.poller.watch(jobs(count))
    work = asyncio.create_task(bench.poller.run())
    try:
        yield bench
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert not bench.in_flight
    bench.check()
