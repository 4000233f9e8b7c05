"""A run in one line, and what happened in lines: with what is not known left open."""

from datetime import timedelta
from typing import Any

import pytest

from tests.core.test_past_events import FAILED, NOON, PASSED, UNKNOWN, failing, job, run
from tests.support.builders import DAY, job_id
from tui.core.job import JobId
from tui.core.observed_run import SERVICE, Between, ObservedRun
from tui.core.past_events import PastEvent, digest, events
from tui.core.run import Outcome, RunRecord
from tui.terminal.capabilities import ASCII, UNICODE
from tui.ui.formatting import clock
from tui.ui.run_lines import digest_text, event_lines, run_line, short_run_line, time_cells


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("formatting", "run_lines"):
        monkeypatch.setattr(f"tui.ui.{module}.local", lambda at: DAY + timedelta(seconds=at - NOON))


def whole(outcome: Outcome = PASSED, **parts: Any) -> ObservedRun:
    return run(job_id(1), 60, 660, outcome)._replace(**parts)


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (whole(number=88), "#88    ✓ passed    12:00             ≈10m"),
        (whole(FAILED), "       ● failed    12:00             ≈10m"),
        (whole(Outcome.TIMED_OUT), "       ○ timed out 12:00             ≈10m"),
        (whole(UNKNOWN), "       ◦ ended     12:00             ≈10m"),
        (whole(UNKNOWN, outcome_as_sent="Finished"), "       ◦ Finished  12:00             ≈10m"),
        (whole(start=Between(None, NOON + 60)), "       ✓ passed    before 12:01      9m45s+"),
        (whole(start=Between(NOON - 600, NOON + 60)), "       ✓ passed    11:50-12:01       15m ±5m30s"),
        (whole(maybe_two=True), "       ✓ passed    12:00             ≈10m        perhaps two builds"),
        (whole(source="jump2"), "       ✓ passed    12:00             ≈10m        seen by jump2"),
        (whole(number=88, source=SERVICE), "#88~   ✓ passed    12:00             ≈10m"),
        (whole(number=12345, source=SERVICE), "#12345~✓ passed    12:00             ≈10m"),
        (run(job_id(1), 60), "       ▸ running   12:00"),
        (
            whole(start=Between(NOON + 58.4, NOON + 60), end=Between(NOON + 70, NOON + 70)),
            "       ✓ passed    12:00             ≈11s",
        ),
        (whole(start=Between(None, NOON + 659.5), running_at=NOON + 659), "       ✓ passed    before 12:10"),
        (whole(start=Between(NOON, NOON), end=Between(NOON, NOON)), "       ✓ passed    12:00"),
    ],
)
def test_a_line_says_what_is_known_of_a_run(known: ObservedRun, line: str) -> None:
    assert run_line(known, DAY, UNICODE) == line


DAY_BEFORE, YEAR_BEFORE, HOUR = NOON - 86_400, NOON - 400 * 86_400, 3600


@pytest.mark.parametrize(
    ("start", "after", "long", "short"),
    [
        (Between(None, DAY_BEFORE), 120, "before 11-22      2m+", "before 11-22 2m+"),
        (Between(DAY_BEFORE, DAY_BEFORE + 660), 900, "11-22 12:00-12:11 10m ±6m", "11-22        10m ±6m"),
        (Between(None, YEAR_BEFORE), 120, "before 2025-10-19 2m+", "before 2025  2m+"),
        (Between(YEAR_BEFORE, YEAR_BEFORE + 900), 960, "2025-10-19        8m ±8m", "2025-10-19   8m ±8m"),
        (Between(DAY_BEFORE, DAY_BEFORE + 7 * HOUR), 8 * HOUR, "11-22 12:00-19:00 4h ±4h", "11-22        4h ±4h"),
        (Between(NOON - 240 * HOUR, NOON), 241 * HOUR, "11-13 12:00-12:00 5d ±5d", "11-13        5d ±5d"),
        (Between(NOON - 47 * HOUR, NOON), 60 * HOUR, "11-21 13:00-12:00 36h ±24h", "11-21        36h ±24h"),
    ],
)
def test_no_time_of_a_run_is_cut(start: Between, after: float, long: str, short: str) -> None:
    ended = (start.after or start.by) + after
    known = whole()._replace(start=start, running_at=ended, end=Between(ended, ended))
    assert run_line(known, DAY, UNICODE) == f"       ✓ passed    {long}"
    assert short_run_line(known, DAY, UNICODE) == f"✓        {short}"


