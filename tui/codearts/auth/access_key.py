"""Access keys: their sources, the signature of a request (`SDK-HMAC-SHA256`, as the vendor's SDK makes it), and the
credential that signs with them.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote, unquote, urlsplit

from tui.codearts.auth.credentials import AuthHeaders, Secret, is_accepted
from tui.codearts.auth.refused_logins import Login, LoginMemory, RefusedLogins
from tui.codearts.auth.secret_file import PrivateFile, unusable
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.reading import Failure, FailureKind, Retry, Status

_NAMES = {
    # The suffixes name access key, secret key, security token of temporary keys, and project. First the vendor's SDK,
    # then the Terraform provider.
    "HUAWEICLOUD_SDK": ("AK", "SK", "SECURITY_TOKEN", "PROJECT_ID"),
    "HW": ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN", "PROJECT_ID"),
}
_IN_FILE = ("ak", "sk", "security_token", "project_id")
_FILE_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"


class Keys(NamedTuple):
    """An access key and its secret key. Only temporary keys have a `security_token`."""

    access: Secret
    secret: Secret
    security_token: Secret | None = None
    project_id: str = ""
    """The IAM project; not needed if the endpoint belongs to a region."""


class KeySource(Protocol):
    """Where an access key comes from: variables or a file."""

    @property
    def source(self) -> str:
        """The source's name for the user."""

    def value(self) -> Keys | Failure:
        """Returns the current keys. Never raises for what is missing or wrong."""

    def changed(self) -> bool:
        """Returns whether the keys were written since the last `value()`."""


class FixedKeys:
    """Keys of the environment at the start, or the reason why they cannot be used."""

    def __init__(self, source: str, keys: Keys | Failure) -> None:
        self.source = source
        self._keys = keys

    def value(self) -> Keys | Failure:
        return self._keys

    def changed(self) -> bool:
        return False


def find_keys(environ: Mapping[str, str], home: Path) -> list[KeySource]:
    """Returns the sources that exist: the SDK's variables, Terraform's variables, the SDK's file."""
    found: list[KeySource] = []
    for prefix, names in _NAMES.items():
        variables = [f"{prefix}_{name}" for name in names]
        values = [environ.get(variable, "") for variable in variables]
        if values[0].strip() or values[1].strip():
            source = f"{variables[0]} and {variables[1]}"
            found.append(FixedKeys(source, _or_failure(source, partial(_keys, values, variables))))
    name = environ.get(_FILE_VARIABLE, "").strip()
    file = PrivateFile(expanded(name) if name else home / ".huaweicloud" / "credentials", parse_keys)
    if name or file.is_there():
        found.append(file)
    return found


def named_keys(environ: Mapping[str, str], access: str, secret: str, security_token: str) -> KeySource:
    """Returns the keys of the environment variables with these names."""
    names = [access, secret, *([security_token] if security_token else [])]
    values = [environ.get(name, "") for name in names]
    source = f"{access} and {secret}"
    return FixedKeys(source, _or_failure(source, partial(_keys, [*values, "", ""][:4], [*names, "", ""][:4])))


def parse_keys(text: str) -> Keys:
    """Reads the section `[basic]` of the SDK's file; `%` is literal. Raises UserError, which contains no value."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except ConfigError:
        raise UserError("It is no INI file: write [basic], then ak = … and sk = …, a line each.") from None
    if _SECTION not in parser:
        raise UserError("It has no section [basic]: write one with ak and sk.")
    return _keys([parser[_SECTION].get(name, "") for name in _IN_FILE], _IN_FILE)


def _unquoted(value: str) -> str:
    """Returns the value without the quotes that an INI file or a container's file of variables leaves around it."""
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if is_quoted else value


def _keys(values: list[str], names: Sequence[str]) -> Keys:
    """Returns the keys with these values. Raises UserError, which names the wrong variable or key and contains no
    value."""
    values = [_unquoted(value) for value in values]
    for value, name in zip(values, names, strict=True):
        if not value and name in names[:2]:
            raise UserError(f"{name} is empty or not set: both keys are needed.")
        if not (value.isascii() and value.isprintable()) or " " in value:
            raise UserError(f"The value of {name} has a space or a character that no key has: copy it again.")
    access, secret, token, project_id = values
    return Keys(Secret(access), Secret(secret), Secret(token) if token else None, project_id)


def _or_failure(source: str, keys: Callable[[], Keys]) -> Keys | Failure:
    try:
        return keys()
    except UserError as problem:
        return unusable(source, str(problem))


ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"

