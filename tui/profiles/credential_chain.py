"""The credentials that a profile may use: those asked for, else those that it names, else those that are there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tui.codearts.auth.access_key import FixedKeys, Keys, KeySource, SigningCredential, find_keys, named_keys
from tui.codearts.auth.credentials import Credential, EnvironmentToken, FileToken, FixedToken, ReadyToken, Secret
from tui.codearts.auth.providers import CommandPassword, CommandToken, HeldPassword, SecretCommand
from tui.codearts.auth.refreshable import RefreshableToken, TokenProvider
from tui.codearts.auth.secret_file import unusable
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.reading import Failure, FailureKind
from tui.profiles.lazy import LazyIam
from tui.profiles.resolve import ConnectionOptions, Context, Endpoints
from tui.storage.profile_settings import IamSettings, KeySettings, ProfileSettings

NOTHING = "No token is given: set CODEARTS_TOKEN, or name a file with --token-file or CODEARTS_TOKEN_FILE."
_NOT_FOR_IT = (
    "Profile {0} has no credential of its own, and those of the environment are for another host: give it token_file, "
    "token_env, token_command, iam or keys in the settings, or start with --profile {0}."
)
_READY = ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN")
"""Terraform's and OpenStack's names of a ready token."""


class Candidate(NamedTuple):
    """A credential, where it was named, and the secrets that it holds now."""

    credential: Credential
    origin: str
    held: Callable[[], Sequence[Secret] | Failure]
    password: HeldPassword | None = None
    """That of an IAM user, where it is kept in memory: the screen may put another one."""
    iam: LazyIam | None = None


class CandidateInput(NamedTuple):
    """What the sources of one profile are made with; `path` is where the settings have it."""

    name: str
    path: str
    settings: ProfileSettings
    endpoints: Endpoints
    options: ConnectionOptions
    clock: ServerClock
    context: Context

    def origin(self, key: str) -> str:
        return f"settings: {self.path}{key}"


def find_candidates(inputs: CandidateInput, is_in_charge: bool, shares_host: bool) -> list[Candidate]:
    """One at least. What the environment has was given for the host of the profile in charge, and goes nowhere else.

    Raises Problem for a source that can never work.
    """
    asked_for = _asked_for(inputs) if is_in_charge else []
    found = asked_for or _named(inputs) or (_found(inputs) if shares_host else [])
    return found or [_none(NOTHING if shares_host else _NOT_FOR_IT.format(inputs.name))]


def _asked_for(inputs: CandidateInput) -> list[Candidate]:
    """By flag, else by a variable of ours."""
    context = inputs.context
    if file := context.flags.token_file:
        return [_ready(FileToken(file), "--token-file")]
    if token := context.variable("CODEARTS_TOKEN"):
        return [_ready(EnvironmentToken(token), "CODEARTS_TOKEN")]
    if name := context.variable("CODEARTS_TOKEN_FILE"):
        return [_ready(FileToken(expanded(name)), "CODEARTS_TOKEN_FILE")]
    return []


def _named(inputs: CandidateInput) -> list[Candidate]:
    """By the profile itself."""
    settings, context = inputs.settings, inputs.context
    named = []
    if settings.token_file:
        named.append(_ready(FileToken(context.file(settings.token_file)), inputs.origin("token_file")))
    if settings.token_env:
        named.append(_ready(_of_variable(settings.token_env, context), inputs.origin("token_env")))
    if settings.token_command:
        command = CommandToken(SecretCommand("token_command", settings.token_command))
        named.append(_renewed(command, inputs, inputs.origin("token_command")))
    if settings.iam:
        named.append(_iam(settings.iam, inputs))
    if settings.keys:
        named += _keys(settings.keys, inputs)
    return named


def _found(inputs: CandidateInput) -> list[Candidate]:
    """Where users of our own variables, Terraform and the vendor's SDK have theirs already."""
    found = _asked_for(
        inputs._replace(context=replace(inputs.context, flags=inputs.context.flags._replace(token_file=None)))
    )
    for name in _READY:
        if token := inputs.context.variable(name):
            found.append(_ready(EnvironmentToken(token, name), name))
    return found + [_signing(keys, inputs, "found") for keys in _known_keys(inputs)]


