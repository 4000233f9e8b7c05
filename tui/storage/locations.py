"""Where the files live: the platform's folders; on Linux the XDG variables decide."""

from pathlib import Path
from typing import NamedTuple

from platformdirs import PlatformDirs


class Locations(NamedTuple):
    """The files and folders of one user. None of them needs to exist."""

    watchlist: Path
    settings: Path
    state: Path
    themes: Path


def default_locations() -> Locations:
    """The locations that count where no flag names others."""
    folders = PlatformDirs("codearts-watch", appauthor=False)
    config = folders.user_config_path
    return Locations(
        watchlist=config / "watchlist.toml",
        settings=config / "settings.toml",
        state=folders.user_state_path / "screen.toml",
        themes=config / "themes",
    )
