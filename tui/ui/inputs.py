"""The text field of one line, which every dialog uses."""

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widgets import Input

from tui.core.text import JOINERS, drawn

MASKED = "Masked text cannot be copied."


class LineInput(Input):
    """Textual's Input, which would keep only the first line of a paste, drop joiners, and copy from a masked field."""

    BETWEEN_LINES = " "
    TAKES_TEXT = True

    async def _on_key(self, event: events.Key) -> None:
        if event.character and event.character in JOINERS:
            event.prevent_default()
            event.stop()
            self.replace(event.character, *self.selection)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.replace(self._one_line(event.text), *self.selection)

    def _one_line(self, text: str) -> str:
        lines = text.splitlines()
        return self.BETWEEN_LINES.join(filter(None, map(str.strip, lines))) if len(lines) > 1 else "".join(lines)

    @property
    def _value(self) -> Text:
        """The value as it is drawn, with a visible character for each invisible one."""
        return super()._value if self.password else Text(drawn(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(drawn(self.value[:position]))

    def restricted(self) -> None:
        """Called when a text does not fit: it is refused as a whole, and a notice says so."""
        self._say(f"At most {self.max_length} characters fit here.")

    def _say(self, text: str) -> None:
        self.app.clear_notifications()
        self.app.notify(text, severity="warning", markup=False)

    @property
    def selected_text(self) -> str:
        return "" if self.password else super().selected_text

    @property
    def has_masked_selection(self) -> bool:
        return self.password and not self.selection.is_empty

    def action_copy(self) -> None:
        if self.password:
            self._say(MASKED)
        else:
            super().action_copy()

    def action_cut(self) -> None:
        """Cut the selection. Without one the clipboard stays as it is."""
        if self.password or self.selected_text:
            self.action_copy()
        if not self.password:
            self.delete_selection()
