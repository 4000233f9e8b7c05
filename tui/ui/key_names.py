"""Names of keys: which names mean the same key, and which keys a terminal can send."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import combinations

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