_HASHED_BODIES = ("application/json", "application/bson")
_UNHASHED = "UNSIGNED-PAYLOAD"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def sign(
    method: str, url: str, headers: Mapping[str, str], body: bytes, access: str, secret: str, when: datetime
) -> dict[str, str]:
    """Returns `headers` with those that signing adds. Send the request with exactly these, and with this `url`.

    `when` must be within 15 minutes of the service's clock. A given `X-Sdk-Date` is kept. A request that already has
    `Authorization` is not changed.
    """
    signed = dict(headers)
    lower = {name.lower(): value for name, value in headers.items()}
    if "authorization" in lower:
        return signed
    for name, value in _added(url, lower, when).items():
        signed[name] = lower[name.lower()] = value
    names = sorted(name for name in lower if "_" not in name)
    canonical = canonical_request(method, url, {name: lower[name] for name in names}, body)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{lower['x-sdk-date']}\n{digest}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    signed["Authorization"] = f"{ALGORITHM} Access={access}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return signed


def canonical_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Returns the text that is signed; `headers` are those to sign, with names in lower case."""
    parts = urlsplit(url)
    names = sorted(headers)
    return "\n".join(
        (
            method.upper(),
            _path(parts.path),
            _query(parts.query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            _body_hash(headers, body),
        )
    )


def signed_at(headers: Mapping[str, str]) -> datetime:
    """Returns when a request with these headers was signed, by the signer's clock."""
    return datetime.strptime(headers["X-Sdk-Date"], DATE_FORMAT).replace(tzinfo=UTC)


def _added(url: str, headers: Mapping[str, str], when: datetime) -> dict[str, str]:
    """Returns the headers that a request needs before it is signed and does not have yet."""
    added = {"Host": _host(url), "X-Sdk-Date": when.astimezone(UTC).strftime(DATE_FORMAT)}
    if not headers.get("content-type", _HASHED_BODIES[0]).startswith(_HASHED_BODIES):
        added["X-Sdk-Content-Sha256"] = _UNHASHED
    return {name: value for name, value in added.items() if name.lower() not in headers}


