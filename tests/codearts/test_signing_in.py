"""The client with tokens that are refreshed and with keys, against the demo service and scripted responses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from tests.support.builders import Time
from tests.support.clients import JOB
from tests.support.credential_fakes import ScriptedIssuer
from tests.support.long_run import by_length
from tui.codearts.auth.access_key import FixedKeys, Keys, SigningCredential
from tui.codearts.auth.credentials import AuthHeaders, Credential, FixedToken, Secret
from tui.codearts.auth.providers import HeldPassword, PasswordSource
from tui.codearts.auth.refreshable import RefreshableToken, Token
from tui.codearts.client import StatusClient
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.iam_api import IamTokens, LoginRequest
from tui.codearts.server_clock import ServerClock
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.demo.service import DemoService

Handler = Callable[[httpx.Request], httpx.Response]


class CountedIam(IamTokens):
    """Counts the log-ins."""

    calls = 0

    async def issue(self, typed: PasswordSource | None = None) -> Token | Failure:
        self.calls += 1
        return await super().issue(typed)


@asynccontextmanager
async def asking(
    credential: Callable[[ServerClock], Credential], url: str = "https://h", handler: Handler | None = None
) -> AsyncIterator[StatusClient]:
    time = Time()
    clock = ServerClock(time.now)
    transport = httpx.MockTransport(handler) if handler else None
    client = StatusClient(
        lambda: open_http(url, transport=transport), Endpoint(url), credential(clock), time.now, clock=clock
    )
    try:
        yield client
    finally:
        await client.close()


def failure(reading: Reading) -> Failure:
    assert isinstance(reading.result, Failure), reading
    return reading.result


def answers(*accepted: str, digits: str = "0301", sent: list[str] | None = None) -> Handler:
    """Lets only these tokens in."""

    def handle(request: httpx.Request) -> httpx.Response:
        token = request.headers["X-Auth-Token"]
        if sent is not None:
            sent.append(token)
        if token in accepted:
            return httpx.Response(200, json={"result": True})
        return httpx.Response(401, json={"error_code": f"APIGW.{digits}", "error_msg": f"no {token}"})

    return handle


# Tokens


@pytest.mark.parametrize("ending", ["revoke", "expire"])
async def test_three_hundred_jobs_whose_token_ends_cause_one_renewal(ending: str) -> None:
    number = by_length(60, 300)
    with DemoService() as service:
        job = next(job.id for job in service.jobs if job.label == "web-frontend")
        login = LoginRequest(service.user, service.domain, service.project)
        issuers: list[CountedIam] = []

        def credential(clock: ServerClock) -> RefreshableToken:
            password = HeldPassword("the password", service.password)
            issuers.append(CountedIam(lambda: open_http(service.url), Endpoint(service.url), login, password, clock))
            return RefreshableToken(issuers[0], clock)

        async with asking(credential, service.url) as client:
            assert isinstance((await client.read(job)).result, Status)
            token = client_token(client)
            getattr(service, ending)(token)
            readings = await asyncio.gather(*(client.read(job) for _ in range(number)))
            assert {isinstance(reading.result, Status) for reading in readings} == {True}
            assert issuers[0].calls == 2
            assert not client.credential_changed()


def client_token(client: StatusClient) -> str:
    credential = client.credential
    assert isinstance(credential, RefreshableToken)
    assert credential.token
    return credential.token.secret.reveal()


async def test_a_request_is_sent_twice_at_most() -> None:
    sent: list[str] = []
    time = Time()
    issuer = ScriptedIssuer(time)
    async with asking(
        lambda clock: RefreshableToken(issuer, clock), handler=answers(digits="0307", sent=sent)
    ) as client:
        reading = await client.read(JOB)
        assert sent == ["token-1", "token-2"]
        assert "this token may belong to another region" in failure(reading).summary
        assert (reading.http_status, failure(reading).code) == (401, "APIGW.0307")
        await client.read(JOB)
        assert sent == ["token-1", "token-2", "token-2"]
        assert issuer.calls == 2
        assert not client.credential_changed()


async def test_what_iam_says_is_what_the_reading_says() -> None:
    wrong = Failure(FailureKind.SIGN_IN, "Wrong password.", "401")
    issuer = ScriptedIssuer(Time(), timedelta(days=1), wrong, timedelta(days=1))
    accepted = ["token-1"]

    def handler(request: httpx.Request) -> httpx.Response:
        return answers(*accepted)(request)

    async with asking(lambda clock: RefreshableToken(issuer, clock), handler=handler) as client:
        assert (await client.read(JOB)).result is Status.RUNNING
        accepted[:] = ["token-3"]
        readings = await asyncio.gather(*(client.read(JOB) for _ in range(50)))
        assert [reading.result for reading in readings] == [wrong] * 50
        assert issuer.calls == 2
        assert not client.credential_changed()
        client.reset()
        assert (await client.read(JOB)).result is Status.RUNNING
        assert issuer.calls == 3


async def test_the_token_is_not_in_the_texts() -> None:
    long = "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBglghkgBZQMEAgEw"
    issuer = ScriptedIssuer(Time(), Token(Secret(long)))
    async with asking(lambda clock: RefreshableToken(issuer, clock), handler=answers()) as client:
        reading = await client.read(JOB)
        assert failure(reading).message == "no ***"
        assert long[:16] not in f"{reading!r} {client!r} {vars(client)!r}"


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-24T12:00:00Z"])
async def test_whatever_end_iam_gives_a_token_one_log_in_serves_all(end: str) -> None:
    project = {"id": "0c1d2e3f405162738495a6b7c8d9eaf0", "name": "cn-north-4"}
    body = {"token": {"expires_at": end, "project": project}}
    log_ins: list[httpx.Request] = []

    def iam(request: httpx.Request) -> httpx.Response:
        log_ins.append(request)
        return httpx.Response(201, json=body, headers={"X-Subject-Token": "token-1"})

    def credential(clock: ServerClock) -> RefreshableToken:
        login, password = LoginRequest("alice", "acme", "cn-north-4"), HeldPassword("the password", "secret")
        http = httpx.MockTransport(iam)
        return RefreshableToken(
            IamTokens(
                lambda: open_http("https://iam", transport=http), Endpoint("https://iam"), login, password, clock
            ),
            clock,
        )

    async with asking(credential, handler=answers("token-1")) as client:
        readings = await asyncio.gather(*(client.read(JOB) for _ in range(32)))
        assert {reading.result for reading in readings} == {Status.RUNNING}
        assert len(log_ins) == 1


# Signatures


def keys(secret: str = DemoService.secret_key, access: str = DemoService.access_key) -> Keys:
    return Keys(Secret(access), Secret(secret), project_id=DemoService.project_id)


def signer(own: Keys) -> Callable[[ServerClock], Credential]:
    return lambda clock: SigningCredential(FixedKeys("the keys", own), clock)


@asynccontextmanager
async def before_the_service(own: Keys) -> AsyncIterator[tuple[StatusClient, DemoService]]:
    time = Time()
    with DemoService(wall=lambda: time.now().wall) as service:
        async with asking(signer(own), service.url) as client:
            yield client, service


def some_jobs(service: DemoService, count: int) -> list[JobId]:
    job = next(job.id for job in service.jobs if job.label == "web-frontend")
    return [job] * count


async def test_the_service_accepts_our_signatures() -> None:
    async with before_the_service(keys()) as (client, service):
        readings = await asyncio.gather(*map(client.read, some_jobs(service, 50)))
        assert {isinstance(reading.result, Status) for reading in readings} == {True}
        assert (service.signatures.accepted, service.signatures.refused) == (50, 0)


async def test_a_wrong_key_is_shown_to_the_service_once() -> None:
    async with before_the_service(keys("a-wrong-secret-key-for-this-test-alone")) as (client, service):
        readings = await asyncio.gather(*map(client.read, some_jobs(service, 50)))
        assert {failure(reading).kind for reading in readings} == {FailureKind.SIGN_IN}
        assert "signature does not match" in failure(readings[0]).summary
        assert failure(readings[0]).message.endswith("canonicalRequest:***")
        assert service.signatures.refused == 1
        assert not client.credential_changed()
        client.reset()
        await asyncio.gather(*map(client.read, some_jobs(service, 50)))
        assert service.signatures.refused == 2


async def test_an_unknown_key_is_not_repeated() -> None:
    async with before_the_service(keys(access="ANOTHERACCESSKEY0001")) as (client, service):
        reading = await client.read(some_jobs(service, 1)[0])
        assert "access key does not exist" in failure(reading).summary
        assert "ANOTHERACCESSKEY" not in repr(reading)


async def test_a_wrong_clock_is_set_right_by_the_answer() -> None:
    time = Time()
    with DemoService(wall=lambda: time.now().wall + timedelta(hours=5)) as service:
        async with asking(signer(keys()), service.url) as client:
            (job,) = some_jobs(service, 1)
            assert isinstance((await client.read(job)).result, Status)
            assert not client.credential_changed()


@pytest.mark.parametrize(
    "dates",
    [
        ["Wed, 01 Jan 0900 00:00:00 GMT"],
        ["Fri, 31 Dec 9999 23:59:59 GMT"],
        ["Mon, 23 Nov 2026 13:00:00 GMT", "Mon, 23 Nov 2026 11:00:00 GMT"],
    ],
)
async def test_whatever_time_refusals_claim_a_key_is_shown_twice_at_most(dates: list[str]) -> None:
    sent: list[str] = []

    def refuses(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["X-Sdk-Date"])
        body = {"error_code": "APIGW.0301", "error_msg": "verify aksk signature fail"}
        return httpx.Response(401, json=body, headers={"Date": dates[len(sent) % len(dates)]})

    async with asking(signer(keys()), handler=refuses) as client:
        for _ in range(5):
            readings = await asyncio.gather(*(client.read(JOB) for _ in range(8)))
            assert {failure(reading).kind for reading in readings} == {FailureKind.SIGN_IN}
            assert not client.credential_changed()
        assert len(sent) == len(dates)


async def test_all_that_were_under_way_when_the_clock_was_wrong_are_asked_again() -> None:
    time = Time()
    ahead = timedelta()
    with DemoService(wall=lambda: time.now().wall + ahead) as service:
        async with asking(signer(keys()), service.url) as client:
            await client.read(some_jobs(service, 1)[0])
            ahead = timedelta(hours=5)
            readings = await asyncio.gather(*map(client.read, some_jobs(service, 4)))
            assert {isinstance(reading.result, Status) for reading in readings} == {True}


async def test_the_network_does_not_lock_the_signer() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("")

    async with asking(signer(keys()), handler=breaks) as client:
        readings = await asyncio.gather(*(client.read(JOB) for _ in range(20)))
        assert {failure(reading).kind for reading in readings} == {FailureKind.BROKEN_CONNECTION}


async def test_a_credential_that_always_has_another_one_is_asked_twice() -> None:
    class Eager(FixedToken):
        async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
            return None

        def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
            return True

    sent: list[str] = []
    async with asking(lambda clock: Eager("eager", Secret("token")), handler=answers(sent=sent)) as client:
        assert not client.credential_changed()
        assert failure(await client.read(JOB)).kind is FailureKind.SIGN_IN
        assert sent == ["token", "token"]
        assert client.credential_changed()
