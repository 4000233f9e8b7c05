"""A client to test, with a transport of the test or a server on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from tests.support.credential_fakes import TOKEN
from tests.support.scripted_server import ScriptedServer, pass_time
from tui.codearts.auth.credentials import Credential, EnvironmentToken
from tui.codearts.client import StatusClient
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.status_api import interpret
from tui.core.job import JobId
from tui.core.reading import Failure, Moment, Reading

JOB = JobId("901878212b1a49be9c1a1054c272762a")
DEADLINE = 5.0
Handler = Callable[[httpx.Request], httpx.Response]


def clock() -> Callable[[], Moment]:
    """A clock that moves on by a second at each call."""
    seconds: Iterator[int] = iter(range(10_000))
    return lambda: Moment(float(next(seconds)), datetime(2026, 11, 23, tzinfo=UTC))


@asynccontextmanager
async def client(
    url: str = "https://build.example.com",
    handler: Handler | None = None,
    credential: Credential | None = None,
    deadline: float = DEADLINE,
    opened: list[httpx.AsyncClient] | None = None,
    verify: bool = True,
) -> AsyncIterator[StatusClient]:
    transport = httpx.MockTransport(handler) if handler else None

    def opener() -> httpx.AsyncClient:
        http = open_http(url, transport=transport, verify=verify)
        if opened is not None:
            opened.append(http)
        return http

    reader = StatusClient(opener, Endpoint(url), credential or EnvironmentToken(TOKEN), clock(), deadline)
    try:
        yield reader
    finally:
        await reader.close()


async def reading_of(handler: Handler) -> Reading:
    async with client(handler=handler) as reader:
        return await reader.read(JOB)


async def read_in_vain(reader: StatusClient, server: ScriptedServer) -> Reading:
    """The reading of a server that begins an answer, or none, and then says nothing until the deadline."""
    server.asked.clear()
    reading = asyncio.create_task(reader.read(JOB))
    await server.asked.wait()
    await pass_time(DEADLINE)
    return await reading


async def failure_of(error: BaseException) -> Failure:
    """What a reading says when the request raises `error`."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    return failure(await reading_of(fail))


def failure(reading: Reading) -> Failure:
    assert isinstance(reading.result, Failure)
    assert TOKEN[:16] not in repr(reading)
    return reading.result


def failed_answer(http_status: int, body: object, headers: dict[str, str] | None = None) -> Failure:
    """The failure of an answer; `body` as JSON unless it is bytes."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = interpret(http_status, headers or {}, sent, (TOKEN,))
    assert isinstance(outcome, Failure)
    return outcome