def _host(url: str) -> str:
    """Returns the `Host` header as it is sent: with a port only if it is not the default one."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))


def _path(path: str) -> str:
    """The signed path always ends in a slash, also if the path of the request does not."""
    pieces = "/".join(_encode(piece) for piece in unquote(path).split("/"))
    return pieces if pieces.endswith("/") else f"{pieces}/"


def _query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(map(_decoded, pairs)))


def _decoded(pair: tuple[str, str, str]) -> tuple[str, str]:
    return unquote(pair[0]), unquote(pair[2])


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _body_hash(headers: Mapping[str, str], body: bytes) -> str:
    """Returns the hash that the headers declare; for an empty body always the computed one."""
    declared = headers.get("x-sdk-content-sha256") if body else None
    return declared or hashlib.sha256(body).hexdigest()


ACCEPTED = timedelta(minutes=10)
"""A signature's time may differ this much from the service's clock; the vendor says 15 minutes."""
CORRECTIONS_APART = 300.0
"""Seconds between two refusals that are explained by a wrong clock: as long as a key stays locked."""


REFUSAL_RESTS = 600.0
"""Seconds for which other runs of the program do not sign with keys that were refused."""
_LOCKED = "reach the limit"
"""Of the message about a key that is locked: says nothing of the secret key."""
_REFUSED_BEFORE = (
    "The service refused these keys at {0:%H:%M}. So that the access key is not locked for all who use it, they are "
    "sent again ten minutes after that, or at once by codearts-watch check."
)


def _login(keys: Keys) -> Login:
    access = keys.access.reveal()
    return Login(f"key {access}", f"{access} {keys.secret.reveal()}".encode())


class _SignedHeaders(AuthHeaders):
    """The headers of a signed request, and how many were signed before it."""

    __slots__ = ("number",)

    def __init__(self, keys: Keys, source: str, headers: dict[str, str], number: int) -> None:
        token = keys.security_token.reveal() if keys.security_token else ""
        signature = headers["Authorization"].rpartition("=")[2]
        super().__init__(source, keys.secret, headers, tuple(filter(None, (keys.access.reveal(), token, signature))))
        self.number = number


class SigningCredential:
    """Signs each request, with the time of the service's clock.

    Five refused signatures lock a key for five minutes, for all who use it. So requests are sent one at a time until
    the first is accepted, and after a refusal none is sent until the keys change or the user asks. If a refusal shows
    that our clock was wrong, one more signature is tried with the corrected time; its refusal is final.
    """

    can_refresh = True
    is_ready = False
    expires_at = None

    def __init__(self, keys: KeySource, clock: ServerClock, refused: RefusedLogins | None = None) -> None:
        """`refused` are those of earlier runs of the program; None if they are not remembered."""
        self._keys = keys
        self._clock = clock
        self._memory = LoginMemory(refused, REFUSAL_RESTS)
        self._free = asyncio.Event()
        self._free.set()
        self._is_trusted = False
        self._on_probation: AuthHeaders | None = None
        self._refusal: Failure | None = None
        self._late: AuthHeaders | None = None
        """The signature that was refused because our clock was wrong, which the `Date` of the refusal showed."""
        self._signed = 0
        self._corrected_at = -inf
        self._corrected_from = 0
        """The number of the first signature since the clock was corrected."""

    @property
    def source(self) -> str:
        return self._keys.source

    async def authenticate(self, method: str, url: str) -> AuthHeaders | Failure:
        while not self._is_trusted and not self._free.is_set():
            await self._free.wait()
        if self._keys.changed():
            self.reset()
        keys = self._keys.value()
        if isinstance(keys, Failure):
            return keys
        await self._use_memory(keys)
        if self._refusal:
            return self._refusal
        auth_headers = self._sign(keys, method, url)
        if not self._is_trusted:
            self._on_probation = auth_headers
            self._free.clear()
        return auth_headers

    def on_response(self, auth_headers: AuthHeaders, result: Status | Failure | None) -> None:
        if is_accepted(result):
            self._is_trusted = True
        elif isinstance(result, Failure) and result.kind.retry is Retry.SIGN_IN:
            self._is_trusted = False
            if self._was_late(auth_headers):
                self._late = auth_headers
            if not self.has_changed_since(auth_headers):
                self._refusal = result
        if auth_headers is self._on_probation or self._is_trusted:
            self._on_probation = None
            self._free.set()

    async def on_unauthorized(self, auth_headers: AuthHeaders, failure: Failure) -> Failure | None:
        if auth_headers is self._late:
            return None
        if self._refusal and not self._keys.changed() and _LOCKED not in failure.message:
            keys = self._keys.value()
            if not isinstance(keys, Failure) and keys.secret == auth_headers.secret:
                await self._memory.on_refused(_login(keys))
        return failure

    def has_changed_since(self, last: AuthHeaders | Failure) -> bool:
        if self._keys.changed() or last is self._late is not None:
            return True
        keys = self._keys.value()
        if isinstance(keys, Failure):
            return keys != last
        return keys.secret != last.secret if isinstance(last, AuthHeaders) else not self._refusal

    def reset(self) -> None:
        self._refusal = None
        self._is_trusted = False

    async def _use_memory(self, keys: Keys) -> None:
        """Keys that another run of the program was refused with rest. Once they are accepted, others are told."""
        if self._is_trusted:
            await self._memory.on_accepted(_login(keys))
            return
        self._free.clear()  # others wait
        try:
            refusal = await self._memory.recall(_login(keys))
        finally:
            self._free.set()
        if refusal:
            self._refusal = Failure(FailureKind.SIGN_IN, _REFUSED_BEFORE.format(refusal.at))

    def hurry(self) -> None:
        """A signature needs no other service: no request waits."""

    def _was_late(self, auth_headers: AuthHeaders) -> bool:
        """Whether a refused signature may be repeated: never twice in a row, whatever time each refusal claims."""
        if abs(self._clock.now() - signed_at(auth_headers.headers)) <= ACCEPTED:
            return False
        if isinstance(auth_headers, _SignedHeaders) and auth_headers.number < self._corrected_from:
            return True
        if self._clock.at() - self._corrected_at < CORRECTIONS_APART:
            return False
        self._corrected_at, self._corrected_from = self._clock.at(), self._signed
        return True

    def _sign(self, keys: Keys, method: str, url: str) -> AuthHeaders:
        headers = {"X-Project-Id": keys.project_id} if keys.project_id else {}
        if keys.security_token:
            headers["X-Security-Token"] = keys.security_token.reveal()
        signed = sign(method, url, headers, b"", keys.access.reveal(), keys.secret.reveal(), self._clock.now())
        self._signed += 1
        return _SignedHeaders(keys, self.source, signed, self._signed - 1)
