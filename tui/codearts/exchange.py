"""One exchange with the service: its connection, and what was met on the way."""

import re
from contextlib import suppress

import httpx

from tui.codearts.connections import AnswerTooLarge
from tui.codearts.extra_call import CallKind

LARGEST_BODY = 64 * 1024
"""Bytes; a true answer has under 100."""
_ALLOWED = re.compile(r"GET /v3/jobs/[0-9A-Za-z]{32}/status|(?:GET|POST) /v3/auth/tokens\?nocatalog=true")
"""All that is sent without being asked for as an extra: the status call, and IAM's calls that issue a token and look at
one."""
_ID, _NUMBER, _COUNT = "[0-9A-Za-z]{32}", "[1-9][0-9]{0,9}", "[0-9]{1,10}"
_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}%20[0-9]{2}%3A[0-9]{2}%3A[0-9]{2}"
_PAGE = r"page_index=[0-9]{1,3}&page_size=100"
_ALLOWED_EXTRAS = {
    CallKind.JOB_LIST: rf"/v1/job/list\?{_PAGE}",
    CallKind.WHOLE_JOB_LIST: "/v1/job/list",
    CallKind.PROJECT_JOB_LIST: rf"/v1/job/{_ID}/list\?{_PAGE}",
    CallKind.PROJECTS: r"/v1/domain/project/related-page\?page_no=[1-9][0-9]{0,2}&page_size=100",
    CallKind.RECORD_LIST: rf"/v1/record/{_ID}/list\?start_time={_TIME}&end_time={_TIME}"
    r"&page_index=0&page_size=[1-9][0-9]{0,2}",
    CallKind.RECORD_INFO: f"/v1/record/{_ID}/{_NUMBER}/record-info",
    CallKind.JOB_INFO: f"/v1/job/{_ID}/info",
    CallKind.RUNNING_STATUS: f"/v1/job/{_ID}/running-status",
    CallKind.LOG_ANALYSIS: rf"/v1/log/{_ID}/{_NUMBER}/analysis\?limit=100&offset=0",
    CallKind.LOG: rf"/v1/log/{_ID}/{_NUMBER}/real-time-log"
    rf"\?start_offset={_COUNT}&end_offset={_COUNT}&sort=(?:AES|DESC)&size=1000",
    CallKind.LOG_V3: rf"/v3/jobs/{_ID}/{_NUMBER}/real-time-log\?offset={_COUNT}&length=1000000",
}
"""What an extra of each kind may ask for, always by GET."""
EXTRA = "codearts-watch.extra"
"""The request's extension that names its `CallKind`; only the client of the extras sets it."""


class NotAllowed(Exception):
    """A request that this program never sends."""


async def only_what_is_allowed(request: httpx.Request) -> None:
    """Stands before everything that leaves, so that no mistake elsewhere can change anything. Raises NotAllowed."""
    path = request.url.raw_path.decode("ascii")
    if kind := request.extensions.get(EXTRA):
        is_allowed = request.method == "GET" and re.fullmatch(_ALLOWED_EXTRAS[kind], path)
    else:
        is_allowed = _ALLOWED.fullmatch(f"{request.method} {path}")
    if not is_allowed:
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
