"""Signing in on the screen: a token or a password that the user types, checked before it is used."""

from enum import StrEnum
from typing import TYPE_CHECKING

from tui.codearts.auth.credentials import Secret, TypedToken, check_token
from tui.codearts.auth.providers import HeldPassword
from tui.codearts.auth.refreshable import Token
from tui.core.errors import UserError
from tui.core.job import NO_JOB, JobId
from tui.core.reading import Failure, FailureKind, Retry
from tui.profiles.access import Access

if TYPE_CHECKING:
    from tui.codearts.iam_api import IamTokens

LONGEST_PASSWORD = 1000


class SecretKind(StrEnum):
    """What the sign-in dialog asks for."""

    TOKEN = "token"
    PASSWORD = "password"


class SignIn:
    """Checks what the user typed: first `put()`, then `check()`. Uses it only if it works."""

    def __init__(
        self,
        access: Access,
        typed: TypedToken,
        password: HeldPassword | None,
        iam: "IamTokens | None",
    ) -> None:
        self._access, self.typed = access, typed
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
        inspected = await self._access.inspect(candidate)
        if isinstance(inspected, Failure) and inspected.kind.retry is Retry.SIGN_IN:
            return inspected
        knows = isinstance(inspected, Token)
        if not knows and (failure := await self._access.refusal(candidate, job or NO_JOB)):
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
