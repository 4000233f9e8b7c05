"""One exchange with the service: its connection, and what was met on the way."""

import re
from contextlib import suppress

import httpx

from tui.codearts.connections import AnswerTooLarge

LARGEST_BODY = 64 * 1024
"""Bytes; a true answer has under 100."""
_ALLOWED = re.compile(r"GET /v3/jobs/[0-9A-Za-z]{32}/status|(?:GET|POST) /v3/auth/tokens\?nocatalog=true")
"""All that is ever sent: the status call, and IAM's calls that issue a token and look at one."""


class NotAllowed(Exception):
    """A request that this program never sends."""


async def only_what_is_allowed(request: httpx.Request) -> None:
    """Stands before everything that leaves, so that no mistake elsewhere can change anything. Raises NotAllowed."""
    if not _ALLOWED.fullmatch(f"{request.method} {request.url.raw_path.decode('ascii')}"):
        raise NotAllowed


class Line:
    """A connection to the service: an HTTP client of one, since a pool looks at each of its connections for every
    request. Used by one exchange at a time."""

    __slots__ = ("has_answered", "http", "used_at")

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.has_answered = False
        self.used_at = 0.0
        """Seconds of the event loop's clock."""

    async def close(self) -> None:
        with suppress(Exception):
            await self.http.aclose()


class Exchange:
    """What one reading met on its way."""

    __slots__ = ("date", "http_status", "request_id", "was_kept")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Nothing is known of an answer."""
        self.http_status: int | None = None
        self.request_id = ""
        self.date = ""
        """The answer's `Date`."""
        self.was_kept = False
        """Whether its connection had answered something before."""

    @property
    def went_stale(self) -> bool:
        """A kept connection was used, and no answer had begun."""
        return self.was_kept and self.http_status is None


async def read_body(response: httpx.Response, most: int = LARGEST_BODY) -> tuple[bytes, bool]:
    """What came of the body, and whether all of it did: it ends early where it, or its framing, is too large."""
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most:
                return bytes(body), False
    except httpx.RemoteProtocolError as error:
        if not is_too_large(error):
            raise
        return bytes(body), False
    return bytes(body), True


def is_too_large(error: BaseException) -> bool:
    return isinstance(error.__cause__, AnswerTooLarge)
