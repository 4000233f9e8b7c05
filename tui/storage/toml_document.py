"""A TOML file whose text outlives changes: only the lines of the entry that changed are touched.

The text is cut into pieces: one for each `[[jobs]]` entry with the comment right above it, and the lines between them.
Every new text is parsed again and compared with the intended content. If they differ (jobs written as an inline
array, for example), the whole content is written anew, and only the comments are lost. `with_table` changes one table
of another file in the same way.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from tui.core.errors import UserError
from tui.storage.files import FileError

Table = dict[str, object]

_KEY = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_HEADER = rf"\ufeff?\s*\[\[?\s*({_KEY})\s*((?:\.\s*{_KEY}\s*)*)\]\]?\s*(?:#.*)?"
_LONGEST = 200
"""Most lines of a value, and `#` in it, that are tried; beyond them the file is written anew without its comments.
Each try reads the value once, so that without a bound the time would grow with the square of its length."""
_ORDER = ("id", "label", "tags", "profile", "address", "alert", "added")


class Piece(NamedTuple):
    """Some lines of the text: an entry, or the lines between entries (None)."""

    lines: tuple[str, ...]
    entry: Table | None = None

    def put(self, key: str, value: object) -> "Piece":
        """Returns the entry with this key set, or without the key if the value is empty."""
        entry = {**(self.entry or {}), key: value}
        if not value:
            del entry[key]
        lines = list(self.lines)
        at, end = _extent(lines, key)
        if end:
            lines[at:end] = [_line(key, value) + _remark(lines[at:end])] if value else []
        elif value and key in _ORDER:
            _insert(lines, key, value)
        elif value:
            lines.append(_line(key, value))
        return self._replace(lines=tuple(lines), entry=entry)


def new_piece(entry: Table) -> Piece:
    """Returns a new entry."""
    return Piece(("", "[[jobs]]", *(_line(key, value) for key, value in entry.items())), entry)


def _newline(text: str) -> str:
    """Returns the line end of the text; if it has both kinds, a carriage return counts as part of its line."""
    count = text.count("\n")
    return "\r\n" if count and text.count("\r\n") == count else "\n"


def lines_of(text: str) -> list[str]:
    """Returns the lines without their ends; nothing follows the last line end."""
    lines = text.split(_newline(text))
    return lines if lines[-1] else lines[:-1]


def join(text: str, pieces: Sequence[Piece]) -> str:
    """Returns the pieces as one text with the line ends of `text`, the last one included."""
    newline = _newline(text)
    lines = [line for piece in pieces for line in piece.lines]
    return newline.join([*lines, ""] if not text or text.endswith(newline) else lines)


def cut(lines: list[str]) -> list[tuple[list[str], bool]]:
    """Cuts the lines into parts, each with whether it is an entry. A comment between blank lines is of no entry."""
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
    """Returns the end of the entry: after its last key, and after the comment right below that."""
    end = _last_value(lines, start, stop)
    while end < stop and lines[end].lstrip().startswith("#"):
        end += 1
    return end


def _last_value(lines: Sequence[str], start: int, stop: int) -> int:
    """Returns the end of the last value: the blanks and comments behind it may belong to what follows."""
    while stop > start and (not lines[stop - 1].strip() or lines[stop - 1].lstrip().startswith("#")):
        stop -= 1
    return stop


def _table(line: str) -> str | None:
    """Returns the name of the table that the line opens, 'jobs[]' or 'jobs.…' for example; None if it opens none."""
    if "[" not in line or not (found := re.fullmatch(_HEADER, line)):
        return None
    name = found[1].strip("\"'")
    if found[2]:
        return f"{name}."
    return f"{name}[]" if "[[" in line else name


def _extent(lines: list[str], key: str) -> tuple[int, int]:
    """Returns the first line of the key's value and the line after its last; 0, 0 if the entry has no such key."""
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
    import tomllib

    try:
        tomllib.loads("\n".join(lines) + "\n")
    except (ValueError, RecursionError):
        return False
    return True


def _remark(lines: list[str]) -> str:
    """Returns the comment after the value in these lines, with the spaces before it."""
    text = "\n".join(lines)
    marks = islice((at for at, character in enumerate(text) if character == "#"), _LONGEST)
    end = next((at for at in marks if _whole([text[:at]])), 0)
    return text[len(text[:end].rstrip()) :] if end else ""


def _insert(lines: list[str], key: str, value: object) -> None:
    """Inserts a new key after those that precede it in `_ORDER`."""
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
            import tomli_w  # imported late: most starts write no file

            return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


