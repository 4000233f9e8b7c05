"""The settings: written by the user in settings.toml. The program writes one table at a time there, such as a view."""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.core.alert_policy import ALERT_FIELDS, USUALLY_ON, AlertOn, Desktop, Rules, quiet_hours
from tui.core.errors import UserError
from tui.core.filter import LONGEST_FILTER, parse_filter
from tui.core.text import clean
from tui.storage.atomic import locked, not_saved, write_text
from tui.storage.files import FileError, is_ours, is_written_by_others, read_text
from tui.storage.toml_document import Table, parse, with_table
from tui.storage.validators import (
    SettingError,
    ValueReader,
    address,
    alert_kinds,
    command_with_fields,
    number,
    one_of,
    paths_in,
    quiet_times,
    refuse_unknown,
    secrets_in,
    section,
    several_of,
    switch,
    table,
    text,
    whole_number,
)

if TYPE_CHECKING:
    from tui.storage.profile_settings import ProfileSettings

LIMIT = 1 << 20
"""Bytes that the file may have."""
VIEW_NUMBERS = tuple("123456789")
"""The views that a user can have; 0 shows everything."""
COLUMNS = ("state", "time", "age", "job", "runs", "build", "tags", "project", "profile", "id")
"""All columns of the table, from left to right."""
USUAL_COLUMNS = ("state", "time", "job", "runs", "build", "tags")
"""The columns that are shown if no others are chosen."""
NAME_LONGEST = 30
"""Characters of the name of a view or a command."""
COMMAND_FIELDS = ("id", "label", "name", "number", "outcome")
"""What a command of the user's own gets of the job: in braces, and as `CODEARTS_ID` and so on."""
BACKGROUND, TERMINAL = "background", "terminal"
"""Where a command of the user's own runs."""
_MOST_COMMANDS = 40
"""Commands of the user's own."""


class PollingSettings(NamedTuple):
    """`[polling]`. Intervals are in seconds."""

    running: float = 5.0
    idle: float = 15.0
    requests_per_second: float = 5.0
    concurrency: int = 8


class UiSettings(NamedTuple):
    theme: str = ""
    mouse: bool | None = None
    """None: as the terminal suggests."""
    address: str = ""
    """A job's page in the console, with {job_id} and {region} where they belong."""
    columns: tuple[str, ...] = ()
    """The columns of the table, from left to right; empty for the usual ones."""


class AlertSettings(NamedTuple):
    bell: bool = False
    """Whether there are alerts about all jobs; otherwise about those that the user armed."""
    on: frozenset[AlertOn] = USUALLY_ON
    desktop: str = "auto"
    """`auto`, or the name of a `Desktop` protocol."""
    title: bool = False
    """Whether the terminal's title shows the counts."""
    command: tuple[str, ...] = ()
    """A program and its arguments, run for each alert; empty for none."""
    quiet: str = ""
    """`22:00-07:00`: without alerts between these local times; empty for never."""

    @property
    def rules(self) -> Rules:
        return Rules(self.bell, self.on, quiet_hours(self.quiet))


class ServiceSettings(NamedTuple):
    extras: bool = True
    """Names, outcomes, lists and logs; False: nothing but the status call."""


class ViewSettings(NamedTuple):
    """`[views.1]`: what a key shows. Whatever is not given is as in the view that shows everything."""

    name: str = ""
    filter: str = ""
    sort: str = ""
    """One of `SORTS`; empty for the automatic order, too."""
    reverse: bool = False
    group: str = ""
    profile: str = ""
    """The only profile shown; empty for all."""
    problems: bool = False
    """Whether only problems are shown."""
    columns: tuple[str, ...] = ()
    """From left to right; empty for the usual ones."""


class CommandSettings(NamedTuple):
    """`[commands.NAME]`: a command of the user's own on the job under the cursor."""

    command: tuple[str, ...]
    """A program and its arguments, run without a shell."""
    key: str = ""
    """As the user wrote it; empty: in the palette only."""
    run: str = BACKGROUND
    """Where: `background`, or `terminal`, from which the screen goes away meanwhile."""
    help: str = ""


class Settings(NamedTuple):
    polling: PollingSettings = PollingSettings()
    ui: UiSettings = UiSettings()
    keys: Mapping[str, str] = MappingProxyType({})
    """Keys by the name of what they do."""
    alerts: AlertSettings = AlertSettings()
    service: ServiceSettings = ServiceSettings()
    profiles: "Mapping[str, ProfileSettings]" = MappingProxyType({})
    default_profile: str = ""
    views: Mapping[str, ViewSettings] = MappingProxyType({})
    """By the number of their keys."""
    commands: Mapping[str, CommandSettings] = MappingProxyType({})
    """The user's own commands on a job, by their names."""
    given: frozenset[str] = frozenset()
    """The paths of the values in the file, such as `polling.idle`; all other values are defaults."""


class SettingsUnread(UserError):
    """The system refused to read the file; it may permit it later."""


def load_settings(path: Path) -> Settings:
    """Returns the settings in this file, or the defaults if there is none. Raises UserError."""
    try:
        text = read_text(path, LIMIT, check_owner)
        return _settings(parse(text)) if text else Settings()
    except FileError as unreadable:
        kind = SettingsUnread if unreadable.may_pass else UserError
        raise kind(f"{clean(str(path))} cannot be used{unreadable.place}: {unreadable.reason}") from None
    except RecursionError:
        raise UserError(f"{clean(str(path))} cannot be used: it nests too deep") from None
    except SettingError as unfit:
        raise UserError(f"{clean(str(path))} cannot be used: {clean(str(unfit))}") from None


