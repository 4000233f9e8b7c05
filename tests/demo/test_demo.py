"""The simulated service, asked over HTTP as a client would ask it."""

import http.client
import itertools
import re
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import Time
from tests.support.demo_client import Client, connect
from tui.core.errors import UserError
from tui.demo.jobs import DemoPace, demo_jobs, rhythm
from tui.demo.service import DemoService, serve


@pytest.fixture
def client() -> Iterator[Client]:
    with connect() as client:
        yield client


def test_a_job_has_a_status_and_the_headers_of_the_gateway(client: Client) -> None:
    status, body = client.status("web-frontend")
    assert (status, list(body), type(body["result"])) == (200, ["result"], bool)
    assert re.fullmatch("[0-9a-f]{32}", client.headers["X-Request-Id"])
    assert client.headers["Server"] == "api-gateway"
    assert client.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert client.headers["Date"] == "Mon, 23 Nov 2026 12:00:00 GMT"


def test_a_connection_is_kept(client: Client) -> None:
    client.status("web-frontend")
    kept = client.connection.sock
    client.status("web-frontend")
    assert kept is not None
    assert client.connection.sock is kept


def test_jobs_have_lower_case_ids_labels_and_tags() -> None:
    jobs = [demo.job for demo in demo_jobs(1)]
    assert len({job.id for job in jobs}) == len({job.label for job in jobs}) == len(jobs)
    assert all(re.fullmatch("[0-9a-z]{32}", job.id) and job.label and job.tags for job in jobs)
    assert len([job for job in jobs if "faults" not in job.tags]) == 24
    assert [demo.job for demo in demo_jobs(2)] == jobs


@pytest.mark.parametrize(
    ("label", "status", "code"),
    [
        ("bad request", 400, "CB.00060200"),
        ("invalid job ID", 400, "CB.00060201"),
        ("app refused", 401, "APIGW.0303"),
        ("forbidden", 403, "APIGW.0306"),
        ("wrong region", 403, "APIGW.0802"),
        ("not found (404)", 404, "CB.00060214"),
        ("not found (422)", 422, "CB.00031006"),
        ("server error (500)", 500, "CB.00060101"),
        ("gateway time-out (504)", 504, "APIGW.0201"),
        ("z" * 32, 422, "CB.00031006"),
        ("Z" * 32, 400, "CB.00060201"),
        ("short", 400, "CB.00060201"),
    ],
)
def test_refusals_have_their_documented_status_and_code(client: Client, label: str, status: int, code: str) -> None:
    got, body = client.status(label)
    assert (got, body["error_code"]) == (status, code)
    assert body["error_msg"]
    assert body.get("request_id") == (client.headers["X-Request-Id"] if code.startswith("APIGW") else None)


def test_answers_without_a_status_have_their_shapes(client: Client) -> None:
    assert client.status("error inside a 200")[0] == 200
    assert client.status("error inside a 200")[1]["error"]["code"] == "DEV.CB.032011"
    for label, status in (("proxy page (502)", 502), ("web page inside a 200", 200)):
        got, page = client.status(label)
        assert (got, page[:6], client.headers["Content-Type"]) == (status, "<html>", "text/html;charset=UTF-8")
    with pytest.raises(http.client.RemoteDisconnected):
        client.status("connection closed")


def test_about_one_answer_of_four_is_throttled(client: Client) -> None:
    answers = [client.status("throttled now and then") for _ in range(200)]
    throttled = [body for status, body in answers if status == 429]
    assert 30 <= len(throttled) <= 70
    assert {status for status, _ in answers} == {200, 429}
    assert throttled[0]["error_code"] == "APIGW.0308"
    assert "policy app over ratelimit,limit:20,time:1 second" in throttled[0]["error_msg"]


def test_the_slow_job_answers_after_three_seconds(client: Client) -> None:
    assert client.status("slow")[0] == 200
    assert client.waited == [3.0]


