"""Pictures of the screen as text: each row, then a row of letters that stand for the styles of its cells."""

import os
import string
from contextlib import suppress
from pathlib import Path

from rich.style import Style

from tests.support.screen_harness import Screen

FOLDER = Path(__file__).parents[1] / "ui" / "look"
SWITCH = "CODEARTS_WATCH_LOOK"
"""With the value `write`, the kept pictures are written anew."""
LETTERS = string.ascii_letters + string.digits
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


async def check_picture(name: str, shown: Screen) -> None:
    """Compares the screen, as soon as it is laid out, with the picture that is kept as `look/NAME.txt`."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get(SWITCH) == "write":
        path.write_text("\n".join(picture(shown)) + "\n", encoding="utf-8")
    kept = path.read_text(encoding="utf-8").splitlines()
    with suppress(AssertionError):
        await shown.until(lambda: picture(shown) == kept)
    assert picture(shown) == kept, f"{name} looks different; if it should, run this test with {SWITCH}=write"


def picture(shown: Screen) -> list[str]:
    """The rows of the screen with their styles, and what the letters stand for."""
    letters: dict[str, str] = {}
    rows: list[str] = []
    for strip in shown.app.screen._compositor.render_strips():
        text = styles = ""
        for segment in strip:
            letter = letters.setdefault(described(segment.style or Style()), LETTERS[len(letters)])
            text += segment.text
            styles += letter * segment.cell_length
        rows += [f"│{text.rstrip()}", f":{styles}"]
    return [*rows, "", *(f"{letter}  {look}" for look, letter in letters.items())]


def described(style: Style) -> str:
    """Colours and attributes of a style in words, and nothing else of it."""
    attributes = [name for name in ATTRIBUTES if getattr(style, name)]
    return " ".join([style.color.name if style.color else "default", "on", _background(style), *attributes])


def _background(style: Style) -> str:
    return style.bgcolor.name if style.bgcolor else "default"
