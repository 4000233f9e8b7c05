"""The Textual app, and `run`, which shows it and leaves the terminal as it was."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import cached_property, partial
from math import inf
from os.path import lexists
from time import monotonic
from typing import Any, ClassVar

from rich.color import ColorSystem
from rich.console import RenderableType
from textual import events, on, work
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import CompositorUpdate
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.driver import Driver
from textual.errors import NoWidget
from textual.filter import ANSIToTruecolor
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.theme import Theme

from tui.core.text import plain_paste
from tui.terminal.capabilities import ASCII, fits, mouse_wanted
from tui.terminal.shutdown import Shutdown
from tui.threads import bugs_of_threads, loop_runner
from tui.ui.base_screen import BRIEF, NoticeApp, style_sheet
from tui.ui.board_screen import BoardScreen
from tui.ui.driver import AsciiDriver, AsciiScrollBar, SturdyDriver, Title
from tui.ui.edited_files import check_screen_settings
from tui.ui.frame import Frame
from tui.ui.keys import alt_keys, canonical, half_width, moving_keys
from tui.ui.screen_deps import ScreenDeps
from tui.ui.themes import DEFAULT_THEME, DEFAULT_VARIABLES, REVERSED, Colourless, LoadedThemes, first_theme, load_themes
from tui.ui.typed_keys import COMMAND, WAYS_OUT, KeyTurns, PasteDetector


def _palette() -> type[Provider]:
    """Import the palette when it is first opened."""
    from tui.ui.key_help import Commands

    return Commands


class WatchApp(NoticeApp):
    """One screen and a few dialogs: themes, keys, output, and the way out.

    Each override of Textual says why it is there. All were tried on the minor version that pyproject.toml pins.
    """

    CSS = style_sheet("app.tcss")
    TITLE = "codearts-watch"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "Twice quits", show=False, system=True, priority=True),
    ]

    _is_first_theme_set = False

    def __init__(self, deps: ScreenDeps) -> None:
        super().__init__(driver_class=AsciiDriver if deps.glyphs is ASCII else SturdyDriver)
        self._wanted_theme = deps.state.theme or deps.settings.ui.theme
        self.deps = deps
        self.crash: BaseException | None = None
        """The bug or the shortage that ended the app."""
        self._guard = PasteDetector(moving_keys(deps.settings.keys))
        self._alt_keys = alt_keys(deps.settings.keys, deps.settings.commands)
        self.on_exit: Callable[[int], None] = lambda code: None
        """Called with the exit code when the app begins to exit; it enforces that the process ends."""
        self._releasing = False
        self._turns = KeyTurns(self, self._act, self._comes_back)
        self._frame = Frame()
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self._early: list[events.Event] = []
        """Keys and pastes from before the pollers started; they are posted again then."""
        self._interrupted = -inf
        self.board_screen = BoardScreen(deps, self.write_raw, self.write_alert, self.show_title, self.suspended)
        self.no_color = bool(deps.environ.get("NO_COLOR"))
        if deps.glyphs is ASCII:
            self.add_class("-ascii")
            ScrollBar.renderer = AsciiScrollBar
        self.set_keymap(canonical(deps.settings.keys))
        for name in list(self.available_themes):
            if name != self.theme:
                self.unregister_theme(name)
        first = first_theme(deps.themes, self._wanted_theme)
        self.register_theme(first)
        # Sets the theme without its watcher; otherwise the stylesheet is parsed twice before the first frame.
        self.set_reactive(WatchApp.theme, first.name)
        self._is_first_theme_set = True
        self.set_class(first.dark, "-dark-mode", update=False)
        self.set_class(not first.dark, "-light-mode", update=False)
        translated = ANSIToTruecolor(self.ansi_theme, enabled=not self.native_ansi_color)
        self._filters = [Colourless() if self.no_color else translated]  # Textual has made its own, of another theme
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        return self.board_screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULT_VARIABLES)

    def get_css_variables(self) -> dict[str, str]:
        """Without colours, reverse and underline show the cursor and what is chosen."""
        if not self._is_first_theme_set:
            return {}  # Textual asks before, for a theme of its own: to work its colours out takes 1 ms
        return super().get_css_variables() | dict(REVERSED if self.no_color else {})

    def on_mount(self) -> None:
        self._running_loop = asyncio.get_running_loop()
        if self.crash or self.deps.thread_exits:  # of a thread that is older than the loop
            self.exit(return_code=1)

    @on(events.DescendantFocus)
    def keep_the_cursor_still(self, event: events.DescendantFocus) -> None:
        """Stops the blinking of the cursor: a terminal far away would get each blink, twice a second."""
        field: Any = event.widget
        if hasattr(field, "cursor_blink"):
            field.cursor_blink = False

    @on(BoardScreen.PollingStarted)
    def take_the_rest(self) -> None:
        """Do what the first frame did not wait for: themes by other names, notices, and keys typed meanwhile."""
        if self._wanted_theme and self._wanted_theme != self.theme:  # its file has another name, or there is none
            self._use_wanted_theme()
        self.board_screen.announce_all([*self.deps.notices, *self._theme_notices()])
        early, self._early = self._early, []
        for event in early:
            self.post_message(event)

    @on(BoardScreen.SettingsEdited)
    def take_settings(self) -> None:
        """Apply keys and theme of edited settings. A theme that was chosen on the screen goes first."""
        before, self.deps = self.deps, self.board_screen.deps
        self.set_keymap(canonical(self.deps.settings.keys))
        self._guard.moving = moving_keys(self.deps.settings.keys)
        self._alt_keys = alt_keys(self.deps.settings.keys, self.deps.settings.commands)
        if self.deps.settings.ui.theme != before.settings.ui.theme and not self.board_screen.state.look.theme:
            self._wanted_theme = self.deps.settings.ui.theme or DEFAULT_THEME
            self._use_wanted_theme()
            self.board_screen.announce_all([*self._theme_notices()])

    @on(BoardScreen.ThemesEdited)
    def take_themes(self) -> None:
        """Load all themes again after a file was edited, and apply the one in use."""
        self.__dict__.pop("_themes", None)
        former = self.current_theme
        self._use_wanted_theme()
        if self.current_theme != former:
            self.stylesheet.set_variables(self.get_css_variables())
            self.refresh_css(animate=False)
        self.board_screen.announce_all(self._themes.problems)

    # Themes

    @cached_property
    def _themes(self) -> LoadedThemes:
        """All themes, loaded on first use: that takes 8 ms, which the first frame does not wait for."""
        loaded = load_themes(self.deps.themes)
        for theme in loaded.themes:
            self.register_theme(theme)
        return loaded

    def _use_wanted_theme(self) -> None:
        if self._wanted_theme in self._themes.names:
            self.theme = self._wanted_theme

    def _theme_notices(self) -> Iterable[str]:
        wanted, own = self._wanted_theme, self.deps.themes
        if wanted and wanted != self.theme:
            yield self._themes.no_such(wanted)
        if own and lexists(own):
            yield from self._themes.problems

    @work(group=COMMAND)
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
            self.board_screen.look.save(self.board_screen.state.look._replace(theme=chosen))

    # Keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.AppFocus | events.AppBlur):
            return  # nothing depends on the focus of the window; Textual would draw the screen again
        if isinstance(event, events.Resize):
            self._frame.forget()
            if event.size == self.board_screen.size:  # then Textual draws nothing anew, as after a suspension
                self.screen.refresh()
        if isinstance(event, events.MouseDown | events.MouseUp) and event.button > 1:
            return  # in many terminals the other buttons paste: they are not meant for what is under the mouse
        if isinstance(event, events.InputEvent | events.Paste) and not self.board_screen.live.is_asking:
            self._early.append(event)
            return
        if isinstance(event, events.Key | events.MouseDown | events.Paste) and not event.is_forwarded:
            self.board_screen.key_came()
        if isinstance(event, events.Paste):
            event.text = plain_paste(event.text)
        if _acts_at_once(event):
            await self._release_keys(at_once=True)  # keys typed before it act before it
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key.startswith("alt+") and event.key not in self._alt_keys:
                return  # Textual would take alt and a letter for the letter
            if (self._watching_keys or self._guard.held) and self._guard.take(event, self._takes_text):
                if not self._releasing:
                    self._releasing = True
                    self._release_soon()
                return
        await self._take_turn(event)

    async def _take_turn(self, event: events.Event) -> None:
        if (isinstance(event, events.Key) and not event.is_forwarded) or _acts_at_once(event):
            await self._turns.take(event)
        else:
            await self._act(event)
            self._turns.came_back(event)

    def _comes_back(self, event: events.Event) -> bool:
        """Whether it is a key that the table was given, which keeps none."""
        return event.is_forwarded and isinstance(event, events.Key) and self.focused is self.board_screen.table

    async def _act(self, event: events.Event) -> None:
        """Keys wait until the screen is mounted: Textual would send them to a dialog that has no widgets yet."""
        if isinstance(event, events.InputEvent | events.Paste):
            await self.screen._mounted_event.wait()
        if isinstance(event, events.Key) and event.key != "ctrl+c" and self._interrupted > -inf:
            self._interrupted = -inf
            self.board_screen.drop_notice()
        if isinstance(event, events.Key) and not self._takes_text:
            event = half_width(event)
        if isinstance(event, events.MouseEvent) and not event.is_forwarded and self._is_on_what_has_gone(event):
            return
        if isinstance(event, events.InputEvent | events.Paste) and self._acts_unseen(event):
            return
        await super().on_event(event)

    def _is_on_what_has_gone(self, event: events.MouseEvent) -> bool:
        """Whether it is on a widget that was removed, such as a notice, and is still drawn. Textual fails on those."""
        try:
            widget, _ = self.screen.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return not (isinstance(widget, Screen) or widget.is_attached)

    def _acts_unseen(self, event: events.Event) -> bool:
        """Whether the terminal is too small to show what the event would act on. The keys that leave always act, and
        so does the end of a click: it may have begun before."""
        if fits(*self.size):
            return False
        if not isinstance(event, events.Key):
            return not isinstance(event, events.MouseUp)
        bound = self.screen.active_bindings.get(event.key)
        return event.key not in WAYS_OUT and (bound is None or bound.binding.id not in ("leave", "suspend"))

    def on_key(self, event: events.Key) -> None:
        """Here, after all keys that were typed before it, come those that no widget has taken."""
        if self.screen is self.board_screen:
            self.board_screen.program.take_other_key(event.key)
        elif event.key not in self.screen.active_bindings:
            self._explain(event.key)

    def _explain(self, key: str) -> None:
        """Say that the key does nothing here; in the palette, which is Textual's own, nothing is said."""
        if not isinstance(self.screen, CommandPalette):
            self.board_screen.program.explain_key(key, self.screen)

    def action_focus_next(self) -> None:
        self._move_focus(self.screen.focus_next, "tab")

    def action_focus_previous(self) -> None:
        self._move_focus(self.screen.focus_previous, "shift+tab")

    def _move_focus(self, move: Callable[[], object], key: str) -> None:
        before = self.focused
        move()
        if self.focused is before:
            self._explain(key)
        elif self.screen is self.board_screen:
            self.board_screen.details.focus_moved()

    @property
    def _takes_text(self) -> bool:
        """Whether keys are text now, and not commands."""
        return isinstance(self.screen, CommandPalette) or getattr(self.screen.focused, "TAKES_TEXT", False)

    @property
    def _watching_keys(self) -> bool:
        """Whether fast keys may be a paste of jobs. Its end may come when its start has opened the add dialog."""
        if self.screen is self.board_screen:
            return not self.board_screen.filter.is_typing
        return self.screen.has_class("takes-pastes")

    @property
    def holds_keys(self) -> bool:
        """Whether keys are held: until it is clear that they are no paste, or until the key before them has acted."""
        return self._releasing or not self._turns.is_free

    def _release_soon(self) -> None:
        """Release the held keys, after those still in the queue. Not by a Textual timer: that never ends if its
        time has passed already."""
        left = max(0.0, self._guard.left(monotonic()))
        asyncio.get_running_loop().call_later(left, self.call_later, self._release_keys)

    async def _release_keys(self, at_once: bool = False) -> None:
        """Let the held keys act: now, or as soon as it is clear whether they are a paste."""
        if not at_once:
            if self._guard.left(monotonic()) > 0:
                self._release_soon()
                return
            self._releasing = False
        text, keys = self._guard.release()
        if text and self._watching_keys:
            await self._turns.take(events.Paste(plain_paste(text)))
        for key in keys:
            await self._turns.take(key)

    def action_interrupt(self) -> None:
        """Copy the selection; if there is none, quit by the second ctrl+c while the notice of the first is shown: the
        next other key takes that away."""
        focused = self.screen.focused
        if selected := self.screen.get_selected_text() or getattr(focused, "selected_text", ""):
            self.copy_to_clipboard(selected)
            return
        if getattr(focused, "has_masked_selection", False):
            from tui.ui.dialogs import MASKED

            self.board_screen.say(MASKED)
            return
        now = self.board_screen.deps.now().at
        if now - self._interrupted < BRIEF:
            self.exit()
            return
        self._interrupted = now
        is_open = self.screen is not self.board_screen or self.board_screen.filter.is_typing
        way = "esc to go back" if is_open else self.board_screen.key("leave")
        self.board_screen.say(f"Press ctrl+c again to quit, or {way}.")

    def copy_to_clipboard(self, text: str) -> None:
        """Replaces Textual's own, which knows no tmux or screen and does not remove control characters."""
        self._clipboard = text
        self.run_worker(self.board_screen.copying.copy_text(text, "selection"))

    def action_command_palette(self) -> None:
        if self.screen is not self.board_screen:
            self._explain("ctrl+p")
        else:
            from tui.ui.key_help import Palette

            self.push_screen(Palette(placeholder="Search for commands", id="--command-palette"))

    @on(Driver.SignalResume)
    def action_repaint(self) -> None:
        self._frame.forget()
        self.board_screen.show_all()
        self.refresh(repaint=True, layout=True)
        self.screen.refresh(repaint=True, layout=True)

    @asynccontextmanager
    async def suspended(self) -> AsyncIterator[None]:
        """Frees the terminal for another program, once the keys that were typed before have acted; afterwards
        everything is drawn anew."""
        await self._turns.until_free()
        with self.suspend():
            yield
        self.action_repaint()

    # Output

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Replaces Textual's own, which sends whole regions, and blocks the loop while a terminal takes no output.

        Sends only the cells that changed. While the terminal is busy with a frame, later ones are dropped; a last one
        follows."""
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
            driver.write_frame(f"{SYNC_START}{frame}{SYNC_END}" if self._sync_available else frame)

    def _catch_up(self) -> None:
        if self._running and not self._closed:
            self.screen.refresh()

    # Ending

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.on_exit(return_code)
        super().exit(result, return_code, message)

    def exit_from_thread(self, code: int) -> None:
        """Ask the app to exit, without waiting: the event loop may be blocked."""
        if self._running_loop:
            with suppress(RuntimeError):  # the loop is closed: the app has ended
                self._running_loop.call_soon_threadsafe(partial(self.exit, return_code=code))

    def crash_from_thread(self, bug: Exception) -> None:
        """Ends the app for a bug in a thread of ours: it would go on without what the thread did."""
        self.crash = self.crash or bug
        self.exit_from_thread(1)

    def write_raw(self, sequence: str) -> None:
        """Write a control sequence to the terminal between two frames."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def bell(self) -> None:
        """Replaces Textual's own, which rings when a field is full: the bell is for alerts alone."""

    def _set_pointer_shape(self, shape: str) -> None:
        """Replaces Textual's own, which sends OSC 22 and a BEL for each dialog: terminals that do not know it beep."""

    def write_alert(self, sequence: str) -> None:
        """Write a bell or a notification; none to a terminal that takes no output: it would come all at once, late."""
        if not (isinstance(self._driver, SturdyDriver) and self._driver.is_stuck):
            self.write_raw(sequence)

    def show_title(self, text: str) -> None:
        """Show this title, or the terminal's own if the text is empty. Call it again when anything may have changed."""
        made = Title()
        if text:
            from tui.terminal.notifications import saved_title, title

            made = Title(title(text), *saved_title(self.deps.environ))
        if isinstance(self._driver, SturdyDriver):
            self._driver.show_title(made)

    def lost_change(self) -> str:
        """Called from a thread when the process is about to be ended: says so if a change was still being saved."""
        if not self.board_screen.editor.is_saving:
            return ""
        return "codearts-watch: the last change was not saved: the watchlist's file is locked, or its disk hangs."

    def title_to_put_back(self) -> str:
        return self._driver.title_to_put_back if isinstance(self._driver, SturdyDriver) else ""

    def _fatal_error(self) -> None:
        """Replaces Textual's own, whose traceback shows the values of variables, and these may be secrets."""
        self.crash = sys.exception() or RuntimeError("no exception")
        self._close_messages_no_wait()


