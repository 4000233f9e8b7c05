"""The calls beside the status call, for one profile: on its endpoint, with its credential, within its budget."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar

from tui.codearts.auth.credentials import Credential
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import JobId, ServiceName
from tui.core.observed_run import RecordedRun
from tui.core.reading import Failure, FailureKind, Moment, Retry
from tui.core.run import FailedStep, RunRecord
from tui.core.run_match import Match
from tui.polling.extras_budget import ExtrasBudget
from tui.profiles.resolve import ConnectionOptions

if TYPE_CHECKING:
    from tui.codearts.extra_call import ExtraCall
    from tui.codearts.extras_client import ExtrasClient
    from tui.codearts.extras_switch import KindSummary
    from tui.codearts.job_lists import Listed
    from tui.codearts.run_lookup import RunLookup

T = TypeVar("T")
FOR_SINGLE_NAMES = 10
"""Requests for single jobs where the lists are refused."""


class Extras:
    """Loads httpx at the first call. What keeps it from asking, such as a bad proxy variable, is a failure of each."""

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        options: ConnectionOptions,
        clock: ServerClock,
        budget: ExtrasBudget,
    ) -> None:
        self._endpoint, self._credential = endpoint, credential
        self._now, self._options, self._clock = now, options, clock
        self._budget = budget
        self._opened: tuple[ExtrasClient, RunLookup] | None = None

    def use(self, budget: ExtrasBudget) -> None:
        """From now on extras wait for their share of this budget."""
        self._budget = budget

    async def fetch(self, call: "ExtraCall[T]") -> T | Failure:
        """Returns what the call brings, or why it brings nothing."""
        opened = self._open()
        return opened if isinstance(opened, Failure) else await opened[0].fetch(call)

    async def record_of(self, job: JobId, run: RecordedRun) -> Match | Failure:
        """Returns the record of a run that was observed by this machine's clock."""
        opened = self._open()
        if isinstance(opened, Failure):
            return opened
        skew = self._clock.skew.total_seconds() if self._clock.skew else 0.0
        return await opened[1].record_of(job, run.shifted(skew))

    async def last_run(self, job: JobId, with_duration: bool = False) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""
        opened = self._open()
        return opened if isinstance(opened, Failure) else await opened[1].last_run(job, with_duration)

    async def last_ended(self, job: JobId) -> RunRecord | Failure | None:
        """Returns the newest build that has ended; None for a job without one."""
        opened = self._open()
        return opened if isinstance(opened, Failure) else await opened[1].last_run(job, has_ended=True)

    async def failed_step(self, job: JobId, number: int) -> FailedStep | Failure | None:
        """Returns the first step that failed; None where the service knows of none."""
        from tui.codearts.log_api import analysis_call

        told = await self.fetch(analysis_call(job, number))
        return told if isinstance(told, Failure) else next(iter(told.steps), None)

    async def listed(self, wanted: Collection[JobId]) -> "Listed":
        """Returns what the lists say of these jobs, and of others that are on the same pages."""
        from tui.codearts.job_list_api import JobEntry
        from tui.codearts.job_lists import jobs_of_user, names_by_themselves

        listed = await jobs_of_user(self, wanted)
        if listed.failure and listed.failure.kind.retry is Retry.LASTING and not listed.entries:
            names = await names_by_themselves(self, wanted, FOR_SINGLE_NAMES)
            return listed._replace(entries={job: JobEntry(job, name) for job, name in names.items()})
        return listed

    def summary(self) -> "tuple[KindSummary, ...]":
        """What became of each kind of call so far."""
        return self._opened[0].summary() if self._opened else ()

    async def close(self) -> None:
        self._budget.close()
        if self._opened:
            await self._opened[0].close()

    def _open(self) -> "tuple[ExtrasClient, RunLookup] | Failure":
        if self._opened:
            return self._opened
        from tui.codearts.extras_client import ExtrasClient
        from tui.codearts.run_lookup import RunLookup

        try:
            opener = self._options.opener(self._endpoint.url)
        except UserError as problem:
            return Failure(FailureKind.SETTINGS, str(problem))
        client = ExtrasClient(opener, self._endpoint, self._credential, self._now, self._throttled, self._turn)
        self._opened = client, RunLookup(client, self._endpoint.region, self._clock.now)
        return self._opened

    async def _turn(self) -> None:
        await self._budget.turn()

    def _throttled(self, refusal: Failure, sent: float, now: float) -> None:
        self._budget.throttled(refusal, sent, now)


def names_in(listed: "Listed") -> dict[JobId, ServiceName]:
    """Returns the names and projects of a list."""
    return {
        job: ServiceName(entry.name, str(entry.project_id or ""), entry.project)
        for job, entry in listed.entries.items()
        if entry.name
    }
