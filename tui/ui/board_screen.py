"""The keys of the main screen: one action each. The list of keys is in `keys.py`."""

from math import inf

from textual import work

from tui.core.job import JobId
from tui.ui.formatting import seconds
from tui.ui.keys import BINDINGS
from tui.ui.look_actions import LookActions
from tui.ui.watchlist_editor import WatchlistActions


class BoardScreen(WatchlistActions, LookActions):
    """The table of jobs with everything that a key can do to it."""

    BINDINGS = [*BINDINGS]
    _range_from: JobId | None = None

    # Ask

    def action_refresh(self) -> None:
        self._refresh(self.targets())

    def action_refresh_all(self) -> None:
        self._refresh(None)

    def _refresh(self, jobs: list[JobId] | None) -> None:
        wait = self.pollers.refresh(jobs)
        if wait == inf:
            self.say("Paused: nothing is asked; p goes on with the job, P with everything.")
        elif wait >= 1:
            self.say(f"Asked within the budget: the last one in about {seconds(round(wait))}.")

    def action_pause(self) -> None:
        jobs = self.targets()
        going = [job for job in jobs if not self.board.states[job].paused]
        if going:
            self.pollers.pause(going)
            self.board = self.board.pause(going, self.deps.now())
        else:
            self.pollers.resume(jobs)
            self.board = self.board.pause(jobs, None)
        self._changed |= set(jobs)
        self.draw()

    def action_pause_all(self) -> None:
        self.pollers.paused = not self.pollers.paused
        self.show_all()

    # Mark and copy

    def action_mark(self) -> None:
        if self.table.cursor and self.table.order:
            self.table.set_marks(self.table.marks ^ {self.table.cursor})
            self.table.move_by(1)

    def action_mark_all(self) -> None:
        every = frozenset(self.table.order)
        self.table.set_marks(frozenset() if every <= self.table.marks else every)

    def action_mark_range(self) -> None:
        self._range_from = None if self._range_from else self.table.cursor
        self._extend_range()

    def cursor_moved(self, by_user: bool) -> None:
        if by_user:
            self._extend_range()
        super().cursor_moved(by_user)

    def _extend_range(self) -> None:
        order, anchor, cursor = self.table.order, self._range_from, self.table.cursor
        if anchor and anchor in order and cursor in order:
            first, last = sorted((order.index(anchor), order.index(cursor)))
            self.table.set_marks(self.table.marks | set(order[first : last + 1]))

    @work
    async def action_copy_id(self) -> None:
        jobs = self.targets()
        if jobs:
            await self.copy_text("\n".join(jobs), "the ID" if len(jobs) == 1 else f"{len(jobs)} IDs")

    @work
    async def action_copy_report(self) -> None:
        from tui.ui.details import report

        jobs = self.targets()
        if jobs:
            text = "\n".join(report(self.subject(job)) for job in jobs)
            await self.copy_text(text, "the report" if len(jobs) == 1 else f"{len(jobs)} reports")

    @work
    async def action_copy_request(self) -> None:
        from tui.ui.details import curl

        jobs = self.targets()
        if jobs:
            await self.copy_text("\n".join(curl(self.subject(job)) for job in jobs), "the request as a curl line")

    @work
    async def action_open_address(self) -> None:
        from tui.ui.dialogs import ReadDialog, link_content

        if not (job_id := self.table.cursor):
            return
        job, endpoint = self.board.states[job_id].job, self.endpoint_of(job_id)
        address = job.address or self.deps.address.replace("{job_id}", job.id).replace("{region}", endpoint.region)
        if not address:
            self.say("No address is known for this job: paste its page's address when adding it, or set ui.address.")
            return
        answer = await self.ask(
            "open_address", ReadDialog(f"Page of {job.name}", link_content(address), [("y", "copies it")])
        )
        if answer:
            await self.copy_text(address, "the address")

    # Move

    def action_move(self, lines: int) -> None:
        self.table.move_by(lines)

    def action_page(self, pages: float) -> None:
        if self.details_alone:
            pane = self.details_pane()
            pane.scroll_relative(y=pages * pane.size.height, animate=False)
        else:
            self.table.move_by(round(pages * self.table.page))

    def action_first(self) -> None:
        self.table.move_by(-len(self.table.order))

    def action_last(self) -> None:
        self.table.move_by(len(self.table.order))

    def action_sideways(self, cells: int) -> None:
        self.table.scroll_relative(x=cells, animate=False, immediate=True)

    # Program

    @work
    async def action_sign_in(self) -> None:
        """The profile of the job under the cursor; another one only where that is signed out and this is not."""
        from tui.ui.sign_in_dialog import SignInDialog

        known = self.service.names
        out = [name for name, pace in self.pollers.paces().items() if pace.signed_out and name in known]
        name = self.pollers.profile(self.table.cursor) if self.table.cursor else known[0]
        if out and name not in out:
            name = out[0]
        if name not in known:
            self.say(f"The settings have no profile {name!r}: add it there, or give the job another one.", "warning")
            return
        theirs = [job for job in self.board.states if self.pollers.profile(job) == name]
        dialog = SignInDialog(f"Sign in {name}".strip(), self.service.profile(name).sign_in, next(iter(theirs), None))
        if await self.ask("sign_in", dialog):
            self.pollers.refresh(theirs)
            self.say("Signed in.")

    @work
    async def action_help(self) -> None:
        from tui.ui.dialogs import ReadDialog
        from tui.ui.key_help import help_content

        await self.ask("help", ReadDialog("codearts-watch", help_content(self.deps.keys)))

    def action_back(self) -> None:
        """Close what is open; then drop the filter; then the marks."""
        if self.typing or (self.screen_state.filter and not self.details_alone):
            self.drop_filter()
        elif self.close_details():
            pass
        elif self._range_from:
            self._range_from = None
        else:
            self.table.set_marks(())

    def action_leave(self) -> None:
        if not self.close_details():
            self.app.exit()
