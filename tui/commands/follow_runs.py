"""What `follow` learns beside the status: names, and what became of each run that was seen to end."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from tui.core.job import JobId, ServiceName
from tui.core.observed_run import RecordedRun
from tui.core.run import FailedStep, RunRecord
from tui.polling.outcomes import Outcomes

if TYPE_CHECKING:
    from tui.commands.session import Session


class Learned(NamedTuple):
    """What became of a run; with a step also where it failed."""

    job: JobId
    record: RunRecord
    step: FailedStep | None


class FollowedRuns:
    """Collects what was learned until it is taken."""

    def __init__(self, session: "Session") -> None:
        self._names: Mapping[JobId, ServiceName] = {}
        self._session = session
        self._learned: list[Learned] = []
        self._bug: BaseException | None = None
        self._outcomes = Outcomes(session.extras, self._learn, lambda: session.now().at)

    def stopped(self, job: JobId, run: RecordedRun, profile: str) -> None:
        """A run was seen to end just now."""
        self._outcomes.stopped(job, run, profile)

    def take(self) -> Sequence[Learned]:
        """What was learned since the last call. Raises what failed in `run`."""
        if self._bug:
            raise self._bug
        learned, self._learned = self._learned, []
        return learned

    def take_names(self) -> Mapping[JobId, ServiceName]:
        """The names that came since the last call."""
        names, self._names = self._names, {}
        return names

    async def run(self, profiles: Mapping[JobId, str]) -> None:
        """Asks until it is cancelled; for names of these jobs, each with its profile's name, once."""
        from tui.commands.session import known_names

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run())
            self._names = await known_names(self._session, profiles)

    def ended(self, work: asyncio.Task[None]) -> None:
        """Keep why `run` ended, for the next call of `take`."""
        self._bug = None if work.cancelled() else work.exception()

    def _learn(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        self._learned.append(Learned(job, record, step))


@asynccontextmanager
async def followed_runs(session: "Session", profiles: Mapping[JobId, str]) -> AsyncIterator[FollowedRuns]:
    """Ask while the block runs."""
    runs = FollowedRuns(session)
    work = asyncio.create_task(runs.run(profiles))
    work.add_done_callback(runs.ended)
    try:
        yield runs
    finally:
        work.cancel()
        await asyncio.wait([work])
