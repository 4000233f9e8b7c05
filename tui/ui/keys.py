"""All commands and their keys: the one list behind hints, help, palette and the table in README."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from textual import events
from textual.binding import Binding, InvalidBinding
from textual.keys import format_key

from tui.core.errors import UserError
from tui.core.filter import EXAMPLES
from tui.core.text import clean, did_you_mean
from tui.storage.settings import VIEW_NUMBERS, CommandSettings

_ALIASES = {
    "ctrl+m": "enter", "return": "enter", "ctrl+i": "tab", "ctrl+left_square_bracket": "escape", "esc": "escape",
    "ctrl+h": "backspace", "ctrl+question_mark": "backspace", "newline": "ctrl+j", "ctrl+space": "ctrl+@",
    "ctrl+at": "ctrl+@", "ctrl+2": "ctrl+@", "ctrl+3": "escape", "ctrl+4": "ctrl+backslash",
    "ctrl+5": "ctrl+right_square_bracket", "ctrl+6": "ctrl+circumflex_accent", "ctrl+7": "ctrl+underscore",
    "ctrl+8": "backspace", "ctrl+slash": "ctrl+underscore", "ctrl+minus": "ctrl+underscore", "backtab": "shift+tab",
    "ctrl+[": "escape", "ctrl+]": "ctrl+right_square_bracket", "ctrl+\\": "ctrl+backslash",
    "ctrl+^": "ctrl+circumflex_accent", "ctrl+_": "ctrl+underscore", "ctrl+/": "ctrl+underscore",
    "ctrl+-": "ctrl+underscore", "ctrl+?": "backspace", "del": "delete", "ins": "insert",
    "pgup": "pageup", "pgdn": "pagedown", "page_up": "pageup",
    "page_down": "pagedown",
}  # fmt: skip
"""Other names of a key, and the name that Textual has for it."""

_MOVING = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete")
_FUNCTION = tuple(f"f{number}" for number in range(1, 13))
_ALONE = ("escape", "enter", "tab", "space", "backspace", *(f"f{number}" for number in range(13, 25)))
_CONTROL = ("ctrl+@", "ctrl+backslash", "ctrl+right_square_bracket", "ctrl+circumflex_accent", "ctrl+underscore")
_ORDER = ("alt", "ctrl", "shift")


def _sendable() -> Iterable[str]:
    yield from (*_ALONE, *_CONTROL, "shift+tab")
    yield from (f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    for count in range(4):
        for modifiers in combinations(_ORDER, count):
            yield from ("+".join((*modifiers, name)) for name in (*_MOVING, *_FUNCTION))


_SENDABLE = frozenset(_sendable()) - _ALIASES.keys()


def canonical_key(key: str) -> str:
    """The canonical name of a key: `enter` for `ctrl+m`, `A` for `shift+a`."""
    *modifiers, name = key.split("+")
    if len(name) == 1 and name.isalpha() and modifiers == ["shift"]:
        return name.upper()
    if "ctrl" in modifiers and len(name) == 1:
        name = name.lower()
    key = "+".join((*sorted(modifiers), name))
    return _ALIASES.get(key, key)


def can_be_sent(key: str) -> bool:
    """Whether a terminal can send this key (by its canonical name) without an extended keyboard protocol."""
    if key in _SENDABLE:
        return True
    if len(key) == 1:
        return key.isprintable() and key != " "
    return bool(re.fullmatch(r"[a-z0-9_]+", key)) and (key in _CHARACTERS or _is_a_character(key))


_CHARACTERS = frozenset({"slash", "backslash", "at", "minus", "plus", "underscore", "full_stop", "hyphen_minus"})


def _is_a_character(name: str) -> bool:
    try:
        return unicodedata.lookup(name.replace("_", " ")).isprintable()
    except KeyError:
        return False


class KeyCommand(NamedTuple):
    """A command of the screen. `id` is its name in `[keys]` of settings.toml."""

    id: str
    keys: str
    title: str
    """A word or two for the hints in the last line; empty for no hint."""
    help: str
    """For the help and the palette."""
    group: str
    action: str
    """A method of the app, or of an object of the screen: `watchlist.add` is `add` of `BoardScreen.watchlist`."""
    moves: bool = False
    """Only moves the cursor or the view. Such a key is not held back as the possible start of a paste."""

    @property
    def bound_action(self) -> str:
        """The action in Textual's words, which know no other objects than app and screen."""
        return self.action if self.action.startswith("app.") else f"screen.press({self.id!r})"

    def binding(self) -> Binding:
        return Binding(self.keys, self.bound_action, self.help, show=bool(self.title), id=self.id, tooltip=self.help)


WATCH, LOOK, ASK, MARK, MOVE, PROGRAM = "Watchlist", "Look", "Ask", "Mark and copy", "Move", "Program"

