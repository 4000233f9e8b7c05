"""Writes whole files: a reader sees the old text or the new one, never a part of either."""

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tui.core.errors import UserError
from tui.core.text import clean
from tui.storage.files import FileRefused, Signature, check_folder, reason, signature_of

NOT_SAVED = "Not saved: "
"""What begins the sentence about a file that could not be written."""
_RETRY = 0.01
_LEFTOVER_AGE = 3600.0
_OF_ONE_FILE = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
"""Errors about the file that they name; all others are about the disk."""


@contextmanager
def locked(path: Path, wait: float) -> Iterator[Path]:
    """Holds the lock that all writers of `path` share. Raises UserError if it is not free within `wait` seconds.

    Yields the file that `path` leads to: read and write that one, since links may change meanwhile. The lock is a
    separate file beside it that is never replaced. Creates missing folders.
    """
    try:
        real = _destination(path)
        descriptor = _open_lock(real)
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None
    try:
        _lock(path, descriptor, wait)
        yield real
    finally:
        with suppress(OSError):  # nothing was written to it: what was saved stays saved
            os.close(descriptor)


def _lock_of(real: Path) -> Path:
    return real.with_name(f"{real.name}.lock")


def _open_lock(real: Path) -> int:
    """Opens the lock of a file. Every user who may write the file may lock it."""
    lock = _lock_of(real)
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(lock, flags)
    except FileNotFoundError:
        descriptor = _create(lock, flags)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise FileRefused(errno.ELOOP, "it is a link, which may lead anywhere: remove it", str(lock)) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(errno.EPERM, "it is not a regular file: remove it", str(lock))
        if found.st_uid == os.geteuid() and found.st_nlink == 1 and not found.st_size:  # else it may be another's file
            with suppress(OSError):
                served = (
                    real.lstat() if os.path.lexists(real) else real.parent.stat()
                )  # a team's folder makes team files
                writers = served.st_mode & 0o222
                _resemble(descriptor, served, 0o600 | writers | writers << 1)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _lock(path: Path, descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise not_saved(
                    path,
                    f"another codearts-watch has been writing it for {wait:g} s; try again, and look for a stopped one",
                ) from None
        except OSError as error:
            raise _not_saved(path, error) from None
        time.sleep(_RETRY)


def write_text(real: Path, text: str) -> Signature:
    """Replaces the user's own file at once or not at all; returns its new signature. Raises UserError.

    `real` is no link: `locked` has followed the user's links. Mode and group stay as they were, and the owner if the
    system allows it; a new file is for its owner only. A file that its owner made read-only is not written.
    """
    try:
        return _replace(real, text.encode(), _former(real))
    except (OSError, ValueError) as error:
        raise _not_saved(real, error) from None


def write_invented(path: Path, text: str, served: Path | None = None) -> None:
    """Replaces a file whose name this program chose. Raises UserError.

    A link at that name is replaced, never followed. Mode and group are copied from the file `served`; without it
    only the owner may read and write the new file.
    """
    try:
        _make_folder(path.parent)
        check_folder(path.parent)
        _replace(path, text.encode(), served.lstat() if served and served.exists() else None)
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Writes this object as JSON to a file whose name this program chose. Raises UserError."""
    import json  # most starts write none before the first frame

    write_invented(path, json.dumps(content, indent=1) + "\n")


def try_to_write(path: Path, content: bytes) -> None:
    """Raises UserError where the user's own file could not be written with this content now. Leaves no trace."""
    try:
        folder, model = next(folder for folder in path.parents if os.path.lexists(folder)), None
        if folder == path.parent:
            real = Path(os.path.realpath(path))
            folder, model = real.parent, _former(real)
            check_folder(folder)
            if os.path.lexists(_lock_of(real)):
                os.close(_open_lock(real))
        with _written(folder / path.name, content, model):
            pass
    except (OSError, ValueError) as error:
        raise _not_saved(path, error) from None


def _destination(path: Path) -> Path:
    """Returns the file that the path leads to. Creates missing folders, but none behind a link. Raises OSError."""
    _make_folder(path.parent)
    real = Path(os.path.realpath(path))
    check_folder(real.parent)
    return real


def _replace(real: Path, content: bytes, model: os.stat_result | None) -> Signature:
    with _written(real, content, model) as (temporary, written):
        temporary.replace(real)
    with suppress(OSError):  # the new text is in place; some file systems cannot sync a folder
        _sync_folder(real.parent)
    _remove_leftovers(real, written.st_mtime)
    return signature_of(written)


@contextmanager
def _written(beside: Path, content: bytes, model: os.stat_result | None) -> Iterator[tuple[Path, os.stat_result]]:
    """Yields a temporary file with this content, safe on the disk, and its status. Removes it unless it was renamed."""
    temporary = beside.with_name(f".{beside.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    descriptor = _create(temporary, os.O_WRONLY | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if model:
                _resemble(descriptor, model, stat.S_IMODE(model.st_mode) & 0o777)
            os.fsync(descriptor)
            written = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        yield temporary, written
    finally:
        with suppress(OSError):
            temporary.unlink()


def _create(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_CREAT, 0o600)
    except OSError as error:
        error.filename = str(path.parent)  # it is the folder that refuses
        raise


def _resemble(descriptor: int, model: os.stat_result, mode: int) -> None:
    """Gives the open file this mode and the model's group, and its owner if the system allows it.

    If the group cannot be kept, the new group does not get the old one's rights.
    """
    with suppress(OSError):  # only root can give a file away, and only root needs to
        os.fchown(descriptor, model.st_uid, -1)
    if os.fstat(descriptor).st_gid != model.st_gid:
        try:
            os.fchown(descriptor, -1, model.st_gid)
        except OSError:
            mode &= ~0o070
    os.fchmod(descriptor, mode)


def _former(real: Path) -> os.stat_result | None:
    """Returns the status of the present file, if any. Raises PermissionError if it is read-only."""
    try:
        found = real.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise FileRefused(errno.ELOOP, "it has become a link: try again")
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
    """Removes temporary files of writers that were killed; `now` is the file system's own time."""
    shape = re.compile(rf"\.{re.escape(real.name)}\.(\d{{1,9}})\.[0-9a-f]{{8}}\.tmp")
    with suppress(OSError):
        for entry in os.scandir(real.parent):
            found = shape.fullmatch(entry.name)
            if found and now - entry.stat(follow_symlinks=False).st_mtime > _LEFTOVER_AGE:
                try:
                    os.kill(int(found[1]), 0)
                except ProcessLookupError:
                    Path(entry.path).unlink()


def not_saved(path: Path, why: str) -> UserError:
    """Returns the error that says that the user's file is as it was. Callers show it without a prefix."""
    return UserError(f"{NOT_SAVED}{why} ({clean(str(path))})")


def _not_saved(path: Path, error: Exception) -> UserError:
    """Returns `not_saved` for an OS error; it names the file or folder that refused if that is not `path`."""
    if not isinstance(error, OSError):
        return not_saved(path, clean(str(error)))
    name = error.filename2 or error.filename  # the second one is what could not be replaced
    refused = Path(name) if isinstance(name, str | Path) and error.errno in _OF_ONE_FILE else path
    if refused == path:
        return not_saved(path, reason(error))
    return not_saved(path, f"{clean(refused.name if refused.parent == path.parent else str(refused))}: {reason(error)}")
