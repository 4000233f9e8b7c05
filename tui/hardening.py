"""What keeps the secrets in this process from the other programs of its user."""

import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core file, and no reading of our memory or environment by our user's other programs: tokens are in them.

    As far as the system lets us. Call it before anything else, in every process that may hold a secret.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
