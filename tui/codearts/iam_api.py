"""IAM's token calls: one POST gets a token for a name and password, one GET inspects an existing token."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from tui.codearts.auth.credentials import Secret, check_token
from tui.codearts.auth.providers import PasswordSource
from tui.codearts.auth.refreshable import Token
from tui.codearts.auth.refused_logins import Login, LoginMemory, RefusedLogins
from tui.codearts.connections import Response, size_limit
from tui.codearts.endpoints import Endpoint
from tui.codearts.error_codes import kind_of
from tui.codearts.json_body import ErrorFields, fields_of, parse_json
from tui.codearts.redaction import redacted_line
from tui.codearts.server_clock import ServerClock, believable
from tui.codearts.status_api import is_web_page, retry_after
from tui.codearts.transport_errors import fault
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Retry
from tui.core.text import DETAIL, clean

DEADLINE = 15.0
"""Seconds for the whole call."""
REFUSAL_RESTS = 3600.0
"""Seconds: an account locks after three to ten refusals within 15 to 60 minutes."""
_LARGEST_TOKEN_BODY = 256 * 1024
"""Bytes; the body lists every role of the user."""

_PATH = "/v3/auth/tokens?nocatalog=true"  # any value counts, even `false`
_MFA = re.compile(r"\b(?:mfa|totp|multi-factor|login protection|verification code)\b", re.IGNORECASE)
_WRONG_LOGIN = (
    "IAM refuses the user name or password. It says the same of four users whose password is right: one that is the "
    "account itself (a HUAWEI ID) and no IAM user, a federated one, one with MFA or login protection, and one without "
    "programmatic access. For these give a ready token or an access key."
)
_REFUSED_BEFORE = (
    "IAM refused this user name and password at {0:%H:%M}. So that the account is not locked, they are sent again an "
    "hour after that, or at once by codearts-watch check."
)
_NEEDS_MFA = "This user logs in with MFA, which no program can renew: give a ready token or an access key."
_WEB_PAGE = (
    "A web page came in place of IAM's answer (HTTP {}): the network or a proxy may want a log-in; if not, check "
    "iam_endpoint."
)
_NO_PROJECT = (
    "The token is for the whole account, but project scope is required: name the project (usually the region's ID)."
)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """An IAM user, and the project that the token is for, by its ID or else by its name."""

    user: str
    account: str
    project: str = ""
    project_id: str = ""


class IamTokens:
    """Issues tokens for a password; `open_http` makes the HTTP client of one call. For a `RefreshableToken`."""

    def __init__(
        self,
        open_http: Callable[[], httpx.AsyncClient],
        endpoint: Endpoint,
        login: LoginRequest,
        password: PasswordSource,
        clock: ServerClock,
        refused: RefusedLogins | None = None,
    ) -> None:
        """`refused` are those of earlier runs of the program; None if they are not remembered."""
        self.source = f"IAM user {clean(login.user, 60)}"
        self._open_http = open_http
        self._endpoint = endpoint
        self._login = login
        self._password = password
        self._clock = clock
        self._memory = LoginMemory(refused, REFUSAL_RESTS)
        self._whose = json.dumps((endpoint.url, login.account, login.user))
        self._is_asked_for = False

    async def issue(self, typed: PasswordSource | None = None) -> Token | Failure:
        """Logs in once, with `typed` or else its own password. Never retries: accounts lock after a few failures."""
        password = await (typed or self._password).password()
        if isinstance(password, Failure):
            return password
        body = token_request(self._login, password.reveal())
        log_in = Login(self._whose, body)
        is_asked_for, self._is_asked_for = self._is_asked_for or typed is not None, False
        if not is_asked_for and (refusal := await self._memory.recall(log_in)):
            return Failure(FailureKind.SIGN_IN, _REFUSED_BEFORE.format(refusal.at))
        headers = {"Content-Type": "application/json;charset=utf8"}
        response = await _call(self._open_http, "POST", self._endpoint, headers, body, self._clock)
        if isinstance(response, Failure):
            return response
        status = response.http_status or 0
        issued = interpret_token(status, response.headers, response.body, (password.reveal(),))
        if isinstance(issued, Token):
            await self._memory.on_accepted(log_in)
        elif issued.kind is FailureKind.SIGN_IN and status in (401, 403):
            await self._memory.on_refused(log_in)
        return issued

    def changed(self) -> bool:
        return self._password.changed()

    def reset(self) -> None:
        self._is_asked_for = True


async def inspect_token(
    open_http: Callable[[], httpx.AsyncClient], endpoint: Endpoint, token: Secret, clock: ServerClock
) -> Token | Failure:
    """Asks IAM about a ready token: when it expires, and for which project it is."""
    headers = {"X-Auth-Token": token.reveal(), "X-Subject-Token": token.reveal()}
    response = await _call(open_http, "GET", endpoint, headers, b"", clock)
    if isinstance(response, Failure):
        return response
    status = response.http_status or 0
    received = {**response.headers, "x-subject-token": token.reveal()}
    failure_or_token = interpret_token(status, received, response.body, (token.reveal(),))
    if isinstance(failure_or_token, Failure) and failure_or_token.kind is FailureKind.SIGN_IN and status in (401, 404):
        return failure_or_token._replace(summary=f"IAM does not accept the token (HTTP {status}): fetch a new one.")
    return failure_or_token


def token_request(login: LoginRequest, password: str) -> bytes:
    """The body of the POST, as IAM documents it for tokens by password."""
    user = {"name": login.user, "password": password, "domain": {"name": login.account}}
    project = {"id": login.project_id} if login.project_id else {"name": login.project}
    identity = {"methods": ["password"], "password": {"user": user}}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()


def interpret_token(
    http_status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...]
) -> Token | Failure:
    """The token in an answer. Header names are in lower case; `secrets` are kept out of the failure's texts."""
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    text = headers.get("x-subject-token", "")
    if http_status in (200, 201, 401, 403) and value is None and is_web_page(headers, body):
        return Failure(FailureKind.NO_TOKEN, _WEB_PAGE.format(http_status))
    if http_status not in (200, 201):
        return _failure(http_status, headers, fields_of(value), (*secrets, text))
    match value:
        case {"token": {"project": {"id": str(project_id), "name": str(name)}} as described}:
            pass
        case {"token": {**rest}} if "project" not in rest:
            return Failure(FailureKind.SIGN_IN, _NO_PROJECT)
        case _:
            return Failure(FailureKind.SIGN_IN, "What answered is not IAM: check iam_endpoint.")
    try:
        token = check_token(text)
    except UserError:
        return Failure(FailureKind.SIGN_IN, "IAM's answer has no usable X-Subject-Token: check iam_endpoint.")
    return Token(token, _date(described.get("expires_at")), clean(project_id, 100), clean(name, 100))


