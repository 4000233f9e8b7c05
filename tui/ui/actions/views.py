"""Views: a filter, an order, groups and columns under a number and a name."""

from collections.abc import Mapping

from tui.core.errors import UserError
from tui.core.text import clean, did_you_mean
from tui.storage.screen_state import ScreenState
from tui.storage.settings import NAME_LONGEST, VIEW_NUMBERS, ViewSettings
from tui.ui.actions import Actions
from tui.ui.actions.look import kept_sort
from tui.ui.columns import SORTS
from tui.ui.groups import GROUPINGS

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
        known = views.get(number)

        async def save(name: str) -> str:
            nonlocal known
            before, known = known, self.deps.settings.views.get(number)
            if known and known != before:  # another program has saved it
                return f"View {number} is {known.name!r} now: another program has saved it. Press enter to replace it."
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
