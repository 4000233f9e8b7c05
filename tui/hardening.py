"""Protects the secrets in this process from other programs of the same user."""

import resource
import sys
from contextlib import suppress

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
