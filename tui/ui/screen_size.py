"""What screens do with the size of the terminal: style classes, layout, and the text where there is no room."""

from rich.text import Text
from textual import events
from textual.message_pump import MessagePump
from textual.widgets import Static

from tui.terminal.capabilities import LEAST_COLUMNS, LEAST_ROWS

BROAD = 110
"""From this many columns on the details fit beside the table."""
WIDTHS = [(0, "-tiny"), (LEAST_COLUMNS, "-narrow"), (BROAD, "-broad")]
HEIGHTS = [(0, "-low"), (LEAST_ROWS, "-high")]
"""CSS classes of a screen by its columns and rows. With `-tiny` or `-low`, `TooSmall` covers everything."""


def classes_for(size: tuple[int, int]) -> tuple[str, str]:
    """The two classes for a screen of this many columns and rows."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]


class PresentSize(MessagePump):
    """A base of screens: they are laid out for the size that the terminal has now, whatever size an event says.

    Textual's screens send themselves one more event for each size that comes: two sizes that are under way at once
    would follow each other for ever."""

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize) and event.size != (size := self.app.size):
            event = events.Resize(size, size)
        await super().on_event(event)


class TooSmall(Static):
    """Covers the whole screen while the terminal is too small."""

    def __init__(self) -> None:
        super().__init__(Text(f"too small: {LEAST_COLUMNS}x{LEAST_ROWS} min"), markup=False)
