"""The known error codes."""

import pytest

from tui.codearts.error_codes import advise, kind_of
from tui.core.reading import Failure, FailureKind

K = FailureKind


@pytest.mark.parametrize(
    ("http_status", "code", "kind"),
    [
        (401, "APIGW.0301", K.SIGN_IN),
        (401, "APIG.0305", K.SIGN_IN),
        (401, "APIC.0307", K.SIGN_IN),
        (401, "APIGW.0303", K.APP_REFUSED),
        (401, "APIGW.0311", K.APP_REFUSED),
        (403, "APIGW.0302", K.FORBIDDEN),
        (403, "APIGW.0304", K.FORBIDDEN),
        (403, "APIGW.0306", K.FORBIDDEN),
        (403, "APIGW.0310", K.FORBIDDEN),
        (403, "APIGW.0401", K.FORBIDDEN),
        (403, "APIGW.0402", K.FORBIDDEN),
        (403, "APIGW.0404", K.FORBIDDEN),
        (403, "APIGW.0801", K.WRONG_REGION),
        (403, "APIGW.0802", K.WRONG_REGION),
        (404, "APIGW.0101", K.WRONG_ENDPOINT),
        (500, "APIGW.0103", K.WRONG_ENDPOINT),
        (400, "APIGW.0201", K.BAD_REQUEST),
        (494, "APIGW.0201", K.TOKEN_TOO_LARGE),
        (502, "APIGW.0201", K.GATEWAY_ERROR),
        (405, "APIGW.0502", K.APP_REFUSED),
        (500, "APIGW.0601", K.GATEWAY_ERROR),
        (429, "APIGW.0308", K.THROTTLED),
        (200, "CB.00060211", K.THROTTLED),
        (400, "CB.00060200", K.BAD_REQUEST),
        (400, "CB.00060201", K.BAD_JOB_ID),
        (400, "CB.00060202", K.BAD_JOB_ID),
        (200, "DEV.CB.032011", K.BAD_JOB_ID),
        (404, "CB.00060214", K.WRONG_ENDPOINT),
        (422, "CB.00031006", K.NOT_FOUND),
        (422, "DEVCB.00031006", K.NOT_FOUND),
        (404, "CB.00031006", K.NOT_FOUND),
        (422, "DEVCB.00030000", K.BAD_REQUEST),
        (500, "CB.00060100", K.SERVER_ERROR),
    ],
)
def test_the_code_decides_the_kind_of_a_failure(http_status: int, code: str, kind: K) -> None:
    assert kind_of(http_status, code, "") is kind


@pytest.mark.parametrize(
    ("http_status", "kind"),
    [
        (200, K.BAD_REPLY),
        (204, K.BAD_REPLY),
        (302, K.REDIRECTED),
        (400, K.BAD_REQUEST),
        (401, K.SIGN_IN),
        (403, K.FORBIDDEN),
        (404, K.NOT_FOUND),
        (405, K.WRONG_ENDPOINT),
        (407, K.PROXY),
        (408, K.TIMEOUT),
        (418, K.BAD_REQUEST),
        (422, K.BAD_REQUEST),
        (429, K.THROTTLED),
        (431, K.TOKEN_TOO_LARGE),
        (494, K.TOKEN_TOO_LARGE),
        (500, K.SERVER_ERROR),
        (502, K.GATEWAY_ERROR),
        (504, K.GATEWAY_ERROR),
        (599, K.SERVER_ERROR),
        (999, K.BAD_REPLY),
    ],
)
def test_an_unknown_code_leaves_it_to_the_http_status(http_status: int, kind: K) -> None:
    for code in ("APIGW.9999", "CB.99999999", "0301", "1101", "IAM.0011", "XAPIGW.0301", "what"):
        assert kind_of(http_status, code, "") is kind, code


def test_a_404_that_says_nothing_is_not_the_service() -> None:
    assert kind_of(404, "", "") is K.WRONG_ENDPOINT
    assert kind_of(404, "", "no such job") is K.NOT_FOUND


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_has_advice(kind: K) -> None:
    advice = advise(Failure(kind, "summary"))
    assert advice.kind is kind
    assert advice.meaning
    assert advice.action.endswith(".")


@pytest.mark.parametrize(
    ("tail", "meaning"),
    [
        ("decrypt token fail", "cannot be read"),
        ("x-auth-token not found", "without a token"),
        ("token expires, expires_at: 2026-11-23T10:00:00Z", "expired"),
        ("verify aksk signature fail, canonicalRequest:***", "signature does not match"),
        ("AK access failed to reach the limit,forbidden", "locked"),
        ("Get secretKey failed,ak:***,err:ak not exist", "access key does not exist"),
        ("ak *** not exist", "access key does not exist"),
        ("something new", "the sign-in was refused"),
    ],
)
def test_0301_says_why_in_its_message(tail: str, meaning: str) -> None:
    message = f"Incorrect IAM authentication information: {tail}"
    advice = advise(Failure(K.SIGN_IN, "summary", "APIGW.0301", message))
    assert meaning in advice.meaning
    assert advice.action.endswith(".")


@pytest.mark.parametrize("digits", ["0301", "0305"])
def test_advice_about_a_refused_sign_in_holds_for_each_credential(digits: str) -> None:
    advice = advise(Failure(K.SIGN_IN, "summary", f"APIGW.{digits}", "something new"))
    assert "token" not in advice.meaning
    assert all(credential in advice.action for credential in ("token", "access key", "password"))


@pytest.mark.parametrize("kind", [K.BAD_REPLY, K.REDIRECTED, K.TLS, K.DNS, K.UNREACHABLE])
def test_advice_about_an_address_holds_for_that_of_iam_too(kind: K) -> None:
    assert "--endpoint" not in advise(Failure(kind, "IAM: summary")).action


def test_a_code_has_its_own_advice() -> None:
    by_code = advise(Failure(K.APP_REFUSED, "summary", "APIGW.0502"))
    by_kind = advise(Failure(K.APP_REFUSED, "summary"))
    assert "frozen" in by_code.meaning
    assert by_code.action != by_kind.action
