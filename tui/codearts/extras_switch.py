"""Which extra calls may be sent: each kind is switched off when the service refuses it or fails. Pure.

All times are seconds of the caller's clock. `check` shows the summary.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.codearts.extra_call import CallKind
from tui.core.reading import Failure, FailureKind, Retry

REFUSALS = 2
"""So many refusals in a row switch a kind off."""
FIRST_REST, LONGEST_REST = 600.0, 4 * 3600.0
"""Seconds that a kind rests after the service failed; doubled each time."""
THROTTLED_REST = 300.0
"""Seconds that all kinds rest after the service asked for fewer requests, or refused the sign-in of an extra call."""
NETWORK_REST = 60.0
"""Seconds that all kinds rest after no connection could be made."""

_ABOUT_A_JOB = re.compile(r"(?:DEV\.?)?CB\.(?:00031006|00031059|00060201|032011)", re.ASCII)
"""No such job, never built, or an invalid ID: says nothing about the call."""
_NEVER_BUILT = re.compile(r"(?:DEV\.?)?CB\.00031059", re.ASCII)
_NO_SUCH_LOG = re.compile(r"(?:DEV\.?)?CB\.00030004", re.ASCII)
"""The older log call returns this with HTTP 500 for a build that never ran."""
_ON_THE_WAY = (FailureKind.DNS, FailureKind.UNREACHABLE, FailureKind.TLS, FailureKind.PROXY, FailureKind.SETTINGS)


class SwitchState(StrEnum):
    ON = "on"
    RESTING = "resting"
    """Off for a while, after the service failed."""
    OFF = "off"
    """Until the credential or the endpoint changes."""


class KindSummary(NamedTuple):
    """The calls of one kind so far, for `check`."""

    kind: CallKind
    state: SwitchState
    asked: int
    answered: int
    """How many of them succeeded."""
    failure: Failure | None
    """The last one."""
    rests_until: float


@dataclass(slots=True)
class _Switch:
    is_off: bool = False
    refusals: int = 0
    rests: int = 0
    rests_until: float = -inf
    asked: int = 0
    answered: int = 0
    failure: Failure | None = None


class ExtrasSwitch:
    """The switches of one profile: one for each kind of call, and one for all kinds."""

    def __init__(self) -> None:
        self._switches = {kind: _Switch() for kind in CallKind}
        self._all_rest_until = -inf
        self._why: Failure | None = None

    def may_ask(self, kind: CallKind, now: float) -> bool:
        return self.state(kind, now) is SwitchState.ON

    def state(self, kind: CallKind, now: float) -> SwitchState:
        switch = self._switches[kind]
        if switch.is_off:
            return SwitchState.OFF
        return SwitchState.RESTING if now < max(switch.rests_until, self._all_rest_until) else SwitchState.ON

    def reason(self, kind: CallKind, now: float) -> Failure | None:
        """Why the kind is switched off; None if it is on."""
        if self.may_ask(kind, now):
            return None
        switch = self._switches[kind]
        rests_by_itself = switch.is_off or now < switch.rests_until
        return (switch.failure if rests_by_itself else None) or self._why or switch.failure

    def answered(self, kind: CallKind) -> None:
        """A call of this kind succeeded."""
        switch = self._switches[kind]
        switch.asked += 1
        switch.answered += 1
        switch.refusals = switch.rests = 0

    def failed(self, kind: CallKind, failure: Failure, http_status: int | None, now: float) -> None:
        """A call of this kind failed; `http_status` is None if no answer began."""
        switch = self._switches[kind]
        switch.asked += 1
        switch.failure = failure
        if _says_nothing(kind, failure):
            return
        if failure.kind is FailureKind.THROTTLED:
            self._rest_all(failure, max(THROTTLED_REST, failure.retry_after or 0.0), now)
        elif http_status is None and failure.kind in _ON_THE_WAY:
            self._rest_all(failure, NETWORK_REST, now)
        elif _is_nonsense(failure, http_status):
            switch.is_off = True
        elif failure.kind.retry is Retry.PASSING:
            switch.rests_until = now + min(FIRST_REST * 2.0 ** min(switch.rests, 16), LONGEST_REST)
            switch.rests += 1
        else:
            self._refused(switch, failure, now)

    def reset(self) -> None:
        """Switches all kinds on; to be called when the credential changed."""
        for switch in self._switches.values():
            switch.is_off = False
            switch.refusals = switch.rests = 0
            switch.rests_until = -inf
        self._all_rest_until = -inf

    def summary(self, now: float) -> tuple[KindSummary, ...]:
        """The kinds that were called, in the order of `CallKind`."""
        return tuple(
            KindSummary(kind, self.state(kind, now), one.asked, one.answered, one.failure, one.rests_until)
            for kind, one in self._switches.items()
            if one.asked
        )

    def _refused(self, switch: _Switch, failure: Failure, now: float) -> None:
        """Extra calls whose sign-in is refused must stop: five refusals in a row lock an access key."""
        switch.refusals += 1
        switch.is_off = switch.refusals >= REFUSALS
        if failure.kind.retry is Retry.SIGN_IN:
            self._rest_all(failure, THROTTLED_REST, now)

    def _rest_all(self, failure: Failure, seconds: float, now: float) -> None:
        self._why = failure
        self._all_rest_until = max(self._all_rest_until, now + seconds)


def was_never_built(failure: Failure) -> bool:
    """Whether the service refused because the job has no build yet."""
    return _NEVER_BUILT.fullmatch(failure.code) is not None


def has_no_log(failure: Failure) -> bool:
    """Whether the older log call refused because the build never ran."""
    return _NO_SUCH_LOG.fullmatch(failure.code) is not None


def _says_nothing(kind: CallKind, failure: Failure) -> bool:
    return bool(_ABOUT_A_JOB.fullmatch(failure.code)) or (kind is CallKind.LOG_V3 and has_no_log(failure))


def _is_nonsense(failure: Failure, http_status: int | None) -> bool:
    """Whether no CodeArts Build can have sent this answer: an odd one with HTTP 200, or a redirection."""
    is_odd = failure.kind in (FailureKind.BAD_REPLY, FailureKind.WRONG_ENDPOINT) and http_status == 200
    return is_odd or (http_status is not None and failure.kind in (FailureKind.BAD_REPLY, FailureKind.REDIRECTED))
