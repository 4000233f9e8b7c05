"""The client of the extra calls: sends their GETs like the status call, and never affects it. Each kind of call is
switched off when the service refuses it or fails.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple, TypeVar

import httpx

from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.codearts.connections import Connections, Get, Response
from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import CallKind, ExtraCall, has_no_log
from tui.codearts.status_api import failure_of
from tui.codearts.transport_errors import result_or_failure
from tui.core.reading import Failure, FailureKind, Moment, Retry
from tui.threads import in_thread

T = TypeVar("T")

_IN_A_THREAD = 256 * 1024
"""Bytes. A larger answer is parsed in a thread, so that the screen does not wait for a log."""
REFUSALS = 2
"""So many refusals in a row switch a kind off."""
FIRST_REST, LONGEST_REST = 60.0, 4 * 3600.0
"""Seconds that a kind rests after an error of the service; doubled each time. Meanwhile a failed build is shown as
idle."""
THROTTLED_REST = 300.0
"""Seconds that all kinds rest after the service asked for fewer requests, or refused the sign-in of an extra call."""
NETWORK_REST = 60.0
"""Seconds that all kinds rest after no connection could be made."""

_ABOUT_A_JOB = re.compile(r"(?:DEV\.?)?CB\.(?:00031006|00031059|00060201|032011)", re.ASCII)
"""No such job, never built, or an invalid ID: says nothing about the call."""
_ON_THE_WAY = (
    FailureKind.DNS,
    FailureKind.UNREACHABLE,
    FailureKind.TLS,
    FailureKind.PROXY,
    FailureKind.SHORTAGE,
    FailureKind.SETTINGS,
)


class SwitchState(StrEnum):
    ON = "on"
    RESTING = "resting"
    """Off for a while, after an error of the service."""
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
    """The switches of one profile: one for each kind of call, and one for all kinds. Times are the caller's seconds."""

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
        """Notes that a call of this kind succeeded."""
        switch = self._switches[kind]
        switch.asked += 1
        switch.answered += 1
        switch.refusals = switch.rests = 0

    def failed(
        self, kind: CallKind, failure: Failure, http_status: int | None, now: float, is_about_one: bool = False
    ) -> None:
        """Notes that a call of this kind failed; `http_status` is None if no answer began.

        `is_about_one`: it says nothing of the next call, which may be about another job.
        """
        switch = self._switches[kind]
        switch.asked += 1
        switch.failure = failure
        if is_about_one or _says_nothing(kind, failure):
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


def _says_nothing(kind: CallKind, failure: Failure) -> bool:
    return bool(_ABOUT_A_JOB.fullmatch(failure.code)) or (kind is CallKind.LOG_V3 and has_no_log(failure))


def _is_nonsense(failure: Failure, http_status: int | None) -> bool:
    """Whether something else than CodeArts Build sent this answer: an odd one with HTTP 200, or a redirection."""
    is_odd = failure.kind in (FailureKind.BAD_REPLY, FailureKind.WRONG_ENDPOINT) and http_status == 200
    return is_odd or (http_status is not None and failure.kind in (FailureKind.BAD_REPLY, FailureKind.REDIRECTED))


class ExtrasClient:
    """Sends extra calls to one endpoint with the credential of the status call, over connections of its own.

    Only the status call confirms or renews the credential. At most one request of each kind is under way at a time, so
    that a service that refuses a kind receives few of them.

    Extra calls share the profile's request rate: `turn` is awaited before each request and may take its time; it
    returns why, if none may leave.
    `throttled` is called with each failure that asks for fewer requests, and when its request and answer were seen;
    `dated` with the `Date` of each answer.
    """

    def __init__(
        self,
        open_http: Callable[[], httpx.AsyncClient],
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        throttled: Callable[[Failure, float, float], object] = lambda failure, sent, now: None,
        turn: Callable[[], Awaitable[Failure | None]] | None = None,
        dated: Callable[[str], object] = lambda date: None,
    ) -> None:
        self._connections = Connections(open_http)
        self._endpoint = endpoint
        self._credential = credential
        self._now = now
        self._throttled = throttled
        self._turn = turn
        self._dated = dated
        self._switch = ExtrasSwitch()
        self._locks = {kind: asyncio.Lock() for kind in CallKind}
        self._last_shown: AuthHeaders | None = None

    async def fetch(self, call: ExtraCall[T], is_paid: bool = False) -> T | Failure:
        """Returns the call's result, or why there is none. Sends nothing if the kind is switched off.

        With `is_paid` the request has had its turn. Never raises for what network, server or credential do.
        """
        # before the lock: who waits for a turn in the background holds no dialog up
        if self._turn and not is_paid and not self.closed(call.kind) and (pause := await self._turn()):
            return pause
        async with self._locks[call.kind]:
            if reason := self.closed(call.kind):
                return reason
            return await self._ask(call)

    def closed(self, kind: CallKind) -> Failure | None:
        """Why the kind is switched off now; None if it is not. A changed credential switches all kinds on."""
        if self._last_shown and self._credential.has_changed_since(self._last_shown):
            self._switch.reset()
            self._last_shown = None
        return self._switch.reason(kind, self._now().at)

    def summary(self) -> tuple[KindSummary, ...]:
        """The calls of each kind so far, and how they ended."""
        return self._switch.summary(self._now().at)

    async def close(self) -> None:
        """Closes the connections. To be called when no request is under way."""
        await self._connections.close()

    async def _ask(self, call: ExtraCall[T]) -> T | Failure:
        url = self._endpoint.url + call.path
        auth_headers = await result_or_failure(self._credential.authenticate("GET", url))
        if isinstance(auth_headers, Failure):
            return auth_headers
        self._last_shown = auth_headers
        # before the request is sent: the status call must not wait for an extra call
        self._credential.on_response(auth_headers, None)
        response, sent = Response(), self._now().at
        result = await result_or_failure(self._get(call, url, auth_headers, response))
        self._learn(call.kind, result, response, sent)
        self._dated(response.date)
        return result

    async def _get(self, call: ExtraCall[T], url: str, auth_headers: AuthHeaders, response: Response) -> T | Failure:
        kind, secrets = call.kind, auth_headers.secrets
        await self._connections.get(Get(url, auth_headers.headers, kind.time_limit, kind.largest_body, kind), response)
        if response.http_status != 200:
            return failure_of(response.http_status or 0, response.headers, response.body, secrets)
        if response.defect:
            return response.defect
        if len(response.body) > _IN_A_THREAD:
            return await in_thread(call.parse, response.body, secrets)
        return call.parse(response.body, secrets)

    def _learn(self, kind: CallKind, result: object, response: Response, sent: float) -> None:
        if not isinstance(result, Failure):
            self._switch.answered(kind)
            return
        now = self._now().at
        is_long_log = kind.is_log and result == response.too_large
        self._switch.failed(kind, result, response.http_status, now, is_about_one=is_long_log)
        if result.kind is FailureKind.THROTTLED:
            self._throttled(result, sent, now)
