"""The credentials of the simulated service: IAM tokens and signatures."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tui.demo.web import Answer, HttpRequest, Sender, gateway_error, iam_error

USER, PASSWORD, DOMAIN = "demo-user", "demo-password", "demo-account"
PROJECT, PROJECT_ID = "cn-north-4", "0c1d2e3f405162738495a6b7c8d9eaf0"
STANDING_TOKEN = "demo-token-good-for-this-service-only"
LIFETIME = timedelta(hours=24)
STANDING_LIFETIME = timedelta(days=365)
_PROJECT_SCOPES = ({"project": {"name": PROJECT}}, {"project": {"id": PROJECT_ID}})
_DOMAIN_SCOPES = ({"domain": {"name": DOMAIN}},)
_DOMAIN_BODY = {"id": "d78cbac186b744899480f25bd022f468", "name": DOMAIN}
_USER_ID = "7116d09f88fa41908676fdd4b039e95b"


@dataclass(frozen=True, slots=True)
class DemoToken:
    """An issued token. It expires by the monotonic clock; the two dates are only shown."""

    text: str = field(repr=False)
    has_project: bool
    issued_at: datetime
    expires_at: datetime
    ends: float

    def describe(self, catalog: list[object]) -> dict[str, object]:
        """The body of a token answer; the token itself is only in the header."""
        project = {"id": PROJECT_ID, "name": PROJECT, "domain": _DOMAIN_BODY}
        user = {"id": _USER_ID, "name": USER, "domain": _DOMAIN_BODY, "password_expires_at": ""}
        return {
            "token": {
                "expires_at": _utc(self.expires_at),
                "methods": ["password"],
                "catalog": catalog,
                "roles": [{"id": "0", "name": "codearts_build_viewer"}],
                **({"project": project} if self.has_project else {"domain": _DOMAIN_BODY}),
                "issued_at": _utc(self.issued_at),
                "user": user,
            }
        }


class Iam:
    """Issues and checks tokens, which expire by `clock`, in monotonic seconds."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], datetime]) -> None:
        self.url = ""
        """For the catalog."""
        self._clock = clock
        self._wall = wall
        self._tokens: dict[str, DemoToken] = {}
        self._add(STANDING_TOKEN, True, STANDING_LIFETIME)

    def issue(self, body: bytes, with_catalog: bool) -> Answer:
        """`POST /v3/auth/tokens`: 201 with the token in `X-Subject-Token`, or 400 or 401."""
        login = _parse(body)
        if login is None:
            return iam_error(400, "The request body is invalid")
        name, password, domain, scope = login
        if (name, password, domain) != (USER, PASSWORD, DOMAIN):
            return iam_error(401, "The username or password is wrong.")
        if scope not in _PROJECT_SCOPES + _DOMAIN_SCOPES:
            return iam_error(401, "The project or account of the scope does not exist.")
        text = "MIIDkg" + base64.b64encode(secrets.token_bytes(900)).decode()
        token = self._add(text, scope in _PROJECT_SCOPES, LIFETIME)
        return self._describe(201, token, with_catalog)

    def verify(self, caller: str | None, subject: str, with_catalog: bool) -> Answer:
        """`GET /v3/auth/tokens`: 200 with a description of `subject`. `caller` is None if the call is signed."""
        if caller is not None and not self._is_good(caller):
            return iam_error(401, "The request you have made requires authentication.")
        if not self._is_good(subject):
            return iam_error(404, "The token is not found.")
        return self._describe(200, self._tokens[subject], with_catalog)

    def refuse(self, text: str) -> Answer | None:
        """The gateway's refusal of a call with this token; None if the call may pass."""
        token = self._tokens.get(text)
        if token is None:
            return unauthorised("decrypt token fail")
        if not self._is_good(text):
            return unauthorised(f"token expires, expires_at: {_utc(token.expires_at)}")
        return None if token.has_project else unauthorised("the token has no project scope")

    def expire(self, text: str) -> None:
        """Lets the token expire now."""
        self._tokens[text] = replace(self._tokens[text], expires_at=self._wall(), ends=self._clock())

    def revoke(self, text: str) -> None:
        """Forgets the token, as if it had never been issued."""
        self._tokens.pop(text, None)

    def _add(self, text: str, has_project: bool, lifetime: timedelta) -> DemoToken:
        now = self._wall()
        token = DemoToken(text, has_project, now, now + lifetime, self._clock() + lifetime.total_seconds())
        self._tokens[text] = token
        return token

    def _is_good(self, text: str) -> bool:
        token = self._tokens.get(text)
        return token is not None and self._clock() < token.ends

    def _describe(self, status: int, token: DemoToken, with_catalog: bool) -> Answer:
        endpoint = {"id": "demo", "interface": "public", "region": PROJECT, "region_id": PROJECT, "url": self.url}
        catalog: list[object] = [{"endpoints": [endpoint], "id": "demo", "name": "codeartsbuild", "type": "build"}]
        body = token.describe(catalog if with_catalog else [])
        return Answer(status, body, source=Sender.IAM, headers=(("X-Subject-Token", token.text),))


