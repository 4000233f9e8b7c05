"""The token call against OpenStack Keystone itself, the software that IAM's call descends from.

`KEYSTONE_PYTHON` names an interpreter that has keystone; skipped without it.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.credential_fakes import failure_of
from tests.support.keystone_service import ACCOUNT, PASSWORD, USER
from tui.codearts.auth.credentials import Secret
from tui.codearts.auth.providers import HeldPassword
from tui.codearts.auth.refreshable import Token
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint, parse_iam_endpoint
from tui.codearts.iam_api import IamTokens, LoginRequest, inspect_token
from tui.codearts.server_clock import ServerClock
from tui.core.reading import Failure, FailureKind, Moment

_PYTHON = os.environ.get("KEYSTONE_PYTHON")
_PROGRAM = Path(__file__).parents[1].joinpath("support", "keystone_service.py")
pytestmark = pytest.mark.skipif(not _PYTHON, reason="KEYSTONE_PYTHON names no interpreter with keystone")


class Keystone(NamedTuple):
    endpoint: Endpoint
    login: LoginRequest


@pytest.fixture(scope="module")
def keystone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    assert _PYTHON
    folder = tmp_path_factory.mktemp("keystone")
    # -P: beside the program lies our folder `packaging`, which is not what Keystone imports by that name
    command = [_PYTHON, "-P", "-W", "ignore", str(_PROGRAM), str(folder)]
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    with process:
        assert process.stdout
        try:
            words = process.stdout.readline().split()
            assert len(words) == 2, (folder / "errors").read_text()
            port, project_id = words
            endpoint = parse_iam_endpoint(f"http://127.0.0.1:{port}/v3", allow_http=False)
            yield Keystone(endpoint, LoginRequest(USER, ACCOUNT, project_id=project_id))
        finally:
            process.kill()


def wall_clock() -> ServerClock:
    return ServerClock(lambda: Moment(0.0, datetime.now(UTC)))


async def issue(endpoint: Endpoint, login: LoginRequest, password: str = PASSWORD) -> Token | Failure:
    clock = wall_clock()
    outcome = await IamTokens(
        lambda: open_http(endpoint.url), endpoint, login, HeldPassword("the password", password), clock
    ).issue()
    assert clock.skew is not None
    assert abs(clock.skew) < timedelta(seconds=30)
    return outcome


async def inspect(endpoint: Endpoint, token: Secret) -> Token | Failure:
    return await inspect_token(lambda: open_http(endpoint.url), endpoint, token, wall_clock())


async def test_a_token_by_project_id(keystone: Keystone) -> None:
    issued = await issue(*keystone)
    assert isinstance(issued, Token)
    assert (issued.project_id, issued.project) == (keystone.login.project_id, "admin")
    assert issued.expires_at
    assert timedelta(hours=23) < issued.expires_at - datetime.now(UTC) <= timedelta(hours=24)
    assert await inspect(keystone.endpoint, issued.secret) == issued


async def test_what_keystone_refuses(keystone: Keystone) -> None:
    wrong = failure_of(await issue(*keystone, password="guessed"))
    assert (wrong.kind, wrong.code) == (FailureKind.SIGN_IN, "401")
    assert wrong.message == "The request you have made requires authentication."
    elsewhere = failure_of(await issue(keystone.endpoint, replace(keystone.login, project_id="0" * 32)))
    assert (elsewhere.kind, elsewhere.code) == (FailureKind.SIGN_IN, "401")
    by_name = failure_of(await issue(keystone.endpoint, replace(keystone.login, project_id="", project="admin")))
    assert by_name.code == "400"
    assert "Expecting to find domain in project" in by_name.summary  # IAM needs none, Keystone does
    unknown = await inspect_token(
        lambda: open_http(keystone.endpoint.url), keystone.endpoint, Secret("gAAAAAunknown"), wall_clock()
    )
    assert "IAM does not accept the token" in failure_of(unknown).summary
