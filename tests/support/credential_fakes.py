"""Fakes for tests of credentials, such as a scripted token provider."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.support.builders import Time
from tui.codearts.auth.access_key import FixedKeys, Keys, SigningCredential
from tui.codearts.auth.credentials import AuthHeaders, Credential, Secret
from tui.codearts.auth.refreshable import Token
from tui.codearts.server_clock import ServerClock
from tui.core.reading import Failure, FailureKind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com/v3/jobs/901878212b1a49be9c1a1054c272762a/status"
TOKEN = "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBglghkgBZQMEAgEw"
ACCESS, SECRET, TEMPORARY = "EXAMPLEAK0000000001", "Secret%Key/For+Tests=", "security-token-of-a-test"
PROJECT = "0123456789abcdef0123456789abcdef"
KEYS = Keys(Secret(ACCESS), Secret(SECRET), Secret(TEMPORARY), PROJECT)
NO_WORD = (TOKEN[:16], ACCESS[:16], SECRET[:16], TEMPORARY[:16])
"""What no text that is shown may have."""


def write_secret(path: Path, text: str) -> None:
    """Writes a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text)


class NoCredential:
    """The part of a reader of statuses that is about its credential, for fakes that have none."""

    def credential_changed(self) -> bool:
        return False

    def may_show_again(self) -> bool:
        return False

    def reset(self) -> None:
        """There is nothing to try again."""

    def hurry(self) -> None:
        """Nothing waits."""


class ScriptedIssuer:
    """Returns the answers in order, then always the last; tokens are `token-1`, `token-2` and so on."""

    source = "the issuer"

    def __init__(self, time: Time, *answers: Failure | Token | timedelta | None) -> None:
        self._time = time
        self._answers = answers or (timedelta(hours=24),)
        self.calls = 0
        self.is_changed = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Event()

    async def issue(self) -> Token | Failure:
        answer = self._answers[min(self.calls, len(self._answers) - 1)]
        self.calls = number = self.calls + 1
        self.is_changed = False
        self.asked.set()
        await self.may_answer.wait()
        if isinstance(answer, Failure | Token):
            return answer
        return Token(Secret(f"token-{number}"), self._time.now().wall + answer if answer else None)

    def changed(self) -> bool:
        return self.is_changed

    def reset(self) -> None:
        """It remembers no refusals."""


def refusal(digits: str = "0301") -> Failure:
    return Failure(FailureKind.SIGN_IN, "The token was refused.", f"APIGW.{digits}")


def shown(auth_headers: AuthHeaders | Failure) -> str:
    """Returns the token in the headers."""
    assert isinstance(auth_headers, AuthHeaders), auth_headers
    return auth_headers.headers["X-Auth-Token"]


def proof_of(auth_headers: AuthHeaders | Failure) -> AuthHeaders:
    assert isinstance(auth_headers, AuthHeaders), auth_headers
    return auth_headers


def failure_of(outcome: object) -> Failure:
    assert isinstance(outcome, Failure), outcome
    return outcome


def still_clock() -> ServerClock:
    return ServerClock(Time().now)


def signing(keys: Keys | Failure = KEYS) -> SigningCredential:
    return SigningCredential(FixedKeys("the keys", keys), still_clock())


async def prove(credential: Credential) -> AuthHeaders | Failure:
    """What a request to `URL` gets."""
    return await credential.authenticate("GET", URL)


def answering(handler: Callable[[httpx.Request], httpx.Response]) -> Callable[[], httpx.AsyncClient]:
    """Returns a function that opens clients which never leave this process."""
    return lambda: httpx.AsyncClient(transport=httpx.MockTransport(handler))