def _failure(http_status: int, headers: Mapping[str, str], fields: ErrorFields, secrets: tuple[str, ...]) -> Failure:
    """Errors that need a human become SIGN_IN failures; transient ones become NO_TOKEN.

    A NO_TOKEN shows one banner and keeps one job polled; throttling by IAM must not slow down the status calls.
    """
    kind = kind_of(http_status, fields.code, fields.message)
    code = redacted_line(fields.code, secrets, 100)
    message = redacted_line(fields.message, secrets, DETAIL)
    if kind.retry in (Retry.PASSING, Retry.THROTTLED) and http_status >= 400:
        what = "takes no more sign-ins for now" if kind.retry is Retry.THROTTLED else "gives no token now"
        said = f"IAM {what} (HTTP {http_status})."
        return Failure(FailureKind.NO_TOKEN, said, code, message, retry_after(headers))
    return Failure(FailureKind.SIGN_IN, _refusal(http_status, message), code, message)


def _refusal(http_status: int, message: str) -> str:
    if _MFA.search(message):
        return _NEEDS_MFA
    if http_status == 401 and "project" not in message.lower():
        return _WRONG_LOGIN
    if http_status // 100 == 3:
        return f"IAM's answer points elsewhere (HTTP {http_status}): check iam_endpoint."
    said = f": {message}" if message else ""
    advice = "Check the names of user, account and project, and iam_endpoint."
    return clean(f"IAM gives no token (HTTP {http_status}){clean(said, 200)} — {advice}")


def _date(text: object) -> datetime | None:
    """IAM writes UTC with six decimals. None if the text is no date, or not a believable one."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return believable(moment) if moment else None


async def _call(
    open_http: Callable[[], httpx.AsyncClient],
    method: str,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    clock: ServerClock,
) -> Response | Failure:
    """Uses a connection of its own."""
    response, failure = Response(), None
    limit = size_limit(_LARGEST_TOKEN_BODY)
    try:
        async with (
            asyncio.timeout(DEADLINE),
            open_http() as http,
            http.stream(method, endpoint.url + _PATH, headers=headers, content=body, extensions=limit) as answer,
        ):
            await response.receive(answer, _LARGEST_TOKEN_BODY)
    except Exception as error:
        failure = fault(error)
    clock.learn(response.date)
    if failure is None and response.http_status in (200, 201) and response.encoding:
        failure = response.defect
    if failure and failure.kind not in (FailureKind.SETTINGS, FailureKind.SHORTAGE):
        failure = failure._replace(summary=f"IAM: {failure.summary}")
    return failure or response
