"""The client of the extras: sends their GETs as the status call is sent, and leaves everything else to that."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

import httpx

from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.codearts.connections import EXTRA, LARGEST, LARGEST_BODY, Connection, ResponseInfo, is_too_large, read_body
from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import CallKind, ExtraCall, not_understood
from tui.codearts.extras_switch import ExtrasSwitch, KindSummary
from tui.codearts.status_api import failure_of
from tui.codearts.transport_errors import fault
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Moment
from tui.core.text import clean

T = TypeVar("T")

_IDLE = 30.0
"""Seconds that a connection is kept without use."""
_IN_A_THREAD = 256 * 1024
"""Bytes of an answer from which on it is read beside the event loop: the screen must not wait for a log."""
_BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class _Response(NamedTuple):
    """What came back, as far as it was read."""

    http_status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool
    largest: int

    @property
    def encoding(self) -> str:
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return "" if encoding == "identity" else encoding


class ExtrasClient:
    """Asks one endpoint with the credential of the status call, on connections of its own.

    An extra neither vouches for the credential nor has it renewed: that is the status call's. Of each kind one request
    is on its way at a time, so that a service that refuses one is not asked in a crowd.

    The budget is shared: `turn` is awaited before each request, and may take its time; `throttled` is called with each
    refusal that asks for fewer requests, and the moments when its request left and when it came.
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
        self._open_http = open_http
        self._endpoint = endpoint
        self._credential = credential
        self._now = now
        self._throttled = throttled
        self._turn = turn
        self._free: list[Connection] = []
        self._switch = ExtrasSwitch()
        self._turns = {kind: asyncio.Lock() for kind in CallKind}
        self._last_proof: AuthHeaders | None = None

    async def fetch(self, call: ExtraCall[T]) -> T | Failure:
        """What the call brings, or why it brings nothing. A kind that is switched off is not asked for.

        Never raises for what network, server or credential do.
        """
        async with self._turns[call.kind]:
            if not self.closed(call.kind) and self._turn:
                await self._turn()
            if closed := self.closed(call.kind):
                return closed
            return await self._send(call)

    def closed(self, kind: CallKind) -> Failure | None:
        """Why the kind is not asked for now; None where it is. A changed credential opens all."""
        if self._last_proof and self._credential.has_changed_since(self._last_proof):
            self._switch.reset()
            self._last_proof = None
        return self._switch.reason(kind, self._now().at)

    def summary(self) -> tuple[KindSummary, ...]:
        """What became of each kind so far."""
        return self._switch.summary(self._now().at)

    async def close(self) -> None:
        """Closes the connections; call it when nothing is on its way."""
        free, self._free = self._free, []
        for line in free:
            await line.close()

    async def _send(self, call: ExtraCall[T]) -> T | Failure:
        try:
            auth_headers = await self._credential.authenticate("GET", self._endpoint.url + call.path)
        except Exception as error:
            return fault(error)
        if isinstance(auth_headers, Failure):
            return auth_headers
        self._last_proof = auth_headers
        self._credential.on_response(
            auth_headers, None
        )  # before it is sent: the status call must not wait for an extra
        return await self._request(call, auth_headers)

    async def _request(self, call: ExtraCall[T], auth_headers: AuthHeaders) -> T | Failure:
        exchange, sent = ResponseInfo(), self._now().at
        try:
            outcome = await self._ask(call, auth_headers, exchange)
        except UserError as problem:
            outcome = Failure(FailureKind.SETTINGS, str(problem))
        except Exception as error:
            outcome = fault(error)
        self._learn(call.kind, outcome, exchange.http_status, sent)
        return outcome

    def _learn(self, kind: CallKind, outcome: object, http_status: int | None, sent: float) -> None:
        if not isinstance(outcome, Failure):
            self._switch.answered(kind)
            return
        now = self._now().at
        self._switch.failed(kind, outcome, http_status, now)
        if outcome.kind is FailureKind.THROTTLED:
            self._throttled(outcome, sent, now)

    async def _ask(self, call: ExtraCall[T], auth_headers: AuthHeaders, exchange: ResponseInfo) -> T | Failure:
        """Once more where a kept connection broke before it answered: the server had closed it meanwhile."""
        async with asyncio.timeout(call.kind.time_limit):
            try:
                response = await self._attempt(call, auth_headers, exchange)
            except _BROKEN as error:
                if not exchange.went_stale or is_too_large(error):
                    raise
                response = await self._attempt(call, auth_headers, exchange)
            return await _read(call, response, auth_headers.secrets)

    async def _attempt(self, call: ExtraCall[T], auth_headers: AuthHeaders, exchange: ResponseInfo) -> _Response:
        """On a connection that is kept afterwards only where its answer was read to the end."""
        line = await self._line()
        exchange.was_kept = line.has_answered
        response = None
        try:
            response = await self._get(line.http, call, auth_headers, exchange)
        finally:
            if response and response.is_whole:
                line.has_answered, line.used_at = True, asyncio.get_running_loop().time()
                self._free.append(line)
            else:
                await line.close()
        return response

    async def _line(self) -> Connection:
        """The last one that was used, if it is young enough; those that are too old are closed."""
        now = asyncio.get_running_loop().time()
        old = [line for line in self._free if now - line.used_at > _IDLE]
        self._free = [line for line in self._free if line not in old]
        line = self._free.pop() if self._free else Connection(self._open_http())
        for one in old:
            await one.close()
        return line

    async def _get(
        self, http: httpx.AsyncClient, call: ExtraCall[T], auth_headers: AuthHeaders, exchange: ResponseInfo
    ) -> _Response:
        largest = call.kind.largest_body
        extensions = {EXTRA: call.kind, LARGEST: largest * 5 // 4, "timeout": http.timeout.as_dict()}
        url = self._endpoint.url + call.path
        request = http.build_request("GET", url, headers=dict(auth_headers.headers), extensions=extensions)
        response = await http.send(request, stream=True)
        exchange.http_status = response.status_code
        try:
            return await _receive(response, largest if response.status_code == 200 else LARGEST_BODY)
        finally:
            await response.aclose()


async def _receive(response: httpx.Response, largest: int) -> _Response:
    """An encoded body is not read: it could grow without bound."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    received = _Response(response.status_code, headers, b"", False, largest)
    if received.encoding:
        return received
    body, is_whole = await read_body(response, largest)
    return received._replace(body=body, is_whole=is_whole)


async def _read(call: ExtraCall[T], response: _Response, secrets: Sequence[str]) -> T | Failure:
    if response.http_status != 200:
        return failure_of(response.http_status, response.headers, response.body, secrets)
    if response.encoding:
        return not_understood(f"it is encoded as {clean(response.encoding, 40)}, unasked")
    if not response.is_whole:
        return not_understood(f"it is larger than {response.largest // 1024} KiB")
    if len(response.body) > _IN_A_THREAD:
        return await asyncio.to_thread(call.parse, response.body, secrets)
    return call.parse(response.body, secrets)
