"""Providers of secrets: commands that print a token or password, and passwords in memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tui.codearts.auth.credentials import Secret, check_token
from tui.codearts.auth.refreshable import Token
from tui.codearts.auth.secret_file import unusable
from tui.codearts.redaction import redact_complaint
from tui.core.errors import UserError, shortage
from tui.core.reading import Failure
from tui.core.text import clean
from tui.processes import Ended, ending, run

TIME_LIMIT = 10.0
"""Seconds until a command is stopped."""
LARGEST_OUTPUT = 128 * 1024
"""Bytes."""


class SecretCommand:
    """A program that prints a secret, and its arguments. Raises UserError if there is no program."""

    def __init__(self, name: str, arguments: Sequence[str], time_limit: float = TIME_LIMIT) -> None:
        if not arguments or not arguments[0]:
            raise UserError(f'{name} is empty: write a list of arguments, like ["pass", "show", "codearts"].')
        self.source = f"{name} {clean(Path(arguments[0]).name, 50)}"
        """Names the program only: an argument may be secret."""
        self._arguments = tuple(arguments)
        self._time_limit = time_limit

    async def line(self) -> str:
        """Runs the program and returns the one line that it prints. Raises UserError, which never contains the line,
        and what the system raises for a shortage: that says nothing of the program."""
        try:
            ended = await run(self._arguments, self._time_limit, LARGEST_OUTPUT)
        except (OSError, ValueError) as error:
            if shortage(error):
                raise
            reason = clean(getattr(error, "strerror", None) or "invalid file name", 100)
            raise UserError(f"It cannot be run: {reason}.") from None
        return _judge(ended, self._time_limit)


def _judge(ended: Ended, time_limit: float) -> str:
    """Returns the line that was printed. Raises UserError for anything but one line and exit status 0."""
    output, complained = ended.output.decode(errors="replace"), ended.complaint.decode(errors="replace")
    lines = output.strip("\r\n").splitlines()
    if ended.status is None:
        raise UserError(f"It did not end within {time_limit:g} seconds and was stopped.")
    if len(ended.output) > LARGEST_OUTPUT:
        raise UserError(f"It printed more than {LARGEST_OUTPUT // 1024} KiB: it must print one line.")
    if ended.status < 0:
        raise UserError(f"It {ending(ended.status)}.")
    if ended.status:
        complaint = next((line for line in complained.splitlines() if line.strip()), "")
        complaint = clean(redact_complaint(complaint, output), 200)
        said = f": {complaint}" if complaint else ", without a word."
        raise UserError(f"It {ending(ended.status)}{said}")
    if not output.strip():
        raise UserError("It printed nothing: it must print one line.")
    if len(lines) != 1:
        raise UserError("It printed more than one line: it must print just one.")
    return lines[0]


class CommandToken:
    """Issues the token that a command prints; its end is not known. For a `RefreshableToken`."""

    def __init__(self, command: SecretCommand) -> None:
        self.source = command.source
        self._command = command

    async def issue(self) -> Token | Failure:
        try:
            return Token(check_token(await self._command.line()))
        except UserError as problem:
            return unusable(self.source, str(problem))

    def changed(self) -> bool:
        return False

    def reset(self) -> None:
        """The command is run whenever a token is wanted."""


class PasswordSource(Protocol):
    """Where the password of an IAM user comes from: a variable, a command or the screen."""

    @property
    def source(self) -> str:
        """The source's name for the user."""

    async def password(self) -> Secret | Failure:
        """Returns the current password. Never raises for what is missing."""

    def changed(self) -> bool:
        """Returns whether the password is another one than at the last `password()`."""


class HeldPassword:
    """A password in memory: from an environment variable, or typed on the screen at any time."""

    def __init__(self, source: str, value: str = "") -> None:
        self.source = source
        self._password = Secret(value) if value else None
        self._is_new = False

    @property
    def held(self) -> Secret | None:
        return self._password

    def put(self, value: str) -> None:
        """Keeps the password that the user typed."""
        self._password = Secret(value)
        self._is_new = True

    async def password(self) -> Secret | Failure:
        self._is_new = False
        return self._password or unusable(self.source, "There is no password: give it.")

    def changed(self) -> bool:
        return self._is_new


class CommandPassword:
    """The password that a command prints."""

    def __init__(self, command: SecretCommand) -> None:
        self.source = command.source
        self._command = command

    async def password(self) -> Secret | Failure:
        try:
            return Secret(await self._command.line())
        except UserError as problem:
            return unusable(self.source, str(problem))

    def changed(self) -> bool:
        return False
