"""Kept connections to the service, the allow-list of requests, and a probe without credential."""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import CallKind
from tui.codearts.status_api import status_path
from tui.codearts.transport_errors import AnswerTooLarge, fault
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind

LARGEST_ANSWER = 80 * 1024
"""Bytes of an answer in all: its body, every head before it and the framing of its body."""
LARGEST = "largest_answer"
"""The extension of a request whose answer may be larger, in bytes."""
_SMALLEST_PIECE = 64
"""Bytes that a piece counts for at least: each costs CPU, however small it is."""


class _Meter:
    """Counts what is received for one request."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = LARGEST_ANSWER

    def count(self, data: bytes) -> None:
        self.left -= max(len(data), _SMALLEST_PIECE)
        if self.left < 0:
            raise AnswerTooLarge


class Transport(httpx.AsyncHTTPTransport):
    """Sends over one connection, which is used again only while it is silent.

    HTTP/1.1 has no names for answers: whatever can be read when a request leaves is taken for the answer to it. So
    before each request everything that was received and not used is looked for: in the parser, in the TLS layer, in
    the queue of the stream and in the socket. If there is any, the connection is closed and another one made.

    What is seen: all that reached this machine before the request left, whether it came in the same write as the last
    answer or minutes later. What cannot be seen: a surplus answer that arrives after the next request has left, or on
    a new connection before its first request. It is taken for the answer to that request. The true answer is then the
    surplus, and ends the connection before the next use, so that one reading is wrong and never a second one.
    """

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None, keep: float) -> None:
        """`keep` is how many seconds a connection is kept without use."""
        limits = httpx.Limits(max_connections=1, keepalive_expiry=keep)
        super().__init__(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._meter = _Meter()
        # httpx hands no backend on to the pool
        self._pool._network_backend = _Backend(self._pool._network_backend, self._meter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if any(holds_unread(connection) for connection in self._pool.connections):
            await self._pool.aclose()  # which only ends its connections
        self._meter.left = request.extensions.get(LARGEST, LARGEST_ANSWER)
        return await super().handle_async_request(request)


def holds_unread(connection: Any) -> bool:
    """Whether an idle connection of httpcore received something that no answer has used.

    True, too, where it cannot be found out: in a version of httpcore or anyio that keeps these things elsewhere.
    """
    while inner := getattr(connection, "_connection", None):
        connection = inner
    try:
        stream = connection._network_stream
        return bool(connection._h11_state.trailing_data[0]) or stream.has_unread()
    except AttributeError:
        return True


class _Backend(httpcore.AsyncNetworkBackend):
    """Makes streams that count."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, meter: _Meter) -> None:
        self._inner, self._meter = inner, meter

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.connect_tcp(*where, **how), self._meter)


