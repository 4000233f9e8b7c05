"""IAM's endpoints, the hosts that may receive a secret, and the time of the server."""

from datetime import UTC, datetime

import pytest

from tests.support.credential_fakes import still_clock
from tui.codearts.endpoints import REGIONS, Endpoint, check_host, iam_endpoint, parse_iam_endpoint
from tui.core.errors import UserError

IAM = Endpoint("https://iam.cn-north-4.myhuaweicloud.com")


def test_the_endpoint_of_iam_follows_from_the_region() -> None:
    assert iam_endpoint("cn-north-4") == Endpoint("https://iam.cn-north-4.myhuaweicloud.com", "cn-north-4")
    assert iam_endpoint("eu-west-0").url == "https://iam.eu-west-0.myhuaweicloud.com"
    assert iam_endpoint("eu-west-101").url == "https://iam.eu-west-101.myhuaweicloud.eu"
    assert iam_endpoint("cn-northeast-1").url == "https://iam.myhuaweicloud.com"
    with pytest.raises(UserError, match="did you mean cn-north-4"):
        iam_endpoint("cn-nroth-4")


def test_every_build_region_has_an_iam_that_may_be_given_a_password() -> None:
    for region in REGIONS.values():
        check_host(iam_endpoint(region.id), ())
        check_host(Endpoint(f"https://{region.host}"), ())


@pytest.mark.parametrize("end", ["", "/", "/v3", "/v3/"])
def test_a_version_at_the_end_is_dropped(end: str) -> None:
    assert parse_iam_endpoint(f" {IAM.url}{end}", allow_http=False).url == IAM.url


@pytest.mark.parametrize(
    "url",
    [
        "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com",
        "https://build-backend.eu-west-101.myhuaweicloud.eu:8443",
        "http://127.0.0.1:8000",
        "http://localhost:1",
        "http://[::1]:1",
        "https://build.example.com",
    ],
)
def test_hosts_that_may_be_given_a_secret(url: str) -> None:
    check_host(Endpoint(url), allowed=("Build.example.com",))


@pytest.mark.parametrize(
    "url",
    [
        "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com.example.com",
        "https://cloudbuild-ext.cn-north-4.myhuaweicloud.co",
        "https://evilmyhuaweicloud.com",
        "https://myhuaweicloud.com",
        "http://cloudbuild-ext.cn-north-4.myhuaweicloud.com",
        "https://sub.build.example.com",
        "https://127.0.0.1.example.com",
    ],
)
def test_strangers_are_given_nothing(url: str) -> None:
    with pytest.raises(UserError, match="nothing is sent there"):
        check_host(Endpoint(url), allowed=("build.example.com",))


def test_a_date_sets_the_clock_right() -> None:
    clock = still_clock()
    for date in ("", "yesterday", "Mon, 23 Nov 2026 13:00:00 +0800"):
        clock.learn(date)
        assert clock.skew is None
    clock.learn("Mon, 23 Nov 2026 11:59:00 GMT")
    assert clock.now() == datetime(2026, 11, 23, 11, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "whole", ["build.example.com:8443", "build.example.com", "[2001:db8::1]:8443", "[2001:db8::1]"]
)
def test_the_advice_to_allow_a_host_can_be_followed(whole: str) -> None:
    endpoint = Endpoint(f"https://{whole}")
    with pytest.raises(UserError) as caught:
        check_host(endpoint, ())
    assert f'--allow-host {whole}, or allow_host = ["{whole}"]' in str(caught.value)
    check_host(endpoint, allowed=(whole,))


def test_a_port_that_is_allowed_allows_no_other() -> None:
    with pytest.raises(UserError, match=r"build\.example\.com:8444"):
        check_host(Endpoint("https://build.example.com:8444"), allowed=("build.example.com:8443",))
