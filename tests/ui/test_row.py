"""What a row says: never an old answer as a current one, never an error as idle."""

from datetime import timedelta

import pytest
from rich.style import Style

from tests.support.builders import DAY, failure, moment, reading, row, state
from tui.core.condition import Condition
from tui.core.reading import Status
from tui.core.run import Outcome, RunRecord
from tui.terminal.capabilities import UNICODE
from tui.ui import row as words
from tui.ui.columns import columns, last_change, sorts
from tui.ui.formatting import ago, duration
from tui.ui.row import Row
from tui.ui.status_line import joined

RUNNING, IDLE = Status.RUNNING, Status.IDLE


def test_a_fresh_status_is_shown_bare_and_without_age() -> None:
    fresh = row(state((RUNNING, 0)), at=22)
    assert words.status_word(fresh) == "running"
    assert words.age(fresh) == ""


def test_an_ageing_status_shows_its_age() -> None:
    ageing = row(state((IDLE, 0)), at=30)
    assert (words.status_word(ageing), words.age(ageing)) == ("idle", "30s")


def test_a_stale_status_is_in_the_past_tense_with_its_age() -> None:
    stale = row(state((RUNNING, 0)), at=240)
    assert (words.status_word(stale), words.age(stale), words.time(stale, 80)) == ("was running", "4m", "4m old")
    assert stale.condition is Condition.STALE


def test_an_answer_that_is_old_after_seconds_is_never_0_seconds_old() -> None:
    quick = row(state((RUNNING, 14)), at=18)._replace(interval=1.0)
    assert (words.status_word(quick), words.time(quick, 80)) == ("was running", "15s old")


def test_a_failure_is_never_idle_and_keeps_the_last_good_status_until_that_is_stale() -> None:
    known = state((IDLE, 0), (failure(), 10))
    assert row(known, at=12).condition is Condition.NO_ANSWER
    assert words.status_word(row(known, at=12)) == "idle"
    assert words.status_word(row(known, at=60)) == "was idle"
    assert words.build(row(known, at=12), 80) == "The service has an error."


def test_a_job_that_was_never_read_and_fails_has_no_status() -> None:
    known = state((failure(), 0), (failure(), 10))
    assert words.status_word(row(known, at=12)) == "no answer"
    assert words.build(row(known, at=12), 80) == "The service has an error."


def test_a_paused_job_says_so_and_since_when() -> None:
    known = state((RUNNING, 0))._replace(paused=moment(5))
    assert words.status_word(row(known, at=900)) == "paused"
    assert words.age(row(known, at=900)) == ""
    assert words.time(row(known, at=900), 80) == "15m ago"


@pytest.mark.parametrize(
    ("after", "ago", "old"),
    [(5, "now", "15s old"), (50, "45s ago", "45s old"), (100, "1m ago", "1m old"), (7300, "2h ago", "2h old")],
)
def test_no_time_is_cut_in_a_narrow_column(after: float, ago: str, old: str) -> None:
    stopped = state((RUNNING, 0), (IDLE, 10))
    assert words.time(row(stopped, at=10 + after, interval=9000), 7) == ago
    assert words.time(row(stopped._replace(paused=moment(10)), at=10 + after), 7) == ago
    assert words.time(row(stopped, at=10 + after, interval=1), 7) == old
    assert words.time(row(stopped, at=10 + after, interval=words.NOT_ASKED), 7) == "12:00"


@pytest.mark.parametrize(("after", "expected"), [(5, ""), (95, "1m+"), (299, "1m+"), (3700, "1h+")])
def test_a_status_that_was_so_from_the_first_reading_may_be_older(after: float, expected: str) -> None:
    known = state((RUNNING, 0), (RUNNING, after))
    assert words.how_long(row(known, at=after)) == expected


def test_an_old_answer_shows_its_age_and_no_duration() -> None:
    known = state((RUNNING, 0), (RUNNING, 300), (failure(), 400))
    assert words.time(row(known, at=8 * 3600), 80) == "7h old"
    assert words.status_word(row(known, at=8 * 3600)) == "was running"


