"""What the keys do: one class for each group of keys. `action` of a command in `ui/keys.py` names object and method;
the objects are attributes of `BoardScreen`, and each has a file of its name here.

    copying    IDs, reports, requests, addresses
    cursor     to other rows, marks
    details    the pane with everything about a job
    dialogs    what is opened to be read
    filter     the line in which the filter is typed
    look       order, columns, groups, profiles, views
    program    closing, quitting, the user's own commands
    service    asking, pausing, alerts, signing in
    watchlist  adding, finding, removing, labels, tags, undo
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from tui.core.errors import NEEDS_EXTRAS
from tui.core.job import JobId
from tui.core.reading import Failure, Retry
from tui.core.run import RunRecord
from tui.ui.happened import LONG_ENOUGH

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from tui.codearts.extra_call import ExtraCall
    from tui.codearts.log_api import BuildSource
    from tui.ui.board_screen import BoardScreen
    from tui.ui.screen_deps import ScreenDeps

T = TypeVar("T")
LOOK_EVERY = 0.5
"""Seconds between two looks at what keeps a call from being sent."""


class AwaitedExtras:
    """Sends extras for a dialog. In the background they wait until sign-in and network are well again; here the reason
    is returned instead, and a refused sign-in with the key that helps."""

    def __init__(self, extras: "BuildSource", trouble: Callable[[], Failure | None], sign_in_key: str) -> None:
        """`trouble` returns why no call is sent now; None if calls are sent."""
        self._extras = extras
        self._trouble = trouble
        self._sign_in_key = sign_in_key

    async def fetch(self, call: "ExtraCall[T]") -> T | Failure:
        """Returns what the call brings, or why it brings nothing."""
        return await self._brought(self._extras.fetch(call))

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""
        return await self._brought(self._extras.last_run(job))

    async def _brought(self, asking: Coroutine[Any, Any, T | Failure]) -> T | Failure:
        brought = await self._unless_in_trouble(asking)
        if isinstance(brought, Failure) and brought.kind.retry is Retry.SIGN_IN:
            return brought._replace(summary=f"{brought.summary} Press esc, then {self._sign_in_key} to sign in.")
        return brought

    async def _unless_in_trouble(self, asking: Coroutine[Any, Any, T | Failure]) -> T | Failure:
        from tui.polling.rate_limiter import awaited  # the first frame does not wait for it

        with awaited():  # the task keeps that
            task = asyncio.ensure_future(asking)
        try:
            while not task.done():
                if trouble := self._trouble():
                    return trouble
                await asyncio.wait([task], timeout=LOOK_EVERY)
            return task.result()
        finally:
            task.cancel()


class Actions:
    """Base of all groups. A coroutine method runs as a worker, so it may wait for a dialog or for the disk."""

    def __init__(self, screen: "BoardScreen") -> None:
        self.screen = screen
        self.state, self.table, self.live, self.editor = screen.state, screen.table, screen.live, screen.editor

    @property
    def deps(self) -> "ScreenDeps":
        """Not kept, since edited settings replace it."""
        return self.screen.deps

    def targets(self) -> list[JobId]:
        """The jobs that an action applies to: see `JobTable.targets`; none if the cursor or all marks are out of sight.

        A notice says so.
        """
        if not self.table.marks and self.brings_cursor():
            return []
        jobs = self.table.targets
        if self.table.marks and not jobs:
            self.say(f"The marked jobs are hidden by the filter. Press {self.screen.key('back')} to clear it.")
        return jobs

    def brings_cursor(self) -> bool:
        """Bring a cursor that is out of view into view, so that the same key then acts on what is seen.

        Returns whether it was out of view, or has been where it is for too short a time to be seen; a notice says so.
        """
        is_new = self.table.is_away or self.deps.now().at - self.table.came_by_itself_at < LONG_ENOUGH
        self.table.bring_cursor()
        if is_new:
            what = "group" if self.table.group else "job"
            self.say(f"The cursor has just come to this {what}. Press the key again to act on it.")
        return is_new

    def the_job(self) -> JobId | None:
        """The job under the cursor. A notice says what to do if there is none."""
        self.table.bring_cursor()
        if self.table.group:
            self.say("The cursor is on a group. Move it to one of the jobs.")
        elif not self.table.order and self.state.board.states:
            self.say(self.state.empty_text(self.screen.key).replace("\n\n", " "))
        elif not self.table.order:
            self.say(f"There is no job here. Press {self.screen.key('add')} to add some.")
        return self.table.cursor if self.table.order else None

    def extras(self, profile: str, what_needs: str) -> AwaitedExtras | None:
        """What sends other calls than the status call. A notice says why if none may be sent."""
        extras = self.live.service.profile(profile).extras
        if not extras:
            self.say(NEEDS_EXTRAS.format(what_needs))
        elif self.live.pollers.paused:
            self.say_paused()
        else:
            key = self.screen.key("sign_in")
            return AwaitedExtras(extras, lambda: self.live.obstacles().get(profile), key)
        return None

    def say_paused(self) -> None:
        one, everything = self.screen.key("pause"), self.screen.key("pause_all")
        self.say(f"Paused: nothing is asked. Press {one} to resume the job, {everything} to resume everything.")

    def say(self, text: str, severity: "SeverityLevel" = "information") -> None:
        self.screen.say(text, severity)
