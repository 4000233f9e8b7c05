"""The status call: its path, and what its answer means. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.codearts.error_codes import advise, kind_of
from tui.codearts.json_body import ErrorFields, fields_of, parse_json
from tui.codearts.redaction import redact, redacted_line
from tui.codearts.server_clock import http_date
from tui.core.job import JobId
from tui.core.reading import LONGEST_RETRY_AFTER, Failure, FailureKind, Status
from tui.core.text import DETAIL, capitalised, clean

_NO_JSON = object()
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_LIMIT = re.compile(r"over ratelimit, ?limit:(\d{1,9}), ?time:(\d{1,6}) ?(second|minute|hour|day)", re.ASCII)
_USED_UP = re.compile(r"remain: ?0, ?limit: ?(\d{1,9}), ?time: ?(\d{1,6}) ?(second|minute|hour|day)s?", re.ASCII)
_NOT_BY_A_PAGE = (FailureKind.BAD_REPLY, FailureKind.SIGN_IN, FailureKind.FORBIDDEN)
"""What the service says with a code or message only: a web page says it of the way to the service."""
_TITLE = re.compile(rb"<title[^>]{0,100}>([^<]{1,200})", re.IGNORECASE)


class _WholeAnswer(NamedTuple):
    """An answer of the service or of what is on the way there, with its body as JSON if that is any."""

    http_status: int
    headers: Mapping[str, str]
    body: bytes
    value: object
    fields: ErrorFields

    @property
    def status(self) -> Status | None:
        return _result(self.value) if self.http_status == 200 and not self.fields.failed else None

    @property
    def is_web_page(self) -> bool:
        return self.value is _NO_JSON and is_web_page(self.headers, self.body)

    @property
    def kind(self) -> FailureKind:
        kind = kind_of(self.http_status, self.fields.code, self.fields.message)
        return FailureKind.WRONG_ENDPOINT if self.is_web_page and kind in _NOT_BY_A_PAGE else kind


def is_web_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a body that is no JSON is HTML, as from the console, a proxy or a hotel's log-in page."""
    if not body.strip():
        return False
    return body.lstrip().startswith(b"<") or "html" in _header(headers, "content-type").lower()


def status_path(job: JobId) -> str:
    """Needs no quoting: a `JobId` has only letters and digits."""
    return f"/v3/jobs/{job}/status"


def interpret(http_status: int, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Status | Failure:
    """Returns a status only for 200 with an object whose `result` is true or false and that claims no error.

    `secrets` are kept out of every text of the failure. Error codes outrank the HTTP status: throttling, for example,
    comes with 429, 400, 500 and 200.
    """
    value = _parsed(body)
    if http_status == 200 and isinstance(value, dict) and len(value) == 1 and (status := _result(value)):
        return status  # nearly every answer; without other members it claims no error
    answer = _WholeAnswer(http_status, headers, body, value, fields_of(value))
    return answer.status or _failure(answer, secrets)


def failure_of(http_status: int, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Failure:
    """What an answer without a usable result means, by its code or HTTP status; for any call."""
    value = _parsed(body)
    return _failure(_WholeAnswer(http_status, headers, body, value, fields_of(value)), secrets)


def request_id(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> str:
    """The service's ID of this request; empty if the answer has none."""
    found = _header(headers, "x-request-id")
    if not found and b"request_id" in body:
        found = fields_of(_parsed(body)).request_id
    return redacted_line(found, secrets, 100) if found else ""


def _result(value: object) -> Status | None:
    match value:
        case {"result": True}:
            return Status.RUNNING
        case {"result": False}:
            return Status.IDLE
    return None


def _parsed(body: bytes) -> object:
    try:
        return parse_json(body)
    except ValueError:
        return _NO_JSON


def _failure(answer: _WholeAnswer, secrets: Sequence[str]) -> Failure:
    fields = answer.fields
    failure = Failure(
        answer.kind,
        summary="",
        code=redacted_line(fields.code, secrets, 100),
        message=redacted_line(fields.message or _body_text(answer), secrets, DETAIL),
        retry_after=retry_after(answer.headers),
        limit=_limit(answer) if answer.kind is FailureKind.THROTTLED else None,
    )
    what = _what(answer, failure, secrets)
    origin = f"HTTP {answer.http_status}, {failure.code}" if failure.code else f"HTTP {answer.http_status}"
    return failure._replace(summary=redacted_line(f"{capitalised(what)} ({origin}).", secrets))


def _what(answer: _WholeAnswer, failure: Failure, secrets: Sequence[str]) -> str:
    """What happened, in one clause."""
    if answer.is_web_page and failure.kind is FailureKind.WRONG_ENDPOINT:
        return "the answer is a web page, not the build service"
    if failure.kind is FailureKind.REDIRECTED:
        return f"the answer points to {_target(redact(_header(answer.headers, 'location'), secrets))}"
    if failure.kind is not FailureKind.BAD_REPLY:
        return advise(failure).meaning
    if answer.fields.failed or answer.fields.code:
        return "the answer reports an error"
    return _shape(answer) if answer.http_status == 200 else "only an answer with HTTP 200 has a status"


def _shape(answer: _WholeAnswer) -> str:
    """What the answer has instead of a status."""
    if not answer.body.strip():
        return "the answer is empty"
    if answer.value is _NO_JSON:
        return "the answer is not proper JSON"
    if not isinstance(answer.value, dict):
        return f"the answer is {_named(answer.value)}, not an object"
    if "result" not in answer.value:
        return "the answer has no result"
    return f"the result is {_named(answer.value['result'])}, not true or false"


def _named(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{clean(value, 40)}"'
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"


def _body_text(answer: _WholeAnswer) -> str:
    """The message in a body without fields: the title of a page, or the text itself."""
    if isinstance(answer.value, dict | list):
        return ""
    if not answer.is_web_page:
        return answer.body.decode(errors="replace").strip()
    title = _TITLE.search(answer.body)
    return title[1].decode(errors="replace").strip() if title else ""


def _target(location: str) -> str:
    """The host that a redirection points to; never the whole address, which may hold a secret."""
    try:
        parts = urlsplit(location)
        host = parts.netloc.rpartition("@")[2] if parts.hostname else ""
    except ValueError:
        host = ""
    return f"another host, {host}" if host else "another path"


def _limit(answer: _WholeAnswer) -> tuple[float, float] | None:
    """Requests and seconds, from `policy user over ratelimit,limit:200,time:5 minute`, or from the gateway's headers.

    Of several headers those that have nothing left count.
    """
    named = [_LIMIT.search(answer.fields.message)]
    for name, value in answer.headers.items():
        if name.lower().startswith("x-apig-ratelimit-"):
            named.append(_USED_UP.fullmatch(value.strip()))
    found = (match for match in named if match and int(match[1]) and int(match[2]))
    return next(((float(match[1]), float(match[2]) * _SECONDS[match[3]]) for match in found), None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; None if it does not ask.

    A date is compared with the answer's own `Date`, so that this machine's clock does not matter.
    """
    text = _header(headers, "retry-after").strip()
    if re.fullmatch(r"[0-9]{1,6}", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    until, now = http_date(text), http_date(_header(headers, "date"))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
