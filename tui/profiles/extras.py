"""The calls beside the status call, for one profile: on its endpoint, with its credential, within its budget; and
what they tell of the watched jobs: names, and what became of their runs.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from tui.codearts.auth.credentials import Credential
from tui.core.board import RECORDS_KEPT, SETTLED, TOLD_JOBS, Board, JobState, gaps_between, stops_between
from tui.core.hints import HintPage
from tui.core.job import JobId, ServiceName
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import ObservedRun
from tui.core.reading import NOTICED, Failure, Moment, Retry, Status
from tui.core.run import Calibration, FailedStep, LastRuns, Outcome, RunRecord
from tui.polling.list_sweeps import ListPage
from tui.polling.outcomes import FactReports, Outcomes, ReportRecords
from tui.polling.rate_limiter import ExtrasBudget
from tui.profiles.access import Access
from tui.storage.learned import KeptNames, KeptUnits

if TYPE_CHECKING:
    from tui.codearts.extra_call import ExtraCall
    from tui.codearts.extras_client import ExtrasClient, KindSummary
    from tui.codearts.job_list_api import JobEntry, Listed
    from tui.codearts.record_api import RunLookup


T = TypeVar("T")
PAGES_APART = 8.0
"""Seconds for which the next page of a sweep is waited for."""
FOR_SINGLE_NAMES = 10
"""Requests for single jobs where the lists are refused."""


class Extras:
    """Sends the extra calls of a profile. Loads httpx at the first one."""

    def __init__(self, access: Access, credential: Credential, budget: ExtrasBudget) -> None:
        self._access, self._credential = access, credential
        self._budget = budget
        self._opened: tuple[ExtrasClient, RunLookup] | None = None
        self._units: KeptUnits | None = None
        self._report_records: ReportRecords = lambda job, records: None
        self._entries: dict[JobId, JobEntry] = {}
        """What the pages of sweeps said since names are wanted."""
        self._are_all = False
        """Whether these are all jobs of the user."""
        self._wants_names = True
        self._page_came = asyncio.Event()
        self._is_swept: Callable[[], bool] = lambda: False

    def use(self, budget: ExtrasBudget, is_swept: Callable[[], bool] = lambda: False) -> None:
        """From now on extras wait for their share of this budget; `is_swept` returns whether sweeps read the lists."""
        self._budget = budget
        self._is_swept = is_swept

    def keep_units(self, units: KeptUnits) -> None:
        """From now on the units of durations, once learned, are kept there."""
        self._units = units

    def report_to(self, report: ReportRecords) -> None:
        """From now on `report` is called with the records of a job, whatever they were requested for."""
        self._report_records = report

    async def fetch(self, call: "ExtraCall[T]") -> T | Failure:
        """Returns what the call brings, or why it brings nothing."""
        client, _ = self._open()
        return await client.fetch(call)

    async def record_of(self, job: JobId, run: ObservedRun) -> Match | Failure:
        """Returns the record of a run that was observed by this machine's clock."""
        _, lookup = self._open()
        match: Match | Failure = Match(MatchKind.NOT_THERE)
        for skew in self._access.clock.likely_skews:
            match = await lookup.record_of(job, run.shifted(skew.total_seconds()))
            if isinstance(match, Failure) or match.kind is not MatchKind.NOT_THERE:
                break
        if self._units:
            await self._units.keep(self._url, lookup.calibration)
        return match

    async def records(self, job: JobId) -> Sequence[RunRecord] | Failure:
        """Returns the last 30 builds, newest first, with durations where their unit is known."""
        from tui.codearts.record_api import FOR_ESTIMATES

        _, lookup = self._open()
        return await lookup.records(job, FOR_ESTIMATES)

    async def last_run(self, job: JobId, with_duration: bool = False) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""
        _, lookup = self._open()
        return await lookup.last_run(job, with_duration)

    async def last_runs(self, job: JobId) -> LastRuns | Failure:
        """Returns the newest build that has ended, with its times if they can be had, and the one that goes on."""
        _, lookup = self._open()
        return await lookup.last_runs(job)

    async def failed_step(self, job: JobId, number: int) -> FailedStep | Failure | None:
        """Returns the first step that failed; None where the service knows of none."""
        from tui.codearts.log_api import analysis_call

        told = await self.fetch(analysis_call(job, number))
        return told if isinstance(told, Failure) else next(iter(told.steps), None)

    async def listed(self, wanted: Collection[JobId]) -> "Listed":
        """Returns what the lists say of these jobs, and of others that are on the same pages."""
        from tui.codearts.job_list_api import JobEntry, Listed, jobs_of_user, names_by_themselves

        entries, is_whole = await self._entries_of(wanted)
        if is_whole or entries.keys() >= set(wanted):
            return Listed(entries, is_whole=is_whole)
        listed = await jobs_of_user(self, wanted)
        if listed.failure and listed.failure.kind.retry is Retry.LASTING and not listed.entries:
            names = await names_by_themselves(self, wanted, FOR_SINGLE_NAMES)
            return listed._replace(entries={job: JobEntry(job, name) for job, name in names.items()})
        return listed

    async def page(self, page: ListPage) -> HintPage | Failure:
        """Reads a page of a list for the hints on it. Its request is paid for."""
        from tui.codearts.job_list_api import building_jobs_call, hints_call

        client, _ = self._open()
        call = hints_call(page.project, page.number, whole=page.whole, named=self._wants_names)
        answer = await client.fetch(building_jobs_call() if page.building else call, is_paid=True)
        if isinstance(answer, Failure):
            return answer
        if answer.page:
            self._entries |= {entry.id: entry for entry in answer.page.entries}
            total = answer.page.total
            self._are_all = not page.project and total is not None and len(self._entries) >= total
            self._page_came.set()
        return answer.hints

    async def _entries_of(self, wanted: Collection[JobId]) -> "tuple[dict[JobId, JobEntry], bool]":
        """Returns what sweeps said since names are wanted, and whether these are all jobs of the user.

        Waits for the sweep that is under way until it has named these jobs.
        """
        self._wants_names = True
        with suppress(TimeoutError):
            while self._is_swept() and not (self._are_all or self._entries.keys() >= set(wanted)):
                self._page_came.clear()
                async with asyncio.timeout(PAGES_APART):
                    await self._page_came.wait()
        entries, are_all = self._entries, self._are_all
        self._entries, self._are_all, self._wants_names = {}, False, False
        return entries, are_all

    def by_this_machine(self, record: RunRecord) -> RunRecord:
        """Returns the record with its times by this machine's clock, as far as the two clocks are known to differ."""
        return record.by_clock(self._access.clock.by_this_machine) if self.skew else record

    @property
    def skew(self) -> timedelta:
        """How far the service's clock is ahead of this machine's; nothing if it is not known, or not noticed."""
        return self._access.clock.told_skew

    def summary(self) -> "tuple[KindSummary, ...]":
        """What became of each kind of call so far."""
        return self._opened[0].summary() if self._opened else ()

    async def close(self) -> None:
        self._budget.close()
        if self._opened:
            await self._opened[0].close()

    def _open(self) -> "tuple[ExtrasClient, RunLookup]":
        if self._opened:
            return self._opened
        from tui.codearts.extras_client import ExtrasClient
        from tui.codearts.record_api import RunLookup

        opener = self._access.options.opener(self._url)
        access, endpoint = self._access, self._access.endpoint
        client = ExtrasClient(
            opener, endpoint, self._credential, access.now, self._throttled, self._turn, access.clock.learn_first
        )
        calibration = self._units.calibration(self._url) if self._units else Calibration()
        clock = access.clock
        self._opened = (
            client,
            RunLookup(client, endpoint.region, clock.likely_now, calibration, self._report, clock.latest_now),
        )
        return self._opened

    @property
    def _url(self) -> str:
        return self._access.endpoint.url

    def _report(self, job: JobId, records: Sequence[RunRecord]) -> None:
        self._report_records(job, records)

    async def _turn(self) -> Failure | None:
        return await self._budget.turn()

    def _throttled(self, refusal: Failure, sent: float, now: float) -> None:
        self._budget.throttled(refusal, sent, now)


