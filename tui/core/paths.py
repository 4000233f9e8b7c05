"""Paths as people write them."""

from pathlib import Path

from tui.core.errors import UserError
from tui.core.text import clean


def expanded(name: str) -> Path:
    """`~` is the user's home, and `~name` another user's. Raises Problem where that home is not known.

    Otherwise a folder called `~` would be looked for, or made.
    """
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        path = Path(name)
    if path.parts[:1] and path.parts[0].startswith("~"):
        raise UserError(f"{clean(name, 200)}: nobody knows the home folder that ~ stands for: write the path in full.")
    return path
