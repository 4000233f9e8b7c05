"""The token call: what is sent, what comes back, and what the user is told."""

import json
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credential_fakes import TOKEN, answering, failure_of, still_clock
from tui import __version__
from tui.codearts.auth.credentials import Secret
from tui.codearts.auth.providers import HeldPassword
from tui.codearts.auth.refreshable import Token
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint, parse_endpoint
from tui.codearts.iam_api import IamTokens, LoginRequest, inspect_token, interpret_token, token_request
from tui.core.reading import Failure, FailureKind, Retry
from tui.demo.service import DemoService

PASSWORD = 'pass word with % and " in it'
LOGIN = LoginRequest("alice", "acme", "cn-north-4")
IAM = Endpoint("https://iam.cn-north-4.myhuaweicloud.com")
K = FailureKind


def answer(status: int = 201, token: object = None, **headers: str) -> httpx.Response:
    project = {"id": "0c1d2e3f405162738495a6b7c8d9eaf0", "name": "cn-north-4"}
    told = {"expires_at": "2026-11-24T09:05:22.701000Z", "project": project} if token is None else token
    return httpx.Response(status, json={"token": told}, headers={"X-Subject-Token": TOKEN, **headers})


async def issue(response: httpx.Response | Exception, requests: list[httpx.Request] | None = None) -> Token | Failure:
    def handle(request: httpx.Request) -> httpx.Response:
        if requests is not None:
            requests.append(request)
        if isinstance(response, Exception):
            raise response
        return response

    opener = partial(open_http, IAM.url, transport=httpx.MockTransport(handle))
    outcome = await IamTokens(opener, IAM, LOGIN, HeldPassword("the password", PASSWORD), still_clock()).issue()
    assert PASSWORD not in repr(outcome)
    assert TOKEN[:16] not in repr(outcome)
    return outcome


async def failure(status: int, body: object = None, text: str = "") -> Failure:
    content = text.encode() if body is None else json.dumps(body).encode()
    return failure_of(await issue(httpx.Response(status, content=content)))


def iam_error(code: int, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "title": "Unauthorized"}}


async def test_the_call_is_the_documented_one() -> None:
    requests: list[httpx.Request] = []
    issued = await issue(answer(), requests)
    (request,) = requests
    assert (request.method, str(request.url)) == ("POST", f"{IAM.url}/v3/auth/tokens?nocatalog=true")
    assert request.headers["Content-Type"] == "application/json;charset=utf8"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["User-Agent"] == f"codearts-watch/{__version__}"
    user = {"name": "alice", "password": PASSWORD, "domain": {"name": "acme"}}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": "cn-north-4"}}
    assert json.loads(request.content) == {"auth": {"identity": identity, "scope": scope}}
    expires = datetime(2026, 11, 24, 9, 5, 22, 701000, UTC)
    assert issued == Token(Secret(TOKEN), expires, "0c1d2e3f405162738495a6b7c8d9eaf0", "cn-north-4")


def test_a_project_id_comes_before_its_name() -> None:
    body = json.loads(token_request(LoginRequest("a", "b", "cn-north-4", "p1"), "x"))
    assert body["auth"]["scope"] == {"project": {"id": "p1"}}


async def test_without_a_password_nothing_is_sent() -> None:
    source = HeldPassword("IAM password")
    iam = IamTokens(answering(lambda request: pytest.fail("sent")), IAM, LOGIN, source, still_clock())
    assert failure_of(await iam.issue()).summary == "IAM password: There is no password: give it."
    assert not iam.changed()
    source.put(PASSWORD)
    assert iam.changed()
    assert PASSWORD not in repr(vars(source))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-04T09:05:22.701000Z", datetime(2020, 1, 4, 9, 5, 22, 701000, UTC)),
        ("2020-01-04T09:05:22Z", datetime(2020, 1, 4, 9, 5, 22, tzinfo=UTC)),
        ("2020-01-04T17:05:22+08:00", datetime(2020, 1, 4, 9, 5, 22, tzinfo=UTC)),
        ("2020-01-04T09:05:22", None),
        ("tomorrow", None),
        (7, None),
        (None, None),
    ],
)
async def test_when_a_token_ends(text: object, expected: datetime | None) -> None:
    issued = await issue(answer(token={"expires_at": text, "project": {"id": "p", "name": "n"}}))
    assert isinstance(issued, Token)
    assert issued.expires_at == expected


@pytest.mark.parametrize("token", [{"domain": {"id": "d", "name": "acme"}}, {"expires_at": "2026-11-24T09:05:22Z"}])
async def test_a_token_without_a_project_is_refused_early(token: object) -> None:
    found = failure_of(await issue(answer(token=token)))
    assert found.kind is K.SIGN_IN
    assert "project scope is required" in found.summary


async def test_a_wrong_password_names_the_four_other_causes() -> None:
    found = await failure(401, iam_error(401, "The username or password is wrong."))
    assert (found.kind, found.code) == (K.SIGN_IN, "401")
    for cause in ("HUAWEI ID", "federated", "MFA or login protection", "programmatic access"):
        assert cause in found.summary
    assert len(found.summary) < 500


