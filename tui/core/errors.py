"""Errors that the user can fix."""

import errno
from collections.abc import Iterator, Mapping

from tui.core.text import clean

SHORTAGES: Mapping[int, str] = {
    errno.ENOSPC: "the disk is full: make room and try again",
    errno.EDQUOT: "the disk quota is used up: make room and try again",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this computer: close some programs",
    errno.EAGAIN: "too many processes run: raise the limit (ulimit -u), or close some programs",
    errno.ENOMEM: "there is not enough memory: close some programs",
}
"""Shortages of the computer by errno, and what to do."""
FILE_ERRORS: Mapping[int, str] = {
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
    errno.ESTALE: "its file server has replaced it, or was restarted: try again",
    errno.ETIMEDOUT: "its file server does not answer: try again once it does",
    errno.EHOSTDOWN: "its file server does not answer: try again once it does",
    errno.ENOTCONN: "its file system is no longer connected: mount it again",
    errno.EBUSY: "it is mounted by itself, as into a container: mount its folder instead",
    errno.ENAMETOOLONG: "its name is too long: choose a shorter one",
}
"""Why a file cannot be used by errno, and what to do."""

NEEDS_EXTRAS = "{} more than the status call: leave out --status-only, and set extras = true in [service]."
"""Why something is not done, where calls beside the status call are switched off."""
NO_PROFILE = "The settings have no profile {!r}: add it there, or change the job's profile."
_NO_THREAD = "can't start new thread"


class UserError(Exception):
    """One sentence: what happened and what to do next. Ends a command with exit code 2, but never the screen."""


def file_error(error: OSError) -> str:
    """Returns in words why a file cannot be used, and what to do about it."""
    return FILE_ERRORS.get(error.errno or 0) or clean(error.strerror or str(error))


def shortage(error: BaseException | None) -> str:
    """The shortage that caused `error`, even behind another error; empty if there was none."""
    return next(filter(None, map(own_shortage, causes(error))), "")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yields the error and what caused it, the members of a group before what is behind it, each once."""
    errors, seen = [error], set[int]()
    while errors:
        one = errors.pop()
        if one is None or id(one) in seen:  # a group may be the context of one of its members
            continue
        seen.add(id(one))
        yield one
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        errors += [one.__cause__ or one.__context__, *reversed(members)]


def own_shortage(error: BaseException) -> str:
    """The shortage that this error is, whatever caused it; empty if it is none."""
    if isinstance(error, MemoryError):
        return SHORTAGES[errno.ENOMEM]
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return SHORTAGES[errno.EAGAIN]
    return SHORTAGES.get(error.errno or 0, "") if isinstance(error, OSError) else ""
