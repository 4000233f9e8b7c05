"""What is taken out of a body, and what never is."""

import pytest

from tests.support.clients import failed_answer
from tests.support.credential_fakes import TOKEN
from tui.codearts.redaction import redact
from tui.codearts.status_api import request_id


def test_no_control_characters_get_through() -> None:
    found = failed_answer(400, {"error_code": "\x1b]52;c;x\x07", "error_msg": "a\x1b[31mb\ud800\u202e" + "x" * 100_000})
    assert found.message.isprintable()
    assert found.code.isprintable()
    assert found.summary.isprintable()
    assert len(found.message) <= 4000


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"token {TOKEN} is bad", "token *** is bad"),
        (f"begins {TOKEN[:16]}", "begins ***"),
        (f"begins {TOKEN[:20]}.", "begins ***."),
        (f"{TOKEN}{TOKEN}", "******"),
        ("Get secretKey failed,ak:HST3KEY,err:ak not exist", "Get secretKey failed,ak:***,err:ak not exist"),
        ("ak HST3KEY not exist", "ak *** not exist"),
        (
            "verify aksk signature fail, canonicalRequest:GET|/v3|host:x",
            "verify aksk signature fail, canonicalRequest:***",
        ),
        ("SDK-HMAC-SHA256 Access=HST3KEY, Signature=abcdef", "SDK-HMAC-SHA256 Access=***, Signature=***"),
        ("X-Auth-Token: secret", "X-Auth-Token: ***"),
        ("x-auth-token not found", "x-auth-token not found"),
        ("AK access failed to reach the limit,forbidden", "AK access failed to reach the limit,forbidden"),
        ("old MIIa" + "B+/" * 40, "old MII***"),
    ],
)
def test_secrets_are_taken_out_of_messages(message: str, shown: str) -> None:
    assert failed_answer(401, {"error_code": "APIGW.0301", "error_msg": message}).message == shown


def test_secrets_are_taken_out_of_everything() -> None:
    for body in ({"error_code": TOKEN}, {"result": TOKEN}, TOKEN, TOKEN.encode(), {"error_msg": "a" * 3990 + TOKEN}):
        for http_status in (200, 302, 401, 418):
            found = failed_answer(http_status, body, {"Location": f"https://{TOKEN}.example"})
            assert TOKEN[:16].lower() not in repr(found).lower()
    assert request_id({"X-Request-Id": TOKEN}, b"", (TOKEN,)) == "***"


@pytest.mark.parametrize("plus", ["%2B", "&#43;", "\\u002b"])
def test_a_token_that_goes_on_in_another_form_is_hidden_to_its_end(plus: str) -> None:
    token = "A" * 16 + "first+SECRETTAIL=="
    said = redact(f"bad token {token.replace('+', plus)}, sorry", [token])
    assert said.startswith("bad token ***")
    assert said.endswith(", sorry")
    assert "SECRETTAIL" not in said
    assert redact("a pass word b", ["pass word"]) == "a *** b"


def test_a_token_written_with_escapes_is_found() -> None:
    body = '{"error_msg": "' + "".join(f"\\u{ord(character):04x}" for character in TOKEN) + '"}'
    assert failed_answer(401, body.encode()).message == "***"
