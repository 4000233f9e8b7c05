"""A token that is refreshed before it ends, and once when the service refuses it."""

import asyncio
import logging
import re
from datetime import datetime, timedelta
from enum import Enum, auto
from math import inf
from typing import NamedTuple, Protocol

from tui.codearts.auth.credentials import AuthHeaders, Secret, is_accepted, token_headers
from tui.codearts.server_clock import ServerClock
from tui.core.errors import shortage
from tui.core.reading import Failure, FailureKind, Retry, Status
from tui.core.text import clean

REFRESH_MARGIN = timedelta(minutes=30)
"""A token is refreshed this long before its end."""
REFRESHES_APART = 300.0
"""Seconds between two refreshes because of the end, whatever the dates claim."""
REFUSALS_APART = 60.0
"""Seconds between two refreshes because of a refusal."""
FIRST_WAIT, LONGEST_WAIT = 30.0, 600.0
"""Seconds until the next attempt after the network or the server failed; doubled with each failure."""
HURRIED_APART = 5.0
"""Seconds between two attempts that the user hurries."""

_log = logging.getLogger(__name__)
_DOUBLINGS = 10
"""Enough to reach `LONGEST_WAIT`; a thousand would overflow a float."""
_BAD_TOKEN = re.compile(r"(?:APIGW|APIG|APIC)\.(0301|0305|0307)", re.ASCII)


class Token(NamedTuple):
    """A token that a provider issued."""

    secret: Secret
    expires_at: datetime | None = None
    """By the clock of IAM; None if the provider does not say."""
    project_id: str = ""
    project: str = ""


class TokenProvider(Protocol):
    """Issues tokens. Each `issue()` may be a log-in, and accounts lock after a few that fail."""

    @property
    def source(self) -> str:
        """The provider's name for the user."""

    async def issue(self) -> Token | Failure:
        """Returns a new token. Never raises for what is missing, wrong or refused."""

    def changed(self) -> bool:
        """Returns whether `issue()` would use something else than the last time, such as a new password."""

    def reset(self) -> None:
        """The user asks: the next `issue()` may log in also where an earlier run of the program was refused."""


class TokenState(Enum):
    """What the provider and the service did with the token. Whether it is due or expired, the clock decides."""

    EMPTY = auto()
    """No token was issued yet."""
    VALID = auto()
    """Sent with each request."""
    UNPROVEN = auto()
    """Issued because the token before it was refused, and not accepted yet. Its own refusal brings no other token."""
    DEFERRED = auto()
    """Refused less than `REFUSALS_APART` after another refusal. It is still sent; the next refusal refreshes it."""
    REFUSED = auto()
    """Refused, and no other one was issued since. It is not sent."""


class TokenEvent(Enum):
    """What may change a token's state."""

    ISSUED = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    REFUSED_SOON = auto()
    """The token was refused less than `REFUSALS_APART` after an earlier refusal."""
    RESET = auto()


TRANSITIONS = {
    (TokenState.EMPTY, TokenEvent.ISSUED): TokenState.VALID,
    (TokenState.VALID, TokenEvent.REFUSED): TokenState.REFUSED,
    (TokenState.VALID, TokenEvent.REFUSED_SOON): TokenState.DEFERRED,
    (TokenState.UNPROVEN, TokenEvent.ISSUED): TokenState.VALID,
    (TokenState.UNPROVEN, TokenEvent.ACCEPTED): TokenState.VALID,
    (TokenState.UNPROVEN, TokenEvent.RESET): TokenState.VALID,
    (TokenState.DEFERRED, TokenEvent.ISSUED): TokenState.VALID,
    (TokenState.DEFERRED, TokenEvent.REFUSED): TokenState.REFUSED,
    (TokenState.REFUSED, TokenEvent.ISSUED): TokenState.UNPROVEN,
}
"""All other events leave the state as it is."""


class _FailedRefresh(NamedTuple):
    """The last refresh, if it brought no token."""

    failure: Failure
    attempts: int
    """Failures in a row that were no refusal."""
    failed_at: float
    """Monotonic seconds."""
    retry_at: float
    """Monotonic seconds; infinite for a failure that only another password or the user can change."""


