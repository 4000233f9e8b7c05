"""The texts of the help (words first, keys second, with the user's own keys, views and commands), and the commands of
the palette.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.containers import VerticalScroll
from textual.errors import NoWidget
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.core.alert_policy import Arm
from tui.core.condition import Condition
from tui.core.filter import STATES
from tui.terminal.capabilities import Glyphs
from tui.ui.actions.look import title_of
from tui.ui.app import WatchApp
from tui.ui.base_screen import BaseScreen
from tui.ui.dialogs import Dialog, LineInput
from tui.ui.keys import COMMANDS, first_key, key_table, keys_in, keys_of, shown
from tui.ui.screen_deps import ScreenDeps

SYNONYMS = {
    "add": "new insert paste watch",
    "remove": "delete rm unwatch del",
    "label": "rename name",
    "details": "open show info describe",
    "error": "why failure reason",
    "find": "project search list browse",
    "log": "tail output console follow",
    "filter": "search find grep",
    "sort": "order by",
    "group": "tree tags projects fold",
    "fold_all": "collapse expand tree",
    "view_0": "reset all everything",
    "save_view": "bookmark store layout",
    "history": "runs builds past",
    "events": "timeline happened changes",
    "columns": "fields hide show",
    "refresh": "reload update poll",
    "refresh_all": "reload update poll",
    "pause": "stop mute hold",
    "pause_all": "stop mute hold",
    "alert": "notify bell remind watch",
    "silence": "mute quiet dnd",
    "copy_id": "yank clipboard",
    "copy_report": "yank clipboard ticket",
    "copy_request": "curl clipboard",
    "open_address": "url link browser page console",
    "sign_in": "login log in token password",
    "theme": "colours colors dark light",
    "help": "keys shortcuts bindings man",
    "repaint": "redraw",
    "leave": "quit q exit close x wq bye",
    "undo": "revert",
    "suspend": "background bg shell",
}
"""Everyday words for a command, by its name."""


def words(glyphs: Glyphs) -> list[tuple[str, str]]:
    """What the words and marks of the table mean, and the marks."""
    marks, strip = glyphs.condition, glyphs.strip
    ended = " ".join(marks[one] for one in (Condition.PASSED, Condition.FAILED, Condition.ABORTED))
    return [
        ("running: the service said so at the last reading, and that is not long ago", marks[Condition.RUNNING]),
        ("passed, failed, aborted or timed out: not running, and what became of the last build", ended),
        (
            "idle: not running; what became of the last build is not known. A short build may be missed",
            marks[Condition.IDLE],
        ),
        (
            "was running, was passed: stale; the last good answer is older than three intervals; its age is beside it",
            marks[Condition.STALE],
        ),
        ("no answer: the last reading brought no status; e says why and what to do", marks[Condition.NO_ANSWER]),
        ("unread: never read yet", marks[Condition.UNREAD]),
        ("paused: not asked, because you said so", marks[Condition.PAUSED]),
        ("changed, and not seen by you since", glyphs.new),
        ("marked by you", glyphs.mark),
        (
            "alert when it ends: once, always; is:armed finds these jobs",
            f"{glyphs.armed[Arm.ONCE]} {glyphs.armed[Arm.ALWAYS]}",
        ),
        ("Last runs: passed; the longer it took, the higher", strip.passed),
        ("Last runs, dotted: whether it passed is not known", strip.ended),
        ("Last runs: failed, aborted or timed out", f"{strip.failed} {strip.aborted}"),
        ("Last runs: how long it took is not known", strip.no_duration),
        ("Last runs, a gap: not watched then, some may be missing", ""),
        ("estimated from the runs before", glyphs.about),
        ("5m, 5m+: for so long; with a plus it may have begun before the first reading", ""),
        ("Age: how old the last answer is; empty while answers come on time", ""),
        ("unconfirmed: only a list of jobs says so; what the service recorded of the build was not read yet", ""),
    ]


FILTER = (
    ("all must match: a part of the name or a tag, or four characters of the ID", "words"),
    ("not what matches this", "!word"),
    (f"the state, one of {', '.join(STATES)}", "is:idle"),
    ("what started or stopped within the last hour; also 10m, 2d", "since:1h"),
    ("a part of a tag", "tag:x"),
    ("a regular expression", "/text.*/"),
)
"""What may be typed into a filter."""

NAMES = "What is found has in brackets its name for [keys] in settings.toml."
_BLOCK = 50
"""Cells that a column of the help needs at least."""
_GAP = 2


class HelpEntry(NamedTuple):
    group: str
    words: str
    keys: str = ""
    name: str = ""
    """Its name in the settings."""


def help_entries(
    keymap: Mapping[str, str], views: Mapping[str, str], own: Mapping[str, tuple[str, str]], glyphs: Glyphs
) -> list[HelpEntry]:
    """Everything in the help. `views`: names by number; `own`: help and keys of the user's own commands by name."""
    entries = [
        HelpEntry("Your commands", text or name, " ".join(map(shown, keys_in(keys))), f"commands.{name}")
        for name, (text, keys) in own.items()
    ]
    entries += [
        HelpEntry("Your views", name, first_key(f"view_{number}", keymap), f"views.{number}")
        for number, name in views.items()
    ]
    for group, rows in key_table(keymap):
        entries += [HelpEntry(group, text, keys, name) for keys, text, name in rows]
    entries += [HelpEntry("In a filter", meaning, term) for meaning, term in FILTER]
    return entries + [HelpEntry("Words and marks", meaning, mark) for meaning, mark in words(glyphs)]