COMMANDS: tuple[KeyCommand, ...] = (
    KeyCommand("add", "a", "add", "Add jobs: IDs or addresses, one or many", WATCH, "watchlist.add"),
    KeyCommand("find", "O", "", "Find jobs in your projects, and add them with their names", WATCH, "watchlist.find"),
    KeyCommand("remove", "x,delete", "remove", "Remove the marked jobs, or the one under the cursor", WATCH,
               "watchlist.remove"),
    KeyCommand("undo", "u", "undo", "Undo the last change of the watchlist", WATCH, "watchlist.undo"),
    KeyCommand("redo", "U", "", "Redo what was undone", WATCH, "watchlist.redo"),
    KeyCommand("label", "L,f2", "", "Change the job's label", WATCH, "watchlist.label"),
    KeyCommand("tags", "t", "", "Change the tags of the marked jobs, or of the one under the cursor", WATCH,
               "watchlist.tags"),
    KeyCommand("details", "enter,d", "details", "Show or hide everything about the job; fold or unfold a group", LOOK,
               "details.toggle_or_fold"),
    KeyCommand("details_below", "D", "", "Show the details below the table, or beside it", LOOK, "details.below"),
    KeyCommand("details_larger", "less_than_sign", "", "Larger details", LOOK, "details.resize(1)"),
    KeyCommand("details_smaller", "greater_than_sign", "", "Smaller details", LOOK, "details.resize(-1)"),
    KeyCommand("error", "e", "error",
               "Why there is no answer, or why the build failed; on any other job go to the next of these", LOOK,
               "dialogs.error"),
    KeyCommand("log", "l", "log", "The end of the build's log, and what is added while it runs", LOOK, "dialogs.log"),
    KeyCommand("next_problem", "n", "next", "To the next job that is a problem or has just changed", LOOK,
               "cursor.walk(1)", moves=True),
    KeyCommand("previous_problem", "N", "", "To the one before", LOOK, "cursor.walk(-1)", moves=True),
    KeyCommand("filter", "slash,f", "filter", f"Filter: {EXAMPLES}", LOOK, "filter.open"),
    KeyCommand("profile", "F", "", "Show all profiles, or one", LOOK, "look.profile"),
    KeyCommand("only_problems", "exclamation_mark", "", "Only problems: no answer, failed, stale, longer than usual",
               LOOK, "look.only_problems"),
    KeyCommand("history", "h", "", "All runs of the job, newest first; enter shows the log of one", LOOK,
               "dialogs.history"),
    KeyCommand("events", "E", "", "Everything that happened, newest first; enter goes to the job", LOOK,
               "dialogs.events"),
    KeyCommand("sort", "s", "sort", "Choose what to sort by", LOOK, "look.sort"),
    KeyCommand("reverse", "S", "", "Reverse the order", LOOK, "look.reverse"),
    KeyCommand("group", "z", "group", "Group by tag, project, profile or state", LOOK, "look.group"),
    KeyCommand("fold_all", "minus", "", "Fold all groups; again to unfold them", LOOK, "look.fold_all"),
    KeyCommand("view_0", "0", "", "Show everything: no filter, no groups, the usual order", LOOK, "look.view('0')"),
    *(KeyCommand(f"view_{n}", n, "", "Show a view that you saved", LOOK, f"look.view('{n}')") for n in VIEW_NUMBERS),
    KeyCommand("save_view", "V", "", "Save filter, order, groups and columns as a view", LOOK, "look.save_view"),
    KeyCommand("columns", "W", "", "Choose the columns and their order", LOOK, "look.columns"),
    KeyCommand("wide", "w", "", "All columns in full width, scrolling sideways", LOOK, "look.wide"),
    KeyCommand("refresh", "r,f5", "refresh", "Ask now about the marked jobs, or the one under the cursor", ASK,
               "service.refresh"),
    KeyCommand("refresh_all", "R,ctrl+r", "", "Ask now about all jobs", ASK, "service.refresh_all"),
    KeyCommand("pause", "p", "", "Pause the marked jobs, or the one under the cursor; again to resume", ASK,
               "service.pause"),
    KeyCommand("pause_all", "P", "", "Pause everything; again to resume", ASK, "service.pause_all"),
    KeyCommand("alert", "b", "",
               "Alert when the marked jobs end, or the one under the cursor: once; again: always; again: off", ASK,
               "service.alert"),
    KeyCommand("silence", "B", "", "Silence all alerts for an hour; again to end that", ASK, "service.silence"),
    KeyCommand("mark", "space", "mark", "Mark the job and move down", MARK, "cursor.mark"),
    KeyCommand("mark_range", "v", "", "Mark a range: move to extend it, again to end it", MARK, "cursor.mark_range"),
    KeyCommand("mark_all", "asterisk", "", "Mark all jobs shown; again to unmark them", MARK, "cursor.mark_all"),
    KeyCommand("copy_id", "y,c", "copy", "Copy the job ID", MARK, "copying.ids"),
    KeyCommand("copy_report", "Y", "", "Copy a line for a ticket: ID, name, status, build or error, request ID", MARK,
               "copying.reports"),
    KeyCommand("copy_request", "C", "", "Copy the request as a curl line; the token stays in $CODEARTS_TOKEN", MARK,
               "copying.requests"),
    KeyCommand("open_address", "o", "", "Show the address of the job's page as a link, and copy it", MARK,
               "copying.address"),
    KeyCommand("up", "up,k", "", "Up", MOVE, "cursor.move(-1)", moves=True),
    KeyCommand("down", "down,j", "", "Down", MOVE, "cursor.move(1)", moves=True),
    KeyCommand("first", "home,g", "", "To the first job", MOVE, "cursor.first", moves=True),
    KeyCommand("last", "end,G", "", "To the last job", MOVE, "cursor.last", moves=True),
    KeyCommand("page_up", "pageup", "", "A page up", MOVE, "cursor.page(-1.0)", moves=True),
    KeyCommand("page_down", "pagedown", "", "A page down", MOVE, "cursor.page(1.0)", moves=True),
    KeyCommand("half_page_up", "ctrl+u", "", "Half a page up", MOVE, "cursor.page(-0.5)", moves=True),
    KeyCommand("half_page_down", "ctrl+d", "", "Half a page down", MOVE, "cursor.page(0.5)", moves=True),
    KeyCommand("left", "left", "", "Columns to the left; fold the group", MOVE, "cursor.sideways(-8)", moves=True),
    KeyCommand("right", "right", "", "Columns to the right; unfold the group", MOVE, "cursor.sideways(8)", moves=True),
    KeyCommand("sign_in", "i", "", "Sign in: paste a token, or give the IAM password", PROGRAM, "service.sign_in"),
    KeyCommand("theme", "T", "", "Choose a theme, seen as you move", PROGRAM, "app.theme"),
    KeyCommand("palette", "colon", "", "All commands", PROGRAM, "app.command_palette"),
    KeyCommand("help", "question_mark,f1", "help", "These keys, and what the words mean", PROGRAM, "dialogs.help"),
    KeyCommand("repaint", "ctrl+l", "", "Draw the screen anew", PROGRAM, "app.repaint"),
    KeyCommand("suspend", "ctrl+z", "", "Suspend to the shell", PROGRAM, "app.suspend_process"),
    KeyCommand("back", "escape", "", "Close what is open, then drop the filter, then only problems, then the marks",
               PROGRAM, "program.back"),
    KeyCommand("leave", "q", "quit", "Close what is open, then quit", PROGRAM, "program.leave"),
)  # fmt: skip

