"""Where the details stand and how large they are: right of the table, below it, or in its place. Pure."""

from typing import NamedTuple

from tui.storage.screen_state import ScreenState
from tui.ui.status_line import BROAD

AROUND = 3
"""Lines of the screen besides table and details: header, heads of the columns, hints."""
ROWS_LEFT = 6
"""Rows of the table that stay above the details."""
COLUMNS_LEFT = 46
"""Cells of the table that stay beside the details."""
LEAST_WIDTH, LEAST_HEIGHT = 36, 6
STEP_WIDTH, STEP_HEIGHT = 4, 2
"""Cells by which a key changes the size."""


class DetailsPlace(NamedTuple):
    """In cells; None for all that there are."""

    width: int | None
    height: int | None

    @property
    def alone(self) -> bool:
        """Whether they replace the table, because the screen has no room for both."""
        return self.width is None and self.height is None

    @property
    def below(self) -> bool:
        return self.height is not None


def place_of(look: ScreenState, columns: int, rows: int) -> DetailsPlace:
    """Where the details are on a screen of this size."""
    if look.details_below and rows >= AROUND + ROWS_LEFT + LEAST_HEIGHT:
        wanted = look.details_height or (rows - AROUND) * 2 // 5
        return DetailsPlace(None, max(LEAST_HEIGHT, min(wanted, rows - AROUND - ROWS_LEFT)))
    if columns >= BROAD:
        wanted = look.details_width or max(52, min(84, columns * 2 // 5))
        return DetailsPlace(max(LEAST_WIDTH, min(wanted, columns - COLUMNS_LEFT)), None)
    return DetailsPlace(None, None)


def resized(look: ScreenState, place: DetailsPlace, steps: int) -> ScreenState:
    """The look with larger details, or with smaller ones where `steps` is negative."""
    if place.height is not None:
        return look._replace(details_height=max(LEAST_HEIGHT, place.height + steps * STEP_HEIGHT))
    if place.width is not None:
        return look._replace(details_width=max(LEAST_WIDTH, place.width + steps * STEP_WIDTH))
    return look
