"""Converts entries of the watchlist's file from and to jobs, and changes the document that contains them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job, JobId
from tui.core.text import DETAIL, clean, did_you_mean
from tui.storage.toml_document import Document, Piece, Table, new_piece

MISSPELT = 0.8
"""How much of a key and a known one must be alike: less is another word of the user's, such as stage."""
MOST_UNKNOWN = 20
"""Different unknown keys that are looked at."""
_HALF = "[\ud800-\udfff]"
"""Half a surrogate pair: no file can contain it."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return value.strip() if value.isascii() else re.sub(_HALF, "\N{REPLACEMENT CHARACTER}", value.strip())


def _tags(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for one in value if (tag := _text(one)))) if isinstance(value, list | tuple) else ()


def _cleaned(limit: int) -> Callable[[object], str]:
    return lambda value: clean(value.strip(), limit).strip() if isinstance(value, str) else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


class Field(NamedTuple):
    """A key of an entry that the user may edit."""

    at: str
    """The name of the job's attribute with its value."""
    read: Callable[[object], Any]
    """Returns what a job has of a value of the file or of the user; of one of another type as much as can be used."""
    fits: Callable[[object], bool] = _is_text
    unfit: str = "is not a text and is ignored"
    """What a warning says of a value that does not fit."""


FIELDS = {
    "label": Field("given_label", _text),
    "tags": Field("given_tags", _tags, lambda value: isinstance(value, list) and all(map(_is_text, value)),
                  "are not a list of texts; what is no text is ignored"),
    "profile": Field("profile", _cleaned(LABEL_LONGEST)),
    "address": Field("address", _cleaned(DETAIL)),
    "alert": Field("alert", lambda value: value is True, lambda value: isinstance(value, bool),
                   "is neither true nor false and is ignored"),
}  # fmt: skip
"""By key, in the order of a new entry. To add one, add it here, and to `Job`."""


def job_id(entry: Table | None) -> JobId | None:
    """Returns the entry's job ID, or None if it has no valid one."""
    return JobId.or_none(entry.get("id")) if entry else None


def entry_of(job: Job) -> Table:
    """Returns the entry of a new job, without its empty fields."""
    values = {"id": str(job.id), **_values(job), "added": _whole_second(job.added)}
    return {key: value for key, value in values.items() if value}


