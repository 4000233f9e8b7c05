"""Whether the service can be reached at all: one call without any credential."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tui.codearts.contract import status_path
from tui.codearts.endpoints import Endpoint
from tui.codearts.faults import fault
from tui.core.job import JobId
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind

_NO_JOB = JobId("0" * 32)


@dataclass(frozen=True, slots=True)
class Answered:
    """That there was an answer, and its `Date`."""

    http_status: int
    date: str


async def probe(open_http: Callable[[], httpx.AsyncClient], endpoint: Endpoint, seconds: float) -> Answered | Failure:
    """Within so many seconds. Never raises for what network or server do."""
    try:
        url = endpoint.url + status_path(_NO_JOB)
        async with asyncio.timeout(seconds), open_http() as http, http.stream("GET", url) as response:
            return Answered(response.status_code, response.headers.get("date", ""))
    except Problem as problem:
        return Failure(FailureKind.SETTINGS, str(problem))
    except Exception as error:
        return fault(error)
