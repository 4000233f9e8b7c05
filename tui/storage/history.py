"""The history behind a thread: what the board learns is written down, and what is known of the past is read, while
nothing ever waits for the disk. If disk or lock fail, there is no history, and one sentence says why; a full disk, a
used up quota or a file that another program holds is tried again.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path
from queue import Empty, SimpleQueue

from tui.core.job import JobId
from tui.core.reading import Moment
from tui.core.remembered import Notes, Remembered, together
from tui.storage.history_file import (
    NONSENSE,
    RETRY,
    HistoryFile,
    HistoryUnusable,
    history_path,
    may_pass,
    reason,
)

LOST = 5.0
"""Seconds of notes that a killed program loses at most: the last ones."""
BATCH = LOST - 1.0
"""Seconds between two transactions; a transaction has the rest of that time."""
PATIENCE = 3.0
"""Seconds to wait for the file to open: locks of a dead file server may never be released."""
_HOUR = 3600.0

_log = logging.getLogger(__name__)


class History:
    """Writes and reads the history file in a thread of its own. `note` and `ask` never block; `remembered` waits no
    longer than the caller allows."""

    def __init__(self, open_file: Callable[[], HistoryFile], batch: float = BATCH, retry: float = RETRY) -> None:
        self._open_file = open_file
        self._batch = batch
        self._retry = retry
        self._queue: SimpleQueue[Notes | AbstractSet[JobId] | None] = SimpleQueue()
        """What is to be written; jobs whose further runs are to be read; None at the end."""
        self._asked: set[JobId] = set()
        self._is_read = threading.Event()
        self._read: SimpleQueue[Remembered] = SimpleQueue()
        self._left: Remembered | None = None
        """What was read of jobs that were not asked for; None while the file is not open."""
        self._is_off = False
        """Whether nothing can be written: what is noted is not kept."""
        self._notices: list[str] = []
        self._said: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self._started = time.monotonic()
        self._thread.start()

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        """Returns what was read of these jobs since the last call, and forgets it. None if the file is still not open
        after `wait` seconds."""
        self._is_read.wait(wait)
        with suppress(Empty):
            while read := self._read.get_nowait():
                self._left = read if self._left is None else self._left.with_news(read)
        if self._left is None:
            return None
        if (taken := self._left.only(jobs)).jobs:
            self._left = self._left.only(self._left.jobs - jobs)
        return taken

    def notice(self) -> str:
        """Returns each notice for the user once: why there is no history, or that a file was set aside."""
        if not self._is_read.is_set() and time.monotonic() - self._started > PATIENCE:
            self._say("its file does not open; look for a file server that hangs")
            self._is_off = True
        return self._notices.pop(0) if self._notices else ""

    def note(self, notes: Notes) -> None:
        """Writes this down within five seconds. Never blocks, never raises."""
        if not self._is_off:
            self._queue.put(notes)

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        """Reads more runs of these jobs: `remembered` returns them later. Never blocks, never raises."""
        self._queue.put(jobs)

    def close(self, wait: float) -> None:
        """Writes down what was noted; gives up after `wait` seconds."""
        self._queue.put(None)
        self._thread.join(wait)

    def _work(self) -> None:
        kept: list[Notes] = []
        try:
            while not (opened := self._opened()):
                more, ends = self._drain(self._retry)
                kept = [together([*kept, *more])]
                if ends:
                    return
            file, read = opened
            self._read.put(read)
            self._is_read.set()
            self._keep(file, kept)
        except (OSError, sqlite3.Error, HistoryUnusable, *NONSENSE) as error:
            _log.warning("history ends: %s", type(error).__name__)
            self._say(reason(error))
            self._is_off = True
        finally:
            self._is_read.set()  # also after a bug: nobody waits for a thread that has ended

    def _opened(self) -> tuple[HistoryFile, Remembered] | None:
        """Returns the file and what is in it; None while another program holds the file, or the disk is full."""
        try:
            file = self._open_file()
            self._notices += [file.notice] if file.notice else []
            try:
                return file, file.read()
            except BaseException:
                file.close()
                raise
        except (OSError, sqlite3.Error) as error:
            self._wait_out(error)
            return None

    def _wait_out(self, error: OSError | sqlite3.Error) -> None:
        """Says that the file is tried again later. Raises the error if waiting is no use."""
        if not may_pass(error):
            raise error
        self._say(f"{reason(error)}; it is tried again each minute")

    def _say(self, why: str) -> None:
        """Notes why there is no history, each reason once."""
        if not self._is_off and why not in self._said:
            self._said.add(why)
            self._notices.append(f"No history: {why}.")
        self._is_read.set()

    def _keep(self, file: HistoryFile, kept: list[Notes]) -> None:
        pruned, looked, next_try, ends = -inf, time.monotonic(), -inf, False
        while not ends:
            self._is_off = False  # the file opened, however late
            more, ends = self._drain(self._batch)
            kept += more
            now = time.monotonic()
            if ends or now >= next_try:
                try:
                    if kept:
                        file.write(together(kept))
                        kept = []
                    if now - pruned > _HOUR and not ends:
                        file.prune()
                        pruned = now
                except sqlite3.Error as error:
                    self._wait_out(error)
                    kept, next_try = [together(kept)], now + self._retry
            if self._asked and self._pass_on(partial(file.read_more, self._asked)):
                self._asked = set()
            if now - looked >= self._retry:
                self._pass_on(file.read_news)
                looked = now
        file.close()

    def _pass_on(self, read: Callable[[], Remembered]) -> bool:
        """Read, for the next call of `remembered`. Returns whether it could; another program may hold the file."""
        try:
            news = read()
        except sqlite3.Error as error:
            if not may_pass(error):
                raise
            return False
        if news.runs:
            self._read.put(news)
        return True

    def _drain(self, wait: float) -> tuple[list[Notes], bool]:
        """Returns what was noted within `wait` seconds, or until more is to be read; and whether that was the end."""
        notes: list[Notes] = []
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            with suppress(Empty):
                note = self._queue.get(timeout=left)
                if note is None:
                    return notes, True
                if isinstance(note, AbstractSet):
                    self._asked |= note
                    return notes, False
                notes.append(note)
        return notes, False


def open_history(folder: Path, now: Callable[[], Moment]) -> History:
    """Returns the history in this folder, which is opened in the background."""
    return History(lambda: HistoryFile(history_path(folder), now))
