"""Asks what became of runs: once after each stop that was seen, and for the last run of every job at the start and
after a gap.

Rows in view go first, and a stop goes before all last runs.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple, Protocol

from tui.core.job import JobId, ServiceName
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import ObservedRun
from tui.core.reading import Failure, Retry
from tui.core.run import FailedStep, LastRuns, Outcome, RunRecord

AFTER_STOP = 5.0
"""Seconds after a stop was seen until its record is asked for."""
ASKED_AGAIN = 60.0
"""Seconds until the second and last request for a record that was not there or not finished."""
SPARE_AT_FIRST, SPARE_IN = 5, 4
"""Second requests that may be sent: `SPARE_AT_FIRST`, and one more for every `SPARE_IN` stops; most records come in
time."""
REST = 60.0
"""Seconds until something else is tried after a request that failed."""
GIVEN_UP = 3600.0
"""Seconds after which nothing is asked about a stop any more."""


class RunSource(Protocol):
    """Who asks the service about runs; for one profile."""

    async def record_of(self, job: JobId, run: ObservedRun) -> Match | Failure:
        """The record of a run that was observed."""

    async def last_runs(self, job: JobId) -> LastRuns | Failure:
        """The records of the newest build that has ended and of the one that goes on."""

    async def failed_step(self, job: JobId, number: int) -> FailedStep | Failure | None:
        """Where a build failed."""


ReportOutcome = Callable[[JobId, RunRecord, FailedStep | None], object]
ReportRecords = Callable[[JobId, Sequence[RunRecord]], object]


class FactReports(NamedTuple):
    """What is called with the facts that the service tells of jobs."""

    learned: ReportOutcome
    """With the last run of a job or the one that goes on; once more with the step where it failed."""
    named: Callable[[Mapping[JobId, ServiceName]], object] = lambda names: None
    told: ReportRecords = lambda job, records: None
    """With the last runs of a job, whatever they were requested for."""


class Stop(NamedTuple):
    """A run that ended, and what has been done to learn its outcome."""

    run: ObservedRun
    seen_at: float
    due: float
    attempts: int = 0


@dataclass(slots=True)
class _Agenda:
    """What is still to be asked of one profile."""

    source: RunSource
    stops: dict[JobId, Stop] = field(default_factory=dict)
    firsts: dict[JobId, None] = field(default_factory=dict)
    """Jobs whose last run is wanted, in this order."""
    rests_until: float = -inf
    news: asyncio.Event = field(default_factory=asyncio.Event)
    looked_at: dict[JobId, ObservedRun] = field(default_factory=dict)
    """The run of each job that was asked about because the user looked at it."""
    stops_asked: int = 0
    asked_again: int = 0


class Outcomes:
    """Asks what became of the runs of all profiles. Belongs to one event loop. Times are the caller's clock."""

    def __init__(
        self, source_of: Callable[[str], RunSource | None], report: ReportOutcome, clock: Callable[[], float]
    ) -> None:
        """`source_of` returns the source of a profile, None where it must not be asked; `report` takes what it said."""
        self._source_of = source_of
        self._report = report
        self._clock = clock
        self._profiles: dict[str, _Agenda | None] = {}
        self._preferred: tuple[JobId, ...] = ()
        self._came = asyncio.Event()

    def seed(self, jobs: Iterable[JobId], profile: str) -> None:
        """Asks for the last run of each of these, in this order."""
        if asked := self._profile(profile):
            asked.firsts |= dict.fromkeys(jobs)
            asked.news.set()

    def prefer(self, jobs: Iterable[JobId]) -> None:
        """Rows in view: of the jobs that are asked for at the start these go first."""
        self._preferred = tuple(jobs)

    def stopped(self, job: JobId, run: ObservedRun, profile: str) -> None:
        """A run was seen to end just now."""
        if asked := self._profile(profile):
            now = self._clock()
            asked.firsts.pop(job, None)
            asked.stops[job] = Stop(run, now, now + AFTER_STOP)
            asked.news.set()

    def look_again(self, job: JobId, run: ObservedRun, profile: str) -> None:
        """The user looks at a run whose record was not there in time: it is asked for once more."""
        asked = self._profile(profile)
        if asked and job not in asked.stops and asked.looked_at.get(job) != run:
            now = self._clock()
            asked.looked_at[job] = run
            asked.stops[job] = Stop(run, now, now, attempts=1)
            asked.news.set()

    def forget(self, jobs: Iterable[JobId]) -> None:
        """These are not watched any more."""
        gone = set(jobs)
        for asked in filter(None, self._profiles.values()):
            asked.stops = {job: stop for job, stop in asked.stops.items() if job not in gone}
            asked.firsts = {job: None for job in asked.firsts if job not in gone}
            asked.looked_at = {job: run for job, run in asked.looked_at.items() if job not in gone}

    async def run(self) -> None:
        """Asks until it is cancelled. Profiles do not wait for each other."""
        running: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._came.clear()
                for name, asked in self._profiles.items():
                    if asked and name not in running:
                        running.add(name)
                        tasks.create_task(self._work(asked))
                await self._came.wait()

    def _profile(self, name: str) -> _Agenda | None:
        if name not in self._profiles:
            source = self._source_of(name)
            self._profiles[name] = _Agenda(source) if source else None
            self._came.set()
        return self._profiles[name]

    async def _work(self, asked: _Agenda) -> None:
        while True:
            asked.news.clear()
            wait = await self._step(asked)
            if wait > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait == inf else wait):
                        await asked.news.wait()

    async def _step(self, asked: _Agenda) -> float:
        """Sends one request that is due. Returns the seconds until another one is."""
        now = self._clock()
        if now < asked.rests_until:
            return asked.rests_until - now
        if asked.stops:
            job = min(asked.stops, key=lambda job: asked.stops[job].due)
            if asked.stops[job].due <= now:
                await self._ask_about_stop(asked, job, asked.stops[job])
                return 0.0
        if asked.firsts:
            job = next((job for job in self._preferred if job in asked.firsts), next(iter(asked.firsts)))
            await self._ask_for_last(asked, job)
            return 0.0
        return min((stop.due for stop in asked.stops.values()), default=inf) - now

    async def _ask_about_stop(self, asked: _Agenda, job: JobId, stop: Stop) -> None:
        asked.stops_asked += stop.attempts == 0
        match = await asked.source.record_of(job, stop.run)
        if asked.stops.get(job) is not stop:
            return  # another stop came meanwhile
        now = self._clock()
        if _is_final(match) or now - stop.seen_at > GIVEN_UP:
            del asked.stops[job]
        elif isinstance(match, Failure):
            asked.rests_until = now + REST
            asked.stops[job] = stop._replace(due=now + REST)
        elif stop.attempts or asked.asked_again >= SPARE_AT_FIRST + asked.stops_asked // SPARE_IN:
            del asked.stops[job]
        else:
            asked.asked_again += 1
            asked.stops[job] = stop._replace(due=now + ASKED_AGAIN, attempts=1)
        if isinstance(match, Match) and match.kind is MatchKind.FOUND and match.record:
            await self._learned(asked, job, match.record)

    async def _ask_for_last(self, asked: _Agenda, job: JobId) -> None:
        runs = await asked.source.last_runs(job)
        if job not in asked.firsts:
            return  # it stopped meanwhile: this may be about the run before
        del asked.firsts[job]
        if isinstance(runs, Failure):
            if not _is_final(runs):
                asked.firsts[job] = None
                asked.rests_until = self._clock() + REST
            return
        if runs.going:
            self._report(job, runs.going, None)
        if runs.ended:
            await self._learned(asked, job, runs.ended)

    async def _learned(self, asked: _Agenda, job: JobId, record: RunRecord) -> None:
        """Report the outcome at once, and the failing step once it is known."""
        self._report(job, record, None)
        if record.outcome is Outcome.FAILED:
            step = await asked.source.failed_step(job, record.number)
            if step and not isinstance(step, Failure):
                self._report(job, record, step)


def _is_final(told: Match | Failure) -> bool:
    """Whether asking again brings nothing else: a lasting failure is about this job, or the kind of call is off."""
    match told:
        case Match():
            return told.is_final
        case Failure():
            return told.kind.retry is Retry.LASTING