def check_owner(found: os.stat_result) -> None:
    """Raises FileError if another user could change the file, and so run commands as this user. ssh does the same."""
    if not is_ours(found):
        raise FileError("it belongs to another user, and could run any command as you: copy it, or run chown on it")
    if is_written_by_others(found):
        raise FileError("others may write it, and could run any command as you: run chmod go-w on it")


def _settings(content: Table) -> Settings:
    if secret := next(secrets_in(content), ""):
        raise SettingError(
            f"a secret does not belong in this file; take {secret} out of it, and name a variable, a file or a command "
            "that holds it instead"
        )
    from tui.storage.profile_settings import PROFILE, read_profiles  # only where there is a file that can name some

    elsewhere = {name: f"{part}.{name}" for part, readers in _SECTIONS.items() for name in readers}
    in_profile = {name: f"profiles.NAME.{name}" for name in PROFILE}
    refuse_unknown(
        "",
        content,
        (*_SECTIONS, "keys", "profiles", "default_profile", "views", "commands"),
        {**in_profile, **elsewhere},
    )
    values = {name: section(name, content.get(name, {}), readers, elsewhere) for name, readers in _SECTIONS.items()}
    keys = table("keys", content.get("keys", {}))
    profiles = read_profiles(content.get("profiles", {}))
    views = read_views(content.get("views", {}), profiles)
    return Settings(
        PollingSettings(**values["polling"]),
        UiSettings(**values["ui"]),
        {clean(name): text(f"keys.{name}", value) for name, value in keys.items()},
        AlertSettings(**values["alerts"]),
        ServiceSettings(**values["service"]),
        profiles,
        _default_profile(content.get("default_profile", ""), profiles),
        views,
        read_commands(content.get("commands", {})),
        frozenset(paths_in(content)),
    )


def _default_profile(value: object, profiles: "Mapping[str, ProfileSettings]") -> str:
    name = text("default_profile", value)
    _check_profile("default_profile", name, profiles)
    return name


def _check_profile(path: str, name: str, profiles: Collection[str]) -> None:
    if name and name not in profiles:
        known = ", ".join(profiles) or "none yet: write [profiles.NAME]"
        raise SettingError(f"{path} names {name!r}, and there is no such profile (known: {known})")


_SECTIONS: Mapping[str, Mapping[str, ValueReader]] = {
    "polling": {
        "running": number(1, 3600, " seconds"),
        "idle": number(1, 3600, " seconds"),
        "requests_per_second": number(0.01, 100, ""),
        "concurrency": whole_number(1, 64),
    },
    "ui": {"theme": text, "mouse": switch, "address": address, "columns": several_of(*COLUMNS)},
    "alerts": {
        "bell": switch,
        "on": alert_kinds,
        "desktop": one_of("auto", *Desktop),
        "title": switch,
        "command": command_with_fields('["notify-send", "--", "{label}"]', ALERT_FIELDS, may_be_none=True),
        "quiet": quiet_times,
    },
    "service": {"extras": switch},
}
LIVE = ("ui.theme", "ui.address", "ui.columns", "alerts.", "keys.", "views.", "commands.")
"""Settings that take effect when the file is edited; the others need a restart."""


def short_text(most: int) -> ValueReader:
    def read(path: str, value: object) -> str:
        given = text(path, value)
        if isinstance(value, str) and len(value) > most:
            raise SettingError(f"{path} has {len(value)} characters, and {most} is the most")
        return given

    return read


def _filter(path: str, value: object) -> str:
    given: str = short_text(LONGEST_FILTER)(path, value)
    if problem := parse_filter(given).problem:
        raise SettingError(f"{path}: {problem}")
    return given


_VIEW: Mapping[str, ValueReader] = {
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
    for key in content:
        if key not in VIEW_NUMBERS:
            why = "0 always shows everything" if key == "0" else "a view has the number of its key"
            raise SettingError(f"there can be no views.{clean(key, 20)}: {why}; take one from 1 to 9")
    views: dict[str, ViewSettings] = dict(sorted(_each("views", content, _view).items()))
    for key, view in views.items():
        _check_profile(f"views.{key}.profile", view.profile, profiles)
    return views


def _view(path: str, value: object) -> ViewSettings:
    view = ViewSettings(**section(path, value, _VIEW, {}))
    return view if view.name else view._replace(name=f"view {path[-1]}")


_COMMAND: Mapping[str, ValueReader] = {
    "command": command_with_fields('["my-log", "--", "{id}"]', COMMAND_FIELDS),
    "key": text,
    "run": one_of(BACKGROUND, TERMINAL),
    "help": short_text(60),
}


def read_commands(value: object) -> dict[str, CommandSettings]:
    """The commands by their names. Raises SettingError."""
    content = table("commands", value)
    if len(content) > _MOST_COMMANDS:
        raise SettingError(f"there are {len(content)} commands, and {_MOST_COMMANDS} is the most")
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


_LOCK_WAIT = 5.0
"""Seconds to wait for another writer."""


def save_view(path: Path, number: str, view: ViewSettings) -> None:
    """Writes `[views.NUMBER]`. May wait for the disk: call it in a thread. Raises UserError if nothing was written."""
    with locked(path, _LOCK_WAIT) as real:
        try:
            before = read_text(real, LIMIT, check_owner) or ""
            after = with_table(before, ("views", number), view._asdict())
        except FileError as unreadable:
            raise not_saved(path, f"{unreadable.reason}{unreadable.place}") from None
        if after is None:
            raise not_saved(path, f"[views.{number}] is written there in an unusual way: change it by hand")
        if len(after.encode()) > LIMIT:
            raise not_saved(path, f"it would be larger than {LIMIT >> 20} MiB")
        if after != before:
            write_text(real, after)
