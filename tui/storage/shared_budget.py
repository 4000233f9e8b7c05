"""The shared budget of a credential: what instances of this user on this host tell each other of their requests.

`BudgetFolder` is the folder in which they do. Each instance has a file of its own, which only it writes; a lock on it
lasts as long as the process. So no instance waits for another, and a killed owner is noticed at once, whoever has its
process number now. The name of a file is a keyed hash of endpoint and credential. What an instance has spent counts
after its end, until the window is over.

`SharedBudget` is the thread that reads and writes there. The caller never waits for a disk or a lock: it leaves what it
has to tell, and takes what was heard last. If the folder cannot be used or does not respond, the instance goes on as if
it were alone.
"""

import errno
import fcntl
import hashlib
import hmac
import json
import logging
import os
import re
import stat
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tui.core.budget import BUCKET, LONGEST_WINDOW, Identity, Limit, Spending, Told, limit_of
from tui.core.errors import UserError, own_shortage
from tui.storage.files import host_name, is_closed, is_remote, mounts, opened, reason
from tui.storage.learned import RememberedLimits
from tui.threads import NoThread, thread_wanted

SIZE = 4096
"""Bytes of a file: written in place, so that a full disk matters at the start alone."""
SILENT = 15.0
"""Seconds without a word after which an instance, such as a stopped one, gets no part of the budget."""
MOST = 64
"""Files that are read."""
FORGOTTEN = 86_400.0
"""Seconds after which files of other credentials are removed."""
LARGEST = 1e12
"""Of the numbers in a file times are the largest. Sums of such numbers are finite."""
_SECRET = "secret"
_NAME = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{16}")
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


class BudgetUnusable(Exception):
    """Why nothing is shared: one clause."""


def budget_folder(state: Path | None, environ: Mapping[str, str], mountinfo: str, user: int, host: str = "") -> Path:
    """Returns the folder to use: beside the state, or where that is on a file server in the user's runtime folder.

    Without a runtime folder each host has a folder of its own on the file server. Raises BudgetUnusable without any.
    """
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}")
    runs = runtime.is_absolute() and is_closed(runtime)
    if state and not is_remote(state, mountinfo):
        return state / "budget"
    if runs and not is_remote(runtime, mountinfo):
        return runtime / "codearts-watch" / "budget"
    if state:
        return state / f"budget-{host_name(host)}"
    raise BudgetUnusable("there is no state folder")


def open_budget(state: Path | None, environ: Mapping[str, str], identity: str) -> "BudgetFolder":
    """Opens the part of the folder that belongs to this endpoint and credential. May raise as `BudgetFolder` does."""
    return BudgetFolder(budget_folder(state, environ, mounts(), os.geteuid()), identity)