def names_in(listed: "Listed") -> dict[JobId, ServiceName]:
    """Returns the names and projects of a list."""
    return {
        job: ServiceName(entry.name, str(entry.project_id or ""), entry.project)
        for job, entry in listed.entries.items()
        if entry.name
    }


class ByOurClock:
    """Reports the times of runs by this machine's clock, and again when that is set.

    Everything else on the screen, such as when a run was seen to start, is by that clock.
    """

    def __init__(
        self, extras_of: Callable[[str], Extras | None], profile_of: Callable[[JobId], str], reports: FactReports
    ) -> None:
        self._extras_of, self._profile_of, self._reports = extras_of, profile_of, reports
        self._last: dict[JobId, LastRuns] = {}
        """What was learned of each job since its last stop, by the service's clock."""
        self._records: dict[JobId, dict[int, RunRecord]] = {}
        """What was told of each job's last runs, by number, by the same clock."""
        self._skews: dict[str, timedelta] = {}
        """How far that was ahead of this machine's at the last report, by profile."""

    def learned(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        last = self._last.get(job, LastRuns())
        goes_on = record.is_finished is False
        self._last[job] = last._replace(going=record) if goes_on else last._replace(ended=record)
        self._reports.learned(job, self._moved(job, record), step)

    def told(self, job: JobId, records: Sequence[RunRecord]) -> None:
        if job in self._records or len(self._records) < TOLD_JOBS:
            known = self._records.get(job, {}) | {record.number: record for record in records}
            self._records[job] = {number: known[number] for number in sorted(known)[-RECORDS_KEPT:]}
        self._reports.told(job, [self._moved(job, record) for record in records])

    def is_behind(self, job: JobId, records: Sequence[RunRecord]) -> bool:
        """Whether the newest of these records, the newest first, that has ended says otherwise than what was learned of
        the last run: of another one, or of another outcome."""
        last = self._last.get(job, LastRuns()).ended
        newest = next((record for record in records if record.is_finished is not False), None)
        if last is None or newest is None:
            return False
        return newest.number != last.number or newest.outcome not in (Outcome.UNKNOWN, last.outcome)

    def stopped(self, job: JobId) -> None:
        """What was learned is about the runs before this one."""
        self._last.pop(job, None)

    def not_seen(self, job: JobId) -> None:
        """Another build may go on now than the one that was learned of."""
        if last := self._last.get(job):
            self._last[job] = last._replace(going=None)

    def forget(self, jobs: Iterable[JobId]) -> None:
        for job in jobs:
            self._last.pop(job, None)
            self._records.pop(job, None)

    def heed(self, profile: str) -> None:
        """Reports everything again if this machine's clock was set, or is known only now to be wrong."""
        extras = self._extras_of(profile)
        skew = extras.skew if extras else timedelta()
        if abs(skew - self._skews.get(profile, timedelta())) < NOTICED:
            return
        self._skews[profile] = skew
        for job, records in list(self._records.items()):
            self._reports.told(job, [self._moved(job, record) for record in records.values()])
        for job, last in list(self._last.items()):
            for record in filter(None, last):
                self._reports.learned(job, self._moved(job, record), None)

    def _moved(self, job: JobId, record: RunRecord) -> RunRecord:
        extras = self._extras_of(self._profile_of(job))
        return extras.by_this_machine(record) if extras else record


class JobFacts:
    """Asks for the lists once at the start, then for the last run of each job; after each stop for the run that ended,
    and after each gap for the last run again."""

    def __init__(
        self,
        extras_of: Callable[[str], Extras | None],
        profile_of: Callable[[JobId], str],
        names: KeptNames,
        now: Callable[[], Moment],
        reports: FactReports,
    ) -> None:
        self._extras_of, self._profile_of = extras_of, profile_of
        self._now = now
        self._named = reports.named
        self._by_our_clock = ByOurClock(extras_of, profile_of, reports)
        self._outcomes = Outcomes(extras_of, self._by_our_clock.learned, lambda: now().at)
        self._names = names
        self._watched: set[JobId] = set()
        self._looked_at: dict[JobId, RunRecord] = {}
        """The run of each job that was asked about again because only a list told of it."""
        self._new: list[JobId] = []
        self._news = asyncio.Event()

    def watch(self, jobs: Iterable[JobId]) -> None:
        """Exactly these are watched from now on."""
        jobs = list(jobs)
        gone = self._watched.difference(jobs)
        self._outcomes.forget(gone)
        self._by_our_clock.forget(gone)
        self._new += [job for job in jobs if job not in self._watched]
        self._watched = set(jobs)
        self._show_names()
        self._news.set()

    def prefer(self, jobs: Iterable[JobId]) -> None:
        """Rows in view: they go first."""
        self._outcomes.prefer(jobs)

    def asks_outcome(self, job: JobId) -> bool:
        """Whether the outcome of the job's run is asked for once it stops."""
        return self._extras_of(self._profile_of(job)) is not None

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Asks about each of these jobs that was seen to stop between the two boards, and about the last run of each
        that could not be read for a while: what began or ended meanwhile was not seen."""
        jobs = set(jobs)
        stopped = dict(stops_between(before, after, jobs))
        for job, run in stopped.items():
            self._by_our_clock.stopped(job)
            self._outcomes.stopped(job, run, self._profile_of(job))
        for job in gaps_between(before, after, jobs - stopped.keys()):
            self._by_our_clock.not_seen(job)
            self._outcomes.seed([job], self._profile_of(job))
        for profile in {self._profile_of(job) for job in jobs}:
            self._by_our_clock.heed(profile)

    def look_again(self, state: JobState) -> None:
        """Asks once more about the job's last run, if what became of it is not known, or for a while only by a list."""
        job, last = state.job.id, state.last_run
        is_settled = self._now().at - state.learned_at >= SETTLED
        if last and not last.is_confirmed and is_settled and self._looked_at.get(job) != last:
            self._looked_at[job] = last
            self._outcomes.seed([job], self._profile_of(job))
        if state.status is Status.IDLE and not state.last_run and (run := state.stopped_run):
            self._outcomes.look_again(state.job.id, run, self._profile_of(state.job.id))

    async def run(self) -> None:
        """Asks until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run())
            while True:
                await self._news.wait()
                self._news.clear()
                new, self._new = [job for job in self._new if job in self._watched], []
                for profile in dict.fromkeys(map(self._profile_of, new)):
                    theirs = [job for job in new if self._profile_of(job) == profile]
                    if extras := self._extras_of(profile):
                        tasks.create_task(self._introduce(extras, theirs, profile))

    async def _introduce(self, extras: Extras, jobs: list[JobId], profile: str) -> None:
        """Asks for names and last runs of jobs that are new: by the lists all at once, then by each job's own
        record."""
        extras.report_to(self._told)
        listed = await extras.listed(jobs)
        for job in jobs:
            if (entry := listed.entries.get(job)) and entry.last_run and job in self._watched:
                self._by_our_clock.learned(job, entry.last_run, None)
        self._outcomes.seed((job for job in jobs if job in self._watched), profile)
        now = self._now().wall
        if told := names_in(listed):
            wanted = self._names.unnamed(jobs, now)
            theirs = {job: name for job, name in told.items() if job in self._watched}
            self._names.learn(wanted if listed.is_whole else (), theirs, now)
            self._show_names()
            await self._names.save()

    def _told(self, job: JobId, records: Sequence[RunRecord]) -> None:
        """Records may be requested for something else, such as a log: if they are newer than the last run that is
        known, that is asked for again."""
        if job in self._watched and self._by_our_clock.is_behind(job, records):
            self._outcomes.seed([job], self._profile_of(job))
        self._by_our_clock.told(job, records)

    def _show_names(self) -> None:
        names = self._names.names
        self._named({job: names[job] for job in self._watched if job in names})
