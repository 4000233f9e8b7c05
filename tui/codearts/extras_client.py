"""The client of the extra calls: sends their GETs like the status call, and never affects it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.codearts.connections import Connections, Get, Response
from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import CallKind, ExtraCall, ExtrasSwitch, KindSummary
from tui.codearts.status_api import failure_of
from tui.codearts.transport_errors import result_or_failure
from tui.core.reading import Failure, FailureKind, Moment

T = TypeVar("T")

_IN_A_THREAD = 256 * 1024
"""Bytes. A larger answer is parsed in a thread, so that the screen does not wait for a log."""


class ExtrasClient:
    """Sends extra calls to one endpoint with the credential of the status call, over connections of its own.

    Only the status call confirms or renews the credential. At most one request of each kind is under way at a time, so
    that a service that refuses a kind receives few of them.

    Extra calls share the profile's request rate: `turn` is awaited before each request and may take its time.
    `throttled` is called with each failure that asks for fewer requests, and when its request and answer were seen.
    """

    def __init__(
        self,
        open_http: Callable[[], httpx.AsyncClient],
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        throttled: Callable[[Failure, float, float], object] = lambda failure, sent, now: None,
        turn: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._connections = Connections(open_http)
        self._endpoint = endpoint
        self._credential = credential
        self._now = now
        self._throttled = throttled
        self._turn = turn
        self._switch = ExtrasSwitch()
        self._locks = {kind: asyncio.Lock() for kind in CallKind}
        self._last_shown: AuthHeaders | None = None

    async def fetch(self, call: ExtraCall[T], is_paid: bool = False) -> T | Failure:
        """Returns the call's result, or why there is none. Sends nothing if the kind is switched off.

        With `is_paid` the request has had its turn. Never raises for what network, server or credential do.
        """
        async with self._locks[call.kind]:
            if not (is_paid or self.closed(call.kind)) and self._turn:
                await self._turn()
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
        outcome = await result_or_failure(self._get(call, url, auth_headers, response))
        self._learn(call.kind, outcome, response, sent)
        return outcome

    async def _get(self, call: ExtraCall[T], url: str, auth_headers: AuthHeaders, response: Response) -> T | Failure:
        kind, secrets = call.kind, auth_headers.secrets
        await self._connections.get(Get(url, auth_headers.headers, kind.time_limit, kind.largest_body, kind), response)
        if response.http_status != 200:
            return failure_of(response.http_status or 0, response.headers, response.body, secrets)
        if response.defect:
            return response.defect
        if len(response.body) > _IN_A_THREAD:
            return await asyncio.to_thread(call.parse, response.body, secrets)
        return call.parse(response.body, secrets)

    def _learn(self, kind: CallKind, outcome: object, response: Response, sent: float) -> None:
        if not isinstance(outcome, Failure):
            self._switch.answered(kind)
            return
        now = self._now().at
        is_long_log = kind.is_log and outcome == response.too_large
        self._switch.failed(kind, outcome, response.http_status, now, is_about_one=is_long_log)
        if outcome.kind is FailureKind.THROTTLED:
            self._throttled(outcome, sent, now)
