"""What lets a request in, and the ready tokens. A secret is never shown, stored or put into an exception."""

import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol

from tui.codearts.auth.secret_file import PrivateFile, unusable
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Status

LONGEST_TOKEN = 100_000
"""Characters; the bound of the service's interface description."""

_MEMBERS = ("token", "x-subject-token", "x-auth-token")
_HEADER = re.compile(r"x-(?:subject|auth)-token\s*:\s*", re.IGNORECASE)
_QUOTES = "\"'`"


class Secret:
    """A text that shows itself only when asked to."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "•••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class AuthHeaders:
    """What one request shows to be let in."""

    __slots__ = ("headers", "secret", "secrets", "source")

    def __init__(self, source: str, secret: Secret, headers: Mapping[str, str], secrets: tuple[str, ...] = ()) -> None:
        self.source = source
        self.secret = secret
        """The token, or the key that signed."""
        self.headers = headers
        self.secrets = (secret.reveal(), *secrets)
        """What must be kept out of everything that is shown."""

    def __repr__(self) -> str:
        return f"Proof({self.source!r}, •••)"


class Credential(Protocol):
    """As whom a profile asks. None of its methods raises for what is missing, wrong or refused."""

    @property
    def source(self) -> str:
        """Its name for the user, such as `CODEARTS_TOKEN` or `file ~/.config/token`."""

    @property
    def expires_at(self) -> datetime | None:
        """By the service's clock; None where it is not known, or never."""

    @property
    def renewable(self) -> bool:
        """Whether it renews itself, or never expires."""

    @property
    def is_ready(self) -> bool:
        """Whether it is a token that others fetched: to show a refused one again locks nothing."""

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        """For one request with an empty body; renews the credential before it when that is due."""

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        """Every proof that was given is answered once; with None when its request was given up."""

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        """None: there is another credential now, ask once more. Otherwise what to tell the user."""

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        """Whether the next `authenticate()` may bring something else than this, which did not help."""

    def reset(self) -> None:
        """The user asks: what failed may be tried once more."""


def is_accepted(outcome: Status | Failure | None) -> bool:
    """Whether an answer shows that the service let the request in."""
    return isinstance(outcome, Status) or (
        outcome is not None and outcome.kind in (FailureKind.NOT_FOUND, FailureKind.BAD_JOB_ID)
    )


def token_headers(source: str, token: Secret) -> AuthHeaders:
    return AuthHeaders(source, token, {"X-Auth-Token": token.reveal()})


def check_token(text: str) -> Secret:
    """Raises Problem without the token.

    What comes along with a copy is dropped: blanks, a byte order mark, quotes, the header's name, and the JSON of a
    tool that prints `{"token": "…"}`.
    """
    token = _bare(text)
    if not token:
        raise UserError("The token is empty: give the X-Subject-Token of an IAM log-in.")
    if len(token) > LONGEST_TOKEN:
        raise UserError(f"The token has more than {LONGEST_TOKEN} characters: that is no token of this service.")
    if any(character.isspace() for character in token):
        raise UserError("The token has a blank or a line break inside: give the token alone, in one piece.")
    if not (token.isascii() and token.isprintable()):
        raise UserError("The token has characters that no token has: copy it again.")
    return Secret(token)


def _bare(text: str) -> str:
    """Raises Problem for JSON without a token."""
    text = text.strip().strip("\ufeff").strip()
    if text.startswith(("{", "[")):
        text = _in_json(text)
    text = text[begin.end() :] if (begin := _HEADER.match(text)) else text
    while len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        text = text[1:-1].strip()
    return text


def _in_json(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("The token begins like JSON and is none: give the X-Subject-Token alone.") from None
    members = {key.lower(): member for key, member in value.items()} if isinstance(value, dict) else {}
    found = next((members[name] for name in _MEMBERS if name in members), None)
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        raise UserError("This is the body of IAM's answer; the token is in its header X-Subject-Token: give that.")
    raise UserError(f"This is JSON without a token in it: give the token alone, or as {_MEMBERS[0]!r} of an object.")


class ReadyToken:
    """A token that somebody else fetched: it cannot be renewed, only replaced at its source."""

    renewable = False
    is_ready = True

    def __init__(self, source: str) -> None:
        self.source = source
        self._life: tuple[Secret, datetime] | None = None

    def token(self) -> Secret | Failure:
        """The token as of now. Never raises for what is missing or wrong."""
        raise NotImplementedError

    def changed(self) -> bool:
        """Whether its source was written since the last `token()`."""
        return False

    @property
    def expires_at(self) -> datetime | None:
        return self._life[1] if self._life and self._life[0] == self.token() else None

    def learn(self, token: Secret, expires_at: datetime) -> None:
        """What IAM says of this token."""
        self._life = token, expires_at

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        token = self.token()
        return token if isinstance(token, Failure) else token_headers(self.source, token)

    def on_response(self, auth_headers: AuthHeaders, outcome: Status | Failure | None) -> None:
        """Nothing depends on it."""

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        return failure

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        return self.changed() or self.token() != (last.secret if isinstance(last, AuthHeaders) else last)

    def reset(self) -> None:
        """The source is looked at each time anyway."""


class FixedToken(ReadyToken):
    """A token that was handed in, or the news that there is none."""

    def __init__(self, source: str, token: Secret | Failure) -> None:
        super().__init__(source)
        self._token = token

    def token(self) -> Secret | Failure:
        return self._token


class EnvironmentToken(FixedToken):
    """The value of an environment variable, as it was at the start."""

    def __init__(self, value: str, variable: str = "CODEARTS_TOKEN") -> None:
        super().__init__(variable, _checked(value, variable))


class FileToken(ReadyToken):
    """A file that holds the token alone; read again whenever it was written or its permissions changed."""

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path, check_token)
        super().__init__(self._file.source)

    def token(self) -> Secret | Failure:
        return self._file.value()

    def changed(self) -> bool:
        return self._file.changed()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _checked(text: str, source: str) -> Secret | Failure:
    try:
        return check_token(text)
    except UserError as problem:
        return unusable(source, str(problem))
