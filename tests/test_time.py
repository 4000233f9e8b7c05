"""Clocks that jump, zones that shift, machines that sleep: no false age, and no burst of requests."""

import ast
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import tui
from tests.support.archive import FakeArchive
from tests.support.builders import DAY, after_setting, failure, job_id, moment, state
from tests.support.screen_harness import Screen, screen
from tui.clock import now
from tui.core.board import Board, Freshness, JobState
from tui.core.job import Job
from tui.core.past_events import ended_outage, outage_of
from tui.core.reading import Failure, Moment, Reading, Status
from tui.core.remembered import last_seen
from tui.core.run import Outcome, RunRecord
from tui.storage.recorder import Recorder
from tui.terminal.capabilities import UNICODE
from tui.ui.columns import columns, last_change, sorts
from tui.ui.formatting import time_of_day
from tui.ui.happened import Unseen
from tui.ui.live import RARELY
from tui.ui.row import NOT_ASKED, Row, age, changed_at, how_long
from tui.ui.row import time as time_in_row

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
        assert "nothing changed since " in shown.text
        wall = timedelta()
        await tick(shown)
        noon = f"{DAY.astimezone():%H:%M}"
        assert f"nothing changed since {noon}" in shown.text
        await shown.press("P")
        wall = timedelta(days=days)
        await tick(shown)
        assert f"Paused since {jumping().wall.astimezone():%H:%M}:" in shown.text


HOURS = [timedelta(hours=-2), timedelta(hours=2)]
JOB = job_id(1)
RUNNING, IDLE = Status.RUNNING, Status.IDLE


def read(known: JobState, outcome: Status | Failure, at: float, by: timedelta = timedelta()) -> JobState:
    sent, received = after_setting(at - 0.1, by), after_setting(at, by)
    return known.record(Reading(known.job.id, outcome, sent, received))


@pytest.mark.parametrize("by", HOURS)
def test_what_was_seen_before_the_clock_was_set_is_compared_with_what_the_service_tells_by_the_clock_of_now(
    by: timedelta,
) -> None:
    def ago(known: JobState, began: float, ended: float) -> float:
        """By the record of a run that began and ended so many seconds after noon."""
        times = after_setting(began, by).wall, after_setting(ended, by).wall
        told = read(known, IDLE, 900, by).learn(RunRecord(8, Outcome.PASSED, "", *times, is_finished=True))
        shown = changed_at(Row(told, after_setting(905, by), 900))
        return round(905 - (shown or 0))

    closely = state((IDLE, 0), (RUNNING, 10), (IDLE, 25))
    assert ago(closely, 5, 20) == 880
    assert ago(closely, 300, 500) == 405
    assert ago(state((IDLE, 0), (RUNNING, 10), (IDLE, 600)), 5, 400) == 505


@pytest.mark.parametrize("by", HOURS)
def test_what_is_remembered_of_a_status_is_by_the_clock_of_its_last_answer(by: timedelta) -> None:
    found = last_seen(read(state((RUNNING, 0), (IDLE, 25)), IDLE, 40, by))
    assert found
    after, since, received = (after_setting(at, by).wall.timestamp() for at in (-0.1, 25, 40))
    assert (found.since_after, found.since, found.received) == (after, since, received)


@pytest.mark.parametrize("by", HOURS)
def test_an_outage_that_began_before_the_clock_was_set_began_by_the_clock_of_its_last_reading(by: timedelta) -> None:
    two = state((failure(), 0), (failure(), 15))
    known, notes = read(two, failure(), 30, by), FakeArchive()
    Recorder(notes, lambda: moment(30)).look(Board({JOB: two}), Board({JOB: known}), [JOB])
    began = after_setting(0, by).wall.timestamp()
    going, ended = outage_of(known), ended_outage(known, read(known, IDLE, 45, by))
    assert (going and going.since, ended and ended.since) == (began, began)
    assert [note.silent for note in notes.notes] == [{JOB: began}]


@pytest.mark.parametrize("by", HOURS)
@pytest.mark.parametrize(("ended", "changed"), [(130, 130), (20, 905)])
def test_a_run_that_was_missed_is_new_since_its_end_also_where_the_clock_was_set(
    by: timedelta, ended: float, changed: float
) -> None:
    """One that ended before the last stop was seen cannot have been missed after it: then since that was noticed."""
    before = read(state((RUNNING, 0), (IDLE, 25)).learn(RunRecord(7, Outcome.PASSED, is_finished=True)), IDLE, 900, by)
    times = after_setting(ended - 10, by).wall, after_setting(ended, by).wall
    after = before.learn(RunRecord(8, Outcome.PASSED, "", *times, is_finished=True))
    unseen = Unseen()
    unseen.look(Board({JOB: before}), Board({JOB: after}), [JOB], after_setting(905, by))
    assert unseen.since == after_setting(changed, by)


@pytest.mark.parametrize("by", HOURS)
def test_rows_are_sorted_by_the_clock_of_now_where_it_was_set_between_their_changes(by: timedelta) -> None:
    now = after_setting(905, by)
    stopped = read(state((RUNNING, 0), (IDLE, 25)), IDLE, 900, by)
    later = read(read(state((RUNNING, 0)), IDLE, 600, by), IDLE, 900, by)
    first, second = Row(later, now, 900), Row(stopped, now, 900)
    assert last_change(first) < last_change(second)
    by_time = sorts(columns(UNICODE))["time"].key
    assert by_time(first) < by_time(second)
    old, older = read(JobState(Job(JOB)), RUNNING, 30, by), state((RUNNING, 0))
    assert by_time(Row(old, now, 15)) < by_time(Row(older, now, 15))
    assert time_in_row(Row(stopped, now, NOT_ASKED), 80) == f"at {now.wall.astimezone():%H:%M}"
    assert time_in_row(Row(older, now, NOT_ASKED), 80) == f"at {after_setting(0, by).wall.astimezone():%H:%M}"


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
