"""Columns are as wide as their texts; what the line has no room for goes, the name of the job last."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_past_events import run
from tests.support.builders import DAY, failure, job_id, moment, reading, row, state
from tui.core.board import JobState
from tui.core.job import Job
from tui.core.reading import FailureKind, Status
from tui.core.run import FailedStep, Outcome, RunRecord
from tui.storage.settings import COLUMNS, USUAL_COLUMNS
from tui.terminal.capabilities import UNICODE
from tui.ui.columns import SORTS, attention, columns, last_change, place, sorts
from tui.ui.row import Row

EVERY = columns(UNICODE)
SHOWN = [column for column in EVERY if column.key in USUAL_COLUMNS]
TEXTS = {"state": 9, "time": 8, "job": 30, "build": 44, "tags": 20}


def widths(available: int, **needed: int) -> dict[str, int]:
    placed = place(SHOWN, TEXTS | needed, available)
    return {one.column.key: one.width for one in placed}


def test_at_80_names_of_30_are_whole_and_the_build_has_the_rest() -> None:
    assert widths(79) == {"state": 13, "time": 9, "job": 30, "build": 22}
    assert widths(79, job=40)["job"] == 39


def test_at_60_there_are_state_time_and_job() -> None:
    assert widths(59) == {"state": 9, "time": 8, "job": 30}


@pytest.mark.parametrize(
    ("available", "keys"), [(40, "state time job"), (59, "state time job"), (120, "state time job build tags")]
)
def test_the_wider_the_screen_the_more_columns_it_has(available: int, keys: str) -> None:
    assert " ".join(widths(available)) == keys


def test_usual_times_never_change_the_width_of_their_column() -> None:
    kinds = [("0s", "15s", "just now", "1m15s ago", "12m ago"), ("0s    ≈45s left", "1m45s ≈1h10m left")]
    for texts in kinds:
        assert len({widths(120, time=len(text))["time"] for text in texts}) == 1


def test_the_time_left_and_the_last_runs_have_room_after_what_matters_more() -> None:
    assert widths(79, time=24, runs=10) == {"state": 13, "time": 17, "job": 30, "build": 14}
    assert widths(79, time=24, runs=10, job=20) == {"state": 13, "time": 17, "job": 20, "runs": 10, "build": 13}
    assert widths(119, time=24, runs=10) == {"state": 13, "time": 24, "job": 30, "runs": 10, "build": 20, "tags": 10}


def test_each_column_is_shown_where_there_is_room() -> None:
    placed = place(EVERY, dict.fromkeys(COLUMNS, 5), 400)
    assert [one.column.key for one in placed] == list(COLUMNS)


def test_a_long_name_of_a_project_leaves_the_profile_and_the_tags_their_room() -> None:
    needed = {"state": 9, "job": 20, "project": 40, "profile": 30, "tags": 30}
    shown = {one.column.key: one.width for one in place(EVERY, needed, 95)}
    assert shown == {"state": 13, "job": 20, "project": 16, "profile": 16, "tags": 24}


def test_a_wide_screen_has_all_texts_whole() -> None:
    assert all(widths(199)[key] >= needed for key, needed in TEXTS.items())


def test_where_times_would_be_cut_names_have_their_room() -> None:
    assert widths(40, state=13, time=9) == {"state": 13, "time": 7, "job": 16}
    assert widths(40, state=15, time=9) == {"state": 15, "job": 22}
    assert widths(40, state=15, time=5) == {"state": 15, "time": 5, "job": 16}


def test_a_column_without_texts_is_not_there() -> None:
    assert list(widths(120, build=0, tags=0)) == ["state", "time", "job"]


@given(st.integers(40, 400), st.dictionaries(st.sampled_from([column.key for column in EVERY]), st.integers(0, 150)))
def test_columns_stand_side_by_side_and_fit(available: int, needed: dict[str, int]) -> None:
    placed = place(EVERY, needed | {"state": 9, "job": 8}, available)
    assert {"state", "job"} <= {one.column.key for one in placed}
    for left, right in pairwise(placed):
        assert left.left + left.width + left.gap == right.left
    assert placed[-1].left + placed[-1].width <= available


def test_wide_shows_every_column_whatever_the_width() -> None:
    needed = dict.fromkeys((column.key for column in EVERY), 30)
    assert [one.column.key for one in place(EVERY, needed, 40, wide=True)] == [column.key for column in EVERY]


def ended(number: int, outcome: Outcome, minutes: int, step: FailedStep | None = None) -> RunRecord:
    moment = DAY.replace(hour=11, minute=minutes)
    return RunRecord(number, outcome, outcome.value, None, moment, branch="main", by="lin", is_finished=True)


def test_attention_is_what_changed_then_what_failed_then_what_runs_then_the_newest_end() -> None:
    idle = state((Status.IDLE, 0))
    rows = {
        "passed earlier": row(idle.learn(ended(3, Outcome.PASSED, 10)), 1),
        "passed later": row(idle.learn(ended(3, Outcome.PASSED, 40)), 1),
        "new failure": row(idle.learn(ended(3, Outcome.FAILED, 10)), 1)._replace(is_new=True),
        "passed, not seen yet": row(idle.learn(ended(3, Outcome.PASSED, 20)), 1)._replace(is_new=True),
        "passed, seen only just": row(idle.learn(ended(3, Outcome.PASSED, 15)), 1)._replace(is_held=True),
        "failed earlier": row(idle.learn(ended(3, Outcome.FAILED, 20)), 1),
        "failed later": row(idle.learn(ended(3, Outcome.FAILED, 30)), 1),
        "no answer": row(state((failure(), 0)), 1),
        "never built": row(idle, 1),
        "aborted": row(idle.learn(ended(3, Outcome.ABORTED, 20)), 1),
        "timed out": row(idle.learn(ended(3, Outcome.TIMED_OUT, 10)), 1),
        "runs": row(state((Status.RUNNING, 0)), 1),
        "unread": row(state(), 1),
        "paused": row(idle._replace(paused=moment(0.5)), 1),
    }
    new = ["new failure", "passed, not seen yet", "passed, seen only just"]
    old = ["failed later", "failed earlier", "no answer", "aborted", "timed out", "runs"]
    rest = ["passed later", "passed earlier", "never built", "unread", "paused"]
    assert sorted(rows, key=lambda name: attention(rows[name])) == [*new, *old, *rest]
    assert last_change(rows["never built"]) == ()


def test_a_run_past_its_usual_end_is_before_those_with_time_left_and_a_late_one_before_all() -> None:
    alike, two_kinds = [600.0] * 20, [100.0] * 10 + [900.0] * 10
    runs = {
        "late": running(150, [60.0] * 20),
        "any moment, of a long one": running(3750, [3600.0] * 20),
        "past the longer kind": running(920, two_kinds),
        "any moment": running(615, alike),
        "seconds left": running(570, alike),
        "between two kinds": running(500, two_kinds),
        "nothing known": running(990, []),
    }
    assert [runs[name].is_late for name in runs] == [True, *[False] * 6]
    assert sorted(sorted(runs), key=lambda name: attention(runs[name])) == list(runs)
    assert [name for name, row in runs.items() if row.due] == [
        "any moment, of a long one",
        "any moment",
        "seconds left",
    ]


def running(elapsed: float, past: list[float]) -> Row:
    """The row of a job whose runs took so many seconds, and whose run began so many seconds ago."""
    job, now = job_id(1), 1000.0
    known = JobState(Job(job)).record(reading(job, Status.RUNNING, now))
    ended = tuple(run(job, -5000.0, -5000 + took, Outcome.PASSED) for took in past)
    return row(known._replace(runs=ended, current_run=run(job, now - elapsed + 5)), now)


def test_names_are_sorted_as_people_count() -> None:
    by_name = sorts(EVERY)["job"].key
    rows = [row(state((Status.IDLE, 0), job=Job(job_id(1), name)), 1) for name in ("job-10", "Job-2", "job-1")]
    assert [one.state.name for one in sorted(rows, key=by_name)] == ["job-1", "Job-2", "job-10"]


STEP = FailedStep("Sign ipa")


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (40, "#88 main · lin · step Sign ipa"),
        (29, "#88 main · step Sign ipa"),
        (20, "#88 · step Sign ipa"),
        (14, "Sign ipa"),
        (12, "Sign ipa"),
    ],
)
def test_a_narrow_build_column_keeps_where_it_failed(cells: int, text: str) -> None:
    failed = row(state((Status.IDLE, 0)).learn(ended(88, Outcome.FAILED, 10), STEP), 1)
    build = next(column for column in EVERY if column.key == "build")
    assert build.cell(failed, cells) == text


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (60, ["The job ID is invalid (HTTP 400, CB.00060201).", "The service has an error."]),
        (45, ["The job ID is invalid (HTTP 400, CB.00060201).", "The service has an error."]),
        (44, ["bad job ID", "server error"]),
        (8, ["bad job ID", "server error"]),
    ],
)
def test_all_rows_of_a_column_say_in_one_form_why_there_is_no_answer(cells: int, words: list[str]) -> None:
    """`HTTP 404` in one row and `bad job ID` in the next looked like two kinds of things."""
    build = next(column for column in EVERY if column.key == "build")
    invalid = failure(FailureKind.BAD_JOB_ID, "The job ID is invalid (HTTP 400, CB.00060201).")
    last = reading(job_id(1), invalid, 0)._replace(http_status=400)
    known = row(state((invalid, 0))._replace(last=last), 1), row(state((failure(), 0)), 1)
    assert [build.cell(one, cells) for one in known] == words


def test_what_is_wrong_stands_out_in_the_build_column_and_behind_the_name_where_that_has_no_room() -> None:
    build = next(column for column in EVERY if column.key == "build")
    assert build.after_name
    failed = state((Status.IDLE, 0)).learn(ended(88, Outcome.FAILED, 10), STEP)
    rows = {
        "failed": (row(failed, 1), "error", ("Sign ipa", "error")),
        "failed, no step known": (row(failed._replace(failed_step=None), 1), "error", ("", "")),
        "no answer": (row(state((failure(), 0)), 1), "stale", ("server error", "stale")),
        "the banner says why": (row(state((failure(), 0)), 1)._replace(explained_by=""), "stale", ("", "")),
        "passed": (row(state((Status.IDLE, 0)).learn(ended(88, Outcome.PASSED, 10)), 1), "dim", ("", "")),
        "runs": (row(state((Status.RUNNING, 0)), 1), "dim", ("", "")),
    }
    found = {name: (build.style(one), build.after_name(one)) for name, (one, _, _) in rows.items()}
    assert found == {name: (look, text) for name, (_, look, text) in rows.items()}


def test_the_jobs_with_most_failures_among_their_last_ten_runs_come_first_and_those_without_runs_have_no_place() -> (
    None
):
    by_failed = sorts(EVERY)["runs"].key

    def having(*outcomes: Outcome) -> Row:
        began = (-10_000.0 + 100 * at for at in range(len(outcomes)))
        runs = tuple(run(job_id(1), at, at + 60, outcome) for at, outcome in zip(began, outcomes, strict=True))
        return row(state((Status.IDLE, 0))._replace(runs=runs), 1)

    failed, passed = Outcome.FAILED, Outcome.PASSED
    assert (
        by_failed(having(failed, failed, passed)) < by_failed(having(failed, *[passed] * 5)) < by_failed(having(passed))
    )
    assert by_failed(having(*[failed] * 5, *[passed] * 10)) == by_failed(having(passed))
    assert by_failed(having()) == ()


def test_the_settings_know_every_order() -> None:
    assert ("auto", "list", *sorts(EVERY)) == SORTS
    assert tuple(column.key for column in EVERY) == COLUMNS
