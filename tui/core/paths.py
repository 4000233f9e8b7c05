"""Paths as users write them."""

from pathlib import Path

from tui.core.errors import UserError
from tui.core.text import clean


def expanded(name: str) -> Path:
    """Returns the path with `~` or `~name` replaced by that user's home folder.

    Raises UserError if that folder is unknown; otherwise a folder called `~` would be used, or made.
    """
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        path = Path(name)
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise UserError(f"{clean(name, 200)}: the home folder that ~ stands for is unknown: write the path in full.")
    return path
