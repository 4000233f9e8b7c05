"""How commands read jobs: the pollers of all profiles, and their readings as they come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui.commands.extras import quick_extras
from tui.commands.job_selection import select_jobs
from tui.commands.output import Output
from tui.commands.standard_input import read_input
from tui.core.board import JobState
from tui.core.job import Job
from tui.core.reading import Moment, Reading
from tui.polling.policy import Policy
from tui.polling.poller_group import PollerGroup
from tui.storage.watchlist import WatchlistStore

if TYPE_CHECKING:
    from pathlib import Path

    from tui.context import Context
    from tui.profiles.extras import Extras

Report = Callable[[list[Reading]], None]
Adjust = Callable[[Policy], Policy]


def no_extras(profile: str) -> "Extras | None":
    """Nothing but the status call is sent."""
    return None


@dataclass(frozen=True, slots=True)
class Session:
    """What a command needs to read jobs."""

    store: WatchlistStore
    pollers: Callable[[Report, Adjust], PollerGroup]
    """Makes pollers with adjusted policies; they call the report function."""
    close: Callable[[], Awaitable[None]]
    """Closes the connections."""
    now: Callable[[], Moment]
    output: Output = field(default_factory=Output.standard)
    extras: "Callable[[str], Extras | None]" = no_extras
    """The calls beside the status call of a profile; None where they are switched off."""
    names_file: "Path | None" = None
    """Where the names that the service gave are kept."""


def open_session(
    context: "Context", given: Sequence[str] = (), goes_on: bool = False
) -> tuple[Session, tuple[Job, ...]]:
    """The session, and the jobs that `given` names: see `select_jobs`. Prints the watchlist's warnings.

    In a session that goes on, the calls beside the status call take their share of the pollers' rate.
    """
    app, store = context.app(), context.watchlist

    def pollers(report: Report, adjust: Adjust) -> PollerGroup:
        profiles = {name: one._replace(policy=adjust(one.policy)) for name, one in app.profiles.items()}
        return replace(app, profiles=profiles).pollers(report)

    session = Session(
        store,
        pollers,
        app.close,
        context.now,
        extras=(lambda name: app.profile(name).extras) if goes_on else quick_extras(app),
        names_file=app.names_file,
    )
    watchlist = store.load()
    for warning in watchlist.warnings:
        session.output.say(warning)
    return session, select_jobs(given, watchlist.jobs, read_input, session.output.say)


class PollSession:
    """Running pollers and their readings."""

    def __init__(self) -> None:
        self.pollers: PollerGroup
        self._came: list[Reading] = []
        self._news = asyncio.Event()
        self._work: asyncio.Task[None]

    def take(self, readings: list[Reading]) -> None:
        self._came += readings
        self._news.set()

    def start(self, pollers: PollerGroup) -> None:
        self.pollers = pollers
        self._work = asyncio.create_task(pollers.run())
        self._work.add_done_callback(lambda _: self._news.set())

    async def next(self, within: float) -> list[Reading]:
        """The readings since the last call; empty after `within` seconds. Raises what failed in a poller."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(within, 0.0)):
                await self._news.wait()
        if self._work.done():
            self._work.result()
        self._news.clear()
        came, self._came = self._came, []
        return came

    def polled_every(self, state: JobState) -> float:
        """Seconds between two readings of the job while it has the status of `state`."""
        return self.pollers.interval(state.job.id, state.status)

    async def stop(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work])


@asynccontextmanager
async def poll_session(
    session: Session, jobs: Sequence[Job], adjust: Adjust = lambda policy: policy
) -> AsyncIterator[PollSession]:
    """Poll these jobs while the block runs."""
    polls = PollSession()
    pollers = session.pollers(polls.take, adjust)
    pollers.watch(jobs)
    polls.start(pollers)
    try:
        yield polls
    finally:
        await polls.stop()
        await session.close()
