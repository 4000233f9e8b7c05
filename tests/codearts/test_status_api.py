"""What an answer says: a status only when it really says one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clients import failed_answer
from tests.support.long_run import by_length
from tui.codearts.status_api import interpret, request_id, status_path
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.core.text import clean

JOB = JobId("901878212b1a49be9c1a1054c272762a")


def test_the_path_names_the_job() -> None:
    assert status_path(JOB) == "/v3/jobs/901878212b1a49be9c1a1054c272762a/status"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"result": true}', Status.RUNNING),
        (b'{"result": false}', Status.IDLE),
        (b' {"result":false,"error":null,"status":"success"}\n', Status.IDLE),
        (b'{"result": true, "error_code": null, "error_msg": ""}', Status.RUNNING),
    ],
)
def test_true_is_running_and_false_is_idle(body: bytes, status: Status) -> None:
    assert interpret(200, {}, body, ()) is status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"ok", "not proper JSON"),
        (b'{"result": true', "not proper JSON"),
        (b'{"result": false, "result": true}', "not proper JSON"),
        (b'{"result": true, "x": NaN}', "not proper JSON"),
        (b'\xef\xbb\xbf{"result": true}', "not proper JSON"),
        ('{"result": true}'.encode("utf-16"), "not proper JSON"),
        (b'{"result": true, "x": "\xff"}', "not proper JSON"),
        pytest.param(b"[" * 100_000, "not proper JSON", id="deep"),
        pytest.param(b"1" * 5_000, "not proper JSON", id="long"),
        (b"[true]", "a list, not an object"),
        (b"null", "null, not an object"),
        (b"true", "true, not an object"),
        (b"false", "false, not an object"),
        (b"1", "a number, not an object"),
        (b'"result"', 'the text "result", not an object'),
        (b'"{\\"result\\": true}"', "not an object"),
        (b"{}", "no result"),
        (b'{"result": "true"}', 'the text "true", not true or false'),
        (b'{"result": 1}', "a number, not true or false"),
        (b'{"result": 0.0}', "a number, not true or false"),
        (b'{"result": null}', "null, not true or false"),
        (b'{"result": []}', "a list, not true or false"),
        (b'{"result": {"result": true}}', "an object, not true or false"),
    ],
)
def test_look_alikes_are_no_status(body: bytes, words: str) -> None:
    found = failed_answer(200, body)
    assert found.kind is FailureKind.BAD_REPLY
    assert words in found.summary
    assert found.summary.endswith("(HTTP 200).")


@pytest.mark.parametrize(
    "body",
    [
        {"result": False, "error_code": "CB.00060101"},
        {"result": True, "error": "gone"},
        {"result": True, "error": {"code": "CB.00060101"}},
        {"result": True, "status": "fail"},
        {"result": True, "success": False},
        {"result": 1, "outer": {"error_code": "E1"}},
    ],
)
def test_a_result_beside_an_error_is_no_status(body: object) -> None:
    found = failed_answer(200, body)
    assert found.kind is FailureKind.SERVER_ERROR or found.summary.startswith("The answer reports an error (HTTP 200")


@pytest.mark.parametrize("http_status", [201, 202, 204, 206, 299])
def test_only_200_has_a_status(http_status: int) -> None:
    found = failed_answer(http_status, {"result": True})
    assert found.kind is FailureKind.BAD_REPLY
    assert found.summary == f"Only an answer with HTTP 200 has a status (HTTP {http_status})."


@pytest.mark.parametrize(
    ("http_status", "body", "code", "message"),
    [
        (400, {"error_code": "CB.00060200", "error_msg": "Invalid param"}, "CB.00060200", "Invalid param"),
        (401, {"error_msg": "no", "error_code": "APIGW.0301", "request_id": "7"}, "APIGW.0301", "no"),
        (401, {"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}}, "401", "wrong"),
        (500, {"result": None, "error": "it broke", "status": "fail"}, "", "it broke"),
        (500, {"result": None, "error": {"code": "X.1", "message": "m"}, "status": "fail"}, "X.1", "m"),
        (200, {"error": {"code": "DEV.CB.032011", "reason": "bad"}, "status": "error"}, "DEV.CB.032011", "bad"),
        (500, {"success": False, "message": "m", "err_code": "E1"}, "E1", "m"),
        (400, {"errorCode": "E2", "errorMsg": "m"}, "E2", "m"),
        (400, {"code": "E3", "message": "m"}, "E3", "m"),
        (400, {"outer": {"error_code": "E4", "error_msg": "m"}}, "E4", "m"),
        (502, b"upstream went away", "", "upstream went away"),
        (502, b"<html><head><TITLE>502 Bad Gateway</TITLE></head></html>", "", "502 Bad Gateway"),
        (400, json.dumps('{"error_code": "CB.00060201", "error_msg": "m"}').encode(), "CB.00060201", "m"),
        (500, b"", "", ""),
        (500, {"error_code": ["x"], "error_msg": {"y": 1}}, "", ""),
    ],
)
def test_code_and_message_of_every_shape(http_status: int, body: object, code: str, message: str) -> None:
    found = failed_answer(http_status, body)
    assert (found.code, found.message) == (code, message)
    assert f"HTTP {http_status}" in found.summary
    assert code in found.summary


@pytest.mark.parametrize("http_status", [200, 400, 429, 500])
def test_throttling_by_code_at_any_http_status(http_status: int) -> None:
    assert failed_answer(http_status, {"error_code": "CB.00060211", "error_msg": "m"}).kind is FailureKind.THROTTLED
    assert failed_answer(http_status, {"error_code": "APIG.0308", "error_msg": "m"}).kind is FailureKind.THROTTLED
    assert failed_answer(429, b"slow down").kind is FailureKind.THROTTLED


@pytest.mark.parametrize(
    ("hint", "limit"),
    [
        ("limit:200,time:5 minute", (200.0, 300.0)),
        ("limit:5,time:1 second", (5.0, 1.0)),
        ("limit:7, time:2 hours", (7.0, 7200.0)),
        ("limit:9,time:1 day", (9.0, 86400.0)),
        ("limit:0,time:1 second", None),
        ("limit:5,time:0 second", None),
        ("limit:5,time:1 fortnight", None),
        ("limit:" + "9" * 50 + ",time:1 second", None),
    ],
)
def test_the_limit_that_a_message_names(hint: str, limit: tuple[float, float] | None) -> None:
    message = f"The throttling threshold has been reached: policy user over ratelimit,{hint}"
    assert failed_answer(429, {"error_code": "APIGW.0308", "error_msg": message}).limit == limit


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        ({"X-Apig-RateLimit-user": "remain:0,limit:200,time:5 minute"}, (200.0, 300.0)),
        ({"x-apig-ratelimit-api": "remain:9,limit:10,time:10 second"}, None),  # that one has something left
        (
            {
                "x-apig-ratelimit-api": "remain:9,limit:10,time:10 second",
                "x-apig-ratelimit-ip": "remain: 0, limit: 5, time: 1 second",
            },
            (5.0, 1.0),
        ),
        ({"x-apig-ratelimit-user": "remain:0,limit:0,time:5 minute"}, None),
        ({"x-ratelimit-user": "remain:0,limit:200,time:5 minute"}, None),
    ],
)
def test_the_limit_that_the_gateways_headers_name(headers: dict[str, str], limit: tuple[float, float] | None) -> None:
    outcome = interpret(429, headers, b'{"error_code": "APIGW.0308", "error_msg": "too many"}', ())
    assert isinstance(outcome, Failure)
    assert outcome.limit == limit


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"Retry-After": "999999"}, 3600.0),
        ({"Retry-After": "1" * 400}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "5, 7"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Mon, 23 Nov 2020 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 23 Nov 2099 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, 3600.0),
        ({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT"}, None),
        ({"Retry-After": "Mon, 99 Nov 2026 10:00:30 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_the_service_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert failed_answer(503, b"", headers).retry_after == seconds


@pytest.mark.parametrize(
    ("http_status", "headers", "body"),
    [
        (200, {}, b"<!doctype html><title>Console</title>"),
        (200, {"Content-Type": "text/html;charset=UTF-8"}, b"Please log in"),
        (404, {}, b" \n<html></html>"),
        (401, {}, b"<html>Log in</html>"),
        (403, {}, b"<html>Log in</html>"),
    ],
)
def test_a_web_page_means_the_wrong_host(http_status: int, headers: dict[str, str], body: bytes) -> None:
    found = failed_answer(http_status, body, headers)
    assert found.kind is FailureKind.WRONG_ENDPOINT
    assert "web page" in found.summary


@pytest.mark.parametrize(
    ("body", "words"), [(b"{}", "the answer has no result"), (b" ", "the answer is empty"), (b"<", "web page")]
)
def test_a_service_that_calls_everything_html_gave_a_page_only_with_one(body: bytes, words: str) -> None:
    found = failed_answer(200, body, {"content-type": "text/html"})
    assert words in found.summary.lower()


def test_a_gateway_may_answer_a_web_page() -> None:
    found = failed_answer(502, b"<html></html>")
    assert found.kind is FailureKind.GATEWAY_ERROR
    assert found.summary == "The gateway in front of the service has an error (HTTP 502)."


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://login.example.com/?token=abc", "another host, login.example.com"),
        ("https://me:abc@login.example.com:8443/", "another host, login.example.com:8443"),
        ("/somewhere", "another path"),
        ("https://[broken", "another path"),
        ("", "another path"),
    ],
)
def test_a_redirection_tells_the_host_alone(location: str, words: str) -> None:
    found = failed_answer(302, b"", {"Location": location})
    assert found.kind is FailureKind.REDIRECTED
    assert words in found.summary
    assert "abc" not in repr(found)


def test_the_request_id_from_header_or_body() -> None:
    body = b'{"error_code": "APIGW.0301", "request_id": "from-body"}'
    assert request_id({"X-Request-Id": "from-header"}, body, ()) == "from-header"
    assert request_id({}, body, ()) == "from-body"
    assert request_id({}, b'{"result": true}', ()) == ""
    assert request_id({"x-request-id": "a\x1bb"}, b"", ()) == "a\N{REPLACEMENT CHARACTER}b"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "error", "error_code", "error_msg", "status", "code", "message", "x"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=by_length(40, 300), deadline=None)
@given(st.integers(100, 999), st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_never_raises_and_never_invents_a_status(http_status: int, body: bytes) -> None:
    outcome = interpret(http_status, {}, body, ())
    if isinstance(outcome, Failure):
        texts = outcome.summary + outcome.message
        assert clean(texts, 10_000) == texts
    else:
        value = json.loads(body)
        assert http_status == 200
        assert type(value) is dict
        assert value["result"] is (outcome is Status.RUNNING)
        assert not value.get("error_code")


@settings(max_examples=by_length(25, 100), deadline=None)
@given(st.dictionaries(st.sampled_from(["Retry-After", "Date", "Location", "Content-Type"]), st.text(max_size=40)))
def test_no_header_makes_it_raise(headers: dict[str, str]) -> None:
    for http_status in (200, 302, 429):
        assert isinstance(interpret(http_status, headers, b"?", ()), Failure)
    dates = {"Retry-After": headers.get("Date", "") + " GMT", "Date": headers.get("Retry-After", "") + " GMT"}
    assert isinstance(interpret(429, dates, b"?", ()), Failure)