def _none(why: str) -> Candidate:
    return _ready(FixedToken("none", Failure(FailureKind.NO_CREDENTIAL, why)), "default")


def _ready(credential: ReadyToken, origin: str) -> Candidate:
    def held() -> Sequence[Secret] | Failure:
        token = credential.token()
        return token if isinstance(token, Failure) else [token]

    return Candidate(credential, origin, held)


def _of_variable(name: str, context: Context) -> ReadyToken:
    if value := context.variable(name):
        return EnvironmentToken(value, name)
    return FixedToken(name, unusable(name, "This variable is not set: put the token into it."))


def _renewed(
    provider: TokenProvider, inputs: CandidateInput, origin: str, password: HeldPassword | None = None
) -> Candidate:
    credential = RefreshableToken(provider, inputs.clock)

    def held() -> Sequence[Secret]:
        typed = password.held if password else None
        tokens = [credential.issued.token] if credential.issued else []
        return [*([typed] if typed else []), *tokens]

    return Candidate(credential, origin, held, password, provider if isinstance(provider, LazyIam) else None)


def _iam(iam: IamSettings, inputs: CandidateInput) -> Candidate:
    settings, endpoints = inputs.settings, inputs.endpoints
    if not endpoints.iam:
        raise UserError(f"It is not known where the IAM of profile {inputs.name} is: give it iam_endpoint.")
    scope = settings.project or ("" if settings.project_id else endpoints.endpoint.region), settings.project_id
    if not any(scope):
        raise UserError(
            f"Profile {inputs.name} logs in to no project: give it project (like cn-north-4) or project_id."
        )
    held = None
    if iam.password_command:
        password: HeldPassword | CommandPassword = CommandPassword(
            SecretCommand("password_command", iam.password_command)
        )
    else:
        value = inputs.context.variable(iam.password_env) if iam.password_env else ""
        password = held = HeldPassword(iam.password_env or f"the password of IAM user {iam.user}", value)
    provider = LazyIam(iam, scope, endpoints.iam, inputs.options, password, inputs.clock)
    return _renewed(provider, inputs, inputs.origin("iam"), held)


def _keys(keys: KeySettings, inputs: CandidateInput) -> list[Candidate]:
    context, origin = inputs.context, inputs.origin("keys")
    if keys.source:
        wants_file = keys.source == "file"
        known = [source for source in _known_keys(inputs) if isinstance(source, FixedKeys) != wants_file]
        where = "~/.huaweicloud/credentials" if wants_file else "HUAWEICLOUD_SDK_AK or HW_ACCESS_KEY"
        nothing = FixedKeys(where, unusable(where, "There are no keys."))
        return [_signing(source, inputs, origin) for source in known or [nothing]]
    source = named_keys(context.environ, keys.access_env, keys.secret_env, keys.security_token_env)
    return [_signing(source, inputs, origin)]


def _known_keys(inputs: CandidateInput) -> list[KeySource]:
    context = inputs.context
    return find_keys(context.environ, context.home)


def _signing(source: KeySource, inputs: CandidateInput, origin: str) -> Candidate:
    keys = ForProject(source, inputs.settings.project_id) if inputs.settings.project_id else source

    def held() -> Sequence[Secret] | Failure:
        value = source.value()
        if isinstance(value, Failure):
            return value
        return [value.access, value.secret, *([value.security_token] if value.security_token else [])]

    return Candidate(SigningCredential(keys, inputs.clock), origin, held)


class ForProject:
    """Keys whose requests name another project."""

    def __init__(self, keys: KeySource, project_id: str) -> None:
        self.source = keys.source
        self._keys, self._project_id = keys, project_id

    def value(self) -> Keys | Failure:
        keys = self._keys.value()
        return keys if isinstance(keys, Failure) else keys._replace(project_id=self._project_id)

    def changed(self) -> bool:
        return self._keys.changed()
