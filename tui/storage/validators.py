"""Readers of the settings' values, one for each kind of value; they raise SettingError for any other."""

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tui.core.alert_policy import AlertOn, quiet_hours
from tui.core.paths import expanded
from tui.core.text import clean, did_you_mean
from tui.storage.toml_document import Table

ValueReader = Callable[[str, object], Any]
"""Takes the path of a value, such as `polling.idle`, and the value. Raises SettingError."""

_SECRETS = frozenset({"token", "password", "sk", "secret", "secret_key", "secret_access_key", "security_token"})


class SettingError(Exception):
    """What is wrong with a value: 'polling.idle must be a number'."""


def section(
    path: str, value: object, readers: Mapping[str, ValueReader], elsewhere: Mapping[str, str]
) -> dict[str, Any]:
    """The values of a table. `elsewhere` has the paths of other tables' settings, by name."""
    content = table(path, value)
    refuse_unknown(f"{path}.", content, readers, elsewhere)
    return {key: readers[key](f"{path}.{key}", given) for key, given in content.items()}


def refuse_unknown(prefix: str, content: Table, known: Iterable[str], elsewhere: Mapping[str, str]) -> None:
    here = {name: f"{prefix}{name}" for name in known}
    for key in content:
        if key not in here:
            raise SettingError(f"there is no setting {clean(prefix + key, 100)}; {_nearest(key, here, elsewhere)}")


def _nearest(key: str, here: Mapping[str, str], elsewhere: Mapping[str, str]) -> str:
    """Returns a suggestion: a similar name in this table, or else in another one."""
    return did_you_mean(key, here) or did_you_mean(key, elsewhere) or f"known here: {', '.join(here.values())}"