def test_the_times_of_a_list_of_runs_take_no_more_room_than_they_need() -> None:
    runs = [whole(number=88), whole(start=Between(None, NOON + 60))]
    cells = time_cells(runs, DAY, UNICODE, {})
    record = RunRecord(88, branch="main")
    assert run_line(runs[0], DAY, UNICODE, record, cells) == "#88    ✓ passed    12:00        ≈10m   main"
    assert run_line(runs[1], DAY, UNICODE, None, cells) == "       ✓ passed    before 12:01 9m45s+"


def test_a_duration_of_days_is_whole_also_in_ascii() -> None:
    known = whole()._replace(start=Between(NOON - 47 * HOUR, NOON), end=Between(NOON + 33 * HOUR, NOON + 33 * HOUR))
    assert short_run_line(known, DAY, ASCII).endswith(" 2d +-24h")


def test_the_record_of_a_run_adds_branch_and_who() -> None:
    record = RunRecord(88, branch="main", by="lin", trigger="manual")
    assert run_line(whole(number=88), DAY, UNICODE, record).endswith("≈10m        main · lin")


def test_the_duration_is_the_one_that_the_service_tells() -> None:
    told = RunRecord(88, duration=608.0, started_at=DAY + timedelta(seconds=58), is_finished=True)
    for line in run_line, short_run_line:
        assert " 10m08s" in line(whole(number=88), DAY, UNICODE, told)
        assert " ≈10m" in line(whole(number=88), DAY, UNICODE, told._replace(duration=7200.0)), "it contradicts"
        assert " 10m08s" not in line(run(job_id(1), 60)._replace(number=88), DAY, UNICODE, told), "it goes on"
    assert time_cells([whole(number=88)], DAY, UNICODE, {88: told}) == (5, 6)


def test_marks_have_ascii_twins() -> None:
    line = run_line(whole(start=Between(NOON - 600, NOON + 60)), DAY, ASCII)
    assert line.isascii()
    assert line.endswith("15m +-5m30s")


def test_other_days_have_a_date() -> None:
    assert clock(NOON - 86_400, DAY) == "11-22 12:00"
    assert clock(NOON - 400 * 86_400, DAY) == "2025-10-19 12:00"


def name_of(job: JobId) -> str:
    return f"job {job[-1]}"


def step_of(event: PastEvent) -> str:
    return "Sign" if event.outcome is FAILED else ""


def test_events_say_what_when_and_which_are_new() -> None:
    states = [job(1, (60, 660, FAILED), going=700), failing(2, 3, since=120)]
    lines = event_lines(events(states, (), NOON + 900), NOON + 300, name_of, DAY, UNICODE, 80, step_of)
    assert ["".join(text for text, _ in line.parts) for line in lines] == [
        "✱ 12:11 job 1 ▸ started",
        "✱ 12:11 job 1 ● failed in Sign after ≈10m",
        "  12:02 job 2 ? no answer: The service has an error.",
        "  12:01 job 1 ▸ started",
    ]
    assert [line.key for line in lines] == [job_id(1), job_id(1), job_id(2), job_id(1)]
    named = event_lines(events(states, (), NOON + 900), 0, "payments-api nightly {}".format, DAY, UNICODE, 60, step_of)
    assert "".join(text for text, _ in named[0].parts) == "✱ 12:11 payments-a…000000001 ▸ started"
    assert event_lines([], 0, name_of, DAY, UNICODE, 80, step_of) == []