class _Stream(httpcore.AsyncNetworkStream):
    """Counts what is received, and knows what was received and not read."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, meter: _Meter) -> None:
        self._inner, self._meter = inner, meter

    async def read(self, *how: Any, **more: Any) -> bytes:
        data = await self._inner.read(*how, **more)
        self._meter.count(data)
        return data

    async def write(self, *what: Any, **how: Any) -> None:
        await self._inner.write(*what, **how)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, *how: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.start_tls(*how, **more), self._meter)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def has_unread(self) -> bool:
        """Raises AttributeError where anyio keeps what it received in an unknown place."""
        inner: Any = self._inner
        stream = inner._stream
        while hasattr(stream, "transport_stream"):  # TLS, once or twice
            if stream._ssl_object.pending() or stream._read_bio.pending:
                return True
            stream = stream.transport_stream
        return bool(stream._protocol.read_queue) or bool(self._inner.get_extra_info("is_readable"))


LARGEST_BODY = 64 * 1024
"""Bytes; a true answer has under 100."""
_ALLOWED = re.compile(r"GET /v3/jobs/[0-9A-Za-z]{32}/status|(?:GET|POST) /v3/auth/tokens\?nocatalog=true")
"""All that is sent without being asked for as an extra: the status call, and IAM's calls that issue a token and look at
one."""
_ID, _NUMBER, _COUNT = "[0-9A-Za-z]{32}", "[1-9][0-9]{0,9}", "[0-9]{1,10}"
_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}%20[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}"
_PAGE = r"page_index=[0-9]{1,3}&page_size=100"
_ALLOWED_EXTRAS = {
    CallKind.JOB_LIST: rf"/v1/job/list\?{_PAGE}",
    CallKind.WHOLE_JOB_LIST: "/v1/job/list",
    CallKind.PROJECT_JOB_LIST: rf"/v1/job/{_ID}/list\?{_PAGE}",
    CallKind.PROJECTS: r"/v1/domain/project/related-page\?page_no=[1-9][0-9]{0,2}&page_size=100",
    CallKind.RECORD_LIST: rf"/v1/record/{_ID}/list\?start_time={_TIME}&end_time={_TIME}"
    r"&page_index=0&page_size=[1-9][0-9]{0,2}",
    CallKind.RECORD_INFO: f"/v1/record/{_ID}/{_NUMBER}/record-info",
    CallKind.JOB_INFO: f"/v1/job/{_ID}/info",
    CallKind.RUNNING_STATUS: f"/v1/job/{_ID}/running-status",
    CallKind.LOG_ANALYSIS: rf"/v1/log/{_ID}/{_NUMBER}/analysis\?limit=100&offset=0",
    CallKind.LOG: rf"/v1/log/{_ID}/{_NUMBER}/real-time-log"
    rf"\?start_offset={_COUNT}&end_offset={_COUNT}&sort=(?:AES|DESC)&size=1000",
    CallKind.LOG_V3: rf"/v3/jobs/{_ID}/{_NUMBER}/real-time-log\?offset={_COUNT}&length=1000000",
}
"""What an extra of each kind may ask for, always by GET."""
EXTRA = "codearts-watch.extra"
"""The request's extension that names its `CallKind`; only the client of the extras sets it."""


class ForbiddenRequest(Exception):
    """A request that this program never sends."""


async def check_allowed(request: httpx.Request) -> None:
    """Stands before everything that leaves, so that no mistake elsewhere can change anything. Raises NotAllowed."""
    path = request.url.raw_path.decode("ascii")
    if kind := request.extensions.get(EXTRA):
        is_allowed = request.method == "GET" and re.fullmatch(_ALLOWED_EXTRAS[kind], path)
    else:
        is_allowed = _ALLOWED.fullmatch(f"{request.method} {path}")
    if not is_allowed:
        raise ForbiddenRequest


class Connection:
    """A connection to the service: an HTTP client of one, since a pool looks at each of its connections for every
    request. Used by one exchange at a time."""

    __slots__ = ("has_answered", "http", "used_at")

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.has_answered = False
        self.used_at = 0.0
        """Seconds of the event loop's clock."""

    async def close(self) -> None:
        with suppress(Exception):
            await self.http.aclose()


class ResponseInfo:
    """What one reading met on its way."""

    __slots__ = ("date", "http_status", "request_id", "was_kept")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Nothing is known of an answer."""
        self.http_status: int | None = None
        self.request_id = ""
        self.date = ""
        """The answer's `Date`."""
        self.was_kept = False
        """Whether its connection had answered something before."""

    @property
    def went_stale(self) -> bool:
        """A kept connection was used, and no answer had begun."""
        return self.was_kept and self.http_status is None


async def read_body(response: httpx.Response, most: int = LARGEST_BODY) -> tuple[bytes, bool]:
    """What came of the body, and whether all of it did: it ends early where it, or its framing, is too large."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most:
                return bytes(body), False
    except httpx.RemoteProtocolError as error:
        if not is_too_large(error):
            raise
        return bytes(body), False
    return bytes(body), True


def is_too_large(error: BaseException) -> bool:
    return isinstance(error.__cause__, AnswerTooLarge)


_NO_JOB = JobId("0" * 32)


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """That there was an answer, and its `Date`."""

    http_status: int
    date: str


async def probe(
    open_http: Callable[[], httpx.AsyncClient], endpoint: Endpoint, seconds: float
) -> ProbeResponse | Failure:
    """Within so many seconds. Never raises for what network or server do."""
    try:
        url = endpoint.url + status_path(_NO_JOB)
        async with asyncio.timeout(seconds), open_http() as http, http.stream("GET", url) as response:
            return ProbeResponse(response.status_code, response.headers.get("date", ""))
    except UserError as problem:
        return Failure(FailureKind.SETTINGS, str(problem))
    except Exception as error:
        return fault(error)
