"""The credential provider chain: a token that the user typed, else the first of the profile's own credentials."""

from collections.abc import Sequence
from datetime import datetime

from tui.codearts.auth.credentials import AuthHeaders, Credential, Secret, TypedToken
from tui.core.reading import Failure, FailureKind, Status
from tui.core.text import clean


class CredentialChain:
    """Uses the first credential that has a token or keys.

    If that one is refused, the next is not tried: it would be another user. A typed token overrides them all, until it
    is refused and one of them has changed.
    """

    def __init__(self, credentials: Sequence[Credential], typed: TypedToken | None = None) -> None:
        self._credentials = tuple(credentials)
        self._typed = typed or TypedToken()
        self._chosen: Credential = self._credentials[0]
        self._shown: AuthHeaders | Failure | None = None
        """The result of the last `authenticate()` without a typed token."""
        self._failures: list[tuple[Credential, Failure]] = []
        """The credentials that had nothing at that time."""
        self._refused: Secret | None = None
        """The typed token that the service refused."""

    @property
    def _used(self) -> Credential:
        return self._typed if self._typed.secret else self._chosen

    @property
    def source(self) -> str:
        return self._used.source

    @property
    def expires_at(self) -> datetime | None:
        return self._used.expires_at

    @property
    def can_refresh(self) -> bool:
        return self._used.can_refresh

    @property
    def is_ready(self) -> bool:
        return self._used.is_ready

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        if self._typed.secret:
            return await self._typed.authenticate(method, url)
        failures: list[tuple[Credential, Failure]] = []
        for credential in self._credentials:
            shown = await credential.authenticate(method, url)
            if isinstance(shown, Failure):
                failures.append((credential, shown))
            if isinstance(shown, AuthHeaders) or shown.kind is not FailureKind.NO_CREDENTIAL:
                self._chosen = credential
                break
        else:
            shown = Failure(FailureKind.NO_CREDENTIAL, clean(" ".join(failure.summary for _, failure in failures)))
        self._shown, self._failures = shown, failures
        return shown

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        self._of(auth_headers).on_response(auth_headers, outcome)

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        credential = self._of(auth_headers)
        is_typed = credential is self._typed
        if is_typed is not bool(self._typed.secret):
            return None  # a token was typed, or given up, while the request was on its way
        if is_typed:
            self._refused = auth_headers.secret
        return await credential.on_unauthorized(auth_headers, failure)

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if not self._typed.secret:
            return self._has_own_changed(last)
        if self._is_spent and self._shown is not None and self._has_own_changed(self._shown):
            self._typed.secret = None
            return True
        return self._typed.has_changed_since(last)

    def reset(self) -> None:
        if self._is_spent:
            self._typed.secret = None
        for credential in self._credentials:
            credential.reset()

    def hurry(self) -> None:
        for credential in self._credentials:
            credential.hurry()

    @property
    def _is_spent(self) -> bool:
        """Whether the typed token was refused."""
        return self._typed.secret is not None and self._typed.secret == self._refused

    def _has_own_changed(self, last: AuthHeaders | Failure) -> bool:
        if any(credential.has_changed_since(failure) for credential, failure in self._failures):
            return True
        if isinstance(last, AuthHeaders):
            return self._of(last).has_changed_since(last)
        return isinstance(self._shown, AuthHeaders)

    def _of(self, auth_headers: AuthHeaders) -> Credential:
        """Returns the credential that made these headers."""
        known = (self._typed, *self._credentials)
        return next((credential for credential in known if credential.source == auth_headers.source), self._chosen)
