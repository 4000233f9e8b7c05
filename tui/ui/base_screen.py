"""What the main screen has under its board: its parts, the files' thread, and a voice."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual.notifications import SeverityLevel
from textual.screen import Screen

from tui.core.problem import Problem
from tui.core.text import clean
from tui.storage.state import ScreenState
from tui.ui.keys import keys_named
from tui.ui.setup import Setup

if TYPE_CHECKING:
    from tui.ui.dialogs import Dialog

Result = TypeVar("Result")
Answer = TypeVar("Answer")


class BaseScreen(Screen[None]):
    """Does the disk's work in a thread of its own, and talks to the user."""

    def __init__(self, setup: Setup, write: Callable[[str], None]) -> None:
        """`write` sends a control sequence to the terminal."""
        super().__init__()
        self.setup = setup
        self.screen_state = setup.state
        self._write = write
        self._files = ThreadPoolExecutor(1, "files")

    async def on_unmount(self) -> None:
        self._files.shutdown(wait=False)

    async def in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Disk work, one piece after another, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._files, partial(work, *arguments))

    def keep_state(self, state: ScreenState) -> None:
        """Show the screen this way, now and at the next start."""
        self.screen_state = state
        self.run_worker(self._save_state(state), group="state")

    async def _save_state(self, state: ScreenState) -> None:
        try:
            await self.in_thread(self.setup.save_state, state)
        except Problem as problem:
            self.say(f"The look of the screen is not kept: {problem}", "warning")

    async def ask(self, command: str, dialog: "Dialog[Answer]") -> Answer | None:
        """Show the dialog that this command opens, whose keys close it, too."""
        dialog.closing_keys = keys_named(command, self.setup.keys)
        return await self.app.push_screen_wait(dialog)

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """One sentence for the user, plain text whatever it contains."""
        self.app.clear_notifications()  # one at a time: more would hide the rows
        self.notify(clean(text), severity=severity, markup=False, timeout=5 if severity == "information" else 12)

    def tell(self, notices: Sequence[str]) -> None:
        """The first of them; the others can be had from the commands."""
        if notices:
            more = f" And {len(notices) - 1} more: codearts-watch list and config name them." if notices[1:] else ""
            self.say(f"{notices[0]}{more}", "warning")

    async def copy_text(self, text: str, what: str) -> None:
        from tui.ui.clipboard import copy, route

        way = route(self.setup.environ)
        self.say(f"{what[0].upper()}{what[1:]}: {await self.in_thread(copy, text, way, self._write)}.")
