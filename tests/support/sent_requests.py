"""Which requests may ever leave the program, and all others that did: a list of its own, written from the design."""

import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

_JOB, _BUILD = r"[0-9A-Za-z]{32}", r"[1-9]\d*"
LISTED = re.compile(
    rf"(?:GET|POST) /v3/auth/tokens(?:\?nocatalog=true)?"
    rf"|GET (?:/v3/jobs/{_JOB}/status"
    rf"|/v1/job/list(?:\?page_index=\d+&page_size=100(?:&build_status=building)?)?"
    rf"|/v1/job/{_JOB}/list\?page_index=\d+&page_size=100"
    rf"|/v1/job/{_JOB}/(?:info|running-status)"
    rf"|/v1/record/{_JOB}/list\?[\w=&%-]+"
    rf"|/v1/record/{_JOB}/{_BUILD}/record-info"
    rf"|/v1/log/{_JOB}/{_BUILD}/(?:analysis|real-time-log)\?[\w=&]+"
    rf"|/v3/jobs/{_JOB}/{_BUILD}/real-time-log\?[\w=&]+"
    rf"|/v1/domain/project/related-page\?page_no=\d+&page_size=100)",
    re.ASCII,
)
"""The method and path of each call. Nothing else is sent, and nothing but GET besides the sign-in."""

Send = Callable[[Any, httpx.Request], Awaitable[httpx.Response]]
_lock = threading.Lock()
_others: list[str] = []


def note(method: str, path: str) -> None:
    """Remember a request that is not on the list. Servers and transports of the tests call this with every request."""
    request = f"{method} {path}"
    if not LISTED.fullmatch(request):
        with _lock:
            _others.append(request)


def noted(send: Send) -> Send:
    """The method of a transport that sends a request, and notes it before."""

    async def note_and_send(self: httpx.AsyncBaseTransport, request: httpx.Request) -> httpx.Response:
        note(request.method, request.url.raw_path.decode("ascii"))
        return await send(self, request)

    return note_and_send


def take_others() -> list[str]:
    """The requests since the last call that are not on the list."""
    with _lock:
        others = _others[:]
        _others.clear()
    return others
