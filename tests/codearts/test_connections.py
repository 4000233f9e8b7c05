"""Real connections: kept, broken, endless, and what the client does about it."""

import asyncio
import gzip
import time

import httpx
import pytest

from tests.support.clients import JOB, client, clock, failure, read_in_vain
from tests.support.credential_fakes import TOKEN
from tests.support.scripted_server import (
    GOOD,
    Script,
    ScriptedConnection,
    ScriptedServer,
    answering,
    answering_once,
    resetting,
    resetting_later,
    silent_after,
)
from tests.support.virtual_time import in_virtual_time
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.client import StatusClient
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.core.reading import FailureKind as K
from tui.core.reading import Status


async def test_connections_are_kept() -> None:
    async with ScriptedServer(answering()) as server, client(server.url) as reader:
        readings = [await reader.read(JOB) for _ in range(5)]
    assert {reading.result for reading in readings} == {Status.RUNNING}
    assert {reading.request_id for reading in readings} == {"r1"}
    assert (server.connections, len(server.heads)) == (1, 5)


@pytest.mark.parametrize(("pause", "connections"), [(25, 1), (35, 2)])
async def test_a_connection_is_kept_for_half_a_minute(
    pause: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ScriptedServer(answering()) as server, client(server.url) as reader:
        await reader.read(JOB)
        seconds = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: seconds() + pause)
        assert (await reader.read(JOB)).result is Status.RUNNING
        assert server.connections == connections


async def test_a_connection_closed_in_between_is_not_noticed() -> None:
    async with ScriptedServer(answering_once()) as server, client(server.url) as reader:
        readings = [await reader.read(JOB) for _ in range(5)]
    assert {reading.result for reading in readings} == {Status.RUNNING}
    assert server.connections == 5


async def test_a_kept_connection_that_breaks_is_tried_once_more() -> None:
    opened: list[httpx.AsyncClient] = []
    async with (
        ScriptedServer(resetting_later, answering()) as server,
        client(server.url, opened=opened) as reader,
    ):
        assert (await reader.read(JOB)).result is Status.RUNNING
        assert (await reader.read(JOB)).result is Status.RUNNING
        assert (server.connections, len(server.heads)) == (2, 3)
        assert [http.is_closed for http in opened] == [True, False]


async def test_but_never_more_than_once() -> None:
    async with ScriptedServer(resetting_later, resetting) as server, client(server.url) as reader:
        await reader.read(JOB)
        assert failure(await reader.read(JOB)).kind is K.BROKEN_CONNECTION
        assert (server.connections, len(server.heads)) == (2, 3)


async def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    async with ScriptedServer(resetting, answering()) as server, client(server.url) as reader:
        assert failure(await reader.read(JOB)).kind is K.BROKEN_CONNECTION
        assert len(server.heads) == 1
        assert (await reader.read(JOB)).result is Status.RUNNING


async def test_a_connection_that_breaks_in_mid_body_is_not_tried_again() -> None:
    async def breaks_later(connection: ScriptedConnection) -> None:
        for answer in (GOOD, GOOD[:-5]):
            await connection.request()
            await connection.send(answer)

    async with ScriptedServer(breaks_later, answering()) as server, client(server.url) as reader:
        await reader.read(JOB)
        reading = await reader.read(JOB)
    assert failure(reading).kind is K.BROKEN_CONNECTION
    assert (reading.http_status, reading.request_id) == (200, "r1")
    assert len(server.heads) == 2


@pytest.mark.parametrize(("first", "http_status"), [(b"", None), (b"HTTP/1.1 2", None), (GOOD[:-3], 200)])
async def test_the_deadline_ends_an_answer_that_never_does(first: bytes, http_status: int | None) -> None:
    opened: list[httpx.AsyncClient] = []
    async with (
        ScriptedServer(silent_after(first), answering()) as server,
        client(server.url, opened=opened) as reader,
    ):
        reading = await read_in_vain(reader, server)
        assert (failure(reading).kind, reading.http_status) == (K.TIMEOUT, http_status)
        assert opened[0].is_closed
        assert (await reader.read(JOB)).result is Status.RUNNING


