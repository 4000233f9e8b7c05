"""Changes of the watchlist: by the keys of this screen, with undo, and by other programs."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events, work
from textual.message import Message

from tui.core.errors import UserError
from tui.core.job import LABEL_LONGEST, Job, JobId
from tui.core.tags import join_tags, retagged, shared_tags, split_tags, unfit
from tui.storage.settings import load_settings
from tui.storage.watchlist import Watchlist, WatchlistEdit
from tui.ui.board_view import BoardView
from tui.ui.edited_files import EditedFiles, waiting_for_restart
from tui.ui.keys import check_keys
from tui.ui.screen_deps import ScreenDeps

if TYPE_CHECKING:
    from tui.ui.dialogs import ChoiceDialog


class ExternalChanges(BoardView):
    """Looks at the files at every tick and takes what they say; an empty list only when the user agrees."""

    class SettingsEdited(Message):
        """The setup has what the settings say now."""

    class ThemesEdited(Message):
        """Some theme's file was edited, made or removed."""

    def __init__(self, deps: ScreenDeps, write: Callable[[str], None]) -> None:
        super().__init__(deps, write)
        self._told = False
        """That the file cannot be used."""
        self._emptied = False
        """All jobs have gone from the file, and the user has not been asked yet."""
        self._question: ChoiceDialog | None = None
        self._unanswered = False
        """The user closed the question: it is asked again before anything changes the file."""

        self._edited = EditedFiles(deps.settings_file, deps.themes)

    def tick(self) -> None:
        if self._edited.settings_edited():
            self.run_worker(self.take_settings(), group="settings")
        if self._edited.themes_edited():
            self.post_message(self.ThemesEdited())
        if self.deps.store.changed():
            self.run_worker(self.reload())
        super().tick()
        if self._emptied and not self.covered:
            self._emptied = False
            self.ask_about_empty_file()

    async def reload(self) -> None:
        """Take what the file says now; where it cannot be used, or has no jobs any more, the list stays."""
        try:
            found = await self.in_thread(self.deps.store.load)
        except UserError as problem:
            if not self._told:
                self.say(f"{problem}.", "error")
            self._told = True
            self.file_warning = f"{problem}. The list below stays as it was."
            self.show_around()
            return
        self._told = False
        self.file_warning = self.deps.warning
        self._emptied = bool(self.board.states) and not found.jobs
        if not self._emptied:
            self.take_watchlist(found)

    async def take_settings(self) -> None:
        """Use what the settings say now; name what acts only after a restart, or why they cannot be used."""
        if not self._edited.settings_file:
            return
        try:
            settings = await self.in_thread(load_settings, self._edited.settings_file)
            check_keys(settings.keys)
        except UserError as problem:
            self.settings_warning = f"{problem}. The settings stay as they were."
        else:
            waiting = waiting_for_restart(self.deps.settings, settings)
            self.settings_warning = f"Edited, and in use only after a restart: {', '.join(waiting)}." if waiting else ""
            if settings.alerts.command != self.deps.alert:
                self.forget_alerts()
            self.deps = self.deps._replace(
                keys=settings.keys,
                alert=settings.alerts.command,
                theme=settings.ui.theme,
                address=settings.ui.address,
            )
            self.show_keys()
            self.post_message(self.SettingsEdited())
            self.say("The edited settings are in use." if not waiting else self.settings_warning)
        self.show_around()

    async def change(self, work: Callable[..., WatchlistEdit], *arguments: object) -> WatchlistEdit | None:
        """Change the watchlist on disk, and only then on the screen. While that fails, `unsaved` says why."""
        if self._unanswered:
            self.unsaved = "Not saved: the watchlist's file has no jobs any more"
            self.ask_about_empty_file()
            return None
        try:
            made = await self.in_thread(work, *arguments)
        except UserError as problem:
            self.unsaved = str(problem)
            self.show_around()
            return None
        self.unsaved = ""
        self.take_watchlist(made.after)
        return made

    def take_watchlist(self, watchlist: Watchlist) -> None:
        self._emptied = self._unanswered = False
        super().take_watchlist(watchlist)
        if self._question:  # there are jobs again, so nothing is left to ask
            self._question.action_close()

    @work(group="emptied", exclusive=True)
    async def ask_about_empty_file(self) -> None:
        """A file that was cut off by accident must not end the watching unasked."""
        from tui.ui.dialogs import ChoiceDialog

        watched = [state.job for state in self.board.states.values()]
        jobs = "the job" if len(watched) == 1 else f"the {len(watched)} jobs"
        choices = [("keep", f"write {jobs} back into it"), ("none", "watch nothing, as it says")]
        self._question = ChoiceDialog("The watchlist's file has no jobs any more", choices, "keep")
        self._unanswered = True
        answer = await self.app.push_screen_wait(self._question)
        self._question = None
        if answer:
            self._unanswered = False
        if answer == "keep":
            await self.change(self.deps.store.add, watched)
        elif answer == "none":
            self.take_watchlist(Watchlist())