def test_an_observed_start_counts_from_the_first_answer_and_names_both() -> None:
    known = state((IDLE, 0), (RUNNING, 15))
    assert words.time(row(known, at=75, interval=60), 80) == "1m00s"


def test_an_end_is_as_long_ago_as_its_stop_was_seen_else_as_the_service_says() -> None:
    ended = RunRecord(7, Outcome.PASSED, ended_at=DAY - timedelta(minutes=30), is_finished=True)
    assert words.time(row(state((IDLE, 0)).learn(ended), at=1), 80) == "30m ago"
    seen = state((RUNNING, 0), (IDLE, 15)).learn(ended)
    assert words.time(row(seen, at=30), 80) == "15s ago"
    assert words.time(row(state((IDLE, 0)), at=1), 80) == ""


def test_a_run_that_was_missed_ended_when_the_service_says_not_when_the_one_before_was_seen_to_stop() -> None:
    seen = state((RUNNING, 0), (IDLE, 15))
    missed = RunRecord(
        8, Outcome.FAILED, "", DAY + timedelta(seconds=300), DAY + timedelta(seconds=540), is_finished=True
    )
    known = row(seen.learn(missed), at=600, interval=900)
    assert words.time(known, 80) == "1m00s ago"
    assert known.changed_ago == 60
    older = row(seen, at=600, interval=900)
    by_time = sorts(columns(UNICODE))["time"].key
    assert by_time(known) < by_time(older)
    assert last_change(known) < last_change(older)
    unknown = seen.learn(missed._replace(ended_at=None))
    assert words.time(row(unknown, at=600, interval=900), 80) == ""


def test_rows_are_sorted_and_filtered_by_the_times_that_they_show_also_just_after_a_start() -> None:
    """All of them were read for the first time seconds ago: that moment says nothing."""
    began = {"10m": (4, 600), "40m": (2, 2400)}
    ended = {"5m ago": (3, 300), "30m ago": (1, 1800)}

    def told(first: int, status: Status, seconds: int) -> Row:
        at = DAY - timedelta(seconds=seconds)
        going = RunRecord(8, started_at=at) if status is RUNNING else None
        last = RunRecord(7, Outcome.PASSED, ended_at=at - timedelta(hours=1) if going else at, is_finished=True)
        return row(state((status, first)).learn(last)._replace(going=going), at=5)

    rows = [told(first, RUNNING, seconds) for first, seconds in began.values()]
    rows += [told(first, IDLE, seconds) for first, seconds in ended.values()]
    for key in (sorts(columns(UNICODE))["time"].key, last_change):
        shown = [words.time(one, 80) for one in sorted(rows, key=key)]
        assert shown == ["5m ago", "10m", "30m ago", "40m"]
    assert [round((one.changed_ago or 0) / 60) for one in rows] == [10, 40, 5, 30]


@pytest.mark.parametrize(
    ("ended", "shown"), [(900, "35m ago"), (2700, "5m ago"), (None, "just now"), (5, "just now"), (4000, "just now")]
)
def test_a_run_that_ended_while_nothing_was_asked_ended_when_its_record_says(ended: int | None, shown: str) -> None:
    """An end beside what was seen is none of this run."""
    at = None if ended is None else DAY + timedelta(seconds=ended)
    known = state((RUNNING, 10), (IDLE, 3000)).learn(RunRecord(8, Outcome.PASSED, "", ended_at=at, is_finished=True))
    assert words.time(row(known, at=3001), 80) == shown


def test_of_a_run_whose_start_nobody_tells_it_is_not_known_how_long_ago_that_was() -> None:
    """Just after a start `since:1m` would find it, and "last change" have it first."""
    assert row(state((RUNNING, 0)), at=5).changed_ago is None
    assert last_change(row(state((RUNNING, 0)), at=5)) == ()
    before = RunRecord(8, Outcome.PASSED, "", DAY - timedelta(hours=2), DAY - timedelta(hours=1), is_finished=True)
    unknown = row(state((RUNNING, 200), (RUNNING, 600)).learn(before), at=605)
    known = row(state((IDLE, 0), (RUNNING, 15), (RUNNING, 600)), at=605)
    rows = sorted((known, unknown), key=sorts(columns(UNICODE))["time"].key)
    assert [words.time(one, 80) for one in rows] == ["5m+", "10m"]


