"""The credential provider chain: several credentials, the first that has something is used."""

from collections.abc import Sequence
from datetime import datetime

from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.core.reading import Failure, FailureKind, Status
from tui.core.text import clean


class CredentialChain:
    """Several credentials: the first that has something to show is used.

    A source that is refused does not hand over to the next one: that would be another user.
    """

    def __init__(self, credentials: Sequence[Credential]) -> None:
        self._credentials = tuple(credentials)
        self._used: Credential = self._credentials[0]
        self._shown: AuthHeaders | Failure | None = None
        self._failures: list[tuple[Credential, Failure]] = []
        """Those that had nothing to show when it was last asked for."""

    @property
    def source(self) -> str:
        return self._used.source

    @property
    def expires_at(self) -> datetime | None:
        return self._used.expires_at

    @property
    def renewable(self) -> bool:
        return self._used.renewable

    @property
    def is_ready(self) -> bool:
        return self._used.is_ready

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        failures: list[tuple[Credential, Failure]] = []
        for credential in self._credentials:
            shown = await credential.authenticate(method, url)
            if isinstance(shown, Failure):
                failures.append((credential, shown))
            if isinstance(shown, AuthHeaders) or shown.kind is not FailureKind.NO_CREDENTIAL:
                self._used = credential
                break
        else:
            shown = Failure(FailureKind.NO_CREDENTIAL, clean(" ".join(failure.summary for _, failure in failures)))
        self._shown, self._failures = shown, failures
        return shown

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        self._of(auth_headers).on_response(auth_headers, outcome)

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        return await self._of(auth_headers).on_unauthorized(auth_headers, failure)

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if any(credential.has_changed_since(failure) for credential, failure in self._failures):
            return True
        return (
            self._of(last).has_changed_since(last)
            if isinstance(last, AuthHeaders)
            else isinstance(self._shown, AuthHeaders)
        )

    def reset(self) -> None:
        for credential in self._credentials:
            credential.reset()

    def _of(self, auth_headers: AuthHeaders) -> Credential:
        return next(credential for credential in self._credentials if credential.source == auth_headers.source)
