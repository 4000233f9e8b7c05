"""The screen's side of the asking: the service, loaded after the first frame, and what comes of its readings."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from textual.message import Message

from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.problem import Problem
from tui.core.reading import Reading
from tui.ui.base_screen import BaseScreen
from tui.ui.setup import Service, Setup

if TYPE_CHECKING:
    from tui.alerts import Alerts
    from tui.codearts.endpoints import Endpoint
    from tui.polling.desk import Desk


class AskingScreen(BaseScreen):
    """Until `is_asking` nothing is known of profiles, and there is no desk."""

    class Asks(Message):
        """From now on every key can do what it is for."""

    is_asking = False
    problem: Problem | None = None
    """Why nothing can ever be asked; the screen has ended then."""
    desk: "Desk"

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self._service: Service | None = None
        self._alerts: Alerts | None = None
        self._ends: dict[str, datetime | None] = {}

    async def on_unmount(self) -> None:
        self.workers.cancel_node(self)
        if self._alerts:
            await self._alerts.finish()
        if self._service:
            await self._service.close()

    @property
    def service(self) -> Service:
        """Made when first wanted. Raises Problem then."""
        if self._service is None:
            self._service = self.setup.service()
        return self._service

    def begin(self, jobs: Iterable[Job], report: Callable[[list[Reading]], None]) -> bool:
        """Have a desk that watches these jobs. False where none can be had: then the screen ends."""
        try:
            self.desk = self.service.desk(report)
            self.desk.watch(jobs)
        except Problem as problem:
            self.problem = problem
            self.app.exit()
            return False
        self.is_asking = True
        self.post_message(self.Asks())
        return True

    def endpoint_of(self, job: JobId) -> "Endpoint":
        return self.service.profile(self.desk.profile(job)).endpoint

    def alert(self, before: Board, after: Board) -> None:
        """Run the settings' command for every change between the two."""
        if not self.setup.alert:
            return
        from tui.alerts import Alerts
        from tui.core.transitions import changes

        self._alerts = self._alerts or Alerts(self.setup.alert, lambda text: self.say(text, "warning"))
        for change in changes(before, after):
            self._alerts.tell(change, self.desk.profile(change.job.id))

    def forget_alerts(self) -> None:
        """The command is another one from now on; what the former one still does may end."""
        former, self._alerts = self._alerts, None
        if former:
            self.run_worker(former.finish(seconds=30), group="alerts")

    async def learn_ends(self, then: Callable[[], object]) -> None:
        """When the credentials end, where somebody can say: for the header."""
        for name in self.service.names:
            with suppress(Problem):
                await self.service.profile(name).look()
        then()

    def ends_were_lost(self) -> bool:
        """Whether it was known of some credential when it ends, and is no more: somebody replaced it."""
        ends = {name: self.service.profile(name).credential.expires_at for name in self.service.names}
        before, self._ends = self._ends, ends
        return any(before.get(name) and not end for name, end in ends.items())
