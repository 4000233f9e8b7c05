"""Signing in on the screen: a token or a password that the user types, checked before it is taken."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tui.codearts.auth.credentials import (
    AuthHeaders,
    Credential,
    FixedToken,
    ReadyToken,
    Secret,
    check_token,
    is_accepted,
)
from tui.codearts.auth.providers import HeldPassword
from tui.codearts.auth.refreshable import Token
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Retry, Status
from tui.profiles.lazy import LazyClient, LazyIam
from tui.profiles.resolve import ConnectionOptions, Endpoints

LONGEST_PASSWORD = 1000


class Wants(StrEnum):
    """What the user is to type."""

    TOKEN = "token"
    PASSWORD = "password"


class TypedToken(ReadyToken):
    """Nothing until the user typed one."""

    def __init__(self) -> None:
        super().__init__("the token typed here")
        self.typed: Secret | None = None

    def token(self) -> Secret | Failure:
        return self.typed or Failure(FailureKind.NO_CREDENTIAL, "No token was typed.")


class OverrideCredential:
    """The typed token once there is one, until it is refused and the profile's own credential has changed."""

    def __init__(self, typed: TypedToken, own: Credential) -> None:
        self._typed, self._own = typed, own
        self._own_before: AuthHeaders | Failure | None = None
        """What the profile's own credential came to when it was used last."""
        self._refused: Secret | None = None
        """The typed token that the service refused."""

    @property
    def _used(self) -> Credential:
        return self._typed if self._typed.typed else self._own

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
        auth_headers = await self._used.authenticate(method, url)
        if self._used is self._own:
            self._own_before = auth_headers
        return auth_headers

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        self._of(auth_headers).on_response(auth_headers, outcome)

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        """The typed token may have come while the refused proof was on its way."""
        of_proof = self._of(auth_headers)
        if of_proof is not self._used:
            return None
        remains = await of_proof.on_unauthorized(auth_headers, failure)
        if of_proof is self._typed and remains:
            self._refused = auth_headers.secret
        return remains

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if self._is_spent and self._own_before is not None and self._own.has_changed_since(self._own_before):
            self._typed.typed = None
            return True
        return self._used.has_changed_since(last)

    def reset(self) -> None:
        if self._is_spent:
            self._typed.typed = None
        self._own.reset()

    @property
    def _is_spent(self) -> bool:
        return self._typed.typed is not None and self._typed.typed == self._refused

    def _of(self, auth_headers: AuthHeaders) -> Credential:
        return self._typed if auth_headers.source == self._typed.source else self._own


class SignInService(NamedTuple):
    """Where and how a profile asks, with whatever credential."""

    endpoints: Endpoints
    options: ConnectionOptions
    clock: ServerClock
    now: Callable[[], Moment]

    async def inspect(self, token: Secret) -> Token | Failure | None:
        """What IAM says of a token; None where it is not known where IAM is. Raises Problem as the client does."""
        if not self.endpoints.iam:
            return None
        from tui.codearts.iam_api import inspect_token

        return await inspect_token(self.options.opener(self.endpoints.iam.url), self.endpoints.iam, token, self.clock)

    async def refusal(self, token: Secret, job: JobId) -> Failure | None:
        """Why the build service does not let this token in, or did not answer."""
        reader = LazyClient(self.endpoints.endpoint, FixedToken("the token", token), self.now, self.options, self.clock)
        try:
            outcome = (await reader.read(job)).outcome
        finally:
            await reader.close()
        lets_in = is_accepted(outcome) or (isinstance(outcome, Failure) and outcome.kind is FailureKind.FORBIDDEN)
        return outcome if isinstance(outcome, Failure) and not lets_in else None


class SignIn:
    """First `put()` what was typed, then `check()` it: it is taken only where it works."""

    def __init__(
        self,
        service: SignInService,
        typed: TypedToken,
        password: HeldPassword | None = None,
        iam: LazyIam | None = None,
    ) -> None:
        self._service, self._typed = service, typed
        self._password, self._iam = password, iam
        self._candidate: Secret | None = None

    @property
    def wants(self) -> Wants:
        return Wants.PASSWORD if self._password and self._iam else Wants.TOKEN

    @property
    def who(self) -> str:
        """As whom, where a password is wanted: `IAM user NAME`."""
        return self._iam.source if self._iam else ""

    @property
    def secrets(self) -> list[Secret]:
        return [secret for secret in (self._typed.typed, self._candidate) if secret]

    def put(self, text: str) -> None:
        """Keeps it for `check()`. Raises Problem, without the text, for what can be no token or password."""
        self._candidate = check_token(text) if self.wants is Wants.TOKEN else _password(text)

    async def check(self, job: JobId | None = None) -> Failure | None:
        """One call with what was put: None when it works and is in use from now on, otherwise why not.

        A `job` is asked about where IAM cannot tell.
        """
        candidate, self._candidate = self._candidate, None
        if not candidate:
            return Failure(FailureKind.NO_CREDENTIAL, "Nothing was typed.")
        try:
            if self._password and self._iam:
                return await self._log_in(candidate, self._password, self._iam)
            return await self._try(candidate, job)
        except UserError as problem:
            return Failure(FailureKind.SETTINGS, str(problem))
        except Exception as error:
            return Failure(FailureKind.INTERNAL, f"The sign-in failed: {type(error).__name__} in this program.")

    async def _log_in(self, candidate: Secret, password: HeldPassword, iam: LazyIam) -> Failure | None:
        answer = await iam.log_in(HeldPassword(password.source, candidate.reveal()))
        if isinstance(answer, Failure):
            return answer
        password.put(candidate.reveal())
        return None

    async def _try(self, candidate: Secret, job: JobId | None) -> Failure | None:
        told = await self._service.inspect(candidate)
        if isinstance(told, Failure) and told.kind.retry is Retry.SIGN_IN:
            return told
        if not isinstance(told, Token):
            failure = await self._service.refusal(candidate, job) if job else told
            if failure:
                return failure
        self._typed.typed = candidate
        if isinstance(told, Token) and told.expires_at:
            self._typed.learn(candidate, told.expires_at)
        return None


def _password(text: str) -> Secret:
    text = text.strip("\r\n")
    if not text:
        raise UserError("The password is empty.")
    if len(text) > LONGEST_PASSWORD or not text.isprintable():
        raise UserError("The password has a line break, a control character or too many characters: type it again.")
    return Secret(text)
