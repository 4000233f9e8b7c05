"""The Textual app, and running it from a bare terminal to a bare terminal."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from os.path import lexists
from pkgutil import get_data
from time import monotonic
from typing import Any

from rich.color import ColorSystem
from rich.console import RenderableType
from textual import events, on, work
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding
from textual.command import CommandPalette, Provider
from textual.driver import Driver
from textual.filter import ANSIToTruecolor
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.theme import Theme

from tui.core.errors import UserError, shortage
from tui.core.text import A_BUG, crash_text, plain_paste
from tui.terminal.capabilities import ASCII, mouse_wanted
from tui.terminal.shutdown import Shutdown
from tui.ui.board_screen import BoardScreen
from tui.ui.driver import AsciiDriver, AsciiScrollBar, SturdyDriver
from tui.ui.frame import Frame
from tui.ui.keys import alt_keys, canonical, check_keys, half_width, moving_keys
from tui.ui.paste_detector import PasteDetector
from tui.ui.screen_deps import ScreenDeps
from tui.ui.themes import DEFAULT_THEME, DEFAULT_VARIABLES, REVERSED, Colourless, LoadedThemes, first_theme, load_themes

STEP = 0.03
"""Seconds between two held keys when they act."""
TWICE = 2.0
"""Seconds within which a second ctrl+c quits."""


def _palette() -> type[Provider]:
    """Loaded when the palette is first opened."""
    from tui.ui.palette import Commands

    return Commands


class WatchApp(App[None]):
    """One screen, a few dialogs."""

    CSS = (get_data("tui.ui", "app.tcss") or b"").decode()
    TITLE = "codearts-watch"
    COMMANDS = {_palette}
    BINDINGS = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Twice quits", show=False, system=True, priority=True),
    ]

    def __init__(self, deps: ScreenDeps) -> None:
        super().__init__(driver_class=AsciiDriver if deps.glyphs is ASCII else SturdyDriver)
        self._wanted_theme = deps.state.theme or deps.theme
        self.deps = deps
        self.crash = ""
        self.lacking = ""
        """The traceback of a bug, without the values of variables; empty when there was none."""
        self._guard = PasteDetector(moving_keys(deps.keys))
        self._alt_keys = alt_keys(deps.keys)
        self.leaving: Callable[[int], None] = lambda code: None
        """Told the exit code when the app begins to end, to see that it does."""
        self._releasing = False
        self._frame = Frame()
        self._early: list[events.Event] = []
        """What was typed before the screen could do anything."""
        self._interrupted = -TWICE
        self.board_screen = BoardScreen(deps, self.write_raw)
        self.no_color = bool(deps.environ.get("NO_COLOR"))
        if deps.glyphs is ASCII:
            self.add_class("-ascii")
            ScrollBar.renderer = AsciiScrollBar
        self.set_keymap(canonical(deps.keys))
        for name in list(self.available_themes):
            if name != self.theme:
                self.unregister_theme(name)
        first = first_theme(deps.themes, self._wanted_theme)
        self.register_theme(first)
        # Unwatched, and with its colours at hand: the theme costs the first paint no second look at the style.
        self.set_reactive(WatchApp.theme, first.name)
        self.set_class(first.dark, "-dark-mode", update=False)
        self.set_class(not first.dark, "-light-mode", update=False)
        translated = ANSIToTruecolor(self.ansi_theme, enabled=not self.native_ansi_color)
        self._filters = [Colourless() if self.no_color else translated]  # Textual's are those of its own first theme
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        return self.board_screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULT_VARIABLES)

    def get_css_variables(self) -> dict[str, str]:
        """Without colours only the styles of text tell where a cursor is and what is chosen."""
        return super().get_css_variables() | dict(REVERSED if self.no_color else {})

    def on_mount(self) -> None:
        self._running_loop = asyncio.get_running_loop()

    @on(events.DescendantFocus)
    def keep_the_cursor_still(self, event: events.DescendantFocus) -> None:
        """A cursor that blinks is sent twice a second."""
        field: Any = event.widget
        if hasattr(field, "cursor_blink"):
            field.cursor_blink = False

    @on(BoardScreen.Asks)
    def take_the_rest(self) -> None:
        """What the first frame did not wait for: what there is to say about the files, and what was typed."""
        wanted = self._wanted_theme
        if wanted and wanted != self.theme and wanted in self._theme_names:  # in a file of another name
            self.theme = wanted
        self.board_screen.tell((*self.deps.notices, *self._theme_notices()))
        early, self._early = self._early, []
        for event in early:
            self.post_message(event)

    @on(BoardScreen.SettingsEdited)
    def take_settings(self) -> None:
        """Keys and theme as the edited settings say; a theme that was chosen on the screen goes before theirs."""
        before, self.deps = self.deps, self.board_screen.deps
        self.set_keymap(canonical(self.deps.keys))
        self._guard.moving = moving_keys(self.deps.keys)
        self._alt_keys = alt_keys(self.deps.keys)
        if self.deps.theme != before.theme and not self.board_screen.state.look.theme:
            self._wanted_theme = self.deps.theme or DEFAULT_THEME
            if self._wanted_theme in self._theme_names:
                self.theme = self._wanted_theme
            self.board_screen.tell(tuple(self._theme_notices()))

    @on(BoardScreen.ThemesEdited)
    def take_themes(self) -> None:
        """The themes as their files are now, also the one in use."""
        self.__dict__.pop("_themes", None)
        former = self.current_theme
        if self._wanted_theme in self._theme_names and self.theme != self._wanted_theme:
            self.theme = self._wanted_theme
        elif self.current_theme != former:
            self.stylesheet.set_variables(self.get_css_variables())
            self.refresh_css(animate=False)
        if self._themes.problems:
            self.board_screen.tell(self._themes.problems)

    # Themes

    @cached_property
    def _themes(self) -> LoadedThemes:
        """All of them, loaded when first wanted: that takes 8 ms, in which the first answers come."""
        loaded = load_themes(self.deps.themes)
        for theme in loaded.themes:
            self.register_theme(theme)
        return loaded

    @property
    def _theme_names(self) -> list[str]:
        return [theme.name for theme in self._themes.themes]

    def _theme_notices(self) -> Iterable[str]:
        wanted, own = self._wanted_theme, self.deps.themes
        if wanted and wanted != self.theme:
            yield f"There is no theme {wanted!r}; there are {', '.join(self._theme_names)}."
        if own and lexists(own):
            yield from self._themes.problems

    @work
    async def action_theme(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        before = self.theme
        themes = sorted(self._themes.themes, key=lambda theme: (not theme.dark, theme.name))
        choices = [(theme.name, _described(theme)) for theme in themes]
        dialog = ChoiceDialog("Theme", choices, before, partial(setattr, self, "theme"))
        chosen = await self.board_screen.ask("theme", dialog)
        self.theme = chosen or before
        if chosen:
            self._wanted_theme = chosen
            self.board_screen.keep_state(self.board_screen.state.look._replace(theme=chosen))

    # Keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.AppFocus | events.AppBlur):
            return  # nothing looks different in a window that has the focus
        if isinstance(event, events.Resize):
            self._frame.forget()
        if isinstance(event, events.InputEvent | events.Paste) and not self.board_screen.live.is_asking:
            self._early.append(event)
            return
        if isinstance(event, events.Paste):
            event.text = plain_paste(event.text)
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key.startswith("alt+") and event.key not in self._alt_keys:
                return  # it says that alt was held: neither the key without it nor text
            if (self._watching_keys or self._guard.held) and self._guard.take(event):
                if not self._releasing:
                    self._releasing = True
                    self._release_soon()
                return
        await self._act(event)

    async def _act(self, event: events.Event) -> None:
        """Keys wait for a dialog that is still being made: what they scroll or fill must be there."""
        if isinstance(event, events.InputEvent | events.Paste):
            await self.screen._mounted_event.wait()
        if isinstance(event, events.Key) and not self._takes_text:
            event = half_width(event)
        await super().on_event(event)

    @property
    def _takes_text(self) -> bool:
        """Whether a key is text now, and no command."""
        return isinstance(self.screen, CommandPalette) or getattr(self.screen.focused, "TAKES_TEXT", False)

    @property
    def _watching_keys(self) -> bool:
        """Where a paste means jobs to add. Its rest may come when its start has already opened the dialog for them."""
        if self.screen is self.board_screen:
            return not self.board_screen.typing
        return self.screen.has_class("takes-pastes")

    @property
    def holds_keys(self) -> bool:
        """Whether keys wait to be told from a paste."""
        return self._releasing

    def _release_soon(self) -> None:
        """Behind the keys that have come by then. Textual's own timer spins for ever on a time that has passed."""
        left = max(0.0, self._guard.left(monotonic()))
        self._running_loop.call_later(left, self.call_later, self._release_keys)

    async def _release_keys(self) -> None:
        if self._guard.left(monotonic()) > 0:
            self._release_soon()
            return
        self._releasing = False
        text, keys = self._guard.release()
        if text and self._watching_keys:
            await self._act(events.Paste(plain_paste(text)))
        if keys:
            await self._act(keys[0])
        if len(keys) > 1:  # what the first one opens must be there before the next: "/web" is a filter, not commands
            self._guard.held = keys[1:]
            self._releasing = True
            self._running_loop.call_later(STEP, self.call_later, self._release_keys)

    def action_interrupt(self) -> None:
        """Copies what is selected; otherwise the second of two quits."""
        focused = self.screen.focused
        if selected := self.screen.get_selected_text() or getattr(focused, "selected_text", ""):
            self.copy_to_clipboard(selected)
            return
        if getattr(focused, "has_masked_selection", False):
            self.board_screen.say("What is masked is not copied.")
            return
        now = monotonic()
        if now - self._interrupted < TWICE:
            self.exit()
            return
        self._interrupted = now
        self.board_screen.say("ctrl+c again quits; so does q.")

    def copy_to_clipboard(self, text: str) -> None:
        """By the route that works here, and as plain text: Textual's own knows of neither."""
        self._clipboard = text
        self.run_worker(self.board_screen.copy_text(text, "the selection"))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Search for commands", id="--command-palette"))

    def action_repaint(self) -> None:
        self._frame.forget()
        self.board_screen.show_all()
        self.refresh(repaint=True, layout=True)
        self.screen.refresh(repaint=True, layout=True)

    def action_suspend(self) -> None:
        self.action_suspend_process()

    @on(Driver.SignalResume)
    def draw_after_suspension(self) -> None:
        self.action_repaint()

    # Output

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Sends what differs from what the terminal shows. A frame that comes while the terminal still takes the one
        before it is dropped; another is made afterwards."""
        driver = self._driver
        if not isinstance(driver, SturdyDriver) or not isinstance(renderable, CompositorUpdate) or self._batch_count:
            super()._display(screen, renderable)
        elif self._running and not self._closed and driver.is_free(self._catch_up):
            self._send_frame(driver, renderable)

    def _send_frame(self, driver: SturdyDriver, update: CompositorUpdate) -> None:
        colours = self.console._color_system or ColorSystem.TRUECOLOR
        frame = self._frame.changes(update, self.size, colours)
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        if frame or cursor != self._previous_cursor_position:
            self._previous_cursor_position = cursor
            frame += f"\x1b[{cursor.y + 1};{cursor.x + 1}H"
            driver.write(f"{SYNC_START}{frame}{SYNC_END}" if self._sync_available else frame)

    def _catch_up(self) -> None:
        if self._running and not self._closed:
            self.screen.refresh()

    # Ending

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.leaving(return_code)
        super().exit(result, return_code, message)

    def exit_from_thread(self, code: int) -> None:
        """Ask the app to end, without waiting for a loop that may be blocked."""
        self._running_loop.call_soon_threadsafe(partial(self.exit, return_code=code))

    def write_raw(self, sequence: str) -> None:
        """Send a control sequence to the terminal, between two frames."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def _fatal_error(self) -> None:
        """A bug of ours ends the app; the traceback is kept without the values of variables, which may be secrets."""
        self.crash = crash_text(sys.exception() or RuntimeError("no exception"))
        self.lacking = shortage(sys.exception())
        self._close_messages_no_wait()


def _described(theme: Theme) -> str:
    return f"{theme.name:<24}{'dark' if theme.dark else 'light'}"


def run(deps: ScreenDeps, mouse: bool | None, hide: Callable[[str], str] = str) -> int:
    """Shows the screen until it is left; returns the exit code, 1 for a bug of ours, which is printed.

    `hide` takes the secrets out of it.
    """
    check_keys(deps.keys)
    app = WatchApp(deps)
    leaving = Shutdown(app.exit_from_thread)
    app.leaving = leaving.guard_exit
    leaving.install()
    try:
        app.run(mouse=mouse_wanted(os.environ, mouse))
    finally:
        leaving.uninstall()
    if app.board_screen.problem:
        raise app.board_screen.problem
    if app.lacking:
        raise UserError(f"{app.lacking[0].upper()}{app.lacking[1:]}.")
    if app.crash:
        print(f"{A_BUG}\n{hide(app.crash)}", file=sys.stderr)
    return leaving.code or app.return_code or 0