# A fast reader for the texts that this program writes itself, and for plain ones; any other is read by `tomllib`.
#
# Of 10,000 jobs `tomllib` takes 160 to 390 ms of CPU, this a sixth: without it the first paint takes twice as long.
# A start on which every file is plain does not even load `tomllib`, which takes 3 ms.

_TEXT = r'"[^"\\\x00-\x1f\x7f]*"'
_TEXTS = rf"\[(?:{_TEXT}(?:, {_TEXT})*)?\]"
_MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-][01]\d:[0-5]\d)"
_REST = r"(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?|true|false"
_LINE = rf"(?:\[\[jobs\]\]|\[[a-z_]+\]|[a-z_-]+ = (?:{_TEXT}|{_TEXTS}|{_MOMENT}|{_REST})|#[^\x00-\x08\x0a-\x1f\x7f]*)?"
_LINES = re.compile(rf"(?:{_LINE}(?:\n|\Z))*+", re.ASCII)
_PAIRS = re.compile(r'^(?:\[\[jobs\]\]|\[([a-z_]+)\]|([a-z_-]+) = (?:"([^"]*)"$|(.+)))', re.MULTILINE)
_QUOTED = r'"([^"]*)"'


def read_simple(text: str) -> Table | None:
    """Returns the same content as `tomllib`, or None if the text uses more of TOML than this reads."""
    if not _LINES.fullmatch(text):
        return None
    pairs = _PAIRS.findall(text)
    content: Table = {}
    named: dict[str, Table] = {}
    jobs: list[Table] = []
    table = content
    try:
        for name, key, quoted, other in pairs:
            if key:
                table[key] = _value(other) if other else quoted
                continue
            table = {}
            if name:
                named[name] = table
            else:
                jobs.append(table)
    except ValueError:  # a day that no calendar has
        return None
    tables = [content, *named.values(), *jobs]
    is_twice = sum(map(len, tables)) + len(tables) - 1 < len(pairs) or not content.keys().isdisjoint(named)
    if is_twice or "jobs" in content or "jobs" in named:
        return None
    return {**content, **named, "jobs": jobs} if jobs else {**content, **named}


def _value(written: str) -> object:
    if written.startswith("["):
        return re.findall(_QUOTED, written)
    if written in ("true", "false"):
        return written == "true"
    if ":" in written:
        return datetime.fromisoformat(written)
    return float(written) if "." in written else int(written)


HEAD = "# codearts-watch writes this file. Editing it by hand is welcome: comments and unknown keys are kept.\n"
NEW_FILE = f"{HEAD}version = 1\n"

_BOM = "\ufeff"
_DEEPEST = 16
"""Parts that a key may have. `tomllib` takes a time that grows with the square of them, and real keys have four."""
_PART = r"""(?:[\w-]+|"(?!"")(?:[^"\\\n]|\\[^\n]?)*(?:"|(?=\n)|\Z)|'(?!'')[^'\n]*(?:'|(?=\n)|\Z))"""
_DOTTED_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_LONG_TEXT = r'''"""(?:[^"\\]|\\[\s\S]?|"(?!""))*(?:"{3,5}|\Z)|'{3}(?:[^']|'(?!''))*(?:'{3,5}|\Z)'''
_TOKENS = rf"{_LONG_TEXT}|#[^\n]*|({_DOTTED_KEY})"
"""Keys, and what can hold something that looks like one. No token fails once it began: the time grows with the text.
Like the other two it is compiled on use, since hardly any file needs it."""
_PLACE = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"


def parse(text: str) -> Table:
    """Returns the content of a TOML text, which may begin with a byte order mark. Raises FileError."""
    text = text.removeprefix(_BOM)
    if (simple := read_simple(text)) is not None:
        return simple
    if _has_deep_key(text):
        raise FileError("it nests too deep")
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise FileError("it nests too deep") from None
    except ValueError as error:
        message = str(error)
        found = re.search(_PLACE, message)
        if not found:
            raise FileError(message) from None
        end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
        line, column = (int(found[1]), int(found[2])) if found[1] else end
        raise FileError(message[: found.start()], line, column) from None


def _has_deep_key(text: str) -> bool:
    if all(line.count(".") < _DEEPEST for line in text.split("\n")):
        return False
    keys = (found[1] for found in re.finditer(_TOKENS, text) if found[1] and found[1].count(".") >= _DEEPEST)
    return any(len(re.findall(_PART, key)) > _DEEPEST for key in keys)