class BudgetFolder:
    """One credential's part of the folder. Every method may block, and may raise OSError or BudgetUnusable.

    Times of `Spending` are seconds of the epoch here.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        """`identity` is that of endpoint and credential."""
        self._own: int | None = None
        self._name = ""
        self._last: dict[str, Spending] = {}
        self.path = folder
        self._folder = _open_folder(folder)
        try:
            key = hmac.digest(_secret(self._folder), identity.encode(), hashlib.sha256)
            self._key = key.hex()[:32]
        except BaseException:
            os.close(self._folder)
            raise

    def exchange(self, spending: Spending) -> tuple[Spending, ...]:
        """Tells the others, and returns what they told."""
        if self._own is None:
            self._tidy(spending.at)
            self._join(spending)
        elif os.fstat(self._own).st_nlink == 0:
            raise BudgetUnusable("its file was removed")
        else:
            os.pwrite(self._own, _encode(spending), 0)
        return self.others(spending.at)

    def others(self, now: float) -> tuple[Spending, ...]:
        """Returns what the other instances told last. Removes the files of those that no longer count."""
        names = [name for name in self._names() if self._is_told(name)]
        found = {name: told for name in sorted(names)[:MOST] if (told := self._read(name, now))}
        self._last = found
        return tuple(found.values())

    def close(self) -> None:
        """Ends the part in the budget. The file stays for as long as its requests count."""
        if self._own is not None:
            os.close(self._own)
            self._own = None
        os.close(self._folder)

    def _is_told(self, name: str) -> bool:
        """Whether another instance has told something there. One that is in the making has nothing, and no lock yet."""
        return bool(_NAME.fullmatch(name)) and name.startswith(f"{self._key}.") and name != self._name

    def _join(self, spending: Spending) -> None:
        """The file gets its name when it is locked and whole."""
        name = f"{self._key}.{os.urandom(8).hex()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(f"{name}.new", flags, 0o600, dir_fd=self._folder)
        try:
            with _without_locks_too():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.write(descriptor, _encode(spending)) != SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.rename(f"{name}.new", name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except BaseException:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(f"{name}.new", dir_fd=self._folder)
            raise
        self._own, self._name = descriptor, name

    def _read(self, name: str, now: float) -> Spending | None:
        """Returns None for a file that does not count."""
        try:
            file = opened(name, os.O_NOFOLLOW | os.O_NONBLOCK, self._folder)
        except OSError:
            return None
        with file:
            if not _is_own_file(os.fstat(file.fileno())):
                return None
            told = _decode(file.read(SIZE)) or self._last.get(name)  # it may be in the middle of being written
            may_live = _may_live(file.fileno())
        age = abs(now - told.at) if told else FORGOTTEN
        if not may_live and age > LONGEST_WINDOW + BUCKET:
            with suppress(OSError):
                os.unlink(name, dir_fd=self._folder)
            return None
        return told and told._replace(is_there=may_live and age <= SILENT)

    def _names(self) -> list[str]:
        with os.scandir(self._folder) as entries:
            return [entry.name for entry in entries]

    def _tidy(self, now: float) -> None:
        """Removes files of former credentials, and of instances that were killed while they made theirs."""
        for name in self._names():
            is_ours = bool(_NAME.fullmatch(name.removesuffix(".new")))
            if not is_ours or self._is_told(name):
                continue
            with suppress(OSError):
                if now - os.stat(name, dir_fd=self._folder, follow_symlinks=False).st_mtime > FORGOTTEN:
                    os.unlink(name, dir_fd=self._folder)


def _open_folder(path: Path) -> int:
    """Creates missing folders and returns a descriptor of the last one.

    Raises BudgetUnusable if that is a link, another user's, or open to others.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise BudgetUnusable(f"{path.name} is not a folder of its own") from None
        raise
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        fault = "belongs to another user: run chown on it"
    elif found.st_mode & 0o077:
        fault = "is not closed to others: run chmod 700 on it"
    else:
        return descriptor
    os.close(descriptor)
    raise BudgetUnusable(f"the folder {path.name} {fault}")


def _secret(folder: int) -> bytes:
    """Returns the key of the hashes; the first instance makes it."""
    flags = os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = opened(_SECRET, flags, folder)
    except FileNotFoundError:
        _make_secret(folder)
        file = opened(_SECRET, flags, folder)
    with file:
        found = os.fstat(file.fileno())
        secret = file.read(64)
    if not (stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()) or found.st_mode & 0o077 or len(secret) != 32:
        raise BudgetUnusable(f"{_SECRET} cannot be used: remove it")
    return secret


