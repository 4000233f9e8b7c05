"""The history file: the runs and gaps that were observed, in SQLite. What is here may wait for the disk.

A rollback journal instead of a write-ahead log: home folders of jump hosts are often on NFS, where the log's shared
memory corrupts the file. On a remote file system each host has a file of its own and reads those of the others, so
that no lock between hosts is needed.
"""

import errno
import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager, suppress
from functools import lru_cache, partial
from itertools import chain, islice
from math import inf
from pathlib import Path
from typing import Any

from tui.core.errors import UserError, file_error
from tui.core.estimate import WINDOW
from tui.core.job import JobId
from tui.core.job_runs import RUNS_SHOWN
from tui.core.observed_run import Between, Gap, ObservedRun, merged
from tui.core.reading import Moment, Status
from tui.core.remembered import LastSeen, Notes, Remembered
from tui.core.run import Outcome
from tui.core.text import clean
from tui.storage.files import END_OF_TIME, host_name, is_ours, is_remote, is_written_by_others, mounts

VERSION = 1
BUSY = 2.0
"""Seconds to wait for another writer before its runs are kept in memory until the next try."""
RETRY = 60.0
"""Seconds until a file that another program holds is tried again, and between two looks at what it has written."""
DAYS_KEPT = 90
RUNS_IN_FILE = 1000
"""For each job, and as many gaps."""
RUNS_REMEMBERED = WINDOW
"""For each job, beside the one in progress: as many as an estimate uses."""
RUNS_AT_START = 1000
"""Of all jobs: with so few of them, all runs that are to be remembered are read at the start. Of more only those that
the rows show, and the others when a job begins to run."""
OBSERVERS = 4
"""Rows for one run at most, on average: each program that saw the run has written one."""
RUNS_LOOKED_AT = 5
"""For each job, when another program has written."""
PAGE = 100
"""Older runs that are read at once."""
LARGEST = 256 << 20
"""Bytes that another host's file may have."""
CACHE = 32
"""Kilobytes of the file that are held in memory."""

_SCHEMA = """
create table job(id integer primary key, job text unique not null);
create table run(
    job integer not null, start_by real not null, start_after real, running_at real not null, end_after real,
    end_by real, maybe_two integer not null, interval real not null, number integer, outcome text not null,
    as_sent text not null, primary key(job, start_by)
) without rowid;
create table gap(job integer not null, start real not null, end real not null, primary key(job, start)) without rowid;
create table seen(
    job integer primary key, running integer not null, sent real not null, received real not null,
    since real not null, since_after real, number integer not null, outcome text not null, as_sent text not null
);
create table day(checked real not null, is_open integer not null);
insert into day values (0, 0);
"""

_SILENT = "create table if not exists silent(job integer primary key, since real not null)"
"""Made by the first job without an answer: files of before have no such table."""

