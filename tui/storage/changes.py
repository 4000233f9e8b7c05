"""The changes of a watchlist: each makes a new document of the old one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tui.core.job import Job, JobId
from tui.storage.document import Document
from tui.storage.entries import changed_fields, edited, entry_of, job_id, read_jobs, tidy
from tui.storage.pieces import Piece, Table, new_piece

Pieces = tuple[Piece, ...]


def add(document: Document, jobs: Sequence[Job]) -> Document:
    """The jobs at the end; those that are there already stay as they are."""
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
    """Set label, tags, profile or address of jobs that are there; what their entries say besides stays."""
    known = _by_id(document)
    fields = {job: changed_fields(known[job], edited(known[job], its)) for job, its in values.items() if job in known}
    return document.rewritten(lambda pieces: _with_fields(pieces, fields))


def undo(now: Document, former: str, made: str) -> Document:
    """The text `former`, when nobody changed `made` since; otherwise what was done is undone job by job.

    A field that somebody else set meanwhile stays as it is.
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
    changed = []
    for piece in pieces:
        found = job_id(piece.entry)
        for key, value in fields.get(found, {}).items() if found else ():
            piece = piece.put(key, value)
        changed.append(piece)
    return tuple(changed)


def _put_back(pieces: Pieces, former: Pieces, ids: Collection[JobId]) -> Pieces:
    """Each job behind the nearest one before it in `former` that is still there; else before all others."""
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
