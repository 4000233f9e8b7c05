"""Servers that say more than they were asked: no second answer is ever taken for another job's."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.clients import JOB, client
from tests.support.scripted_server import Script, ScriptedConnection, ScriptedServer, answering
from tui.core.job import JobId
from tui.core.reading import Status

NEXT = JobId("1" * 32)
READ_AT_ONCE = 64 * 1024
"""Bytes that httpcore reads at most in one go."""
CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
    "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out ca.pem"
)


def answer(result: str, length: int = 0) -> bytes:
    """A whole answer, filled up with blanks to a length."""
    body = f'{{"result":{result}}}'.encode()
    head = "HTTP/1.1 200 OK\r\nContent-Length: {:05}\r\n\r\n"
    body = body.ljust(length - len(head.format(0)))
    return head.format(len(body)).encode() + body


RUNNING, IDLE = answer("true"), answer("false")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)
    return context_of(folder)


def context_of(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def saying(*pieces: bytes) -> Script:
    """Answers the first request with all these, written one after another before anyone reads."""

    async def script(connection: ScriptedConnection) -> None:
        await connection.request()
        for piece in pieces:
            connection.write(piece)
        await answering(RUNNING)(connection)

    return script


SURPLUS = {
    "in the same write": [RUNNING + IDLE],
    "in the next write": [RUNNING, IDLE],
    "after an answer that ends where a read does": [answer("true", READ_AT_ONCE) + IDLE],
    "after one that ends where a read does, in pieces": [answer("true", READ_AT_ONCE), IDLE],
    "many of them": [RUNNING + IDLE * 40],
    "the beginning of one": [RUNNING + IDLE[:10]],
    "a line end and one": [RUNNING + b"\r\n" + IDLE],
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("how", SURPLUS)
async def test_a_surplus_answer_is_never_taken_for_that_of_the_next_job(
    how: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    context = request.getfixturevalue("tls") if scheme == "https" else None
    async with (
        ScriptedServer(saying(*SURPLUS[how]), answering(RUNNING), tls=context) as server,
        client(server.url, verify=False) as reader,
    ):
        results = [(await reader.read(job)).result for job in (JOB, NEXT, JOB, NEXT)]
    assert results == [Status.RUNNING] * 4
    assert server.connections == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_arrives_on_an_idle_connection_ends_it(scheme: str, request: pytest.FixtureRequest) -> None:
    context = request.getfixturevalue("tls") if scheme == "https" else None
    go_on, has_sent = asyncio.Event(), asyncio.Event()

    async def late(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(RUNNING)
        await go_on.wait()
        await connection.send(IDLE)
        has_sent.set()
        await answering(RUNNING)(connection)

    async with (
        ScriptedServer(late, answering(RUNNING), tls=context) as server,
        client(server.url, verify=False) as reader,
    ):
        assert (await reader.read(JOB)).result is Status.RUNNING
        go_on.set()
        await has_sent.wait()
        assert (await reader.read(NEXT)).result is Status.RUNNING
    assert server.connections == 2


async def test_no_connection_is_kept_where_nobody_can_tell_what_it_received(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a version of anyio that keeps its buffers elsewhere."""

    def has_unread(stream: object) -> bool:
        raise AttributeError

    monkeypatch.setattr("tui.codearts.connections._Stream.has_unread", has_unread)
    async with ScriptedServer(answering(RUNNING)) as server, client(server.url) as reader:
        results = [(await reader.read(job)).result for job in (JOB, NEXT)]
    assert results == [Status.RUNNING] * 2
    assert server.connections == 2


async def test_what_comes_once_the_next_request_is_gone_spoils_one_reading_and_no_more() -> None:
    """Nobody can tell it from the answer; the true one is the surplus then, and ends the connection."""

    async def later(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(RUNNING)
        await connection.request()
        connection.write(IDLE)
        connection.write(RUNNING)
        await answering(RUNNING)(connection)

    async with ScriptedServer(later, answering(RUNNING)) as server, client(server.url) as reader:
        results = [(await reader.read(job)).result for job in (JOB, NEXT, JOB, NEXT)]
    assert results == [Status.RUNNING, Status.IDLE, Status.RUNNING, Status.RUNNING]
    assert server.connections == 2


async def test_a_quiet_connection_is_kept_over_tls(tls: ssl.SSLContext) -> None:
    """Its session tickets, too, are read with the first answer."""
    async with ScriptedServer(answering(RUNNING), tls=tls) as server, client(server.url, verify=False) as reader:
        results = [(await reader.read(JOB)).result for _ in range(5)]
    assert results == [Status.RUNNING] * 5
    assert server.connections == 1


Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Tunnel:
    """A proxy that lets everything through to one server, whatever host is asked for."""

    def __init__(self, port: int, greet: Greet) -> None:
        self._port, self._greet = port, greet
        self._served: list[asyncio.Task[None] | None] = []

    @property
    def connections(self) -> int:
        return len(self._served)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Its port; afterwards it waits until every connection has come to its end."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]
            await asyncio.wait_for(asyncio.gather(*filter(None, self._served)), 10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.append(asyncio.current_task())
        await self._greet(reader, writer)
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(pump(reader, onward_writer), pump(onward_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**18):
            writer.write(data)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")


async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(3)
    writer.write(b"\x05\x00")
    head = await reader.readexactly(5)
    await reader.readexactly(head[4] + 2)
    writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")


@pytest.mark.parametrize(("scheme", "greet"), [("http", connect), ("socks5", socks)])
@pytest.mark.parametrize(("first", "connections"), [(RUNNING, 1), (RUNNING + IDLE, 2)])
async def test_through_a_tunnel_connections_are_kept_and_given_up_alike(
    scheme: str,
    greet: Greet,
    first: bytes,
    connections: int,
    tls: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ScriptedServer(saying(first), answering(RUNNING), tls=tls) as server:
        tunnel = Tunnel(int(server.url.rpartition(":")[2]), greet)
        async with tunnel.open() as port:
            monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://127.0.0.1:{port}")
            async with client("https://build.example.com", verify=False) as reader:
                results = [(await reader.read(job)).result for job in (JOB, NEXT, JOB, NEXT)]
        assert results == [Status.RUNNING] * 4
        assert (tunnel.connections, server.connections) == (connections, connections)
