"""Entries of the watchlist's file, and the jobs that they stand for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job, JobId
from tui.core.text import DETAIL, clean
from tui.storage.pieces import Table

EDITABLE = {"label": "given_label", "tags": "given_tags", "profile": "profile", "address": "address"}
"""Keys of an entry, and where a job has their values."""
_CLEANED = {"profile": LABEL_LONGEST, "address": DETAIL}
_HALF = re.compile("[\ud800-\udfff]")
"""Of a surrogate pair: no file can hold it."""


def job_id(entry: Table | None) -> JobId | None:
    """The entry's job; None when it has no valid ID."""
    text = entry.get("id") if entry else None
    try:
        return JobId(text) if isinstance(text, str) else None
    except ValueError:
        return None


def entry_of(job: Job) -> Table:
    """The entry of a new job; what is empty is left out."""
    values: Table = {"id": str(job.id), "label": job.given_label, "tags": list(job.given_tags), "profile": job.profile}
    values |= {"address": job.address, "added": _whole_second(job.added)}
    return {key: value for key, value in values.items() if value}


def tidy(job: Job) -> Job:
    """The job as it will be read back."""
    return job._replace(
        given_label=_text(job.given_label),
        given_tags=_tags(job.given_tags),
        profile=_cleaned(job.profile, LABEL_LONGEST),
        address=_cleaned(job.address, DETAIL),
        added=_whole_second(job.added),
    )


def read_jobs(entries: Sequence[Table]) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """The jobs in order, and a sentence for each entry that is not as it should be. Such entries stay in the file.

    Entries with the same ID become one job in the first one's place: it has the tags of all, and what the first one
    leaves open the others say.
    """
    jobs: dict[JobId, Job] = {}
    tags: dict[JobId, dict[str, None]] = {}
    """Of jobs that are there twice, in order."""
    warnings: list[str] = []
    for number, entry in enumerate(entries, 1):
        found = job_id(entry)
        if found is None:
            given = f"the ID {clean(entry['id'], TAG_LONGEST)}" if "id" in entry else "no ID"
            warnings.append(f"Job {number} has {given} and is left out: an ID is 32 letters and digits")
            continue
        job = _job(found, number, entry, warnings)
        if former := jobs.get(found):
            warnings.append(f"Job {number} ({clean(job.name)}) is in the list before: the two are shown as one")
            tags.setdefault(found, dict.fromkeys(former.given_tags)).update(dict.fromkeys(job.given_tags))
            job = _united(former, job)
        jobs[found] = job
    return tuple(_with_tags(job, tags) for job in jobs.values()), tuple(warnings)


def changed_fields(old: Job, new: Job) -> Table:
    """What an edit from `old` to `new` writes, by key."""
    fields = {key: getattr(new, at) for key, at in EDITABLE.items() if getattr(new, at) != getattr(old, at)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}


def _job(found: JobId, number: int, entry: Table, warnings: list[str]) -> Job:
    fields: dict[str, Any] = {}
    for key, value in entry.items():
        if key == "label" or key in _CLEANED:
            if not isinstance(value, str):
                warnings.append(f"Job {number} ({found.short}): its {key} is not a text and is ignored")
            fields[EDITABLE[key]] = _cleaned(value, _CLEANED[key]) if key in _CLEANED else _text(value)
        elif key == "tags":
            if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
                warnings.append(
                    f"Job {number} ({found.short}): its tags are not a list of texts; what is no text is ignored"
                )
            fields[EDITABLE[key]] = _tags(value if isinstance(value, list) else ())
        elif key == "added" and isinstance(value, datetime):
            fields[key] = _whole_second(value)
    return Job(found, **fields)


def _united(first: Job, second: Job) -> Job:
    return first._replace(
        given_label=first.given_label or second.given_label,
        profile=first.profile or second.profile,
        address=first.address or second.address,
    )


def _with_tags(job: Job, tags: Mapping[JobId, Iterable[str]]) -> Job:
    return job._replace(given_tags=tuple(tags[job.id])) if job.id in tags else job


def edited(job: Job, values: Mapping[str, Any]) -> Job:
    """The job with these values of its entry."""
    return tidy(job._replace(**{EDITABLE[key]: value for key, value in values.items()}))


def _cleaned(value: object, limit: int) -> str:
    return clean(value.strip(), limit).strip() if isinstance(value, str) else ""


def _text(value: object) -> str:
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", value.strip()) if isinstance(value, str) else ""


def _tags(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for value in values if (tag := _text(value))))


def _whole_second(moment: datetime | None) -> datetime | None:
    """The moment in UTC; one without a time zone is taken as UTC."""
    if moment is None:
        return None
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None
