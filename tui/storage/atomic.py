"""Files written whole: a reader sees the old text or the new one, never a part of either."""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.core.problem import Problem
from tui.core.text import clean
from tui.storage.files import Signature, reason, signature_of

_RETRY = 0.01
_LEFTOVER_AGE = 3600.0


@contextmanager
def locked(path: Path, wait: float) -> Iterator[None]:
    """Hold the lock that all writers of `path` share; wait for it at most `wait` seconds, then raise Problem.

    The lock file is one of its own that is never replaced, beside the real file. Folders that miss are made.
    """
    try:
        real = Path(os.path.realpath(path))
        _make_folder(real.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(real.with_name(f"{real.name}.lock"), flags, 0o600)
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None
    try:
        _lock(path, descriptor, wait)
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Problem(
                    f"{clean(str(path))} is not saved: another codearts-watch has been writing it for {wait:g} s; "
                    "try again, and look for a stopped one"
                ) from None
        except OSError as error:
            raise _not_saved(path, error) from None
        time.sleep(_RETRY)


def write_text(path: Path, text: str) -> Signature:
    """Replace the file's text at once or not at all; answers what the file now is. Raises Problem.

    A link stays a link and the mode stays as it was; a new file is for its owner only. A file that its owner made
    read-only is not written.
    """
    try:
        real = Path(os.path.realpath(path))
        _make_folder(real.parent)
        return _replace(real, text.encode())
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None


def _replace(real: Path, content: bytes) -> Signature:
    former = _former(real)
    temporary = real.with_name(f".{real.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if former:
                with suppress(OSError):  # only root can give a file away, and only root needs to
                    os.fchown(descriptor, former.st_uid, former.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(former.st_mode))
            os.fsync(descriptor)
            written = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(real)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    with suppress(OSError):  # the new text is in place; some file systems cannot sync a folder
        _sync_folder(real.parent)
    _remove_leftovers(real, written.st_mtime)
    return signature_of(written)


def _former(real: Path) -> os.stat_result | None:
    """What is there now. Raises PermissionError when it may not be written, though its folder may."""
    try:
        found = real.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "not a regular file")
    if not found.st_mode & stat.S_IWUSR or not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, "read-only")
    return found


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _remove_leftovers(real: Path, now: float) -> None:
    """Temporary files of writers that were killed; `now` is the file system's own time."""
    shape = re.compile(rf"\.{re.escape(real.name)}\.(\d{{1,9}})\.[0-9a-f]{{8}}\.tmp")
    with suppress(OSError):
        for entry in os.scandir(real.parent):
            found = shape.fullmatch(entry.name)
            if found and now - entry.stat(follow_symlinks=False).st_mtime > _LEFTOVER_AGE:
                try:
                    os.kill(int(found[1]), 0)
                except ProcessLookupError:
                    Path(entry.path).unlink()


def _not_saved(path: Path, error: Exception) -> Problem:
    why = reason(error) if isinstance(error, OSError) else clean(str(error))
    return Problem(f"{clean(str(path))} is not saved: {why}")
