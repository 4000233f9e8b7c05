"""Profiles for tests, made as the program makes them: from arguments, an environment and a settings file."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.credential_fakes import TOKEN, URL
from tui.cli import parsed
from tui.clock import now
from tui.codearts.auth.credentials import AuthHeaders
from tui.context import App, Context
from tui.core.errors import UserError
from tui.core.reading import Failure, Moment
from tui.profiles.profile import Profile
from tui.storage.settings import load_settings

NO_WORD = TOKEN[:16]


@dataclass
class User:
    """Somebody with files in `home`, and with variables that a command takes secrets out of."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    now: Callable[[], Moment] = now

    def arguments(self, *argv: str) -> argparse.Namespace:
        path, watchlist = self.home / "settings.toml", self.home / "watchlist.toml"
        path.write_text(self.settings)
        files = ["--settings", str(path), "--watchlist", str(watchlist)]
        arguments: argparse.Namespace = parsed([*files, *argv])
        return arguments

    def context(self, *argv: str) -> Context:
        return Context(self.arguments(*argv), self.environ, self.now)

    def app(self, *argv: str) -> App:
        return self.context(*argv).app()

    def profile(self, *argv: str) -> Profile:
        """The one in charge."""
        app = self.app(*argv)
        return app.profile(app.default)

    def private(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        return path


async def shown(profile: Profile) -> AuthHeaders | Failure:
    """What the profile's credential shows for one request."""
    auth_headers = await profile.credential.authenticate("GET", URL)
    if isinstance(auth_headers, AuthHeaders):
        profile.credential.on_response(auth_headers, None)
    return auth_headers


def settings_problem(path: Path, text: str) -> str:
    """What is said of settings with this text, which cannot be used."""
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert message.startswith(f"{path} cannot be used")
    return message
