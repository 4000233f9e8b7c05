"""Order, columns, groups and profiles of the table."""

from collections.abc import Sequence

from tui.storage.screen_state import ScreenState
from tui.storage.settings import USUAL_COLUMNS
from tui.ui.actions import Actions
from tui.ui.groups import GROUPINGS, job_of

AUTO = "automatic: attention if the list is long"


def kept_sort(sort: str) -> str:
    """The sort as the state of the screen has it."""
    return "" if sort == "auto" else sort


class LookActions(Actions):
    """Each of these changes the look of the table, and saves it for the next start."""

    tried_columns: Sequence[str] = ()
    """Those that the dialog of columns shows while it is open; the settings may be edited meanwhile."""

    async def sort(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("auto", AUTO), ("list", "the watchlist's order")]
        choices += [(key, sort.title) for key, sort in self.screen.sorts.items()]
        if chosen := await self.screen.ask("sort", ChoiceDialog("Sort by", choices, self.state.look.sort or "auto")):
            self.sort_by(chosen)

    def sort_by(self, key: str) -> None:
        self._order_by(kept_sort(key), reverse=False)

    def reverse(self) -> None:
        is_reversed = not self.state.look.reverse
        self._order_by(self.state.look.sort, is_reversed)
        if not self.table.shows_order:
            self.say(
                "The order of the rows is reversed." if is_reversed else "The order of the rows is no longer reversed."
            )

    def _order_by(self, sort: str, reverse: bool) -> None:
        """A cursor on the first line stays there: what the new order puts first is what the user asked for."""
        was_first = self.table.cursor_line in self.table.order[:1]
        self.screen.keep_look(self.state.look._replace(sort=sort, reverse=reverse))
        if was_first:
            self.table.move_by(-len(self.table.order))

    def arrange(self, look: ScreenState) -> None:
        """Use and save this look, which may have other groups. The cursor stays on its job. It goes to the first line
        from a group that has no line any more, and from the first line, if it would take the view away from there."""
        cursor, was_first = self.table.cursor_line, self.table.cursor_line in self.table.order[:1]
        self.screen.keep_look(look)
        is_gone = job_of(cursor) is None and cursor not in self.table.order
        if is_gone or (was_first and self.table.scroll_offset.y):
            self.table.move_by(-len(self.table.order))

    async def columns(self) -> None:
        from tui.ui.columns_dialog import ColumnsDialog

        look = self.state.look

        def show(chosen: Sequence[str]) -> None:
            self.tried_columns = chosen
            self.table.set_columns(chosen, look.sort, look.reverse, look.wide)

        self.tried_columns = self.screen.columns_of(look)
        dialog = ColumnsDialog(self.table.every, self.tried_columns, self.usual_columns, show)
        try:
            chosen = await self.screen.ask("columns", dialog)
        finally:
            self.tried_columns = ()
        if chosen is None:
            self.screen.set_look(self.state.look)
        else:
            self.screen.keep_look(self.state.look._replace(columns=chosen))

    def usual_columns(self) -> Sequence[str]:
        """The columns of the settings, else those that everybody has."""
        return self.deps.settings.ui.columns or USUAL_COLUMNS

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
            self.arrange(self.state.look._replace(group="" if chosen == "none" else chosen))

    def fold_all(self) -> None:
        if self.state.groups.by:
            self.fold(self.state.groups.folded_after_all())
        else:
            key = self.screen.key("group")
            self.say(f"There are no groups to fold. Press {key} to group the jobs.")

    def fold(self, folded: tuple[str, ...]) -> None:
        """Fold these groups and unfold all others."""
        self.state.groups.set_folded(folded)
        self.screen.keep_state(self.state.look._replace(folded=folded))
        self.table.show(self.state.groups.lines)
        self.table.update_rows(())
        self.screen.show_around()
