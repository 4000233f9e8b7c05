"""What the commands that ask are given, and how they ask."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tui.core.job import Job
from tui.core.reading import Moment, Reading
from tui.headless.output import Output
from tui.polling.desk import Desk
from tui.polling.schedule import Policy
from tui.storage.watchlist import WatchlistStore

BURST, BURST_MOST = 10, 50.0
"""A command that asks once may be this much faster than the screen, which asks for ever; and requests a second."""
PATIENCE = 60.0
"""Seconds between two questions at most while somebody waits for the answer."""

Report = Callable[[list[Reading]], None]
Adjust = Callable[[Policy], Policy]


def one_shot(policy: Policy) -> Policy:
    """For one round: a lower rate in the settings lowers this one too. The service's refusals count as ever."""
    rate = policy.requests_per_second
    return policy._replace(requests_per_second=max(rate, min(BURST * rate, BURST_MOST)), together=policy.concurrency)


def waiting(policy: Policy) -> Policy:
    """For a wait: a job that failed for a passing reason is not left alone for minutes."""
    return policy._replace(back_off_most=min(policy.back_off_most, PATIENCE))


@dataclass(frozen=True, slots=True)
class Session:
    """The parts that a command puts together."""

    store: WatchlistStore
    desk: Callable[[Report, Adjust], Desk]
    """Makes the pollers, which report to the function given, with their policies adjusted."""
    close: Callable[[], Awaitable[None]]
    """Closes the connections."""
    now: Callable[[], Moment]
    output: Output = field(default_factory=Output.standard)


class Asked:
    """The readings of a desk at work."""

    def __init__(self) -> None:
        self.desk: Desk
        self._came: list[Reading] = []
        self._news = asyncio.Event()
        self._work: asyncio.Task[None]

    def take(self, readings: list[Reading]) -> None:
        self._came += readings
        self._news.set()

    def start(self, desk: Desk) -> None:
        self.desk = desk
        self._work = asyncio.create_task(desk.run())
        self._work.add_done_callback(lambda _: self._news.set())

    async def next(self, within: float) -> list[Reading]:
        """The readings that came since the last call; empty after `within` seconds. Raises what a bug raised."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(within, 0.0)):
                await self._news.wait()
        if self._work.done():
            self._work.result()
        self._news.clear()
        came, self._came = self._came, []
        return came

    async def stop(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work])


@asynccontextmanager
async def asking(session: Session, jobs: Sequence[Job], adjust: Adjust = lambda policy: policy) -> AsyncIterator[Asked]:
    """Ask about these jobs while the block runs."""
    asked = Asked()
    desk = session.desk(asked.take, adjust)
    desk.watch(jobs)
    asked.start(desk)
    try:
        yield asked
    finally:
        await asked.stop()
        await session.close()