_NO_HISTORY = "its file holds what is no history: remove it"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What SQLite says of a damaged file; the last of a table that is missing."""
_NOT_WRITTEN = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC)
"""What SQLite says of a write that failed, also for a used up quota."""
_FULL = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the disk quota is used up"}
NONSENSE = (TypeError, ValueError, ArithmeticError)
"""Raised by values that no version of this program writes."""

_log = logging.getLogger(__name__)


Read = Callable[[sqlite3.Connection, str], Iterable[ObservedRun]]
"""Reads runs of a file, which the host of this name observed."""


class HistoryUnusable(Exception):
    """Why there is no history: one sentence. The file stays as it is."""


def history_path(folder: Path, mountinfo: str | None = None, host: str = "") -> Path:
    """Returns the file to write in `folder`: one for each host where the folder is on a remote file system."""
    if not is_remote(folder, mounts() if mountinfo is None else mountinfo):
        return folder / "history.db"
    return folder / f"history-{host_name(host)}.db"


class HistoryFile:
    """Reads and writes the runs, gaps and last statuses of jobs. Every method may raise sqlite3.Error, OSError,
    HistoryUnusable or one of `NONSENSE`, and may take long."""

    def __init__(self, path: Path, now: Callable[[], Moment]) -> None:
        self._path = path
        self._now = now
        self.notice = ""
        """A sentence, where an unusable file was set aside."""
        self._opened = self._looked = now()
        self._newest = inf
        """The newest moment that is in the file since before it was opened; epoch seconds."""
        self._checked = 0.0
        self._is_marked = False
        """Whether the file says that it is open. The first frame waits for what is read: nothing is written before."""
        self._connection = self._open()
        self._version = self._data_version()

    def read(self) -> Remembered:
        """Returns what this file and those of other hosts contain."""
        runs: dict[JobId, list[ObservedRun]] = {}
        gaps: dict[JobId, list[Gap]] = {}
        for run in self._runs():
            runs.setdefault(run.job, []).append(run)
        oldest = {job: min(run.start.by for run in known) for job, known in runs.items()}
        for gap in _gaps_since(self._connection, oldest):
            gaps.setdefault(gap.job, []).insert(0, gap)
        seen = dict(_seen(self._connection))
        self._newest = max((known.received for known in seen.values()), default=inf)
        return Remembered(
            {job: merged(known)[-RUNS_REMEMBERED - 1 :] for job, known in runs.items()}, seen, gaps, self._silent()
        )

    def read_more(self, jobs: AbstractSet[JobId]) -> Remembered:
        """Returns as many runs of these jobs as an estimate uses."""
        runs: dict[JobId, list[ObservedRun]] = {}
        for job in jobs:
            if known := merged(_runs_before(self._connection, job=job, most=RUNS_REMEMBERED)):
                runs[job] = known
        return Remembered(runs)

    def read_news(self) -> Remembered:
        """Returns the runs that ended lately, if another program has written since the last call; else nothing."""
        if self._version == (version := self._data_version()):
            return Remembered()
        since = self._looked.wall.timestamp() - 2 * RETRY
        runs: dict[JobId, list[ObservedRun]] = {}
        for run in _runs_ended_since(self._connection, since):
            runs.setdefault(run.job, []).append(run)
        self._version, self._looked = version, self._now()
        return Remembered(runs)

    def write(self, notes: Notes) -> None:
        """Writes everything in one transaction; a run that is known by its start is replaced."""
        with self._transaction() as connection:
            jobs = {run.job for run in notes.runs} | {gap.job for gap in notes.gaps} | {*notes.seen, *notes.silent}
            connection.executemany("insert or ignore into job(job) values (?)", [(job,) for job in jobs])
            connection.executemany(
                "delete from run where job = (select id from job where job = ?) and start_by = ?", notes.dropped
            )
            connection.executemany(
                "insert or replace into run values ((select id from job where job = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(_row, notes.runs),
            )
            connection.executemany(
                "insert or replace into gap values ((select id from job where job = ?), ?, ?)", notes.gaps
            )
            connection.executemany(
                "insert or replace into seen values ((select id from job where job = ?), ?, ?, ?, ?, ?, ?, ?, ?)",
                [(job, seen.status is Status.RUNNING, *seen[1:]) for job, seen in notes.seen.items()],
            )
            if notes.silent:
                self._write_silent(notes.silent)

    def _write_silent(self, silent: Mapping[JobId, float | None]) -> None:
        self._connection.execute(_SILENT)
        self._connection.executemany(
            "delete from silent where job = (select id from job where job = ?)", [(job,) for job in silent]
        )
        self._connection.executemany(
            "insert into silent values ((select id from job where job = ?), ?)",
            [(job, since) for job, since in silent.items() if since is not None],
        )

    def _silent(self) -> dict[JobId, float]:
        """Returns since when jobs gave no answer that gave none when they were asked last."""
        if not self._has_silent():
            return {}
        rows = self._connection.execute("select job.job, since from silent join job on job.id = silent.job")
        return {JobId(job): _time(since) for job, since in rows}

    def _has_silent(self) -> bool:
        found = self._connection.execute("select 1 from sqlite_master where type = 'table' and name = 'silent'")
        return found.fetchone() is not None

    def prune(self) -> None:
        """Removes what is older than 90 days, and all but the last 1,000 runs and gaps of each job.

        The wall clock may be wrong: no more time has passed than since the newest moment that was in the file before,
        and since it was opened.
        """
        now = self._now()
        present = min(now.wall.timestamp(), self._newest + now.at - self._opened.at)
        oldest = present - DAYS_KEPT * 86_400
        with self._transaction() as connection:
            connection.execute("delete from run where coalesce(end_by, running_at) < ?", (oldest,))
            connection.execute("delete from gap where end < ?", (oldest,))
            connection.execute("delete from seen where received < ?", (oldest,))
            if self._has_silent():
                connection.execute("delete from silent where since < ?", (oldest,))
            for (identity,) in connection.execute("select id from job").fetchall():
                connection.execute(
                    "delete from run where job = ? and start_by < ?", (identity, _first_kept(connection, identity))
                )
                connection.execute(
                    "delete from gap where job = ? and start <="
                    " (select start from gap where job = ? order by start desc limit 1 offset ?)",
                    (identity, identity, RUNS_IN_FILE),
                )
        self._connection.executescript("pragma incremental_vacuum")  # `execute` makes one step, which frees one page

    def close(self) -> None:
        if self._is_marked:
            with suppress(sqlite3.Error), self._transaction() as connection:
                connection.execute("update day set is_open = 0")
        self._connection.close()

    def _data_version(self) -> int:
        """Returns a number that changes when another connection has written."""
        (version,) = self._connection.execute("pragma data_version").fetchone()
        return int(version)

    def _runs(self) -> Iterator[ObservedRun]:
        (jobs,) = self._connection.execute("select count(*) from job").fetchone()
        most = min(RUNS_REMEMBERED, max(RUNS_SHOWN, RUNS_AT_START // max(1, jobs)))
        yield from _last_runs(self._connection, most=most)
        yield from _runs_of_others(self._path, _last_runs)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_folder(self._path.parent)
        for suffix in ("", "-journal"):
            _check_own(self._path.with_name(self._path.name + suffix))
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and _code(error) not in _DAMAGE:
                raise
        self._set_aside()
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        created = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.close(created)
        connection = sqlite3.connect(self._path, timeout=BUSY, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("pragma journal_mode = truncate")
            connection.execute("pragma synchronous = full")
            connection.execute(f"pragma cache_size = -{CACHE}")
            if _is_empty(connection):
                connection.execute("pragma auto_vacuum = incremental")  # it would lock a file that has tables
                connection.executescript(f"begin immediate; {_SCHEMA} pragma user_version = {VERSION}; commit")
            _check_version(connection)
            connection.execute("select 1 from job, run, gap, seen, day limit 0")
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Checks the file once a day, and after a start that was not followed by `close`."""
        try:
            checked, is_open = connection.execute("select checked, is_open from day").fetchone()
            now = self._now().wall.timestamp()
            is_due = is_open or not 0 <= now - checked < 86_400
        except NONSENSE:
            raise sqlite3.DatabaseError("damaged") from None
        if is_due:
            if connection.execute("pragma quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
            checked = now
        self._checked = checked

    def _set_aside(self) -> None:
        """Renames the unusable file, so that a new one can begin; a file that was set aside before is removed."""
        aside = self._path.with_name(f"{self._path.name}.corrupt-{self._now().wall:%Y-%m-%d}")
        for former in self._path.parent.glob(f"{self._path.name}.corrupt-*"):
            former.unlink()
        self._path.rename(aside)  # SQLite drops the journal, which has no file that it belongs to
        self.notice = f"The history file is damaged: it was set aside as {aside.name}, a new one begins."

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("begin immediate")
        try:
            # each time: another program that closed the file has marked it as closed
            self._connection.execute("update day set checked = ?, is_open = 1", (self._checked,))
            yield self._connection
            self._connection.execute("commit")
            self._is_marked = True
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("rollback")
            raise


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Returns whether nothing was ever written: the program that made the file has not got further, or was killed."""
    return not connection.execute("select 1 from sqlite_master").fetchone()


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)


def _check_version(connection: sqlite3.Connection) -> None:
    """Raises HistoryUnusable for the file of a newer version: that one may have it open, and will want it again."""
    version = _version(connection)
    if version > VERSION:
        raise HistoryUnusable("a newer codearts-watch has written its file: update this one")
    if version != VERSION:
        raise sqlite3.DatabaseError("of no version")


def _check_folder(folder: Path) -> None:
    """Raises HistoryUnusable if other users could put their own files in the place of ours: SQLite opens its journal
    by name for each transaction, and plays back what it finds there."""
    found = folder.stat()
    if not is_ours(found):
        raise HistoryUnusable(f"the folder {clean(str(folder))} belongs to another user: run chown on it")
    if is_written_by_others(found):
        raise HistoryUnusable(f"other users can write into the folder {clean(str(folder))}: run chmod go-w on it")


def _check_own(path: Path) -> None:
    """Raises HistoryUnusable for anything but a file of this user: a link, a folder, a pipe."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        raise HistoryUnusable(f"{clean(str(path))} is a link or no file of yours: remove it")


_RUNS = (
    "select start_by, start_after, running_at, end_after, end_by, maybe_two, interval, number, outcome, as_sent"
    " from run where job = ? and start_by < ? and coalesce(end_by, running_at) >= ? order by start_by desc limit ?"
)
_RUNNING_AT, _END_BY = 2, 4
"""Places in a row of `_RUNS`."""
_GAPS = (
    "select start, end from gap where job = (select id from job where job = ?) and end > ? order by start desc limit ?"
)
_NEWS = (
    "select start_by, start_after, running_at, end_after, end_by, maybe_two, interval, number, outcome, as_sent"
    " from (select * from run where job = ? order by start_by desc limit ?) where end_by >= ?"
)


def _runs_since(
    connection: sqlite3.Connection, source: str = "", *, jobs: Collection[JobId], since: float
) -> Iterator[ObservedRun]:
    for identity, job in connection.execute("select id, job from job").fetchall():
        if job in jobs:
            for row in connection.execute(_RUNS, (identity, END_OF_TIME, since, -1)):
                yield _run(JobId(job), row, source)


def _runs_before(
    connection: sqlite3.Connection, source: str = "", *, job: JobId, before: float = END_OF_TIME, most: int = PAGE
) -> Iterator[ObservedRun]:
    for (identity,) in connection.execute("select id from job where job = ?", (job,)).fetchall():
        for row in _newest(connection.execute(_RUNS, (identity, before, 0, -1)), most):
            yield _run(job, row, source)


def _last_runs(connection: sqlite3.Connection, source: str = "", most: int = RUNS_REMEMBERED) -> Iterator[ObservedRun]:
    """The last runs of each job, more of one that goes on; an index walk of some rows a job, however many there are."""
    for identity, job in connection.execute("select id, job from job").fetchall():
        name, rows = JobId(job), connection.execute(_RUNS, (identity, END_OF_TIME, 0, -1))
        if last := rows.fetchone():
            for row in _newest(chain([last], rows), RUNS_REMEMBERED if last[_END_BY] is None else most):
                yield _run(name, row, source)


def _newest(rows: Iterable[tuple[Any, ...]], most: int) -> Iterator[tuple[Any, ...]]:
    """Yields all rows about the last `most` runs that ended, and about one that goes on after them.

    `rows` are those of one job, newest first. Each program that saw a run has written a row about it.
    """
    ended, first = 0, inf
    for row in islice(rows, OBSERVERS * (most + 1)):
        seen_until = row[_RUNNING_AT] if row[_END_BY] is None else row[_END_BY]
        if seen_until < first and (first < inf or row[_END_BY] is not None):
            if ended == most:
                return
            ended += 1
        first = row[0]
        yield row


def _first_kept(connection: sqlite3.Connection, identity: int) -> float:
    """Returns from which start on the job's runs are kept."""
    too_many = connection.execute(
        "select 1 from run where job = ? limit 1 offset ?", (identity, RUNS_IN_FILE)
    ).fetchone()
    first = 0.0
    if too_many:
        for row in _newest(connection.execute(_RUNS, (identity, END_OF_TIME, 0, -1)), RUNS_IN_FILE):
            first = row[0]
    return first


def _runs_ended_since(connection: sqlite3.Connection, since: float) -> Iterator[ObservedRun]:
    for identity, job in connection.execute("select id, job from job").fetchall():
        for row in connection.execute(_NEWS, (identity, RUNS_LOOKED_AT, since)):
            yield _run(JobId(job), row, "")


def _gaps_since(connection: sqlite3.Connection, oldest: Mapping[JobId, float]) -> Iterator[Gap]:
    """The last gaps of each job since this moment, newest first."""
    for job, since in oldest.items():
        for start, end in connection.execute(_GAPS, (job, since, RUNS_REMEMBERED)):
            yield Gap(job, _time(start), _time(end))


def _seen(connection: sqlite3.Connection) -> Iterator[tuple[JobId, LastSeen]]:
    query = (
        "select job.job, running, sent, received, since, since_after, number, outcome, as_sent"
        " from seen join job on job.id = seen.job"
    )
    for job, running, sent, received, since, since_after, number, outcome, as_sent in connection.execute(query):
        status, after = Status.RUNNING if running else Status.IDLE, _time_or_none(since_after)
        last_run = int(number), *_words(outcome, as_sent)
        yield JobId(job), LastSeen(status, _time(sent), _time(received), _time(since), after, *last_run)


def _runs_of_others(path: Path, read: Read) -> Iterator[ObservedRun]:
    """The runs that other hosts observed, where each host has a file of its own; `path` is that of this host."""
    for other in sorted(path.parent.glob("history*.db")):
        if other != path:
            yield from _runs_of_another(other, read)


def _runs_of_another(path: Path, read: Read) -> Iterator[ObservedRun]:
    """Read from a copy in memory: no lock, and nothing of it is trusted."""
    try:
        _check_own(path)
        with path.open("rb") as file:
            content = file.read(LARGEST)
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(content)
            yield from list(read(connection, path.stem.partition("-")[2]))
    except (OSError, sqlite3.Error, HistoryUnusable, *NONSENSE) as error:
        _log.info("the history of another host was left out: %s", type(error).__name__)


def _run(job: JobId, row: tuple[Any, ...], source: str) -> ObservedRun:
    """Returns the run of a row. Raises ValueError or TypeError for values that no version of this program writes.

    There may be thousands of rows before the first frame: it calls little, and keeps equal values once.
    """
    start_by, start_after, running_at, end_after, end_by, maybe_two, interval, number, outcome, as_sent = row
    times = start_by, running_at, *(at for at in (start_after, end_after, end_by) if at is not None)
    if min(times) < 0 or max(times) >= END_OF_TIME:
        raise ValueError("no time")
    start, end_after = Between(start_after, start_by), running_at if end_after == running_at else end_after
    end = None if end_by is None else Between(end_after, end_by)
    known = (maybe_two != 0, _seconds(interval), number if isinstance(number, int) else None)
    return ObservedRun(job, start, running_at, end, *known, *_words(outcome, as_sent), source)


_seconds = lru_cache(maxsize=256)(float)


@lru_cache(maxsize=256)
def _words(outcome: object, as_sent: object) -> tuple[Outcome, str]:
    return Outcome(str(outcome)), clean(str(as_sent), 60) if as_sent else ""


def _time(value: Any) -> float:
    time = float(value)
    if not 0 <= time < END_OF_TIME:
        raise ValueError("no time")
    return time


def _time_or_none(value: object) -> float | None:
    return None if value is None else _time(value)


def _row(run: ObservedRun) -> tuple[object, ...]:
    end = run.end or Between(None, 0.0)
    return (
        run.job,
        run.start.by,
        run.start.after,
        run.running_at,
        end.after,
        end.by if run.end else None,
        run.maybe_two,
        run.interval,
        run.number,
        run.outcome,
        run.outcome_as_sent,
    )


def read_runs(folder: Path, jobs: Iterable[JobId], since: float) -> dict[JobId, list[ObservedRun]]:
    """Returns all runs of these jobs that were seen since then (epoch seconds), of all hosts, oldest first.

    Raises UserError if the file cannot be read. May take long.
    """
    runs: dict[JobId, list[ObservedRun]] = {job: [] for job in jobs}
    for run in _read(folder, partial(_runs_since, jobs=runs.keys(), since=since)):
        runs[run.job].append(run)
    return {job: merged(theirs) for job, theirs in runs.items()}


def _read(folder: Path, read: Read) -> list[ObservedRun]:
    path = history_path(folder)
    runs: list[ObservedRun] = []
    try:
        _check_own(path)
        if path.exists():
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY)) as own:
                if not _is_empty(own):
                    _check_version(own)
                    runs += read(own, "")
        return [*runs, *_runs_of_others(path, read)]
    except (OSError, sqlite3.Error, HistoryUnusable, *NONSENSE) as error:
        raise UserError(f"The history cannot be read: {reason(error)}.") from None


