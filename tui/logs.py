"""The log of `--log FILE`: the standard library's `logging`, in a file for its owner alone, without secrets."""

import errno
import logging
import os
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from tui.codearts.redaction import redact
from tui.core.errors import UserError
from tui.core.text import DETAIL, clean
from tui.storage.files import FileRefused, check_folder, reason

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_OURS = logging.getLogger("tui")


def open_log(path: Path, secrets: Callable[[], Iterable[str]]) -> "LogFile":
    """Writes what this program logs, and the warnings of the libraries, to the end of the file until `close`.

    `secrets` is called at each write: it returns those that are in memory then. Raises UserError if the file cannot
    be written for its owner alone.
    """
    try:
        log = LogFile(_opened(path), path.absolute())
    except OSError as error:
        why = "it is a link: name the file itself" if error.errno == errno.ELOOP else reason(error)
        raise UserError(f"--log {clean(str(path))} cannot be written: {why}.") from None
    except ValueError:
        raise UserError("--log: invalid file name.") from None
    log.addFilter(RedactingFilter(secrets))
    log.setFormatter(_formatter())
    logging.getLogger().addHandler(log)
    _OURS.setLevel(logging.INFO)
    return log


class RedactingFilter(logging.Filter):
    """Makes each record one plain line without secrets. Drops the traceback: it could contain anything."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except (TypeError, ValueError, LookupError):  # a library's format does not fit its arguments
            text = str(record.msg)
        record.msg, record.args = clean(redact(text, tuple(self._secrets())), DETAIL), None
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _formatter() -> logging.Formatter:
    """The time is UTC."""
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    return formatter


class LogFile(logging.Handler):
    """Appends each record to a file. A write that fails, as on a full disk, is left out.

    When logrotate has renamed or removed the file, `emit` opens a new one under its name; if it cannot, it goes on in
    the old one.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """The caller holds the handler's lock."""
        with suppress(OSError):
            self._reopen_if_moved()
            os.write(self._descriptor, f"{self.format(record)}\n".encode())

    def _reopen_if_moved(self) -> None:
        if self._descriptor < 0:
            return
        held = os.fstat(self._descriptor)
        with suppress(OSError):
            if os.path.samestat(held, self._path.lstat()):
                return
        with suppress(OSError):
            new, old = _opened(self._path), self._descriptor
            self._descriptor = new
            os.close(old)

    def close(self) -> None:
        """Takes the handler off the loggers. What is logged from now on is lost."""
        logging.getLogger().removeHandler(self)
        _OURS.setLevel(logging.NOTSET)
        self.acquire()
        with suppress(OSError):
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)
        self.release()
        super().close()


def _opened(path: Path) -> int:
    """Opens the log. Raises OSError if the path leads into another file, or if other users could replace the file."""
    check_folder(path.parent, clean(str(path.parent)))
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused(errno.EPERM, "it is not a regular file: name one")
        if found.st_uid != os.geteuid() or found.st_nlink > 1:
            raise FileRefused(errno.EPERM, "it belongs to another user or has a second name: name a new file")
        os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
