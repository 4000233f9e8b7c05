"""What the keys do: one class for each group of keys. `action` of a command in `ui/keys.py` names object and method;
the objects are attributes of `BoardScreen`.

    cursor     to other rows, marks
    details    the pane with everything about a job
    dialogs    what is opened to be read, and what is copied
    look       order, columns, groups, filter, views
    program    asking, pausing, alerts, signing in; closing, quitting, the user's own commands
    watchlist  adding, finding, removing, labels, tags, undo
"""

from typing import TYPE_CHECKING

from tui.ui.keys import first_key

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from tui.ui.awaited_extras import AwaitedExtras
    from tui.ui.board_screen import BoardScreen
    from tui.ui.board_state import BoardState
    from tui.ui.job_table import JobTable
    from tui.ui.live import Live
    from tui.ui.screen_deps import ScreenDeps
    from tui.ui.watchlist_editor import WatchlistEditor

NEEDS_EXTRAS = "{} more than the status call: leave out --status-only, and set extras = true in [service]."
"""Why a key cannot do what it is for."""
PAUSED = "Paused: nothing is asked. Press p to resume the job, P to resume everything."


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

    def extras(self, profile: str, what_needs: str) -> "AwaitedExtras | None":
        """What sends other calls than the status call. A notice says why if none may be sent."""
        from tui.ui.awaited_extras import AwaitedExtras

        extras = self.live.service.profile(profile).extras
        if not extras:
            self.say(NEEDS_EXTRAS.format(what_needs))
        elif self.live.pollers.paused:
            self.say(PAUSED)
        else:
            key = first_key("sign_in", self.deps.keys)
            return AwaitedExtras(extras, lambda: self.live.obstacle(profile), key)
        return None

    def say(self, text: str, severity: "SeverityLevel" = "information") -> None:
        self.screen.say(text, severity)
