"""What other hands do to our files while they are in use: another instance, or an editor."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from tui.core.problem import Problem
from tui.storage.settings import load_settings
from tui.storage.watchlist import Change, Watchlist
from tui.ui.board_view import BoardView
from tui.ui.edited_files import EditedFiles, waiting_for_restart
from tui.ui.keys import check_keys
from tui.ui.setup import Setup

if TYPE_CHECKING:
    from tui.ui.dialogs import ChoiceDialog


class OtherHands(BoardView):
    """Looks at the files at every tick and takes what they say; an empty list only when the user agrees."""

    class SettingsEdited(Message):
        """The setup has what the settings say now."""

    class ThemesEdited(Message):
        """Some theme's file was edited, made or removed."""

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self._told = False
        """That the file cannot be used."""
        self._emptied = False
        """All jobs have gone from the file, and the user has not been asked yet."""
        self._question: ChoiceDialog | None = None
        self._unanswered = False
        """The user closed the question: it is asked again before anything changes the file."""

        self._edited = EditedFiles(setup.settings_file, setup.themes)

    def tick(self) -> None:
        if self._edited.settings_edited():
            self.run_worker(self.take_settings(), group="settings")
        if self._edited.themes_edited():
            self.post_message(self.ThemesEdited())
        if self.setup.store.changed():
            self.run_worker(self.reload())
        super().tick()
        if self._emptied and not self.covered:
            self._emptied = False
            self.ask_about_empty_file()

    async def reload(self) -> None:
        """Take what the file says now; where it cannot be used, or has no jobs any more, the list stays."""
        try:
            found = await self.in_thread(self.setup.store.load)
        except Problem as problem:
            if not self._told:
                self.say(f"{problem}.", "error")
            self._told = True
            self.file_warning = f"{problem}. The list below stays as it was."
            self.show_around()
            return
        self._told = False
        self.file_warning = self.setup.warning
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
        except Problem as problem:
            self.settings_warning = f"{problem}. The settings stay as they were."
        else:
            waiting = waiting_for_restart(self.setup.settings, settings)
            self.settings_warning = f"Edited, and in use only after a restart: {', '.join(waiting)}." if waiting else ""
            if settings.alerts.command != self.setup.alert:
                self.forget_alerts()
            self.setup = self.setup._replace(
                keys=settings.keys,
                alert=settings.alerts.command,
                theme=settings.ui.theme,
                address=settings.ui.address,
            )
            self.show_keys()
            self.post_message(self.SettingsEdited())
            self.say("The edited settings are in use." if not waiting else self.settings_warning)
        self.show_around()

    async def change(self, work: Callable[..., Change], *arguments: object) -> Change | None:
        """Change the watchlist on disk, and only then on the screen. While that fails, `unsaved` says why."""
        if self._unanswered:
            self.unsaved = "Not saved: the watchlist's file has no jobs any more"
            self.ask_about_empty_file()
            return None
        try:
            made = await self.in_thread(work, *arguments)
        except Problem as problem:
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
            await self.change(self.setup.store.add, watched)
        elif answer == "none":
            self.take_watchlist(Watchlist())
