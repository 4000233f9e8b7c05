"""The simulated gateway takes signed requests, and locks a key that is misused."""

from collections.abc import Iterator

import pytest

from tests.support.demo_client import Client, connect
from tui.codearts.auth.access_key import sign
from tui.demo.service import DemoService


@pytest.fixture
def client() -> Iterator[Client]:
    with connect() as client:
        yield client


def asked(
    client: Client, secret: str = DemoService.secret_key, access: str = DemoService.access_key
) -> tuple[int, str]:
    """HTTP status, and the tail of the message."""
    path = f"/v3/jobs/{client.ids['web-frontend']}/status"
    headers = sign("GET", client.service.url + path, {}, b"", access, secret, client.time.now().wall)
    status, body = client.call("GET", path, headers)
    return status, body.get("error_msg", "").partition(": ")[2]


def test_a_good_signature_passes(client: Client) -> None:
    assert asked(client) == (200, "")


def test_a_signature_is_good_for_fifteen_minutes(client: Client) -> None:
    path = f"/v3/jobs/{client.ids['web-frontend']}/status"
    url = client.service.url + path
    headers = sign("GET", url, {}, b"", DemoService.access_key, DemoService.secret_key, client.time.now().wall)
    client.time.seconds += 900
    assert client.call("GET", path, headers)[0] == 200
    client.time.seconds += 1
    assert client.call("GET", path, headers)[0] == 401


def test_other_keys_are_refused(client: Client) -> None:
    status, reason = asked(client, secret="wrong")
    assert status == 401
    assert reason.startswith("verify aksk signature fail, canonicalRequest:GET|/v3/jobs/")
    assert asked(client, access="OTHER") == (401, "Get secretKey failed,ak:OTHER,err:ak not exist")


def test_a_key_is_locked_for_five_minutes_after_more_than_five_failures(client: Client) -> None:
    for _ in range(6):
        assert "verify aksk" in asked(client, secret="wrong")[1]
    assert asked(client) == (401, "AK access failed to reach the limit,forbidden")
    client.time.seconds += 300
    assert asked(client) == (200, "")


def test_a_good_signature_in_between_begins_the_count_anew(client: Client) -> None:
    for _ in range(3):
        for _ in range(5):
            asked(client, secret="wrong")
        assert asked(client) == (200, "")
