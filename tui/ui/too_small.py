"""One honest line where the terminal is too small for anything else."""

from rich.text import Text
from textual.widgets import Static

from tui.ui.sizes import COLUMNS, ROWS


class TooSmall(Static):
    """Covers its screen, whatever else is on it, as long as there is too little room."""

    def __init__(self) -> None:
        super().__init__(Text(f"too small: {COLUMNS}x{ROWS} min"), markup=False)
