"""What the screen is given: everything is built outside and passed in."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading
from tui.storage.screen_state import ScreenState
from tui.storage.settings import Settings
from tui.storage.watchlist import WatchlistStore
from tui.terminal.capabilities import Glyphs

if TYPE_CHECKING:
    from tui.codearts.auth.credentials import Credential
    from tui.codearts.endpoints import Endpoint
    from tui.polling.poller_group import PollerGroup


class SignInForm(Protocol):
    """How a person can sign a profile in."""

    @property
    def wants(self) -> str:
        """`token` or `password`."""

    def put(self, text: str) -> None:
        """Use what was typed from now on. Raises Problem where it cannot be one."""

    async def check(self, job: JobId | None) -> Failure | None:
        """Try it with one call; None when the service accepted it."""


class ScreenProfile(Protocol):
    """What the screen wants to know of a profile."""

    @property
    def name(self) -> str: ...
    @property
    def endpoint(self) -> "Endpoint": ...
    @property
    def credential(self) -> "Credential": ...
    @property
    def sign_in(self) -> SignInForm: ...
    async def look(self) -> object:
        """Ask IAM about the token in use, so that its end is known. Raises Problem where that cannot be."""

    @property
    def warning(self) -> str:
        """What the banner says for as long as the screen is open, such as a verification that is off."""


class ScreenService(Protocol):
    """Who asks the service, by profiles."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the profiles in the settings, the default one first."""

    def profile(self, name: str) -> ScreenProfile:
        """Also one that only the watchlist knows."""

    def pollers(self, report: Callable[[list[Reading]], None]) -> "PollerGroup":
        """The pollers, which report to the function given."""

    async def close(self) -> None:
        """Closes the connections."""


class ScreenDeps(NamedTuple):
    """The parts that the screen puts together."""

    store: WatchlistStore
    jobs: Sequence[Job]
    """What the store has."""
    service: Callable[[], ScreenService]
    """Loads and makes all that asks, after the first frame, which can do without. Raises Problem."""
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
    settings_file: Path | None = None
    """Read again when it is edited."""
    settings: Settings = Settings()
    """What it said at the start."""
