"""The text field of one line, and small dialogs: a text field, a choice, reading, signing in. `esc` closes each; `q`
too, except in a text field.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, urlsplit

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.style import Style as VisualStyle
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.codearts.auth.credentials import LONGEST_TOKEN
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.text import JOINERS, clean, cut, drawn, width
from tui.ui.base_screen import HEIGHTS, WIDTHS, BaseScreen, style_sheet, too_small
from tui.ui.keys import shown
from tui.ui.screen_deps import SignInForm
from tui.ui.status_line import LOOK_CLASSES, part_at
from tui.ui.typed_keys import COMMAND

MASKED = "Masked text cannot be copied."


LONGEST_SEARCH = 200
"""Characters of what is searched for in a dialog."""
LONG_WAIT = 5.0
"""Seconds after which a dialog says why it has nothing to show yet."""


class LineInput(Input):
    """A field of one line. Textual's own keeps only the first line of a paste, drops joiners, and copies from a masked
    field: this one does not."""

    BETWEEN_LINES = " "
    TAKES_TEXT = True

    def __init__(self, value: str | None = None, placeholder: str = "", **options: Any) -> None:
        super().__init__(value, placeholder, **options)
        self._hint = placeholder

    def show_hint(self, text: str) -> None:
        """Show this text while the field is empty; as much of it as there is room for."""
        self._hint = text
        self.placeholder = cut(text, self.size.width)

    def on_resize(self) -> None:
        self.show_hint(self._hint)

    async def _on_key(self, event: events.Key) -> None:
        if event.character and event.character in JOINERS:
            event.prevent_default()
            event.stop()
            self.replace(event.character, *self.selection)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.replace(self._one_line(event.text), *self.selection)

    def _one_line(self, text: str) -> str:
        lines = text.splitlines()
        return self.BETWEEN_LINES.join(filter(None, map(str.strip, lines))) if len(lines) > 1 else "".join(lines)

    @property
    def _value(self) -> Text:
        """The value as it is drawn, with a visible character for each invisible one."""
        return super()._value if self.password else Text(drawn(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(drawn(self.value[:position]))

    def restricted(self) -> None:
        """Called when a text does not fit: it is refused as a whole, and a notice says so."""
        self._say(f"At most {self.max_length} characters fit here.")

    def _say(self, text: str) -> None:
        if isinstance(self.screen, BaseScreen):
            self.screen.say(text, "warning")

    @property
    def selected_text(self) -> str:
        return "" if self.password else super().selected_text

    @property
    def has_masked_selection(self) -> bool:
        return self.password and not self.selection.is_empty

    def action_copy(self) -> None:
        if self.password:
            self._say(MASKED)
        else:
            super().action_copy()

    def action_cut(self) -> None:
        """Cut the selection. Without one the clipboard stays as it is."""
        if self.password or self.selected_text:
            self.action_copy()
        if not self.password:
            self.delete_selection()


Answer = TypeVar("Answer")
Save = Callable[[Answer], Awaitable[str]]
"""Saves the answer of a dialog. Returns why that failed; empty if it did not."""


DAY_CHECK = 60.0
"""Seconds between two looks at the date."""
AROUND, AROUND_FLAT = 7, 4
"""Lines of a dialog besides its content: border, title, keys and margins; on a low screen there are no margins."""
FLAT_BELOW = 20
"""With fewer rows a screen is low for dialogs."""
DIALOG_HEIGHTS = [*HEIGHTS[:1], (HEIGHTS[1][0], "-flat"), (FLAT_BELOW, "-high")]
MOST_OPTIONS = 16
"""Lines of a list to choose from at most."""


_BETWEEN = ", "


class KeyLine(Static):
    """The keys of a dialog in one line. Where they have no room, those before the last one are left out from the end:
    how to leave the dialog is always there. A click on one presses it."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` say what each does, such as `enter: save`; the first are the most important."""
        super().__init__(classes="hint")
        self._keys = keys

    def show(self, keys: Sequence[str]) -> None:
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render(self) -> Text:
        return Text(_BETWEEN.join(self._fitting()))

    def on_click(self, event: events.Click) -> None:
        keys = self._fitting()
        place = part_at(event.x, map(width, keys), len(_BETWEEN))
        if place is not None:
            self._press(keys[place].partition(":")[0].split()[0])

    def _press(self, name: str) -> None:
        """Press the key that is shown as `name`, if it acts here: `arrows` and `type to search` are none."""
        for key in self.screen.active_bindings:
            if shown(key) == name:
                self.app.simulate_key(key)
                return

    def _fitting(self) -> list[str]:
        *others, leave = self._keys
        while others and width(_BETWEEN.join((*others, leave))) > self.size.width:
            others.pop()
        return [*others, leave]


