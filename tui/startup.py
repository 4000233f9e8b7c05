"""What happens before anything else is loaded: secrets are protected, and the garbage collector is paused.

The collector takes a seventh of the CPU until the first frame.
"""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def gc_paused() -> Iterator[None]:
    """The collector is off until `resume_gc` or the end, whichever comes first."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def resume_gc() -> None:
    """Turns the collector on again; what exists by now is never looked at. Does nothing the second time."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


_PR_SET_DUMPABLE = 4


def harden() -> None:
    """Turns off core files, and keeps other programs of this user from reading our memory and environment.

    As far as the system permits. Call it before anything else in every process that may hold a secret.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _own_file() -> tuple[int, int] | None:
    """What differs after another version has been installed; None where the program is no folder of files."""
    try:
        found = Path(__file__).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


_AT_START = _own_file()

A_BUG = "codearts-watch ended because of a bug of its own:"
REPLACED = "codearts-watch ended because its files were replaced while it ran, as by an update: start it again."


def why_it_crashed() -> str:
    """Returns what stands above the traceback. Much is imported late: of another version it may not fit."""
    return A_BUG if _own_file() == _AT_START else REPLACED
