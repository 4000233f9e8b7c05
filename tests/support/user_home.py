"""Profiles for tests, made as the program makes them: from arguments, an environment and a settings file."""

import argparse
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from tui.cli import COMMANDS
from tui.codearts.auth.credentials import AuthHeaders
from tui.commands.arguments import DEFAULTS, parser
from tui.context import App, ProfilePlan, build_app, profile_plan
from tui.core.reading import Failure
from tui.files import files_of
from tui.profiles.profile import Profile

TOKEN = "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBglghkgBZQMEAgEw"
NO_WORD = TOKEN[:16]
URL = "https://cloudbuild-ext.cn-north-4.myhuaweicloud.com/v3/jobs/901878212b1a49be9c1a1054c272762a/status"


@dataclass
class User:
    """A user with files in `home`, and with an environment from which commands remove secrets."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    settings: str = ""

    def arguments(self, *argv: str) -> argparse.Namespace:
        path, watchlist = self.home / "settings.toml", self.home / "watchlist.toml"
        path.write_text(self.settings)
        files = ["--settings", str(path), "--watchlist", str(watchlist)]
        return parser(COMMANDS).parse_args([*files, *argv], copy(DEFAULTS))

    def plan(self, *argv: str) -> ProfilePlan:
        arguments = self.arguments(*argv)
        return profile_plan(files_of(arguments), arguments, self.environ)

    def gather(self, *argv: str) -> App:
        arguments = self.arguments(*argv)
        return build_app(files_of(arguments), arguments, self.environ)

    def profile(self, *argv: str) -> Profile:
        """Returns the profile in charge."""
        parts = self.gather(*argv)
        return parts.profile(parts.default)

    def private(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        return path


async def shown(profile: Profile) -> AuthHeaders | Failure:
    """Returns the headers that the profile's credential makes for one request."""
    auth_headers = await profile.credential.authenticate("GET", URL)
    if isinstance(auth_headers, AuthHeaders):
        profile.credential.on_response(auth_headers, None)
    return auth_headers
