"""The two circuit breakers of a profile: one tells a failing network or service from a single failing job; the other, a
refused credential from a single refused job.
"""

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
    """The states of both circuit breakers."""

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


CHECK_EVERY = 2.0
"""Seconds between two checks for a new credential while a profile is signed out."""
PROBES_APART = 10.0
"""Seconds between two probes of a signed-out profile that the user requests: each may be a login, and a few failed ones
lock the account."""
RETRIES_APART = (60.0,) * 5 + (300.0,)
"""Seconds between two probes with a token that was refused and cannot be renewed; the last value repeats."""
_BEFORE_AUTH = NETWORK_KINDS | {
    FailureKind.THROTTLED,
    FailureKind.BAD_REPLY,
    FailureKind.SHORTAGE,
    FailureKind.SETTINGS,
    FailureKind.INTERNAL,
}
"""Failures that may happen before the service has checked the credential."""


class AuthGate:
    """The circuit breaker for the credential of a profile: one probe decides whether the service refuses the credential
    or one job. All times are seconds of the caller's clock.

    CLOSED: the credential is believed good. HALF_OPEN: a job was refused, and all requests wait for one probe of
    another job. OPEN: the profile is signed out. No request leaves until the credential changes, except probes that
    the user requests and, rarely, one with a token that cannot be renewed.
    """

    def __init__(self, pause: float) -> None:
        """`pause` is the number of seconds between two probes where the first one proved nothing."""
        self.state = CircuitState.CLOSED
        self.failure: Failure | None = None
        """The last refusal; None while the credential is believed good."""
        self.refused_jobs: set[JobId] = set()
        """Jobs whose requests were refused since the gate was closed last."""
        self.probe: JobId | None = None
        """The job whose request is the probe, while it is in flight."""
        self.probe_at = -inf
        """When the next probe may leave."""
        self.check_at = inf
        """OPEN: when to check for a new credential."""
        self.requested: JobId | None = None
        """OPEN: the job that the next probe is to ask about."""
        self.retry_at = inf
        """OPEN: when to try a token again that cannot be renewed."""
        self.is_silent = False
        """Whether the user did not request the probe: then only its success is reported."""
        self.renewed_at = -inf
        """When a signed-out profile was let in again."""
        self._retries = 0
        """Number of times that the same token was tried again since the gate opened."""
        self._pause = pause
        self._had_no_other = False

    def is_outdated(self, failure: Failure, sent: float) -> bool:
        """Returns whether the failure refuses a credential that has been replaced since the request was sent."""
        return failure.kind.retry is Retry.SIGN_IN and sent < self.renewed_at

    def on_sent(self, job: JobId, now: float) -> None:
        """A request leaves; unless the gate is closed it is the probe."""
        if self.state is not CircuitState.CLOSED:
            self.probe = job
            self.requested = None
        if self.state is CircuitState.OPEN:
            self.probe_at = now + PROBES_APART

    def on_dropped(self, job: JobId) -> None:
        """The request of this job brought no reading that counts."""
        if job == self.probe:
            self.probe = None

    def on_reading(self, job: JobId, failure: Failure | None, now: float) -> bool:
        """Learns from a reading. Returns whether it let a signed-out profile in again."""
        was_probe = job == self.probe
        if was_probe:
            self.probe = None
        if failure and failure.kind.retry is Retry.SIGN_IN:
            self._refuse(job, failure, was_probe, now)
        elif was_probe and failure and failure.kind in _BEFORE_AUTH:
            self.probe_at = now + self._pause
        elif was_probe:
            return self.close(now)
        return False

    def on_new_jobs(self) -> None:
        """Jobs were added or resumed. If there was no other job for a probe before, there may be one now."""
        if self.state is CircuitState.OPEN and self._had_no_other:
            self.state = CircuitState.HALF_OPEN

    def retry(self, job: JobId | None, now: float) -> None:
        """Requests a silent probe of `job` (None if no job is free) with the credential that was refused."""
        self._retries += 1
        self.retry_at = now + RETRIES_APART[min(self._retries, len(RETRIES_APART) - 1)]
        if not self.probe and not self.requested:
            self.requested, self.is_silent = job, True

    def open(self, now: float, had_no_other: bool = False) -> None:
        """Signs the profile out. `had_no_other`: without a probe, since there was no other job to send it for."""
        self.state = CircuitState.OPEN
        self.check_at = now + CHECK_EVERY
        self.retry_at, self._retries = now + RETRIES_APART[0], 0
        self._had_no_other = had_no_other

    def close(self, now: float) -> bool:
        """Believes the credential. Returns whether the profile was signed out."""
        was_open = self.state is CircuitState.OPEN
        self.state = CircuitState.CLOSED
        self.failure = None
        self.refused_jobs.clear()
        self.probe = self.requested = None
        if was_open:
            self.renewed_at = now
        return was_open

    def _refuse(self, job: JobId, failure: Failure, was_probe: bool, now: float) -> None:
        self.failure = failure
        self.refused_jobs.add(job)
        if self.state is CircuitState.OPEN:
            return
        if was_probe or failure.kind is not FailureKind.SIGN_IN:
            self.open(now)
        elif self.state is CircuitState.CLOSED:
            self.state = CircuitState.HALF_OPEN
            self.probe_at = now
