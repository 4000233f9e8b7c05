"""How the answers of the extras are taken apart: patiently, and without believing what is no answer."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credential_fakes import TOKEN
from tests.support.extra_calls import envelope, failure, json_values
from tests.support.hostile_texts import FRAGMENTS, control_characters
from tests.support.long_run import by_length
from tui.codearts.extra_call import Members, checked_build, result_of
from tui.core.reading import Failure
from tui.core.reading import FailureKind as K


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", K.BAD_REPLY, "is empty"),
        (b"{", K.BAD_REPLY, "not proper JSON"),
        (b"[]", K.BAD_REPLY, "no object"),
        (b"<html><title>Sign in</title>", K.WRONG_ENDPOINT, "web page"),
        (b'{"result": {}}', K.BAD_REPLY, "does not say that it succeeded"),
        (b'{"status": "success"}', K.BAD_REPLY, "no result"),
        (b'{"status": "success", "result": [1]}', K.BAD_REPLY, "no result"),
        (b'{"status": "fail", "result": {}}', K.BAD_REPLY, "reports an error"),
        (b'{"status": "success", "result": {}, "error": "no"}', K.BAD_REPLY, "reports an error"),
        (
            b'{"status": "error", "error": {"code": "DEVCB.00031006", "message": "gone"}}',
            K.NOT_FOUND,
            "there is no such job",
        ),
        (b'{"error_code": "CB.00060211", "error_msg": "slow down"}', K.THROTTLED, "fewer requests|too many requests"),
    ],
)
def test_what_is_no_answer_is_a_failure(body: bytes, kind: K, said: str) -> None:
    found = failure(result_of(body, ()))
    assert found.kind is kind
    assert any(words.lower() in found.summary.lower() for words in said.split("|"))


def test_a_result_may_hold_what_looks_like_an_error() -> None:
    result = result_of(envelope({"error_code": "x", "message": "deploy", "title": "t"}), ())
    assert isinstance(result, Members)
    assert result.text("message") == "deploy"


def test_numbers_flags_and_times_may_be_texts() -> None:
    members = Members(
        {
            "number": " 17 ",
            "float": 17.0,
            "flag": "True",
            "ms": "1665476927000",
            "s": 1665476927,
            "iso": "2022-10-11T08:28:47.000+00:00",
            "basic": "2022-10-11T16:28:47+0800",
            "amount": "27.51",
        },
        (),
    )
    assert [members.number("number"), members.number("float")] == [17, 17]
    assert members.flag("flag") is True
    when = datetime(2022, 10, 11, 8, 28, 47, tzinfo=UTC)
    assert [members.moment(name) for name in ("ms", "s", "iso", "basic")] == [when] * 4
    assert members.amount("amount") == 27.51


@pytest.mark.parametrize(
    "value", [None, True, -1, "-1", "1e3", "١٧", "", [], {}, 1.5, float("nan"), float("inf"), 10**18, "9" * 5000]
)
def test_what_is_no_number_is_missing(value: object) -> None:
    members = Members({"x": value}, ())
    assert members.number("x") is None
    assert members.build_number("x") is None
    assert members.moment("x") is None
    assert members.flag("x") in (None, value)


@pytest.mark.parametrize(
    "value", ["2024-08-31 10:58:02", "Wed Jun 26 16:25:09 CST 2024", 10**17, 1, "0001-01-01T00:00Z"]
)
def test_a_time_without_a_zone_or_from_another_age_is_not_guessed(value: object) -> None:
    assert Members({"x": value}, ()).moment("x") is None


def test_texts_are_one_bounded_line_without_secrets_and_without_anything_a_terminal_acts_on() -> None:
    for fragment in FRAGMENTS:
        text = Members({"x": f"a{fragment}" * 200}, ()).text("x", limit=50)
        assert not control_characters(text)
        assert len(text) <= 50
    for padding in range(0, 120, 7):
        text = Members({"x": "b" * padding + TOKEN}, (TOKEN,)).text("x", limit=60)
        assert TOKEN[:4] not in text
    assert Members({"x": 1234}, ()).text("x") == "1234"


def test_a_text_of_lines_keeps_them_and_nothing_else() -> None:
    log = "\x1b[31mred\x1b[0m\r\n\x1b]52;c;ZXZpbA==\x07b\rc\n" + TOKEN
    text = Members({"x": log}, (TOKEN,)).plain_text("x", 1000)
    assert text is not None
    assert text.split("\n")[0] == "red"
    assert not control_characters(text) - {"\n"}
    assert TOKEN[:16] not in text
    assert Members({"x": "abcdef"}, ()).plain_text("x", 3) == "def"
    assert Members({"x": "a\n" * 30_000}, ()).plain_text("x", 10**6) == "a\n" * 19_999
    assert Members({"x": None}, ()).plain_text("x", 3) == ""
    assert Members({"x": 3}, ()).plain_text("x", 3) is Members({}, ()).plain_text("x", 3) is None


@pytest.mark.parametrize("number", [0, -1, 10**10])
def test_a_number_that_no_build_has_never_gets_into_a_path(number: int) -> None:
    with pytest.raises(ValueError, match="build number"):
        checked_build(number)


@settings(max_examples=by_length(30, 150), deadline=None)
@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_a_result_comes_only_from_an_answer_that_says_success(body: bytes) -> None:
    result = result_of(body, ())
    if not isinstance(result, Failure):
        value = json.loads(body)
        assert str(value["status"]).strip().lower() == "success"
        assert isinstance(value["result"], dict)
