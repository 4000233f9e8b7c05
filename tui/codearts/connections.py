"""Kept connections to the service: which requests may be sent, how they are sent, and what is read of the answers."""

import asyncio
import os
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from tui import __version__
from tui.codearts.endpoints import Endpoint, is_loopback
from tui.codearts.extra_call import CallKind
from tui.codearts.status_api import status_path
from tui.codearts.tls_and_proxy import ProxyRoute, proxy_problem, route, tls_context, untrusting_context
from tui.codearts.transport import LARGEST_BODY, Transport, size_limit
from tui.codearts.transport_errors import ProxyFailed, is_too_large, result_or_failure
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.reading import Failure, FailureKind
from tui.core.text import clean

KEPT_FOR = 30.0
"""Seconds that an unused connection is kept."""
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed answer could grow without bound
    "User-Agent": f"codearts-watch/{__version__}",
}
_TIMEOUT = httpx.Timeout(10, connect=5, pool=None)
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


async def check_allowed(request: httpx.Request) -> None:
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
    proxy = ""
    """Names the proxy for the user; empty for a direct way."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Raises ProxyFailed if the proxy cannot be reached, where httpx raises the same as for the service."""
        try:
            return await super().send(request, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if self.proxy:
                raise ProxyFailed(self.proxy) from error
            raise


def open_http(
    url: str,
    ca_file: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    proxy: str | None = None,
    verify: bool = True,
) -> httpx.AsyncClient:
    """An HTTP client with one connection to the host of `url`: allowed requests only, no redirects, no cookies.

    This function alone decides the way to the host: `proxy` is the profile's; without it the environment decides. Plain
    http to this machine needs no certificate authorities, which take 50 ms to load. Raises UserError if the CA file or
    the proxy cannot be used.
    """
    parts = urlsplit(url)
    is_plain = parts.scheme == "http" and is_loopback(parts.hostname or "") and not ca_file
    context = untrusting_context() if is_plain else tls_context(ca_file, verify)
    way = route(url, proxy, os.environ)
    client = _HttpClient(
        headers=_HEADERS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=_TIMEOUT,
        follow_redirects=False,  # httpx would send X-Auth-Token to any other host
        transport=transport or _transport(context, way),
        trust_env=False,  # `route` has read the environment
        event_hooks={"request": [check_allowed]},
    )
    client.proxy = way.proxy
    return client


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
        if not self.is_whole:
            return Failure(FailureKind.BAD_REPLY, f"The answer is larger than {self.largest_body // 1024} KiB.")
        return None

    async def receive(self, answer: httpx.Response, largest_body: int) -> None:
        """Reads at most `largest_body` bytes of the body; nothing if it is compressed: it could be endless."""
        self.http_status, self.headers, self.largest_body = answer.status_code, dict(answer.headers), largest_body
        if self.encoding:
            return
        body = bytearray()
        try:
            async for piece in answer.aiter_bytes():
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
            except _BROKEN as error:
                went_stale = connection.has_answered and response.http_status is None
                if not went_stale or is_too_large(error):
                    raise
                await self._send(self._take(), request, response)

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
        """After anything that leaves the connection in doubt, all that are free are closed with it."""
        extensions: dict[str, Any] = size_limit(request.largest_body)
        if request.kind:
            extensions[EXTRA] = request.kind
        is_in_doubt = True
        try:
            sending = connection.http.stream("GET", request.url, headers=request.headers, extensions=extensions)
            async with sending as answer:
                largest = request.largest_body if answer.status_code == 200 else LARGEST_BODY
                await response.receive(answer, largest)
            connection.has_answered, is_in_doubt = True, not response.is_whole
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
