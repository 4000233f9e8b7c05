"""The credentials that a profile may use: those of flags and our variables, else its own, else the usual variables."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.codearts.auth.access_key import FixedKeys, Keys, KeySource, SigningCredential, find_keys, named_keys
from tui.codearts.auth.credentials import Credential, EnvironmentToken, FileToken, FixedToken, ReadyToken, Secret
from tui.codearts.auth.providers import CommandPassword, CommandToken, HeldPassword, SecretCommand
from tui.codearts.auth.refreshable import RefreshableToken, TokenProvider
from tui.codearts.auth.refused_logins import RefusedLogins
from tui.codearts.auth.secret_file import unusable
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.reading import Failure, FailureKind
from tui.profiles.access import Access
from tui.profiles.resolve import ProfileInputs, origin_of
from tui.storage.profile_settings import IamSettings, KeySettings, ProfileSettings

if TYPE_CHECKING:
    from tui.codearts.iam_api import IamTokens

NOTHING = "No token is given: set CODEARTS_TOKEN, or name a file with --token-file or CODEARTS_TOKEN_FILE."
_NOT_FOR_IT = (
    "Profile {0} has no credential of its own, and those of the environment are for another host: give it token_file, "
    "token_env, token_command, iam or keys in the settings, or start with --profile {0}."
)
_READY = ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN")
"""Terraform's and OpenStack's names of a ready token."""


class Candidate(NamedTuple):
    """A credential, where the user named it, and the secrets that it holds now."""

    credential: Credential
    origin: str
    held: Callable[[], Sequence[Secret] | Failure]
    password: HeldPassword | None = None
    """The password of an IAM user that is kept in memory: the user may type another one on the screen."""
    iam: "IamTokens | None" = None
    identity: Callable[[], str] = str
    """Whose it is, without a secret: equal for two instances that use the same one. Empty if it is not known now."""


def find_candidates(
    name: str,
    settings: ProfileSettings,
    access: Access,
    inputs: ProfileInputs,
    is_in_charge: bool,
    shares_host: bool,
) -> list[Candidate]:
    """Returns at least one. The environment's credentials are for the host of the profile in charge, and no other.

    Raises UserError for a source that can never work.
    """
    found = _asked_for(inputs, inputs.flags.token_file) if is_in_charge else []
    found = found or _named(name, settings, access, inputs)
    if not found and shares_host:
        found = _found(settings.project_id, access.clock, inputs)
    return found or [_none(NOTHING if shares_host else _NOT_FOR_IT.format(name))]


def _asked_for(inputs: ProfileInputs, flag: Path | None = None) -> list[Candidate]:
    """Returns the token of `--token-file`, else that of a variable of this program."""
    if flag:
        return [_ready(FileToken(flag), "--token-file")]
    if token := inputs.variable("CODEARTS_TOKEN"):
        return [_ready(EnvironmentToken(token), "CODEARTS_TOKEN")]
    if file := inputs.variable("CODEARTS_TOKEN_FILE"):
        return [_ready(FileToken(expanded(file)), "CODEARTS_TOKEN_FILE")]
    return []


def _named(name: str, settings: ProfileSettings, access: Access, inputs: ProfileInputs) -> list[Candidate]:
    """Returns the credentials that the profile's settings name."""
    named = []
    if settings.token_file:
        named.append(_ready(FileToken(inputs.file(settings.token_file)), origin_of(name, "token_file")))
    if settings.token_env:
        named.append(_ready(_of_variable(settings.token_env, inputs), origin_of(name, "token_env")))
    if settings.token_command:
        command = CommandToken(SecretCommand("token_command", settings.token_command))
        named.append(_refreshable(command, access.clock, origin_of(name, "token_command"), settings.token_command))
    if settings.iam:
        named.append(_iam(name, settings, settings.iam, access, inputs))
    if settings.keys:
        signing = _signing(settings.project_id, access.clock, origin_of(name, "keys"), inputs.refused)
        named += map(signing, _chosen_keys(settings.keys, inputs))
    return named


def _found(project_id: str, clock: ServerClock, inputs: ProfileInputs) -> list[Candidate]:
    """Returns the credentials of our variables, and those that users of Terraform and of the vendor's SDK have
    already."""
    found = _asked_for(inputs)
    for name in _READY:
        if token := inputs.variable(name):
            found.append(_ready(EnvironmentToken(token, name), name))
    signing = _signing(project_id, clock, "found", inputs.refused)
    return [*found, *map(signing, find_keys(inputs.environ, inputs.home))]


def _none(why: str) -> Candidate:
    return _ready(FixedToken("none", Failure(FailureKind.NO_CREDENTIAL, why)), "default")