def secrets_in(value: object, path: str = "") -> Iterator[str]:
    """Returns the paths of keys whose names stand for a secret. Does not look at their values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() in _SECRETS and not isinstance(inner, dict):
                yield f"{path}{key}"
            yield from secrets_in(inner, f"{path}{key}.")
    elif isinstance(value, list):
        for inner in value:
            yield from secrets_in(inner, path)


def paths_in(content: Table, path: str = "") -> Iterator[str]:
    """Returns the path of every value that is no table."""
    for key, value in content.items():
        if isinstance(value, dict):
            yield from paths_in(value, f"{path}{key}.")
        else:
            yield f"{path}{key}"


def table(path: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise SettingError(f"{path} must be a table: write [{path}]")
    return value


def text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise SettingError(f"{path} must be a text in quotes")
    return clean(value)


def one_of(*choices: str) -> ValueReader:
    known = " or ".join(f'"{choice}"' for choice in choices)

    def read(path: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise SettingError(f"{path} must be {known}")
        return value

    return read


def several_of(*choices: str) -> ValueReader:
    """Returns a reader of a list of some of these, each once."""

    def read(path: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise SettingError(f'{path} must be a list of texts, like ["{choices[0]}", "{choices[1]}"]')
        for place, one in enumerate(value):
            if one not in choices:
                hint = did_you_mean(one, choices) or f"there are {', '.join(choices)}"
                raise SettingError(f"{path} names {clean(one, 40)!r}, which does not exist: {hint}")
            if one in value[:place]:
                raise SettingError(f"{path} names {one!r} twice: take one of them out")
        return tuple(value)

    return read


def texts(path: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise SettingError(f'{path} must be a list of texts, like ["one", "two"]')
    return tuple(clean(part) for part in value)


def command(example: str, may_be_none: bool = False) -> ValueReader:
    """Returns a reader of a program and its arguments. A `~` at the start of the program is the home folder. Arguments
    stay as they are. An empty list is no command."""

    def read(path: str, value: object) -> tuple[str, ...]:
        parts: list[Any] = value if isinstance(value, list) else [None]
        if (
            not all(isinstance(part, str) and "\0" not in part for part in parts)
            or parts[:1] == [""]
            or not (parts or may_be_none)
        ):
            raise SettingError(f"{path} must be a list of texts: a program and its arguments, like {example}")
        return (str(expanded(parts[0])), *parts[1:]) if parts and parts[0].startswith("~") else tuple(parts)

    return read


_CODE_FOLLOWS = r"-[A-Za-z]*[ce]|--(command|eval|execute)"
"""Options whose argument an interpreter runs."""
_CODE = r"-[A-Za-z]*c.|--(command|eval|execute)="
"""The same, with the code in the same argument."""
_RUN_ARGUMENTS = frozenset({"ssh", "rsh", "eval", "tmux", "watch", "parallel"})
"""Programs that hand their arguments to a shell; tmux runs what stands in `#(...)`."""


def command_with_fields(example: str, fields: Iterable[str], may_be_none: bool = False) -> ValueReader:
    """Returns a reader of a command with fields. It refuses them in a text that a shell runs: a label comes from
    outside and could hold commands."""
    read_command = command(example, may_be_none)
    shape = rf"\{{({'|'.join(fields)})\}}"

    def read(path: str, value: object) -> tuple[str, ...]:
        parts: tuple[str, ...] = read_command(path, value)
        if parts and (field := next(iter(re.findall(shape, parts[0])), "")):
            raise SettingError(
                f"{path} begins with {{{field}}}: write the program itself, since names come from outside"
            )
        if field := next(_fields_in_code(parts, shape), ""):
            raise SettingError(
                f"{path} has {{{field}}} in a text that a shell runs, and a label could hold commands; "
                f'write "$CODEARTS_{field.upper()}" there: the command has it in its environment'
            )
        return parts

    return read


def _fields_in_code(parts: Sequence[str], shape: str) -> Iterator[str]:
    is_code = code_follows = False
    for part in parts:
        if (code_follows and part[:1] != "-") or is_code or re.match(_CODE, part):
            yield from re.findall(shape, part)
            code_follows = False
        code_follows = code_follows or bool(re.fullmatch(_CODE_FOLLOWS, part))
        is_code = is_code or part.rpartition("/")[2] in _RUN_ARGUMENTS  # also behind sudo, env, timeout and so on


_QUOTED_KINDS = ", ".join(f'"{kind}"' for kind in AlertOn)


def alert_kinds(path: str, value: object) -> frozenset[AlertOn]:
    """Reads a list of kinds of alerts. One without any is allowed: then only armed jobs tell their end."""
    if not isinstance(value, list) or not all(isinstance(part, str) and part in set(AlertOn) for part in value):
        raise SettingError(f"{path} must be a list of {_QUOTED_KINDS}")
    return frozenset(map(AlertOn, value))


def quiet_times(path: str, value: object) -> str:
    if not isinstance(value, str) or (value.strip() and not quiet_hours(value)):
        raise SettingError(f'{path} must be two times of day like "22:00-07:00", or "" for none')
    return value.strip()


def switch(path: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"{path} must be true or false")
    return value


def number(low: float, high: float, unit: str) -> ValueReader:
    def read(path: str, value: object) -> float:
        given = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if given is None or not low <= given <= high:  # nan is in no range
            raise SettingError(f"{path} must be a number from {low:g} to {high:g}{unit}")
        return float(given)

    return read


def whole_number(low: int, high: int) -> ValueReader:
    def read(path: str, value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise SettingError(f"{path} must be a whole number from {low} to {high}")
        return value

    return read


def address(path: str, value: object) -> str:
    template = text(path, value)
    try:
        fields = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError:
        fields = []
    plain = all(name in ("job_id", "region") and not form and not conversion for name, form, conversion in fields)
    named = [name for name, _, _ in fields]
    if template and not (plain and "job_id" in named and template.startswith(("https://", "http://"))):
        raise SettingError(f"{path} must be an address like https://console.example.com/{{region}}/{{job_id}}")
    return template
