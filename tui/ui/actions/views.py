"""Show a view of the settings, and save what is shown as one."""

from tui.core.errors import UserError
from tui.core.text import clean
from tui.storage.screen_settings import NAME_LONGEST, ViewSettings
from tui.ui.actions import Actions
from tui.ui.keys import first_key
from tui.ui.views import EVERYTHING, choices, first_free, shown_by, view_of


class ViewActions(Actions):
    """Views are a filter, an order, groups and columns under a number and a name."""

    def show(self, number: str) -> None:
        """Show a view of the settings; 0 shows everything."""
        view = ViewSettings("everything") if number == EVERYTHING else self.deps.views.get(number)
        if view is None:
            key = first_key("save_view", self.deps.keys)
            self.say(f"There is no view {number}. Press {key} to save what is shown now as one.")
        elif shown_by(view, self.state.look) == self.state.look:
            self.say(f"This is {view.name} already.")
        else:
            self.use(view)

    def use(self, view: ViewSettings) -> None:
        look = shown_by(view, self.state.look)
        if self.screen.filter.line:
            self.screen.filter.line.value = look.filter
        self.screen.keep_look(look)

    async def save(self) -> None:
        from tui.ui.dialogs import ChoiceDialog, TextDialog

        views = self.deps.views
        title = "Save filter, order, groups and columns as a view"
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
        said = f"Saved as view {number}: press {first_key(f'view_{number}', self.deps.keys)} to show it."
        try:
            if self.deps.save_view:
                await self.screen.disk.run(self.deps.save_view, number, view)
        except UserError as problem:
            return str(problem)
        self.screen.deps = self.deps._replace(views={**self.deps.views, number: view})
        if self.screen.edited.settings_edited():
            await self.screen.take_settings(said)
        else:
            self.say(f"{said} It is kept until you quit: there is no settings file here.")
        self.screen.show_around()
        return ""
