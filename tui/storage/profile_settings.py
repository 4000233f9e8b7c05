"""The profiles in the settings: endpoint and credential. They name where a secret is, and never contain one."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from tui.core.text import clean
from tui.storage.validators import SettingError, ValueReader, command, one_of, section, switch, table, text, texts

LONGEST_NAME = 60
DIRECT = "none"
"""This value of `proxy` means no proxy, even if the environment has one."""
UNVERIFIED = "i_accept_that_anyone_can_read_my_token"
"""The name makes its danger clear to the user who writes it."""


class IamSettings(NamedTuple):
    """`[profiles.NAME.iam]`: to log in with name and password; without a variable or a command the screen asks for the
    password."""

    user: str = ""
    account: str = ""
    password_env: str = ""
    password_command: tuple[str, ...] = ()


class KeySettings(NamedTuple):
    """`[profiles.NAME.keys]`: to sign with an access key, whose parts are in variables of these names or in the place
    that `source` names."""

    access_env: str = ""
    secret_env: str = ""
    security_token_env: str = ""
    source: str = ""
    """`environment` for the variables of the vendor's SDK and of Terraform, `file` for the SDK's file."""


class ProfileSettings(NamedTuple):
    """`[profiles.NAME]`. What the file does not have is empty."""

    region: str = ""
    endpoint: str = ""
    iam_endpoint: str = ""
    allow_http: bool = False
    allow_host: tuple[str, ...] = ()
    project_id: str = ""
    project: str = ""
    token_file: str = ""
    token_env: str = ""
    token_command: tuple[str, ...] = ()
    iam: IamSettings | None = None
    keys: KeySettings | None = None
    ca_file: str = ""
    proxy: str = ""
    """`none` for none at all; otherwise the environment decides."""
    unverified: bool = False
    """TLS certificates are not verified."""


def secret_variables(settings: ProfileSettings) -> set[str]:
    """Returns the variables that the profile names for its secrets, used or not."""
    iam, keys = settings.iam or IamSettings(), settings.keys or KeySettings()
    return {
        settings.token_env,
        iam.password_env,
        keys.access_env,
        keys.secret_env,
        keys.security_token_env,
    } - {""}


def read_profiles(value: object) -> dict[str, ProfileSettings]:
    """Reads each `[profiles.NAME]`. Raises SettingError."""
    profiles = {}
    for name, content in table("profiles", value).items():
        if not name.strip() or clean(name, LONGEST_NAME) != name:
            raise SettingError(
                f"{clean(name, LONGEST_NAME)!r} is no name for a profile: take up to {LONGEST_NAME} letters"
            )
        profiles[name] = _profile(f"profiles.{name}", content)
    return profiles


def _profile(path: str, value: object) -> ProfileSettings:
    values = section(path, value, PROFILE, {})
    values["unverified"] = values.pop(UNVERIFIED, False)
    return ProfileSettings(**values)


def _iam(path: str, value: object) -> IamSettings:
    iam = IamSettings(**section(path, value, _IAM, {}))
    for name, given in (("user", iam.user), ("account", iam.account)):
        if not given:
            raise SettingError(f"{path} needs {name}: the name of the IAM {name}, as its log-in page asks for it")
    if iam.password_env and iam.password_command:
        raise SettingError(f"{path} has both password_env and password_command: keep one")
    return iam


def _keys(path: str, value: object) -> KeySettings:
    keys = KeySettings(**section(path, value, _KEYS, {}))
    has_names = bool(keys.access_env and keys.secret_env)
    has_any = bool(keys.access_env or keys.secret_env or keys.security_token_env)
    if has_any != has_names or has_any == bool(keys.source):
        raise SettingError(
            f'{path} needs access_env and secret_env, or source = "environment" or "file" instead of them'
        )
    return keys


def _proxy(path: str, value: object) -> str:
    proxy = text(path, value)
    try:
        parts = urlsplit(proxy)
        has_host = parts.scheme in ("http", "https", "socks5", "socks5h") and bool(parts.hostname) and bool(parts.port)
        has_host = has_host and parts.path in ("", "/") and not parts.query + parts.fragment
    except ValueError:
        has_host = False
    if "@" in proxy:
        raise SettingError(
            f"{path} has a user name or password in it: take them out, and put the address into HTTPS_PROXY"
        )
    if proxy not in ("", DIRECT) and not has_host:
        raise SettingError(f'{path} must be like "http://HOST:PORT" or "socks5://HOST:PORT", or "{DIRECT}"')
    return proxy


def _variable(path: str, value: object) -> str:
    name = text(path, value)
    if not name or "=" in name or " " in name:
        raise SettingError(f"{path} must be the name of an environment variable")
    return name


_PASS = '["pass", "show", "codearts"]'
_IAM: Mapping[str, ValueReader] = {
    "user": text,
    "account": text,
    "password_env": _variable,
    "password_command": command(_PASS),
}
_KEYS: Mapping[str, ValueReader] = {
    "access_env": _variable,
    "secret_env": _variable,
    "security_token_env": _variable,
    "source": one_of("environment", "file"),
}
PROFILE: Mapping[str, ValueReader] = {
    "region": text,
    "endpoint": text,
    "iam_endpoint": text,
    "allow_http": switch,
    "allow_host": texts,
    "project_id": text,
    "project": text,
    "token_file": text,
    "token_env": _variable,
    "token_command": command(_PASS),
    "iam": _iam,
    "keys": _keys,
    "ca_file": text,
    "proxy": _proxy,
    UNVERIFIED: switch,
}