BINDINGS = [command.binding() for command in COMMANDS]
BY_ID = {command.id: command for command in COMMANDS}


def check_keys(keys: Mapping[str, str]) -> None:
    """Raises UserError if `[keys]` names an unknown action, or gives one key to two actions."""
    for name in keys:
        if name not in BY_ID:
            hint = did_you_mean(name, list(BY_ID)) or f"there are {', '.join(BY_ID)}."
            raise UserError(f"[keys] in the settings: there is no action {name!r}; {hint}")
    taken: dict[str, str] = {}
    for command in COMMANDS:
        for key in _checked(command, keys):
            if key in taken:
                name = f"{shown(key)!r}{_as_written(keys, command, taken[key], key)}"
                raise UserError(
                    f"[keys] in the settings: {name} would mean both {taken[key]!r} and {command.id!r}; "
                    "give one of them another key."
                )
            taken[key] = command.id


def _as_written(keys: Mapping[str, str], command: KeyCommand, other: str, key: str) -> str:
    """The name that the user wrote for the key, if it differs from ours."""
    written = [one for name in (command.id, other) for one in _written(keys.get(name, ""))]
    other_names = [one for one in written if canonical_key(one) == key and one not in (key, shown(key))]
    return f" (written {other_names[0]!r}: terminals send the same for both)" if other_names else ""


def _written(text: str) -> list[str]:
    try:
        return [binding.key for binding in Binding.make_bindings([Binding(text, "x")])] if text else []
    except InvalidBinding:
        return []