def test_a_run_that_began_changed_last_when_that_was_seen_not_when_the_one_before_ended() -> None:
    before = RunRecord(8, Outcome.PASSED, "", DAY - timedelta(hours=1), DAY + timedelta(seconds=600), is_finished=True)
    assert row(state((IDLE, 0), (RUNNING, 3000)).learn(before), at=3005).changed_ago == 5


@pytest.mark.parametrize(("number", "shown"), [(7, "33m ago"), (9, "")])
def test_a_run_that_only_a_list_tells_of_has_not_the_time_of_one_that_was_seen_before_a_restart(
    number: int, shown: str
) -> None:
    seen = RunRecord(7, Outcome.PASSED, "", DAY, DAY + timedelta(seconds=10), is_finished=True)
    known = state((RUNNING, 0), (IDLE, 10)).learn(seen)._replace(transitions=(), is_remembered=True)
    known = known.record(reading(known.job.id, IDLE, 2000))
    listed = known.learn(RunRecord(number, Outcome.FAILED, "", is_finished=True, is_confirmed=False))
    assert words.time(row(listed, at=2010), 80) == shown


def test_what_only_a_list_says_of_a_run_is_called_so() -> None:
    listed = RunRecord(11, Outcome.PASSED, "blue", is_finished=True, is_confirmed=False)
    known = state((IDLE, 0)).learn(listed)
    shown = [words.build(row(known, at=1), cells) for cells in (40, 12, 4)]
    assert shown == ["#11 · unconfirmed", "unconfirmed", "unconfirmed"]
    confirmed = known.learn(listed._replace(branch="main", is_confirmed=True))
    assert words.build(row(confirmed, at=1), 40) == "#11 main"


def test_the_times_of_all_rows_change_together_and_seldom() -> None:
    rows = [row(state((IDLE, 0), (RUNNING, began)), at=0, interval=10_000) for began in range(1, 15)]
    changes = []
    before = [""] * len(rows)
    for second in range(30, 1000):
        shown = [words.time(one._replace(drawn_at=float(second)), 80) for one in rows]
        if shown != before:
            changes.append(second)
        before = shown
    assert all(second % 15 == 0 for second in changes)
    assert all(second % 60 == 0 for second in changes if second > 210)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(19.9, "15s"), (59, "45s"), (119, "1m45s"), (180, "3m"), (3600, "1h00m"), (10**6, "11d")]
)
def test_durations_are_as_coarse_as_what_is_known(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_neighbours_of_one_look_are_sent_as_one_and_blanks_take_any() -> None:
    parts = [("  ", ""), ("a ", "red"), (" ", ""), ("b", "red"), ("c", "blue"), (" ", "red")]
    assert joined(parts) == [("  a  b", "red"), ("c ", "blue")]
    assert joined([("12", "failed"), ("  ", ""), ("3", "dim")]) == [("12", "failed"), ("  3", "dim")]
    turned, plain = Style(reverse=True), Style()
    assert joined([("12", turned), ("  ", plain)]) == [("12", turned), ("  ", plain)]


def test_what_changed_counts_as_changed_for_ten_minutes_even_if_it_was_seen() -> None:
    stopped = state((RUNNING, 0), (IDLE, 100))
    assert row(stopped, at=699).has_changed
    assert not row(stopped, at=700).has_changed
    assert row(stopped, at=700)._replace(is_new=True).has_changed
    assert not row(state((RUNNING, 0)), at=1).has_changed


@pytest.mark.parametrize(
    ("seconds", "cells", "words"),
    [(5, 8, "just now"), (90, 9, "1m30s ago"), (90, 8, "1m ago"), (3599, 7, "59m ago"), (3600, 9, "1h ago")],
)
def test_how_long_ago_it_was_takes_what_room_there_is(seconds: int, cells: int, words: str) -> None:
    assert ago(seconds, cells) == words
