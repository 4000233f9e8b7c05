"""One honest line where the terminal is too small for anything else."""

from rich.text import Text
from textual.geometry import Size
from textual.widgets import Static

COLUMNS, ROWS = 40, 8
"""The smallest terminal with room for statuses and counts."""
WIDTHS = [(0, "-tiny"), (COLUMNS, "-narrow"), (110, "-broad")]
HEIGHTS = [(0, "-low"), (ROWS, "-high")]
"""Classes of a screen by its columns and its rows; under `-tiny` and `-low` this line covers all else."""


def classes_for(size: Size) -> tuple[str, str]:
    """Those of a screen of this size."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]


class TooSmall(Static):
    """Covers its screen, whatever else is on it, as long as there is too little room."""

    def __init__(self) -> None:
        super().__init__(Text(f"too small: {COLUMNS}x{ROWS} min"), markup=False)
