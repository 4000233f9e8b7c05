"""Notices: one at a time, and none outlives the screen or dialog that it was shown on."""

from textual import getters
from textual.app import App
from textual.message_pump import MessagePump
from textual.notifications import SeverityLevel

from tui.core.text import clean

BRIEF, LONG = 5, 12
"""Seconds for which a notice is shown, and one that warns."""


class NoticeApp(App[None]):
    """An app that shows one notice: several would hide the rows."""

    _notice_of: MessagePump | None = None

    def show_notice(self, text: str, severity: SeverityLevel, of: MessagePump | None) -> None:
        """Show the notice, as plain text whatever it contains, until its time is up or `of` is left or covered."""
        self.clear_notifications()
        self._notice_of = of
        self.notify(clean(text), severity=severity, markup=False, timeout=BRIEF if severity == "information" else LONG)

    def drop_notice(self, of: MessagePump) -> None:
        """Drop the notice if it is one of this screen."""
        if self._notice_of is of:
            self._notice_of = None
            self.clear_notifications()


class NoticeScreen(MessagePump):
    """A base of screens whose notices go when another screen covers them, or when they close.

    A notice lies over the last lines: over a dialog that was opened later it would hide the keys that are named there.
    """

    app = getters.app(NoticeApp)

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """Show what came of a key here."""
        self.app.show_notice(text, severity, self)

    def announce(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Show what happened without a key: it stays whatever the user does meanwhile."""
        self.app.show_notice(text, severity, None)

    def drop_notice(self) -> None:
        """Drop what `say` has said: it is not so any more."""
        self.app.drop_notice(self)

    def on_screen_suspend(self) -> None:
        self.drop_notice()
