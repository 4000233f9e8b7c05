"""Finds the record of an observed run: gets the last ten, chooses the one that fits, and gets exact times if needed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tui.codearts.extras_client import ExtrasClient
from tui.codearts.extras_switch import was_never_built
from tui.codearts.job_list_api import running_status_call
from tui.codearts.record_api import FOR_ESTIMATES, FOR_THE_LAST_RUN, RecordPage, record_info_call, record_list_call
from tui.core.job import JobId
from tui.core.known_runs import Match, MatchKind, choose_record, with_times
from tui.core.observed_run import RecordedRun
from tui.core.reading import Failure, Retry
from tui.core.run import Calibration, LastRuns, RunRecord

MOST_BUILDS = 2
"""Builds whose exact times are requested to find one run."""
FRUITLESS = 20
"""After so many exact times without learning the unit, it is not sought any more: one request a run must do."""
UNTIMED = 500
"""Jobs whose records are kept until the unit is known."""
_EXACT = 0.5
"""Seconds; the service's own two times are to the millisecond, its durations may be rounded."""


class RunLookup:
    """The lookups of one profile; learns the units of its durations. `now` is the service's clock, in UTC."""

    def __init__(
        self,
        extras: ExtrasClient,
        region: str,
        now: Callable[[], datetime],
        calibration: Calibration | None = None,
        report: Callable[[JobId, Sequence[RunRecord]], object] = lambda job, records: None,
    ) -> None:
        """`report` is called with the records of a job, whatever they were requested for, and once more when the unit
        of durations is known."""
        self._extras = extras
        self._region = region
        self._now = now
        self._report = report
        self._untimed: dict[JobId, Sequence[RunRecord]] = {}
        """Records that were reported before the unit was known."""
        self.calibration = calibration or Calibration()
        self._exact_answers = 0

    async def record_of(self, job: JobId, run: RecordedRun) -> Match | Failure:
        """The record of an observed run; a failure only if the list of records could not be had."""
        records = await self.records(job)
        if isinstance(records, Failure):
            return records
        requested: set[int] = set()
        exact_numbers: set[int] = set()
        match = choose_record(records, run)
        while (
            match.record
            and self._lacks_times(match)
            and match.record.number not in requested
            and len(requested) < MOST_BUILDS
        ):
            requested.add(match.record.number)
            if exact := await self._exact(job, match.record):
                exact_numbers.add(exact.number)
                records = [with_times(record, exact) for record in records]
            match = choose_record(records, run)
        if match.kind is MatchKind.NEEDS_TIMES:
            return Match(MatchKind.NOT_THERE)
        least, most = run.duration or (0.0, None)
        is_new = match.record is not None and match.record.number not in exact_numbers
        if match.kind is MatchKind.FOUND and match.record and is_new and most is not None and not run.maybe_two:
            self._learn_unit(match.record, least, most)
        return match

    async def records(self, job: JobId, most: int = 10) -> Sequence[RunRecord] | Failure:
        """The last runs, newest first, with durations if the unit is known."""
        page = await self._extras.fetch(record_list_call(job, self._now(), self._region, most))
        if not isinstance(page, RecordPage):
            return page
        if not self.calibration.is_known and (len(self._untimed) < UNTIMED or job in self._untimed):
            self._untimed[job] = page.records
        return self._reported(job, page.records)

    def _reported(self, job: JobId, page: Sequence[RunRecord]) -> Sequence[RunRecord]:
        records = [self.calibration.apply(record) for record in page]
        self._report(job, records)
        return records

    def _learn_unit(self, record: RunRecord, least: float, most: float) -> None:
        """Learns from a run that lasted between `least` and `most` seconds."""
        self.calibration = self.calibration.observe(record, least, most)
        if self.calibration.is_known:
            untimed, self._untimed = self._untimed, {}
            for job, page in untimed.items():
                self._reported(job, page)

    async def last_run(self, job: JobId, with_duration: bool = False) -> RunRecord | Failure | None:
        """The newest build, going on or ended; None for a job without one. `with_duration` as for `last_runs`."""
        runs = await self.last_runs(job, with_duration, FOR_THE_LAST_RUN)
        return runs if isinstance(runs, Failure) else runs.going or runs.ended

    async def last_runs(self, job: JobId, with_duration: bool = True, most: int = FOR_ESTIMATES) -> LastRuns | Failure:
        """The newest build that has ended, and the one that goes on.

        `with_duration` costs one more request as long as the unit is not known. Where the list of records is refused,
        or has none of its last 30 days, two other calls tell of the last build.
        """
        records = await self.records(job, most)
        if isinstance(records, Failure) and records.kind.retry is not Retry.LASTING:
            return records
        if isinstance(records, Failure) or not records:
            last = await self._by_number(job, records if isinstance(records, Failure) else None)
            records = [last] if isinstance(last, RunRecord) else []
            if isinstance(last, Failure):
                return last
        going = records[0] if records and records[0].is_finished is False else None
        ended = next((record for record in records if record.is_finished is not False), None)
        return LastRuns(await self._with_duration(job, ended) if with_duration and ended else ended, going)

    async def _with_duration(self, job: JobId, record: RunRecord) -> RunRecord:
        if record.is_finished is False or not self._lacks_times(Match(MatchKind.FOUND, record)):
            return record
        exact = await self._exact(job, record)
        return with_times(record, exact) if exact else record

    async def _by_number(self, job: JobId, why: Failure | None) -> RunRecord | Failure | None:
        last = await self._extras.fetch(running_status_call(job))
        if isinstance(last, Failure):
            return None if was_never_built(last) else why or last
        exact = await self._extras.fetch(record_info_call(job, last.number))
        return why or exact if isinstance(exact, Failure) else exact

    async def _exact(self, job: JobId, record: RunRecord) -> RunRecord | None:
        """Requests the exact times of a record, and learns the unit of the record's own duration from them."""
        exact = await self._extras.fetch(record_info_call(job, record.number))
        if isinstance(exact, Failure):
            return None
        self._exact_answers += 1
        if exact.duration is not None:
            self._learn_unit(record, exact.duration - _EXACT, exact.duration + _EXACT)
        return exact

    def _lacks_times(self, match: Match) -> bool:
        """Whether exact times are needed to choose the record, or to show the run's duration."""
        if match.kind is MatchKind.FOUND and match.record:
            return match.record.duration is None and self._exact_answers < FRUITLESS
        return match.kind is MatchKind.NEEDS_TIMES
