"""The dependencies of the screen. All of them are built outside and passed in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tui.core.board import Board, JobState
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Moment, Reading
from tui.storage.screen_state import ScreenState
from tui.storage.settings import Settings, ViewSettings
from tui.storage.watchlist import WatchlistStore
from tui.terminal.capabilities import Glyphs

if TYPE_CHECKING:
    from tui.codearts.auth.credentials import Credential
    from tui.codearts.endpoints import Endpoint
    from tui.codearts.log_api import BuildSource
    from tui.core.observed_run import ObservedRun
    from tui.polling.outcomes import FactReports
    from tui.polling.poller import PollerGroup
    from tui.storage.recorder import Recorder


class SignInForm(Protocol):
    """Signs a profile in with what the user types."""

    @property
    def wants(self) -> str:
        """`token` or `password`."""

    @property
    def who(self) -> str:
        """The user whose password is wanted: `IAM user NAME`."""

    def put(self, text: str) -> None:
        """Use this token or password from now on. Raises UserError if it cannot be one."""

    async def check(self, job: JobId | None) -> Failure | None:
        """Try it with one call. Returns None if the service accepted it."""


class ScreenProfile(Protocol):
    """A profile as the screen sees it."""

    @property
    def name(self) -> str: ...
    @property
    def endpoint(self) -> "Endpoint": ...
    @property
    def credential(self) -> "Credential": ...
    @property
    def extras(self) -> "BuildSource | None":
        """What asks for names, outcomes and logs; None where only the status call may be sent."""

    @property
    def sign_in(self) -> SignInForm: ...
    async def look(self) -> object:
        """Ask IAM when the token in use expires. Raises UserError if IAM cannot be asked."""

    @property
    def warning(self) -> str:
        """Shown in the banner all the time, such as that certificates are not verified; empty for none."""


class ScreenService(Protocol):
    """All profiles, and the pollers that ask their services."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the profiles in the settings, the default one first."""

    def profile(self, name: str) -> ScreenProfile:
        """The profile of this name, which may be in the watchlist only."""

    def pollers(self, report: Callable[[list[Reading]], None]) -> "PollerGroup":
        """Pollers that call `report` with their readings."""

    def facts(self, profile_of: Callable[[JobId], str], reports: "FactReports") -> "ScreenFacts":
        """What asks for names and outcomes, and reports them."""

    async def close(self) -> None:
        """Close all connections."""


class ScreenFacts(Protocol):
    """Asks for names and outcomes of the watched jobs."""

    def watch(self, jobs: Iterable[JobId]) -> None:
        """Ask about exactly these jobs from now on."""

    def prefer(self, jobs: Iterable[JobId]) -> None:
        """Ask about these jobs first."""

    def asks_outcome(self, job: JobId) -> bool:
        """Whether the outcome of the job's run is asked for once it stops."""

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Ask about each of these jobs that stopped between the two boards."""

    def look_again(self, state: JobState) -> None:
        """Ask once more about the job's last run, if what became of it is not known."""

    async def run(self) -> None:
        """Ask until cancelled."""


class ScreenDeps(NamedTuple):
    """What the screen needs from outside."""

    store: WatchlistStore
    jobs: Sequence[Job]
    """The jobs in the store."""
    service: Callable[[], ScreenService]
    """Builds the service. Called after the first frame, because it takes time. Raises UserError."""
    now: Callable[[], Moment]
    state: ScreenState
    save_state: Callable[[ScreenState], None]
    """Raises UserError if it cannot be saved."""
    themes: Path | None
    """Folder of the user's own themes."""
    glyphs: Glyphs
    environ: Mapping[str, str]
    settings: Settings = Settings()
    """Edited ones replace these while the screen is open; theme and columns that are chosen on the screen go first."""
    notices: tuple[str, ...] = ()
    """Shown once, at the start."""
    warning: str = ""
    """Shown in the banner all the time: what is unusual about where the watchlist is kept."""
    save_view: Callable[[str, ViewSettings], None] | None = None
    """Writes a view into the settings; raises UserError. None if there is no settings file."""
    settings_file: Path | None = None
    """Loaded again when it is edited."""
    job_names: Mapping[JobId, ServiceName] = {}
    """What the service called the jobs when it was asked last."""
    older_runs: "Callable[[JobId, float], Sequence[ObservedRun]] | None" = None
    """Reads runs of a job that began before then (epoch seconds); raises UserError, may take long. None for none."""
    recorder: "Recorder | None" = None
    """Keeps the history; None for none."""
    is_demo: bool = False
    """Whether the service is the simulated one, which the header says."""
    thread_exits: Sequence[int] = ()
    """Has an exit code for each thread that a bug has ended: the screen that would open then ends at once."""