async def test_a_dripping_body_ends_at_the_deadline() -> None:
    async def drips(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        await connection.drip(b" ")

    async with ScriptedServer(drips) as server, client(server.url, deadline=0.3) as reader:
        assert failure(await reader.read(JOB)).kind is K.TIMEOUT


async def test_others_on_the_way_are_not_hurt() -> None:
    """A connection that proves good is kept, whatever becomes of its neighbours."""
    go_on = asyncio.Event()

    async def slow(connection: ScriptedConnection) -> None:
        await connection.request()
        await go_on.wait()
        await connection.send(GOOD)

    opened: list[httpx.AsyncClient] = []
    async with ScriptedServer(slow, resetting) as server, client(server.url, opened=opened) as reader:
        waiting = asyncio.create_task(reader.read(JOB))
        await server.asked.wait()
        assert failure(await reader.read(JOB)).kind is K.BROKEN_CONNECTION
        go_on.set()
        assert (await waiting).result is Status.RUNNING
        assert [http.is_closed for http in opened] == [False, True]


def endless(head: bytes) -> Script:
    async def script(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(head + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await connection.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    return script


@pytest.mark.parametrize(
    ("head", "kind"), [(b"HTTP/1.1 200 OK", K.BAD_REPLY), (b"HTTP/1.1 429 Too Many Requests", K.THROTTLED)]
)
async def test_no_more_of_a_body_is_read_than_needed(head: bytes, kind: K) -> None:
    async with ScriptedServer(endless(head)) as server, client(server.url) as reader:
        found = failure(await reader.read(JOB))
    assert found.kind is kind
    assert (found.summary == "The answer is larger than 64 KiB.") == (kind is K.BAD_REPLY)
    assert len(found.message) <= 4000


async def test_a_compressed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b"x" * 10_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with ScriptedServer(answering_once(head + bomb)) as server, client(server.url) as reader:
        found = failure(await reader.read(JOB))
    assert found.kind is K.BAD_REPLY
    assert "gzip" in found.summary


async def test_the_token_does_not_follow_a_redirection() -> None:
    async with ScriptedServer(answering()) as other:
        head = f"HTTP/1.1 302 Found\r\nLocation: {other.url}/v3/\r\nContent-Length: 0\r\n\r\n".encode()
        async with ScriptedServer(answering(head)) as server, client(server.url) as reader:
            found = failure(await reader.read(JOB))
        assert other.connections == 0
    assert found.kind is K.REDIRECTED
    assert "127.0.0.1" in found.summary


async def test_the_rest_of_a_broken_answer_is_not_the_next_jobs() -> None:
    surplus = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + GOOD
    null = GOOD.replace(b"true", b"null")
    async with ScriptedServer(answering(surplus), answering(null)) as server, client(server.url) as reader:
        assert failure(await reader.read(JOB)).kind is K.BAD_REPLY
        assert "null" in failure(await reader.read(JOB)).summary
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad\x00: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nRetry-After: \x01\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_said_to_be(answer: bytes) -> None:
    async with ScriptedServer(answering_once(answer)) as server, client(server.url) as reader:
        assert failure(await reader.read(JOB)).kind is K.BAD_REPLY


async def test_a_port_where_nothing_listens() -> None:
    async with ScriptedServer(answering()) as server:
        pass
    opened: list[httpx.AsyncClient] = []
    async with client(server.url, opened=opened) as reader:
        found = failure(await reader.read(JOB))
        await reader.read(JOB)
    assert found.kind is K.UNREACHABLE
    assert "refused" in found.summary
    assert len(opened) == 1


async def test_a_port_that_does_not_speak_tls_never_sees_the_token() -> None:
    seen: list[bytes] = []

    async def plain(connection: ScriptedConnection) -> None:
        await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        seen.append(await connection.hung_up())

    async with ScriptedServer(plain) as server, client(server.url.replace("http", "https")) as reader:
        assert failure(await reader.read(JOB)).kind is K.TLS
    assert TOKEN.encode() not in b"".join(seen)


async def test_cancelling_a_reading_gives_up_its_connections() -> None:
    opened: list[httpx.AsyncClient] = []
    async with (
        ScriptedServer(silent_after(b""), answering()) as server,
        client(server.url, opened=opened) as reader,
    ):
        task = asyncio.create_task(reader.read(JOB))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert opened[0].is_closed
        assert (await reader.read(JOB)).result is Status.RUNNING


async def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer(answering()) as proxy, ScriptedServer(answering()) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with client(server.url) as reader:
            assert (await reader.read(JOB)).result is Status.RUNNING
        assert (proxy.connections, server.connections) == (0, 1)


@pytest.mark.parametrize(("pause", "requests"), [(10, 3), (40, 2)])
@in_virtual_time
async def test_a_request_is_sent_twice_only_where_the_connection_was_kept(pause: float, requests: int) -> None:
    """After thirty seconds another one is made in its place."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if len(sent) > 1:
            raise httpx.ReadError("reset")
        return httpx.Response(200, json={"result": True})

    def opener() -> httpx.AsyncClient:
        return open_http("https://build.example.com", transport=httpx.MockTransport(answer))

    reader = StatusClient(opener, Endpoint("https://build.example.com"), EnvironmentToken(TOKEN), clock())
    await reader.read(JOB)
    await asyncio.sleep(pause)
    assert failure(await reader.read(JOB)).kind is K.BROKEN_CONNECTION
    assert len(sent) == requests
    await reader.close()


@in_virtual_time
async def test_connections_that_are_no_longer_needed_are_closed() -> None:
    opened: list[httpx.AsyncClient] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        return httpx.Response(200, json={"result": True})

    def opener() -> httpx.AsyncClient:
        opened.append(open_http("https://build.example.com", transport=httpx.MockTransport(answer)))
        return opened[-1]

    reader = StatusClient(opener, Endpoint("https://build.example.com"), EnvironmentToken(TOKEN), clock())
    await asyncio.gather(*(reader.read(JOB) for _ in range(3)))
    await asyncio.sleep(40)
    assert (await reader.read(JOB)).result is Status.RUNNING
    assert sorted(http.is_closed for http in opened) == [False, True, True]
    await reader.close()