def read_older(folder: Path, job: JobId, before: float) -> list[ObservedRun]:
    """Returns up to 100 runs of the job that were first seen before then (epoch seconds), of all hosts, oldest first.

    Raises UserError if the file cannot be read. May take long.
    """
    return merged(_read(folder, partial(_runs_before, job=job, before=before)))[-PAGE:]


def _code(error: Exception) -> int:
    """Returns SQLite's code; 0 for an error of Python's module, such as that of a text that is not UTF-8."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def may_pass(error: OSError | sqlite3.Error) -> bool:
    """Whether waiting may help: another program holds the file, or the disk or a quota is full."""
    return (
        _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL}
        or getattr(error, "sqlite_errorcode", 0) in _NOT_WRITTEN
        or (isinstance(error, OSError) and error.errno in _FULL)
    )


def reason(error: Exception) -> str:
    """Returns why there is no history, in words."""
    if isinstance(error, HistoryUnusable):
        return str(error)
    code = _code(error)
    if isinstance(error, NONSENSE) or (isinstance(error, sqlite3.Error) and not code):
        return _NO_HISTORY
    if code == sqlite3.SQLITE_BUSY:
        return "another program holds its file"
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return "its file was removed while it was open; the next start makes a new one"
    if code in _DAMAGE:
        return "its file is damaged; the next start of the screen makes a new one"
    if code == sqlite3.SQLITE_FULL:
        return _FULL[errno.ENOSPC]
    if code == sqlite3.SQLITE_READONLY:
        return "its folder cannot be written: check who owns it, and whether its file system is read-only"
    if isinstance(error, OSError) and error.errno in _FULL:
        return _FULL[error.errno]
    if isinstance(error, OSError):
        where = f" ({clean(str(error.filename))})" if error.filename else ""
        return f"its file cannot be used: {file_error(error)}{where}"
    if code == sqlite3.SQLITE_CANTOPEN:
        return "its file cannot be opened: look at its folder, and at the limit of open files (ulimit -n)"
    return "its file cannot be used: check the disk, its quota and the limit for the size of a file (ulimit -f)"
