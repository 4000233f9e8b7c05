"""Six pictures of the screen as text, compared with the ones that are kept in `look/`.

A picture has for each row its text, then a row of letters that stand for the styles of its cells.
"""

import os
import string
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.style import Style
from textual import events

from tests.support import screen_harness
from tests.support.builders import DAY, failure, job_id
from tests.support.screen_harness import Screen, Script, screen
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading, Status
from tui.ui.status_line import LOOKS, style_of

READ_AT = Moment(0.0, DAY)
LABELS = ("payments-api nightly", "web-frontend", "每日构建", "a" * 60, "legacy-billing")
JOBS = [
    Job(job_id(number), label, ("payments",) if number < 3 else ("web", "red"))
    for number, label in enumerate(LABELS, 1)
]
OUTCOMES: dict[JobId, Status | Failure] = {job_id(1): Status.RUNNING, job_id(4): failure()}

FOLDER = Path(__file__).parent / "look"
SWITCH = "CODEARTS_WATCH_LOOK"
"""With the value `write`, the kept pictures are written anew."""
LETTERS = string.ascii_letters + string.digits
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike")


class StillScript(Script):
    """A reader whose answers all came at the same moment."""

    async def read(self, job: JobId) -> Reading:
        return (await super().read(job))._replace(sent=READ_AT, received=READ_AT)


@pytest.fixture(autouse=True)
def _same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(screen_harness, "Script", StillScript)
    monkeypatch.setattr("random.uniform", lambda least, most: least + 0.51 * (most - least))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@asynccontextmanager
async def looked_at(size: tuple[int, int] = (80, 24), **parts: Any) -> AsyncIterator[Screen]:
    """The screen at twelve seconds after its answers, whatever the real clock says."""
    now = Moment(12.0, DAY + timedelta(seconds=12))
    async with screen(JOBS, OUTCOMES, size, now=lambda: now, **parts) as shown:
        yield shown


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


async def test_the_look_of_the_table() -> None:
    async with looked_at(size=(110, 12)) as shown:
        await shown.press("down", "space")
        await check_picture("table", shown)


async def test_the_look_of_the_details() -> None:
    async with looked_at() as shown:
        await shown.press("down", "down", "down", "d")
        await check_picture("details", shown)


async def test_the_look_of_the_add_dialog() -> None:
    async with looked_at() as shown:
        await shown.press("a")
        shown.app.post_message(events.Paste(f"checkout {job_id(7)}\n{job_id(1)}\n0123"))
        await shown.settle()
        await check_picture("add", shown)


async def test_the_look_of_the_help() -> None:
    async with looked_at() as shown:
        await shown.press("question_mark")
        await check_picture("help", shown)


async def test_the_look_of_a_banner() -> None:
    async with looked_at(size=(80, 12)) as shown:
        await shown.press("P")
        await check_picture("banner", shown)


async def test_the_look_of_the_smallest_screen() -> None:
    async with looked_at(size=(40, 8)) as shown:
        await check_picture("smallest", shown)


async def test_every_look_has_a_rule_in_the_style_sheet() -> None:
    async with looked_at() as shown:
        assert [look for look in LOOKS if not style_of(shown.board, look)] == []
