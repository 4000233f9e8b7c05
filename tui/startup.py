"""What happens before anything else is loaded: secrets are protected, and the garbage collector is paused.

The collector takes a seventh of the CPU until the first frame.
"""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


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
