"""The watchlist's file: written by the program, safe beside other instances and beside an editor."""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.text import clean
from tui.storage import job_entries
from tui.storage.atomic import locked, not_saved, try_to_write, write_invented, write_text
from tui.storage.files import FileError, Signature, read_text, signature
from tui.storage.job_entries import misspelt, read_jobs
from tui.storage.toml_document import Document

_log = logging.getLogger(__name__)

VERSION = 1
LIMIT = 8 << 20
"""Bytes that the file may have."""
NEWER = "it was written by a newer codearts-watch: update this one to change it"


class WatchlistBroken(UserError):
    """The file cannot be used, and is not written; line and column are 0 if unknown."""

    def __init__(self, path: Path, unreadable: FileError, is_for_saving: bool = False) -> None:
        why, where = f"cannot be used{unreadable.place}: {unreadable.reason}", clean(str(path))
        if not unreadable.may_pass:  # else the reason says what to do: it is not about what is in the file
            why += "; mend it in an editor, or move it away" + " to start with an empty list" * (not is_for_saving)
        super().__init__(f"Not saved: the file {why} ({where})" if is_for_saving else f"{where} {why}")
        self.path = path
        self.line = unreadable.line
        self.column = unreadable.column


class Watchlist(NamedTuple):
    """The content of the file."""

    jobs: tuple[Job, ...] = ()
    warnings: tuple[str, ...] = ()
    """A sentence for each entry that is not as it should be."""
    text: str = ""
    """The text exactly as it is on disk."""
    read_only: bool = False
    """A newer program wrote it: what this one understands is read, and nothing is written."""


class WatchlistEdit(NamedTuple):
    """The watchlist before and after one change."""

    before: Watchlist
    after: Watchlist


class WatchlistStore(Protocol):
    """Keeps a watchlist. Each change raises UserError if it cannot be saved; then nothing has changed."""

    def load(self) -> Watchlist: ...
    def changed(self) -> bool: ...
    def add(self, jobs: Sequence[Job]) -> WatchlistEdit: ...
    def remove(self, ids: Collection[JobId]) -> WatchlistEdit: ...
    def edit(self, values: Mapping[JobId, Mapping[str, Any]]) -> WatchlistEdit: ...
    def undo(self, change: WatchlistEdit) -> WatchlistEdit: ...


class _Changes(ABC):
    """The changes, without the place. Caches the last document, since parsing a long one takes a while."""

    def __init__(self, document: Document) -> None:
        self._known = (document, _watchlist(document))

    def _take(self, document: Document) -> Watchlist:
        """Returns the document's watchlist and caches both."""
        known, watchlist = self._known
        if document is not known:
            watchlist = _watchlist(document)
            self._known = (document, watchlist)
        return watchlist

    @abstractmethod
    def _change(self, operation: Callable[..., Document], *arguments: object) -> WatchlistEdit:
        """Applies `operation`, a function of `job_entries`, to the present document and these arguments."""

    def add(self, jobs: Sequence[Job]) -> WatchlistEdit:
        """Appends the jobs; those that are in the list already stay as they are."""
        return self._change(job_entries.add, jobs)

    def remove(self, ids: Collection[JobId]) -> WatchlistEdit:
        return self._change(job_entries.remove, ids)

    def edit(self, values: Mapping[JobId, Mapping[str, Any]]) -> WatchlistEdit:
        """Sets fields of jobs that are in the list, by their keys in the file; other keys stay."""
        return self._change(job_entries.edit, values)

    def undo(self, change: WatchlistEdit) -> WatchlistEdit:
        """Undoes the change, but keeps what other programs changed since. To redo, undo the result."""
        return self._change(job_entries.undo, change.before.text, change.after.text)


class WatchlistFile(_Changes):
    """A watchlist on disk. May wait for other writers and for the disk: call it in a thread.

    If jobs disappear from it, also by another program, the text that had them is kept beside it as `….bak`.
    """

    def __init__(self, path: Path, lock_wait: float = 5.0) -> None:
        """`lock_wait`: seconds to wait for another writer."""
        super().__init__(Document.read(""))
        self.path = path
        self.lock_wait = lock_wait
        self._seen: Signature = None
        self._is_owed = False
        """Whether it could not be read for a reason that may pass: then it need not have changed to be read again."""

    def load(self) -> Watchlist:
        """Returns the content of the file, or an empty list if there is none. Raises WatchlistBroken."""
        return self._take(self._read(self.path))

    def changed(self) -> bool:
        """Returns whether another program changed the file since this object read or wrote it, or whether that could
        not be seen. Never raises."""
        return self._is_owed or signature(self.path) != self._seen

    def try_to_save(self) -> None:
        """Raises UserError where no change of the present list could be saved. Changes nothing."""
        watchlist = self.load()
        if watchlist.read_only:
            raise not_saved(self.path, NEWER)
        try_to_write(self.path, watchlist.text.encode())

    def _take(self, document: Document) -> Watchlist:
        _, before = self._known
        watchlist = super()._take(document)
        if (
            before.jobs
            and watchlist is not before
            and {job.id for job in before.jobs} - {job.id for job in watchlist.jobs}
        ):
            real = Path(os.path.realpath(self.path))
            with suppress(UserError):
                write_invented(real.with_name(f"{real.name}.bak"), before.text, served=real)
        return watchlist

    def _read(self, path: Path, is_for_saving: bool = False) -> Document:
        known, _ = self._known
        self._seen = signature(path)  # before the text: a change in between is seen later
        try:
            text = read_text(path, LIMIT) or ""
            self._is_owed = False
            return known if text == known.text else Document.read(text)
        except FileError as unreadable:
            self._is_owed = unreadable.may_pass
            raise WatchlistBroken(self.path, unreadable, is_for_saving) from None

    def _change(self, operation: Callable[..., Document], *arguments: object) -> WatchlistEdit:
        with _logged(operation.__name__), locked(self.path, self.lock_wait) as real:
            now = self._read(real, is_for_saving=True)
            before = after = self._take(now)
            if before.read_only:
                raise not_saved(self.path, NEWER)
            made = operation(now, *arguments)
            if len(made.text.encode()) > LIMIT:
                raise not_saved(self.path, f"it would be larger than {LIMIT >> 20} MiB")
            if made.text != now.text:
                self._seen = write_text(real, made.text)
                after = self._take(made)
            _log.info("%s: %d jobs before, %d after", operation.__name__, len(before.jobs), len(after.jobs))
            return WatchlistEdit(before, after)


class MemoryWatchlist(_Changes):
    """A watchlist that is on no disk."""

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        super().__init__(job_entries.add(Document.read(""), jobs))

    def load(self) -> Watchlist:
        return self._known[1]

    def changed(self) -> bool:
        return False

    def _change(self, operation: Callable[..., Document], *arguments: object) -> WatchlistEdit:
        document, before = self._known
        return WatchlistEdit(before, self._take(operation(document, *arguments)))


@contextmanager
def _logged(name: str) -> Iterator[None]:
    """Logs why a change was not saved."""
    try:
        yield
    except UserError as error:
        _log.warning("%s failed: %s", name, error)
        raise


def _watchlist(document: Document) -> Watchlist:
    jobs, warnings = read_jobs(document.entries)
    version = document.other.get("version", VERSION)
    known = type(version) is int and version <= VERSION
    unknown = {key: "The watchlist" for key in document.other if key != "version"}
    warnings = (*misspelt(unknown, ("version", "jobs")), *warnings)
    return Watchlist(jobs, warnings, document.text, read_only=not known)
