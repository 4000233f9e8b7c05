"""Credentials and the headers they make; the tokens that cannot be refreshed; which of several credentials is used.

A secret is never shown, stored or put into an exception.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol

from tui.codearts.auth.secret_file import PrivateFile, unusable
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Status
from tui.core.text import clean

LONGEST_TOKEN = 100_000
"""Characters; the bound of the service's interface description."""

_MEMBERS = ("token", "x-subject-token", "x-auth-token")
_HEADER = re.compile(r"x-(?:subject|auth)-token\s*:\s*", re.IGNORECASE)
_QUOTES = "\"'`"


class Secret:
    """A text that only `reveal()` returns: its `repr` hides it, and it cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "•••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class AuthHeaders:
    """The headers of one request that authenticate it."""

    __slots__ = ("headers", "secret", "secrets", "source")

    def __init__(self, source: str, secret: Secret, headers: Mapping[str, str], secrets: tuple[str, ...] = ()) -> None:
        self.source = source
        """The source of the credential that made them."""
        self.secret = secret
        """The token, or the key that signed."""
        self.headers = headers
        self.secrets = (secret.reveal(), *secrets)
        """The texts that must not appear in anything shown or logged."""

    def __repr__(self) -> str:
        return f"AuthHeaders({self.source!r}, •••)"


class Credential(Protocol):
    """Authenticates a profile's requests. No method raises for what is missing, wrong or refused."""

    @property
    def source(self) -> str:
        """The credential's name for the user, such as `CODEARTS_TOKEN` or `file ~/.config/token`."""

    @property
    def expires_at(self) -> datetime | None:
        """By the service's clock; None if it is not known, or if the credential never expires."""

    @property
    def can_refresh(self) -> bool:
        """Whether it refreshes itself, or never expires."""

    @property
    def is_ready(self) -> bool:
        """Whether it is a token from elsewhere: to send a refused one again locks no account."""

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        """Makes the headers of one request with an empty body; refreshes the credential first if that is due."""

    def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
        """Call it once for each result of `authenticate()`; with None if that request was given up."""

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        """Refreshes a refused credential if it can. Returns None if the request is worth sending once more.

        Otherwise returns the failure to show.
        """

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        """Whether the next `authenticate()` may return something else than `last`, which was refused."""

    def reset(self) -> None:
        """Permits another attempt at what failed, because the user asked for it."""

    def hurry(self) -> None:
        """The user asked for a reading: ends the wait for the next attempt, unless the last one was refused."""


def is_accepted(result: Status | Failure | None) -> bool:
    """Whether the result shows that the service accepted the credential."""
    return isinstance(result, Status) or (
        result is not None and result.kind in (FailureKind.NOT_FOUND, FailureKind.BAD_JOB_ID)
    )


def token_headers(source: str, token: Secret) -> AuthHeaders:
    return AuthHeaders(source, token, {"X-Auth-Token": token.reveal()})


def check_token(text: str) -> Secret:
    """Returns the token in `text`. Raises UserError, whose message does not contain it.

    Removes what is copied along with a token: blanks, a byte order mark, quotes, the header's name, and the JSON of a
    tool that prints `{"token": "…"}`.
    """
    token = _bare(text)
    if not token:
        raise UserError("The token is empty: give the X-Subject-Token of an IAM log-in.")
    if len(token) > LONGEST_TOKEN:
        raise UserError(f"The token has more than {LONGEST_TOKEN} characters: that is no token of this service.")
    if any(character.isspace() for character in token):
        raise UserError("The token has a space or a line break inside: give the token alone, in one piece.")
    if not (token.isascii() and token.isprintable()):
        raise UserError("The token has characters that no token has: copy it again.")
    return Secret(token)


def _bare(text: str) -> str:
    """Returns the token without what was copied along with it. Raises UserError for JSON without a token."""
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
        raise UserError("The token begins like JSON and is not valid JSON: give the X-Subject-Token alone.") from None
    members = {key.lower(): member for key, member in value.items()} if isinstance(value, dict) else {}
    found = next((members[name] for name in _MEMBERS if name in members), None)
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        raise UserError("This is the body of IAM's answer; the token is in its header X-Subject-Token: give that.")
    raise UserError(f"This is JSON without a token in it: give the token alone, or as {_MEMBERS[0]!r} of an object.")


class ReadyToken:
    """A token from elsewhere: it cannot be refreshed, only replaced at its source."""

    can_refresh = False
    is_ready = True

    def __init__(self, source: str) -> None:
        self.source = source
        self._life: tuple[Secret, datetime] | None = None

    def token(self) -> Secret | Failure:
        """Returns the current token. Never raises for what is missing or wrong."""
        raise NotImplementedError

    def changed(self) -> bool:
        """Returns whether its source was written since the last `token()`."""
        return False

    @property
    def expires_at(self) -> datetime | None:
        return self._life[1] if self._life and self._life[0] == self.token() else None

    def learn(self, token: Secret, expires_at: datetime) -> None:
        """Keeps the end that IAM names for this token."""
        self._life = token, expires_at

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        token = self.token()
        return token if isinstance(token, Failure) else token_headers(self.source, token)

    def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
        """A ready token has no state."""

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        return failure

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        return self.changed() or self.token() != (last.secret if isinstance(last, AuthHeaders) else last)

    def reset(self) -> None:
        """Each request reads the source anyway."""

    def hurry(self) -> None:
        """No request waits."""


class FixedToken(ReadyToken):
    """A token that never changes, or the reason why there is none."""

    def __init__(self, source: str, token: Secret | Failure) -> None:
        super().__init__(source)
        self._token = token

    def token(self) -> Secret | Failure:
        return self._token


class EnvironmentToken(FixedToken):
    """The value of an environment variable, as it was at the start."""

    def __init__(self, value: str, variable: str = "CODEARTS_TOKEN") -> None:
        super().__init__(variable, _checked(value, variable))


class TypedToken(ReadyToken):
    """The token that the user typed on the screen; a failure until then."""

    def __init__(self) -> None:
        super().__init__("the token typed here")
        self.secret: Secret | None = None

    def token(self) -> Secret | Failure:
        return self.secret or Failure(FailureKind.NO_CREDENTIAL, "No token was typed.")


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


class CredentialChain:
    """A token that the user typed, else the first of a profile's credentials that has a token or keys.

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

    def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
        self._of(auth_headers).on_response(auth_headers, result)

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
