"""Files read whole, and what goes wrong with files in words."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from tui.core.problem import SHORTAGES
from tui.core.text import clean

Signature = tuple[int, int, int] | None
"""Inode, size and time of change of a file's content; None when there is no file."""

_REASONS = {
    **SHORTAGES,
    errno.EROFS: "the file system is read-only: use a file elsewhere",
    errno.EACCES: "permission denied: check who owns the file and its folder",
    errno.EPERM: "permission denied: check who owns the file and its folder",
    errno.EFBIG: "the limit for the size of a file is reached: raise it (ulimit -f)",
    errno.ELOOP: "symbolic links lead in a circle: mend the link",
    errno.ENOENT: "there is no such folder: make it, or mend the link that leads there",
    errno.EISDIR: "it is a folder: name a file",
    errno.EEXIST: "a part of its path is not a folder: mend the path",
    errno.ENOTDIR: "a part of its path is not a folder: mend the path",
    errno.EIO: "the disk reports an error: check the disk",
    errno.ENOLCK: "this file system has no locks: use a file elsewhere",
}


class Refusal(OSError):
    """This program refuses the file, and its words say why."""


class Unreadable(Exception):
    """Why the text of a file cannot be used; line and column count from 1 and are 0 when unknown."""

    def __init__(self, reason: str, line: int = 0, column: int = 0, may_pass: bool = False) -> None:
        """`may_pass`: the system did not let us read, which may end without any change of the file."""
        super().__init__(reason)
        self.may_pass = may_pass
        self.reason = clean(reason)
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """' at line 3, column 7', or nothing."""
        return f" at line {self.line}, column {self.column}" if self.line else ""


def reason(error: OSError) -> str:
    """The error in words, and what to do about it."""
    known = "" if isinstance(error, Refusal) else _REASONS.get(error.errno or 0)
    return known or clean(error.strerror or str(error))


def signature(path: Path) -> Signature:
    """What changes whenever the file does."""
    try:
        return signature_of(path.stat())
    except (OSError, ValueError):
        return None


def signature_of(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def read_text(path: Path, limit: int, check: Callable[[os.stat_result], None] = lambda _: None) -> str | None:
    """The text as it is on disk, a byte order mark included; None when there is no file. Raises Unreadable.

    `check` sees the status of the open file, and may raise Unreadable.
    """
    try:
        content = _read(path, limit, check)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(reason(error), may_pass=True) from None
    except ValueError as error:
        raise Unreadable(str(error)) from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[start : error.start].decode(errors="replace")) + 1
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable("it is not UTF-8: save it in that encoding", line, column) from None


def _read(path: Path, limit: int, check: Callable[[os.stat_result], None]) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not block
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("it is not a regular file: name one")
        check(found)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Unreadable(f"it is larger than {limit >> 20} MiB: that cannot be right, look into it")
    return content
