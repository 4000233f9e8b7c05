"""A TOML file whose text outlives changes: only the lines of the entry that changed are touched.

The text is cut into pieces: one for each `[[jobs]]` entry with the comment right above it, and what stands between.
Every new text is parsed again and compared with what it should say; where the cut did not fit (jobs written as an
inline array, for example), the whole content is written anew and only the comments are lost.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tomli_w

from tui.core.problem import Problem
from tui.storage.files import Unreadable
from tui.storage.pieces import Piece, Table, cut, join, lines_of, new_piece
from tui.storage.simple import read_simple

HEAD = "# codearts-watch writes this file. Editing it by hand is welcome: comments and unknown keys are kept.\n"
NEW_FILE = f"{HEAD}version = 1\n"

_BOM = "\ufeff"
_DEEPEST = 16
"""Parts that a key may have. `tomllib` takes a time that grows with the square of them, and real keys have four."""
_PART = r"""(?:[\w-]+|"(?!"")(?:[^"\\\n]|\\[^\n]?)*(?:"|(?=\n)|\Z)|'(?!'')[^'\n]*(?:'|(?=\n)|\Z))"""
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_LONG_TEXT = r'''"""(?:[^"\\]|\\[\s\S]?|"(?!""))*(?:"{3,5}|\Z)|'{3}(?:[^']|'(?!''))*(?:'{3,5}|\Z)'''
_TOKENS = re.compile(rf"{_LONG_TEXT}|#[^\n]*|({_KEY})")
"""Keys, and what can hold something that looks like one. No token fails once it began: the time grows with the text."""
_PARTS = re.compile(_PART)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse(text: str) -> Table:
    """The content of a TOML text, which may begin with a byte order mark. Raises Unreadable."""
    text = text.removeprefix(_BOM)
    if _has_deep_key(text):
        raise Unreadable("it nests too deep")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Unreadable("it nests too deep") from None
    except ValueError as error:
        message = str(error)
        found = _PLACE.search(message)
        if not found:
            raise Unreadable(message) from None
        end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
        line, column = (int(found[1]), int(found[2])) if found[1] else end
        raise Unreadable(message[: found.start()], line, column) from None


def _has_deep_key(text: str) -> bool:
    if all(line.count(".") < _DEEPEST for line in text.split("\n")):
        return False
    keys = (found[1] for found in _TOKENS.finditer(text) if found[1] and found[1].count(".") >= _DEEPEST)
    return any(len(_PARTS.findall(key)) > _DEEPEST for key in keys)


def same(one: object, other: object) -> bool:
    """Equal in type and value, where nan equals nan."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


class Document(NamedTuple):
    """A text and what it says."""

    text: str
    other: Table
    """The top-level keys but `jobs`."""
    entries: Sequence[Table]

    @classmethod
    def read(cls, text: str) -> "Document":
        """Raises Unreadable."""
        simple = read_simple(text)
        other = parse(text) if simple is None else simple
        entries = other.pop("jobs", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise Unreadable("its jobs are not written as [[jobs]] tables")
        return cls(text, other, entries)

    def pieces(self) -> tuple[Piece, ...]:
        """Joined again they are the text; without lines where the text could not be cut into the entries."""
        parts = cut(lines_of(self.text))
        if sum(is_job for _, is_job in parts) != len(self.entries):
            return tuple(Piece((), entry) for entry in self.entries)
        entries = iter(self.entries)
        return tuple(Piece(tuple(lines), next(entries) if is_job else None) for lines, is_job in parts)

    def rewritten(self, operation: Callable[[tuple[Piece, ...]], tuple[Piece, ...]]) -> "Document":
        """The document after `operation`; the same one when it changed nothing. Raises Problem when it cannot be."""
        base = self if self.text else Document.read(NEW_FILE)
        before = base.pieces()
        after = operation(before)
        if after == before:
            return self
        entries = [piece.entry for piece in after if piece.entry is not None]
        return base._checked(join(base.text, after), entries) or base._dumped(entries)

    def _checked(self, text: str, entries: list[Table]) -> "Document | None":
        try:
            made = Document.read(text)
            return made if same(made.other, self.other) and same(made.entries, entries) else None
        except (Unreadable, RecursionError):
            return None

    def _dumped(self, entries: list[Table]) -> "Document":
        content = {**self.other, "jobs": entries} if entries else self.other
        try:
            top = Piece(tuple(lines_of(HEAD + tomli_w.dumps(self.other))))
            made = self._checked(join("", [top, *map(new_piece, entries)]), entries)
            made = made or self._checked(HEAD + tomli_w.dumps(content), entries)  # nested: an entry of many tables
        except RecursionError:
            made = None
        if not made:
            raise Problem("Not saved: the file holds something that cannot be written again; simplify it by hand")
        return made
