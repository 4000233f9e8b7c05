"""The help: all keys and words, filtered while one types."""

from collections.abc import Sequence

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from tui.ui.dialogs import AROUND, Dialog
from tui.ui.inputs import LineInput
from tui.ui.key_help import NAMES, HelpEntry, found, help_text

_BESIDE = 7
"""Cells of the dialog besides its text: border, padding and scroll bar."""


class HelpDialog(Dialog[None]):
    """Letters filter, arrows scroll. While nothing is typed, the keys that open it close it."""

    HINT = "type to search, arrows: scroll, esc: close"

    def __init__(self, entries: Sequence[HelpEntry]) -> None:
        super().__init__("Keys and words")
        self._entries = entries
        self._line = _SearchLine("", "type to search: a word, a key, a name", max_length=60)
        self._text = Static()
        self._pane = VerticalScroll(self._text, classes="reading", can_focus=False)

    def body(self) -> ComposeResult:
        self.show()
        yield self._line
        yield self._pane

    def on_mount(self) -> None:
        self._line.focus()

    def on_resize(self) -> None:
        self._pane.styles.max_height = max(1, self.app.size.height - AROUND - 2)
        self.call_after_refresh(self.show)

    @on(Input.Changed)
    def show(self) -> None:
        """Show what is found."""
        query = self._line.value.strip()
        entries = found(self._entries, query)
        width = max(20, self.app.size.width - _BESIDE)
        text = help_text(entries, width, bool(query)) if entries else Text("Nothing is found. Try another word.")
        above = Text(f"{NAMES}\n\n" if query and entries else "", "dim")
        self._text.update(Text.assemble(above, text))
        self._pane.scroll_home(animate=False)

    def on_key(self, event: events.Key) -> None:
        page = max(1, self._pane.size.height - 1)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}
        if event.key in steps:
            event.stop()
            self._pane.scroll_relative(y=steps[event.key], animate=False)


class _SearchLine(LineInput):
    """While it is empty, the keys that open the dialog are no text: they close it."""

    async def _on_key(self, event: events.Key) -> None:
        dialog = self.screen
        if not self.value and isinstance(dialog, HelpDialog) and event.key in dialog.closing_keys:
            event.prevent_default()
            event.stop()
            dialog.action_close()
