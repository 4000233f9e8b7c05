"""Type the filter of the table, and clear it."""

from typing import TYPE_CHECKING

from tui.core.filter import EXAMPLES, LONGEST_FILTER, parse_filter
from tui.core.job import JobId
from tui.ui.actions import Actions

if TYPE_CHECKING:
    from textual.widgets import Input


class FilterActions(Actions):
    """Owns the line in which the filter is typed. The line is created on first use, not before the first frame."""

    line: "Input | None" = None
    _before: JobId | None = None
    """The job under the cursor when the filter was opened. The cursor returns to it whenever that job is shown."""

    def open(self) -> None:
        """Show the line and give it the focus."""
        self._before = self.table.cursor
        self.screen.drop_notice()
        line = self.input()
        line.display = True
        self.screen.set_focus(line)
        self.screen.show_keys()

    def changed(self, text: str) -> None:
        """Apply the filter while it is typed."""
        if text != self.state.look.filter:
            self.screen.look.apply(self.state.look._replace(filter=text))
            self.table.move_to(self._before)

    def submitted(self, text: str) -> None:
        """Save the filter, and return to the table."""
        if problem := parse_filter(text).problem:
            self.say(problem, "warning")
        self.screen.focus_table()
        self.screen.look.keep(self.state.look)

    def left(self) -> None:
        """The focus has left the line, by tab or a click: an empty one goes."""
        if self.line and self.screen.focused is self.table:
            self.line.display = bool(self.line.value)

    def drop(self) -> None:
        """Clear the filter. While it is typed, the cursor returns to the job where it was before."""
        where = self._before if self.is_typing else None
        self.input().value = ""
        self.screen.focus_table()
        self.screen.look.keep(self.state.look._replace(filter=""))
        self.table.move_to(where)

    def input(self) -> "Input":
        if self.line is None:
            from tui.ui.dialogs import LineInput

            self.line = LineInput(self.state.look.filter, EXAMPLES, classes="filter", max_length=LONGEST_FILTER)
            self.screen.mount(self.line, before=self.screen.hints)
        return self.line

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus, so that keys are text."""
        return self.line is not None and self.screen.focused is self.line
