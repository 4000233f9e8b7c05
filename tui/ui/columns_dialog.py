"""The dialog in which columns are chosen and put in order. The table shows the choice at once."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.ui.columns import Column
from tui.ui.dialogs import Dialog, Options
from tui.ui.formatting import fit

TITLE = 10
"""Cells of a column's title."""


class ColumnChoice:
    """Columns in an order, of which some are shown."""

    def __init__(self, every: Sequence[str], shown: Sequence[str]) -> None:
        self.order = [*shown, *(key for key in every if key not in shown)]
        self.ticked = set(shown)

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(key for key in self.order if key in self.ticked)

    def toggle(self, place: int) -> bool:
        """Show this column, or show it no more. Returns False where it is the last one."""
        if self.ticked == {self.order[place]}:
            return False
        self.ticked ^= {self.order[place]}
        return True

    def move(self, place: int, by: int) -> int:
        """Move a column up or down. Returns its new place."""
        there = max(0, min(len(self.order) - 1, place + by))
        self.order.insert(there, self.order.pop(place))
        return there


class Ticks(Options):
    """The columns, each with its tick."""

    class Ticked(Message):
        """The highlighted column was clicked."""

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # a list of options takes a click for enter
        place = event.style.meta.get("option")
        if place is not None:
            self.highlighted = place
            self.post_message(self.Ticked())


class ColumnsDialog(Dialog[tuple[str, ...]]):
    """Asks for the columns and their order. The answer is empty for the usual ones."""

    KEYS = ("enter: save", "space: tick", "J K: move", "0: usual", "esc: close")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", show=False),
        Binding("J,shift+down", "move(1)", show=False),
        Binding("K,shift+up", "move(-1)", show=False),
        Binding("0", "usual", show=False),
    ]

    def __init__(
        self,
        every: Sequence[Column],
        shown: Sequence[str],
        usual: Callable[[], Sequence[str]],
        seen: Callable[[Sequence[str]], None],
    ) -> None:
        """`usual` returns the columns where nothing is chosen; `seen` is called with each choice."""
        super().__init__("Columns")
        self._columns = {column.key: column for column in every}
        self._usual = usual
        self._seen = seen
        self._choice = ColumnChoice(tuple(self._columns), shown)

    def body(self) -> ComposeResult:
        yield Ticks(*(Option(self._line(key)) for key in self._choice.order))

    def _line(self, key: str) -> Text:
        column = self._columns[key]
        tick = "[x]" if key in self._choice.ticked else "[ ]"
        return Text(f"{tick} {fit(column.title, TITLE)} {column.about}", no_wrap=True, overflow="ellipsis")

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _place(self) -> int:
        return self._options.highlighted or 0

    def _show(self, place: int) -> None:
        for at, key in enumerate(self._choice.order):
            self._options.replace_option_prompt_at_index(at, self._line(key))
        self._options.highlighted = place
        self._seen(self._choice.shown)

    @on(Ticks.Ticked)
    def action_tick(self) -> None:
        if self._choice.toggle(self._place):
            self._show(self._place)
        else:
            self.say("One column has to stay.")

    def action_move(self, by: int) -> None:
        self._show(self._choice.move(self._place, by))

    def action_usual(self) -> None:
        self._choice = ColumnChoice(tuple(self._columns), self._usual())
        self._show(0)

    @on(OptionList.OptionSelected)
    def answer(self) -> None:
        shown = self._choice.shown
        self.dismiss(() if shown == tuple(self._usual()) else shown)
