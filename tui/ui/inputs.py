"""Fields of one line. Every field of the program is one of these."""

from textual import events
from textual.widgets import Input

MASKED = "What is masked is not copied."


class LineInput(Input):
    """Takes a paste of several lines as one line. What a masked field holds cannot be copied or cut out of it."""

    BETWEEN_LINES = " "

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.replace(self._one_line(event.text), *self.selection)

    def _one_line(self, text: str) -> str:
        lines = text.splitlines()
        return self.BETWEEN_LINES.join(filter(None, map(str.strip, lines))) if len(lines) > 1 else "".join(lines)

    def restricted(self) -> None:
        """What does not fit is refused as a whole: nothing is cut without a word."""
        super().restricted()
        self._say(f"There is room for at most {self.max_length} characters.")

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
        """With no selection the clipboard stays as it is."""
        if self.password or self.selected_text:
            self.action_copy()
        if not self.password:
            self.delete_selection()
