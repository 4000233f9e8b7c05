"""The screen on a scripted reader: each job is read once at the start, and then not for an hour unless refreshed."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from textual.pilot import Pilot
from textual.scrollbar import ScrollBar, ScrollBarRender

from tests.support.builders import DAY, job_id
from tests.support.credential_fakes import NoCredential
from tui.codearts.auth.credentials import Credential, EnvironmentToken
from tui.codearts.endpoints import Endpoint
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading, Status
from tui.polling.outcomes import FactReports
from tui.polling.policy import Policy
from tui.polling.poller import Poller, PollerGroup
from tui.profiles.extras import JobFacts
from tui.storage.learned import KeptNames
from tui.storage.screen_state import ScreenState
from tui.storage.settings import Settings, UiSettings
from tui.storage.watchlist import MemoryWatchlist, WatchlistStore
from tui.terminal.capabilities import UNICODE
from tui.ui.app import WatchApp
from tui.ui.board_screen import BoardScreen
from tui.ui.screen_deps import ScreenDeps

HOUR = 3600.0
POLICY = Policy(HOUR, HOUR, 1000.0, 8)


@dataclass(frozen=True)
class Where:
    """A profile as the screen knows it."""

    name: str
    endpoint: Endpoint
    credential: Credential
    sign_in: "Door"
    warning: str = ""
    extras: Any = None

    async def look(self) -> Failure | None:
        """The expiry of its credential stays unknown."""
        found = await self.credential.authenticate("GET", "")
        return found if isinstance(found, Failure) else None


async def no_problem(answer: object) -> str:
    """Saves the answer of a dialog nowhere."""
    return ""


@dataclass
class Door:
    """A form that accepts any text with a space, such as `open sesame`; the check fails while `closed` is set."""

    wants: str = "token"
    closed: Failure | None = None
    given: str = ""
    who: str = "IAM user reader"

    def put(self, text: str) -> None:
        if " " not in text:
            raise UserError("That is no token.")
        self.given = text

    async def check(self, job: JobId | None) -> Failure | None:
        return self.closed


PROFILE = Where("", Endpoint("https://build.example", "cn-north-4"), EnvironmentToken("token"), Door())


@dataclass
class Clock:
    """The clock of the event loop, which tests move ahead."""

    ahead: float = 0.0
    wrong: timedelta = timedelta()
    """How far the wall clock alone is ahead."""
    start: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def now(self) -> Moment:
        at = asyncio.get_running_loop().time() - self.start + self.ahead
        return Moment(at, DAY + timedelta(seconds=at) + self.wrong)


@dataclass
class Script(NoCredential):
    """A reader that returns the given outcomes at once, and records which jobs it read."""

    now: Callable[[], Moment]
    outcomes: dict[JobId, Status | Failure]
    asked: list[JobId] = field(default_factory=list)

    async def read(self, job: JobId) -> Reading:
        self.asked.append(job)
        return Reading(job, self.outcomes.get(job, Status.IDLE), self.now(), self.now(), 200, "c0ffee")

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass
class Screen:
    """The running app and the fakes around it."""

    app: WatchApp
    pilot: Pilot[None]
    reader: Script
    clock: Clock
    store: WatchlistStore
    saved: list[ScreenState]

    @property
    def board(self) -> BoardScreen:
        return self.app.board_screen

    async def press(self, *keys: str) -> None:
        """Press keys one after another; each waits until the one before has acted."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Letters as fast as they are taken, for a field that has the focus."""
        await self.pilot.press(*text)
        await self.settle()

    async def settle(self) -> None:
        """Wait until no key is held and no frame is due."""
        await self.until(lambda: not self.app.holds_keys and not self.board.draws_soon)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; fails after many turns of the loop."""
        for _ in range(500):
            await self.pilot.pause()
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"the condition never held; the screen shows:\n{self.text}")

    async def all_read(self) -> None:
        """Wait until every watched job was read once."""
        await self.until(lambda: all(state.last for state in self.board.state.board.states.values()))

    async def ask_all(self) -> None:
        """Read every job once more, and wait for that."""
        before = {job: state.last for job, state in self.board.state.board.states.items()}
        self.board.live.pollers.refresh(None)
        await self.until(
            lambda: all(state.last is not before.get(job) for job, state in self.board.state.board.states.items())
        )
        await self.settle()

    @property
    def lines(self) -> list[str]:
        """The screen as a person sees it, without colours."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def said(self) -> str:
        """The notices that are on the screen now."""
        return "\n".join(notice.message for notice in self.app._notifications)

    @property
    def cursor(self) -> JobId | None:
        return self.board.table.cursor


def jobs(number: int) -> list[Job]:
    return [Job(job_id(n), f"job {n:03}", ("even",) if n % 2 == 0 else ()) for n in range(1, number + 1)]


@dataclass(frozen=True)
class Profiles:
    """A service whose profiles are all the same one."""

    reader: "Script"
    clock: "Clock"
    names: tuple[str, ...]
    the_one: Where | None

    def profile(self, name: str) -> Where:
        return self.the_one or PROFILE

    def pollers(self, report: Callable[[list[Reading]], None]) -> PollerGroup:
        def make(name: str) -> Poller:
            return Poller(self.reader, report, POLICY, clock=lambda: self.clock.now().at, uniform=random.uniform)

        return PollerGroup(make, self.names[0])

    def facts(self, profile_of: Callable[[JobId], str], reports: FactReports) -> JobFacts:
        return JobFacts(lambda name: None, profile_of, KeptNames(None), self.clock.now, reports)

    async def close(self) -> None:
        await self.reader.close()


def _with_parts(parts: dict[str, Any]) -> Settings:
    """Takes the parts that are settings out of `parts`, and returns settings with them."""
    settings: Settings = parts.pop("settings", Settings())
    looks = {name: parts.pop(name) for name in UiSettings._fields if name in parts}
    others = {name: parts.pop(name) for name in ("keys", "alerts", "views", "commands") if name in parts}
    return settings._replace(ui=settings.ui._replace(**looks), **others)


@asynccontextmanager
async def screen(
    watched: int | list[Job] = 3,
    outcomes: Mapping[JobId, Status | Failure] | None = None,
    size: tuple[int, int] = (80, 24),
    store: WatchlistStore | None = None,
    names: tuple[str, ...] = ("",),
    profile: Where | None = None,
    draws_notices: bool = False,
    **parts: Any,
) -> AsyncIterator[Screen]:
    """The app with so many jobs, all of them read once when the block begins."""
    ScrollBar.renderer = ScrollBarRender  # an app without UTF-8 in this process has put its own there
    clock = Clock()
    reader = Script(clock.now, dict(outcomes or {}))
    store = store or MemoryWatchlist(jobs(watched) if isinstance(watched, int) else watched)
    saved: list[ScreenState] = []
    given: dict[str, Any] = {
        "store": store,
        "jobs": store.load().jobs,
        "service": lambda: Profiles(reader, clock, names, profile),
        "now": clock.now,
        "state": ScreenState(details=False),
        "save_state": saved.append,
        "themes": None,
        "glyphs": UNICODE,
        "environ": {},
        "settings": _with_parts(parts),
    }
    app = WatchApp(ScreenDeps(**(given | parts)))
    app.board_screen.apart = 0.01
    async with app.run_test(size=size, notifications=draws_notices) as pilot:
        shown = Screen(app, pilot, reader, clock, store, saved)
        await shown.all_read()
        await shown.settle()
        yield shown