def _make_secret(folder: int) -> None:
    """Makes the secret as a link to a whole file: of two instances at once one makes it, and both use it."""
    name = f"{_SECRET}.{os.urandom(8).hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
        with suppress(FileExistsError):
            os.link(name, _SECRET, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    finally:
        os.unlink(name, dir_fd=folder)


def _is_own_file(found: os.stat_result) -> bool:
    is_regular = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
    return is_regular and found.st_uid == os.geteuid() and not found.st_mode & 0o022 and found.st_size <= SIZE


@contextmanager
def _without_locks_too() -> Iterator[None]:
    """Some file systems have no locks: then an instance counts for as long as it tells something."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _may_live(descriptor: int) -> bool:
    """Returns whether the owner of the file is alive, or may be where the file system cannot say."""
    with _without_locks_too(), suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    return True


def _encode(spending: Spending) -> bytes:
    content = {
        "at": spending.at,
        "wanted": spending.wanted,
        "calls": [[round(start, 1), count] for start, count in spending.calls[-MOST:]],
        "rate": spending.rate,
        "refused": max(spending.refused_at, 0.0),
        "waits": max(spending.waits_until, 0.0),
        "limit": spending.limit,
        "taken_back": spending.taken_back,
        "care": spending.care,
    }
    text = json.dumps(content, separators=(",", ":")).encode()
    return b"%08x %s" % (zlib.crc32(text), text.ljust(SIZE - 9))


def _decode(record: bytes) -> Spending | None:
    """Returns None for a file that is not whole, or has values that no instance writes."""
    text = record[9:].rstrip()
    try:
        if int(record[:8], 16) != zlib.crc32(text):
            return None
        content = json.loads(text)
        calls = tuple((_number(start), int(_number(count))) for start, count in content["calls"])
        return Spending(
            _number(content["at"]),
            _number(content["wanted"]),
            calls,
            _number(content["rate"]),
            _number(content["refused"]),
            _number(content["waits"]),
            _limit(content["limit"]),
            _limit(content["taken_back"]),
            _number(content["care"]),
        )
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        return None


def _limit(value: Any) -> Limit | None:
    """Returns the limit in a value of the file. Raises ValueError or TypeError for anything but four values."""
    if not value:
        return None
    calls, seconds, learned, is_named = value
    return limit_of(_number(calls), _number(seconds), _number(learned), is_named is True)


def _number(value: Any) -> float:
    """Returns the value as a number. Raises TypeError or ValueError for anything but a number from 0 to `LARGEST`."""
    if isinstance(value, bool):  # else the comparison takes it for 0 or 1
        raise TypeError
    if not 0 <= value <= LARGEST:
        raise ValueError
    return float(value)


ALONE, TOGETHER, UNSURE = 2.0, 1.0, 0.25
"""Seconds between two exchanges: without others, with others, and with others while no limit is known."""
TRIED_AGAIN = 60.0
"""Seconds until a folder is tried again that could not be used."""
REMEMBERED_ANEW = 3600.0
"""Seconds by which a limit must be newer than the remembered one to be written down again."""
_LAST_WORD = 0.2
"""Seconds that the end may wait for the last exchange."""

_log = logging.getLogger(__name__)


class SharedBudget:
    """Exchanges with the other instances what one profile spends. Times of `Spending` are seconds of `clock`; `now`
    returns seconds of the epoch."""

    def __init__(
        self,
        open_folder: Callable[[str], BudgetFolder],
        limits: RememberedLimits | None,
        identity: Callable[[], Identity | None],
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._open_folder, self._limits, self._identity = open_folder, limits, identity
        self._clock, self._now = clock, now
        self._mine: tuple[Spending, Identity] | None = None
        self._told: Told | None = None
        self._ready: Callable[[], object] | None = None
        self._poke = threading.Event()
        self._has_ended = False
        self._refused_at = 0.0
        self._thread: threading.Thread | None = None
        # Used by the thread alone:
        self._folder: BudgetFolder | None = None
        self._current: Identity | None = None
        self._written: Limit | None = None
        """The limit that is written down."""
        self._next_try = 0.0

    def exchange(self, spending: Spending) -> Told | None:
        """Returns what was told last; None before anything was heard. Never blocks."""
        if identity := self._identity():
            self._mine = spending, identity
            if not self._thread:
                self._begin()
            if spending.refused_at > self._refused_at:
                self._refused_at = spending.refused_at
                self._poke.set()
        elif not self._told:
            self._told = Told()
        return self._told

    def _begin(self) -> None:
        """Starts the thread. Where none can be had, nothing is shared until the next exchange."""
        thread = threading.Thread(target=self._work, name="budget", daemon=True)
        try:
            with thread_wanted():
                thread.start()
        except NoThread as error:
            if not self._told:
                _log.info("the budget is not shared: %s", own_shortage(error))
                self._told = Told()
        else:
            self._thread = thread

    def when_told(self, ready: Callable[[], object]) -> None:
        """Calls `ready`, in the thread, when another instance is heard for the first time."""
        self._ready = ready

    def end(self) -> None:
        """Leaves the last word, and waits a moment for it."""
        self._has_ended = True
        self._poke.set()
        if self._thread:
            self._thread.join(_LAST_WORD)

    def _work(self) -> None:
        while mine := self._mine:
            others = self._round(*mine)
            if self._has_ended and mine is self._mine:
                break
            self._poke.wait(_period(others, mine[0].limit))
            self._poke.clear()
        self._leave_folder()

    def _round(self, spending: Spending, identity: Identity) -> tuple[Spending, ...]:
        """Tells and hears once. Returns what the others told."""
        now = self._now()
        ahead = now - self._clock()
        if identity != self._current:
            self._leave_folder()
            self._current, self._next_try = identity, 0.0
            self._written = self._limits.limit(identity.remembered, now) if self._limits else None
        others = tuple(_shifted(other, -ahead) for other in self._heard(_shifted(spending, ahead), identity, now))
        with suppress(UserError):  # a full or read-only disk only means that the limit is learned again
            self._remember(identity, _shifted(spending, ahead), now)
        self._tell(Told(others, _later(self._written, -ahead)))
        return others

    def _heard(self, spending: Spending, identity: Identity, now: float) -> tuple[Spending, ...]:
        if not self._folder and now < self._next_try:
            return ()
        try:
            self._folder = self._folder or self._open_folder(identity.shared)
            return self._folder.exchange(spending)
        except (OSError, BudgetUnusable) as error:
            _log.info("the budget is not shared: %s", why(error))
            self._leave_folder()
            self._next_try = now + TRIED_AGAIN
            return ()

    def _leave_folder(self) -> None:
        if self._folder:
            with suppress(OSError):
                self._folder.close()
        self._folder = None

    def _tell(self, told: Told) -> None:
        is_first, self._told = self._told is None, told
        if is_first and self._ready:
            with suppress(RuntimeError):  # the loop is closed already
                self._ready()

    def _remember(self, identity: Identity, spending: Spending, now: float) -> None:
        """Writes a limit down that is news. Raises UserError where it cannot."""
        before, limit, back = self._written, spending.limit, spending.taken_back
        if not self._limits:
            return
        if limit and limit.is_named:
            is_known = before and before[:2] == limit[:2] and limit.learned - before.learned < REMEMBERED_ANEW
            if not is_known:
                self._written = limit
                self._limits.keep(identity.remembered, limit, now)
        elif before and back and before[:2] == back[:2] and before.learned <= back.learned:
            self._written = None
            self._limits.forget(identity.remembered, now)


def why(error: Exception) -> str:
    """Returns in words why a folder cannot be used."""
    return reason(error) if isinstance(error, OSError) else str(error)


def _period(others: tuple[Spending, ...], limit: Limit | None) -> float:
    if not any(other.is_there for other in others):
        return ALONE
    return TOGETHER if limit else UNSURE


def _shifted(spending: Spending, seconds: float) -> Spending:
    """Returns the same by another clock, which is ahead by `seconds`."""
    return spending._replace(
        at=spending.at + seconds,
        calls=tuple((start + seconds, count) for start, count in spending.calls),
        refused_at=spending.refused_at + seconds,
        waits_until=spending.waits_until + seconds,
        limit=_later(spending.limit, seconds),
        taken_back=_later(spending.taken_back, seconds),
    )


def _later(limit: Limit | None, seconds: float) -> Limit | None:
    return limit and limit._replace(learned=limit.learned + seconds)
