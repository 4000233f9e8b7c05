"""A circuit breaker for the credential: one probe decides whether the service refuses the credential or one job."""

from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry
from tui.polling.circuit_breaker import NETWORK_KINDS, CircuitState

CHECK_EVERY = 2.0
"""OPEN: seconds between two checks for a new credential."""
PROBES_APART = 10.0
"""Seconds between two probes that the user requests: each may be a login, and a few failed ones lock the account."""
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
    """What is known of a profile's credential. All times are seconds of the caller's clock.

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
