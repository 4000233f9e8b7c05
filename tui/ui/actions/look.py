"""Order, columns, groups, profiles, the filter of the table, and views of these under a number."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui.core.errors import UserError
from tui.core.filter import EXAMPLES, LONGEST, parse_filter
from tui.core.job import JobId
from tui.core.text import clean, did_you_mean
from tui.storage.screen_state import ScreenState
from tui.storage.settings import NAME_LONGEST, USUAL_COLUMNS, VIEW_NUMBERS, ViewSettings
from tui.ui.actions import Actions
from tui.ui.columns import SORTS
from tui.ui.groups import GROUPINGS, job_of

if TYPE_CHECKING:
    from textual.widgets import Input


AUTO = "automatic: attention if the list is longer than the screen"


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
        self._order_by(_kept(key), reverse=False)

    def reverse(self) -> None:
        self._order_by(self.state.look.sort, not self.state.look.reverse)

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
            from tui.ui.dialogs import LineInput

            self.line = LineInput(self.state.look.filter, EXAMPLES, classes="filter", max_length=LONGEST)
            self.screen.mount(self.line, before=self.screen.hints)
        return self.line

    @property
    def is_typing(self) -> bool:
        """Whether the filter has the focus, so that keys are text."""
        return self.line is not None and self.screen.focused is self.line


EVERYTHING = "0"
"""The number of the view that shows everything; it is not in the settings."""
Views = Mapping[str, ViewSettings]


def check_views(views: Views) -> None:
    """Raises UserError if a view sorts or groups by what there is not."""
    for number, view in views.items():
        for key, given, known in (("sort", view.sort, SORTS), ("group", view.group, tuple(GROUPINGS))):
            if given and given not in known:
                hint = did_you_mean(given, known) or f"there are {', '.join(known)}."
                raise UserError(f"views.{number}.{key} in the settings: there is no {given!r}; {hint}")


def _kept(sort: str) -> str:
    """The sort as the state of the screen has it."""
    return "" if sort == "auto" else sort


def shown_by(view: ViewSettings, look: ScreenState) -> ScreenState:
    """The look after this view was chosen."""
    return look._replace(
        filter=view.filter,
        sort=_kept(view.sort),
        reverse=view.reverse,
        group=view.group,
        profile=view.profile,
        problems_only=view.problems,
        columns=view.columns,
    )


def view_of(look: ScreenState, name: str) -> ViewSettings:
    """The view that shows what the screen shows now."""
    return ViewSettings(
        name, look.filter, look.sort, look.reverse, look.group, look.profile, look.problems_only, look.columns
    )


def number_of(look: ScreenState, views: Views) -> str:
    """The number of the view that is on the screen; empty if the look is none of the user's views."""
    return next((number for number, view in views.items() if shown_by(view, look) == look), "")


def choices(views: Views) -> list[tuple[str, str]]:
    """What a new view can be saved as: each number, with the name of the view that it would replace."""
    return [(number, f"{number}  {views[number].name if number in views else '(free)'}") for number in VIEW_NUMBERS]


def first_free(views: Views) -> str:
    return next((number for number in VIEW_NUMBERS if number not in views), "1")


class ViewActions(Actions):
    """Views are a filter, an order, groups and columns under a number and a name."""

    def show(self, number: str) -> None:
        """Show a view of the settings; 0 shows everything."""
        view = ViewSettings("everything") if number == EVERYTHING else self.deps.settings.views.get(number)
        if view is None:
            key = self.screen.key("save_view")
            self.say(f"There is no view {number}. Press {key} to save what is shown now as one.")
        elif shown_by(view, self.state.look) == self.state.look:
            what = "Everything" if number == EVERYTHING else f"View {number}, {view.name},"
            self.say(f"{what} is shown already.")
        else:
            self.use(view)

    def use(self, view: ViewSettings) -> None:
        """Apply the view to the table, and to the filter line if there is one."""
        look = shown_by(view, self.state.look)
        if self.screen.filter.line:
            self.screen.filter.line.value = look.filter
        self.screen.look.arrange(look)

    async def save(self) -> None:
        from tui.ui.dialogs import ChoiceDialog, TextDialog
        from tui.ui.keys import BY_ID

        views, title = self.deps.settings.views, BY_ID["save_view"].help
        number = await self.screen.ask("save_view", ChoiceDialog(title, choices(views), first_free(views)))
        if not number:
            return

        async def save(name: str) -> str:
            return await self._write(number, view_of(self.state.look, clean(name or f"view {number}")))

        name = views[number].name if number in views else ""
        hint = "a word or two, shown in the first line"
        dialog = TextDialog(f"Name of view {number}", name, hint, NAME_LONGEST, save, saves_unchanged=True)
        await self.screen.app.push_screen_wait(dialog)

    async def _write(self, number: str, view: ViewSettings) -> str:
        """Write the view into the settings. Returns why that failed; empty if it did not."""
        said = f"Saved as view {number}: press {self.screen.key(f'view_{number}')} to show it."
        try:
            if self.deps.save_view:
                await self.screen.disk.run(self.deps.save_view, number, view)
        except UserError as problem:
            return str(problem)
        before = self.deps.settings
        self.screen.deps = self.deps._replace(settings=before._replace(views={**before.views, number: view}))
        if self.screen.edited.settings_edited():
            await self.screen.take_settings(said)
        else:
            self.say(f"{said} It is kept until you quit: there is no settings file here.")
        self.screen.show_around()
        return ""
