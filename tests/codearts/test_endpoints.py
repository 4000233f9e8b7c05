"""Regions, and what may be given as an endpoint."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.codearts.endpoints import REGIONS, Endpoint, endpoint_of_region, parse_endpoint
from tui.core.errors import UserError


def problem(text: str) -> str:
    with pytest.raises(UserError) as caught:
        parse_endpoint(text)
    return str(caught.value)


def test_every_region_has_an_endpoint_that_is_accepted() -> None:
    assert len(REGIONS) == 14
    for region in REGIONS:
        endpoint = endpoint_of_region(region)
        assert endpoint.region == region
        assert parse_endpoint(endpoint.url) == endpoint


def test_hosts_follow_the_pattern_but_for_dublin() -> None:
    assert endpoint_of_region("cn-north-4").url == "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com"
    assert endpoint_of_region("eu-west-101").url == "https://build-backend.eu-west-101.myhuaweicloud.eu"


def test_an_unknown_region_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"cn-north-4\?.*--endpoint"):
        endpoint_of_region("cn-nort-4")
    with pytest.raises(UserError, match="--endpoint"):
        endpoint_of_region("\x1b" * 100_000)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://build.example.com", "https://build.example.com"),
        (" https://Build.Example.com/ ", "https://build.example.com"),
        ("HTTPS://build.example.com:8443/", "https://build.example.com:8443"),
        ("https://build.example.com:443", "https://build.example.com"),
        ("https://10.1.2.3", "https://10.1.2.3"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_a_good_endpoint_is_an_origin(text: str, url: str) -> None:
    assert parse_endpoint(text) == Endpoint(url)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "https://"),
        ("build.example.com", "must begin with https://"),
        ("build.example.com:443", "must begin with https://"),
        ("ftp://build.example.com", "must begin with https://"),
        ("https:build.example.com", "must begin with https://"),
        ("http://build.example.com", "read the token"),
        ("http://build.example.com:8443", "write https://build.example.com:8443."),
        ("https://build.example.com:8443/v3", "write https://build.example.com:8443."),
        ("https://[2001:db8::1]:8443/v3", "write https://[2001:db8::1]:8443."),
        ("http://128.0.0.1", "read the token"),
        ("http://localhost.example.com", "read the token"),
        ("https://me:pass@build.example.com", "user name"),
        ("https://@build.example.com", "user name"),
        ("https://build.example.com/v3", "after the host"),
        ("https://build.example.com//", "after the host"),
        ("https://build.example.com?a=b", "after the host"),
        ("https://build.example.com/?", "after the host"),
        ("https://build.example.com#f", "after the host"),
        ("https://build.example.com:0", "port"),
        ("https://build.example.com:65536", "port"),
        ("https://build.example.com:x", "port"),
        ("https://", "no host"),
        ("https:///v3", "no host"),
        ("https://:443", "no host"),
        ("https://a..b", "not a host name"),
        ("https://-a.example.com", "not a host name"),
        ("https://a%2eb", "not a host name"),
        ("https://[::1", "not an address"),
        ("https://[fe80::1%25eth0]", "not a host name"),
        ("https://good.example.com\\@evil.example.com", "space"),
        ("https://build.exa\x00mple.com", "control character"),
        ("https://build.exa\tmple.com", "control character"),
        ("https://build.exämple.com", "outside ASCII"),
        ("https://build example.com", "space"),
        ("https://devcloud.cn-north-4.huaweicloud.com", "that is the console|--region cn-north-4"),
        ("https://devcloud.huaweicloud.com", "console"),
    ],
)
def test_a_bad_endpoint_is_refused_with_a_sentence(text: str, words: str) -> None:
    said = problem(text)
    assert any(part in said for part in words.split("|"))
    assert said.endswith(".")
    assert said.isprintable()


def test_a_password_is_never_repeated() -> None:
    for text in ("https://me:hunter2@h", "ftp://me:hunter2@h", "https://me:hunter2@h/x", "https://me:hunter2@h:x"):
        assert "hunter2" not in problem(text)


def test_plain_http_elsewhere_needs_permission() -> None:
    assert parse_endpoint("http://build.example.com", allow_http=True).url == "http://build.example.com"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("htps:/.@?#[]1a%-\\", max_size=30).map(lambda text: f"https://{text}"))
def test_only_an_origin_or_a_problem_comes_out(text: str) -> None:
    try:
        endpoint = parse_endpoint(text)
    except UserError:
        return
    assert parse_endpoint(endpoint.url) == endpoint
    assert endpoint.url.count("/") == 2
    assert not set("@?#\\ ") & set(endpoint.url)
