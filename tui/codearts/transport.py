"""The transport of one connection: bounds what is received, and never takes a surplus answer for the next one."""

import ssl
from typing import Any

import httpcore
import httpx

from tui.codearts.transport_errors import AnswerTooLarge

LARGEST_BODY = 64 * 1024
"""Bytes of a body; a true status answer has under 100."""
_LARGEST = "codearts-watch.largest_answer"
"""The request's extension that bounds its whole answer, in bytes."""
_SMALLEST_PIECE = 64
"""Bytes that a received piece counts for at least: each piece costs CPU, however small it is."""


def size_limit(largest_body: int) -> dict[str, int]:
    """The request's extension for a body of at most so many bytes: its heads and framing may add a quarter."""
    return {_LARGEST: largest_body * 5 // 4}


class _Meter:
    """Counts the bytes that are received for one request. Raises AnswerTooLarge when there are too many."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = 0

    def count(self, data: bytes) -> None:
        self.left -= max(len(data), _SMALLEST_PIECE)
        if self.left < 0:
            raise AnswerTooLarge


class Transport(httpx.AsyncHTTPTransport):
    """Sends over one connection, and replaces it if it received anything since its last answer.

    Answers in HTTP/1.1 carry no identifier: a client takes whatever it can read after a request for the answer to that
    request. So before each request, this transport looks for bytes that were received but not used: in the parser, in
    the TLS layer, in the stream's queue and in the socket. If it finds any, it closes the connection and opens another.

    It finds all that reached this machine before the request left, whether in the same write as the last answer or
    minutes later. It cannot detect a surplus answer that arrives after the next request has left, or on a new
    connection before its first request: that one is taken for the answer to that request. The true answer is then the
    surplus, and the connection is closed before its next use: one reading is wrong, and never a second one.
    """

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None, keep: float) -> None:
        """`keep` is how many seconds a connection is kept without use."""
        limits = httpx.Limits(max_connections=1, keepalive_expiry=keep)
        super().__init__(verify=context, trust_env=False, limits=limits, proxy=proxy)
        self._meter = _Meter()
        # httpx has no parameter for the backend of its pool
        self._pool._network_backend = _Backend(self._pool._network_backend, self._meter)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if any(holds_unread(connection) for connection in self._pool.connections):
            await self._pool.aclose()  # closes its connections only: the pool can be used again
        self._meter.left = request.extensions.get(_LARGEST) or size_limit(LARGEST_BODY)[_LARGEST]
        return await super().handle_async_request(request)


def holds_unread(connection: Any) -> bool:
    """Whether an idle connection of httpcore received bytes that belong to no answer.

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

    def __init__(self, inner: httpcore.AsyncNetworkBackend, meter: _Meter) -> None:
        self._inner, self._meter = inner, meter

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._inner.connect_tcp(*where, **how), self._meter)


class _Stream(httpcore.AsyncNetworkStream):
    """Counts what it receives, and knows whether anything was received but not read."""

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
        """Raises AttributeError if this version of anyio keeps its buffers elsewhere."""
        inner: Any = self._inner
        stream = inner._stream
        while hasattr(stream, "transport_stream"):  # TLS, once or twice
            if stream._ssl_object.pending() or stream._read_bio.pending:
                return True
            stream = stream.transport_stream
        return bool(stream._protocol.read_queue) or bool(self._inner.get_extra_info("is_readable"))