def _values(job: Job) -> Table:
    """Returns the values of all fields as an entry has them, by key."""
    values = {key: getattr(job, field.at) for key, field in FIELDS.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def tidy(job: Job) -> Job:
    """Returns the job as it will be read back."""
    read = {field.at: field.read(getattr(job, field.at)) for field in FIELDS.values()}
    return job._replace(**read, added=_whole_second(job.added))


def read_jobs(entries: Sequence[Table]) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """Returns the jobs in order, and a warning for each entry with a fault. Such entries stay in the file.

    Entries with the same ID become one job in the first one's place: it has the tags of all, and takes the fields that
    the first one lacks from the others.
    """
    jobs: dict[JobId, Job] = {}
    tags: dict[JobId, dict[str, None]] = {}
    """The tags of jobs that have several entries, in order."""
    warnings: list[str] = []
    unknown: dict[str, str] = {}
    """Keys that are not known, and the first job that has each of them."""
    for number, entry in enumerate(entries, 1):
        found = job_id(entry)
        if found is None:
            given = f"the ID {clean(entry['id'], TAG_LONGEST)}" if "id" in entry else "no ID"
            warnings.append(f"Job {number} has {given} and is left out: an ID is 32 letters and digits")
            continue
        job = _job(found, number, entry, warnings, unknown)
        if former := jobs.get(found):
            warnings.append(f"Job {number} ({clean(job.name)}) is in the list before: the two are shown as one")
            tags.setdefault(found, dict.fromkeys(former.given_tags)).update(dict.fromkeys(job.given_tags))
            job = _united(former, job)
        jobs[found] = job
    for found, its in tags.items():
        jobs[found] = jobs[found]._replace(given_tags=tuple(its))
    return tuple(jobs.values()), (*warnings, *misspelt(unknown, (*FIELDS, "added")))


def misspelt(unknown: Mapping[str, str], known: Iterable[str]) -> Iterator[str]:
    """Yields a warning for each of these keys that is nearly a known one; `unknown` says where each of them is. Other
    unknown keys may be those of another program."""
    for key, where in islice(unknown.items(), MOST_UNKNOWN):
        if hint := did_you_mean(key, known, MISSPELT):
            yield f"{where} has {clean(key, TAG_LONGEST)}, which means nothing here: {hint}"


def changed_fields(old: Job, new: Job) -> Table:
    """Returns the fields that an edit from `old` to `new` writes, by key."""
    before = _values(old)
    return {key: value for key, value in _values(new).items() if value != before[key]}


def _job(found: JobId, number: int, entry: Table, warnings: list[str], unknown: dict[str, str]) -> Job:
    values: dict[str, Any] = {}
    for key, value in entry.items():
        if field := FIELDS.get(key):
            if not field.fits(value):
                warnings.append(f"Job {number} ({found.short}): its {key} {field.unfit}")
            values[field.at] = field.read(value)
        elif key == "added":
            values[key] = _whole_second(value) if isinstance(value, datetime) else None
        elif key != "id":
            unknown.setdefault(key, f"Job {number} ({found.short})")
    return Job(found, **values)


def _united(first: Job, second: Job) -> Job:
    """Returns the first job with what it lacks from the second one."""
    return first._replace(
        **{field.at: getattr(first, field.at) or getattr(second, field.at) for field in FIELDS.values()}
    )


def edited(job: Job, values: Mapping[str, Any]) -> Job:
    """Returns the job with these fields replaced; `values` has the keys of the job's entry in the file."""
    return tidy(job._replace(**{FIELDS[key].at: value for key, value in values.items()}))


def _whole_second(moment: datetime | None) -> datetime | None:
    """Returns the moment in UTC; one without a time zone is taken as UTC."""
    if moment is None:
        return None
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None


Pieces = tuple[Piece, ...]


def add(document: Document, jobs: Sequence[Job]) -> Document:
    """Appends the jobs; those that are in the list already stay as they are."""
    known = {job_id(entry) for entry in document.entries}
    fresh: dict[JobId, Job] = {}
    for job in jobs:
        if job.id not in known:
            fresh.setdefault(job.id, job)
    new = [new_piece(entry_of(tidy(job))) for job in fresh.values()]
    return document.rewritten(lambda pieces: (*pieces, *new))


def remove(document: Document, ids: Collection[JobId]) -> Document:
    gone = frozenset(ids)
    return document.rewritten(lambda pieces: _without(pieces, gone))


def edit(document: Document, values: Mapping[JobId, Mapping[str, Any]]) -> Document:
    """Sets these `FIELDS` of jobs that are in the list, by key; other keys of their entries stay."""
    known = _by_id(document)
    fields = {job: changed_fields(known[job], edited(known[job], its)) for job, its in values.items() if job in known}
    return document.rewritten(lambda pieces: _with_fields(pieces, fields))


def undo(now: Document, former: str, made: str) -> Document:
    """Returns `former` if the file is still `made`, the text after the change; otherwise takes it back job by job.

    A field that another program set meanwhile stays as it is.
    """
    before = Document.read(former)
    if now.text == made:
        return before
    after = Document.read(made)
    old, new, current = _by_id(before), _by_id(after), _by_id(now)
    fields: dict[JobId, Table] = {}
    for found in old.keys() & new.keys() & current.keys():
        back, theirs = changed_fields(new[found], old[found]), changed_fields(new[found], current[found])
        fields[found] = {key: value for key, value in back.items() if key not in theirs}
    added = new.keys() - old.keys()
    removed = old.keys() - new.keys() - current.keys()
    return now.rewritten(
        lambda pieces: _put_back(_with_fields(_without(pieces, added), fields), before.pieces(), removed)
    )


def _by_id(document: Document) -> dict[JobId, Job]:
    return {job.id: job for job in read_jobs(document.entries)[0]}


def _without(pieces: Pieces, ids: Collection[JobId]) -> Pieces:
    return tuple(piece for piece in pieces if job_id(piece.entry) not in ids)


def _with_fields(pieces: Pieces, fields: Mapping[JobId, Table]) -> Pieces:
    return tuple(_with_values(piece, fields) for piece in pieces)


def _with_values(piece: Piece, fields: Mapping[JobId, Table]) -> Piece:
    found = job_id(piece.entry)
    for key, value in fields.get(found, {}).items() if found else ():
        piece = piece.put(key, value)
    return piece


def _put_back(pieces: Pieces, former: Pieces, ids: Collection[JobId]) -> Pieces:
    """Puts each job behind the nearest job before it in `former` that is still there, or else before all others."""
    present = {job_id(piece.entry) for piece in pieces} - {None}
    following: dict[JobId | None, list[Piece]] = {}
    anchor = None
    for piece in former:
        found = job_id(piece.entry)
        if found in ids:
            following.setdefault(anchor, []).append(piece)
        elif found in present:
            anchor = found
    first = next((at for at, piece in enumerate(pieces) if piece.entry is not None), len(pieces))
    result = [*pieces[:first], *following.pop(None, [])]
    for piece in pieces[first:]:
        result += [piece, *following.pop(job_id(piece.entry), [])]
    return tuple(result)
