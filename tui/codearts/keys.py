"""Access keys, from where users of the vendor's SDK and of Terraform already have them."""

from collections.abc import Callable, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from tui.codearts.credentials import Secret
from tui.codearts.private_file import PrivateFile, expanded, unusable
from tui.core.problem import Problem
from tui.core.reading import Failure

_NAMES = {
    # Access key, secret key, security token of temporary keys, project: the vendor's SDK, then the Terraform provider.
    "HUAWEICLOUD_SDK": ("AK", "SK", "SECURITY_TOKEN", "PROJECT_ID"),
    "HW": ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN", "PROJECT_ID"),
}
_IN_FILE = ("ak", "sk", "security_token", "project_id")
_FILE_VARIABLE = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
_SECTION = "basic"


class Keys(NamedTuple):
    """An access key and its secret key; `security_token` only with temporary ones."""

    access: Secret
    secret: Secret
    security_token: Secret | None = None
    project_id: str = ""
    """The IAM project; not needed where the endpoint is a region's."""


class KeySource(Protocol):
    """Where keys come from."""

    @property
    def source(self) -> str:
        """Its name for the user."""

    def value(self) -> Keys | Failure:
        """The keys as of now. Never raises for what is missing or wrong."""

    def changed(self) -> bool:
        """Whether they were written since the last `value()`."""


class FixedKeys:
    """Keys of the environment, as they were at the start, or the news that they cannot be used."""

    def __init__(self, source: str, keys: Keys | Failure) -> None:
        self.source = source
        self._keys = keys

    def value(self) -> Keys | Failure:
        return self._keys

    def changed(self) -> bool:
        return False


def find_keys(environ: Mapping[str, str], home: Path) -> list[KeySource]:
    """Those that are there: of the SDK's variables, of Terraform's, of the SDK's file."""
    found: list[KeySource] = []
    for prefix, names in _NAMES.items():
        variables = [f"{prefix}_{name}" for name in names]
        values = [environ.get(variable, "").strip() for variable in variables]
        if values[0] or values[1]:
            source = f"{variables[0]} and {variables[1]}"
            found.append(FixedKeys(source, _or_failure(source, partial(_keys, values, variables))))
    name = environ.get(_FILE_VARIABLE, "").strip()
    file = PrivateFile(expanded(name) if name else home / ".huaweicloud" / "credentials", parse_keys)
    if name or file.is_there():
        found.append(file)
    return found


def named_keys(environ: Mapping[str, str], access: str, secret: str, security_token: str = "") -> KeySource:
    """Of variables of these names."""
    names = [access, secret, *([security_token] if security_token else [])]
    values = [environ.get(name, "").strip() for name in names]
    source = f"{access} and {secret}"
    return FixedKeys(source, _or_failure(source, partial(_keys, [*values, "", ""][:4], [*names, "", ""][:4])))


def parse_keys(text: str) -> Keys:
    """The section `[basic]` of the SDK's file; a `%` is just a `%`. Raises Problem, without any value."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except ConfigError:
        raise Problem("It is no INI file: write [basic], then ak = … and sk = …, a line each.") from None
    if _SECTION not in parser:
        raise Problem("It has no section [basic]: write one with ak and sk.")
    return _keys([_unquoted(parser[_SECTION].get(name, "").strip()) for name in _IN_FILE], _IN_FILE)


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if is_quoted else value


def _keys(values: list[str], names: Sequence[str]) -> Keys:
    """Raises Problem, which names what is wrong and shows no value."""
    for value, name in zip(values, names, strict=True):
        if not value and name in names[:2]:
            raise Problem(f"There is no {name}: both keys are needed.")
        if not (value.isascii() and value.isprintable()) or " " in value:
            raise Problem(f"The value of {name} has a blank or a character that none has: copy it again.")
    access, secret, token, project_id = values
    return Keys(Secret(access), Secret(secret), Secret(token) if token else None, project_id)


def _or_failure(source: str, keys: Callable[[], Keys]) -> Keys | Failure:
    try:
        return keys()
    except Problem as problem:
        return unusable(source, str(problem))
