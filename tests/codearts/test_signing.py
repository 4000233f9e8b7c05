"""Signatures are those of the vendor's SDK, which made these vectors."""

from datetime import timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.signed_request import ACCESS, BODY, DATE, HOST, JSON, LIST, PROJECT, SECRET, URL, WHEN
from tui.codearts.auth.access_key import canonical_request, sign

VECTORS = [
    pytest.param(
        ("GET", URL, {}, b""),
        "host;x-sdk-date",
        "e78dce3ba1f465ea6ea081996e735e57bb2b2251d420cd3a0d201fdcc073ad3b",
        "a197f7a0d93b38a358af47ef4334dd272b13ee02c17e61768bb96afa5d7c8fe8",
        id="V1",
    ),
    pytest.param(
        ("GET", URL, {**JSON, **PROJECT}, b""),
        "content-type;host;x-project-id;x-sdk-date",
        "15059a1598a7b19342ef20f8de783ca43cb4de0ca0e1e6e996e5ff9c4b801261",
        "d46127d0e9ff6d0837f1578ffb44d7a52edcb6645d0b3ba6f28763d05bc3b19e",
        id="V2",
    ),
    pytest.param(
        ("GET", URL, {**PROJECT, "X-Security-Token": "EXAMPLE-SECURITY-TOKEN"}, b""),
        "host;x-project-id;x-sdk-date;x-security-token",
        "7d98fd5056da5ea8a57902caccf923d5be543734e79dd3ae0f6b2267110606c0",
        "fad412c6b9d4e30cdee8777cf86326abc9242695aa7c2f78461155b80f1f4b7e",
        id="V3",
    ),
    pytest.param(
        ("GET", LIST, {}, b""),
        "host;x-sdk-date",
        "0ab6ab03ad782b5f22341ebc01938898673f8279c27743459ca4cd75766329a6",
        "ffa92982be7f81a499d6ce645077ed318655530232954d60a1481dde46c8fd39",
        id="V4",
    ),
    pytest.param(
        ("GET", URL, {"Content-Type": "text/plain"}, b""),
        "content-type;host;x-sdk-content-sha256;x-sdk-date",
        "573f64f5a1b850f6f718d6703b072d85cb73ed38924999920ed06d6667bdbfe6",
        "ba2cc7098ccb76e801c233c0d62629711d80a8f77804e79b615ec19cba5e9d47",
        id="V5",
    ),
    pytest.param(
        ("POST", f"https://{HOST}/v3/jobs/build", JSON, BODY),
        "content-type;host;x-sdk-date",
        "cbcde1be5f7d7df41c33d8f42044352bbf952f1ac3ffeda6a416e8b34fe923ab",
        "c54184946e46c4f524d6dcae8ab026c63b065c2ad912d046b2f1b605b4ae8bdb",
        id="V6",
    ),
]


@pytest.mark.parametrize(("request_", "names", "digest", "signature"), VECTORS)
def test_a_signature_is_that_of_the_vector(
    request_: tuple[str, str, dict[str, str], bytes], names: str, digest: str, signature: str
) -> None:
    method, url, headers, body = request_
    signed = sign(method, url, headers, body, ACCESS, SECRET, WHEN)
    assert signed["Authorization"] == f"SDK-HMAC-SHA256 Access={ACCESS}, SignedHeaders={names}, Signature={signature}"
    assert (signed["Host"], signed["X-Sdk-Date"]) == (HOST, DATE)
    assert headers.items() <= signed.items()
    used = {name.lower(): value for name, value in signed.items() if name != "Authorization"}
    assert sha256(canonical_request(method, url, used, body).encode()).hexdigest() == digest


def test_what_is_signed() -> None:
    assert canonical_request("get", URL, {"host": HOST, "x-sdk-date": DATE}, b"") == (
        "GET\n"
        "/v3/jobs/901878212b1a49be9c1a1054c272762a/status/\n"
        "\n"
        f"host:{HOST}\n"
        f"x-sdk-date:{DATE}\n"
        "\n"
        "host;x-sdk-date\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://h/x", "h"),
        ("https://h:443/x", "h"),
        ("https://h:8443/x", "h:8443"),
        ("http://127.0.0.1:80/x", "127.0.0.1"),
        ("http://127.0.0.1:443/x", "127.0.0.1:443"),
        ("https://[::1]:443/x", "[::1]"),
    ],
)
def test_the_host_is_the_one_on_the_wire(url: str, host: str) -> None:
    assert sign("GET", url, {}, b"", ACCESS, SECRET, WHEN)["Host"] == host


def test_a_request_is_dated_in_utc_and_a_date_that_it_has_is_kept() -> None:
    east = WHEN.astimezone(timezone(timedelta(hours=8)))
    assert sign("GET", URL, {}, b"", ACCESS, SECRET, east) == sign("GET", URL, {}, b"", ACCESS, SECRET, WHEN)
    later = WHEN + timedelta(hours=1)
    own = sign("GET", URL, {"x-sdk-date": DATE}, b"", ACCESS, SECRET, later)
    assert "X-Sdk-Date" not in own
    assert own["Authorization"] == sign("GET", URL, {}, b"", ACCESS, SECRET, WHEN)["Authorization"]


def test_a_request_with_authorization_is_left_as_it_is() -> None:
    assert sign("GET", URL, {"authorization": "x"}, b"", ACCESS, SECRET, WHEN) == {"authorization": "x"}


def test_names_with_an_underscore_are_not_signed() -> None:
    signed = sign("GET", URL, {"a_b": "c"}, b"", ACCESS, SECRET, WHEN)
    assert signed["a_b"] == "c"
    assert "SignedHeaders=host;x-sdk-date," in signed["Authorization"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_another_secret_or_body_has_another_signature(one: str, other: str, body: bytes) -> None:
    def authorization(secret: str, body: bytes) -> str:
        return sign("POST", URL, JSON, body, ACCESS, secret, WHEN)["Authorization"]

    if one.rstrip("\0") != other.rstrip("\0"):  # HMAC fills a short key up with zeros
        assert authorization(one, body) != authorization(other, body)
    assert authorization(one, body) != authorization(one, body + b"x")
