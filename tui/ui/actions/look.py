"""Order, columns, groups and profiles of the table; and views, which are all that under a number and a name."""

from collections.abc import Mapping, Sequence

from tui.core.errors import UserError
from tui.core.text import clean, did_you_mean
from tui.storage.atomic import NOT_SAVED
from tui.storage.screen_state import ScreenState
from tui.storage.settings import NAME_LONGEST, USUAL_COLUMNS, VIEW_NUMBERS, ViewSettings
from tui.ui.actions import Actions
from tui.ui.columns import SORTS
from tui.ui.groups import GROUPINGS, job_of
from tui.ui.keys import BY_ID

AUTO = "automatic: attention if the list is long"
EVERYTHING = "0"
"""The number of the view that shows everything; it is not in the settings."""
Views = Mapping[str, ViewSettings]


def check_views(views: Views) -> None:
    """Raises UserError if a view sorts or groups by what there is not."""
    for number, view in views.items():
        for key, given, known in (("sort", view.sort, SORTS), ("group", view.group, GROUPINGS)):
            if given and given not in known:
                hint = did_you_mean(given, known) or f"there are {', '.join(known)}."
                raise UserError(f"views.{number}.{key} in the settings: there is no {given!r}; {hint}")


def shown_by(view: ViewSettings, look: ScreenState) -> ScreenState:
    """The look after this view was chosen."""
    return look._replace(
        filter=view.filter,
        sort=kept_sort(view.sort),
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


def title_of(number: str, view: ViewSettings) -> str:
    """`view 2 failing`; a view without a name of its own has its number alone."""
    own = f"view {number}"
    return own if view.name == own else f"{own} {view.name}"


def view_choices(views: Views) -> list[tuple[str, str]]:
    """What a new view can be saved as: each number, with the name of the view that it would replace."""
    return [(number, f"{number}  {views[number].name if number in views else '(free)'}") for number in VIEW_NUMBERS]


def first_free(views: Views) -> str:
    return next((number for number in VIEW_NUMBERS if number not in views), "1")


def kept_sort(sort: str) -> str:
    """The sort as the state of the screen has it."""
    return "" if sort == "auto" else sort


class LookActions(Actions):
    """Each key changes the look of the table, which is then saved for the next start."""

    tried_columns: Sequence[str] = ()
    """Those that the dialog of columns shows while it is open; the settings may be edited meanwhile."""

    def apply(self, look: ScreenState) -> None:
        """Show the table with this look."""
        self.state.set_look(look)
        typed = self.screen.filter
        if look.filter or typed.line:
            typed.input().display = bool(look.filter) or typed.is_typing
        self.table.set_columns(self.columns_of(look), look.sort, look.reverse, look.wide)
        self.screen.show_all()

    def columns_of(self, look: ScreenState) -> Sequence[str]:
        """The columns that their dialog shows now, else those chosen before, else `usual_columns`."""
        return self.tried_columns or look.columns or self.usual_columns()

    def keep(self, look: ScreenState) -> None:
        """Apply this look and save it for the next start."""
        self.apply(look)
        self.save(look)

    def save(self, look: ScreenState) -> None:
        """Save this look for the next start, in the background."""
        self.state.look = look
        self.screen.run_worker(self._save(look), group="state")

    async def _save(self, look: ScreenState) -> None:
        try:
            await self.screen.disk.run(self.deps.save_state, look)
        except UserError as problem:
            self.screen.announce(f"The look of the screen is not saved: {str(problem).removeprefix(NOT_SAVED)}")

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
            self.say(f"The order of the rows is {'reversed' if is_reversed else 'no longer reversed'}.")

    def _order_by(self, sort: str, reverse: bool) -> None:
        """Order the rows. A cursor on the first line stays there: what the new order puts first is what the user asked
        for."""
        was_first = self.table.cursor_line in self.table.order[:1]
        self.keep(self.state.look._replace(sort=sort, reverse=reverse))
        if was_first:
            self.table.move_by(-len(self.table.order))

    def arrange(self, look: ScreenState) -> None:
        """Use and save this look, which may have other groups. The cursor stays on its job. It goes to the first line
        from a group that has no line any more, and from the first line, if it would take the view away from there."""
        cursor, was_first = self.table.cursor_line, self.table.cursor_line in self.table.order[:1]
        self.keep(look)
        is_gone = job_of(cursor) is None and cursor not in self.table.order
        if is_gone or (was_first and self.table.scroll_offset.y):
            self.table.move_by(-len(self.table.order))

    async def columns(self) -> None:
        from tui.ui.columns_dialog import ColumnsDialog

        look = self.state.look

        def show(chosen: Sequence[str]) -> None:
            self.tried_columns = chosen
            self.table.set_columns(chosen, look.sort, look.reverse, look.wide)

        self.tried_columns = self.columns_of(look)
        dialog = ColumnsDialog(self.table.every, self.tried_columns, self.usual_columns, show)
        try:
            chosen = await self.screen.ask("columns", dialog)
        finally:
            self.tried_columns = ()
        if chosen is None:
            self.apply(self.state.look)
        else:
            self.keep(self.state.look._replace(columns=chosen))

    def usual_columns(self) -> Sequence[str]:
        """The columns of the settings, else those that everybody has."""
        return self.deps.settings.ui.columns or USUAL_COLUMNS

    def wide(self) -> None:
        self.keep(self.state.look._replace(wide=not self.state.look.wide))

    def only_problems(self) -> None:
        self.keep(self.state.look._replace(problems_only=not self.state.look.problems_only))

    async def profile(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        names = self.live.profile_names()
        if len(names) < 2:
            self.say("There is only one profile. Add more in settings.toml.")
            return
        choices = [("", "all profiles"), *((name, name) for name in names if name)]
        chosen = await self.screen.ask("profile", ChoiceDialog("Show", choices, self.state.look.profile))
        if chosen is not None:
            self.keep(self.state.look._replace(profile=chosen))

    async def group(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        choices = [("none", "no groups"), *((by, by) for by in GROUPINGS)]
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
        self.save(self.state.look._replace(folded=folded))
        self.table.show(self.state.groups.lines)
        self.table.update_rows(())
        self.screen.show_around()

    # Views

    def view(self, number: str) -> None:
        """Show a view of the settings; 0 shows everything."""
        view = ViewSettings("everything") if number == EVERYTHING else self.deps.settings.views.get(number)
        if view is None:
            key = self.screen.key("save_view")
            self.say(f"There is no view {number}. Press {key} to save what is shown now as one.")
        elif shown_by(view, self.state.look) == self.state.look:
            what = view.name if number == EVERYTHING else title_of(number, view)
            self.say(f"Already shown: {what}.")
        else:
            self.use_view(view)

    def use_view(self, view: ViewSettings) -> None:
        """Apply the view to the table, and to the filter line if there is one."""
        look = shown_by(view, self.state.look)
        if self.screen.filter.line:
            self.screen.filter.line.value = look.filter
        self.arrange(look)

    async def save_view(self) -> None:
        from tui.ui.dialogs import ChoiceDialog, TextDialog

        views, title = self.deps.settings.views, BY_ID["save_view"].help
        number = await self.screen.ask("save_view", ChoiceDialog(title, view_choices(views), first_free(views)))
        if not number:
            return
        known = views.get(number)

        async def save(name: str) -> str:
            nonlocal known
            before, known = known, self.deps.settings.views.get(number)
            if known and known != before:  # another program has saved it
                return f"View {number} is {known.name!r} now: another program has saved it. Press enter to replace it."
            return await self._write_view(number, view_of(self.state.look, clean(name or f"view {number}")))

        name = views[number].name if number in views else ""
        hint = "a word or two, shown in the first line"
        heading = f"Replace view {number}: its name" if number in views else f"Name of view {number}"
        dialog = TextDialog(heading, name, hint, NAME_LONGEST, save, saves_unchanged=True)
        await self.screen.app.push_screen_wait(dialog)

    async def _write_view(self, number: str, view: ViewSettings) -> str:
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
