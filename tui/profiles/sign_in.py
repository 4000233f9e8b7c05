"""Signing in on the screen: a token or a password that the user types, checked before it is used."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tui.codearts.auth.credentials import FixedToken, Secret, TypedToken, check_token, is_accepted
from tui.codearts.auth.providers import HeldPassword
from tui.codearts.auth.refreshable import Token
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import NO_JOB, JobId
from tui.core.reading import Failure, FailureKind, Moment, Retry
from tui.profiles.lazy import LazyClient
from tui.profiles.resolve import ConnectionOptions, Endpoints

if TYPE_CHECKING:
    from tui.codearts.iam_api import IamTokens

LONGEST_PASSWORD = 1000


class SecretKind(StrEnum):
    """What the sign-in dialog asks for."""

    TOKEN = "token"
    PASSWORD = "password"


class SignInService(NamedTuple):
    """A profile's endpoints, and how it connects to them; used with any credential."""

    endpoints: Endpoints
    options: ConnectionOptions
    clock: ServerClock
    now: Callable[[], Moment]

    async def inspect(self, token: Secret) -> Token | Failure | None:
        """Asks IAM about a token. Returns None if no IAM endpoint is known. Raises UserError as the client does."""
        if not self.endpoints.iam:
            return None
        from tui.codearts.iam_api import inspect_token

        return await inspect_token(self.options.opener(self.endpoints.iam.url), self.endpoints.iam, token, self.clock)

    async def refusal(self, token: Secret, job: JobId) -> Failure | None:
        """Reads one job with this token. Returns None if the build service accepts it, else the failure."""
        reader = LazyClient(self.endpoints.endpoint, FixedToken("the token", token), self.now, self.options, self.clock)
        try:
            outcome = (await reader.read(job)).outcome
        finally:
            await reader.close()
        lets_in = is_accepted(outcome) or (isinstance(outcome, Failure) and outcome.kind is FailureKind.FORBIDDEN)
        return outcome if isinstance(outcome, Failure) and not lets_in else None


class SignIn:
    """Checks what the user typed: first `put()`, then `check()`. Uses it only if it works."""

    def __init__(
        self,
        service: SignInService,
        typed: TypedToken,
        password: HeldPassword | None = None,
        iam: "IamTokens | None" = None,
    ) -> None:
        self._service, self.typed = service, typed
        self._password, self._iam = password, iam
        self._candidate: Secret | None = None

    @property
    def wants(self) -> SecretKind:
        return SecretKind.PASSWORD if self._password and self._iam else SecretKind.TOKEN

    @property
    def who(self) -> str:
        """The IAM user whose password is asked for: `IAM user NAME`."""
        return self._iam.source if self._iam else ""

    @property
    def secrets(self) -> list[Secret]:
        return [secret for secret in (self.typed.secret, self._candidate) if secret]

    def put(self, text: str) -> None:
        """Keeps it for `check()`. Raises UserError, without the text, if it cannot be a token or password."""
        self._candidate = check_token(text) if self.wants is SecretKind.TOKEN else _password(text)

    async def check(self, job: JobId | None = None) -> Failure | None:
        """Makes one call with what was put. Returns None if it works and is used from now on, else why not.

        If IAM cannot tell, `job` is read, or one that does not exist: the service says so only after it took the token.
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

    async def _log_in(self, candidate: Secret, password: HeldPassword, iam: "IamTokens") -> Failure | None:
        issued = await iam.issue(HeldPassword(password.source, candidate.reveal()))
        if isinstance(issued, Failure):
            return issued
        password.put(candidate.reveal())
        return None

    async def _try(self, candidate: Secret, job: JobId | None) -> Failure | None:
        inspected = await self._service.inspect(candidate)
        if isinstance(inspected, Failure) and inspected.kind.retry is Retry.SIGN_IN:
            return inspected
        knows = isinstance(inspected, Token)
        if not knows and (failure := await self._service.refusal(candidate, job or NO_JOB)):
            return failure
        self.typed.secret = candidate
        if isinstance(inspected, Token) and inspected.expires_at:
            self.typed.learn(candidate, inspected.expires_at)
        return None


def _password(text: str) -> Secret:
    text = text.strip("\r\n")
    if not text:
        raise UserError("The password is empty.")
    if len(text) > LONGEST_PASSWORD or not text.isprintable():
        raise UserError("The password has a line break, a control character or too many characters: type it again.")
    return Secret(text)