def test_in_events_names_lose_their_middle_as_in_the_table() -> None:
    names = {
        job_id(1): "mobile-ios of the region",
        job_id(2): "payments-api nightly",
        job_id(3): "payments-api preview",
    }
    known = events([job(number, going=number) for number in (1, 2, 3)], (), NOON + 900)
    lines = event_lines(known, 0, names.__getitem__, DAY, UNICODE, 54, step_of)
    shown = [line.parts[0][0].split(maxsplit=2)[2] for line in lines]
    assert shown == ["paymen…preview ", "paymen…nightly ", "mobile-…region "]


def test_in_events_on_60_columns_long_names_that_share_beginning_and_end_are_told_apart() -> None:
    names = {job_id(n): f"payments-platform-{area}-eu-nightly-build" for n, area in enumerate(("billing", "ledger"), 1)}
    known = events([job(number, going=number) for number in (1, 2)], (), NOON + 900)
    lines = event_lines(known, 0, names.__getitem__, DAY, UNICODE, 60, step_of)
    shown = [line.parts[0][0].split()[2] for line in lines]
    assert shown == ["payments-pl…ledger…", "payments-pl…billing…"]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (104, "2 jobs failed in 3 runs (job 3, job 1), 1 no answer (job 4), 1 passed.  n: next, esc: close"),
        (103, "2 jobs failed (job 3, job 1), 1 no answer (job 4), 1 passed.  n: next, esc: close"),
        (93, "2 jobs failed (job 3, job 1), 1 no answer, 1 passed.  n: next, esc: close"),
        (85, "2 jobs failed (job 3, job 1), 1 no answer, …  n: next, esc: close"),
        (74, "2 jobs failed (job 3, job 1), …  n: next, esc: close"),
        (64, "2 jobs failed, 1 no answer, …  n: next, esc: close"),
        (59, "2 jobs failed, …  n: next, esc: close"),
        (49, "2 jobs failed (job 3, job 1), …"),
        (38, "2 jobs failed, …"),
    ],
)
def test_a_digest_is_one_line_with_as_many_names_as_fit(cells: int, text: str) -> None:
    failed = (job(1, (60, 90, FAILED)), job(3, (60, 70, FAILED), (80, 92, FAILED)))
    states = [*failed, job(2, (60, 91, PASSED)), failing(4, 3, since=10, was_read=True)]
    found = digest(states, NOON, NOON + 600)
    assert digest_text(found, name_of, cells, ("n", "esc"), DAY, UNICODE) == f"Since 12:00: {text}"


def test_long_names_in_a_digest_lose_their_middle() -> None:
    found = digest([job(1, (60, 90, FAILED)), job(3, (60, 70, FAILED))], NOON, NOON + 600)
    names = {job_id(1): "payments-api deployment to the region nightly", job_id(3): "mobile-sdk"}
    for cells, text in (
        (104, "2 jobs failed (payments-api …gion nightly, mobile-sdk).  n: next, esc: close"),
        (88, "2 jobs failed (paymen…ightly, mobile-sdk).  n: next, esc: close"),
    ):
        shown = digest_text(found, names.__getitem__, cells, ("n", "esc"), DAY, UNICODE)
        assert shown == f"Since 12:00: {text}"


def test_a_digest_says_of_a_job_that_passed_again_that_it_failed_in_between() -> None:
    found = digest([job(1, (60, 70, FAILED), (80, 92, PASSED))], NOON, NOON + 600)
    assert digest_text(found, name_of, 80, ("n", "esc"), DAY, UNICODE).startswith(
        "Since 12:00: 1 job failed in between."
    )


def test_a_digest_that_cannot_know_all_says_at_least() -> None:
    many = job(1, *((20 * at, 20 * at + 10, PASSED) for at in range(1, 21)))
    assert "1 job passed in 20+ runs" in digest_text(
        digest([many], NOON, NOON + 600), name_of, 100, ("n", "esc"), DAY, UNICODE
    )