def same(one: object, other: object) -> bool:
    """Returns whether both are equal in type and value; nan equals nan."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


class Document(NamedTuple):
    """A text and its content."""

    text: str
    other: Table
    """The top-level keys but `jobs`."""
    entries: Sequence[Table]

    @classmethod
    def read(cls, text: str) -> "Document":
        """Returns the document of a text. Raises FileError."""
        other = parse(text)
        entries = other.pop("jobs", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FileError("its jobs are not written as [[jobs]] tables")
        return cls(text, other, entries)

    def pieces(self) -> tuple[Piece, ...]:
        """Returns the parts of the text, which they are again if joined; without lines if it has no such parts."""
        parts = cut(lines_of(self.text))
        if sum(is_job for _, is_job in parts) != len(self.entries):
            return tuple(Piece((), entry) for entry in self.entries)
        entries = iter(self.entries)
        return tuple(Piece(tuple(lines), next(entries) if is_job else None) for lines, is_job in parts)

    def rewritten(self, operation: Callable[[tuple[Piece, ...]], tuple[Piece, ...]]) -> "Document":
        """Returns the document after `operation`; the same one if nothing changed. Raises UserError."""
        base = self if self.text else Document.read(NEW_FILE)
        before = base.pieces()
        after = operation(before)
        if after == before:
            return self
        entries = [piece.entry for piece in after if piece.entry is not None]
        return _checked(join(base.text, after), base.other, entries) or _dumped(base.other, entries)


def _checked(text: str, other: Table, entries: list[Table]) -> Document | None:
    """Returns the document of `text` if it says exactly this."""
    try:
        made = Document.read(text)
        return made if same(made.other, other) and same(made.entries, entries) else None
    except (FileError, RecursionError):
        return None


def _dumped(other: Table, entries: list[Table]) -> Document:
    """Returns a new text for the content. Raises UserError if `tomli_w` cannot write it."""
    import tomli_w

    content = {**other, "jobs": entries} if entries else other
    try:
        top = Piece(tuple(lines_of(HEAD + tomli_w.dumps(other))))
        made = _checked(join("", [top, *map(new_piece, entries)]), other, entries)
        made = made or _checked(HEAD + tomli_w.dumps(content), other, entries)  # nested: an entry of many tables
    except RecursionError:
        made = None
    if not made:
        raise UserError("Not saved: the file holds something that cannot be written again; simplify it by hand")
    return made


def with_table(text: str, path: tuple[str, str], values: Table) -> str | None:
    """Returns the text with these values in the table `path`; empty ones are left out, other keys stay.

    None if the text has the table in a form that this cannot change, such as an inline one. Raises FileError.
    """
    content = parse(text)
    outer = content.get(path[0], {})
    inner = outer.get(path[1], {}) if isinstance(outer, dict) else None
    if not isinstance(outer, dict) or not isinstance(inner, dict):
        return None
    wanted = {**inner, **values}
    wanted = {key: value for key, value in wanted.items() if key not in values or value}
    intended = {**content, path[0]: {**outer, path[1]: wanted}}
    lines = lines_of(text)
    start, end = _place_of(lines, path)
    if end:
        piece = Piece(tuple(lines[start:end]), inner)
    else:
        start = end = len(lines)
        blank = ("",) if lines and lines[-1].strip() else ()
        piece = Piece((*blank, f"[{path[0]}.{path[1]}]"), {})
    for key, value in values.items():
        piece = piece.put(key, value)
    made = join(text, [Piece(tuple(lines[:start])), piece, Piece(tuple(lines[end:]))])
    with suppress(FileError):
        if same(parse(made), intended):
            return made
    return None


def _place_of(lines: Sequence[str], path: tuple[str, str]) -> tuple[int, int]:
    """The first line of the table, and the line after its last value; 0, 0 if it has no lines of its own."""
    headers = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    for at, following in zip(headers, [*headers[1:], len(lines)], strict=False):
        if _path(lines[at]) == path:
            return at, _last_value(lines, at + 1, following)
    return 0, 0


def _path(line: str) -> tuple[str, ...]:
    """The path of the table that the line opens; empty if it opens none with a path of two parts."""
    import tomllib

    with suppress(ValueError, RecursionError):
        ((outer, content),) = tomllib.loads(line).items()
        ((inner, nothing),) = content.items() if isinstance(content, dict) else [("", None)]
        if nothing == {}:
            return outer, inner
    return ()
