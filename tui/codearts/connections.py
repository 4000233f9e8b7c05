"""One kept connection: how much of an answer is read from it, and when it may serve another request."""

import ssl
from typing import Any

import httpcore
import httpx

LARGEST_ANSWER = 80 * 1024
"""Bytes of an answer in all: its body, every head before it and the framing of its body."""
LARGEST = "largest_answer"
"""The extension of a request whose answer may be larger, in bytes."""
_SMALLEST_PIECE = 64
"""Bytes that a piece counts for at least: each costs CPU, however small it is."""


class AnswerTooLarge(httpcore.RemoteProtocolError):
    """An answer has more bytes than it may have, whatever they are: to parse them could cost seconds of CPU."""


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
