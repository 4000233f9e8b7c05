"""Six pictures of the screen, compared with the ones that are kept: `CODEARTS_WATCH_LOOK=write` writes them anew."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from textual import events

from tests.support import screen_harness
from tests.support.builders import DAY, failure, job_id
from tests.support.pictures import check_picture
from tests.support.screen_harness import Screen, Script, screen
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Moment, Reading, Status

READ_AT = Moment(0.0, DAY)
LABELS = ("payments-api nightly", "web-frontend", "每日构建", "a" * 60, "legacy-billing")
JOBS = [
    Job(job_id(number), label, ("payments",) if number < 3 else ("web", "red"))
    for number, label in enumerate(LABELS, 1)
]
OUTCOMES: dict[JobId, Status | Failure] = {job_id(1): Status.RUNNING, job_id(4): failure()}


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


async def test_the_table() -> None:
    async with looked_at(size=(110, 12)) as shown:
        await shown.press("down", "space")
        await check_picture("table", shown)


async def test_the_details() -> None:
    async with looked_at() as shown:
        await shown.press("down", "down", "down", "d")
        await check_picture("details", shown)


async def test_the_add_dialog() -> None:
    async with looked_at() as shown:
        await shown.press("a")
        shown.app.post_message(events.Paste(f"checkout {job_id(7)}\n{job_id(1)}\n0123"))
        await shown.settle()
        await check_picture("add", shown)


async def test_the_help() -> None:
    async with looked_at() as shown:
        await shown.press("question_mark")
        await check_picture("help", shown)


async def test_a_banner() -> None:
    async with looked_at(size=(80, 12)) as shown:
        await shown.press("P")
        await check_picture("banner", shown)


async def test_the_smallest_screen() -> None:
    async with looked_at(size=(40, 8)) as shown:
        await check_picture("smallest", shown)
