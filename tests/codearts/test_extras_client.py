"""The client of the extras: bounded, never raising, and without any effect on the status call."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from random import Random

import httpx
import pytest

from tests.support import hostile_texts
from tests.support.builders import Time
from tests.support.clients import JOB
from tests.support.credential_fakes import TOKEN
from tests.support.extra_calls import envelope, extras, failure
from tests.support.virtual_time import run
from tui import clock
from tui.codearts.auth.access_key import FixedKeys, Keys, SigningCredential
from tui.codearts.auth.credentials import AuthHeaders, EnvironmentToken, FixedToken, ReadyToken, Secret
from tui.codearts.client import StatusClient
from tui.codearts.connections import EXTRA, ForbiddenRequest, open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import CallKind, ExtraCall
from tui.codearts.extras_client import ExtrasClient, SwitchState
from tui.codearts.job_list_api import (
    JobInfo,
    JobPage,
    ProjectId,
    building_jobs_call,
    hints_call,
    job_info_call,
    job_list_call,
    project_job_list_call,
    projects_call,
    running_status_call,
    whole_job_list_call,
)
from tui.codearts.log_api import LogPiece, analysis_call, log_call, log_v3_call
from tui.codearts.record_api import record_info_call, record_list_call
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.reading import Failure, Status
from tui.core.reading import FailureKind as K
from tui.demo.service import DemoService

PROJECT = ProjectId("0c1d2e3f405162738495a6b7c8d9eaf0")
NOW = Time().now().wall
CALLS: list[ExtraCall[object]] = [
    job_list_call(999),
    whole_job_list_call(),
    project_job_list_call(PROJECT, 3),
    hints_call(PROJECT, 3),
    building_jobs_call(),
    projects_call(7),
    record_list_call(JOB, NOW, "cn-north-4", 100),
    record_info_call(JOB, 1_000_000_000),
    job_info_call(JOB),
    running_status_call(JOB),
    analysis_call(JOB, 12),
    log_call(JOB, 12, 2_147_483_647),
    log_v3_call(JOB, 12, 2_147_483_647),
]
INFO = envelope({"job_name": "web"})


def answering(body: bytes = INFO, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=body, headers={name.replace("_", "-"): one for name, one in headers.items()})


async def test_a_call_is_a_get_with_the_token_and_nothing_else() -> None:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answering()

    async with extras(handle) as client:
        assert await client.fetch(job_info_call(JOB)) == JobInfo("web")
    (request,) = sent
    assert (request.method, str(request.url)) == ("GET", f"https://build.example.com/v1/job/{JOB}/info")
    assert (request.headers["X-Auth-Token"], request.headers["Accept-Encoding"]) == (TOKEN, "identity")
    assert request.content == b""


def test_every_kind_has_a_call() -> None:
    assert {call.kind for call in CALLS} == set(CallKind)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.kind)
async def test_what_is_asked_for_leaves_as_it_was_written(call: ExtraCall[object]) -> None:
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.raw_path.decode())
        return answering(b"{}", 500)

    async with extras(handle) as client:
        await client.fetch(call)
    assert sent == [call.path]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.kind)
async def test_a_request_that_does_not_name_its_kind_does_not_leave(call: ExtraCall[object]) -> None:
    url = f"https://build.example.com{call.path}"
    async with open_http(url, transport=httpx.MockTransport(lambda request: pytest.fail("sent"))) as http:
        with pytest.raises(ForbiddenRequest):
            await http.get(url)
        for kind in set(CallKind) - {call.kind}:
            with pytest.raises(ForbiddenRequest):
                await http.get(url, extensions={EXTRA: kind})
        for method in ("POST", "PUT", "DELETE", "HEAD"):
            with pytest.raises(ForbiddenRequest):
                await http.request(method, url, extensions={EXTRA: call.kind})


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (CallKind.JOB_LIST, "/v1/job/list?page_index=0&page_size=100&execute=1"),
        (CallKind.JOB_LIST, "/v1/job/list?page_index=0&page_size=1000"),
        (CallKind.JOB_INFO, f"/v1/job/{JOB}/info/../config"),
        (CallKind.JOB_INFO, f"/v1/job/{JOB}/config"),
        (CallKind.RECORD_INFO, f"/v1/record/{JOB}/0/record-info"),
        (CallKind.LOG, f"/v1/log/{JOB}/1/real-time-log?start_offset=0&end_offset=0&sort=ASC&size=1000"),
        (CallKind.LOG, f"/v1/log/{JOB}/1/real-time-log?start_offset=0&end_offset=0&sort=DESC&size=1001"),
        (CallKind.LOG_ANALYSIS, f"/v1/log/{JOB}/1/analysis?limit=1000&offset=0"),
        (CallKind.LOG_V3, f"/v3/jobs/{JOB}/1/real-time-log?offset=0&length=1000001"),
        (CallKind.RUNNING_STATUS, f"/v3/jobs/{JOB}/status"),
    ],
)
async def test_near_misses_do_not_leave(kind: CallKind, path: str) -> None:
    wrong = ExtraCall(kind, path, lambda body, secrets: "read")
    async with extras(lambda request: pytest.fail("sent")) as client:
        assert failure(await client.fetch(wrong)).kind is K.INTERNAL


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answering(b"<html>", 502), K.GATEWAY_ERROR),
        (answering(b'{"error_code": "DEVCB.00031006"}', 422), K.NOT_FOUND),
        (answering(b"{}"), K.BAD_REPLY),
        (answering(gzip.compress(INFO), Content_Encoding="gzip"), K.BAD_REPLY),
        (answering(b"x" * (2 * 1024 * 1024 + 1)), K.BAD_REPLY),
        (answering(b"x" * 200_000, 500), K.SERVER_ERROR),
        (answering(b"", 302, Location="https://evil.example/" + TOKEN), K.REDIRECTED),
        (answering(json.dumps({"error_msg": f"no {TOKEN}"}).encode(), 403), K.FORBIDDEN),
    ],
)
async def test_what_is_no_answer_is_a_failure_without_the_token(answer: httpx.Response, kind: K) -> None:
    async with extras(lambda request: answer) as client:
        found = failure(await client.fetch(job_info_call(JOB)))
    assert found.kind is kind
    assert TOKEN[:16] not in repr(found)


async def test_an_encoded_answer_is_not_unpacked() -> None:
    packed = answering(gzip.compress(INFO), Content_Encoding="gzip")
    async with extras(lambda request: packed) as client:
        assert "encoded as gzip" in failure(await client.fetch(job_info_call(JOB))).summary


async def test_of_an_error_no_more_is_read_than_of_a_status() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1024
            yield b"x" * 1024

    async with extras(lambda request: httpx.Response(500, content=endless())) as client:
        assert failure(await client.fetch(log_call(JOB, 1))).kind is K.SERVER_ERROR
    assert taken <= 65 * 1024


async def test_a_log_may_be_larger_than_a_list_and_has_a_bound_too() -> None:
    log = f"{'a line of a log':120}\n" * 16_000
    bodies = [envelope({"log": log}), b'{"' + b"x" * 8 * 1024 * 1024]
    async with extras(lambda request: answering(bodies.pop(0))) as client:
        assert await client.fetch(log_call(JOB, 1)) == LogPiece(log)
        assert "larger than 8192 KiB" in failure(await client.fetch(log_call(JOB, 1))).summary


async def test_a_log_that_is_too_large_does_not_close_the_logs_of_others() -> None:
    bodies = [b"x" * 9 * 1024 * 1024, envelope({"log": "short"})]
    async with extras(lambda request: answering(bodies.pop(0))) as client:
        assert "larger than 8192 KiB" in failure(await client.fetch(log_call(JOB, 1))).summary
        assert await client.fetch(log_call(JOB, 2)) == LogPiece("short")


def test_a_call_that_hangs_ends_in_time() -> None:
    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    time = Time()
    client = ExtrasClient(
        lambda: open_http("https://h", transport=Hanging()), Endpoint("https://h"), EnvironmentToken(TOKEN), time.now
    )

    async def ask() -> tuple[object, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        return await client.fetch(job_info_call(JOB)), loop.time() - began

    outcome, took = run(ask())
    assert (failure(outcome).kind, took) == (K.TIMEOUT, 10.0)
    assert client.summary()[0].state is SwitchState.RESTING


async def test_a_kind_that_is_off_is_not_asked_for_and_says_why() -> None:
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return answering(b'{"error_code": "APIGW.0306", "error_msg": "API access denied."}', 403)

    async with extras(handle) as client:
        outcomes = [await client.fetch(job_info_call(JOB)) for _ in range(5)]
        assert len(sent) == 2
        assert len(set(outcomes)) == 1
        assert client.closed(CallKind.JOB_INFO) == outcomes[0]
        assert client.closed(CallKind.LOG) is None


async def test_a_crowd_of_questions_is_refused_twice_and_not_more() -> None:
    sent: list[str] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        await asyncio.sleep(0)
        return answering(b"", 403)

    async with extras(handle) as client:
        outcomes = await asyncio.gather(*(client.fetch(job_info_call(JOB)) for _ in range(50)))
    assert len(sent) == 2
    assert all(failure(outcome).kind is K.FORBIDDEN for outcome in outcomes)


async def test_a_new_credential_opens_what_was_refused_to_the_old_one() -> None:
    class Changing(ReadyToken):
        value = "old"

        def token(self) -> Secret | Failure:
            return Secret(self.value)

    def handle(request: httpx.Request) -> httpx.Response:
        return answering() if request.headers["X-Auth-Token"] == "new" else answering(b"", 403)

    credential = Changing("test")
    async with extras(handle, credential=credential) as client:
        for _ in range(3):
            assert failure(await client.fetch(job_info_call(JOB))).kind is K.FORBIDDEN
        credential.value = "new"
        assert await client.fetch(job_info_call(JOB)) == JobInfo("web")


async def test_the_budget_hears_of_throttling_and_all_extras_stop_for_five_minutes() -> None:
    heard: list[tuple[Failure, float, float]] = []
    time = Time()
    body = b'{"error_code": "CB.00060211", "error_msg": "over ratelimit,limit:5,time:1 second"}'

    def handle(request: httpx.Request) -> httpx.Response:
        time.seconds += 2
        return answering(body, 400)

    async with extras(handle, time, throttled=lambda *told: heard.append(told)) as client:
        told = failure(await client.fetch(job_info_call(JOB)))
        assert await client.fetch(analysis_call(JOB, 1)) == told
        assert heard == [(told, 1000.0, 1002.0)]
        assert told.limit == (5.0, 1.0)
        time.seconds += 300
        await client.fetch(analysis_call(JOB, 1))
        assert len(heard) == 2


async def test_the_credential_is_neither_praised_nor_blamed_for_an_extra() -> None:
    heard: list[Status | Failure | None] = []

    class Listening(EnvironmentToken):
        def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
            heard.append(result)

        async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
            pytest.fail("renewed because of an extra")

    answers = [answering(), answering(b"", 401), answering(b"", 500)]
    async with extras(lambda request: answers.pop(0), credential=Listening(TOKEN)) as client:
        await client.fetch(job_info_call(JOB))
        await client.fetch(analysis_call(JOB, 1))
    assert heard == [None, None]


async def test_a_hanging_extra_does_not_keep_a_signed_status_call_waiting() -> None:
    hung, go_on = asyncio.Event(), asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/status"):
            return httpx.Response(200, json={"result": True})
        hung.set()
        await go_on.wait()
        return answering()

    time = Time()
    keys = Keys(Secret("access"), Secret("secret"))
    credential = SigningCredential(FixedKeys("the keys", keys), ServerClock(time.now))
    async with extras(handle, time, credential) as client:
        extra = asyncio.create_task(client.fetch(job_info_call(JOB)))
        await hung.wait()
        reader = StatusClient(
            lambda: open_http("https://h", transport=httpx.MockTransport(handle)),
            Endpoint("https://h"),
            credential,
            time.now,
        )
        assert (await asyncio.wait_for(reader.read(JOB), 5)).result is Status.RUNNING
        go_on.set()
        assert await extra == JobInfo("web")
        await reader.close()


async def test_signed_extras_are_accepted_whatever_their_query() -> None:
    keys = Keys(Secret(DemoService.access_key), Secret(DemoService.secret_key))
    with DemoService() as service:
        job = service.jobs[0].id
        calls = [job_list_call(), record_list_call(job, clock.now().wall, "cn-north-4"), log_v3_call(job, 1)]
        credential = SigningCredential(FixedKeys("the keys", keys), ServerClock(clock.now))
        client = ExtrasClient(partial(open_http, service.url), Endpoint(service.url), credential, clock.now)
        for call in calls:
            await client.fetch(call)
        await client.close()
        assert (service.signatures.accepted, service.signatures.refused) == (3, 0)


async def test_a_credential_that_breaks_is_a_failure() -> None:
    class Broken(FixedToken):
        def token(self) -> Secret | Failure:
            raise RuntimeError(TOKEN)

    async with extras(lambda request: pytest.fail("sent"), credential=Broken("broken", Secret(TOKEN))) as client:
        assert failure(await client.fetch(job_info_call(JOB))).kind is K.INTERNAL


async def test_each_request_waits_for_its_turn_and_none_is_taken_for_what_is_off() -> None:
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)

    def opener() -> httpx.AsyncClient:
        return open_http("https://h", transport=httpx.MockTransport(lambda request: answering(b"", 403)))

    client = ExtrasClient(opener, Endpoint("https://h"), EnvironmentToken(TOKEN), Time().now, turn=turn)
    for _ in range(5):
        await client.fetch(job_info_call(JOB))
    assert len(turns) == 2


async def test_nothing_is_sent_where_no_turn_comes() -> None:
    pause = Failure(K.THROTTLED, "a pause")

    async def turn() -> Failure:
        return pause

    def opener() -> httpx.AsyncClient:
        raise AssertionError

    client = ExtrasClient(opener, Endpoint("https://h"), EnvironmentToken(TOKEN), Time().now, turn=turn)
    assert await client.fetch(job_info_call(JOB)) is pause


async def test_a_request_that_waits_for_its_turn_holds_no_other_up() -> None:
    turns = [asyncio.Event(), asyncio.Event()]
    turns[1].set()
    left = iter(turns)

    async def turn(comes: asyncio.Event) -> None:
        await comes.wait()

    def opener() -> httpx.AsyncClient:
        return open_http("https://h", transport=httpx.MockTransport(lambda request: answering()))

    client = ExtrasClient(
        opener, Endpoint("https://h"), EnvironmentToken(TOKEN), Time().now, turn=lambda: turn(next(left))
    )
    first = asyncio.create_task(client.fetch(job_info_call(JOB)))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(client.fetch(job_info_call(JOB)), 5) == JobInfo("web")
    assert not first.done()
    turns[0].set()
    assert await first == JobInfo("web")
    await client.close()


async def test_without_a_token_nothing_is_sent_and_no_kind_is_blamed() -> None:
    missing = FixedToken("none", Failure(K.NO_CREDENTIAL, "No token."))
    async with extras(lambda request: pytest.fail("sent"), credential=missing) as client:
        assert failure(await client.fetch(job_info_call(JOB))).kind is K.NO_CREDENTIAL
        assert client.summary() == ()


async def test_a_connection_that_cannot_be_set_up_is_a_failure() -> None:
    def refuse() -> httpx.AsyncClient:
        raise UserError("The proxy is odd.")

    client = ExtrasClient(refuse, Endpoint("https://h"), EnvironmentToken(TOKEN), Time().now)
    assert failure(await client.fetch(job_info_call(JOB))) == Failure(K.SETTINGS, "The proxy is odd.")


async def test_connections_are_kept_and_one_that_went_stale_is_replaced() -> None:
    opened: list[httpx.AsyncClient] = []
    broken: list[bool] = [False, True, False]

    def handle(request: httpx.Request) -> httpx.Response:
        if broken and broken.pop(0):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return answering()

    def opener() -> httpx.AsyncClient:
        opened.append(open_http("https://h", transport=httpx.MockTransport(handle)))
        return opened[-1]

    client = ExtrasClient(opener, Endpoint("https://h"), EnvironmentToken(TOKEN), Time().now)
    assert [await client.fetch(job_info_call(JOB)) for _ in range(3)] == [JobInfo("web")] * 3
    assert [http.is_closed for http in opened] == [True, False]
    await client.close()
    assert opened[1].is_closed


async def test_an_empty_list_with_a_total_is_not_asked_for_again_and_the_whole_list_is() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.query:
            return answering(envelope({"total": 1, "job_list": []}))
        return answering(envelope({"total": 1, "job_list": [{"id": JOB, "job_name": "web"}]}))

    async with extras(handle) as client:
        assert failure(await client.fetch(job_list_call())).kind is K.SERVER_ERROR
        assert client.closed(CallKind.JOB_LIST)
        whole = await client.fetch(whole_job_list_call())
        assert isinstance(whole, JobPage)
        assert [entry.name for entry in whole.entries] == ["web"]


def texts(value: object) -> Iterator[str]:
    """Every text inside what a call brought."""
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, tuple):
        for member in value:
            yield from texts(member)


def always(answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: answer


def mad_body(dice: Random) -> bytes:
    """Nonsense, or an envelope with nonsense inside that has the names of the real members."""
    if dice.random() < 0.3:
        return hostile_texts.body(dice)
    names = ("id", "job_name", "number", "state", "start_time", "build_time", "step", "log", "content", "total")
    lists = ("job_list", "jobs", "job_build_states", "project_info_list", "error_nodes")
    members = {name: hostile_texts.value(dice) for name in names}
    inner = {**members, "id": hostile_texts.JOB, "identifier": hostile_texts.JOB}
    for name in lists:
        members[name] = [inner, {**inner, "number": 7}] if dice.random() < 0.7 else hostile_texts.value(dice)
    members |= {"codeci_job_id": hostile_texts.JOB, "build_no": 1_000_000_000} if dice.random() < 0.5 else {}
    sent = json.dumps({"result": members, "status": "success", "error": None}, ensure_ascii=False)
    return sent.encode(errors="replace")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.kind)
async def test_no_answer_makes_it_raise_and_nothing_in_it_acts_on_a_terminal(call: ExtraCall[object]) -> None:
    dice, brought = Random(f"extras {call.path}"), 0
    for _ in range(60 * hostile_texts.TIMES):
        answer = answering(mad_body(dice), dice.choice((200, 200, 200, 400, 500, 302)))
        async with extras(always(answer)) as client:
            found = await client.fetch(call)
        brought += not isinstance(found, Failure)
        assert not isinstance(found, Failure) or found.kind is not K.INTERNAL
        assert not hostile_texts.control_characters("".join(texts(found))) - {"\n", "\t"}
        assert "\n" not in "".join(texts(found)) or call.kind in (CallKind.LOG, CallKind.LOG_V3)
    assert brought or call.kind in (CallKind.JOB_INFO, CallKind.RUNNING_STATUS)