def _checked(command: KeyCommand, keys: Mapping[str, str]) -> list[str]:
    """The command's keys. Raises UserError if the user gave an unknown or a reserved key."""
    if command.id not in keys:
        return keys_of(command, keys)
    text = keys[command.id]
    found = keys_in(text)
    if not found:
        raise UserError(
            f"[keys] in the settings: {command.id} is {clean(text, 40)!r}, and that is no key that terminals send; "
            "write a character, a name such as f5, delete or pagedown, ctrl+ and a letter, or several with commas."
        )
    if reserved := RESERVED.intersection(found):
        raise UserError(
            f"[keys] in the settings: {command.id} is {clean(text, 40)!r}, and {min(reserved)} has a fixed meaning; "
            f"give {command.id} another key."
        )
    return found


RESERVED = frozenset({"ctrl+q", "ctrl+c", "ctrl+p", "tab", "shift+tab"})
"""Keys with a fixed meaning."""


def meanings(keymap: Mapping[str, str]) -> dict[str, str]:
    """The name of the command that each key has."""
    return {key: command.id for command in COMMANDS for key in keys_of(command, keymap)}


def keys_in(text: str) -> list[str]:
    """The canonical names of the keys in a text of the settings; empty if one of them is none that terminals send."""
    found = [canonical_key(key) for key in _written(text)]
    return found if all(map(can_be_sent, found)) else []


def keys_of(command: KeyCommand, keymap: Mapping[str, str]) -> list[str]:
    """The keys of a command, after the user's changes, by Textual's long names."""
    return list(_keys_of(keymap.get(command.id, command.keys)))


@lru_cache
def _keys_of(text: str) -> tuple[str, ...]:
    """Kept, since each key that moves the cursor to a job in another state looks through those of some commands."""
    return tuple(canonical_key(binding.key) for binding in Binding.make_bindings([Binding(text, "x")]))


def canonical(keymap: Mapping[str, str]) -> dict[str, str]:
    """The user's keys by Textual's names."""
    return {name: ",".join(canonical_key(key) for key in _written(text)) for name, text in keymap.items()}


def own_meanings(own: Mapping[str, CommandSettings]) -> dict[str, str]:
    """The name of the user's own command that each key has."""
    return {key: name for name, command in own.items() for key in keys_in(command.key)}


def alt_keys(keymap: Mapping[str, str], own: Mapping[str, CommandSettings]) -> frozenset[str]:
    """The keys with alt that have a command of ours or of the user's own. None has one unless the user gave it one."""
    theirs = (key for name in keymap if name in BY_ID for key in keys_named(name, keymap))
    return frozenset(key for key in (*theirs, *own_meanings(own)) if key.startswith("alt+"))


def half_width(key: events.Key) -> events.Key:
    """The key for a full-width character, as an input method sends it: `a` for its wide form."""
    if not key.character or not ("\uff01" <= key.character <= "\uff5e" or key.character == "\u3000"):
        return key
    character = unicodedata.normalize("NFKC", key.character)
    (name,) = _written(character) if character not in ", " else ("comma" if character == "," else "space",)
    made = events.Key(name, character)
    made.time = key.time
    return made


def keys_named(name: str, keymap: Mapping[str, str]) -> frozenset[str]:
    """All keys of the command with this name."""
    return frozenset(keys_of(BY_ID[name], keymap))


def first_key(name: str, keymap: Mapping[str, str]) -> str:
    """The first key of the command with this name, as it is shown; empty if it has none."""
    keys = keys_of(BY_ID[name], keymap)
    return shown(keys[0]) if keys else ""


def shown(key: str) -> str:
    """A key as it is shown: `?` rather than `question_mark`."""
    return _SHORT.get(key) or format_key(key)


_SHORT = {"pageup": "pgup", "pagedown": "pgdn", "delete": "del", "escape": "esc"}
_SHORT |= {name: name for name in ("enter", "up", "down", "left", "right", "home", "end")}


def key_table(keymap: Mapping[str, str]) -> Iterable[tuple[str, list[tuple[str, str, str]]]]:
    """Groups of (keys, help, id), in the list's order."""
    for group in (WATCH, LOOK, ASK, MARK, MOVE, PROGRAM):
        yield group, [_listed(one, keymap) for one in COMMANDS if one.group == group and one.id not in _BETWEEN]


_BETWEEN = frozenset(f"view_{number}" for number in range(2, 10))
"""Commands that stand in the line of `view_1`."""


def _listed(command: KeyCommand, keymap: Mapping[str, str]) -> tuple[str, str, str]:
    if command.id == "view_1":
        return f"{first_key('view_1', keymap)} … {first_key('view_9', keymap)}", command.help, "view_1 … view_9"
    return " ".join(shown(key) for key in keys_of(command, keymap)), command.help, command.id


def moving_keys(keymap: Mapping[str, str]) -> frozenset[str]:
    """The keys that only move the cursor or the view."""
    return frozenset(key for command in COMMANDS if command.moves for key in keys_of(command, keymap))
