"""The credentials that a profile may use: those asked for, else those that it names, else those that are there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tui.codearts.command import Command
from tui.codearts.credentials import Credential, EnvironmentToken, FileToken, FixedToken, ReadyToken, Secret
from tui.codearts.keys import FixedKeys, Keys, KeySource, find_keys, named_keys
from tui.codearts.private_file import expanded, unusable
from tui.codearts.renewal import Issuer, RenewedToken
from tui.codearts.server_clock import ServerClock
from tui.codearts.signed import SigningCredential
from tui.codearts.sources import CommandPassword, CommandToken, HeldPassword
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind
from tui.profiles.issuers import LateIam, NotedIssuer
from tui.profiles.link import Link
from tui.profiles.place import Place
from tui.profiles.surroundings import Surroundings
from tui.storage.profiles import IamSettings, KeySettings, ProfileSettings

NOTHING = "No token is given: set CODEARTS_TOKEN, or name a file with --token-file or CODEARTS_TOKEN_FILE."
_NOT_FOR_IT = (
    "Profile {0} has no credential of its own, and those of the environment are for another host: give it token_file, "
    "token_env, token_command, iam or keys in the settings, or start with --profile {0}."
)
_READY = ("HW_AUTH_TOKEN", "OS_AUTH_TOKEN")
"""Terraform's and OpenStack's names of a ready token."""


class Offer(NamedTuple):
    """A credential, where it was named, and the secrets that it holds now."""

    credential: Credential
    origin: str
    held: Callable[[], Sequence[Secret] | Failure]
    password: HeldPassword | None = None
    """That of an IAM user, where it is kept in memory: the screen may put another one."""
    iam: LateIam | None = None


class Bench(NamedTuple):
    """What the sources of one profile are made with; `path` is where the settings have it."""

    name: str
    path: str
    settings: ProfileSettings
    place: Place
    link: Link
    clock: ServerClock
    around: Surroundings

    def origin(self, key: str) -> str:
        return f"settings: {self.path}{key}"


def offers(bench: Bench, is_in_charge: bool, shares_host: bool) -> list[Offer]:
    """One at least. What the environment has was given for the host of the profile in charge, and goes nowhere else.

    Raises Problem for a source that can never work.
    """
    asked_for = _asked_for(bench) if is_in_charge else []
    found = asked_for or _named(bench) or (_found(bench) if shares_host else [])
    return found or [_none(NOTHING if shares_host else _NOT_FOR_IT.format(bench.name))]


def _asked_for(bench: Bench) -> list[Offer]:
    """By flag, else by a variable of ours."""
    around = bench.around
    if file := around.flags.token_file:
        return [_ready(FileToken(file), "--token-file")]
    if token := around.variable("CODEARTS_TOKEN"):
        return [_ready(EnvironmentToken(token), "CODEARTS_TOKEN")]
    if name := around.variable("CODEARTS_TOKEN_FILE"):
        return [_ready(FileToken(expanded(name)), "CODEARTS_TOKEN_FILE")]
    return []


def _named(bench: Bench) -> list[Offer]:
    """By the profile itself."""
    settings, around = bench.settings, bench.around
    named = []
    if settings.token_file:
        named.append(_ready(FileToken(around.file(settings.token_file)), bench.origin("token_file")))
    if settings.token_env:
        named.append(_ready(_of_variable(settings.token_env, around), bench.origin("token_env")))
    if settings.token_command:
        command = CommandToken(Command("token_command", settings.token_command))
        named.append(_renewed(command, bench, bench.origin("token_command")))
    if settings.iam:
        named.append(_iam(settings.iam, bench))
    if settings.keys:
        named += _keys(settings.keys, bench)
    return named


def _found(bench: Bench) -> list[Offer]:
    """Where users of our own variables, Terraform and the vendor's SDK have theirs already."""
    found = _asked_for(bench._replace(around=replace(bench.around, flags=bench.around.flags._replace(token_file=None))))
    for name in _READY:
        if token := bench.around.variable(name):
            found.append(_ready(EnvironmentToken(token, name), name))
    return found + [_signing(keys, bench, "found") for keys in _known_keys(bench)]


def _none(why: str) -> Offer:
    return _ready(FixedToken("none", Failure(FailureKind.NO_CREDENTIAL, why)), "default")


def _ready(credential: ReadyToken, origin: str) -> Offer:
    def held() -> Sequence[Secret] | Failure:
        token = credential.token()
        return token if isinstance(token, Failure) else [token]

    return Offer(credential, origin, held)


def _of_variable(name: str, around: Surroundings) -> ReadyToken:
    if value := around.variable(name):
        return EnvironmentToken(value, name)
    return FixedToken(name, unusable(name, "This variable is not set: put the token into it."))


def _renewed(issuer: Issuer, bench: Bench, origin: str, password: HeldPassword | None = None) -> Offer:
    credential = RenewedToken(NotedIssuer(issuer, bench.around.note), bench.clock)

    def held() -> Sequence[Secret]:
        typed = password.held if password else None
        tokens = [credential.issued.token] if credential.issued else []
        return [*([typed] if typed else []), *tokens]

    return Offer(credential, origin, held, password, issuer if isinstance(issuer, LateIam) else None)


def _iam(iam: IamSettings, bench: Bench) -> Offer:
    settings, place = bench.settings, bench.place
    if not place.iam:
        raise Problem(f"It is not known where the IAM of profile {bench.name} is: give it iam_endpoint.")
    scope = settings.project or ("" if settings.project_id else place.endpoint.region), settings.project_id
    if not any(scope):
        raise Problem(f"Profile {bench.name} logs in to no project: give it project (like cn-north-4) or project_id.")
    held = None
    if iam.password_command:
        password: HeldPassword | CommandPassword = CommandPassword(Command("password_command", iam.password_command))
    else:
        value = bench.around.variable(iam.password_env) if iam.password_env else ""
        password = held = HeldPassword(iam.password_env or f"the password of IAM user {iam.user}", value)
    issuer = LateIam(iam, scope, place.iam, bench.link, password, bench.clock)
    return _renewed(issuer, bench, bench.origin("iam"), held)


def _keys(keys: KeySettings, bench: Bench) -> list[Offer]:
    around, origin = bench.around, bench.origin("keys")
    if keys.source:
        wants_file = keys.source == "file"
        known = [source for source in _known_keys(bench) if isinstance(source, FixedKeys) != wants_file]
        where = "~/.huaweicloud/credentials" if wants_file else "HUAWEICLOUD_SDK_AK or HW_ACCESS_KEY"
        nothing = FixedKeys(where, unusable(where, "There are no keys."))
        return [_signing(source, bench, origin) for source in known or [nothing]]
    source = named_keys(around.environ, keys.access_env, keys.secret_env, keys.security_token_env)
    return [_signing(source, bench, origin)]


def _known_keys(bench: Bench) -> list[KeySource]:
    around = bench.around
    return find_keys(around.environ, around.home)


def _signing(source: KeySource, bench: Bench, origin: str) -> Offer:
    keys = ForProject(source, bench.settings.project_id) if bench.settings.project_id else source

    def held() -> Sequence[Secret] | Failure:
        value = source.value()
        if isinstance(value, Failure):
            return value
        return [value.access, value.secret, *([value.security_token] if value.security_token else [])]

    return Offer(SigningCredential(keys, bench.clock), origin, held)


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
