"""The running side of the screen: the service, its pollers, the alerts, and when credentials end. No widgets."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

from tui.core.board import Board, JobState
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading
from tui.ui.header import ProfileState, profile_state
from tui.ui.row import NOT_ASKED, Row, Subject
from tui.ui.screen_deps import ScreenDeps, ScreenService

if TYPE_CHECKING:
    from datetime import datetime

    from tui.alerts import Alerts
    from tui.codearts.endpoints import Endpoint
    from tui.polling.poller_group import PollerGroup

TICK = 1.0
"""Seconds between two ticks. Each looks at the clock, the header and the files; what did not change is not drawn."""
RARELY = 5
"""Every so many ticks all ages and durations are computed anew: they are shown in steps of this size."""


class Live:
    """Until `begin` succeeds, `is_asking` is False: no profile is known, and there are no pollers."""

    is_asking = False
    pollers: "PollerGroup"

    def __init__(self, deps: ScreenDeps, notify: Callable[[str], None]) -> None:
        """`notify` shows a warning to the user."""
        self._make_service = deps.service
        self._alert_command = deps.alert
        self._notify = notify
        self._service: ScreenService | None = None
        self._alerts: Alerts | None = None
        self._ends: dict[str, datetime | None] = {}
        self._paused_since: Moment | None = None
        self._ticked_at = deps.now().at

    @property
    def service(self) -> ScreenService:
        """Made when first wanted. Raises UserError then."""
        if self._service is None:
            self._service = self._make_service()
        return self._service

    def profile_names(self) -> Sequence[str]:
        """The profiles of the settings, the default one first."""
        return self.service.names

    def begin(self, jobs: Iterable[Job], report: Callable[[list[Reading]], None]) -> None:
        """Make the pollers, which watch these jobs. Raises UserError where there can be none."""
        self.pollers = self.service.pollers(report)
        self.pollers.watch(jobs)
        self.is_asking = True

    async def close(self) -> None:
        if self._alerts:
            await self._alerts.finish()
        if self._service:
            await self._service.close()

    # What the rows and the header need

    def interval(self, state: JobState) -> float:
        """Seconds between two requests for the job; its freshness is judged against this."""
        if not self.is_asking:
            return inf
        return NOT_ASKED if self.pollers.paused else self.pollers.interval(state.job.id)

    def profiles(self, only: str | None, now: Moment) -> tuple[ProfileState, ...]:
        """The profiles that have jobs; if `only` is one of them, that one alone. Empty before `begin`."""
        paces = self.pollers.paces() if self.is_asking else {}
        seen = [name for name in paces if only is None or name == only] or list(paces)
        return tuple(profile_state(self.service.profile(name), paces[name], now) for name in seen)

    def trouble(self) -> Failure | None:
        """The first failure that concerns a whole profile."""
        paces = self.pollers.paces().values() if self.is_asking else ()
        return next((pace.trouble for pace in paces if pace.trouble), None)

    def paused_since(self, now: Moment) -> Moment | None:
        """Since when everything is paused; None when it is not."""
        is_paused = self.is_asking and self.pollers.paused
        self._paused_since = (self._paused_since or now) if is_paused else None
        return self._paused_since

    def endpoint_of(self, job: JobId) -> "Endpoint":
        return self.service.profile(self.pollers.profile(job)).endpoint

    def subject(self, row: Row) -> Subject:
        job = row.state.job.id
        return Subject(row, self.endpoint_of(job).url, self.pollers.next_attempt(job), self.pollers.interval(job))

    def profile_to_sign_in(self, job: JobId | None) -> str:
        """The profile of the job under the cursor; another one only where that is signed out and this is not."""
        known = self.service.names
        out = [name for name, pace in self.pollers.paces().items() if pace.signed_out and name in known]
        name = self.pollers.profile(job) if job else known[0]
        return out[0] if out and name not in out else name

    # Alerts

    def alert(self, before: Board, after: Board) -> None:
        """Run the settings' command for every change between the two."""
        if not self._alert_command:
            return
        from tui.alerts import Alerts
        from tui.core.transitions import changes

        self._alerts = self._alerts or Alerts(self._alert_command, self._notify)
        for change in changes(before, after):
            self._alerts.tell(change, self.pollers.profile(change.job.id))

    def use_alert_command(self, command: tuple[str, ...]) -> "Alerts | None":
        """Run this command from now on. Returns the alerts of the former one, which may still be running."""
        if command == self._alert_command:
            return None
        former, self._alerts, self._alert_command = self._alerts, None, command
        return former

    # Time

    def has_slept(self, now: float) -> bool:
        """Whether so much time has passed since the last call, one tick ago, that the machine must have slept."""
        before, self._ticked_at = self._ticked_at, now
        return now - before > RARELY * TICK

    async def learn_ends(self) -> None:
        """Ask each profile's service when its credential ends, where it can say; the header shows that."""
        for name in self.service.names:
            with suppress(UserError):
                await self.service.profile(name).look()

    def ends_were_lost(self) -> bool:
        """Whether the end of some credential was known at the last call and is not now: the credential was replaced."""
        ends = {name: self.service.profile(name).credential.expires_at for name in self.service.names}
        before, self._ends = self._ends, ends
        return any(before.get(name) and not end for name, end in ends.items())