def unauthorised(reason: str) -> Answer:
    """The gateway's 401; `reason` is the tail of its message."""
    return gateway_error(401, "0301", f"Incorrect IAM authentication information: {reason}")


def _parse(body: bytes) -> tuple[str, str, str, object] | None:
    """Name, password, account and scope; None for a body that is not of the documented shape."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match document:
        case {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {"name": str(name), "password": str(password), "domain": {"name": str(domain)}}
                    },
                },
                "scope": ({"project": {**one}} | {"domain": {**one}}) as scope,
            }
        } if len(scope) == 1 and len(one) == 1 and all(isinstance(value, str) for value in one.values()):
            return name, password, domain, scope
    return None


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


ACCESS_KEY = "DEMOACCESSKEY0000001"
SECRET_KEY = "demo-secret-key-good-for-this-service-only"
TOLERANCE = timedelta(minutes=15)
FAILURES_UNTIL_LOCKED = 5
LOCKED_FOR = 300.0
"""Seconds."""

_FORM = re.compile(r"SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


class Signatures:
    """Checks signatures, and locks the key after too many wrong ones; `clock` is in monotonic seconds."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], datetime]) -> None:
        self.accepted = self.refused = 0
        self._clock = clock
        self._wall = wall
        self._failures = 0
        self._locked_until = 0.0

    def objection(self, call: HttpRequest) -> str | None:
        """Why the gateway refuses the call; None if it may pass."""
        form = _FORM.fullmatch(call.headers.get("authorization", ""))
        if not form:
            return "verify aksk signature fail"
        access, names, signature = form.groups()
        if access != ACCESS_KEY:
            return f"Get secretKey failed,ak:{access},err:ak not exist"
        if self._clock() < self._locked_until:
            return "AK access failed to reach the limit,forbidden"
        date = call.headers.get("x-sdk-date", "")
        if not self._is_current(date):
            return self._count(f"the x-sdk-date {date} is too far from the gateway's time")
        canonical = _canonical(call, names)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        expected = hmac.digest(SECRET_KEY.encode(), f"SDK-HMAC-SHA256\n{date}\n{digest}".encode(), "sha256").hex()
        if "x-sdk-date" not in names.split(";") or not hmac.compare_digest(expected, signature):
            received = canonical.replace("\n", "|")
            return self._count(f"verify aksk signature fail, canonicalRequest:{received}")
        self._failures = 0
        self.accepted += 1
        return None

    def _count(self, objection: str) -> str:
        self._failures += 1
        self.refused += 1
        if self._failures > FAILURES_UNTIL_LOCKED:
            self._failures = 0
            self._locked_until = self._clock() + LOCKED_FOR
        return objection

    def _is_current(self, date: str) -> bool:
        try:
            moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return False
        return abs(moment - self._wall()) <= TOLERANCE


def _canonical(call: HttpRequest, names: str) -> str:
    """The canonical request, as the gateway received it."""
    path = urllib.parse.quote(urllib.parse.unquote(call.path), safe="/~")
    pairs = sorted(urllib.parse.parse_qsl(call.query, keep_blank_values=True))
    query = "&".join("=".join(urllib.parse.quote(text, safe="~") for text in pair) for pair in pairs)
    lines = [call.method, path.rstrip("/") + "/", query]
    lines += [f"{name}:{call.headers.get(name, '').strip()}" for name in names.split(";")]
    claimed = call.headers.get("x-sdk-content-sha256", "") if call.body else ""
    return "\n".join([*lines, "", names, claimed or hashlib.sha256(call.body).hexdigest()])
