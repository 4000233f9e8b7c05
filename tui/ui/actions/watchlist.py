"""Add, find, remove, label and tag jobs; undo that; and the question about a file that was emptied."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui.core.board import JobState
from tui.core.job import LABEL_LONGEST, Job, JobId, join_tags, retagged, shared_tags, split_tags, unfit
from tui.core.text import clean
from tui.ui.actions import Actions
from tui.ui.watchlist_editor import Emptied, Undone, are, jobs_in_words

if TYPE_CHECKING:
    from tui.ui.add_dialog import AddDialog
    from tui.ui.dialogs import ChoiceDialog

MOST_SAID = 60
"""Characters of the tags that are said to have changed."""

States = Mapping[JobId, JobState]


def _named(jobs: Sequence[Job], *known: States) -> Sequence[Job]:
    """The jobs with the names that the first of these states has that knows them."""
    states = [next((states[job.id] for states in known if job.id in states), None) for job in jobs]
    return [state.named_job if state else job for job, state in zip(jobs, states, strict=True)]


class WatchlistActions(Actions):
    """Changes of the watchlist. The editor saves each of them before it is shown."""

    _question: "ChoiceDialog | None" = None
    """The open question about an emptied file; None if there is none."""

    _adding: "AddDialog | None" = None
    """The add dialog that is open or about to open; None if there is none."""

    async def add(self, pasted: str = "") -> None:
        """Opens the dialog. What is pasted while it opens is the rest of the paste that it opens for."""
        from tui.ui.add_dialog import AddDialog

        if self._adding:
            self._adding.take_rest(pasted)
            return
        regions = {name: self.live.service.profile(name).endpoint.region for name in self.live.profile_names()}
        now, find_key = self.deps.now().wall, self.screen.key("find")
        dialog = AddDialog(self.state.board.states, now, pasted, regions, self.editor.add, find_key)
        self._adding = dialog
        try:
            jobs = await self.screen.ask("add", dialog)
        finally:
            self._adding = None
        if jobs:
            self._show_added(jobs, dialog.left_out)

    async def find(self) -> None:
        from tui.ui.find_dialog import FindDialog

        name = self.live.profile_to_find(self.state.only_profile, self.table.cursor)
        if not (extras := self.extras(name, "Lists of jobs need")):
            return
        named, now = "" if name == self.live.profile_names()[0] else name, self.deps.now().wall
        watched, glyphs = self.state.board.states, self.deps.glyphs
        if jobs := await self.screen.ask("find", FindDialog(extras, watched, named, now, self.editor.add, glyphs)):
            self._show_added(jobs)

    def _show_added(self, jobs: tuple[Job, ...], left_out: str = "") -> None:
        self.screen.cursor.go_to(jobs[0].id)
        hidden = "" if jobs[0].id in self.state.order else "; hidden by the filter" if len(jobs) == 1 else ""
        named = jobs_in_words(_named(jobs, self.state.board.states))
        self.say(f"Added {named}{hidden}{left_out}. Press {self.screen.key('undo')} to undo.")

    async def remove(self) -> None:
        jobs = [self.state.board.states[job].named_job for job in self.targets()]
        if jobs and await self.editor.remove(jobs):
            self.say(f"Removed {jobs_in_words(jobs)}. Press {self.screen.key('undo')} to undo.")

    async def label(self) -> None:
        from tui.ui.dialogs import TextDialog

        if not (job_id := self.the_job()):
            return
        state = self.state.board.states[job_id]
        job = state.job

        async def save(label: str) -> str:
            undone = "the label of {jobs} is as before"
            return await self.editor.edit({job.id: {"label": label}}, [job], "labelled {jobs}", undone)

        instead = "the service's name is shown" if state.service_name.name else "the short ID is shown"
        dialog = TextDialog(f"Label of {state.name}", job.given_label, f"empty: {instead}", LABEL_LONGEST, save)
        await self.screen.ask("label", dialog)

    async def tags(self) -> None:
        from tui.ui.add_dialog import TAGS_LONGEST
        from tui.ui.dialogs import TextDialog

        if not (jobs := [self.state.board.states[job].named_job for job in self.targets()]):
            return
        common = shared_tags(jobs)

        async def save(text: str) -> str:
            return await self._save_tags(jobs, common, split_tags(text))

        others = any(job.given_tags != common for job in jobs)
        title = f"Tags of {jobs_in_words(jobs)}" + (" that all of them have; their other tags stay" if others else "")
        hint = "words, separated by spaces; quotes keep spaces"
        await self.screen.ask("tags", TextDialog(title, join_tags(common), hint, TAGS_LONGEST, save))

    async def _save_tags(self, jobs: list[Job], common: tuple[str, ...], wanted: tuple[str, ...]) -> str:
        changed = {job.id: {"tags": retagged(job.given_tags, common, wanted)} for job in jobs}
        if all(job.given_tags == changed[job.id]["tags"] for job in jobs):
            return ""
        added = [tag for tag in wanted if tag not in common]
        dropped = [tag for tag in common if tag not in wanted]
        said = "tagged {jobs}", "the tags of {jobs} are as before"
        if not (problem := unfit("", added) or await self.editor.edit(changed, jobs, *said)):
            what = clean(" ".join([*(f"+{tag}" for tag in added), *(f"-{tag}" for tag in dropped)]), MOST_SAID)
            self.say(f"Tags of {jobs_in_words(jobs)}: {what}. Press {self.screen.key('undo')} to undo.")
        return problem

    async def undo(self) -> None:
        states = self.state.board.states
        undone = await self.editor.undo()
        self._show_undone(undone, (self.state.board.states, states), "undo", "Undone")

    async def redo(self) -> None:
        states = self.state.board.states
        undone = await self.editor.redo()
        self._show_undone(undone, (states, self.state.board.states), "redo", "Redone")

    def _show_undone(self, undone: Undone, known: tuple[States, States], verb: str, past: str) -> None:
        """`known` are the states without the change and with it: either may lack the jobs."""
        if not undone.what:
            self.say(f"Nothing to {verb}.")
        elif undone.edit:
            before = {job.id for job in undone.edit.before.jobs}
            self.screen.cursor.go_to(next((job.id for job in undone.edit.after.jobs if job.id not in before), None))
            jobs = _named(undone.jobs, *known)
            done = f"{past}: {undone.what.format(jobs=jobs_in_words(jobs), are=are(jobs))}."
            nothing = f"Nothing to {verb}: another program has changed {jobs_in_words(jobs)} since."
            self.say(done if undone.edit.before != undone.edit.after else nothing)
        self.screen.show_keys()

    def ask_about_empty_file(self) -> None:
        self.screen.run_worker(self._ask_about_empty_file(), group="emptied", exclusive=True)

    def drop_question(self) -> None:
        """Close the question about an emptied file, if it is open: there are jobs again."""
        if self._question:
            self._question.action_close()

    async def _ask_about_empty_file(self) -> None:
        """Ask whether to stop watching: another program may have emptied the file by accident."""
        from tui.ui.dialogs import ChoiceDialog

        watched = self.editor.watched
        jobs = "the job" if len(watched) == 1 else f"the {len(watched)} jobs"
        choices = [("keep", f"write {jobs} back into it"), ("none", "stop watching them")]
        self._question = ChoiceDialog("The watchlist's file has no jobs any more", choices, "keep")
        self.editor.emptied = Emptied.ASKED
        answer = await self.screen.app.push_screen_wait(self._question)
        self._question = None
        if answer == "keep":
            await self.editor.write_back()
        elif answer == "none":
            self.editor.accept_empty()