def _ready(credential: ReadyToken, origin: str) -> Candidate:
    def held() -> Sequence[Secret] | Failure:
        token = credential.token()
        return token if isinstance(token, Failure) else [token]

    return Candidate(credential, origin, held, identity=lambda: identity_of(credential))


def identity_of(credential: ReadyToken) -> str:
    """Returns a hash of the token: it cannot be guessed, as long as it is."""
    token = credential.token()
    return "" if isinstance(token, Failure) else f"token {hashlib.sha256(token.reveal().encode()).hexdigest()}"


def _of_variable(name: str, inputs: ProfileInputs) -> ReadyToken:
    if value := inputs.variable(name):
        return EnvironmentToken(value, name)
    return FixedToken(name, unusable(name, "This variable is not set: put the token into it."))


def _refreshable(
    provider: TokenProvider, clock: ServerClock, origin: str, whose: Sequence[str], password: HeldPassword | None = None
) -> Candidate:
    """`whose` says the same for each token that the provider makes."""
    credential = RefreshableToken(provider, clock)

    def held() -> Sequence[Secret]:
        secrets = (password and password.held, credential.token and credential.token.secret)
        return [secret for secret in secrets if secret]

    return Candidate(credential, origin, held, password, identity=lambda: _hashed("issued", *whose))


def _iam(name: str, settings: ProfileSettings, user: IamSettings, access: Access, inputs: ProfileInputs) -> Candidate:
    from tui.codearts.iam_api import IamTokens, LoginRequest  # few profiles need it at the start

    endpoints = access.endpoints
    if not endpoints.iam:
        raise UserError(f"It is not known where the IAM of profile {name} is: give it iam_endpoint.")
    project = settings.project or ("" if settings.project_id else endpoints.endpoint.region)
    if not (project or settings.project_id):
        raise UserError(f"Profile {name} logs in to no project: give it project (like cn-north-4) or project_id.")
    login = LoginRequest(user.user, user.account, project, settings.project_id)
    password = _password(user, inputs)
    iam = IamTokens(
        access.options.opener(endpoints.iam.url), endpoints.iam, login, password, access.clock, inputs.refused
    )
    held = password if isinstance(password, HeldPassword) else None
    whose = (endpoints.iam.url, user.account, user.user)
    return _refreshable(iam, access.clock, origin_of(name, "iam"), whose, held)._replace(iam=iam)


def _password(user: IamSettings, inputs: ProfileInputs) -> HeldPassword | CommandPassword:
    if user.password_command:
        return CommandPassword(SecretCommand("password_command", user.password_command))
    value = inputs.variable(user.password_env) if user.password_env else ""
    return HeldPassword(user.password_env or f"the password of IAM user {user.user}", value)


def _chosen_keys(keys: KeySettings, inputs: ProfileInputs) -> list[KeySource]:
    if not keys.source:
        return [named_keys(inputs.environ, keys.access_env, keys.secret_env, keys.security_token_env)]
    wants_file = keys.source == "file"
    known = find_keys(inputs.environ, inputs.home)
    where = "~/.huaweicloud/credentials" if wants_file else "HUAWEICLOUD_SDK_AK or HW_ACCESS_KEY"
    chosen = [source for source in known if isinstance(source, FixedKeys) != wants_file]
    return chosen or [FixedKeys(where, unusable(where, "There are no keys."))]


def _signing(
    project_id: str, clock: ServerClock, origin: str, refused: RefusedLogins | None
) -> Callable[[KeySource], Candidate]:
    def candidate(source: KeySource) -> Candidate:
        def held() -> Sequence[Secret] | Failure:
            keys = source.value()
            if isinstance(keys, Failure):
                return keys
            return [secret for secret in (keys.access, keys.secret, keys.security_token) if secret]

        keys = ForProject(source, project_id) if project_id else source

        def identity() -> str:
            known = source.value()
            return "" if isinstance(known, Failure) else _hashed("key", known.access.reveal())

        return Candidate(SigningCredential(keys, clock, refused), origin, held, identity=identity)

    return candidate


def _hashed(*parts: str) -> str:
    return f"{parts[0]} {hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


class ForProject:
    """Keys whose requests name this project instead of their own."""

    def __init__(self, keys: KeySource, project_id: str) -> None:
        self.source = keys.source
        self._keys, self._project_id = keys, project_id

    def value(self) -> Keys | Failure:
        keys = self._keys.value()
        return keys if isinstance(keys, Failure) else keys._replace(project_id=self._project_id)

    def changed(self) -> bool:
        return self._keys.changed()
