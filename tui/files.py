"""The files that a command needs, before anything that talks to the service is loaded."""

import argparse
from collections.abc import Iterator
from os.path import lexists
from pathlib import Path
from typing import NamedTuple

from tui.core.errors import UserError
from tui.core.text import clean
from tui.storage.files import Locations, default_locations
from tui.storage.settings import Settings, load_settings
from tui.storage.watchlist import WatchlistFile


class Files(NamedTuple):
    """Where the user's files are, and what the settings say."""

    locations: Locations
    settings_file: Path | None
    """None without a home folder, unless --settings names one."""
    settings: Settings
    watchlist: WatchlistFile


def files_of(arguments: argparse.Namespace) -> Files:
    """Raises Problem for settings that cannot be used."""
    locations = default_locations()
    path = arguments.settings or locations.settings
    if arguments.settings and not arguments.settings.exists():
        raise UserError(f"There is no {clean(str(path))}: name the file that --settings means.")
    return Files(locations, path, load_settings(path) if path else Settings(), watchlist_of(arguments, locations))


def watchlist_of(arguments: argparse.Namespace, locations: Locations) -> WatchlistFile:
    """Raises Problem where there is no place for one."""
    path = arguments.watchlist or locations.watchlist
    if not path:
        raise UserError("Nobody knows your home folder: set HOME, or name the list with --watchlist FILE.")
    return WatchlistFile(path)


class Finding(NamedTuple):
    """What is wrong with something that the screen reads; `is_refused` where the screen does not open with it."""

    name: str
    text: str
    is_refused: bool


def screen_findings(files: Files) -> Iterator[Finding]:
    """About all that the screen reads besides the settings' own values: keys, themes and the watchlist."""
    from tui.ui.keys import check_keys
    from tui.ui.themes import load_themes

    try:
        check_keys(files.settings.keys)
    except UserError as problem:
        yield Finding("keys", str(problem), True)
    themes = load_themes(files.locations.themes)
    names = [theme.name for theme in themes.themes]
    if files.settings.ui.theme not in ("", *names):
        wanted = clean(files.settings.ui.theme, 60)
        yield Finding("theme", f"There is no theme {wanted!r}; there are {', '.join(names)}.", False)
    folder = files.locations.themes
    if folder and lexists(folder):
        yield from (Finding("theme", problem, False) for problem in themes.problems)
    try:
        yield from (Finding("watchlist", warning, False) for warning in files.watchlist.load().warnings)
    except UserError as problem:
        yield Finding("watchlist", str(problem), True)
