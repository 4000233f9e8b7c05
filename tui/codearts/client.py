"""The client: one GET becomes one `Reading`, whatever network, server and credential do."""

import asyncio
import os
import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tui import __version__
from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.codearts.connections import (
    LARGEST_BODY,
    Connection,
    ResponseInfo,
    Transport,
    check_allowed,
    is_too_large,
    read_body,
)
from tui.codearts.endpoints import Endpoint, is_loopback
from tui.codearts.server_clock import ServerClock
from tui.codearts.status_api import interpret, request_id, status_path
from tui.codearts.tls_and_proxy import Route, nobodys_context, proxy_problem, route, tls_context
from tui.codearts.transport_errors import ProxyFailed, fault
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Retry, Status
from tui.core.text import clean

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # a compressed answer could grow without bound
    "User-Agent": f"codearts-watch/{__version__}",
}
_IDLE = 30.0
"""Seconds that a connection is kept without use."""
_TIMEOUT = httpx.Timeout(10, connect=5, pool=None)
_TIMES = {"timeout": _TIMEOUT.as_dict()}
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class _NoCookies(httpx.Cookies):
    """None is kept, and nobody looks for one, which is a sixteenth of what a question costs."""

    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _Client(httpx.AsyncClient):
    cookies: Any = _NoCookies()
    """The property that this hides would make a plain copy of what it is given."""
    route = Route()

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        """Tells a proxy that cannot be reached from a service that cannot."""
        try:
            return await super().send(request, **how)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if self.route.proxy:
                raise ProxyFailed(self.route.proxy) from error
            raise


def http_client(
    url: str,
    ca_file: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    proxy: str | None = None,
    verify: bool = True,
) -> httpx.AsyncClient:
    """One connection to the host of `url`, for a token: only the calls that we know, no redirects, no cookies.

    The way to this host is decided here, once: `proxy` is the profile's, else the environment's. This machine without
    TLS needs no authorities, which take 50 ms to load. Raises Problem where the CA file or a proxy cannot be used.
    """
    parts = urlsplit(url)
    is_plain = parts.scheme == "http" and is_loopback(parts.hostname or "") and not ca_file
    context = nobodys_context() if is_plain else tls_context(ca_file, verify)
    way = route(url, proxy, os.environ)
    client = _Client(
        headers=_HEADERS,
        timeout=_TIMEOUT,
        follow_redirects=False,  # X-Auth-Token would go along to any other host
        transport=transport or _transport(context, way),
        trust_env=False,  # `route` has read the environment
        event_hooks={"request": [check_allowed]},
    )
    client.route = way
    return client


def _transport(context: ssl.SSLContext, way: Route) -> Transport:
    """A proxy that is reached over TLS is trusted as the service is."""
    try:
        proxy = httpx.Proxy(way.address) if way.address else None
        if proxy and proxy.url.scheme == "https":
            proxy = httpx.Proxy(way.address, ssl_context=context)
        return Transport(context, proxy, _IDLE)
    except ImportError:
        raise UserError(f"{way.proxy}: a SOCKS proxy needs the package socksio: install httpx[socks].") from None
    except (ValueError, httpx.InvalidURL):
        raise proxy_problem(way.origin) from None