class RefreshableToken:
    """Holds a provider's token and refreshes it; all requests that wait for a refresh share it.

    A refresh that the provider refused is not repeated until `provider.changed()` or `reset()`, because accounts lock
    after a few failures. One that anything else prevented, such as the network, a certificate or a setting, is repeated
    after a while. Meanwhile the old token is sent as long as it is good.
    """

    can_refresh = True
    is_ready = False

    def __init__(self, provider: TokenProvider, clock: ServerClock) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = asyncio.Lock()
        self._state = TokenState.EMPTY
        self._token: Token | None = None
        self._issued_at = -inf
        self._refused_at = -inf
        """When a refusal last caused a refresh."""
        self._failed: _FailedRefresh | None = None

    @property
    def source(self) -> str:
        return self._provider.source

    @property
    def expires_at(self) -> datetime | None:
        return self._token.expires_at if self._token else None

    @property
    def token(self) -> Token | None:
        """The token in use."""
        return self._token

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        """While another request refreshes the token before its end, this one gets the old token at once."""
        is_good = self._state is not TokenState.REFUSED and not self._is_expired()
        if self._token and is_good and (self._lock.locked() or not self._refresh_needed()):
            return token_headers(self.source, self._token.secret)
        async with self._lock:
            if self._refresh_needed():
                await self._refresh()
            if self._token and self._is_usable():
                return token_headers(self.source, self._token.secret)
            if self._failed:
                return self._failed.failure
            return Failure(FailureKind.NO_CREDENTIAL, f"{self.source} gave no token.")

    def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
        if is_accepted(result) and self._is_of(auth_headers):
            self._apply(TokenEvent.ACCEPTED)

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        """Refreshes once for all requests that were refused with the same token."""
        if not _BAD_TOKEN.fullmatch(failure.code):
            return failure
        async with self._lock:
            if not self._is_of(auth_headers):
                return None
            self._apply(TokenEvent.REFUSED_SOON if self._was_refused_lately() else TokenEvent.REFUSED)
            if self._state is TokenState.UNPROVEN:
                return _fruitless(failure, "A new token was refused too")
            if self._state is TokenState.DEFERRED:
                return _fruitless(failure, "A token that was accepted is refused; another is fetched within a minute")
            self._refused_at = self._clock.at()
            if self._refresh_needed():
                await self._refresh()
            if self._state is TokenState.REFUSED:
                return self._failed.failure if self._failed else failure
            is_same = self._is_of(auth_headers)
            return _fruitless(failure, f"{self.source} gave the refused token again") if is_same else None

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if self._provider.changed():
            return True
        if self._state is TokenState.DEFERRED and not self._was_refused_lately():
            return True
        return self._is_usable() and (isinstance(last, Failure) or not self._is_of(last))

    def reset(self) -> None:
        self._apply(TokenEvent.RESET)
        self._refused_at = -inf
        self._provider.reset()
        self._failed = self._failed and self._failed._replace(attempts=0, retry_at=-inf)

    def hurry(self) -> None:
        """Shortens the wait, unless the log-in was refused, or an answer said when to try again."""
        failed = self._failed
        if failed and failed.failure.kind.retry is not Retry.SIGN_IN and not _must_wait(failed.failure):
            self._failed = failed._replace(retry_at=min(failed.retry_at, failed.failed_at + HURRIED_APART))

    def _apply(self, event: TokenEvent) -> None:
        self._state = TRANSITIONS.get((self._state, event), self._state)

    async def _refresh(self) -> None:
        """A shortage or a bug in the provider is a failed attempt like any other: its log-in may have counted."""
        try:
            issued = await self._provider.issue()
        except Exception as error:
            lacking = shortage(error)
            why = lacking or f"{type(error).__name__} in this program"
            kind = FailureKind.SHORTAGE if lacking else FailureKind.INTERNAL
            issued = Failure(kind, f"{self.source} gave no token: {why}.")
        _log_refresh(self.source, issued)
        now = self._clock.at()
        if isinstance(issued, Failure):
            failed = _failed_refresh(self._failed, issued, now)
            self._failed = failed._replace(failure=self._with_next_attempt(failed))
            return
        self._token, self._issued_at, self._failed = issued, now, None
        self._apply(TokenEvent.ISSUED)

    def _with_next_attempt(self, failed: _FailedRefresh) -> Failure:
        """Requests go on and repeat this failure: only here it is known when IAM is asked again."""
        failure = failed.failure
        if failure.kind is not FailureKind.NO_TOKEN:
            return failure
        wait = timedelta(seconds=failed.retry_at - failed.failed_at)
        at = (self._clock.now() - (self._clock.skew or timedelta()) + wait).astimezone()
        return failure.asked_again(at)

    def _is_of(self, auth_headers: AuthHeaders) -> bool:
        """Returns whether these headers carry the token in use."""
        return self._token is not None and self._token.secret == auth_headers.secret

    def _is_usable(self) -> bool:
        """Returns whether the token may be sent: also an expired one, unless the attempt to refresh it failed."""
        if not self._token or self._state is TokenState.REFUSED:
            return False
        return not (self._is_expired() and self._failed)

    def _refresh_needed(self) -> bool:
        """False while the provider would only repeat its last failure."""
        if self._provider.changed():
            return True
        if self._failed and self._clock.at() < self._failed.retry_at:
            return False
        return self._state in (TokenState.EMPTY, TokenState.REFUSED) or self._is_due()

    def _is_due(self) -> bool:
        """Near the end; but not in quick succession if the clocks of two servers contradict each other."""
        if not self.expires_at or self._clock.at() - self._issued_at < REFRESHES_APART:
            return False
        return self._clock.now() >= self.expires_at - REFRESH_MARGIN

    def _is_expired(self) -> bool:
        return self.expires_at is not None and self._clock.now() >= self.expires_at

    def _was_refused_lately(self) -> bool:
        return self._clock.at() - self._refused_at < REFUSALS_APART


def _must_wait(failure: Failure) -> bool:
    """Whether the service said when to try again. Of a proxy's log-in that rests this program says it."""
    return bool(failure.retry_after) and failure.kind is not FailureKind.PROXY


def _failed_refresh(before: _FailedRefresh | None, failure: Failure, now: float) -> _FailedRefresh:
    attempts = before.attempts if before else 0
    if failure.kind.retry is Retry.SIGN_IN:
        return _FailedRefresh(failure, attempts, now, inf)
    wait = min(FIRST_WAIT * 2.0 ** min(attempts, _DOUBLINGS), LONGEST_WAIT)
    return _FailedRefresh(failure, attempts + 1, now, now + max(failure.retry_after or 0.0, wait))


def _log_refresh(source: str, issued: Token | Failure) -> None:
    if isinstance(issued, Failure):
        _log.warning("%s gave no token: %s %s %s", source, issued.summary, issued.code, issued.message)
    else:
        end = f", good until {issued.expires_at:%Y-%m-%d %H:%M:%S} UTC" if issued.expires_at else ""
        _log.info("%s gave a token%s", source, end)


def _fruitless(failure: Failure, why: str) -> Failure:
    """The refusal of a token for which a refresh brought nothing, or is not tried."""
    if failure.code.endswith(".0307"):
        why += ": this token may belong to another region"
    return failure._replace(kind=FailureKind.SIGN_IN, summary=clean(f"{why}. {failure.summary}"))
