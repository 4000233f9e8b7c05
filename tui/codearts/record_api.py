"""The records of a job's builds, the exact times of one build, and the search for the record of an observed run."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import quote

from tui.codearts.extra_call import (
    CallKind,
    ExtraCall,
    Members,
    checked_build,
    not_understood,
    result_of,
    was_never_built,
    withheld,
)
from tui.codearts.extras_client import ExtrasClient
from tui.codearts.job_list_api import running_status_call
from tui.core.job import JobId
from tui.core.known_runs import Match, MatchKind, choose_record, newest_first, with_exact
from tui.core.observed_run import ObservedRun
from tui.core.reading import Failure, Retry
from tui.core.run import Calibration, LastRuns, Outcome, RunRecord, is_finished, outcome_of

FOR_THE_LAST_RUN = 10
FOR_ESTIMATES = 30
MOST_RECORDS = 100
_WINDOW = timedelta(days=30)
"""The service accepts no more than 31 days."""
_AHEAD = timedelta(days=1)
"""The window ends tomorrow, so that a wrong time zone cannot hide the last build."""
_CHINA = timezone(timedelta(hours=8))
_ZONE_OF_OTHERS = UTC
_FORM = "%Y-%m-%d %H:%M:%S"


class RecordPage(NamedTuple):
    """Records of one job, the newest first, no number twice."""

    records: tuple[RunRecord, ...]
    total: int | None = None


def record_list_call(job: JobId, now: datetime, region: str, most: int = FOR_THE_LAST_RUN) -> ExtraCall[RecordPage]:
    """The last builds of a job; `now` in UTC, by the service's clock."""
    if not 1 <= most <= MOST_RECORDS:
        raise ValueError(f"a page has from 1 to {MOST_RECORDS} records")
    start, end = (quote(text, safe="") for text in record_window(now, region))
    query = f"start_time={start}&end_time={end}&page_index=0&page_size={most}"
    path = f"/v1/record/{job}/list?{query}"
    return ExtraCall(CallKind.RECORD_LIST, path, lambda body, secrets: parse_record_page(body, secrets, job))


def record_window(now: datetime, region: str) -> tuple[str, str]:
    """Start and end of 30 days, in the wall clock time of the service: China's in `cn-` regions, else UTC."""
    zone = _CHINA if region.startswith("cn-") else _ZONE_OF_OTHERS
    end = now.astimezone(zone) + _AHEAD
    return (end - _WINDOW).strftime(_FORM), end.strftime(_FORM)