async def test_mfa_is_named() -> None:
    found = await failure(403, iam_error(403, "The user must pass MFA authentication first."))
    assert (found.kind, found.summary.split(",")[0]) == (K.SIGN_IN, "This user logs in with MFA")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, iam_error(400, "The request body is invalid"), K.SIGN_IN, "The request body is invalid"),
        (400, {"error_msg": "Request body is invalid.", "error_code": "IAM.0011"}, K.SIGN_IN, "Request body"),
        (401, iam_error(401, "The project does not exist."), K.SIGN_IN, "The project does not exist"),
        (403, iam_error(403, "Forbidden"), K.SIGN_IN, "HTTP 403"),
        (404, None, K.SIGN_IN, "iam_endpoint"),
        (302, None, K.SIGN_IN, "points elsewhere"),
        (200, {"result": True}, K.SIGN_IN, "not IAM"),
        (201, {"token": {"project": {"id": "p", "name": "n"}}}, K.SIGN_IN, "no usable X-Subject-Token"),
        (
            429,
            {"error_msg": "slow", "error_code": "APIGW.0308"},
            K.NO_TOKEN,
            "takes no more sign-ins for now (HTTP 429)",
        ),
        (500, iam_error(500, "x"), K.NO_TOKEN, "IAM gives no token now (HTTP 500)."),
        (503, None, K.NO_TOKEN, "HTTP 503"),
    ],
)
async def test_every_refusal_has_a_kind_and_names_what_is_wrong(status: int, body: object, kind: K, words: str) -> None:
    found = await failure(status, body)
    assert found.kind is kind
    assert words in found.summary


@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_web_page_is_no_refusal(status: int) -> None:
    found = await failure(status, text="\n<!doctype html><title>Log in</title>")
    assert (found.kind, found.kind.retry) == (K.NO_TOKEN, Retry.PASSING)
    assert found.summary.startswith(f"A web page came in place of IAM's answer (HTTP {status})")


async def test_a_web_page_says_nothing_of_a_ready_token() -> None:
    page = httpx.Response(401, text="<html>Log in</html>")
    seen = await inspect_token(answering(lambda request: page), IAM, Secret(TOKEN), still_clock())
    assert "A web page came in place of IAM's answer" in failure_of(seen).summary


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectTimeout(""), K.TIMEOUT),
        (httpx.ReadError(""), K.BROKEN_CONNECTION),
        (OSError(PASSWORD), K.INTERNAL),
    ],
)
async def test_a_network_that_fails_is_no_refusal(error: Exception, kind: K) -> None:
    found = failure_of(await issue(error))
    assert found.kind is kind
    assert found.summary.startswith("IAM: ")


async def test_nothing_that_is_echoed_is_shown() -> None:
    found = await failure(400, iam_error(400, f"no {PASSWORD} {TOKEN}XXXXXXXXXXXXXXXXXXXXXXXX"))
    assert PASSWORD not in repr(found)
    assert "MII***" in found.message


@pytest.mark.parametrize(
    "end",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:10:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "2026-11-24T09:05:22",
        "2026-02-30T09:05:22Z",
        20261124,
    ],
)
async def test_an_end_that_cannot_be_believed_is_none(end: object) -> None:
    project = {"id": "0c1d2e3f405162738495a6b7c8d9eaf0", "name": "cn-north-4"}
    issued = await issue(answer(token={"expires_at": end, "project": project}))
    assert isinstance(issued, Token)
    assert (issued.secret.reveal(), issued.expires_at) == (TOKEN, None)


@pytest.mark.parametrize("end", ["2000-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
async def test_an_end_within_this_century_is_believed(end: str) -> None:
    project = {"id": "0c1d2e3f405162738495a6b7c8d9eaf0", "name": "cn-north-4"}
    issued = await issue(answer(token={"expires_at": end, "project": project}))
    assert isinstance(issued, Token)
    assert issued.expires_at == datetime.fromisoformat(end)


async def test_an_endless_answer_is_cut() -> None:
    found = failure_of(await issue(httpx.Response(200, content=b" " * 1_000_000)))
    assert "not IAM" in found.summary


async def test_the_clock_learns_from_iam() -> None:
    clock = still_clock()
    response = answer(Date="Mon, 23 Nov 2026 13:00:00 GMT")
    await IamTokens(answering(lambda request: response), IAM, LOGIN, HeldPassword("p", PASSWORD), clock).issue()
    assert clock.skew is not None
    assert clock.skew.total_seconds() == 3600


@settings(max_examples=100, deadline=None)
@given(st.integers(100, 599), st.binary(max_size=60), st.text("MI\r\n x\x00é", max_size=9))
def test_whatever_else_comes_back_is_a_failure_with_a_sentence(status: int, body: bytes, token: str) -> None:
    outcome = interpret_token(status, {"x-subject-token": token}, body, (PASSWORD,))
    assert isinstance(outcome, Failure)
    assert outcome.summary


# On the simulated service


async def test_the_simulated_iam_gives_a_token_and_knows_it() -> None:
    with DemoService() as service:
        login = LoginRequest(service.user, service.domain, project_id=service.project_id)
        clock = still_clock()
        opener = partial(open_http, service.url)
        tokens = IamTokens(opener, parse_endpoint(service.url), login, HeldPassword("p", service.password), clock)
        issued = await tokens.issue()
        assert isinstance(issued, Token)
        assert await inspect_token(opener, Endpoint(service.url), issued.secret, clock) == issued
        service.revoke(issued.secret.reveal())
        seen = await inspect_token(opener, Endpoint(service.url), issued.secret, clock)
        assert "IAM does not accept the token" in failure_of(seen).summary
        wrong = IamTokens(opener, Endpoint(service.url), login, HeldPassword("p", "guessed"), clock)
        assert "HUAWEI ID" in failure_of(await wrong.issue()).summary
