"""One GET becomes one reading, whatever comes back."""

from pathlib import Path

import httpx
import pytest

from tests.support.builders import Time
from tests.support.clients import JOB, client, clock, failure, reading_of
from tests.support.credential_fakes import TOKEN, ScriptedIssuer, still_clock
from tui import __version__
from tui.codearts.auth.access_key import FixedKeys, Keys, SigningCredential
from tui.codearts.auth.credentials import Credential, CredentialChain, EnvironmentToken, FileToken, FixedToken, Secret
from tui.codearts.auth.refreshable import RefreshableToken
from tui.codearts.client import StatusClient
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.core.reading import Failure, Reading, Status
from tui.core.reading import FailureKind as K


async def test_the_request_is_what_the_service_documents() -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"result": True}, headers={"X-Request-Id": "r1"})

    reading = await reading_of(answer)
    assert reading == Reading(JOB, Status.RUNNING, reading.sent, reading.received, 200, "r1")
    assert reading.latency == 1.0
    (request,) = requests
    assert (request.method, str(request.url)) == ("GET", f"https://build.example.com/v3/jobs/{JOB}/status")
    assert request.headers["X-Auth-Token"] == TOKEN
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["User-Agent"] == f"codearts-watch/{__version__}"
    assert request.content == b""


async def test_no_cookie_is_kept() -> None:
    sent: list[httpx.Request] = []
    opened: list[httpx.AsyncClient] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"result": False}, headers={"Set-Cookie": "a=b"})

    async with client(handler=answer, opened=opened) as reader:
        await reader.read(JOB)
        await reader.read(JOB)
        await opened[0].get(sent[0].url)  # this one is built by httpx's client, as those to IAM are
    assert [request.headers.get("Cookie") for request in sent] == [None, None, None]
    assert not opened[0].cookies


async def test_nothing_shows_the_token() -> None:
    opened: list[httpx.AsyncClient] = []
    async with client(handler=lambda request: httpx.Response(401, text=TOKEN), opened=opened) as reader:
        reading = await reader.read(JOB)
        for thing in (reader, reading, reading.result, opened[0], opened[0].headers, opened[0].auth):
            assert TOKEN[:16] not in f"{thing!r} {thing}"
        assert TOKEN[:16] not in repr(vars(reader))
        assert TOKEN[:16] not in repr(vars(opened[0]))


@pytest.mark.parametrize(
    ("http_status", "code", "kind"),
    [
        (400, "CB.00060201", K.BAD_JOB_ID),
        (422, "CB.00031006", K.NOT_FOUND),
        (400, "CB.00060200", K.BAD_REQUEST),
        (401, "APIGW.0301", K.SIGN_IN),
        (494, "APIGW.0201", K.TOKEN_TOO_LARGE),
        (401, "APIGW.0303", K.APP_REFUSED),
        (403, "APIGW.0306", K.FORBIDDEN),
        (403, "APIGW.0802", K.WRONG_REGION),
        (404, "APIGW.0101", K.WRONG_ENDPOINT),
        (429, "APIGW.0308", K.THROTTLED),
        (500, "CB.00060101", K.SERVER_ERROR),
        (504, "APIGW.0201", K.GATEWAY_ERROR),
        (200, "X.1", K.BAD_REPLY),
        (302, "", K.REDIRECTED),
        (407, "", K.PROXY),
    ],
)
async def test_every_answer_has_its_kind(http_status: int, code: str, kind: K) -> None:
    body = {"error_code": code, "error_msg": f"no {TOKEN}", "request_id": "r2"}
    reading = await reading_of(lambda request: httpx.Response(http_status, json=body))
    assert failure(reading).kind is kind
    assert failure(reading).message == "no ***"
    assert (reading.http_status, reading.request_id) == (http_status, "r2")


async def test_without_a_token_nothing_is_sent() -> None:
    missing = FixedToken("none", Failure(K.NO_CREDENTIAL, "No token."))
    async with client(handler=lambda request: pytest.fail("sent"), credential=missing) as reader:
        reading = await reader.read(JOB)
        assert (failure(reading).kind, reading.http_status) == (K.NO_CREDENTIAL, None)
        assert not reader.credential_changed()


async def test_a_credential_that_breaks_is_a_failure() -> None:
    class Broken(FixedToken):
        def token(self) -> Secret | Failure:
            raise RuntimeError(TOKEN)

    broken = Broken("broken", Secret(TOKEN))
    async with client(handler=lambda request: httpx.Response(500), credential=broken) as reader:
        assert failure(await reader.read(JOB)).kind is K.INTERNAL


async def test_a_renewed_token_file_is_noticed_and_used(tmp_path: Path) -> None:
    path = tmp_path / "token"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["X-Auth-Token"] == "new" else 401, json={"result": True})

    async with client(handler=answer, credential=FileToken(path)) as reader:
        assert not reader.credential_changed()
        assert failure(await reader.read(JOB)).kind is K.NO_CREDENTIAL
        assert not reader.credential_changed()
        path.touch(mode=0o600)
        path.write_text("old")
        assert reader.credential_changed()
        assert failure(await reader.read(JOB)).kind is K.SIGN_IN
        assert not reader.credential_changed()
        path.write_text("newer")
        path.write_text("new")
        assert reader.credential_changed()
        assert (await reader.read(JOB)).result is Status.RUNNING


async def test_a_late_refusal_of_the_old_token_does_not_hide_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text("old")
    renewed: list[Reading] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["X-Auth-Token"] == "new":
            return httpx.Response(200, json={"result": True})
        path.write_text("new")
        renewed.append(await reader.read(JOB))
        return httpx.Response(401)

    transport = httpx.MockTransport(answer)
    reader = StatusClient(
        lambda: open_http("https://h", transport=transport), Endpoint("https://h"), FileToken(path), clock()
    )
    assert failure(await reader.read(JOB)).kind is K.SIGN_IN
    assert renewed[0].result is Status.RUNNING
    assert reader.credential_changed()
    await reader.close()


READY = EnvironmentToken(TOKEN)
SIGNING = SigningCredential(FixedKeys("the keys", Keys(Secret("EXAMPLEAK"), Secret("secret-key"))), still_clock())


@pytest.mark.parametrize(
    ("credential", "is_shown_again"),
    [
        (READY, True),
        (CredentialChain([FixedToken("none", Failure(K.NO_CREDENTIAL, "None.")), READY]), True),
        (EnvironmentToken(""), False),
        (SIGNING, False),
        (CredentialChain([SIGNING, READY]), False),
        (RefreshableToken(ScriptedIssuer(Time()), still_clock()), False),
    ],
)
async def test_only_a_ready_token_that_was_refused_may_be_shown_again(
    credential: Credential, is_shown_again: bool
) -> None:
    async with client(handler=lambda _: httpx.Response(401), credential=credential) as reader:
        assert not reader.may_show_again()
        await reader.read(JOB)
        assert reader.may_show_again() is is_shown_again
