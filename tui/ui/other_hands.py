"""What other hands do to the watchlist's file while it is shown: another instance, or an editor."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work

from tui.core.problem import Problem
from tui.storage.watchlist import Change, Watchlist
from tui.ui.board_view import BoardView
from tui.ui.setup import Setup

if TYPE_CHECKING:
    from tui.ui.dialogs import ChoiceDialog


class OtherHands(BoardView):
    """Looks at the file at every tick and takes what it says; an empty one only when the user agrees."""

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        super().__init__(setup, write)
        self._told = False
        """That the file cannot be used."""
        self._emptied = False
        """All jobs have gone from the file, and the user has not been asked yet."""
        self._question: ChoiceDialog | None = None
        self._unanswered = False
        """The user closed the question: it is asked again before anything changes the file."""

    def tick(self) -> None:
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

    async def change(self, work: Callable[..., Change], *arguments: object) -> Change | None:
        """Change the watchlist on disk, and only then on the screen. While that fails, `unsaved` says why."""
        if self._unanswered:
            self.unsaved = "Not saved: the watchlist's file has no jobs any more"
            self.ask_about_empty_file()
            return None
        try:
            made = await self.in_thread(work, *arguments)
        except Problem as problem:
            self.unsaved = f"Not saved: {problem}"
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
