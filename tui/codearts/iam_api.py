"""The token call of IAM: one POST with name and password, and a look at a token that is there."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tui.codearts.auth.credentials import Secret, check_token
from tui.codearts.auth.providers import PasswordSource
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.error_codes import kind_of
from tui.codearts.json_body import ErrorFields, fields_of, parse_json
from tui.codearts.redaction import redact
from tui.codearts.server_clock import ServerClock, believable
from tui.codearts.status_api import retry_after
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Retry
from tui.core.text import DETAIL, clean

if TYPE_CHECKING:
    import httpx

DEADLINE = 15.0
"""Seconds for the whole call."""
LARGEST_BODY = 256 * 1024
"""Bytes; roles are listed one by one."""

_PATH = "/v3/auth/tokens?nocatalog=true"  # any value counts, `false` too
_MFA = re.compile(r"\b(?:mfa|totp|multi-factor|login protection|verification code)\b", re.IGNORECASE)
_WRONG_LOGIN = (
    "IAM refuses the user name or password. It says the same of four users whose password is right: one that is the "
    "account itself (a HUAWEI ID) and no IAM user, a federated one, one with MFA or login protection, and one without "
    "programmatic access. For these give a ready token or an access key."
)
_NEEDS_MFA = "This user logs in with MFA, which no program can renew: give a ready token or an access key."
_NO_PROJECT = (
    "The token is for the whole account, but project scope is required: name the project (usually the region's ID)."
)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """An IAM user, and the project that the token is for: by its ID, else by its name."""

    user: str
    account: str
    project: str = ""
    project_id: str = ""


class IamTokens:
    """Issues tokens for a password; `open_http` makes the HTTP client of one call. For a `RefreshableToken`."""

    def __init__(
        self,
        open_http: "Callable[[], httpx.AsyncClient]",
        endpoint: Endpoint,
        login: LoginRequest,
        password: PasswordSource,
        clock: ServerClock,
    ) -> None:
        self.source = f"IAM user {clean(login.user, 60)}"
        self._open_http = open_http
        self._endpoint = endpoint
        self._login = login
        self._password = password
        self._clock = clock

    async def issue(self, typed: PasswordSource | None = None) -> Token | Failure:
        """One log-in, with `typed` if given, else its own password. Never repeated here: accounts lock after a few."""
        password = await (typed or self._password).password()
        if isinstance(password, Failure):
            return password
        body = token_request(self._login, password.reveal())
        headers = {"Content-Type": "application/json;charset=utf8"}
        answer = await _call(self._open_http, "POST", self._endpoint, headers, body, self._clock)
        if isinstance(answer, Failure):
            return answer
        return interpret_token(*answer, secrets=(password.reveal(),))

    def changed(self) -> bool:
        return self._password.changed()


async def inspect_token(
    open_http: "Callable[[], httpx.AsyncClient]", endpoint: Endpoint, token: Secret, clock: ServerClock
) -> Token | Failure:
    """What IAM says of a ready token: when it ends, and that it is for a project."""
    headers = {"X-Auth-Token": token.reveal(), "X-Subject-Token": token.reveal()}
    answer = await _call(open_http, "GET", endpoint, headers, b"", clock)
    if isinstance(answer, Failure):
        return answer
    status, received, body = answer
    failure_or_token = interpret_token(status, {**received, "x-subject-token": token.reveal()}, body)
    if isinstance(failure_or_token, Failure) and status in (401, 404):
        return failure_or_token._replace(summary=f"IAM does not accept the token (HTTP {status}): fetch a new one.")
    return failure_or_token


def token_request(login: LoginRequest, password: str) -> bytes:
    """The body of the call, by IAM's page on tokens by password."""
    user = {"name": login.user, "password": password, "domain": {"name": login.account}}
    project = {"id": login.project_id} if login.project_id else {"name": login.project}
    identity = {"methods": ["password"], "password": {"user": user}}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()


def interpret_token(
    http_status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()
) -> Token | Failure:
    """The token of an answer, names of headers in lower case; `secrets` are kept out of a failure's texts."""
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    text = headers.get("x-subject-token", "")
    if http_status not in (200, 201):
        return _failure(http_status, headers, fields_of(value), (*secrets, text))
    match value:
        case {"token": {"project": {"id": str(project_id), "name": str(name)}} as told}:
            pass
        case {"token": {**rest}} if "project" not in rest:
            return Failure(FailureKind.SIGN_IN, _NO_PROJECT)
        case _:
            return Failure(FailureKind.SIGN_IN, "What answered is not IAM: check iam_endpoint.")
    try:
        token = check_token(text)
    except UserError:
        return Failure(FailureKind.SIGN_IN, "IAM's answer has no usable X-Subject-Token: check iam_endpoint.")
    return Token(token, _date(told.get("expires_at")), clean(project_id, 100), clean(name, 100))


def _failure(http_status: int, headers: Mapping[str, str], fields: ErrorFields, secrets: tuple[str, ...]) -> Failure:
    """Whatever only a person can mend refuses the sign-in; the rest may pass, and is trouble on the way to the service.

    So it is one banner and one job that is asked on; and that IAM asks for fewer requests leaves the budget alone.
    """
    kind = kind_of(http_status, fields.code, fields.message)
    code = clean(redact(fields.code, secrets), 100)
    message = clean(redact(fields.message, secrets), DETAIL)
    if kind.retry in (Retry.PASSING, Retry.THROTTLED) and http_status >= 400:
        said = f"IAM gives no token now (HTTP {http_status})."
        return Failure(FailureKind.GATEWAY_ERROR, said, code, message, retry_after(headers))
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
    """IAM writes UTC with six decimals; None where it cannot be read or believed."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return believable(moment) if moment else None


async def _call(
    open_http: "Callable[[], httpx.AsyncClient]",
    method: str,
    endpoint: Endpoint,
    headers: Mapping[str, str],
    body: bytes,
    clock: ServerClock,
) -> tuple[int, dict[str, str], bytes] | Failure:
    """Returns status, headers with names in lower case, and body; or why there was no answer.

    On a connection of its own. Imports httpx only here, since that takes 60 ms.
    """
    from tui.codearts.connections import LARGEST, read_body
    from tui.codearts.transport_errors import fault

    try:
        async with asyncio.timeout(DEADLINE), open_http() as http:
            url = endpoint.url + _PATH
            more = {LARGEST: LARGEST_BODY * 5 // 4}
            async with http.stream(method, url, headers=headers, content=body, extensions=more) as response:
                read, _ = await read_body(response, LARGEST_BODY)
                clock.learn(response.headers.get("date", ""))
                received = {name.lower(): text for name, text in response.headers.items()}
                return response.status_code, received, read
    except UserError as problem:
        return Failure(FailureKind.SETTINGS, str(problem))
    except Exception as error:
        failure = fault(error)
        return failure._replace(summary=f"IAM: {failure.summary}")
