"""Where the files live: the platform's folders; on Linux the XDG variables decide."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from platformdirs import PlatformDirs

from tui.core.paths import expanded

NAME = "codearts-watch"


class Locations(NamedTuple):
    """The files and folders of one user. None of them needs to exist; all are None for a user without a home."""

    watchlist: Path | None
    settings: Path | None
    state: Path | None
    themes: Path | None


def default_locations() -> Locations:
    """The locations that count where no flag names others."""
    folders = PlatformDirs(NAME, appauthor=False)
    config = _folder("XDG_CONFIG_HOME", lambda: folders.user_config_path)
    state = _folder("XDG_STATE_HOME", lambda: folders.user_state_path)
    return Locations(
        watchlist=config and config / "watchlist.toml",
        settings=config and config / "settings.toml",
        state=state and state / "screen.toml",
        themes=config and config / "themes",
    )


def _folder(variable: str, usual: Callable[[], Path]) -> Path | None:
    """In a container, for example, the user may have no name and no home."""
    if (chosen := os.environ.get(variable, "")).startswith("~"):  # quoted, so that no shell expanded it
        return expanded(chosen) / NAME
    try:
        folder = usual()
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None
