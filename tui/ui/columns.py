"""The columns of the table, one entry each. A new column goes into `columns` and, to sort by it, into `SORTS`."""

from collections.abc import Callable
from typing import NamedTuple

from tui.core.board import Freshness
from tui.core.condition import Condition
from tui.core.text import natural_key
from tui.terminal.capabilities import Glyphs
from tui.ui import row as words
from tui.ui.row import Row

SortKey = tuple[float | str, ...]
"""Empty for rows without a value: they come last in both directions."""


class Column(NamedTuple):
    """`width` in cells, plus a `share` of the rest. On a narrow screen the largest `keep` is left out first;
    6 or more is shown in the wide view only."""

    key: str
    title: str
    width: int
    cell: Callable[[Row], str]
    sort: Callable[[Row], SortKey]
    style: Callable[[Row], str] = lambda row: ""
    """The name of the cell's look, a component class of the table."""
    share: int = 0
    widest: int = 0
    """Most cells that a column with a share takes; 0 for no limit."""
    keep: int = 0


CONDITION_ORDER = {condition: float(place) for place, condition in enumerate(Condition)}


def columns(glyphs: Glyphs) -> tuple[Column, ...]:
    """All columns from left to right; the marks before the status are `glyphs`."""

    def status(row: Row) -> str:
        return f"{glyphs.condition[row.condition]} {words.status_word(row)}"

    def name(row: Row) -> str:
        armed = row.state.armed
        return f"{glyphs.armed[armed]} {row.state.name}" if armed else row.state.name

    return (
        Column("status", "Status", 13, status, lambda row: (CONDITION_ORDER[row.condition],), _status_style),
        Column("for", "For", 6, words.how_long, _since, keep=2),
        Column("age", "Age", 4, words.age, _read_at, _age_style, keep=1),
        Column("job", "Job", 20, name, lambda row: natural_key(row.state.name), _name_style, 2, widest=36),
        Column("note", "Note", 26, words.note, lambda row: _naturally(words.note(row)), _note_style, share=3, keep=3),
        Column("tags", "Tags", 12, _tags, lambda row: _naturally(_tags(row)), _dim, keep=4),
        Column("id", "ID", 32, lambda row: row.state.job.id, lambda row: (row.state.job.id,), _dim, keep=6),
    )


SORTS = ("list", "status", "for", "age", "job", "note", "tags", "id")
"""What the table can be sorted by; `list` is the watchlist's own order."""


def _tags(row: Row) -> str:
    return " ".join(row.state.job.tags)


def _naturally(text: str) -> SortKey:
    return natural_key(text) if text else ()


def _since(row: Row) -> SortKey:
    """By the moment of the change, where a duration is shown. New readings do not change it, so rows stay in place."""
    return (-row.state.since.at,) if row.state.since and words.how_long(row) else ()


def _read_at(row: Row) -> SortKey:
    """By the age, where it is shown. Other jobs count as equal; otherwise each reading would move them."""
    return (row.state.good.received.at,) if row.state.good and words.age(row) else ()


def _status_style(row: Row) -> str:
    return words.look_of(row.condition)


def _age_style(row: Row) -> str:
    return "stale" if row.freshness is Freshness.STALE else "ageing"


def _name_style(row: Row) -> str:
    return "" if row.current else "dim"


def _note_style(row: Row) -> str:
    return "error" if row.condition in (Condition.NO_ANSWER, Condition.FAILED) else "dim"


def _dim(row: Row) -> str:
    return "dim"


class Placed(NamedTuple):
    """A column on the screen: from cell `left`, `width` cells wide."""

    column: Column
    left: int
    width: int


GUTTER = 2
"""Cells before the first column: the cursor's mark and the selection's."""
GAP = 1


def place(every: tuple[Column, ...], available: int, wide: bool = False) -> tuple[Placed, ...]:
    """The columns that fit into `available` cells, largest `keep` left out first, and what is left over shared out.

    `wide` leaves none out and gives 100 cells to those with a share: the table then scrolls sideways.
    """
    shown = [column for column in every if wide or column.keep < 6]
    while not wide and _needed(shown) > available and any(column.keep for column in shown):
        shown.remove(max(shown, key=lambda column: column.keep))
    widths = {column.key: column.width for column in shown}
    spare = 100 if wide else max(0, available - _needed(shown))
    for column in sorted((c for c in shown if c.share), key=lambda c: c.widest or 10_000):
        shares = sum(c.share for c in shown if c.share and (c is column or widths[c.key] == c.width))
        extra = spare * column.share // max(1, shares)
        if column.widest:
            extra = min(extra, column.widest - column.width)
        widths[column.key] += extra
        spare -= extra
    if spare and shown[-1].key == "job":
        widths["job"] += spare
    placed = []
    left = GUTTER
    for column in shown:
        placed.append(Placed(column, left, widths[column.key]))
        left += widths[column.key] + GAP
    return tuple(placed)


def _needed(shown: list[Column]) -> int:
    return GUTTER + sum(column.width + GAP for column in shown) - GAP