def found(entries: Sequence[HelpEntry], query: str) -> list[HelpEntry]:
    """The entries that have all words of the query: in their text, keys, name or everyday words. A `/` before it, typed
    from habit to begin a search, is dropped if nothing has it. A single character finds the key or mark, if it is one.
    """
    if len(query) == 1 and (named := [entry for entry in entries if query in entry.keys.split()]):
        return named
    wanted = query.casefold().removeprefix(":").split()
    every = [entry for entry in entries if all(word in _searched(entry) for word in wanted)]
    return every if every or not query.startswith("/") else found(entries, query[1:])


def _searched(entry: HelpEntry) -> str:
    return " ".join((entry.words, entry.keys, entry.name, entry.group, SYNONYMS.get(entry.name, ""))).casefold()


def help_text(entries: Sequence[HelpEntry], width: int, with_names: bool) -> Text:
    """The entries in as many columns of text as fit beside each other."""
    blocks = max(1, (width + _GAP) // (_BLOCK + _GAP))
    room = (width + _GAP) // blocks - _GAP
    keys = min(14, max((cell_len(entry.keys) for entry in entries), default=0))
    whole: list[list[Text]] = []
    for group, members in groupby(entries, lambda entry: entry.group):
        heading = [Text(), Text(group, "bold")]
        for entry in members:
            whole.append([*heading, *_entry_lines(entry, room - 2, keys, with_names)])
            heading = []
    columns = _columns(whole, blocks)
    return Text("\n").join(_beside(columns, row, room) for row in range(max(map(len, columns), default=0)))


def _columns(whole: Sequence[Sequence[Text]], most: int) -> list[list[Text]]:
    """The lines in at most `most` columns, none of which begins with an empty line; what is `whole` is not broken."""
    height = -(-sum(map(len, whole)) // most)
    while len(columns := _filled(whole, height)) > most:
        height += 1
    return columns


def _filled(whole: Sequence[Sequence[Text]], height: int) -> list[list[Text]]:
    columns: list[list[Text]] = []
    for lines in whole:
        if columns and len(columns[-1]) + len(lines) <= height:
            columns[-1] += lines
        else:
            columns.append(list(lines if lines[0] else lines[1:]))
    return columns


def _entry_lines(entry: HelpEntry, room: int, keys: int, with_names: bool) -> list[Text]:
    name = f" [{entry.name}]" if with_names and entry.name else ""
    text = Text(f"{entry.words}{name}")
    text.stylize("dim", len(entry.words))
    width = room - keys - 2 if keys and entry.keys else room
    wrapped = list(text.wrap(Console(width=width), width))
    first = wrapped[0]
    first.rstrip()
    first.pad_right(max(0, width - first.cell_len) + 2 if entry.keys else 0)
    first.append(entry.keys, "bold")
    return [Text("  ") + line for line in wrapped]


def _beside(columns: Sequence[Sequence[Text]], row: int, room: int) -> Text:
    line = Text()
    for place, column in enumerate(columns):
        if row < len(column):
            line.pad_right(max(0, place * (room + _GAP) - line.cell_len))
            line.append_text(column[row])
    return line


_BESIDE = 7
"""Cells of the dialog besides its text: border, padding and scroll bar."""


class HelpDialog(Dialog[None]):
    """Shows keys, words and marks. Letters filter, arrows scroll. While nothing is typed, `q` and the keys that open it
    close it."""

    KEYS = ("type to search", "arrows: scroll", "esc: close")

    def __init__(self, entries: Sequence[HelpEntry]) -> None:
        super().__init__("Keys, words and marks")
        self._entries = entries
        self._line = _SearchLine("", "type to search: a word, a key, a name; q closes", max_length=60)
        self._text = Static()
        self._pane = VerticalScroll(self._text, classes="reading", can_focus=False)

    def body(self) -> ComposeResult:
        self.show()
        yield self._line
        yield self._pane

    def on_mount(self) -> None:
        self._line.focus()

    def on_resize(self) -> None:
        self._pane.styles.max_height = max(1, self.room - 2)
        self.call_after_refresh(self.show)

    @on(Input.Changed)
    def show(self) -> None:
        """Show what is found."""
        query = self._line.value.strip()
        entries = found(self._entries, query)
        width = max(20, self.app.size.width - _BESIDE)
        text = help_text(entries, width, bool(query)) if entries else Text("Nothing is found. Try another word.")
        above = Text(f"{NAMES}\n\n" if query and entries else "", "dim")
        self._text.update(Text.assemble(above, text))
        self._pane.scroll_home(animate=False)

    @on(Input.Submitted)
    def explain_enter(self) -> None:
        self.say("The help only names the keys. Close it to press them.")

    def on_key(self, event: events.Key) -> None:
        page = max(1, self._pane.size.height - 1)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}
        if event.key in steps:
            event.stop()
            self._pane.scroll_relative(y=steps[event.key], animate=False)


ALONE = 0.3
"""Seconds without another key after which `q` is no beginning of a word."""


class _SearchLine(LineInput):
    """The field of the help. While it is empty, the keys that open the dialog are no text: they close it. So does `q`,
    if no other letter follows: those of `quit` would act on the table."""

    _has_q = False
    """Whether `q` was typed last, and is no text yet."""

    async def _on_key(self, event: events.Key) -> None:
        dialog, had_q = self.screen, self._has_q
        if self.value or not isinstance(dialog, HelpDialog):
            return
        self._has_q = event.key == "q" and not had_q
        if self._has_q:
            self.set_timer(ALONE, self._close_if_alone)
        elif had_q and event.key != "q":
            if event.is_printable:
                self.insert_text_at_cursor("q")
            return
        elif not had_q and event.key not in dialog.closing_keys:
            return
        else:
            dialog.action_close()
        event.prevent_default()
        event.stop()

    def _close_if_alone(self) -> None:
        if isinstance(self.app, WatchApp) and self.app.holds_keys:
            self.set_timer(ALONE, self._close_if_alone)
        elif self._has_q and isinstance(self.screen, HelpDialog):
            self.screen.action_close()


NAMED = 1000.0
"""The score of a command that has the typed word among its words: more than that of any resemblance."""


class Offer(NamedTuple):
    """A command in the palette."""

    title: str
    keys: str
    words: tuple[str, ...]
    """Words by which it is found, all small."""
    help: str
    action: str


class Palette(BaseScreen, CommandPalette):
    """Textual's command palette, without two of its faults."""

    SCOPED_CSS = False
    CSS = """
    CommandPalette SearchIcon { display: none; } /* two cells wide in some terminals, one in others */
    /* Textual's own is `reverse`, which is lost: see `Options.get_visual_style` */
    CommandList:nocolor > .option-list--option-highlighted { text-style: bold underline; }
    CommandList:ansi > .option-list--option-highlighted { text-style: bold underline; }
    /* and its lines are black, which most terminals do not show on their background */
    CommandPalette:ansi #--input {
        border: hkey $border;
        &.--list-visible { border-bottom: none; }
    }
    CommandPalette:ansi CommandList { border-bottom: hkey $border; }
    .-ascii CommandPalette #--input { border: ascii $primary; }
    .-ascii CommandPalette CommandList { border: ascii $primary; }
    """

    def get_widget_at(self, x: int, y: int) -> tuple[Widget, Region]:
        """Textual's fails at a click outside of all that is drawn, as in a terminal that has become smaller."""
        try:
            return super().get_widget_at(x, y)
        except NoWidget:
            return self, self.region

    def _action_command_list(self, action: str) -> None:
        """Textual's fails at page up and page down until the list has been drawn."""
        with suppress(KeyError):
            super()._action_command_list(action)


class Commands(Provider):
    """Offers all commands except those that only move the cursor."""

    @property
    def _offered(self) -> list[Offer]:
        app = self.app
        if not isinstance(app, WatchApp) or self.screen is not app.board_screen:
            return []
        return offers(app.board_screen.deps)

    async def discover(self) -> Hits:
        for offer in sorted(self._offered):
            yield DiscoveryHit(_line(offer), self._run(offer), help=offer.help)

    async def search(self, query: str) -> Hits:
        """A command that has the query as a whole word, or for its key, comes before those that only resemble it."""
        wanted = query.strip().removeprefix(":").strip()
        matcher = self.matcher(wanted)
        for offer in self._offered:
            is_named = wanted in offer.keys.split() or wanted.casefold() in (*offer.words, offer.title)
            score = NAMED if is_named else max(map(matcher.match, (offer.title, *offer.words)))
            if wanted and score > 0:
                yield Hit(score, matcher.highlight(_line(offer)), self._run(offer), help=offer.help)

    def _run(self, offer: Offer) -> Callable[[], Awaitable[bool]]:
        return partial(self.app.run_action, offer.action)


def offers(deps: ScreenDeps) -> list[Offer]:
    """All commands that do more than move, the user's views and the user's own commands."""
    made = [
        Offer(
            "quit" if one.id == "leave" else one.id.replace("_", " "),
            _keys(keys_of(one, deps.settings.keys)),
            (*one.id.split("_"), *SYNONYMS.get(one.id, "").split()),
            one.help,
            one.bound_action,
        )
        for one in COMMANDS
        if not one.moves and one.id != "palette" and not (one.id[:5] == "view_" and one.id != "view_0")
    ]
    for number, view in deps.settings.views.items():
        words = ("view", number, *view.name.casefold().split())
        key = first_key(f"view_{number}", deps.settings.keys)
        made.append(Offer(title_of(number, view), key, words, view.filter, f"screen.press('view_{number}')"))
    for name, command in deps.settings.commands.items():
        words = tuple(name.casefold().split())
        made.append(Offer(name, _keys(keys_in(command.key)), words, command.help, f"screen.own({name!r})"))
    return made


def _keys(keys: Iterable[str]) -> str:
    return " ".join(map(shown, keys))


def _line(offer: Offer) -> str:
    return f"{offer.title}  {offer.keys}"