def test_the_flapping_job_comes_and_goes(client: Client) -> None:
    seen = []
    for _ in range(30):
        seen.append(client.status("flapping (503)")[0])
        client.time.seconds += 10
    assert seen == ([200] * 6 + [503] * 9) * 2


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/v3/jobs/status"), ("POST", f"/v3/jobs/{'a' * 32}/status"), ("DELETE", "/v3/auth/tokens")],
)
def test_other_paths_and_methods_are_unknown_to_the_gateway(client: Client, method: str, path: str) -> None:
    status, body = client.call(method, path, {"X-Auth-Token": DemoService.token})
    assert (status, body["error_code"]) == (404, "APIGW.0101")


def test_requests_that_are_too_large_are_refused(client: Client) -> None:
    assert client.status("web-frontend", "x" * 70_000)[0] == 494
    assert client.call("GET", "/" + "x" * 70_000, {})[0] == 414
    assert client.call("POST", "/v3/auth/tokens", {"Content-Length": "70000"})[0] == 413


def test_closing_ends_open_connections_and_slow_answers() -> None:
    asked = threading.Event()

    def wait(seconds: float) -> None:
        asked.set()
        closed.wait()

    closed = threading.Event()
    with DemoService(wait=wait) as service:
        client = Client(service, Time(), [])
        client.connection.request(
            "GET", f"/v3/jobs/{client.ids['slow']}/status", headers={"X-Auth-Token": service.token}
        )
        asked.wait()
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        client.connection.getresponse()
    closed.set()
    client.connection.close()


def test_a_service_that_is_closed_just_before_it_waits_for_a_connection_ends_without_a_word() -> None:
    service = DemoService(0)
    usual = service._server.handle_request

    def closed_meanwhile() -> None:
        service.close()
        usual()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service._server, "handle_request", closed_meanwhile)
        service._accept()


def test_a_service_that_was_never_started_can_be_closed() -> None:
    DemoService().close()


@given(st.integers(0, 1000), st.floats(0, 1e7))
@settings(max_examples=50)
def test_a_job_is_the_same_at_the_same_moment(seed: int, at: float) -> None:
    one, other = rhythm(seed, "web-frontend"), rhythm(seed, "web-frontend")
    other.is_running(at + 1000)
    assert one.is_running(at) == other.is_running(at)


@pytest.mark.parametrize("seed", range(5))
def test_spells_are_neither_too_short_nor_too_long(seed: int) -> None:
    ends = (0.0, *rhythm(seed, "web-frontend").ends)
    lengths = [end - start for start, end in itertools.pairwise(ends)]
    assert all(20 <= length <= 360 for length in lengths[::2])
    assert all(30 <= length <= 600 for length in lengths[1::2])


@pytest.mark.parametrize("seed", range(1, 6))
def test_something_changes_every_several_seconds(seed: int) -> None:
    well = [demo for demo in demo_jobs(seed) if demo.fault is None]
    changes = 0
    for second in range(3600):
        changes += sum(demo.rhythm.is_running(second) != demo.rhythm.is_running(second + 1) for demo in well)
    assert 4 <= 3600 / changes <= 12
    assert {demo.rhythm.is_running(0.0) for demo in well} == {True, False}


def test_a_resting_job_never_runs() -> None:
    resting = rhythm(1, "legacy-billing", DemoPace.RESTING)
    assert not any(resting.is_running(float(second)) for second in range(0, 90_000, 100))
    assert not resting.is_running(3600 - resting.offset)


def test_the_command_says_how_to_use_it_and_ends_when_told() -> None:
    until, lines = threading.Event(), list[str]()
    until.set()
    serve(0, lines.append, until)
    text = "\n".join(lines)
    assert re.search(r"^export CODEARTS_ENDPOINT=http://127\.0\.0\.1:\d+$", text, re.MULTILINE)
    assert f"export CODEARTS_TOKEN={DemoService.token}" in lines
    assert "901878212b1a49be9c1a1054c272762a  payments-api nightly" in lines
    assert any(line.startswith("export CODEARTS_ENDPOINT") for line in lines[-4:])  # a low terminal shows the end


def test_a_port_that_is_taken_is_a_problem_with_advice() -> None:
    with DemoService() as service:
        port = int(service.url.rpartition(":")[2])
        with pytest.raises(UserError, match=rf"Port {port} cannot be used .*--port"):
            serve(port, print)
    with pytest.raises(UserError, match="--port"):
        serve(70_000, print)