class StatusClient:
    """Asks one endpoint with one credential.

    `open_http` makes an HTTP client for one connection: now, and whenever none is free. `deadline` bounds a whole
    reading, in seconds.
    """

    def __init__(
        self,
        open_http: Callable[[], httpx.AsyncClient],
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        deadline: float = 15.0,
        clock: ServerClock | None = None,
    ) -> None:
        self._open_http = open_http
        self._endpoint = endpoint
        self.credential = credential
        self._now = now
        self._deadline = deadline
        self._clock = clock or ServerClock(now)
        self._free = [Connection(open_http())]
        self._refused: AuthHeaders | Failure | None = None

    async def read(self, job: JobId) -> Reading:
        """Never raises for what network, server or credential do."""
        sent = self._now()
        exchange = ResponseInfo()
        outcome = await self._outcome(job, exchange)
        received = self._now()
        return Reading(job, outcome, sent, received, exchange.http_status, exchange.request_id)

    def credential_changed(self) -> bool:
        """Whether the credential was renewed since it was last refused or missing."""
        return self._refused is not None and self.credential.has_changed_since(self._refused)

    def may_show_again(self) -> bool:
        """Whether a ready token was refused: it may be good again, and is not locked by being shown."""
        return isinstance(self._refused, AuthHeaders) and self.credential.is_ready

    def reset(self) -> None:
        """The user asks: a sign-in that failed may be tried once more. Call it before the reading that they ask for."""
        self.credential.reset()

    async def close(self) -> None:
        """Closes the connections; call it when no reading is on its way."""
        free, self._free = self._free, []
        for line in free:
            await line.close()

    async def _outcome(self, job: JobId, exchange: ResponseInfo) -> Status | Failure:
        try:
            return await self._signed_in(job, exchange)
        except Exception as error:
            return fault(error)

    async def _signed_in(self, job: JobId, exchange: ResponseInfo) -> Status | Failure:
        """Asked once more at most, with a credential that was renewed because of the first answer."""
        for is_last in (False, True):
            auth_headers = await self.credential.authenticate("GET", self._endpoint.url + status_path(job))
            outcome = (
                auth_headers if isinstance(auth_headers, Failure) else await self._answer(job, auth_headers, exchange)
            )
            if not isinstance(outcome, Failure) or outcome.kind.retry is not Retry.SIGN_IN:
                break
            verdict = (
                outcome
                if isinstance(auth_headers, Failure)
                else await self.credential.on_unauthorized(auth_headers, outcome)
            )
            if verdict or is_last:
                self._refused = auth_headers
                return verdict or outcome
        return outcome

    async def _answer(self, job: JobId, auth_headers: AuthHeaders, exchange: ResponseInfo) -> Status | Failure:
        """Tells the credential how it went, also where it was given up."""
        outcome: Status | Failure | None = None
        exchange.begin()
        try:
            outcome = await self._ask(job, auth_headers, exchange)
        except Exception as error:
            outcome = fault(error)
        finally:
            self._clock.learn(exchange.date)  # first: the credential may need to know what time it is
            self.credential.on_response(auth_headers, outcome)
        return outcome

    async def _ask(self, job: JobId, auth_headers: AuthHeaders, exchange: ResponseInfo) -> Status | Failure:
        """Once more where a kept connection broke before it answered: the server had closed it meanwhile."""
        async with asyncio.timeout(self._deadline):
            try:
                return await self._attempt(job, auth_headers, exchange)
            except _BROKEN as error:
                if not exchange.went_stale or is_too_large(error):
                    raise
            return await self._attempt(job, auth_headers, exchange)

    async def _attempt(self, job: JobId, auth_headers: AuthHeaders, exchange: ResponseInfo) -> Status | Failure:
        """On a line of its own; after anything that leaves it in doubt, all that are free are given up with it."""
        line = self._free.pop() if self._free else Connection(self._open_http())
        exchange.was_kept = line.has_answered
        is_in_doubt = True
        try:
            outcome = await self._get(line.http, job, auth_headers, exchange)
            # what is left of a broken answer would be taken for the next job's
            is_in_doubt = isinstance(outcome, Failure) and outcome.kind is FailureKind.BAD_REPLY
            line.has_answered = True
            return outcome
        except _NOT_CONNECTED:
            is_in_doubt = False
            raise
        finally:
            line.used_at = now = asyncio.get_running_loop().time()
            self._free.append(line)
            while self._free and (is_in_doubt or now - self._free[0].used_at > _IDLE):
                await self._free.pop(0).close()

    async def _get(
        self, http: httpx.AsyncClient, job: JobId, auth_headers: AuthHeaders, exchange: ResponseInfo
    ) -> Status | Failure:
        url = _url(self._endpoint.url, job)
        # not `build_request`: it merges what the client was made with, for each question anew
        request = httpx.Request("GET", url, headers={**_HEADERS, **auth_headers.headers}, extensions=_TIMES)
        response = await http.send(request, stream=True)
        try:
            return await _receive(response, auth_headers, exchange)
        finally:
            await response.aclose()


@lru_cache(maxsize=4096)
def _url(endpoint: str, job: JobId) -> httpx.URL:
    """Kept, since to take it apart is a twelfth of what a question costs."""
    return httpx.URL(endpoint + status_path(job))


async def _receive(response: httpx.Response, auth_headers: AuthHeaders, exchange: ResponseInfo) -> Status | Failure:
    """Reads no more than is needed; the HTTP status of an error counts even where its body is of no use."""
    received = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
    headers = dict(received)
    exchange.http_status = response.status_code
    exchange.date = headers.get("date", "")
    exchange.request_id = request_id(headers, secrets=auth_headers.secrets)
    # all of them, as httpx would unpack
    encoding = ", ".join(value for name, value in received if name == "content-encoding").strip().lower()
    body, is_whole = b"", True
    if encoding in ("", "identity"):
        body, is_whole = await read_body(response)
    elif response.status_code == 200:
        return Failure(FailureKind.BAD_REPLY, f"The answer is encoded as {clean(encoding, 40)}, unasked.")
    if not is_whole and response.status_code == 200:
        return Failure(FailureKind.BAD_REPLY, f"The answer is larger than {LARGEST_BODY // 1024} KiB.")
    exchange.request_id = exchange.request_id or request_id({}, body, auth_headers.secrets)
    return interpret(response.status_code, headers, body, auth_headers.secrets)
