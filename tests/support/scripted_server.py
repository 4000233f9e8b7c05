"""Servers on this machine that do what a test says, byte by byte."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Self

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\nX-Request-Id: r1\r\n\r\n{"result":true}'


class ScriptedConnection:
    """One connection, from the server's side."""

    def __init__(self, server: "ScriptedServer", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer

    async def request(self) -> None:
        """Waits for a whole request head."""
        self._server.heads.append(await self._reader.readuntil(b"\r\n\r\n"))
        self._server.asked.set()

    def write(self, data: bytes) -> None:
        """Sends without a chance for the client to read in between."""
        self._writer.write(data)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def drip(self, piece: bytes) -> None:
        """Sends the piece again and again, a moment apart, until the client ends the connection."""
        while True:
            await self.send(piece)
            await asyncio.sleep(0.02)

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """As the host at the end of a tunnel does."""
        await self._writer.start_tls(context)

    async def hung_up(self) -> bytes:
        """Waits until the client ends the connection; returns what it sent before."""
        return await self._reader.read()

    def reset(self) -> None:
        """Ends the connection the hard way."""
        linger = b"\1\0\0\0\0\0\0\0"
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


Script = Callable[[ScriptedConnection], Awaitable[None]]


class ScriptedServer:
    """Each connection follows the next script, later ones the last. It closes when its script returns."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.heads: list[bytes] = []
        self.asked = asyncio.Event()
        self.connections = 0
        self._scripts = scripts
        self._tls, self._host = tls, host

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self.url = f"{'https' if self._tls else 'http'}://{self._host}:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        try:
            await script(ScriptedConnection(self, reader, writer))
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def pass_time(seconds: float) -> None:
    """Moves the clock of the event loop ahead, as if nothing came for so long; what was sent before is read first."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(100):
        await asyncio.sleep(0)
    time = loop.time
    loop.time = lambda: time() + seconds


def answering(answer: bytes = GOOD) -> Script:
    """Answers every request with the same bytes."""

    async def script(connection: ScriptedConnection) -> None:
        while True:
            await connection.request()
            await connection.send(answer)

    return script


def answering_once(answer: bytes = GOOD) -> Script:
    """Answers one request, then closes the connection."""

    async def script(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(answer)

    return script


def silent_after(first: bytes) -> Script:
    """Begins an answer and never ends it."""

    async def script(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(first)
        await connection.hung_up()

    return script


async def resetting(connection: ScriptedConnection) -> None:
    """Receives a request, then resets the connection."""
    await connection.request()
    connection.reset()


async def resetting_later(connection: ScriptedConnection) -> None:
    """Resets the connection at its second request, like a server that closes a kept connection at that moment."""
    await connection.request()
    await connection.send(GOOD)
    await resetting(connection)
