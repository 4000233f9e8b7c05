"""Lines of text in columns, by the cells that a terminal gives to each character."""

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

BETWEEN = "  "


def width(text: str) -> int:
    """Cells: two for wide characters, none for marks that combine with the one before."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def aligned(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> list[str]:
    """One line a row. Columns without any text are left out with their head; no line ends in blanks."""
    if not rows:
        return []
    columns = list(zip_longest(*([heads] if heads else []), *rows, fillvalue=""))
    columns = [column for column in columns if any(column[bool(heads) :])]
    widths = [max(map(width, column)) for column in columns]
    return [
        BETWEEN.join(text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]


def cut(text: str, cells: int) -> str:
    """The text in at most so many cells."""
    if width(text) <= cells:
        return text
    taken = 0
    for at, character in enumerate(text):
        taken += _cells(character)
        if taken > cells - 1:
            return text[:at] + "…" if cells > 0 else ""
    return text


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
