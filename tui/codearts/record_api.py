"""The records of a job's builds, and the exact times of one build."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from urllib.parse import quote

from tui.codearts.extra_call import CallKind, ExtraCall, Members, checked_build, not_understood, result_of, withheld
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.run import Outcome, RunRecord, is_finished, outcome_of

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
    """An empty list with a total above 0 is a failure; so is a list with records of another job."""
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
    records = {record.number: record for one in listed if (record := _record(one))}
    if listed and not records:
        return not_understood("no build in it has a number")
    return RecordPage(tuple(records[number] for number in sorted(records, reverse=True)), total)


def record_info_call(job: JobId, number: int) -> ExtraCall[RunRecord]:
    """One build, with its exact times. Raises ValueError for a number that no build can have."""
    path = f"/v1/record/{job}/{checked_build(number)}/record-info"
    return ExtraCall(CallKind.RECORD_INFO, path, lambda body, secrets: parse_record_info(body, secrets, job, number))


def parse_record_info(body: bytes, secrets: Sequence[str], job: JobId, number: int) -> RunRecord | Failure:
    """A record of another job or build is a failure."""
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
    """None without a number. The outcome is unknown until the run is finished."""
    number = members.build_number("number")
    if number is None:
        return None
    word = members.text("state", limit=60)
    finished = is_finished(members.text("job_running_status", limit=60))
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
    """From the two times if there are both, else from the number."""
    if started_at and ended_at:
        return (ended_at - started_at).total_seconds()
    return milliseconds / 1000 if milliseconds is not None else None
