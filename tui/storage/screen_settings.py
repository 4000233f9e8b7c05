"""Views and commands of the user's own, as settings.toml has them, and the names of the columns there."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from tui.core.filter import LONGEST, parse_filter
from tui.core.text import clean
from tui.storage.toml_document import Table
from tui.storage.validators import (
    Reader,
    SettingError,
    command_with_fields,
    one_of,
    section,
    several_of,
    switch,
    table,
    text,
)

NUMBERS = tuple("123456789")
"""The views that a user can have; 0 shows everything."""
COLUMNS = ("state", "time", "age", "job", "runs", "build", "tags", "project", "profile", "id")
"""All of them, from left to right."""
USUAL = ("state", "time", "job", "runs", "build", "tags")
"""Those that are shown if no others are chosen."""

NAME_LONGEST = 30
"""Characters of a name on the screen."""


class ViewSettings(NamedTuple):
    """`[views.1]`: what a key shows. Whatever is not given is as in the view that shows everything."""

    name: str = ""
    filter: str = ""
    sort: str = ""
    """The key of a column; empty for the watchlist's order."""
    reverse: bool = False
    group: str = ""
    profile: str = ""
    """The only profile shown; empty for all."""
    problems: bool = False
    """Whether only problems are shown."""
    columns: tuple[str, ...] = ()
    """From left to right; empty for the usual ones."""


def short_text(most: int) -> Reader:
    def read(path: str, value: object) -> str:
        given = text(path, value)
        if isinstance(value, str) and len(value) > most:
            raise SettingError(f"{path} has {len(value)} characters, and {most} is the most")
        return given

    return read


def _filter(path: str, value: object) -> str:
    given: str = short_text(LONGEST)(path, value)
    if problem := parse_filter(given).problem:
        raise SettingError(f"{path}: {problem}")
    return given


_VIEW: Mapping[str, Reader] = {
    "name": short_text(NAME_LONGEST),
    "filter": _filter,
    "sort": text,
    "reverse": switch,
    "group": text,
    "profile": text,
    "problems": switch,
    "columns": several_of(*COLUMNS),
}


def read_views(value: object, profiles: Collection[str]) -> dict[str, ViewSettings]:
    """The views by number, in order. Raises SettingError, also for a profile that is none of these."""
    content = table("views", value)
    for number in content:
        if number not in NUMBERS:
            why = "0 always shows everything" if number == "0" else "a view has the number of its key"
            raise SettingError(f"there can be no views.{clean(number, 20)}: {why}; take one from 1 to 9")
    views: dict[str, ViewSettings] = dict(sorted(_each("views", content, _view).items()))
    for number, view in views.items():
        if view.profile and view.profile not in profiles:
            known = ", ".join(profiles) or "none yet: write [profiles.NAME]"
            raise SettingError(f"views.{number}.profile names {view.profile!r}, which is no profile (known: {known})")
    return views


def _view(path: str, value: object) -> ViewSettings:
    view = ViewSettings(**section(path, value, _VIEW, {}))
    return view if view.name else view._replace(name=f"view {path[-1]}")


COMMAND_FIELDS = ("id", "label", "name", "number", "outcome")
"""What a command of the user's is given of the job: in braces, and as `CODEARTS_ID` and so on."""
BACKGROUND, TERMINAL = "background", "terminal"
_MOST = 40
"""Commands of the user's."""


class CommandSettings(NamedTuple):
    """`[commands.NAME]`: a command of the user's own on the job under the cursor."""

    command: tuple[str, ...]
    """A program and its arguments, run without a shell."""
    key: str = ""
    """As the user wrote it; empty: in the palette only."""
    run: str = BACKGROUND
    """Where: `background`, or `terminal`, from which the screen goes away meanwhile."""
    help: str = ""


_COMMAND: Mapping[str, Reader] = {
    "command": command_with_fields('["my-log", "--", "{id}"]', COMMAND_FIELDS),
    "key": text,
    "run": one_of(BACKGROUND, TERMINAL),
    "help": short_text(60),
}


def read_commands(value: object) -> dict[str, CommandSettings]:
    """The commands by their names. Raises SettingError."""
    content = table("commands", value)
    if len(content) > _MOST:
        raise SettingError(f"there are {len(content)} commands, and {_MOST} is the most")
    for name in content:
        if clean(name, NAME_LONGEST) != name or not name.strip():
            raise SettingError(f"commands.{clean(name, 20)} needs a name of 1 to {NAME_LONGEST} printable characters")
    return _each("commands", content, _command)


def _command(path: str, value: object) -> CommandSettings:
    given = section(path, value, _COMMAND, {})
    if "command" not in given:
        raise SettingError(f'{path} has no command: write command = ["my-log", "--", "{{id}}"]')
    return CommandSettings(**given)


def _each(part: str, content: Table, read: Callable[[str, object], Any]) -> dict[str, Any]:
    return {name: read(f"{part}.{clean(name, NAME_LONGEST)}", value) for name, value in content.items()}