STEPS_KEPT = 200
"""Changes that can be undone ..."""
TEXT_KEPT = 32 << 20
"""... as long as the texts before and after them have fewer characters than this."""


class WatchlistActions(ExternalChanges):
    """Add, remove, label, tags, undo and redo."""

    def __init__(self, deps: ScreenDeps, write: Callable[[str], None]) -> None:
        super().__init__(deps, write)
        self._one_at_a_time = asyncio.Lock()
        """Held while the file changes and that is noted: undo takes the last change also where the disk is slow."""
        self._done: list[tuple[str, WatchlistEdit]] = []
        self._undone: list[tuple[str, WatchlistEdit]] = []

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
        dialog = AddDialog(self.board.states, self.deps.now().wall, pasted, regions, self._add)
        if jobs := await self.ask("add", dialog):
            self.table.move_to(jobs[0].id)
            hidden = "" if jobs[0].id in self.table.order else "; the filter hides it" if len(jobs) == 1 else ""
            self.say(f"Added {_count(jobs)}{hidden}; u undoes it.")

    async def _add(self, jobs: tuple[Job, ...]) -> str:
        async with self._one_at_a_time:
            if made := await self.change(self.deps.store.add, jobs):
                self._keep(f"adding {_count(jobs)}", made)
            return self.unsaved

    @work(group="watchlist")
    async def action_remove(self) -> None:
        jobs = self.targets()
        if not jobs:
            return
        name = self.name_of(jobs)
        async with self._one_at_a_time:
            made = await self.change(self.deps.store.remove, jobs)
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
            if made := await self.change(self.deps.store.edit, watched):
                self._keep(what, made)
            return self.unsaved

    @work(group="watchlist")
    async def action_undo(self) -> None:
        await self._step_back(self._done, self._undone, "undo", "Undone")

    @work(group="watchlist")
    async def action_redo(self) -> None:
        await self._step_back(self._undone, self._done, "redo", "Done again")

    async def _step_back(
        self, source: list[tuple[str, WatchlistEdit]], target: list[tuple[str, WatchlistEdit]], verb: str, past: str
    ) -> None:
        async with self._one_at_a_time:
            if not source:
                self.say(f"Nothing to {verb}.")
                return
            what, step = source[-1]
            made = await self.change(self.deps.store.undo, step)
            if not made:
                return
            source.pop()
            target.append((what, made))
        before = {job.id for job in made.before.jobs}
        self.table.move_to(next((job.id for job in made.after.jobs if job.id not in before), None))
        self.say(f"{past}: {what}.")

    def _keep(self, what: str, made: WatchlistEdit) -> None:
        self._done.append((what, made))
        while len(self._done) > STEPS_KEPT or sum(_size(step) for _, step in self._done[:-1]) > TEXT_KEPT:
            del self._done[0]
        self._undone.clear()


def _size(step: WatchlistEdit) -> int:
    return len(step.before.text) + len(step.after.text)


def _count(jobs: Sequence[Job]) -> str:
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"
