"""Close what is open, quit, run the user's own commands, and explain keys that do nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tui.ui.actions import Actions
from tui.ui.keys import RESERVED, canonical_key, meanings, own_meanings, shown

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.ui.board_screen import BoardScreen
    from tui.ui.own_commands import CommandRunner


class ProgramActions(Actions):
    """Actions of the program itself."""

    _runner: "CommandRunner | None" = None

    def __init__(self, screen: "BoardScreen") -> None:
        super().__init__(screen)
        self._hinted: set[str] = set()
        """The keys and other subjects that `hint_once` has explained already."""

    def take_other_key(self, name: str) -> None:
        """Handle a key that has no command here: run the user's own command, or say once that the key does nothing."""
        key = canonical_key(name)
        if self.screen.filter.is_typing or key in meanings(self.deps.settings.keys):
            return
        if own := own_meanings(self.deps.settings.commands).get(key):
            self.own(own)
        elif key not in RESERVED:
            self.explain_key(key, self.screen)

    def explain_key(self, key: str, where: "Screen[Any]") -> None:
        """Say once that the key does nothing on this screen, or in this dialog."""
        from tui.ui.dialogs import Dialog

        there = f"Keys: {', '.join(where.KEYS)}." if isinstance(where, Dialog) else ""
        keys = there or f"Press {self.screen.key('help')} for the keys."
        say = where.say if isinstance(where, Dialog) else self.say
        self.hint_once(f"{type(where).__name__} {key}", f"{shown(key)} does nothing here. {keys}", say)

    def own(self, name: str) -> None:
        """Run this command of the user's own on the job under the cursor."""
        from tui.ui.own_commands import CommandRunner

        command = self.deps.settings.commands.get(name)
        if command is None or self.brings_cursor() or not (job := self.the_job()):
            return
        self._runner = self._runner or CommandRunner(self.screen.announce, self.screen.suspended)
        self.screen.run_worker(self._runner.run(name, command, self.state.board.states[job]), group="own")

    def hint_once(self, about: str, text: str, say: Callable[[str], None] | None = None) -> None:
        """Say this, unless it was said before: a key that does nothing here needs no second explanation."""
        if about not in self._hinted:
            self._hinted.add(about)
            (say or self.say)(text)

    def back(self) -> None:
        """Close the filter line, the digest or the details; if none is open, clear the filter, show more than the
        problems, then clear the marks."""
        if self.screen.filter.is_typing:
            self.screen.filter.drop()
        elif self.screen.happened.may_close:
            self.screen.happened.close_digest()
            self.screen.show_around()
        elif self.state.look.filter and not self.screen.details.alone:
            self.screen.filter.drop()
        elif self.state.look.problems_only and not self.screen.details.alone:
            self.screen.look.only_problems()
        elif not self.screen.details.close():
            self.table.drop_marks()
            self.screen.show_around()

    def leave(self) -> None:
        """Close the details; if none are open, quit."""
        if not self.screen.details.close():
            self.screen.app.exit()
