"""Servers that say more than they were asked: no second answer is ever taken for another job's."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.clients import JOB, client
from tests.scripted_server import Connection, Script, Server, answering
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

    async def script(connection: Connection) -> None:
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
async def test_a_second_answer_is_not_the_next_jobs(how: str, scheme: str, request: pytest.FixtureRequest) -> None:
    context = request.getfixturevalue("tls") if scheme == "https" else None
    async with (
        Server(saying(*SURPLUS[how]), answering(RUNNING), tls=context) as server,
        client(server.url, verify=False) as reader,
    ):
        outcomes = [(await reader.read(job)).outcome for job in (JOB, NEXT, JOB, NEXT)]
    assert outcomes == [Status.RUNNING] * 4
    assert server.connections == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_arrives_on_an_idle_connection_ends_it(scheme: str, request: pytest.FixtureRequest) -> None:
    context = request.getfixturevalue("tls") if scheme == "https" else None
    go_on, has_sent = asyncio.Event(), asyncio.Event()

    async def late(connection: Connection) -> None:
        await connection.request()
        await connection.send(RUNNING)
        await go_on.wait()
        await connection.send(IDLE)
        has_sent.set()
        await answering(RUNNING)(connection)

    async with (
        Server(late, answering(RUNNING), tls=context) as server,
        client(server.url, verify=False) as reader,
    ):
        assert (await reader.read(JOB)).outcome is Status.RUNNING
        go_on.set()
        await has_sent.wait()
        assert (await reader.read(NEXT)).outcome is Status.RUNNING
    assert server.connections == 2


async def test_what_comes_once_the_next_request_is_gone_spoils_one_reading_and_no_more() -> None:
    """Nobody can tell it from the answer; the true one is the surplus then, and ends the connection."""

    async def later(connection: Connection) -> None:
        await connection.request()
        await connection.send(RUNNING)
        await connection.request()
        connection.write(IDLE)
        connection.write(RUNNING)
        await answering(RUNNING)(connection)

    async with Server(later, answering(RUNNING)) as server, client(server.url) as reader:
        outcomes = [(await reader.read(job)).outcome for job in (JOB, NEXT, JOB, NEXT)]
    assert outcomes == [Status.RUNNING, Status.IDLE, Status.RUNNING, Status.RUNNING]
    assert server.connections == 2


async def test_a_quiet_connection_is_kept_over_tls(tls: ssl.SSLContext) -> None:
    """Its session tickets, too, are read with the first answer."""
    async with Server(answering(RUNNING), tls=tls) as server, client(server.url, verify=False) as reader:
        outcomes = [(await reader.read(JOB)).outcome for _ in range(5)]
    assert outcomes == [Status.RUNNING] * 5
    assert server.connections == 1
