"""The simulated IAM and gateway: who may ask, and for how long."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.demo_client import Client, connect
from tui.demo.service import DemoService

MISSING = "Incorrect IAM authentication information: x-auth-token not found"
PROJECT = {"project": {"name": DemoService.project}}


@pytest.fixture
def client() -> Iterator[Client]:
    with connect() as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, MISSING),
        ({"X-Auth-Token": ""}, MISSING),
        ({"X-Auth-Token": "wrong"}, MISSING.replace("x-auth-token not found", "decrypt token fail")),
        (
            {"Authorization": "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=00"},
            MISSING.replace("x-auth-token not found", "verify aksk signature fail"),
        ),
    ],
)
def test_without_a_good_credential_the_gateway_refuses(client: Client, headers: dict[str, str], reason: str) -> None:
    status, body = client.call("GET", f"/v3/jobs/{client.ids['web-frontend']}/status", headers)
    assert (status, body["error_code"], body["error_msg"]) == (401, "APIGW.0301", reason)


def test_a_token_can_expire_and_be_revoked(client: Client) -> None:
    client.service.expire(client.service.token)
    assert client.status("slow")[1]["error_msg"].endswith("token expires, expires_at: 2026-11-23T12:00:00.000000Z")
    client.service.revoke(client.service.token)
    assert client.status("slow")[1]["error_msg"].endswith("decrypt token fail")


@pytest.mark.parametrize("scope", [PROJECT, {"project": {"id": DemoService.project_id}}])
def test_a_token_for_a_project_is_issued_and_lives_a_day(client: Client, scope: object) -> None:
    status, body = client.sign_in(scope)
    token = client.headers["X-Subject-Token"]
    assert status == 201
    assert token not in json.dumps(body)
    assert "X-IAM-Trace-Id" in client.headers
    assert body["token"]["issued_at"] == "2026-11-23T12:00:00.000000Z"
    assert body["token"]["expires_at"] == "2026-11-24T12:00:00.000000Z"
    assert (body["token"]["project"]["name"], "domain" in body["token"]) == (DemoService.project, False)
    client.time.seconds += 86399
    assert client.status("web-frontend", token)[0] == 200
    client.time.seconds += 1
    assert "token expires" in client.status("web-frontend", token)[1]["error_msg"]
    assert client.status("web-frontend")[0] == 200


def test_a_token_for_an_account_is_no_use_for_the_status(client: Client) -> None:
    status, body = client.sign_in({"domain": {"name": DemoService.domain}})
    assert (status, "project" in body["token"], body["token"]["domain"]["name"]) == (201, False, DemoService.domain)
    assert client.status("web-frontend", client.headers["X-Subject-Token"])[0] == 401


def test_any_value_of_nocatalog_empties_the_catalog(client: Client) -> None:
    assert client.sign_in(PROJECT)[1]["token"]["catalog"]
    assert client.sign_in(PROJECT, query="?nocatalog=")[1]["token"]["catalog"]
    assert client.sign_in(PROJECT, query="?nocatalog=false")[1]["token"]["catalog"] == []


def test_iam_refuses_in_its_own_shape(client: Client) -> None:
    wrong = {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}
    assert client.sign_in(PROJECT, password="guessed") == (401, {"error": wrong})
    assert client.sign_in({"project": {"name": "nowhere"}})[0] == 401
    invalid = {"code": 400, "message": "The request body is invalid", "title": "Bad Request"}
    bodies: list[object] = [b"", b"{", b"[]", b"[" * 60000, b"\xff", {"auth": {}}]
    for body in bodies:
        assert client.call("POST", "/v3/auth/tokens", {}, body) == (400, {"error": invalid})
    both = {**PROJECT, "domain": {"name": DemoService.domain}}
    scopes: list[object] = [None, {}, both, {"project": {}}, {"project": {"name": None}}]
    for scope in scopes:
        assert client.sign_in(scope)[0] == 400


def test_a_token_can_be_looked_at(client: Client) -> None:
    def look(caller: str, subject: str) -> tuple[int, Any]:
        return client.call("GET", "/v3/auth/tokens", {"X-Auth-Token": caller, "X-Subject-Token": subject})

    good = DemoService.token
    status, body = look(good, good)
    assert (status, client.headers["X-Subject-Token"]) == (200, good)
    assert body["token"]["project"]["id"] == DemoService.project_id
    assert look("wrong", good)[0] == 401
    assert look(good, "wrong")[0] == 404