def parse_record_page(body: bytes, secrets: Sequence[str], job: JobId) -> RecordPage | Failure:
    """Parses a list of records. An empty one with a total above 0 is a failure; so is one with records of another
    job."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if not result.has_list("job_build_states"):
        return not_understood("there is no list of builds in it")
    listed = result.each("job_build_states", MOST_RECORDS)
    total = result.number("total_record")
    if not listed and total:
        return withheld("builds")
    if any(_is_of_another(one, job) for one in listed):
        return not_understood("it is about another job")
    records: dict[int, RunRecord] = {}
    for record in filter(None, map(_record, listed)):
        known = records.setdefault(record.number, record)
        if known.outcome is not record.outcome:  # two entries of one build that contradict each other
            records[record.number] = known._replace(outcome=Outcome.UNKNOWN, outcome_as_sent="")
    if listed and not records:
        return not_understood("no build in it has a number")
    return RecordPage(tuple(records[number] for number in sorted(records, reverse=True)), total)


def record_info_call(job: JobId, number: int) -> ExtraCall[RunRecord]:
    """One build, with its exact times. Raises ValueError for a number that no build can have."""
    path = f"/v1/record/{job}/{checked_build(number)}/record-info"
    return ExtraCall(CallKind.RECORD_INFO, path, lambda body, secrets: parse_record_info(body, secrets, job, number))


def parse_record_info(body: bytes, secrets: Sequence[str], job: JobId, number: int) -> RunRecord | Failure:
    """Parses the record of one build. That of another job or build is a failure."""
    members = result_of(body, secrets)
    if isinstance(members, Failure):
        return members
    if members.build_number("build_no") != number or _is_of_another(members, job):
        return not_understood("it is about another build")
    word = members.text("status", limit=60)
    started_at, ended_at = members.moment("start_time"), members.moment("finish_time")
    if started_at and ended_at and ended_at < started_at:
        ended_at = None
    milliseconds = members.amount("duration") if ended_at else None
    return RunRecord(
        number,
        outcome_of(word),
        word,
        started_at,
        ended_at,
        _duration(started_at, ended_at, milliseconds),
        members.text("trigger_type", limit=60),
        members.text("branch", limit=200),
        is_finished=True if ended_at else is_finished(word),
    )


def _record(members: Members) -> RunRecord | None:
    """Returns the record in an entry of a list; None without a number. The outcome is unknown until the run is
    finished."""
    number = members.build_number("number")
    if number is None:
        return None
    word = members.text("state", limit=60)
    finished = is_finished(members.text("job_running_status", limit=60))
    if finished is None:
        finished = is_finished(word)
    return RunRecord(
        number,
        Outcome.UNKNOWN if finished is False else outcome_of(word),
        word,
        members.moment("start_time"),
        trigger=members.text("trigger_type", limit=60),
        branch=members.text("code_branch", limit=200),
        by=members.text("nickname", "executor", limit=100),
        is_finished=finished,
        build_time=members.amount("build_time"),
        cost_time=members.amount("cost_time"),
    )


def _is_of_another(members: Members, job: JobId) -> bool:
    """Whether the record names another job; those in a list may name none."""
    owner = members.text("codeci_job_id", "job_id", limit=100)
    return bool(owner) and owner != job


def _duration(started_at: datetime | None, ended_at: datetime | None, milliseconds: float | None) -> float | None:
    """Returns the seconds between the two times if there are both, else those of the number."""
    if started_at and ended_at:
        return (ended_at - started_at).total_seconds()
    return milliseconds / 1000 if milliseconds is not None else None


MOST_BUILDS = 2
"""Builds whose exact times are requested to find one run."""
FRUITLESS = 20
"""After this many exact times without learning the unit, it is not sought any more: one request a run must do."""
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
        calibration: Calibration,
        report: Callable[[JobId, Sequence[RunRecord]], object],
        latest_now: Callable[[], datetime],
    ) -> None:
        """`report` is called with the records of a job, whatever they were requested for, and once more when the unit
        of durations is known. Times after `latest_now` are not believed."""
        self._extras = extras
        self._region = region
        self._now = now
        self._latest_now = latest_now
        self._report = report
        self._untimed: dict[JobId, Sequence[RunRecord]] = {}
        """Records that were reported before the unit was known."""
        self.calibration = calibration
        self._exact_answers = 0

    async def record_of(self, job: JobId, run: ObservedRun) -> Match | Failure:
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
                records = [with_exact(record, exact) for record in records]
            match = choose_record(records, run)
        if match.kind is MatchKind.NEEDS_TIMES:
            return Match(MatchKind.NOT_THERE)
        least, most = run.duration or (0.0, None)
        is_new = match.record is not None and match.record.number not in exact_numbers
        if match.kind is MatchKind.FOUND and match.record and is_new and most is not None and not run.maybe_two:
            self._learn_unit(match.record, least, most)
        return match

    async def records(self, job: JobId, most: int = FOR_THE_LAST_RUN) -> Sequence[RunRecord] | Failure:
        """The last runs, newest first, with durations if the unit is known."""
        page = await self._page(job, most)
        if not isinstance(page, RecordPage):
            return page
        if not self.calibration.is_known and (len(self._untimed) < UNTIMED or job in self._untimed):
            self._untimed[job] = page.records
        return self._reported(job, page.records)

    async def _page(self, job: JobId, most: int) -> RecordPage | Failure:
        """The first answer may show that this machine's clock is days off: then other days are asked for."""
        now = self._now()
        page = await self._extras.fetch(record_list_call(job, now, self._region, most))
        if isinstance(page, RecordPage) and abs(self._now() - now) > _AHEAD:
            return await self._extras.fetch(record_list_call(job, self._now(), self._region, most))
        return page

    def _reported(self, job: JobId, page: Sequence[RunRecord]) -> Sequence[RunRecord]:
        now = self._latest_now()
        records = newest_first(self.calibration.apply(record).believed(now) for record in page)
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
        return with_exact(record, exact) if exact else record

    async def _by_number(self, job: JobId, why: Failure | None) -> RunRecord | Failure | None:
        last = await self._extras.fetch(running_status_call(job))
        if isinstance(last, Failure):
            return None if was_never_built(last) else why or last
        exact = await self._info(job, last.number)
        return why or exact if isinstance(exact, Failure) else exact

    async def _exact(self, job: JobId, record: RunRecord) -> RunRecord | None:
        """Requests the exact times of a record, and learns the unit of the record's own duration from them."""
        exact = await self._info(job, record.number)
        if isinstance(exact, Failure):
            return None
        self._exact_answers += 1
        if exact.duration is not None:
            self._learn_unit(record, exact.duration - _EXACT, exact.duration + _EXACT)
        return exact

    async def _info(self, job: JobId, number: int) -> RunRecord | Failure:
        exact = await self._extras.fetch(record_info_call(job, number))
        return exact if isinstance(exact, Failure) else exact.believed(self._latest_now())

    def _lacks_times(self, match: Match) -> bool:
        """Whether exact times are needed to choose the record, or to show the run's duration."""
        if match.kind is MatchKind.FOUND and match.record:
            return match.record.duration is None and self._exact_answers < FRUITLESS
        return match.kind is MatchKind.NEEDS_TIMES
