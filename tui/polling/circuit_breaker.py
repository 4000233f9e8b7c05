"""The circuit breaker: tells trouble on the way to the service from trouble with one job."""

from collections.abc import Callable, Collection
from math import inf
from typing import NamedTuple

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
        FailureKind.WRONG_ENDPOINT,
        FailureKind.REDIRECTED,
    }
)
"""Failures on the way: the service itself has not answered, but perhaps the log-in page of a network."""
ENOUGH = 5
"""Jobs that fail one after another, with no other answer between."""
LONGEST_GAP = 30.0


def is_answer(failure: Failure | None) -> bool:
    """Did the service itself answer, whatever it said of the job or the credential?"""
    return (failure is None or failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN)) and not _is_on_the_way(failure)


def hopes_for_network(failure: Failure | None, kinds: Collection[FailureKind]) -> bool:
    """Is this worth another question as soon as trouble that showed itself as these kinds is over?"""
    return failure is not None and (failure.kind in kinds or failure.kind.retry is Retry.PASSING)


def _is_on_the_way(failure: Failure | None) -> bool:
    return failure is not None and failure.kind in KINDS


class Known(NamedTuple):
    """What was known of a job before a reading."""

    was_read: bool = False
    """There was a good answer once."""
    failure: FailureKind | None = None
    """Why the last reading brought none."""


class CircuitBreaker:
    """Trouble begins when the last few distinct jobs in a row failed alike; a probe then goes ahead of them.

    All failures on the way are alike. Any other is the job's own failure, unless jobs that answered well before get
    the same one, one after another.
    """

    def __init__(self, idle: float) -> None:
        self.trouble: Failure | None = None
        """The last failure of that kind, while there is trouble."""
        self.probe_at = inf
        self.gap = self._first_gap = min(idle / 2, LONGEST_GAP)
        """Seconds between two probes."""
        self._alike = KINDS
        """The kinds that the last jobs in a row failed of."""
        self._failed: set[JobId] = set()
        self._kinds = KINDS
        """All kinds that came since the trouble began."""

    def answered(
        self, job: JobId, failure: Failure | None, known: Known, enough: Callable[[bool], int], now: float
    ) -> frozenset[FailureKind]:
        """Learn from a reading; `enough` returns how many jobs can fail on the way (True), or alike otherwise.

        Returns the kinds of failures that are worth another question at once; empty unless this ended the trouble. An
        overloaded service that answers with its own errors ends the trouble, but that is no reason to hurry.
        """
        hurry = frozenset[FailureKind]()
        if failure and self._says_nothing(failure, known):
            return hurry
        alike = _alike(failure, known)
        if alike != KINDS and (not alike or alike != self._alike):
            hurry = self._kinds if self.trouble and is_answer(failure) else hurry
            self.forget()
        if failure and alike:
            self._fail(job, failure, alike, enough, now)
        return hurry

    def _says_nothing(self, failure: Failure, known: Known) -> bool:
        """A job that goes on failing as it did before, while others begin to fail alike."""
        others_fail = bool(self._failed) and self._alike != KINDS
        return others_fail and failure.kind is known.failure and failure.kind in KINDS | self._alike

    def _fail(
        self, job: JobId, failure: Failure, alike: frozenset[FailureKind], enough: Callable[[bool], int], now: float
    ) -> None:
        if alike != self._alike:
            self._failed.clear()
            self._alike = alike
        self._failed.add(job)
        if self.trouble:
            self.trouble = failure
            self._kinds |= alike
            self.probe_at = max(self.probe_at, now + (failure.retry_after or 0.0))
        elif len(self._failed) >= min(ENOUGH, enough(alike == KINDS)):
            self.trouble = failure
            self._kinds = KINDS | alike
            self.gap = self._first_gap
            self.probe_at = now + max(self.gap, failure.retry_after or 0.0)

    def probed(self, now: float) -> None:
        """A request left at or after `probe_at`: the next probe waits longer."""
        self.gap = min(2 * self.gap, LONGEST_GAP)
        self.probe_at = now + self.gap

    def forget(self) -> None:
        """No trouble, and nobody failed."""
        self.trouble = None
        self.probe_at = inf
        self._failed.clear()


def _alike(failure: Failure | None, known: Known) -> frozenset[FailureKind]:
    """The kinds of failures that are like this one; none for a good answer and for a job's own failure."""
    if failure is None:
        return frozenset()
    if failure.kind in KINDS:
        return KINDS
    is_new = known.was_read and known.failure is not failure.kind
    may_be = is_new and failure.kind.retry in (Retry.LASTING, Retry.PASSING)
    return frozenset({failure.kind}) if may_be else frozenset()
