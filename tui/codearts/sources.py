"""The sources that have to be asked: commands, passwords, IAM; and several of them in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tui.codearts.command import Command
from tui.codearts.credentials import Credential, Proof, Secret, check_token
from tui.codearts.private_file import unusable
from tui.codearts.renewal import Issued
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind, Status
from tui.core.text import clean


class CommandToken:
    """Issues what a command prints; when that token ends nobody knows. For a `RenewedToken`."""

    def __init__(self, command: Command) -> None:
        self.source = command.source
        self._command = command

    async def issue(self) -> Issued | Failure:
        try:
            return Issued(check_token(await self._command.line()))
        except Problem as problem:
            return unusable(self.source, str(problem))

    def changed(self) -> bool:
        return False


class PasswordSource(Protocol):
    """Where the password of an IAM user comes from."""

    @property
    def source(self) -> str:
        """Its name for the user."""

    async def password(self) -> Secret | Failure:
        """As of now. Never raises for what is missing."""

    def changed(self) -> bool:
        """Whether it is another one than at the last `password()`."""


class HeldPassword:
    """In memory only: of an environment variable, or typed on the screen at any time."""

    def __init__(self, source: str, value: str = "") -> None:
        self.source = source
        self._password = Secret(value) if value else None
        self._is_new = False

    @property
    def held(self) -> Secret | None:
        return self._password

    def put(self, value: str) -> None:
        """The user typed it."""
        self._password = Secret(value)
        self._is_new = True

    async def password(self) -> Secret | Failure:
        self._is_new = False
        return self._password or unusable(self.source, "There is no password: give it.")

    def changed(self) -> bool:
        return self._is_new


class CommandPassword:
    """What a command prints."""

    def __init__(self, command: Command) -> None:
        self.source = command.source
        self._command = command

    async def password(self) -> Secret | Failure:
        try:
            return Secret(await self._command.line())
        except Problem as problem:
            return unusable(self.source, str(problem))

    def changed(self) -> bool:
        return False


class FirstOf:
    """Several credentials: the first that has something to show is used.

    A source that is refused does not hand over to the next one: that would be another user.
    """

    def __init__(self, credentials: Sequence[Credential]) -> None:
        self._credentials = tuple(credentials)
        self._used: Credential = self._credentials[0]
        self._shown: Proof | Failure | None = None
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

    async def prove(self, method: str, url: str) -> Proof | Failure:
        failures: list[tuple[Credential, Failure]] = []
        for credential in self._credentials:
            shown = await credential.prove(method, url)
            if isinstance(shown, Failure):
                failures.append((credential, shown))
            if isinstance(shown, Proof) or shown.kind is not FailureKind.NO_CREDENTIAL:
                self._used = credential
                break
        else:
            shown = Failure(FailureKind.NO_CREDENTIAL, clean(" ".join(failure.summary for _, failure in failures)))
        self._shown, self._failures = shown, failures
        return shown

    def answered(self, proof: Proof, outcome: Status | Failure | None) -> None:
        self._of(proof).answered(proof, outcome)

    async def refused(self, proof: Proof, failure: Failure) -> Failure | None:
        return await self._of(proof).refused(proof, failure)

    def differs(self, last: Proof | Failure) -> bool:
        if any(credential.differs(failure) for credential, failure in self._failures):
            return True
        return self._of(last).differs(last) if isinstance(last, Proof) else isinstance(self._shown, Proof)

    def try_again(self) -> None:
        for credential in self._credentials:
            credential.try_again()

    def _of(self, proof: Proof) -> Credential:
        return next(credential for credential in self._credentials if credential.source == proof.source)
