"""Answers to extra calls as tests write them, and a client that sends extra calls."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
from hypothesis import strategies as st

from tests.support.builders import Time
from tests.support.credential_fakes import TOKEN
from tui.codearts.auth.credentials import Credential, EnvironmentToken
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.extras_client import ExtrasClient
from tui.codearts.record_api import RunLookup
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.run import Calibration, RunRecord

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
Handler = Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def envelope(result: object, **more: object) -> bytes:
    """An answer in the envelope of the vendor's documentation."""
    return json.dumps({"result": result, "error": None, "status": "success", **more}).encode()


def failure(outcome: object) -> Failure:
    assert isinstance(outcome, Failure)
    return outcome


def run_lookup(
    client: ExtrasClient, now: datetime, report: Callable[[JobId, Sequence[RunRecord]], object] = lambda job, told: None
) -> RunLookup:
    """A lookup of runs that does not know the unit of durations."""
    return RunLookup(client, "cn-north-4", lambda: now, Calibration(), report, lambda: now)


@asynccontextmanager
async def extras(
    handler: Handler,
    time: Time | None = None,
    credential: Credential | None = None,
    throttled: Callable[[Failure, float, float], object] = lambda failure, sent, now: None,
) -> AsyncIterator[ExtrasClient]:
    transport = httpx.MockTransport(handler)
    client = ExtrasClient(
        lambda: open_http("https://build.example.com", transport=transport),
        Endpoint("https://build.example.com"),
        credential or EnvironmentToken(TOKEN),
        (time or Time()).now,
        throttled,
    )
    try:
        yield client
    finally:
        await client.close()
