"""What the commands print about jobs, JSON objects and lines; and how the output of `list` is read again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from math import ceil
from typing import Any

from tui.codearts.error_codes import SAYS_WHAT_TO_DO, WHILE_ASKING, advise
from tui.core.board import JobState
from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job, JobId, ServiceName
from tui.core.reading import LONGEST_RETRY_AFTER, Failure, Reading, Status
from tui.core.run import FailedStep, RunRecord, numbered
from tui.core.text import DETAIL, clean, width
from tui.core.transitions import Change, Event

RoundResult = Reading | Failure
"""What a round brought for a job: a reading, or the reason why no request was sent."""


def result_document(job: Job, result: RoundResult, profile: str) -> dict[str, Any]:
    """The object of `status --json`. `status` is null exactly where `failure` is not."""
    reading = result if isinstance(result, Reading) else None
    status = status_of(result)
    failed = status if isinstance(status, Failure) else None
    return {
        **_names(job),
        "profile": profile,
        "status": None if failed else str(status),
        "failure": _failure_document(failed, reading) if failed else None,
        "read_at": stamp(reading.received.wall) if reading else None,
        "latency_ms": round(reading.latency * 1000) if reading else None,
    }


def outcome_members(name: ServiceName, run: RunRecord | None) -> dict[str, Any]:
    """What `status --outcome --json` has besides; `last_run` is null for a job that was never built."""
    project = {"id": name.project_id, "name": name.project} if name.project_id or name.project else None
    return {"name": name.name, "project": project, "last_run": _run_document(run) if run else None}


def change_document(change: Change, profile: str) -> dict[str, Any]:
    """The object of `follow --json`: the same, with the event, and for a start or stop the earliest time of it."""
    after = stamp(change.transition.after.wall) if change.transition else None
    return {"event": str(change.event), "after": after, **result_document(change.job, change.reading, profile)}


def job_document(job: Job) -> dict[str, Any]:
    """The object of `list --json`."""
    return {
        **_names(job),
        "profile": job.profile,
        "address": job.address,
        "added": stamp(job.added) if job.added else None,
    }


def _names(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "label": clean(job.given_label, DETAIL, joiners=True),
        "tags": [clean(tag, DETAIL, joiners=True) for tag in job.given_tags],
    }


def change_line(change: Change, label: str) -> str:
    """A line for a log, with the local time."""
    moment = change.reading.received.wall.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    name = _named(label, change.job.id)
    failed = change.reading.failure
    word = str(change.event)
    if change.event is Event.PRESENT:
        word = "no answer" if failed else str(change.status)
    note = f": {failed.summary}" if failed else f": {change.status} again" if change.event is Event.READABLE else ""
    return f"{moment}  {word:9}  {name}{note}"


def outcome_line(state: JobState, step: FailedStep | None, now: datetime) -> str:
    """What became of the job's last run, or the step in which it failed, as a line for a log."""
    run = state.last_run or RunRecord(0)
    name = _named(state.named_job.label, state.job.id)
    if step:
        word, text = "failed at", f"step {': '.join(filter(None, (step.step, step.code, step.message)))}"
    else:
        word = run.word or "unknown"
        text = " · ".join(filter(None, (numbered(run.number, run.branch), run.trigger, run.by)))
    return f"{now.astimezone():%Y-%m-%d %H:%M:%S}  {word:9}  {name}: {text}"


def run_document(state: JobState, good: Reading, step: FailedStep | None, profile: str) -> dict[str, Any]:
    """The object of `follow --json` for the same: event `outcome`, and then `failed step` where there is one."""
    event = {"event": "failed step" if step else "outcome", "after": None}
    document = result_document(state.job, good, profile)
    failed = step_document(step) if step else None
    return {**event, **document, **outcome_members(state.service_name, state.last_run), "failed_step": failed}


def step_document(step: FailedStep) -> dict[str, Any]:
    return {"step": step.step, "code": step.code, "message": step.message}


def _named(label: str, job: JobId) -> str:
    return f"{label} ({job.short})" if label else job.short


def status_of(brought: RoundResult) -> Status | Failure:
    return brought if isinstance(brought, Failure) else brought.result


def advice(failure: Failure) -> str:
    """What went wrong and what to do about it, for a command that does not ask again."""
    if failure.kind in SAYS_WHAT_TO_DO:
        return failure.summary
    action = advise(failure).action
    return f"{failure.fact} {_when_again(failure) if action in WHILE_ASKING else action}"


def _when_again(failure: Failure) -> str:
    minutes = ceil(min(failure.retry_after or 0.0, LONGEST_RETRY_AFTER) / 60)
    return f"Try again in {f'{minutes} min' if minutes > 1 else 'a minute'}."


