"""Servers that never come to an end, that die without a word, and a token that would write a header of its own."""

import asyncio
from typing import Any

import pytest

from tests.support.clients import JOB, client, failure, read_in_vain
from tests.support.scripted_server import (
    GOOD,
    ScriptedConnection,
    ScriptedServer,
    answering,
    answering_once,
    silent_after,
)
from tui.codearts.auth.credentials import EnvironmentToken
from tui.core.reading import FailureKind, Status


async def for_ever(connection: ScriptedConnection, head: bytes, piece: bytes) -> None:
    await connection.request()
    await connection.send(head)
    for _ in range(1_000_000):
        await connection.send(piece)
        await asyncio.sleep(0)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "informational answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50, FailureKind.BAD_REPLY),
    "informational answers with headers": (b"", b"HTTP/1.1 103 C\r\nLink: a\r\n\r\n" * 50, FailureKind.BAD_REPLY),
    "chunk extensions": (CHUNKED, (b"1;" + b"a" * 1000 + b"\r\nx\r\n") * 10, FailureKind.BAD_REPLY),
    "chunk extensions without chunks": (CHUNKED + b"1;", b"a" * 1000, FailureKind.BAD_REPLY),
    "trailers": (CHUNKED + b"0\r\n", b"X-More: a\r\n" * 50, FailureKind.BAD_REPLY),
    "a header in tiny pieces": (b"HTTP/1.1 200 OK\r\nX-More: ", b"a", FailureKind.BAD_REPLY),
    "header lines": (
        b"HTTP/1.1 200 OK\r\n",
        b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
        FailureKind.BAD_REPLY,
    ),
    "one header": (b"HTTP/1.1 200 OK\r\nX-More: ", b"a" * 1000, FailureKind.BAD_REPLY),
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 1000, FailureKind.BAD_REPLY),
    "chunks": (CHUNKED, b"3e8\r\n" + b" " * 1000 + b"\r\n", None),
    "empty chunk lines": (CHUNKED, b"0" * 1000, None),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_never_ends_is_ended(what: str) -> None:
    head, piece, kind = ENDLESS[what]
    deadline = 120.0 if kind is FailureKind.BAD_REPLY else 0.5  # ended by its size, however slow this machine
    async with (
        ScriptedServer(lambda one: for_ever(one, head, piece)) as server,
        client(server.url, deadline=deadline) as reader,
    ):
        found = failure(await reader.read(JOB))
        assert found.kind is kind or (kind is None and found.kind in (FailureKind.BAD_REPLY, FailureKind.TIMEOUT))
        assert len(found.summary) < 300


async def test_a_kept_connection_that_falls_silent_costs_one_reading() -> None:
    async def zombie(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(GOOD)
        await silent_after(b"")(connection)

    async with ScriptedServer(zombie, answering()) as server, client(server.url) as reader:
        assert (await reader.read(JOB)).result is Status.RUNNING
        assert failure(await read_in_vain(reader, server)).kind is FailureKind.TIMEOUT
        assert (await reader.read(JOB)).result is Status.RUNNING
        assert server.connections == 2


async def test_after_a_silence_the_name_is_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a fail-over that changed the address behind the name."""
    looked_up = []
    loop = asyncio.get_running_loop()
    look_up = loop.getaddrinfo

    async def noted(host: str, *arguments: Any, **more: Any) -> Any:
        looked_up.append(host)
        return await look_up(host, *arguments, **more)

    monkeypatch.setattr(loop, "getaddrinfo", noted)
    async with ScriptedServer(silent_after(b""), answering()) as server:
        async with client(server.url.replace("127.0.0.1", "localhost")) as reader:
            assert failure(await read_in_vain(reader, server)).kind is FailureKind.TIMEOUT
            assert (await reader.read(JOB)).result is Status.RUNNING
            assert (await reader.read(JOB)).result is Status.RUNNING
        assert len(looked_up) == 2


@pytest.mark.parametrize(
    "end", ["\r\nX-Evil: 1", "\nX-Evil: 1", "\r\n\r\nDELETE / HTTP/1.1", "\x00", "\x85x", "\u2028x"]
)
async def test_a_token_cannot_write_another_header(end: str) -> None:
    async with (
        ScriptedServer(answering()) as server,
        client(server.url, credential=EnvironmentToken(f"abc{end}")) as reader,
    ):
        assert failure(await reader.read(JOB)).kind is FailureKind.NO_CREDENTIAL
        assert server.connections == 0


@pytest.mark.parametrize("end", ["\n", "\r\n", " \t\r\n"])
async def test_a_line_end_behind_a_token_is_not_sent(end: str) -> None:
    async with (
        ScriptedServer(answering_once()) as server,
        client(server.url, credential=EnvironmentToken(f"abc{end}")) as one,
    ):
        assert (await one.read(JOB)).result is Status.RUNNING
        assert b"\r\nX-Auth-Token: abc\r\n" in server.heads[0]
