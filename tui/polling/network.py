"""Network trouble: is it the job that cannot be read, or the way to the service?"""

from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry

KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.UNREACHABLE,
        FailureKind.TIMEOUT,
        FailureKind.PROXY,
        FailureKind.BROKEN_CONNECTION,
        FailureKind.TLS,
        FailureKind.GATEWAY_ERROR,
    }
)
"""Failures on the way: the service itself has not answered."""
ENOUGH = 5
"""Jobs that fail one after another, with no other answer between."""
LONGEST_GAP = 30.0


def is_answer(failure: Failure | None) -> bool:
    """Did the service itself answer, whatever it said of the job or the credential?"""
    return (failure is None or failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN)) and not _is_on_the_way(failure)


def hopes_for_network(failure: Failure | None) -> bool:
    """Is this worth another question as soon as the network is back?"""
    return failure is not None and (failure.kind in KINDS or failure.kind.retry is Retry.PASSING)


def _is_on_the_way(failure: Failure | None) -> bool:
    return failure is not None and failure.kind in KINDS


class Network:
    """Trouble begins when the last few distinct jobs in a row failed on the way; a probe then goes ahead of them."""

    def __init__(self, idle: float) -> None:
        self.trouble: Failure | None = None
        """The last failure on the way, while there is trouble."""
        self.probe_at = inf
        self._first_gap = min(idle / 2, LONGEST_GAP)
        self._gap = self._first_gap
        self._failed: set[JobId] = set()

    def answered(self, job: JobId, failure: Failure | None, active: int, now: float) -> bool:
        """Learn from a reading, with this many jobs being watched; whether it ended the trouble.

        An overloaded service that answers with its own errors ends the trouble, but that is no reason to hurry.
        """
        if failure is None or failure.kind not in KINDS:
            was_in_trouble = self.trouble is not None
            self.forget()
            return was_in_trouble and is_answer(failure)
        self._failed.add(job)
        if self.trouble:
            self.trouble = failure
            self.probe_at = max(self.probe_at, now + (failure.retry_after or 0.0))
        elif len(self._failed) >= max(1, min(ENOUGH, active)):
            self.trouble = failure
            self._gap = self._first_gap
            self.probe_at = now + max(self._gap, failure.retry_after or 0.0)
        return False

    def probed(self, now: float) -> None:
        """A request left at or after `probe_at`: the next probe waits longer."""
        self._gap = min(2 * self._gap, LONGEST_GAP)
        self.probe_at = now + self._gap

    def forget(self) -> None:
        """No trouble, and nobody failed."""
        self.trouble = None
        self.probe_at = inf
        self._failed.clear()
