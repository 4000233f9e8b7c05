"""Writes one table into settings.toml. All other lines, and all comments, stay as the user wrote them."""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tui.storage.atomic import locked, not_saved, write_text
from tui.storage.files import FileError, read_text
from tui.storage.screen_settings import ViewSettings
from tui.storage.settings import LIMIT, check_owner
from tui.storage.toml_document import Piece, Table, join, lines_of, parse, same

_LOCK_WAIT = 5.0
"""Seconds to wait for another writer."""


def save_view(path: Path, number: str, view: ViewSettings) -> None:
    """Writes `[views.NUMBER]`. May wait for the disk: call it in a thread. Raises UserError if nothing was written."""
    with locked(path, _LOCK_WAIT) as real:
        try:
            before = read_text(real, LIMIT, check_owner) or ""
            after = with_table(before, ("views", number), view._asdict())
        except FileError as unreadable:
            raise not_saved(path, f"{unreadable.reason}{unreadable.place}") from None
        if after is None:
            raise not_saved(path, f"[views.{number}] is written there in an unusual way: change it by hand")
        if len(after.encode()) > LIMIT:
            raise not_saved(path, f"it would be larger than {LIMIT >> 20} MiB")
        if after != before:
            write_text(real, after)


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
    start, end = _place(lines, path)
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


def _place(lines: Sequence[str], path: tuple[str, str]) -> tuple[int, int]:
    """The first line of the table, and the line after its last value; 0, 0 if it has no lines of its own."""
    headers = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    for at, following in zip(headers, [*headers[1:], len(lines)], strict=False):
        if _header(lines[at]) == path:
            end = following
            while end > at + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1
            return at, end
    return 0, 0


def _header(line: str) -> tuple[str, ...]:
    """The path of the table that the line opens; empty if it opens none with a path of two parts."""
    with suppress(ValueError, RecursionError):
        ((outer, content),) = tomllib.loads(line).items()
        ((inner, nothing),) = content.items() if isinstance(content, dict) else [("", None)]
        if nothing == {}:
            return outer, inner
    return ()
