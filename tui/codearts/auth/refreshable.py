"""A token that renews itself: in good time, or once when it is refused; one renewal for all who wait for it."""

import asyncio
import logging
import re
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple, Protocol

from tui.codearts.auth.credentials import AuthHeaders, Secret, is_accepted, token_headers
from tui.codearts.server_clock import ServerClock
from tui.core.reading import Failure, FailureKind, Retry, Status
from tui.core.text import clean

_log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=30)
"""How long before its end a token is renewed."""
RENEWALS_APART = 300.0
"""Seconds between two renewals in good time, whatever the dates say."""
REFUSALS_APART = 60.0
"""Seconds between two renewals because of a refusal."""
FIRST_WAIT, LONGEST_WAIT = 30.0, 600.0
"""Seconds until the next attempt, where the network or the server kept a renewal from happening: doubled each time."""

_DOUBLINGS = 10
"""More would change nothing, and a thousand are too many for a number."""
_BAD_TOKEN = re.compile(r"(?:APIGW|APIG|APIC)\.(0301|0305|0307)", re.ASCII)
_PASSING = (Retry.PASSING, Retry.THROTTLED)


class Token(NamedTuple):
    """A token that was issued for us."""

    token: Secret
    expires_at: datetime | None = None
    """By the issuer's clock; None where it did not say."""
    project_id: str = ""
    project: str = ""


class TokenProvider(Protocol):
    """Where tokens are fetched: each `issue()` may be a log-in that counts."""

    @property
    def source(self) -> str:
        """Its name for the user."""

    async def issue(self) -> Token | Failure:
        """A new token. Never raises for what is missing, wrong or refused."""

    def changed(self) -> bool:
        """Whether `issue()` has something else to work with than the last time, as a password just typed."""


class RefreshableToken:
    """Keeps an issuer's token fresh.

    A renewal that was refused is not tried again until `issuer.changed()` or `reset()`: accounts lock after a few
    failures. One that the network prevented is, after a while; the old token serves as long as it is good.
    """

    renewable = True
    is_ready = False

    def __init__(self, provider: TokenProvider, clock: ServerClock) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = asyncio.Lock()
        self._issued: Token | None = None
        self._issued_at = -inf
        self._is_refused = False
        """The service refused the token that we have."""
        self._is_last_attempt = False
        """The token that we have came because of a refusal, and has not been accepted yet."""
        self._refused_at = -inf
        self._is_put_by = False
        """A refusal came too soon after another one for a renewal."""
        self._failure: Failure | None = None
        """Why the last renewal brought nothing."""
        self._attempts = 0
        self._next_attempt = -inf

    @property
    def source(self) -> str:
        return self._provider.source

    @property
    def expires_at(self) -> datetime | None:
        return self._issued.expires_at if self._issued else None

    @property
    def issued(self) -> Token | None:
        """The token that is in use."""
        return self._issued

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        """While somebody else renews a token in good time, the old one goes on serving."""
        if self._issued and not self._is_over() and (self._lock.locked() or not self._is_wanted()):
            return token_headers(self.source, self._issued.token)
        async with self._lock:
            if self._is_wanted():
                await self._renew()
            if self._issued and not self._is_refused and not (self._is_over() and self._failure):
                return token_headers(self.source, self._issued.token)
            return self._failure or Failure(FailureKind.NO_CREDENTIAL, f"{self.source} gave no token.")

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        if is_accepted(outcome) and self._issued and self._issued.token == auth_headers.secret:
            self._is_last_attempt = False

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        """Renews once for all who hold the refused token; a new one that is refused too is not renewed."""
        if not _BAD_TOKEN.fullmatch(failure.code):
            return failure
        async with self._lock:
            if self._issued and self._issued.token != auth_headers.secret:
                return None
            if self._is_last_attempt or self._is_too_soon:
                if self._is_refused and self._failure:
                    return self._failure
                if self._is_last_attempt:
                    return _fruitless(failure)
                self._is_put_by = True
                return _fruitless(failure, "A token that was accepted is refused; another is fetched within a minute")
            self._is_refused, self._refused_at, self._is_put_by = True, self._clock.at(), False
            if not await self._renew():
                return self._failure
            is_new = self._issued is not None and self._issued.token != auth_headers.secret
            return None if is_new else _fruitless(failure, f"{self.source} gave the refused token again")

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if self._provider.changed():
            return True
        if self._is_put_by and not self._is_too_soon:
            return True
        if isinstance(last, Failure) or not self._issued:
            return self._issued is not None and not self._is_refused
        return self._issued.token != last.secret

    def reset(self) -> None:
        self._next_attempt = self._refused_at = -inf
        self._is_last_attempt = False
        self._attempts = 0

    async def _renew(self) -> bool:
        """Whether the issuer gave a token; not asked where it would only say again what it said."""
        if self._is_put_off():
            return False
        answer = await _issued_by(self._provider)
        _log_renewal(self.source, answer)
        now = self._clock.at()
        if isinstance(answer, Failure):
            self._failure = answer
            self._next_attempt = now + self._wait(answer)
            return False
        self._issued, self._issued_at = answer, now
        self._failure, self._attempts, self._next_attempt = None, 0, -inf
        self._is_refused, self._is_last_attempt = False, self._is_refused
        return True

    def _wait(self, failure: Failure) -> float:
        if failure.kind.retry not in _PASSING:
            return inf
        self._attempts += 1
        doubled = FIRST_WAIT * 2.0 ** min(self._attempts - 1, _DOUBLINGS)
        return max(failure.retry_after or 0.0, min(doubled, LONGEST_WAIT))

    def _is_put_off(self) -> bool:
        return self._clock.at() < self._next_attempt and not self._provider.changed()

    @property
    def _is_too_soon(self) -> bool:
        """A token was fetched because of a refusal a moment ago."""
        return self._clock.at() - self._refused_at < REFUSALS_APART

    def _is_wanted(self) -> bool:
        return not self._issued or self._is_refused or self._is_due() or self._provider.changed()

    def _is_due(self) -> bool:
        """In good time before the end; never in quick succession, should two servers' clocks contradict each other."""
        if not (self._issued and self._issued.expires_at) or self._is_put_off():
            return False
        is_time = self._clock.now() >= self._issued.expires_at - MARGIN
        return is_time and self._clock.at() - self._issued_at >= RENEWALS_APART

    def _is_over(self) -> bool:
        """The token's time has passed, or it was refused."""
        expires_at = self.expires_at
        return self._is_refused or (expires_at is not None and self._clock.now() >= expires_at)


async def _issued_by(provider: TokenProvider) -> Token | Failure:
    """A bug while a token is fetched is a failed attempt like any other: the log-in may have counted already."""
    try:
        return await provider.issue()
    except Exception as error:
        return Failure(
            FailureKind.INTERNAL, f"{provider.source} gave no token: {type(error).__name__} in this program."
        )


def _log_renewal(source: str, issued: Token | Failure) -> None:
    if isinstance(issued, Failure):
        _log.warning("%s gave no token: %s %s %s", source, issued.summary, issued.code, issued.message)
    else:
        end = f", good until {issued.expires_at:%Y-%m-%d %H:%M:%S} UTC" if issued.expires_at else ""
        _log.info("%s gave a token%s", source, end)


def _fruitless(failure: Failure, what: str = "A new token was refused too") -> Failure:
    """The token after a renewal was refused as the one before it."""
    if failure.code.endswith(".0307"):
        what += ": this token may belong to another region"
    return failure._replace(kind=FailureKind.SIGN_IN, summary=clean(f"{what}. {failure.summary}"))
