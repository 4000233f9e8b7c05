"""What all screens have in common: style classes and layout by the size of the terminal, and notices."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual import events, getters
from textual._styles_cache import StylesCache
from textual.app import App
from textual.message_pump import MessagePump
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Static

from tui.core.text import as_sentence, clean
from tui.terminal.capabilities import LEAST_COLUMNS, LEAST_ROWS

BROAD = 110
"""From this many columns on the details fit beside the table."""
WIDTHS = [(0, "-tiny"), (LEAST_COLUMNS, "-narrow"), (BROAD, "-broad")]
HEIGHTS = [(0, "-low"), (LEAST_ROWS, "-high")]
"""CSS classes of a screen by its columns and rows. With `-tiny` or `-low`, `too_small` covers everything."""
BRIEF, LONG = 5, 12
"""Seconds for which a notice is shown, and one that warns."""


def style_sheet(name: str) -> str:
    """The text of a style sheet of this package."""
    try:
        return Path(__file__).with_name(name).read_text("utf-8")
    except OSError:
        from pkgutil import get_data  # for a zip, and too slow for all others

        return (get_data("tui.ui", name) or b"").decode()


def classes_for(size: tuple[int, int]) -> tuple[str, str]:
    """The two classes for a screen of this many columns and rows."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]


class NoticeApp(App[None], inherit_css=False):
    """An app that shows one notice: several would hide the rows.

    Without Textual's style sheet for apps: to read it takes 2 ms, and nearly all of it is about what there is not here.
    """

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
            if isinstance(of, Screen):  # Textual drops it only from the screen in front, and this one is seen beside it
                of.query("ToastHolder").remove()


class BaseScreen(MessagePump):
    """A base of the board, the dialogs and the palette."""

    app = getters.app(NoticeApp)

    async def on_event(self, event: events.Event) -> None:
        """Lays the screen out for the size that the terminal has now, whatever size the event says.

        Textual's screens send themselves one more event for each size that comes: two sizes that are under way at once
        would follow each other for ever.
        """
        if isinstance(event, events.Resize) and event.size != (size := self.app.size):
            event = events.Resize(size, size)
        await super().on_event(event)

    def say(self, text: str, severity: SeverityLevel = "information") -> None:
        """Show what came of a key here."""
        self.app.show_notice(text, severity, self)

    def announce(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Show what happened without a key: it stays whatever the user does meanwhile."""
        self.app.show_notice(text, severity, None)

    def announce_all(self, notices: Sequence[str]) -> None:
        """Announce the first notice; `list` and `config` print the rest."""
        if notices:
            more = f" And {len(notices) - 1} more: codearts-watch list and config name them." if notices[1:] else ""
            self.announce(f"{as_sentence(notices[0])}{more}")

    def drop_notice(self) -> None:
        """Drop what `say` has said: it is not so any more."""
        self.app.drop_notice(self)

    async def on_unmount(self) -> None:
        """Let go of what was drawn of this screen: a cache of Textual has its widgets' lines in 1,024 of its keys."""
        StylesCache.get_inner_outer.cache_clear()

    def on_screen_suspend(self) -> None:
        """A notice of `say` is about this screen: over a dialog that is opened next it would hide the last line."""
        self.drop_notice()


def too_small() -> Static:
    """Covers the whole screen while the terminal is too small."""
    return Static(Text(f"too small: {LEAST_COLUMNS}x{LEAST_ROWS} min"), markup=False, classes="too-small")
