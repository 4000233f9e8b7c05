"""Copy IDs, reports, requests and addresses."""

from tui.ui.actions import Actions


class CopyActions(Actions):
    """Copies about the jobs that an action applies to."""

    async def ids(self) -> None:
        if jobs := self.targets():
            await self.copy_text("\n".join(jobs), "job ID" if len(jobs) == 1 else f"{len(jobs)} job IDs")

    async def reports(self) -> None:
        from tui.ui.details import report

        if jobs := self.targets():
            text = "\n".join(report(self.screen.subject(job)) for job in jobs)
            await self.copy_text(text, "report" if len(jobs) == 1 else f"{len(jobs)} reports")

    async def requests(self) -> None:
        from tui.ui.details import curl

        if jobs := self.targets():
            await self.copy_text("\n".join(curl(self.screen.subject(job)) for job in jobs), "request as a curl line")

    async def address(self) -> None:
        """Show the address of the job's page as a link, and copy it if the user wants."""
        from tui.ui.details import page_of
        from tui.ui.dialogs import ReadDialog, link_content

        if not (job_id := self.the_job()):
            return
        job = self.state.board.states[job_id].named_job
        if not (address := page_of(job, self.live.endpoint_of(job.id).region, self.deps.settings.ui.address)):
            self.say(
                "No address is known for this job. Paste the address of its page when you add it, or set ui.address."
            )
            return
        dialog = ReadDialog(f"Page of {job.name}", link_content(address), [("y", "copy it")])
        if await self.screen.ask("open_address", dialog):
            await self.copy_text(address, "address")

    async def copy_text(self, text: str, what: str) -> None:
        """Copy the text, and say how. `what` names it in the notice."""
        from tui.terminal.clipboard import clipboard_route, copy

        way = clipboard_route(self.deps.environ)
        via = await self.screen.disk.run(copy, text, way, self.screen.write)
        self.say(f"Copied {what} ({via})." if via else "There is nothing to copy.")
