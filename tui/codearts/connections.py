"""Kept connections to the service, from the bottom up: the transport, which bounds what is received and never takes a
surplus answer for the next one; which requests may be sent; how they are sent, and what is read of the answers.
"""

import asyncio
import os
import re
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

import httpcore
import httpx

from tui import __version__
from tui.codearts.auth.refused_logins import RefusedLogins
from tui.codearts.endpoints import Endpoint, is_loopback
from tui.codearts.extra_call import CallKind
from tui.codearts.status_api import status_path
from tui.codearts.tls_and_proxy import (
    CONNECT_WITHIN,
    ProxyAttempt,
    ProxyLogin,
    ProxyRoute,
    proxy_login,
    proxy_problem,
    proxy_route,
    tls_context,
    untrusting_context,
)
from tui.codearts.transport_errors import (
    WANTS_LOGIN,
    AnswerTooLarge,
    ProxyFailed,
    is_too_large,
    result_or_failure,
    speaks_no_socks,
)
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.reading import Failure, FailureKind
from tui.core.text import clean

LARGEST_BODY = 64 * 1024
"""Bytes of a body; a true status answer has under 100."""
_LARGEST = "codearts-watch.largest_answer"
"""The request's extension that bounds its whole answer, in bytes."""
_IS_NEW = "codearts-watch.is_new_connection"
"""The request's extension that the transport sets: whether a connection was made for it."""
_ATTEMPT = "codearts-watch.proxy_attempt"
"""The request's extension with its `ProxyAttempt`, if the proxy wants a log-in."""
_SMALLEST_PIECE = 64
"""A received piece counts as at least this many bytes: each costs CPU, however small it is."""


