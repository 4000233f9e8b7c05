"""No part of a held secret is shown, however it comes back; and what is no secret stays readable."""

import json
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from random import Random
from string import ascii_letters, digits
from textwrap import wrap
from types import FrameType
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.long_run import by_length
from tui.codearts import redaction
from tui.codearts.redaction import SHORTEST_RUN, redact, redact_complaint, redact_lines

TraceFunction = Callable[[FrameType, str, Any], Any]
TOKEN = "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBglghkgBZQMEAgEw+aB/cD-eF_gH" + "".join(
    Random(1).choices(ascii_letters + digits + "+/", k=400)
)
LARGE = "".join(Random(2).choices(ascii_letters + digits + "+/-_", k=64_000))

ECHOES: dict[str, Callable[[str], str]] = {
    "whole": str,
    "cut at the front": lambda token: token[100:],
    "cut at both ends": lambda token: token[100:140],
    "a short run": lambda token: token[100 : 100 + SHORTEST_RUN],
    "in lower case": str.lower,
    "wrapped at 64": lambda token: "\n".join(wrap(token, 64)),
    "wrapped at 8": lambda token: "\r\n  ".join(wrap(token, 8)),
    "wrapped in JSON": lambda token: json.dumps("\n".join(wrap(token, 20))),
    "split in a list": lambda token: json.dumps(wrap(token, 10)),
    "in JSON with escaped slashes": lambda token: token.replace("/", "\\/"),
    "in JSON all escaped": lambda token: "".join(f"\\u{ord(one):04x}" for one in token),
    "in an address": lambda token: quote(token, safe=""),
    "in an address, cut": lambda token: quote(token, safe="")[50:150],
    "in HTML": lambda token: token.replace("+", "&#43;").replace("/", "&#x2F;"),
    "base 16": lambda token: token.encode().hex(),
    "base 16 in capitals, cut": lambda token: token.encode().hex().upper()[101:201],
    "base64": lambda token: b64encode(token.encode()).decode(),
    "base64 behind a name": lambda token: b64encode(f"user:{token}".encode()).decode(),
    "base64 of a part": lambda token: b64encode(token[101:200].encode()).decode(),
    "base64 for addresses": lambda token: urlsafe_b64encode(f"u{token}".encode()).decode(),
    "base64 in lines": lambda token: "\n".join(wrap(b64encode(f"ab{token}".encode()).decode(), 76)),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_an_echo_of_a_token_is_hidden(echo: Callable[[str], str]) -> None:
    sent = echo(TOKEN)
    said = redact(f"The token {sent} is not valid, sorry.", [TOKEN])
    assert said.startswith("The token ")
    assert said.endswith(" is not valid, sorry.")
    shown = said.removeprefix("The token ").removesuffix(" is not valid, sorry.")
    assert "***" in shown
    assert sum(map(str.isalnum, shown)) < SHORTEST_RUN, shown


@settings(max_examples=by_length(50, 200), deadline=None)
@given(st.integers(0, 450), st.integers(SHORTEST_RUN, 60), st.text(" \n\"',.", max_size=3))
def test_every_run_of_a_token_is_hidden_wherever_it_begins(begin: int, length: int, between: str) -> None:
    run = TOKEN[begin : begin + length]
    if len(run) >= SHORTEST_RUN:
        assert run[:SHORTEST_RUN] not in redact(f"x {between.join(wrap(run, 7))} y", [TOKEN]).replace(between, "")
        assert redact(f"({run})", [TOKEN]) == "(***)"


@pytest.mark.parametrize(
    "text",
    [
        "The job 901878212b1a49be9c1a1054c272762a was not found (HTTP 404, CB.00031006).",
        "request 5f1c0de5f1c0de5f1c0de5f1c0de5f1c at 2026-11-23T12:00:00Z",
        "MIIDkg is how it begins",
    ],
)
def test_what_is_no_part_of_a_secret_stays(text: str) -> None:
    assert redact(text, [TOKEN, LARGE, "hunter2"]) == text


@pytest.mark.parametrize("secret", ["hunter2", "päss wörd", 'p"a\\ss/w%rd'])
def test_a_short_secret_is_hidden_whole_in_each_form(secret: str) -> None:
    in_base64 = b64encode(secret.encode()).decode()
    for form in (secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), in_base64):
        assert redact(f"no {form} here", [secret]) == "no *** here"


@settings(max_examples=by_length(60, 300), deadline=None)
@given(st.text("\\u%&#x;0aZ/\n +é\u0130\ud800", max_size=60), st.text("aZ0+\\u%é\ud800", max_size=30))
def test_any_text_can_be_redacted_of_any_secret(text: str, secret: str) -> None:
    said = redact(text, [secret, TOKEN])
    assert len(secret) < SHORTEST_RUN or secret not in said


def test_a_secret_that_repeats_itself_is_hidden() -> None:
    assert redact("no " + "A" * 5000 + " here", ["A" * 30_000]) == "no *** here"
    assert redact("no " + "AB" * 20 + " here", ["AB" * 15_000]) == "no *** here"


def steps(text: str, secret: str) -> int:
    """Lines of the program that are run to redact the text."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal count
        count += 1
        return trace if frame.f_code.co_filename == redaction.__file__ else None

    sys.settrace(trace)
    try:
        redact(text, [secret])
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("secret", [LARGE, "A" * 64_000])
@pytest.mark.parametrize("text", [LARGE, "A" * 4000, (LARGE[:11] + " x ") * 300, "%41" * 1400, LARGE[::-1]])
def test_a_text_twice_as_long_takes_no_more_than_twice_the_steps(text: str, secret: str) -> None:
    redact("what is kept of a secret is made before it is measured", [secret])
    assert steps(text[:4000], secret) < 2.2 * steps(text[:2000], secret) + 100


def test_a_complaint_keeps_what_helps() -> None:
    assert redact_complaint("pass: Error: lab/codearts is not in the password store.", "") == (
        "pass: Error: lab/codearts is not in the password store."
    )
    assert redact_complaint("wrong password 'letmein' for lab", "") == "wrong password *** for lab"
    assert redact_complaint("no such pin: 1234", "") == "no such pin: ***"


@pytest.mark.parametrize("cut", [slice(0, 40), slice(100, 112), slice(-13, None)])
def test_a_part_of_a_token_is_hidden_in_a_log_and_the_rest_stays(cut: slice) -> None:
    line = "[2026/11/26 14:23:32.169 GMT+08:00] [INFO] compiling module src/foo/bar.py"
    shown = redact_lines([line, f"echo {TOKEN[cut]}.", line, "canonicalRequest: GET", line], [TOKEN])
    assert shown == [line, "echo ***.", line, "canonicalRequest:***", line]


@given(st.text("\\uUxX&#;%0aF/ ", max_size=30))
def test_broken_escapes_are_no_escapes(text: str) -> None:
    assert redact(text, [TOKEN]) == text
