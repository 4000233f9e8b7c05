"""Columns leave one by one as the screen narrows; what is left fits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.capabilities import UNICODE
from tui.ui.columns import columns, place

EVERY = columns(UNICODE)


@pytest.mark.parametrize(
    ("width", "keys"),
    [
        (40, ["status", "for", "job"]),
        (80, ["status", "for", "age", "job", "note"]),
        (120, ["status", "for", "age", "job", "note", "tags"]),
    ],
)
def test_columns_by_width(width: int, keys: list[str]) -> None:
    shown = [placed.column.key for placed in place(EVERY, width)]
    assert shown[0] == "status"
    assert set(shown) <= set(keys) | {"age"}
    assert "job" in shown


@given(st.integers(40, 400))
def test_columns_stand_side_by_side_and_fit(width: int) -> None:
    placed = place(EVERY, width)
    for left, right in itertools.pairwise(placed):
        assert left.left + left.width + 1 == right.left
    assert placed[-1].left + placed[-1].width <= width


def test_wide_shows_every_column_whatever_the_width() -> None:
    assert [placed.column.key for placed in place(EVERY, 40, wide=True)] == [column.key for column in EVERY]
