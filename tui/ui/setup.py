"""What the screen is given: everything is built outside and passed in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tui.codearts.credentials import Credential
from tui.codearts.endpoints import Endpoint
from tui.core.job import JobId
from tui.core.reading import Failure, Moment, Reading
from tui.polling.desk import Desk
from tui.storage.state import ScreenState
from tui.storage.watchlist import WatchlistStore
from tui.ui.glyphs import Glyphs


class SignIn(Protocol):
    """How a person can sign a profile in."""

    @property
    def wants(self) -> str:
        """`token` or `password`."""

    def put(self, text: str) -> None:
        """Use what was typed from now on. Raises Problem where it cannot be one."""

    async def check(self, job: JobId | None) -> Failure | None:
        """Try it with one call; None when the service accepted it."""


class Profile(Protocol):
    """What the screen wants to know of a profile."""

    @property
    def name(self) -> str: ...
    @property
    def endpoint(self) -> Endpoint: ...
    @property
    def credential(self) -> Credential: ...
    @property
    def sign_in(self) -> SignIn: ...
    async def look(self) -> object:
        """Ask IAM about the token in use, so that its end is known. Raises Problem where that cannot be."""

    @property
    def warning(self) -> str:
        """What the banner says for as long as the screen is open, such as a verification that is off."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The parts that the screen puts together."""

    store: WatchlistStore
    desk: Callable[[Callable[[list[Reading]], None]], Desk]
    """Makes the pollers, which report to the function given."""
    close: Callable[[], Awaitable[None]]
    """Closes the connections."""
    profile: Callable[[str], Profile]
    """A profile by its name; also one that only the watchlist knows."""
    profiles: tuple[str, ...]
    """The names of those in the settings, the default one first."""
    now: Callable[[], Moment]
    state: ScreenState
    save_state: Callable[[ScreenState], None]
    """Raises Problem when it cannot."""
    themes: Path | None
    """The folder of the user's own themes."""
    glyphs: Glyphs
    environ: Mapping[str, str]
    keys: Mapping[str, str]
    alert: tuple[str, ...] = ()
    """The command to run when a job starts or stops."""
    theme: str = ""
    """From the settings; what was chosen on the screen comes first."""
    address: str = ""
    """A template of a job's page, with {job_id} and {region}."""
    notices: tuple[str, ...] = ()
    """What the user should know at the start."""
    warning: str = ""
    """What the user should know all the time about where the list is kept."""
