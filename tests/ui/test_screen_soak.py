"""The screen over thirty days of a clock moved by hand: readings, keys, sizes and notices, and nothing grows."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.support.builders import job_id
from tests.support.hostile_texts import control_characters, text
from tests.support.long_run import HOURS, takes_minutes
from tests.support.screen_harness import screen
from tests.support.soak_world import JOBS, Usage
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.core.run import Outcome, RunRecord
from tui.storage.watchlist import WatchlistFile

STEPS = 1200 if HOURS else 24
STEP = 30 * 86400 / STEPS
"""Seconds of the clock."""
KEYS = (*"dnNjkgGsSwfv*pPuUxeTLtayYoFrR!/?", "space", "escape", "enter", "tab", "pageup", "pagedown")
GROWTH = 15.0
"""MB that the interpreter's own heaps may come to after the first quarter."""


def outcome(dice: Random) -> Status | Failure:
    kinds = [FailureKind.SERVER_ERROR, FailureKind.NOT_FOUND, FailureKind.TIMEOUT]
    return Failure(dice.choice(kinds), "it failed") if dice.random() < 0.2 else dice.choice(list(Status))


def records(now: datetime) -> list[RunRecord]:
    """Of the last twenty builds, one each hour."""
    number = int(now.timestamp()) // 3600
    return [
        RunRecord(number - ago, Outcome.PASSED, started_at=now - timedelta(hours=ago), duration=600.0, is_finished=True)
        for ago in range(1, 21)
    ]


@takes_minutes
@pytest.mark.skipif(sys.platform != "linux", reason="the figures come from /proc")
async def test_a_month_on_the_screen_leaves_everything_flat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dice = Random(3)
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(job_id(number), text(dice, 2)) for number in range(JOBS)])
    async with screen(store=file, watched=[]) as shown:
        first: Usage | None = None
        for step in range(STEPS):
            shown.clock.ahead += STEP
            at = shown.clock.now()
            some: list[JobId] = dice.sample(
                list(shown.board.state.board.states), min(100, len(shown.board.state.board.states))
            )
            shown.board.record([Reading(job, outcome(dice), at, at) for job in some])
            for job in some:
                shown.board.told(job, records(at.wall))
            await shown.pilot.resize_terminal(dice.choice((1, 20, 60, 120, 300)), dice.choice((1, 5, 12, 24, 70)))
            for key in dice.choices(KEYS, k=3):
                await shown.pilot.press(key)
            await shown.pilot.press("escape", "escape")
            assert shown.app.is_running
            assert not shown.app.crash
            assert not control_characters("".join(shown.lines))
            if len(shown.board.state.board.states) < JOBS // 2:
                file.add([Job(job_id(number)) for number in range(JOBS)])
            if step == STEPS // 4:
                first = Usage.now()
        shown.app.clear_notifications()
        await shown.settle()
        last = Usage.now()
        assert first is not None
        assert last.memory - first.memory < GROWTH
        assert last.descriptors <= first.descriptors + 2
        assert last.tasks <= first.tasks + 20
        assert len(asyncio.all_tasks()) < 60
    with capsys.disabled():
        print(
            f"\nscreen soak: 30 days in {STEPS} steps: memory {first.memory:.1f} -> {last.memory:.1f} MB, "
            f"tasks {first.tasks} -> {last.tasks}, descriptors {first.descriptors} -> {last.descriptors}"
        )
