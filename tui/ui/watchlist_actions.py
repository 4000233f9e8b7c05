"""The keys that change the watchlist: each saves first, then shows, and can be undone."""

from collections.abc import Callable, Mapping, Sequence

from textual import events, work

from tui.core.job import Job
from tui.storage.watchlist import Change
from tui.ui.other_hands import OtherHands
from tui.ui.setup import Setup

STEPS_KEPT = 200
"""Changes that can be undone."""


class WatchlistActions(OtherHands):
    """Add, remove, label, tags, undo and redo."""

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self._done: list[tuple[str, Change]] = []
        self._undone: list[tuple[str, Change]] = []

    def action_add(self) -> None:
        self.add_jobs("")

    def on_paste(self, event: events.Paste) -> None:
        """A table takes no text: a paste can only mean "add these"."""
        event.stop()
        self.add_jobs(event.text)

    @work(group="watchlist")
    async def add_jobs(self, pasted: str) -> None:
        from tui.ui.add_dialog import AddDialog

        regions = {name: self.setup.profile(name).endpoint.region for name in self.setup.profiles}
        jobs = await self.app.push_screen_wait(AddDialog(self.board.states, self.setup.now().wall, pasted, regions))
        if not jobs:
            return
        made = await self.change(self.setup.store.add, jobs)
        if made:
            self._keep(f"adding {_count(jobs)}", made)
            self.table.move_to(jobs[0].id)
            self.say(f"Added {_count(jobs)}; u undoes it.")

    @work(group="watchlist")
    async def action_remove(self) -> None:
        jobs = self.targets()
        if not jobs:
            return
        name = self.name_of(jobs)
        made = await self.change(self.setup.store.remove, jobs)
        if made:
            self._keep(f"removing {name}", made)
            self.say(f"Removed {name}; u undoes it.")

    @work(group="watchlist")
    async def action_label(self) -> None:
        from tui.ui.add_dialog import LABEL_LONGEST
        from tui.ui.dialogs import TextDialog

        job_id = self.table.cursor
        if not job_id or not self.table.order:
            return
        job = self.board.states[job_id].job
        title = f"Label of {job.id.short}"
        label = await self.app.push_screen_wait(
            TextDialog(title, job.label, "empty: the short ID is shown", LABEL_LONGEST)
        )
        if label is not None and label != job.label:
            await self._edit([job], f"labelling {job.name}", {"label": label})

    @work(group="watchlist")
    async def action_tags(self) -> None:
        from tui.ui.add_dialog import split_tags
        from tui.ui.dialogs import TextDialog

        jobs = [self.board.states[job].job for job in self.targets()]
        if not jobs:
            return
        name = self.name_of([job.id for job in jobs])
        tags = await self.app.push_screen_wait(
            TextDialog(f"Tags of {name}", " ".join(jobs[0].tags), "words with blanks between")
        )
        if tags is not None:
            wanted = split_tags(tags)
            if any(job.tags != wanted for job in jobs):
                await self._edit(jobs, f"tagging {name}", {"tags": wanted})

    async def _edit(self, jobs: list[Job], what: str, values: Mapping[str, object]) -> None:
        watched = [job.id for job in jobs if job.id in self.board.states]
        made = await self.change(self.setup.store.edit, watched, values)
        if made:
            self._keep(what, made)

    @work(group="watchlist")
    async def action_undo(self) -> None:
        await self._step_back(self._done, self._undone, "undo", "Undone")

    @work(group="watchlist")
    async def action_redo(self) -> None:
        await self._step_back(self._undone, self._done, "redo", "Done again")

    async def _step_back(
        self, source: list[tuple[str, Change]], target: list[tuple[str, Change]], verb: str, past: str
    ) -> None:
        if not source:
            self.say(f"Nothing to {verb}.")
            return
        what, step = source.pop()
        made = await self.change(self.setup.store.undo, step)
        if made:
            target.append((what, made))
            before = {job.id for job in made.before.jobs}
            self.table.move_to(next((job.id for job in made.after.jobs if job.id not in before), None))
            self.say(f"{past}: {what}.")
        else:
            source.append((what, step))

    def _keep(self, what: str, made: Change) -> None:
        self._done = [*self._done, (what, made)][-STEPS_KEPT:]
        self._undone.clear()


def _count(jobs: Sequence[Job]) -> str:
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"
