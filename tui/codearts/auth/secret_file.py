"""A file with a secret, which only its owner may read. It is read again when it was written."""

import codecs
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from tui.core.errors import UserError, file_error, shortage
from tui.core.reading import Failure, FailureKind
from tui.core.text import HIDDEN, clean, looks_secret

LARGEST_FILE = 128 * 1024
"""Bytes."""

_NOT_THERE = "There is no such file: check its name, or write it."
_NO_FILE = "It is not a regular file: write the credential into a file of its own."
_IS_NO_NAME = "This looks like the secret itself: write it into a file, and give the name of that."
_LONGEST_NAME = 24

Held = TypeVar("Held")
_Stamp = tuple[int, int, int, int]


class PrivateFile(Generic[Held]):
    """Holds what `parse` returns for the file's text; reads it again if the file or its permissions changed.

    `parse` may raise UserError, without the text.
    """

    def __init__(self, path: Path, parse: Callable[[str], Held]) -> None:
        self.source = f"file {HIDDEN if _is_secret(path.name) else clean(_from_home(path), 200)}"
        self._path = path
        self._parse = parse
        self._stamp: _Stamp | None = None
        self._value: Held | Failure | None = None

    def value(self) -> Held | Failure:
        """Returns the current value. Never raises for what is missing or wrong."""
        stamp = self._stamp_now()  # before reading: the next call notices what is written in between
        if self._value is None or stamp is None or stamp != self._stamp:
            self._value, self._stamp = None, stamp
            try:
                self._value = self._parse(_read_private(self._path))
            except UserError as problem:
                self._value = unusable(self.source, str(problem))
            except (OSError, ValueError) as error:
                return self._unread(error)  # not kept: the system may permit it the next time, the file being the same
        return self._value

    def changed(self) -> bool:
        """Returns whether the file was written since the last `value()`."""
        return self._stamp_now() != self._stamp

    def is_there(self) -> bool:
        return self._stamp_now() is not None

    def _stamp_now(self) -> _Stamp | None:
        try:
            return _stamp_of(self._path.stat())
        except (OSError, ValueError):
            return None

    def _unread(self, error: OSError | ValueError) -> Failure:
        if isinstance(error, IsADirectoryError):
            return unusable(self.source, _NO_FILE)
        if _is_secret(self._path.name):
            return unusable(self.source, _IS_NO_NAME)
        if isinstance(error, FileNotFoundError):
            return unusable(self.source, _NOT_THERE)
        reason = file_error(error) if isinstance(error, OSError) else "invalid file name: check it"
        failure = unusable(self.source, f"It cannot be read: {reason}.")
        return failure._replace(kind=FailureKind.SHORTAGE) if shortage(error) else failure


def unusable(source: str, problem: str) -> Failure:
    """Returns the failure of a source that has no usable credential."""
    return Failure(FailureKind.NO_CREDENTIAL, clean(f"{source}: {problem}"))


def _is_secret(name: str) -> bool:
    """Whether the user gave a secret in place of a file name: few names are so long, with digits and without a dot."""
    is_plain = name.isascii() and name.replace("-", "").replace("_", "").replace("=", "").isalnum()
    is_odd = len(name) > _LONGEST_NAME and is_plain and any(map(str.isdigit, name)) and any(map(str.isalpha, name))
    return is_odd or looks_secret(name)


def _stamp_of(info: os.stat_result) -> _Stamp:
    """Changes when the file is written, replaced, or given other permissions, which only `ctime` shows."""
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _read_private(path: Path) -> str:
    """Checks the file after opening it, so that it cannot be swapped in between; never waits for a pipe."""
    with open(path, "rb", opener=_open_without_waiting) as file:  # os.fdopen would leave a folder open
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise UserError(_NO_FILE)
        if info.st_mode & 0o077:
            may_close_it = os.geteuid() in (0, info.st_uid)
            what_to_do = "run chmod 600 on it" if may_close_it else "copy it to one of your own, and chmod 600 that"
            raise UserError(f"Others may read or write it: {what_to_do}.")
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UserError(f"It is larger than {LARGEST_FILE // 1024} KiB: it must hold the credential alone.")
    return _decoded(content)


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _decoded(content: bytes) -> str:
    """Decodes UTF-8, or UTF-16 if the content begins with its byte order mark; removes the mark."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")


def _from_home(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (RuntimeError, ValueError):
        return str(path)
