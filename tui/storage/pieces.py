"""The lines of a watchlist's text, cut so that an entry can come, go or change without touching the others."""

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

import tomli_w

Table = dict[str, object]

_KEY = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_HEADER = re.compile(rf"\ufeff?\s*\[\[?\s*({_KEY})\s*((?:\.\s*{_KEY}\s*)*)\]\]?\s*(?:#.*)?")
_LONGEST = 200
"""Lines of a value, and marks of a comment in it, that are tried; beyond, the file is written anew without its remarks.
Each try reads the value once, so that without a bound the time would grow with the square of its length."""
_ORDER = ("id", "label", "tags", "profile", "address", "added")


class Piece(NamedTuple):
    """Some lines of the text: an entry, or what stands between entries (None)."""

    lines: tuple[str, ...]
    entry: Table | None = None

    def put(self, key: str, value: object) -> "Piece":
        """The entry with this key set, or without it when the value is empty."""
        entry = {**(self.entry or {}), key: value}
        if not value:
            del entry[key]
        lines = list(self.lines)
        at, end = _extent(lines, key)
        if end:
            lines[at:end] = [_line(key, value) + _remark(lines[at:end])] if value else []
        elif value:
            _insert(lines, key, value)
        return self._replace(lines=tuple(lines), entry=entry)


def new_piece(entry: Table) -> Piece:
    """An entry that was not in the text before."""
    return Piece(("", "[[jobs]]", *(_line(key, value) for key, value in entry.items())), entry)


def _newline(text: str) -> str:
    """The line end of the whole text; where they are mixed, a carriage return counts as part of its line."""
    count = text.count("\n")
    return "\r\n" if count and text.count("\r\n") == count else "\n"


def lines_of(text: str) -> list[str]:
    """The lines without their ends; nothing follows the last line end."""
    lines = text.split(_newline(text))
    return lines if lines[-1] else lines[:-1]


def join(text: str, pieces: Sequence[Piece]) -> str:
    """The pieces as a text with the line ends, the last one too, that `text` has."""
    newline = _newline(text)
    lines = [line for piece in pieces for line in piece.lines]
    return newline.join([*lines, ""] if not text or text.endswith(newline) else lines)


def cut(lines: list[str]) -> list[tuple[list[str], bool]]:
    """The lines in parts, and whether each is an entry. A comment between blank lines is nobody's."""
    starts = [(0, False)]
    for at, line in enumerate(lines):
        table = _table(line)
        if table is None or table.startswith("jobs."):
            continue
        start = at
        while start > starts[-1][0] and lines[start - 1].lstrip().startswith("#"):
            start -= 1
        if start == 0:  # a comment at the very top is about the file
            start = at
        if start > starts[-1][0] and not lines[start - 1].strip():
            start -= 1
        starts.append((start, table == "jobs[]"))
    parts = []
    for (start, is_job), (stop, _) in zip(starts, [*starts[1:], (len(lines), False)], strict=True):
        end = _end(lines, start, stop) if is_job else stop
        parts += [(lines[start:end], is_job), (lines[end:stop], False)]
    return [(part, is_job) for part, is_job in parts if part or is_job]


def _end(lines: list[str], start: int, stop: int) -> int:
    """Where the entry ends: after its last key, and the comment right below it."""
    end = stop
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    while end < stop and lines[end].lstrip().startswith("#"):
        end += 1
    return end


def _table(line: str) -> str | None:
    """The table that the line opens: 'jobs[]', 'jobs.' and more, or another; None when it opens none."""
    if "[" not in line or not (found := _HEADER.fullmatch(line)):
        return None
    name = found[1].strip("\"'")
    if found[2]:
        return f"{name}."
    return f"{name}[]" if "[[" in line else name


def _extent(lines: list[str], key: str) -> tuple[int, int]:
    """The first line of the key's value in the entry and the one behind its last; 0, 0 when it is not there."""
    shape = re.compile(rf"""\s*["']?{key}["']?\s*=""")
    inside = False
    for at, line in enumerate(lines):
        table = _table(line)
        if inside and table is not None:
            break
        inside = inside or table is not None
        if inside and shape.match(line):
            ends = range(at + 1, min(at + _LONGEST, len(lines)) + 1)
            return at, next((end for end in ends if _whole(lines[at:end])), at + 1)
    return 0, 0


def _whole(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines) + "\n")
    except (ValueError, RecursionError):
        return False
    return True


def _remark(lines: list[str]) -> str:
    """The comment behind the value in these lines, with the blanks before it."""
    text = "\n".join(lines)
    marks = islice((at for at, character in enumerate(text) if character == "#"), _LONGEST)
    end = next((at for at in marks if _whole([text[:at]])), 0)
    return text[len(text[:end].rstrip()) :] if end else ""


def _insert(lines: list[str], key: str, value: object) -> None:
    """Put a new key behind those that come before it in an entry."""
    header = next((at for at, line in enumerate(lines) if _table(line) is not None), -1)
    end = max([header + 1, *(_extent(lines, former)[1] for former in _ORDER[: _ORDER.index(key)])])
    lines.insert(end, _line(key, value))


def _line(key: str, value: object) -> str:
    return f"{key} = {_literal(value)}"


def _literal(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case list() | tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case _:
            return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")