def reasons(failed: Sequence[tuple[Job, Failure]]) -> list[str]:
    """Returns each reason once, with what to do about it: before it the job, or how many jobs have it."""
    jobs: dict[tuple[str, str], list[tuple[Job, Failure]]] = {}
    for job, failure in failed:
        jobs.setdefault(failure.cause, []).append((job, failure))
    return [
        f"{some[0][0].name if len(some) == 1 else f'{len(some)} jobs'}: {advice(some[0][1])}" for some in jobs.values()
    ]


def _failure_document(failure: Failure, reading: Reading | None) -> dict[str, Any]:
    return {
        "kind": str(failure.kind),
        "code": failure.code,
        "message": failure.message or failure.fact,
        "http_status": reading.http_status if reading else None,
        "request_id": reading.request_id if reading else "",
    }


def _run_document(run: RunRecord) -> dict[str, Any]:
    return {
        "number": run.number,
        "outcome": str(run.outcome),
        "outcome_as_sent": run.outcome_as_sent,
        "started_at": stamp(run.started_at) if run.started_at else None,
        "ended_at": stamp(run.ended_at) if run.ended_at else None,
        "duration_s": run.duration,
        "trigger": run.trigger,
        "branch": run.branch,
        "by": run.by,
    }


def stamp(wall: datetime) -> str:
    """UTC, to the millisecond."""
    return wall.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


BETWEEN = "  "


def aligned(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> list[str]:
    """One line per row. Columns without text are left out with their heads; no line ends in spaces."""
    if not rows:
        return []
    columns = list(zip_longest(*([heads] if heads else []), *rows, fillvalue=""))
    columns = [column for column in columns if any(column[bool(heads) :])]
    widths = [max(map(width, column)) for column in columns]
    return [
        BETWEEN.join(text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]


_TAG, _PROFILE = "tag:", "profile:"
_ADDRESS = ("https://", "http://")


def listing_line(job: Job) -> str:
    """Returns ID, label, tags, profile and address, separated by tabs; all but the first two have a prefix."""
    label = clean(job.given_label, LABEL_LONGEST, joiners=True)
    fields = [job.id, label, *(f"{_TAG}{clean(tag, TAG_LONGEST, joiners=True)}" for tag in job.given_tags)]
    fields += [f"{_PROFILE}{job.profile}"] if job.profile else []
    fields += [job.address] if job.address.startswith(_ADDRESS) else []
    return "\t".join(fields).rstrip("\t")


def read_listing(text: str) -> tuple[tuple[Job, ...], str]:
    """Returns the jobs of `text` that are in one of the two formats, and the remaining lines."""
    if jobs := _from_json(text):
        return jobs, ""
    read: list[Job] = []
    others: list[str] = []
    for line in text.splitlines():
        job = _from_line(line)
        if job:
            read.append(job)
        else:
            others.append(line)
    return tuple(read), "\n".join(others) if read else text


def _from_line(line: str) -> Job | None:
    """Returns None if a field has no known prefix: the line is from another table."""
    first, *fields = line.split("\t")
    job = JobId.or_none(first.strip())
    if job is None or not fields:
        return None
    label, *rest = (field.strip() for field in fields)
    tags, profile, address = [], "", ""
    for field in filter(None, rest):
        if field.startswith(_TAG):
            tags.append(field.removeprefix(_TAG))
        elif field.startswith(_PROFILE):
            profile = field.removeprefix(_PROFILE)
        elif field.startswith(_ADDRESS):
            address = field
        else:
            return None
    return Job(job, label, tuple(tags), profile, address)


def _from_json(text: str) -> tuple[Job, ...]:
    """Reads an array, one object, or one object a line. Returns nothing if any of them is no job."""
    if not text.lstrip("\ufeff \t\r\n").startswith(("[", "{")):
        return ()
    try:
        items = _items(text)
        return tuple(_from_object(item) for item in items)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _items(text: str) -> Sequence[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return whole if isinstance(whole, list) else [whole]


def _from_object(item: Any) -> Job:
    """Returns the job of a JSON object. Raises KeyError, TypeError or ValueError if it is none.

    `profile` counts only in objects of `list`, which have `added`: other commands write the profile in use.
    """
    is_listed = "added" in item
    added = item.get("added")
    return Job(
        JobId(item["id"]),
        _text(item.get("label")),
        tuple(_text(tag) for tag in item.get("tags") or ()),
        _text(item.get("profile")) if is_listed else "",
        _text(item.get("address")),
        datetime.fromisoformat(added) if added else None,
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError
    return value