class Dialog(BaseScreen, ModalScreen[Answer | None]):
    """A titled box over the screen. Its answer is None if it was closed without one."""

    COMPONENT_CLASSES: ClassVar[set[str]] = LOOK_CLASSES

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("q", "close", "Close", show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False),
        Binding("ctrl+l", "app.repaint", show=False),
        Binding("ctrl+z", "app.suspend_process", show=False),
    ]
    CSS = style_sheet("dialogs.tcss")
    SCOPED_CSS = False
    KEYS: Sequence[str] = ("esc: close",)
    """What `KeyLine` shows."""
    closing_keys: frozenset[str] = frozenset()
    """The keys that open the dialog. They also close it, unless the cursor is in a field that takes the key as text."""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = DIALOG_HEIGHTS

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    @property
    def room(self) -> int:
        """How many lines of content a dialog can have."""
        rows = self.app.size.height
        return max(1, rows - (AROUND if rows >= FLAT_BELOW else AROUND_FLAT))

    def on_resize(self) -> None:
        """Shrink a list to choose from so that all else fits."""
        for options in self.query(OptionList):  # a resize may come before it is mounted
            options.styles.max_height = min(MOST_OPTIONS, self.room)

    def compose(self) -> ComposeResult:
        self.head = Static(Text(self._title), classes="title")
        with Vertical(classes="box"):
            yield self.head
            yield from self.body()
            yield KeyLine(self.KEYS)
        yield too_small()

    def on_key(self, event: events.Key) -> None:
        is_text = event.is_printable and isinstance(self.focused, Input)
        if event.key in self.closing_keys and not is_text:
            event.stop()
            self.action_close()

    def body(self) -> ComposeResult:
        yield from ()

    def draw_each_day(self, now: Callable[[], datetime], draw: Callable[[], object]) -> None:
        """Call `draw` soon after each midnight: the times of the day before need its date from then on."""
        day = now().astimezone().date()

        def look() -> None:
            nonlocal day
            if (today := now().astimezone().date()) != day:
                day = today
                draw()

        self.set_interval(DAY_CHECK, look)

    def action_close(self) -> None:
        """Close once the dialog is mounted: it may be closed by the program before that."""
        self.call_later(self._close)

    @work(group=COMMAND, exclusive=True)
    async def save(self, answer: Answer, save: "Save[Answer]") -> None:
        """Close with this answer once it is saved. If that fails, show why and stay open."""
        problem = await save(answer)
        if not problem:
            self.dismiss(answer)
        elif self.is_attached:
            self.refuse(problem)

    def forget_verdict(self) -> None:
        """Hide why the last answer was refused: what it was about has changed."""
        self.query_one(".verdict").display = False

    def refuse(self, problem: str) -> None:
        """Show why the answer cannot be used, and keep what was typed."""
        verdict = self.query_one(".verdict", Static)
        verdict.update(Text(clean(problem)))
        verdict.display = True

    def _close(self) -> None:
        if self.is_active:
            self.dismiss(None)


class TextDialog(Dialog[str]):
    """Asks for one line of text, which may be empty. An unchanged text closes the dialog without an answer,
    unless `saves_unchanged` is set.

    `save` is called with the text. While it returns a problem, the dialog stays open with what was typed.
    """

    KEYS = ("enter: save", "esc: close")

    def __init__(
        self,
        title: str,
        value: str,
        placeholder: str,
        longest: int,
        save: Save[str],
        saves_unchanged: bool = False,
    ) -> None:
        super().__init__(title)
        self._saves_unchanged = saves_unchanged
        self._value = value
        self._placeholder = placeholder
        self._longest = max(longest, len(value))
        self._save = save

    def body(self) -> ComposeResult:
        yield LineInput(self._value, self._placeholder, max_length=self._longest, select_on_focus=False)
        yield Static(classes="verdict")

    @on(Input.Submitted)
    def answer(self, event: Input.Submitted) -> None:
        if event.value != self._value or self._saves_unchanged:
            self.save(event.value.strip(), self._save)
        else:
            self.dismiss(None)


