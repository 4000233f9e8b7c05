"""The files that a command needs, before anything that talks to the service is loaded."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.clock import now
from tui.core.problem import Problem
from tui.core.text import clean
from tui.storage.locations import Locations, default_locations
from tui.storage.settings import Settings, load_settings
from tui.storage.watchlist import WatchlistFile, WatchlistStore

if TYPE_CHECKING:
    from tui.log import Log


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
        raise Problem(f"There is no {clean(str(path))}: name the file that --settings means.")
    return Files(locations, path, load_settings(path) if path else Settings(), watchlist_of(arguments, locations))


def watchlist_of(arguments: argparse.Namespace, locations: Locations) -> WatchlistFile:
    """Raises Problem where there is no place for one."""
    path = arguments.watchlist or locations.watchlist
    if not path:
        raise Problem("Nobody knows your home folder: set HOME, or name the list with --watchlist FILE.")
    return WatchlistFile(path)


def log_of(arguments: argparse.Namespace) -> "Log | None":
    """None without --log. Raises Problem where it cannot be written."""
    if not arguments.log:
        return None
    from tui.log import open_log

    return open_log(arguments.log, now)


def noted(store: WatchlistStore, log: "Log | None") -> WatchlistStore:
    """The store, whose changes the log tells where there is one."""
    if not log:
        return store
    from tui.log import NotedStore

    return NotedStore(store, log.note)
