"""What the terminal can show: its character set, marks and mouse; prepared before Textual loads."""

import codecs
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import NamedTuple

from tui.core.alert_policy import Arm
from tui.core.condition import Condition
from tui.core.errors import UserError
from tui.core.text import clean

LEAST_COLUMNS, LEAST_ROWS = 40, 8
"""The smallest terminal that the screen fits into."""
LONGEST_LINE = 4095
"""Bytes of a line that a terminal in line mode keeps; Linux and the others drop the rest in silence."""


def fits(columns: int, rows: int) -> bool:
    """Whether the screen fits into a terminal of this size."""
    return columns >= LEAST_COLUMNS and rows >= LEAST_ROWS


class StripGlyphs(NamedTuple):
    """The characters for runs that ended: the heights from short to long, and what has none."""

    passed: str
    ended: str
    """Of runs whose outcome is not known."""
    failed: str
    aborted: str
    """Or timed out."""
    no_duration: str


class Glyphs(NamedTuple):
    """The marks of the screen. Each is one cell wide in every terminal, East Asian ones included."""

    condition: dict[Condition, str]
    armed: dict[Arm, str]
    cursor: str
    mark: str
    new: str
    """Before a row that changed and was not looked at yet."""
    ascending: str
    descending: str
    rule: str
    folded: str
    unfolded: str
    ellipsis: str
    about: str
    """Before a time that is estimated."""
    plus_minus: str
    bar: tuple[str, str]
    """The part of a progress bar that is done, and what is left."""
    strip: StripGlyphs


UNICODE = Glyphs(
    {
        Condition.NO_ANSWER: "?",
        Condition.FAILED: "●",
        Condition.TIMED_OUT: "○",
        Condition.ABORTED: "○",
        Condition.PASSED: "✓",
        Condition.STALE: "◌",
        Condition.RUNNING: "▸",
        Condition.IDLE: "◦",
        Condition.UNREAD: "-",
        Condition.PAUSED: "=",
    },
    {Arm.ONCE: "⚐", Arm.ALWAYS: "⚑"},
    cursor="›",
    mark="+",
    new="✱",
    ascending="▴",
    descending="▾",
    rule="│",
    folded="▹",
    unfolded="▿",
    ellipsis="…",
    about="≈",
    plus_minus="±",
    bar=("━", "─"),
    strip=StripGlyphs("▁▂▃▄▅▆▇█", "⡀⣀⣄⣤⣦⣶⣷⣿", "✗", "○", "⋅"),
)
ASCII = Glyphs(
    {
        Condition.NO_ANSWER: "?",
        Condition.FAILED: "#",
        Condition.TIMED_OUT: "%",
        Condition.ABORTED: "%",
        Condition.PASSED: "+",
        Condition.STALE: "~",
        Condition.RUNNING: "*",
        Condition.IDLE: "o",
        Condition.UNREAD: "-",
        Condition.PAUSED: "=",
    },
    {Arm.ONCE: "b", Arm.ALWAYS: "B"},
    cursor=">",
    mark="+",
    new="!",
    ascending="^",
    descending="v",
    rule="|",
    folded=">",
    unfolded="v",
    ellipsis="~",
    about="~",
    plus_minus="+-",
    bar=("=", "-"),
    strip=StripGlyphs("_-=^", ".:;!", "x", "%", ","),
)


CANNOT_MOVE = ("", "dumb", "unknown")
"""Values of TERM for what cannot move its cursor."""
INSTEAD = "without one, use codearts-watch status or codearts-watch list"


def prepare(environ: MutableMapping[str, str], isatty: Callable[[int], bool] = os.isatty) -> None:
    """Makes `environ` fit for Textual, which reads it at import. Raises UserError if no screen can be shown.

    The keys come from standard input and the screen goes to standard error: standard output may be anything.
    Removes COLUMNS and LINES, which Textual prefers to the terminal's size, and TEXTUAL_…, which name modules to load
    and files to write.
    """
    for descriptor, name in ((0, "standard input"), (2, "standard error")):
        if not isatty(descriptor):
            raise UserError(f"The screen needs a terminal, and {name} is none: {INSTEAD} (over ssh, ssh -t gives one).")
    term = environ.get("TERM", "")
    if term in CANNOT_MOVE:
        kind = f"TERM is {clean(term, 40)}" if term else "TERM is not set"
        raise UserError(f"The screen needs a terminal that can move its cursor, and {kind}: {INSTEAD}.")
    for name in [name for name in environ if name in ("COLUMNS", "LINES") or name.startswith("TEXTUAL_")]:
        del environ[name]


def unicode_ok(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Returns whether more than ASCII may be shown: `encoding` is UTF-8, and the locale names no other one.

    A locale without a character set, such as C, says nothing about the terminal, and Python writes UTF-8 for it.
    """
    try:
        if codecs.lookup(encoding or "").name != "utf-8":
            return False
    except LookupError:
        return False
    locale = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(name))), "")
    charset = locale.partition(".")[2].partition("@")[0]
    return not charset or charset.lower().replace("-", "") == "utf8"


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """Returns the marks that this terminal can show."""
    return UNICODE if unicode_ok(environ, getattr(sys.stderr, "encoding", None)) else ASCII


def mouse_wanted(environ: Mapping[str, str], setting: bool | None) -> bool:
    """Returns the setting; without one, False over SSH, where only the terminal's own selection can copy."""
    return not environ.get("SSH_CONNECTION") if setting is None else setting
