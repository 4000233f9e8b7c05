"""Lines of text in columns, by the cells that a terminal gives to each character."""

from collections.abc import Sequence
from itertools import zip_longest

from tui.core.text import width

BETWEEN = "  "


def aligned(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> list[str]:
    """One line per row. Columns without text are left out with their heads; no line ends in spaces."""
    if not rows:
        return []
    columns = list(zip_longest(*([heads] if heads else []), *rows, fillvalue=""))
    columns = [column for column in columns if any(column[bool(heads) :])]
    widths = [max(map(width, column)) for column in columns]
    return [
        BETWEEN.join(text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
