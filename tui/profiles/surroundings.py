"""What profiles are made from: the flags, the environment and where the settings are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tui.codearts.private_file import expanded
from tui.core.problem import Problem
from tui.core.reading import Moment
from tui.core.text import clean
from tui.storage.settings import Settings


class Flags(NamedTuple):
    """What the command line says of the profile in charge."""

    profile: str = ""
    region: str = ""
    endpoint: str = ""
    allow_http: bool = False
    allow_host: tuple[str, ...] = ()
    token_file: Path | None = None


class Found(NamedTuple):
    """One effective value, in words, and where it came from. Shows no secret."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`environ` is as it was at the start, `folder` that of the settings, `note` writes a line to the log."""

    flags: Flags
    environ: Mapping[str, str] = field(repr=False)
    home: Path
    folder: Path
    now: Callable[[], Moment]
    note: Callable[[str], None]

    def variable(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def file(self, name: str) -> Path:
        """`~` is the home; any other relative name counts from the settings' folder."""
        return self.folder / expanded(name)


def choose(flags: Flags, environ: Mapping[str, str], settings: Settings) -> tuple[str, str]:
    """The profile in charge, and why it is. Empty: the one without a name. Raises Problem for an unknown one."""
    known = settings.profiles
    for name, origin in ((flags.profile, "--profile"), (environ.get("CODEARTS_PROFILE", ""), "CODEARTS_PROFILE")):
        if name in known:
            return name, origin
        if name:
            names = ", ".join(known) or "none yet: write [profiles.NAME] into settings.toml"
            raise Problem(f"{origin} names the profile {clean(name, 60)!r}, which is not in the settings ({names}).")
    if settings.default_profile:
        return settings.default_profile, "settings: default_profile"
    if len(known) == 1:
        return next(iter(known)), "settings: the only one"
    return "", "default"
