"""What the keys do: one class for each group of keys. `action` of a command in `ui/keys.py` names object and method."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from tui.ui.board_screen import BoardScreen
    from tui.ui.board_state import BoardState
    from tui.ui.job_table import JobTable
    from tui.ui.live import Live
    from tui.ui.screen_deps import ScreenDeps
    from tui.ui.watchlist_editor import WatchlistEditor

NEEDS_EXTRAS = "{} more than the status call: leave out --status-only, and set extras = true in [service]."
"""Why a key cannot do what it is for."""


class Actions:
    """Base of all groups. A coroutine method runs as a worker, so it may wait for a dialog or for the disk."""

    def __init__(self, screen: "BoardScreen") -> None:
        self.screen = screen

    @property
    def deps(self) -> "ScreenDeps":
        return self.screen.deps

    @property
    def state(self) -> "BoardState":
        return self.screen.state

    @property
    def table(self) -> "JobTable":
        return self.screen.table

    @property
    def live(self) -> "Live":
        return self.screen.live

    @property
    def editor(self) -> "WatchlistEditor":
        return self.screen.editor

    def say(self, text: str, severity: "SeverityLevel" = "information") -> None:
        self.screen.say(text, severity)