def size_limit(largest_body: int) -> dict[str, int]:
    """The request's extension for a body of at most `largest_body` bytes: its heads and framing may add a quarter."""
    return {_LARGEST: largest_body * 5 // 4}


class _RequestState:
    """How far the request of a transport has come: bytes that may still be received, connection, tunnel, log-in."""

    __slots__ = ("attempt", "left", "opened", "step_ends_at", "tls_to_come", "tls_to_make")

    def __init__(self) -> None:
        self.left = 0
        self.opened: httpcore.AsyncNetworkStream | None = None
        """The connection that was made for it; None for one of before."""
        self.tls_to_make = self.tls_to_come = 0
        """How often TLS begins on a new connection, and how often it is still to begin; 0 without a tunnel, since the
        last TLS is the one in the tunnel."""
        self.attempt: ProxyAttempt | None = None
        self.step_ends_at = 0.0
        """Until when a proxy may make the way to the host, by the event loop's clock."""

    def on_step(self) -> None:
        """A step of making a connection begins."""
        self.step_ends_at = asyncio.get_running_loop().time() + CONNECT_WITHIN

    async def on_connecting(self) -> None:
        """A connection is about to be made."""
        if self.attempt:
            await self.attempt.before_login()
        self.tls_to_come = self.tls_to_make

    async def on_tls(self) -> None:
        """TLS is about to begin."""
        if self.tls_to_come:
            self.tls_to_come -= 1
            if self.attempt and not self.tls_to_come:
                await self.attempt.on_tunnel()

    def count(self, data: bytes) -> None:
        """Counts bytes that were received. Raises AnswerTooLarge when there are too many."""
        self.left -= max(len(data), _SMALLEST_PIECE)
        if self.left < 0:
            raise AnswerTooLarge


class Transport(httpx.AsyncHTTPTransport):
    """Sends over one connection, and replaces it if it received anything since its last answer.

    An HTTP/1.1 response carries no identifier: a client takes whatever it can read after a request for the response to
    that request. So before each request, this transport looks for bytes that were received but not used: in the parser,
    in the TLS layer and in the stream's queue; httpcore itself looks in the socket. If there are any, the connection is
    closed and another one opened.

    It finds all that reached this machine before the request left, whether in the same write as the last answer or
    minutes later. It cannot detect a surplus answer that arrives after the next request has left, or on a new
    connection before its first request: that one is taken for the answer to that request. The true answer is then the
    surplus, and the connection is closed before its next use: one reading is wrong, and never a second one.
    """

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None, keep: float) -> None:
        """`keep` is how many seconds a connection is kept without use."""
        limits = httpx.Limits(keepalive_expiry=keep)
        super().__init__(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._tls_to_make = 0 if proxy is None else 2 if proxy.url.scheme == "https" else 1
        self._state = _RequestState()
        # httpx has no parameter for its pool and the pool's backend
        self._pool._network_backend = _Backend(self._pool._network_backend, self._state)
        self._pool = cast("httpcore.AsyncConnectionPool", _KeptConnection(self._pool.create_connection))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._state.left = request.extensions.get(_LARGEST) or size_limit(LARGEST_BODY)[_LARGEST]
        self._state.opened, self._state.tls_to_come = None, 0
        self._state.tls_to_make = self._tls_to_make if request.url.scheme == "https" else 0
        self._state.attempt = request.extensions.get(_ATTEMPT)
        try:
            response = await super().handle_async_request(request)
        except BaseException as error:
            if self._state.opened:  # httpcore leaves it open where a SOCKS proxy refuses, breaks off or hangs,
                await self._state.opened.aclose()  # and keeps a tunnel in which TLS failed: the next request waited
            if isinstance(error, httpx.ReadTimeout) and self._state.tls_to_come:
                raise httpx.ConnectTimeout("the proxy gives no answer") from error
            raise
        request.extensions[_IS_NEW] = self._state.opened is not None
        return response


class _KeptConnection:
    """Takes the place of httpcore's pool, with one connection for one request at a time.

    The pool keeps a queue of requests, and looks at its connections when a request comes and when it goes, which is an
    eighth of a status call's CPU.
    """

    def __init__(self, connect: Callable[[httpcore.Origin], httpcore.AsyncConnectionInterface]) -> None:
        self._connect = connect
        self._kept: httpcore.AsyncConnectionInterface | None = None

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        if not (kept := self._kept) or not kept.is_available() or kept.has_expired() or holds_unread(kept):
            await self.aclose()
            kept = self._kept = self._connect(request.url.origin)
        return await kept.handle_async_request(request)

    async def aclose(self) -> None:
        """Closes the connection. The next request makes another one."""
        if self._kept:
            await self._kept.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def holds_unread(connection: Any) -> bool:
    """Returns whether an idle connection of httpcore received bytes that belong to no answer.

    True also if that cannot be found out: in a version of httpcore or anyio that keeps these buffers elsewhere.
    """
    while inner := getattr(connection, "_connection", None):
        connection = inner
    try:
        stream = connection._network_stream
        return bool(connection._h11_state.trailing_data[0]) or stream.has_unread()
    except AttributeError:
        return True


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens streams that count what they receive."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, state: _RequestState) -> None:
        self._inner, self._state = inner, state

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        await self._state.on_connecting()
        self._state.opened = opened = _Stream(await self._inner.connect_tcp(*where, **how), self._state)
        self._state.on_step()
        return opened


class _Stream(httpcore.AsyncNetworkStream):
    """Counts what it receives, and knows whether anything left the socket but was not read."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, state: _RequestState) -> None:
        self._inner, self._state = inner, state
        self._socket: socket.socket | None = None

    async def read(self, *how: Any, **more: Any) -> bytes:
        if self._state.tls_to_come:  # whatever comes byte by byte, the step has one bound
            more["timeout"] = max(0.0, self._state.step_ends_at - asyncio.get_running_loop().time())
        data = await self._inner.read(*how, **more)
        self._state.count(data)
        return data

    async def write(self, *what: Any, **how: Any) -> None:
        await self._inner.write(*what, **how)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(self, *how: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        await self._state.on_tls()
        stream = _Stream(await self._inner.start_tls(*how, **more), self._state)
        self._state.on_step()
        return stream

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return self._inner.get_extra_info(info)
        if self._socket is None:  # anyio gathers all it knows of a socket to find it, which is more than the rest
            self._socket = self._inner.get_extra_info("socket")
        return _is_readable(self._socket)

    def has_unread(self) -> bool:
        """Returns whether something was received and not read. Raises AttributeError if this version of anyio keeps its
        buffers elsewhere."""
        inner: Any = self._inner
        stream = inner._stream
        while hasattr(stream, "transport_stream"):  # TLS, once or twice
            if stream._ssl_object.pending() or stream._read_bio.pending:
                return True
            stream = stream.transport_stream
        return bool(stream._protocol.read_queue)


def _is_readable(connected: socket.socket | None) -> bool:
    """Returns whether anything arrived, or the other side has closed."""
    if connected is None or connected.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


KEPT_FOR = 30.0
"""Seconds that an unused connection is kept."""
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed answer could grow without bound
    "User-Agent": f"codearts-watch/{__version__}",
}
_TIMEOUT = httpx.Timeout(10, connect=CONNECT_WITHIN, pool=None)
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

_ALLOWED = re.compile(r"GET /v3/jobs/[0-9A-Za-z]{32}/status|(?:GET|POST) /v3/auth/tokens\?nocatalog=true")
"""The requests that need no `EXTRA`: the status call, and IAM's calls that issue a token and inspect one."""
_ID, _NUMBER, _COUNT = "[0-9A-Za-z]{32}", "[1-9][0-9]{0,9}", "[0-9]{1,10}"
_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}%20[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}"
_PAGE = r"page_index=[0-9]{1,3}&page_size=100"
_ALLOWED_EXTRAS = {
    CallKind.JOB_LIST: rf"/v1/job/list\?{_PAGE}",
    CallKind.WHOLE_JOB_LIST: "/v1/job/list",
    CallKind.PROJECT_JOB_LIST: rf"/v1/job/{_ID}/list\?{_PAGE}",
    CallKind.BUILDING_JOBS: rf"/v1/job/list\?{_PAGE}&build_status=building",
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
"""The path and query of each extra call; its method is always GET."""
EXTRA = "codearts-watch.extra"
"""The request's extension that names its `CallKind`; only `ExtrasClient` sets it."""


class ForbiddenRequest(Exception):
    """A request that this program never sends."""


def check_allowed(request: httpx.Request) -> None:
    """Checks every request before it is sent, so that no mistake elsewhere in the program can change anything.

    Raises ForbiddenRequest.
    """
    path = request.url.raw_path.decode("ascii")
    if kind := request.extensions.get(EXTRA):
        is_allowed = request.method == "GET" and re.fullmatch(_ALLOWED_EXTRAS[kind], path)
    else:
        is_allowed = _ALLOWED.fullmatch(f"{request.method} {path}")
    if not is_allowed:
        raise ForbiddenRequest


class _HttpClient(httpx.AsyncClient):
    """Follows no redirect, which would carry the token to any other host, and keeps no cookies."""

    def __init__(self, transport: httpx.AsyncBaseTransport, proxy: str, proxy_login: ProxyLogin | None) -> None:
        super().__init__(headers=_HEADERS, timeout=_TIMEOUT, transport=transport, trust_env=False)
        self._way_out = transport
        self.proxy = proxy
        """Names the proxy for the user; empty for a direct way."""
        self.proxy_login = proxy_login

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Gives the request to the transport itself. Through the client of httpx it would take the steps for redirects,
        cookies and log-ins, which are all unwanted: an eighth of a status call's instructions. The options have no
        effect: no body is read here. The answer does not know its request.

        Raises ForbiddenRequest, and ProxyFailed if the way through the proxy fails, where httpx raises the same as for
        the service.
        """
        check_allowed(request)
        try:
            if self.proxy_login:
                return await self._send_with_login(request, self.proxy_login)
            return await self._send(request)
        except _NOT_CONNECTED as error:
            if self.proxy:
                raise ProxyFailed(self.proxy) from error
            raise

    async def _send_with_login(self, request: httpx.Request, login: ProxyLogin) -> httpx.Response:
        async with login.attempt() as attempt:
            request.extensions[_ATTEMPT] = attempt
            response = await self._send(request)
            if request.extensions.get(_IS_NEW, True):  # a tunnel of before was made by the log-in of before
                await login.accept()
            return response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Sends a request. Raises ProxyError also where httpx does not.

        That is for a SOCKS proxy that speaks something else, and for plain http, which a proxy forwards: its refusal
        comes in place of the answer.
        """
        try:
            response = await self._way_out.handle_async_request(request)
        except Exception as error:
            if speaks_no_socks(error):
                raise httpx.ProxyError("no SOCKS") from error
            raise
        if self.proxy and response.status_code == WANTS_LOGIN and request.url.scheme == "http":
            raise httpx.ProxyError(f"{WANTS_LOGIN}")
        return response


def open_http(
    url: str,
    ca_file: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    proxy: str | None = None,
    verify: bool = True,
    refused: RefusedLogins | None = None,
) -> httpx.AsyncClient:
    """An HTTP client with one connection to the host of `url`: allowed requests only, no redirects, no cookies.

    This function alone decides the way to the host: `proxy` is the profile's; without it the environment decides.
    `refused` are log-ins that earlier runs of the program were refused. Plain http to this machine needs no certificate
    authorities, which take 50 ms to load. Raises UserError if the CA file or the proxy cannot be used.
    """
    parts = urlsplit(url)
    is_plain = parts.scheme == "http" and is_loopback(parts.hostname or "") and not ca_file
    context = untrusting_context() if is_plain else tls_context(ca_file, verify)
    way = proxy_route(url, proxy, os.environ)
    return _HttpClient(transport or _transport(context, way), way.proxy, proxy_login(way.address, refused))


def _transport(context: ssl.SSLContext, way: ProxyRoute) -> Transport:
    """A proxy that is reached over TLS is verified as the service is."""
    try:
        proxy = httpx.Proxy(way.address) if way.address else None
        if proxy and proxy.url.scheme == "https":
            proxy = httpx.Proxy(way.address, ssl_context=context)
        return Transport(context, proxy, KEPT_FOR)
    except ImportError:
        raise UserError(f"{way.proxy}: a SOCKS proxy needs the package socksio: install httpx[socks].") from None
    except (ValueError, httpx.InvalidURL):
        raise proxy_problem(way.origin) from None


class Response:
    """One answer, as far as it was received."""

    __slots__ = ("body", "headers", "http_status", "is_whole", "largest_body")

    def __init__(self) -> None:
        self.http_status: int | None = None
        """None until the answer begins."""
        self.headers: Mapping[str, str] = {}
        """Names in lower case."""
        self.body = b""
        self.is_whole = False
        self.largest_body = 0

    @property
    def date(self) -> str:
        return self.headers.get("date", "")

    @property
    def encoding(self) -> str:
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return "" if encoding == "identity" else encoding

    @property
    def defect(self) -> Failure | None:
        """Why the body was not read to its end; None if it was."""
        if self.encoding:
            return Failure(FailureKind.BAD_REPLY, f"The answer is encoded as {clean(self.encoding, 40)}, unasked.")
        return None if self.is_whole else self.too_large

    @property
    def too_large(self) -> Failure:
        """What is wrong with a body that was read up to its bound."""
        return Failure(FailureKind.BAD_REPLY, f"The answer is larger than {self.largest_body // 1024} KiB.")

    async def receive(self, answer: httpx.Response, largest_body: int) -> None:
        """Reads at most `largest_body` bytes of the body; nothing if it is compressed: it could be endless."""
        self.http_status, self.headers = answer.status_code, dict(answer.headers.items())
        self.largest_body = largest_body
        if self.encoding:
            return
        body = bytearray()
        try:
            async for piece in cast("httpx.AsyncByteStream", answer.stream):  # as it comes: nothing is to be decoded
                body += piece
                if len(body) > largest_body:
                    break
            else:
                self.is_whole = True
        except httpx.RemoteProtocolError as error:
            if not is_too_large(error):
                raise
        self.body = bytes(body)


class Get(NamedTuple):
    """A request, and what its answer may cost."""

    url: str
    headers: Mapping[str, str]
    deadline: float
    """Seconds."""
    largest_body: int = LARGEST_BODY
    """Bytes with HTTP 200; the body of an error is never read beyond `LARGEST_BODY`."""
    kind: CallKind | None = None
    """Of an extra call; None for the status call."""


@lru_cache(maxsize=4096)
def _parsed(address: str) -> httpx.URL:
    """Kept, since the same jobs are asked about all day: to parse it is a twentieth of a status call's CPU."""
    return httpx.URL(address)


def _httpx_request(request: Get) -> httpx.Request:
    """Not by the client: to merge its headers with these would be a tenth of a status call's CPU."""
    extensions = {"timeout": _TIMEOUT.as_dict(), **size_limit(request.largest_body), EXTRA: request.kind}
    return httpx.Request("GET", _parsed(request.url), headers={**_HEADERS, **request.headers}, extensions=extensions)


class Connection:
    """An HTTP client of one connection, since httpx's pool checks each of its connections for every request."""

    __slots__ = ("has_answered", "http", "used_at")

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.has_answered = False
        self.used_at = 0.0
        """Seconds of the event loop's clock."""

    async def close(self) -> None:
        with suppress(Exception):
            await self.http.aclose()


class Connections:
    """Sends GETs to one host, each over a connection that carries no other at the time.

    `opener` makes an HTTP client whenever no connection is free.
    """

    def __init__(self, opener: Callable[[], httpx.AsyncClient], *opened: httpx.AsyncClient) -> None:
        self._opener = opener
        self._free = [Connection(http) for http in opened]

    async def get(self, request: Get, response: Response) -> None:
        """Fills `response`. Sends once more if a kept connection breaks before the answer begins.

        The server may have closed it meanwhile. Raises what httpx raises, and TimeoutError at the deadline.
        """
        async with asyncio.timeout(request.deadline):
            connection = self._take()
            try:
                await self._send(connection, request, response)
            except _BROKEN:
                if not connection.has_answered or response.http_status is not None:
                    raise
                await self._send(self._take(), request, response)

    def hurry(self) -> None:
        """Shortens the rest of a log-in that the proxy refused."""
        for connection in self._free:
            if isinstance(connection.http, _HttpClient) and connection.http.proxy_login:
                connection.http.proxy_login.hurry()

    async def close(self) -> None:
        """Closes the connections that are free."""
        free, self._free = self._free, []
        for connection in free:
            await connection.close()

    def _take(self) -> Connection:
        """The connection that was used last, or a new one."""
        if not self._free:
            return Connection(self._opener())
        connection = self._free.pop()
        if asyncio.get_running_loop().time() - connection.used_at > KEPT_FOR:
            connection.has_answered = False  # httpcore replaces it before the next request
        return connection

    async def _send(self, connection: Connection, request: Get, response: Response) -> None:
        """Sends the request and receives the response. If anything leaves the connection in doubt, it is closed, and
        all that are free with it."""
        is_in_doubt = True
        try:
            answer = await connection.http.send(_httpx_request(request))
            try:
                largest = request.largest_body if answer.status_code == 200 else LARGEST_BODY
                await response.receive(answer, largest)
            finally:
                await answer.aclose()
            connection.has_answered, is_in_doubt = True, False
        except _NOT_CONNECTED:
            is_in_doubt = False
            raise
        finally:
            await self._put_back(connection, is_in_doubt)

    async def _put_back(self, connection: Connection, is_in_doubt: bool) -> None:
        connection.used_at = now = asyncio.get_running_loop().time()
        self._free.append(connection)
        while self._free and (is_in_doubt or now - self._free[0].used_at > KEPT_FOR):
            await self._free.pop(0).close()


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """What the host answered; `date` is the `Date` header."""

    http_status: int
    date: str


async def probe(opener: Callable[[], httpx.AsyncClient], endpoint: Endpoint, seconds: float) -> ProbeResponse | Failure:
    """Sends a status call without a credential. Never raises for what network or server do."""
    return await result_or_failure(_probe(opener, endpoint.url + status_path(NO_JOB), seconds))


async def _probe(opener: Callable[[], httpx.AsyncClient], url: str, seconds: float) -> ProbeResponse:
    async with asyncio.timeout(seconds), opener() as http, http.stream("GET", url) as response:
        return ProbeResponse(response.status_code, response.headers.get("date", ""))
