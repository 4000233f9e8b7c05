"""The circuit breaker of a profile: tells a failing network or service from a single failing job."""

from collections.abc import Callable, Collection
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry

NETWORK_KINDS = frozenset(
    {
        FailureKind.DNS,
        FailureKind.UNREACHABLE,
        FailureKind.TIMEOUT,
        FailureKind.PROXY,
        FailureKind.BROKEN_CONNECTION,
        FailureKind.TLS,
        FailureKind.GATEWAY_ERROR,
        FailureKind.NO_TOKEN,
        FailureKind.WRONG_ENDPOINT,
        FailureKind.REDIRECTED,
    }
)
"""Failures on the way to the service, IAM among it: the reply, if there was one, may be a captive portal's page."""
THRESHOLD = 5
"""This many different jobs that fail one after another open the breaker."""
LONGEST_GAP = 30.0
"""Seconds between two probes at most."""
FRUITLESS_PROBES = 2
"""So many probes without an answer show that the trouble lasts. Until then other requests leave, too: some may come
through where only most fail."""


class CircuitState(StrEnum):
    """The states of a circuit breaker; `AuthGate` has the same."""

    CLOSED = "closed"
    """All is well: requests leave as scheduled."""
    OPEN = "open"
    """Requests fail for a reason that all jobs share. The next probe is due at `probe_at`."""
    HALF_OPEN = "half-open"
    """The result of one probe decides between CLOSED and OPEN."""


def may_have_recovered(failure: Failure | None, kinds: Collection[FailureKind]) -> bool:
    """Returns whether a job that failed like this deserves a request now that failures of `kinds` are over."""
    return failure is not None and (failure.kind in kinds or failure.kind.retry is Retry.PASSING)


class JobHealth(NamedTuple):
    """What was known of a job before a reading."""

    was_read: bool = False
    """Whether any reading of it has succeeded."""
    failure: FailureKind | None = None
    """Why the last reading failed; None if it succeeded."""


class CircuitBreaker:
    """Opens when the last few readings, each of another job, failed alike; a probe then leaves at intervals.

    All network failures are alike. Any other failure is the job's own, unless several jobs get the same one, one after
    another; a lasting one, such as that there is no such job, counts only for jobs that could be read before. All times
    are seconds of the caller's clock.
    """

    def __init__(self, idle: float) -> None:
        """`idle` is the polling interval of an idle job: the first gap between probes is half of it."""
        self.state = CircuitState.CLOSED
        self.failure: Failure | None = None
        """The last failure that kept the breaker open; None while it is closed."""
        self.probe: JobId | None = None
        """HALF_OPEN: the job whose request is the probe."""
        self.probe_at = inf
        """When the next probe is due; infinite while the breaker is closed."""
        self.gap = self._first_gap = min(idle / 2, LONGEST_GAP)
        """Seconds between two probes; each probe doubles it."""
        self._probes = 0
        """How many probes left since the service answered last."""
        self._failed: set[JobId] = set()
        """The jobs of the current series of failures that are alike."""
        self._series = NETWORK_KINDS
        """The kinds of failures that belong to that series."""
        self._kinds = NETWORK_KINDS
        """All kinds of failures since the breaker opened."""

    @property
    def pause(self) -> float | None:
        """Seconds between two probes now, as the last failure may have named them; None while the breaker is closed."""
        return max(self.gap, self.failure.retry_after or 0.0) if self.failure else None

    @property
    def holds_back(self) -> bool:
        """Whether probes alone are to leave, besides what the user asks for."""
        return self.failure is not None and self._probes >= FRUITLESS_PROBES

    def on_sent(self, job: JobId, now: float) -> None:
        """A request leaves. From `probe_at` on it is a probe, and the next one waits twice as long."""
        if now >= self.probe_at:
            self.state, self.probe = CircuitState.HALF_OPEN, job
            self._probes += 1
            self.gap = min(2 * self.gap, LONGEST_GAP)
            self.probe_at = now + self.gap

    def on_dropped(self, job: JobId) -> None:
        """The request of this job brought no reading that counts."""
        if job == self.probe:
            self.state, self.probe = CircuitState.OPEN, None

    def on_reading(
        self, job: JobId, failure: Failure | None, known: JobHealth, enough: Callable[[bool], int], now: float
    ) -> frozenset[FailureKind]:
        """Learns from a reading.

        `enough` returns how many jobs can fail at most: by network failures if called with True, else alike.

        Returns the kinds of failures whose jobs deserve a request at once; empty unless this reading closed the
        breaker. A service that replies with its own errors (500) closes it as well, until several jobs get them, but is
        not hurried.
        """
        self.on_dropped(job)
        recovered = frozenset[FailureKind]()
        if failure and self._is_old_news(failure, known):
            return recovered
        alike = _kinds_alike(failure, known)
        if alike not in (NETWORK_KINDS, self._series):
            if failure is None or failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN):  # the service is well
                recovered = self._kinds if self.failure else recovered
                self.reset()
            else:
                self._close()
        if failure and alike:
            self._count_failure(job, failure, alike, enough, now)
        return recovered

    def reset(self) -> None:
        """Closes the breaker and forgets all trouble."""
        self._close()
        self._probes = 0

    def _close(self) -> None:
        """Closes the breaker. Probes without an answer still count: it may open again for the same trouble."""
        self.state = CircuitState.CLOSED
        self.failure = self.probe = None
        self.probe_at = inf
        self._failed.clear()

    def _is_old_news(self, failure: Failure, known: JobHealth) -> bool:
        """Returns whether the job only fails as it did before, while others begin to fail alike."""
        others_fail = bool(self._failed) and self._series != NETWORK_KINDS
        return others_fail and failure.kind is known.failure and failure.kind in NETWORK_KINDS | self._series

    def _count_failure(
        self, job: JobId, failure: Failure, alike: frozenset[FailureKind], enough: Callable[[bool], int], now: float
    ) -> None:
        if alike != self._series:
            self._failed.clear()
            self._series = alike
        self._failed.add(job)
        wait = failure.retry_after or 0.0
        if self.failure:
            self.failure = failure
            self.probe_at = max(self.probe_at, now + wait)
        elif len(self._failed) >= min(THRESHOLD, enough(alike == NETWORK_KINDS)):
            self.state, self.failure = CircuitState.OPEN, failure
            self._kinds = NETWORK_KINDS | alike
            self.gap = self._first_gap
            self.probe_at = now + max(self.gap, wait)


def _kinds_alike(failure: Failure | None, known: JobHealth) -> frozenset[FailureKind]:
    """Returns the kinds that count as the same failure as this one; empty for a success and a job's own failure."""
    if failure is None:
        return frozenset()
    if failure.kind in NETWORK_KINDS:
        return NETWORK_KINDS
    is_shared = failure.kind.retry is Retry.PASSING or (failure.kind.retry is Retry.LASTING and known.was_read)
    return frozenset({failure.kind}) if is_shared and known.failure is not failure.kind else frozenset()
