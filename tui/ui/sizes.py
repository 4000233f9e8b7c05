"""The sizes of terminals at which the screen changes."""

COLUMNS, ROWS = 40, 8
"""The smallest terminal that the screen fits into."""
BROAD = 110
"""From this many columns on the details fit beside the table."""
WIDTHS = [(0, "-tiny"), (COLUMNS, "-narrow"), (BROAD, "-broad")]
HEIGHTS = [(0, "-low"), (ROWS, "-high")]
"""CSS classes of a screen by its columns and rows. With `-tiny` or `-low`, `TooSmall` covers everything."""


def classes_for(size: tuple[int, int]) -> tuple[str, str]:
    """The two classes for a screen of this many columns and rows."""
    width, height = (
        max(room for room in bounds if room[0] <= length)
        for bounds, length in zip((WIDTHS, HEIGHTS), size, strict=True)
    )
    return width[1], height[1]
