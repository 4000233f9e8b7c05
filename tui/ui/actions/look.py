"""Order, columns, groups, profiles and the filter of the table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.core.filter import LONGEST, parse_filter
from tui.core.job import JobId
from tui.storage.screen_settings import USUAL
from tui.ui.actions import Actions
from tui.ui.groups import GROUPINGS
from tui.ui.keys import first_key

if TYPE_CHECKING:
    from textual.widgets import Input


class LookActions(Actions):
    """Each of these changes the look of the table, and saves it for the next start."""

    async def sort(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("list", "the watchlist's order"), *((key, sort.title) for key, sort in self.screen.sorts.items())]
        if chosen := await self.screen.ask("sort", ChoiceDialog("Sort by", choices, self.state.look.sort or "list")):
            self.sort_by(chosen)

    def sort_by(self, key: str) -> None:
        self._order_by("" if key == "list" else key, reverse=False)

    def reverse(self) -> None:
        self._order_by(self.state.look.sort, not self.state.look.reverse)

    def _order_by(self, sort: str, reverse: bool) -> None:
        """A cursor on the first line stays there: what the new order puts first is what the user asked for."""
        was_first = self.table.cursor_line in self.table.order[:1]
        self.screen.keep_look(self.state.look._replace(sort=sort, reverse=reverse))
        if was_first:
            self.table.move_by(-len(self.table.order))

    async def columns(self) -> None:
        from tui.ui.columns_dialog import ColumnsDialog

        look = self.state.look

        def show(chosen: Sequence[str]) -> None:
            self.table.set_columns(chosen, look.sort, look.reverse, look.wide)

        dialog = ColumnsDialog(self.table.every, self.screen.columns_of(look), self.deps.columns or USUAL, show)
        chosen = await self.screen.ask("columns", dialog)
        if chosen is None:
            self.screen.set_look(self.state.look)
        else:
            self.screen.keep_look(self.state.look._replace(columns=chosen))

    def wide(self) -> None:
        self.screen.keep_look(self.state.look._replace(wide=not self.state.look.wide))

    def only_problems(self) -> None:
        self.screen.keep_look(self.state.look._replace(problems_only=not self.state.look.problems_only))

    async def profile(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        names = self.live.profile_names()
        if len(names) < 2:
            self.say("There is only one profile. Add more in settings.toml.")
            return
        choices = [("", "all profiles"), *((name, name) for name in names if name)]
        chosen = await self.screen.ask("profile", ChoiceDialog("Show", choices, self.state.look.profile))
        if chosen is not None:
            self.screen.keep_look(self.state.look._replace(profile=chosen))

    async def group(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("none", "no groups"), *GROUPINGS.items()]
        chosen = await self.screen.ask("group", ChoiceDialog("Group by", choices, self.state.look.group or "none"))
        if chosen:
            self.screen.keep_look(self.state.look._replace(group="" if chosen == "none" else chosen))

    def fold_all(self) -> None:
        if self.state.groups.by:
            self.fold(self.state.groups.folded_after_all())
        else:
            key = first_key("group", self.deps.keys)
            self.say(f"There are no groups to fold. Press {key} to group the jobs.")

    def fold(self, folded: tuple[str, ...]) -> None:
        """Fold these groups and unfold all others."""
        self.state.groups.set_folded(folded)
        self.screen.keep_state(self.state.look._replace(folded=folded))
        self.table.show(self.state.groups.lines)
        self.table.update_rows(())


class FilterActions(Actions):
    """Owns the line in which the filter is typed. The line is created on first use, not before the first frame."""

    line: "Input | None" = None
    _before: JobId | None = None
    """The job under the cursor when the filter was opened. The cursor returns to it whenever that job is shown."""

    def open(self) -> None:
        """Show the line and give it the focus."""
        self._before = self.table.cursor
        line = self.input()
        line.display = True
        self.screen.set_focus(line)
        self.screen.show_keys()

    def changed(self, text: str) -> None:
        """Apply the filter while it is typed."""
        if text != self.state.look.filter:
            self.screen.set_look(self.state.look._replace(filter=text))
            self.table.move_to(self._before)

    def submitted(self, text: str) -> None:
        """Save the filter, and return to the table."""
        if problem := parse_filter(text).problem:
            self.say(problem, "warning")
        self.screen.focus_table()
        self.screen.keep_look(self.state.look)

    def drop(self) -> None:
        """Clear the filter. While it is typed, the cursor returns to the job where it was before."""
        where = self._before if self.is_typing else None
        self.input().value = ""
        self.screen.focus_table()
        self.screen.keep_look(self.state.look._replace(filter=""))
        self.table.move_to(where)

    def input(self) -> "Input":
        if self.line is None:
            from tui.ui.inputs import LineInput

            hint = "words, !word, is:running, tag:x, /pattern/"
            self.line = LineInput(self.state.look.filter, hint, classes="filter", max_length=LONGEST)
            self.screen.mount(self.line, before=self.screen.hints)
        return self.line

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus, so that keys are text."""
        return self.line is not None and self.screen.focused is self.line
