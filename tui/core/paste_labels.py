"""Finds a job's label next to its ID in a paste: in a column, in the rest of the line, in a field of an object."""

import csv
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from tui.core.text import one_line

LONGEST = 100
"""Number of characters of a label at most."""
REACH = 1000
"""Number of characters on either side of an ID that are searched."""
_WORDS = 10
_LONGEST_WORD = 60

NEAR = 160
"""Number of characters on either side for a name in running text, separators included."""
_RULES = "|\u2502\uff5c\t"
_COMMAS = ",;\uff0c\uff1b"
_FIELD = re.compile(
    r"""["'<\[]?(?<![A-Za-z_])(?:label|(?:job|task|display)?[_-]?name|title|名称|任务名称?)["'>\]]?\s{0,9}[:=]\s{0,9}"""
    r"""("(?:[^"\\\n]|\\.){1,400}"|'[^'\n]{1,400}')""",
    re.IGNORECASE,
)
_HEADS = re.compile(r"(?:label|(?:job|task)?[ _-]?name|title|job|task|名称|任务(?:名称)?)", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|.*@.*\..*|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|.*(?:token|secret|password).{0,3}[:=]"
    r"|(?:was )?(?:running|idle|no answer|failing|failed|passed|aborted|timed out|paused|unread)$"
    r"|(?:success|succeeded|error)$"
    r"|(?:ok|true|false|null|none)$"
    r"|(?:.*[ _-])?ids?\W*$|.*任务$",
    re.IGNORECASE,
)
_AROUND = " \t\"'`*_<>()[]{}|:=#\u2013\u2014\uff1a-,;"
_FOLLOWS = re.compile(r"""["'`*)\]>]{0,4}(?:[ ]{1,2}(?![ ])|[ ]?(?:[-\u2013\u2014:=#\uff1a]|->|=>)[ ]+|[ ]?\()""")
_PRECEDES = re.compile(r"""(?:[ ]{2,}|[ ]?[:=\uff1a][ ]*|[ ][-\u2013\u2014][ ]|\]\()["'`*(<\[]{0,4}$""")
_MARKER = re.compile(r"^[\s>*+|\u2022-]{0,12}(?:\d{1,4}[.)]\s+)?[\"'`*(<\[]{0,4}$")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\($")


class Heads(NamedTuple):
    """The heading of a table: its number of columns, and which of them has the names."""

    columns: int
    name: int


def label_beside(text: str, start: int, end: int, heads: Heads | None) -> str:
    """Returns the label of the ID or address `text[start:end]`; empty if nothing next to it looks like one."""
    line_start = max(text.rfind("\n", max(0, start - REACH), start) + 1, start - REACH)
    line_end = text.find("\n", end, end + REACH)
    before, after = text[line_start:start], text[end : line_end if line_end >= 0 else end + REACH]
    if field := _field(text, start, end):
        return field
    if link := _LINK.search(before):
        return _name(link[1])
    if _has_an_id(before) or _has_an_id(after):
        return ""
    if label := _from_columns(before, text[start:end], after, heads):
        return label
    return _following(after[:NEAR]) if _MARKER.match(before) else _preceding(before, after)


def heads_of(line: str) -> Heads | None:
    """Returns the heading if the line names columns of a table and one of them has the jobs' names; otherwise None."""
    cells = _cells(line[:REACH])
    named = [place for place, cell in enumerate(cells) if _HEADS.fullmatch(cell.strip(_AROUND))]
    return Heads(len(cells), named[0]) if len(cells) > 1 and named else None


def _field(text: str, start: int, end: int) -> str:
    """Returns the name in the object around the ID: JSON, or a TOML table."""
    opening = max(text.rfind("{", max(0, start - REACH), start), text.rfind("[[", max(0, start - REACH), start))
    if opening < 0:
        return ""
    ends = [at for sign in ("}", "[[") if (at := text.find(sign, end, end + REACH)) >= 0]
    closing = min(ends, default=min(len(text), end + REACH))
    near = text[end:closing]
    found = _FIELD.search(near) if not _has_an_id(near) else None
    found = found or _FIELD.search(text[opening:start])
    return _name(_unquoted(found[1])) if found else ""


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]


def _from_columns(before: str, found: str, after: str, heads: Heads | None) -> str:
    cells = _cells(before + found + after)
    own = next((place for place, cell in enumerate(cells) if found in cell), None)
    if own is None or not (set(_RULES) & set(before + after) or cells[own].strip(_AROUND) == found):
        return ""  # a comma in a sentence
    if heads and heads.columns == len(cells) and heads.name != own:
        return _name(cells[heads.name])
    left, right = list(reversed(cells[:own])), cells[own + 1 :]
    return next((name for cell in (*left, *right) if (name := _name(cell))), "")


def _cells(line: str) -> Sequence[str]:
    """Splits a row of a table; commas within quotes do not split."""
    for sign in _RULES:
        if sign in line:
            return line.strip().strip(sign).split(sign)
    sign = next((sign for sign in _COMMAS if sign in line), "")
    if not sign:
        return [line]
    try:
        return next(csv.reader([line.replace("\0", "")], delimiter=sign, skipinitialspace=True), [])
    except csv.Error:
        return []


def _following(after: str) -> str:
    """Returns the name in the rest of a line that begins with the ID, up to the next column."""
    follows = _FOLLOWS.match(after)
    if not follows:
        return ""
    rest = re.split(r" {2,}|\t|\|", after[follows.end() :], maxsplit=1)[0]
    return "" if rest.rstrip().endswith(("?", "!", ".", ",", "\uff1f", "\u3002")) else _name(rest)


def _preceding(before: str, after: str) -> str:
    """Returns the name in the line before the ID, unless a sentence ends there."""
    if len(before) > NEAR or after.lstrip(_AROUND).startswith((".", "!", "?", "\u3002", "\uff1f")):
        return ""
    parted = _PRECEDES.search(before)
    return _name(before[: parted.start()]) if parted else ""


def _has_an_id(text: str) -> bool:
    return bool(re.search(r"(?<![0-9A-Za-z])[0-9A-Za-z]{32}(?![0-9A-Za-z])", text))


def _name(text: str) -> str:
    """Returns the text as a label; empty if it is more like a number, a date, a state, an address or a sentence."""
    name = one_line(text[: 4 * LONGEST]).strip(_AROUND).strip()
    words = name.split()
    if not words or len(name) > LONGEST or len(words) > _WORDS or max(map(len, words)) > _LONGEST_WORD:
        return ""
    if _NOT_A_NAME.match(name) or _has_an_id(name) or not any(unicodedata.category(one)[0] == "L" for one in name):
        return ""
    return name