def _acts_at_once(event: events.Event) -> bool:
    """Whether it is a paste, a click or a turn of the wheel that has just come: none of them may be part of a paste."""
    is_mouse = isinstance(event, events.MouseEvent) and not isinstance(event, events.MouseMove)
    return (is_mouse or isinstance(event, events.Paste)) and not event.is_forwarded


def _described(theme: Theme) -> str:
    return f"{theme.name:<24}{'dark' if theme.dark else 'light'}"


def run(deps: ScreenDeps) -> int:
    """Show the screen until the user leaves it. Returns the exit code.

    Raises UserError, and RuntimeError behind which stands what ended the screen: a bug, or a shortage.
    """
    check_screen_settings(deps.settings)
    app = WatchApp(deps)
    shutdown = Shutdown(app.exit_from_thread, title=app.title_to_put_back, lost=app.lost_change)
    app.on_exit = shutdown.guard_exit
    shutdown.install()
    try:
        with bugs_of_threads(app.crash_from_thread), loop_runner() as runner:
            runner.run(app.run_async(mouse=mouse_wanted(os.environ, deps.settings.ui.mouse)))
    finally:
        shutdown.uninstall()
    if app.board_screen.problem:
        raise app.board_screen.problem
    if app.crash:
        raise RuntimeError(f"this ended the screen: {app.crash!r}") from app.crash
    return shutdown.code or app.return_code or 0