class Options(OptionList):
    """Textual's list of options, with the keys of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
    ]

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> VisualStyle:
        """Textual leaves `reverse` out of the styles of its components. Without colours the highlighted option has
        nothing else that is seen at once."""
        style = super().get_visual_style(*component_classes, partial=partial)
        is_reversed = any(self.get_component_styles(name).text_style.reverse for name in component_classes)
        return style + VisualStyle(reverse=True) if is_reversed else style


class ChoiceDialog(Dialog[str]):
    """Asks for one of several words. `seen` is called with each word that is highlighted. A word that is a digit is
    chosen by it."""

    KEYS = ("enter: choose", "first letter: go there", "esc: close")

    def __init__(
        self, title: str, choices: Sequence[tuple[str, str]], current: str, seen: Callable[[str], None] | None = None
    ) -> None:
        super().__init__(title)
        self._choices = choices
        self._current = current
        self._seen = seen
        self._digits = [word for word, _ in choices if len(word) == 1 and word.isdecimal()]
        if self._digits:
            them = " to ".join(dict.fromkeys((self._digits[0], self._digits[-1])))
            at_once = f"{them}: choose at once"
            self.KEYS = (self.KEYS[0], at_once, self.KEYS[-1])

    def body(self) -> ComposeResult:
        yield Options(*(Option(Text(text), id=word) for word, text in self._choices))

    def on_mount(self) -> None:
        words = [word for word, _ in self._choices]
        self.query_one(OptionList).highlighted = words.index(self._current) if self._current in words else 0

    def on_key(self, event: events.Key) -> None:
        if not event.is_printable or event.key in ("j", "k", "q") or event.key in self.closing_keys:
            return
        if event.character in self._digits:
            event.stop()
            self.dismiss(event.character)
            return
        options, first = self.query_one(OptionList), (event.character or "").casefold()
        places = [place for place, (_, text) in enumerate(self._choices) if text.strip().casefold().startswith(first)]
        if first.isalnum() and places:
            event.stop()
            options.highlighted = next((place for place in places if place > (options.highlighted or 0)), places[0])

    @on(OptionList.OptionHighlighted)
    def look(self, event: OptionList.OptionHighlighted) -> None:
        if self._seen and event.option_id:
            self._seen(event.option_id)

    @on(OptionList.OptionSelected)
    def answer(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class ReadPane(VerticalScroll):
    """A text to read, which the keys of the table scroll, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]


class ReadDialog(Dialog[str]):
    """Shows content to read. `keys` maps keys to what they do; pressing one closes the dialog with it as the answer."""

    def __init__(self, title: str, content: Sequence[Widget], keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(title)
        self._content = content
        self._keys = dict(keys)
        self.KEYS = (*(f"{key}: {does}" for key, does in keys), "esc: close")

    def body(self) -> ComposeResult:
        with ReadPane(classes="reading"):
            yield from self._content

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        for pane in self.query(VerticalScroll):  # a resize may come before it is mounted
            pane.styles.max_height = self.room

    def on_key(self, event: events.Key) -> None:
        if event.character in self._keys:
            event.stop()
            self.dismiss(event.character)


def link_content(address: str) -> list[Widget]:
    """The address as text; as a terminal link (OSC 8), too, if it is http or https."""
    try:
        is_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        is_web = False
    safe = quote(address, safe=":/#?&=%+@,;~-._")
    style = Style(link=safe, underline=True) if is_web else Style()
    return [
        Static(Text(address, style)),
        Static(Text("\nMany terminals open it with ctrl and a click, on your own machine.", "dim")),
    ]


class SecretInput(LineInput):
    """A masked field. Joins the lines of a paste without spaces: a terminal or a mail may have wrapped the token."""

    BETWEEN_LINES = ""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, password=True, max_length=LONGEST_TOKEN)


class SignInDialog(Dialog[bool]):
    """Asks for a token or password. The answer is True once the service has accepted it."""

    KEYS = ("enter: try it", "esc: close")

    def __init__(self, title: str, sign_in: SignInForm, job: JobId | None) -> None:
        """`job` is polled once to test a token that cannot be tested otherwise."""
        super().__init__(title)
        self._sign_in = sign_in
        self._job = job
        self._is_trying = False

    def body(self) -> ComposeResult:
        wants_password = self._sign_in.wants == "password"
        what = "the IAM password" if wants_password else "a token with project scope (X-Subject-Token)"
        yield SecretInput(placeholder=f"paste or type {what}")
        whose = f"The password of {self._sign_in.who}. " if wants_password else ""
        yield Static(Text(f"{whose}It is kept in memory only."))
        yield Static(id="verdict")

    @on(Input.Submitted)
    @work
    async def try_it(self, event: Input.Submitted) -> None:
        """Try what was typed. Ignores further submits while one is tried: failed log-ins are counted by the service."""
        if self._is_trying:
            return
        verdict = self.query_one("#verdict", Static)
        try:
            self._sign_in.put(event.value)
        except UserError as problem:
            verdict.update(Text(str(problem)))
            return
        event.input.value = ""
        verdict.update(Text("Trying it…"))
        self._is_trying = True
        failure = await self._sign_in.check(self._job)
        self._is_trying = False
        if failure is None:
            self.dismiss(True)
        else:
            verdict.update(Text(failure.summary))
