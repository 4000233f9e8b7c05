"""Views and commands of the user's own in settings.toml, the names of the columns, and what the user changed on the
screen, kept until the next start. A file of that state that cannot be read is ignored.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w

from tui.core.filter import LONGEST, parse_filter
from tui.core.text import clean
from tui.storage.atomic import write_invented
from tui.storage.files import FileError, check_invented, read_text
from tui.storage.toml_document import Table, parse
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


LIMIT = 1 << 20
"""Bytes that the file may have."""
_MOST_FOLDED = 1000
"""Folded groups that are kept."""
FORMER_SORTS = {"status": "state", "for": "time", "note": "build"}
"""What columns were called before, and are called now."""


class ScreenState(NamedTuple):
    theme: str = ""
    sort: str = ""
    """The key of the column; empty for the watchlist's order."""
    reverse: bool = False
    filter: str = ""
    profile: str = ""
    """The only profile shown; empty for all."""
    details: bool = False
    problems_only: bool = False
    wide: bool = False
    group: str = ""
    """What rows are grouped by; empty for no groups."""
    folded: tuple[str, ...] = ()
    """The keys of folded groups, such as `tag:web`."""
    events_read: float = 0.0
    """What happened up to this moment was read by the user; epoch seconds."""
    columns: tuple[str, ...] = ()
    """The columns from left to right; empty for those of the settings."""
    details_below: bool = False
    """Whether the details are below the table, not beside it."""
    details_width: int = 0
    """Cells of the details beside the table, as the user chose; 0 for the usual width. So is the height below it."""
    details_height: int = 0


def load_state(path: Path) -> ScreenState:
    """Returns the state in this file, with the default for each value that is missing or wrong. Never raises."""
    try:
        content = parse(read_text(path, LIMIT, check_invented) or "")
    except FileError:
        return ScreenState()
    return ScreenState(
        theme=_text(content, "theme"),
        sort=FORMER_SORTS.get(sort := _text(content, "sort"), sort),
        reverse=content.get("reverse") is True,
        filter=_text(content, "filter"),
        profile=_text(content, "profile"),
        details=content.get("details") is True,
        details_below=content.get("details_below") is True,
        details_width=_cells(content, "details_width"),
        details_height=_cells(content, "details_height"),
        problems_only=content.get("problems_only") is True,
        wide=content.get("wide") is True,
        group=_text(content, "group"),
        folded=_texts(content, "folded"),
        events_read=_seconds(content, "events_read"),
        columns=tuple(dict.fromkeys(key for key in _texts(content, "columns") if key in COLUMNS)),
    )


def save_state(path: Path, state: ScreenState) -> None:
    """Raises UserError if it cannot be written."""
    write_invented(path, tomli_w.dumps({key: _plain(value) for key, value in state._asdict().items()}))


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value[:_MOST_FOLDED]]
    return clean(value, joiners=True) if isinstance(value, str) else value


def _text(content: Mapping[str, object], key: str) -> str:
    value = content.get(key)
    return clean(value, joiners=True) if isinstance(value, str) else ""


def _seconds(content: Mapping[str, object], key: str) -> float:
    value = content.get(key)
    return value if isinstance(value, float) and 0 <= value < 1e11 else 0.0


def _cells(content: Mapping[str, object], key: str) -> int:
    value = content.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1000 else 0


def _texts(content: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = content.get(key)
    known = value[:_MOST_FOLDED] if isinstance(value, list) else []
    return tuple(clean(one, joiners=True) for one in known if isinstance(one, str))
