"""The output of `list` and how it is read again without loss: one line a job, or JSON."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job, JobId
from tui.core.text import clean

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
    """Raises KeyError, TypeError or ValueError if it is no job.

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
