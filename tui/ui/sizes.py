"""What fits on a screen of which size."""

COLUMNS, ROWS = 40, 8
"""The smallest terminal with room for statuses and counts."""
BROAD = 110
"""Columns from which on the details have room beside the table."""
WIDTHS = [(0, "-tiny"), (COLUMNS, "-narrow"), (BROAD, "-broad")]
HEIGHTS = [(0, "-low"), (ROWS, "-high")]
"""Classes of a screen by its columns and its rows; under `-tiny` and `-low` one line covers all else."""


def classes_for(size: tuple[int, int]) -> tuple[str, str]:
    """Those of a screen of so many columns and rows."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]
