"""The log of `--log FILE`: one line an event, readable by its owner alone, and without any secret."""

import errno
import logging
import os
import stat
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.codearts.redaction import redact
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading
from tui.core.text import DETAIL, clean
from tui.storage.files import Refusal, is_open_to_all, reason
from tui.storage.watchlist import Watchlist, WatchlistEdit, WatchlistStore

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_LIBRARIES = ("httpx", "httpcore", "asyncio")
Report = Callable[[list[Reading]], None]


class Log:
    """Writes as long as it can; a full disk ends the log and nothing else.

    A file that was renamed or removed, as logrotate does, is opened anew under its name; where that cannot be, the
    lines go on into the old one.
    """

    def __init__(self, descriptor: int, now: Callable[[], Moment], path: Path | None = None) -> None:
        """Without a path it stays with the file that is open."""
        self._descriptor = descriptor
        self._now = now
        self._path = path
        self._lock = threading.Lock()
        self._secrets: Callable[[], Iterable[str]] = tuple
        self._failures: dict[JobId, Failure] = {}
        self._library = _LibraryHandler(self.note)
        for name in _LIBRARIES:
            logging.getLogger(name).addHandler(self._library)

    def keep_out(self, secrets: Callable[[], Iterable[str]]) -> None:
        """What these are at the moment of writing is not written."""
        self._secrets = secrets

    def note(self, text: str) -> None:
        """May be called from any thread."""
        line = clean(redact(text, tuple(self._secrets())), DETAIL)
        with self._lock, suppress(OSError):
            self._open_anew_when_moved()
            os.write(self._descriptor, f"{self._now().wall:%Y-%m-%dT%H:%M:%S.%fZ} {line}\n".encode())

    def _open_anew_when_moved(self) -> None:
        if not self._path or self._descriptor < 0:
            return
        held = os.fstat(self._descriptor)
        with suppress(OSError):
            if os.path.samestat(held, self._path.lstat()):
                return
        with suppress(OSError):
            new, old = _opened(self._path), self._descriptor
            self._descriptor = new
            os.close(old)

    def hearing(self, report: Report) -> Report:
        """`report`, with a line for each job that begins to fail, fails otherwise, or answers again."""

        def heard(readings: list[Reading]) -> None:
            for reading in readings:
                self._hear(reading)
            report(readings)

        return heard

    def _hear(self, reading: Reading) -> None:
        failure, before = reading.failure, self._failures.pop(reading.job, None)
        if failure is None:
            if before:
                self.note(f"reading: {reading.job} answers again: {reading.outcome}")
            return
        self._failures[reading.job] = failure
        if before is None or (before.kind, before.code, before.summary) != (
            failure.kind,
            failure.code,
            failure.summary,
        ):
            http = f"HTTP {reading.http_status}" if reading.http_status else ""
            request = f"request {reading.request_id}" if reading.request_id else ""
            parts = (failure.code, failure.message, http, request)
            self.note(" | ".join((f"reading: {reading.job} {failure.kind}: {failure.summary}", *filter(None, parts))))

    def close(self) -> None:
        """What is noted from now on is lost."""
        for name in _LIBRARIES:
            logging.getLogger(name).removeHandler(self._library)
        with self._lock, suppress(OSError):
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class _LibraryHandler(logging.Handler):
    """Warnings of the libraries, without what came with them: a traceback could show anything."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._note = note

    def emit(self, record: logging.LogRecord) -> None:
        self._note(f"{record.name}: {record.getMessage()}")


def open_log(path: Path, now: Callable[[], Moment]) -> Log:
    """Goes on at the end of the file that is there. Raises Problem where it cannot be written for its owner alone."""
    try:
        return Log(_opened(path), now, path.absolute())
    except OSError as error:
        raise UserError(f"--log {clean(str(path))} cannot be written: {reason(error)}.") from None
    except ValueError:
        raise UserError("--log: such a name is not possible.") from None


def _opened(path: Path) -> int:
    """Raises OSError for what may lead into another file, or be replaced by anybody."""
    if is_open_to_all(path.parent.stat()):
        raise Refusal(errno.EPERM, f"everybody may write into {clean(str(path.parent))}: run chmod o-w on it")
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refusal(errno.EPERM, "it is not a regular file: name one")
        if found.st_uid != os.geteuid() or found.st_nlink > 1:
            raise Refusal(errno.EPERM, "it belongs to another user or has a second name: name a new file")
        os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class NotedStore:
    """A watchlist whose saves, and failures to save, are noted."""

    def __init__(self, store: WatchlistStore, note: Callable[[str], None]) -> None:
        self._store, self._note = store, note

    def load(self) -> Watchlist:
        return self._store.load()

    def changed(self) -> bool:
        return self._store.changed()

    def add(self, jobs: Sequence[Job]) -> WatchlistEdit:
        return self._noted("add", lambda: self._store.add(jobs))

    def remove(self, ids: Collection[JobId]) -> WatchlistEdit:
        return self._noted("remove", lambda: self._store.remove(ids))

    def edit(self, values: Mapping[JobId, Mapping[str, Any]]) -> WatchlistEdit:
        return self._noted("edit", lambda: self._store.edit(values))

    def undo(self, change: WatchlistEdit) -> WatchlistEdit:
        return self._noted("undo", lambda: self._store.undo(change))

    def _noted(self, what: str, make: Callable[[], WatchlistEdit]) -> WatchlistEdit:
        try:
            change = make()
        except UserError as problem:
            self._note(f"watchlist: {what} failed: {problem}")
            raise
        before, after = len(change.before.jobs), len(change.after.jobs)
        self._note(f"watchlist: {what} is saved: {before} jobs before, {after} after")
        return change
