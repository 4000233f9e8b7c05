"""Clocks that jump, zones that shift, machines that sleep: no false age, and no burst of requests."""

import ast
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import tui
from tests.support.builders import DAY, state
from tests.support.screen_harness import Screen, screen
from tui.clock import now
from tui.core.board import Freshness
from tui.core.reading import Moment, Status
from tui.ui.formatting import time_of_day
from tui.ui.live import RARELY
from tui.ui.row import Row, age, how_long

HOUSE = Path(tui.__file__).parent


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose clocks go back an hour on 2026-10-25 at 01:00 UTC."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(hours=1), timedelta(days=9000)])
def test_ages_do_not_know_the_wall_clock(jump: timedelta) -> None:
    known = state((Status.IDLE, 0), (Status.RUNNING, 60))
    at = Moment(75, datetime(2026, 11, 23, 12, 1, 15, tzinfo=UTC))
    jumped = Moment(75, at.wall + jump)
    before, after = Row(known, at, 15), Row(known, jumped, 15)
    assert (age(after), how_long(after), after.freshness) == (age(before), how_long(before), Freshness.FRESH)


@pytest.mark.usefixtures("berlin")
def test_a_change_of_summer_time_makes_no_age_and_shows_local_times() -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    times = [time_of_day(night + timedelta(hours=hours), night) for hours in range(3)]
    assert times == ["02:30:00", "02:30:00", "03:30:00"]
    assert time_of_day(night - timedelta(hours=3), night) == "2026-10-24 23:30:00"
    known = state((Status.RUNNING, 0))
    assert age(Row(known, Moment(5, night + timedelta(hours=1)), 15)) == ""


async def test_a_wall_clock_that_jumps_changes_no_row_and_asks_nothing() -> None:
    wall = timedelta()
    began = time.monotonic()

    def jumping() -> Moment:
        at = time.monotonic() - began
        return Moment(at, DAY + timedelta(seconds=at) + wall)

    async with screen(3, now=jumping) as shown:
        asked, rows = len(shown.reader.asked), shown.lines[1:6]
        for days in (-1000, 1000):
            wall = timedelta(days=days)
            shown.board.tick()
            await shown.settle()
            assert (len(shown.reader.asked), shown.lines[1:6]) == (asked, rows)


@pytest.mark.parametrize("days", [-20000.0, -0.25, 0.25, 4500.0])
async def test_what_was_before_the_clock_was_set_has_its_time_by_the_clock_of_now(days: float) -> None:
    wall = timedelta(days=days)
    began = time.monotonic()

    def jumping() -> Moment:
        at = time.monotonic() - began
        return Moment(at, DAY + timedelta(seconds=at) + wall)

    async with screen(3, now=jumping) as shown:
        await shown.press("d")
        assert "nothing changed since " in shown.text
        wall = timedelta()
        await tick(shown)
        noon = f"{DAY.astimezone():%H:%M}"
        assert f"nothing changed since {noon}" in shown.text
        assert f" {noon}:" in next(line for line in shown.lines if "idle since " in line)
        await shown.press("P")
        wall = timedelta(days=days)
        await tick(shown)
        assert f"Paused since {jumping().wall.astimezone():%H:%M}:" in shown.text


async def tick(shown: Screen) -> None:
    """Until what time alone changes is drawn."""
    for _ in range(RARELY):
        shown.board.tick()
    await shown.settle()


async def test_a_sleep_shows_at_once_as_old_answers() -> None:
    async with screen(3) as shown:
        shown.clock.ahead += 9 * 3600.0
        shown.board.tick()
        await shown.settle()
        assert "was idle" in shown.text
        assert "◦ idle" not in shown.text


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no such clock")
def test_the_clock_of_ages_goes_on_while_the_machine_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= now().at <= time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize("folder", ["core", "polling"])
def test_what_decides_when_to_ask_reads_no_clock_of_its_own(folder: str) -> None:
    for path in (HOUSE / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                assert not ast.unparse(node.func).startswith(("time.", "datetime.now", "datetime.utcnow")), path
