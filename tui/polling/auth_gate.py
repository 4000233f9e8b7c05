"""Is the credential refused, or one job? Decides it with one probe, and remembers the answer."""

from enum import StrEnum
from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry
from tui.polling.circuit_breaker import KINDS

CHECK_EVERY = 2.0
"""Seconds between looks for a new credential."""
PROBES_APART = 10.0
"""Seconds between two probes that the user asks for: each may be a log-in, and a few that fail lock the account."""
SHOWN_AGAIN = (60.0,) * 5 + (300.0,)
"""Seconds between two times that a refused ready token is shown again; the last one for ever."""
_SAYS_NOTHING = KINDS | {
    FailureKind.THROTTLED,
    FailureKind.BAD_REPLY,
    FailureKind.INTERNAL,
}
"""Failures that may come before anybody looked at the credential."""


class AuthState(StrEnum):
    OPEN = "open"
    DOUBTED = "doubted"
    """A job was refused: everything is held but one probe of another job."""
    SIGNED_OUT = "signed out"
    """Nothing is asked until the credential changes or the user asks; but a ready token is shown again, seldom."""


class AuthGate:
    """What is known of the credential. All times are the caller's clock."""

    def __init__(self, pause: float) -> None:
        self.access = AuthState.OPEN
        self.failure: Failure | None = None
        """The last refusal; None while the credential is believed good."""
        self.refused: set[JobId] = set()
        """Jobs refused since the doubt began."""
        self.probe: JobId | None = None
        """The job in flight as a probe."""
        self.probe_at = -inf
        self.check_at = inf
        self.wanted: JobId | None = None
        """Signed out: the user asks for this one."""
        self.show_at = inf
        """Signed out: when a ready token is shown again."""
        self.is_silent = False
        """The probe is one that nobody asked for: only its success is news."""
        self._shown = 0
        """How often that was since the profile was signed out."""
        self.renewed_at = -inf
        """When a new credential or a probe that the user asked for let us in again."""
        self._pause = pause
        self._had_no_other = False

    def is_outdated(self, failure: Failure, sent: float) -> bool:
        """A refusal of the credential that has been replaced since."""
        return failure.kind.retry is Retry.SIGN_IN and sent < self.renewed_at

    def answered(self, job: JobId, failure: Failure | None, now: float) -> bool:
        """Learn from a reading; whether a profile that was signed out is in again."""
        was_probe = job == self.probe
        if was_probe:
            self.probe = None
        if failure and failure.kind.retry is Retry.SIGN_IN:
            self._refuse(job, failure, was_probe, now)
        elif was_probe and failure and failure.kind in _SAYS_NOTHING:
            self.probe_at = now + self._pause
        elif was_probe:
            return self._let_in(now)
        return False

    def dropped(self, job: JobId) -> None:
        """The answer of this job does not count."""
        if job == self.probe:
            self.probe = None

    def asked(self, job: JobId, now: float) -> None:
        """A request left; while access is not open it is the probe."""
        if self.access is not AuthState.OPEN:
            self.probe = job
            self.wanted = None
        if self.access is AuthState.SIGNED_OUT:
            self.probe_at = now + PROBES_APART

    def show_again(self, job: JobId | None, now: float) -> None:
        """Ask about this job, if any can be asked, to see whether the credential is good again."""
        self._shown += 1
        self.show_at = now + SHOWN_AGAIN[min(self._shown, len(SHOWN_AGAIN) - 1)]
        if not self.probe and not self.wanted:
            self.wanted, self.is_silent = job, True

    def renew(self, now: float) -> None:
        """The credential changed."""
        self._let_in(now)

    def sign_out(self, now: float, had_no_other: bool = False) -> None:
        """Ask nothing more. With no other job to compare, the first that comes decides again."""
        self.access = AuthState.SIGNED_OUT
        self.check_at = now + CHECK_EVERY
        self.show_at, self._shown = now + SHOWN_AGAIN[0], 0
        self._had_no_other = had_no_other

    def others_came(self) -> None:
        """There are new jobs."""
        if self.access is AuthState.SIGNED_OUT and self._had_no_other:
            self.access = AuthState.DOUBTED

    def _refuse(self, job: JobId, failure: Failure, was_probe: bool, now: float) -> None:
        self.failure = failure
        self.refused.add(job)
        if self.access is AuthState.SIGNED_OUT:
            return
        if was_probe or failure.kind is not FailureKind.SIGN_IN:
            self.sign_out(now)
        elif self.access is AuthState.OPEN:
            self.access = AuthState.DOUBTED
            self.probe_at = now

    def _let_in(self, now: float) -> bool:
        was_out = self.access is AuthState.SIGNED_OUT
        self.access = AuthState.OPEN
        self.failure = None
        self.refused.clear()
        self.probe = self.wanted = None
        if was_out:
            self.renewed_at = now
        return was_out
