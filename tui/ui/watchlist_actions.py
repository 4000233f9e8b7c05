"""The keys that change the watchlist: each saves first, then shows, and can be undone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from textual import events, work

from tui.core.job import LABEL_LONGEST, Job, JobId
from tui.core.tags import join_tags, retagged, shared_tags, split_tags, unfit
from tui.storage.watchlist import Change
from tui.ui.other_hands import OtherHands
from tui.ui.setup import Setup

STEPS_KEPT = 200
"""Changes that can be undone ..."""
TEXT_KEPT = 32 << 20
"""... as long as the texts before and after them have fewer characters than this."""


class WatchlistActions(OtherHands):
    """Add, remove, label, tags, undo and redo."""

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self._one_at_a_time = asyncio.Lock()
        """Held while the file changes and that is noted: undo takes the last change also where the disk is slow."""
        self._done: list[tuple[str, Change]] = []
        self._undone: list[tuple[str, Change]] = []

    def targets(self) -> list[JobId]:
        """The marked jobs that are shown, in their order; the one under the cursor when there are no marks."""
        marked = [job for job in self.table.order if job in self.table.marks]
        if self.table.marks and not marked:
            self.say("The marked jobs are not shown now, and no other is meant: esc drops the filter, then the marks.")
            return []
        return marked or ([self.table.cursor] if self.table.cursor and self.table.order else [])

    def name_of(self, jobs: Sequence[JobId]) -> str:
        return self.board.states[jobs[0]].job.name if len(jobs) == 1 else f"{len(jobs)} jobs"

    def action_add(self) -> None:
        self.add_jobs("")

    def on_paste(self, event: events.Paste) -> None:
        """A table takes no text: a paste can only mean "add these"."""
        event.stop()
        self.add_jobs(event.text)

    @work(group="watchlist")
    async def add_jobs(self, pasted: str) -> None:
        from tui.ui.add_dialog import AddDialog

        regions = {name: self.service.profile(name).endpoint.region for name in self.service.names}
        dialog = AddDialog(self.board.states, self.setup.now().wall, pasted, regions, self._add)
        if jobs := await self.ask("add", dialog):
            self.table.move_to(jobs[0].id)
            hidden = "" if jobs[0].id in self.table.order else "; the filter hides it" if len(jobs) == 1 else ""
            self.say(f"Added {_count(jobs)}{hidden}; u undoes it.")

    async def _add(self, jobs: tuple[Job, ...]) -> str:
        async with self._one_at_a_time:
            if made := await self.change(self.setup.store.add, jobs):
                self._keep(f"adding {_count(jobs)}", made)
            return self.unsaved

    @work(group="watchlist")
    async def action_remove(self) -> None:
        jobs = self.targets()
        if not jobs:
            return
        name = self.name_of(jobs)
        async with self._one_at_a_time:
            made = await self.change(self.setup.store.remove, jobs)
            if made and made.before != made.after:
                self._keep(f"removing {name}", made)
                self.say(f"Removed {name}; u undoes it.")

    @work(group="watchlist")
    async def action_label(self) -> None:
        from tui.ui.dialogs import TextDialog

        job_id = self.table.cursor
        if not job_id or not self.table.order:
            return
        job = self.board.states[job_id].job

        async def save(label: str) -> str:
            return await self._edit({job.id: {"label": label}}, f"labelling {job.name}")

        title = f"Label of {job.id.short}"
        await self.ask("label", TextDialog(title, job.given_label, "empty: the short ID is shown", LABEL_LONGEST, save))

    @work(group="watchlist")
    async def action_tags(self) -> None:
        from tui.ui.add_dialog import TAGS_LONGEST
        from tui.ui.dialogs import TextDialog

        jobs = [self.board.states[job].job for job in self.targets()]
        if not jobs:
            return
        name = self.name_of([job.id for job in jobs])
        common = shared_tags(jobs)

        async def save(text: str) -> str:
            wanted = split_tags(text)
            changed = {job.id: {"tags": retagged(job.given_tags, common, wanted)} for job in jobs}
            if all(job.given_tags == changed[job.id]["tags"] for job in jobs):
                return ""
            return unfit("", set(wanted) - set(common)) or await self._edit(changed, f"tagging {name}")

        others = any(job.given_tags != common for job in jobs)
        title = f"Tags of {name}" + (", those that all have: the others stay" if others else "")
        hint = "words, separated by spaces; quotes keep spaces"
        await self.ask("tags", TextDialog(title, join_tags(common), hint, TAGS_LONGEST, save))

    async def _edit(self, values: Mapping[JobId, Mapping[str, object]], what: str) -> str:
        """Returns why it was not saved."""
        async with self._one_at_a_time:
            watched = {job: its for job, its in values.items() if job in self.board.states}
            if made := await self.change(self.setup.store.edit, watched):
                self._keep(what, made)
            return self.unsaved

    @work(group="watchlist")
    async def action_undo(self) -> None:
        await self._step_back(self._done, self._undone, "undo", "Undone")

    @work(group="watchlist")
    async def action_redo(self) -> None:
        await self._step_back(self._undone, self._done, "redo", "Done again")

    async def _step_back(
        self, source: list[tuple[str, Change]], target: list[tuple[str, Change]], verb: str, past: str
    ) -> None:
        async with self._one_at_a_time:
            if not source:
                self.say(f"Nothing to {verb}.")
                return
            what, step = source[-1]
            made = await self.change(self.setup.store.undo, step)
            if not made:
                return
            source.pop()
            target.append((what, made))
        before = {job.id for job in made.before.jobs}
        self.table.move_to(next((job.id for job in made.after.jobs if job.id not in before), None))
        self.say(f"{past}: {what}.")

    def _keep(self, what: str, made: Change) -> None:
        self._done.append((what, made))
        while len(self._done) > STEPS_KEPT or sum(_size(step) for _, step in self._done[:-1]) > TEXT_KEPT:
            del self._done[0]
        self._undone.clear()


def _size(step: Change) -> int:
    return len(step.before.text) + len(step.after.text)


def _count(jobs: Sequence[Job]) -> str:
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"
