"""The records of builds: the window that is asked for, what is read, and whose record it is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.extra_calls import envelope, failure, json_values
from tests.support.hostile_texts import control_characters
from tests.support.long_run import by_length
from tui.codearts.record_api import (
    RecordPage,
    parse_record_info,
    parse_record_page,
    record_info_call,
    record_list_call,
    record_window,
)
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.reading import FailureKind as K
from tui.core.run import Outcome, RunRecord

JOB = JobId("901878212b1a49be9c1a1054c272762a")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STATE = {
    "number": 17,
    "start_time": 1665476927000,
    "build_time": 100068,
    "cost_time": "100068",
    "job_running_status": "Finished",
    "state": "FAILURE",
    "trigger_type": "MANUAL",
    "executor": "lin",
    "code_branch": "main",
}
INFO = {
    "codeci_job_id": JOB,
    "build_no": "17",
    "branch": "main",
    "trigger_type": "MANUAL",
    "status": "SUCCESS",
    "start_time": "2022-10-11T08:28:47.000+00:00",
    "runnable_time": "2022-10-11T08:28:40.000+00:00",
    "finish_time": "2022-10-11T08:30:27.068+00:00",
    "duration": 100068,
}
START = datetime(2022, 10, 11, 8, 28, 47, tzinfo=UTC)


def page(states: object, **more: object) -> RecordPage:
    found = parse_record_page(envelope({"total_record": "9", "job_build_states": states, **more}), (), JOB)
    assert isinstance(found, RecordPage)
    return found


def info(**more: object) -> RunRecord | Failure:
    return parse_record_info(envelope({**INFO, **more}), (), JOB, 17)


def test_the_window_is_thirty_days_of_the_services_own_time_and_ends_tomorrow() -> None:
    assert record_window(NOON, "cn-north-4") == ("2026-10-25 20:00:00", "2026-11-24 20:00:00")
    assert record_window(NOON, "ap-southeast-3") == ("2026-10-25 12:00:00", "2026-11-24 12:00:00")
    assert record_window(NOON, "") == ("2026-10-25 12:00:00", "2026-11-24 12:00:00")


@given(st.integers(-12, 14), st.integers(0, 3_000_000_000), st.sampled_from(["cn-x", ""]))
def test_no_wrong_zone_hides_a_build_that_has_just_begun(hours: int, seconds: int, region: str) -> None:
    now = datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    start, end = (datetime.fromisoformat(f"{text}+00:00") for text in record_window(now, region))
    assert start < now + timedelta(hours=hours) <= end + timedelta(seconds=1)
    assert end - start < timedelta(days=31)


def test_the_path_has_both_times_quoted() -> None:
    assert record_list_call(JOB, NOON, "cn-north-4").path == (
        f"/v1/record/{JOB}/list?start_time=2026-10-25%2020%3A00%3A00&end_time=2026-11-24%2020%3A00%3A00"
        "&page_index=0&page_size=10"
    )
    assert record_list_call(JOB, NOON, "cn-north-4", 30).path.endswith("&page_size=30")
    for most in (0, 101):
        with pytest.raises(ValueError, match="records"):
            record_list_call(JOB, NOON, "", most)
    assert record_info_call(JOB, 17).path == f"/v1/record/{JOB}/17/record-info"


def test_a_record_is_read_with_its_durations_as_they_came() -> None:
    assert page([STATE]).records == (
        RunRecord(
            17,
            Outcome.FAILED,
            "FAILURE",
            START,
            trigger="MANUAL",
            branch="main",
            by="lin",
            is_finished=True,
            build_time=100068.0,
            cost_time=100068.0,
        ),
    )


def test_records_are_sorted_and_none_is_there_twice() -> None:
    numbers = [7, "9", 8, 9, 0, -1, None, "x"]
    assert [record.number for record in page([{**STATE, "number": number} for number in numbers]).records] == [9, 8, 7]


def test_two_entries_of_one_build_that_contradict_each_other_say_nothing_of_its_outcome() -> None:
    states = ("SUCCESS", "FAILURE", "FAILURE")
    (record,) = page([{**STATE, "number": 7, "state": state} for state in states]).records
    assert (record.number, record.outcome, record.outcome_as_sent) == (7, Outcome.UNKNOWN, "")


@pytest.mark.parametrize(
    ("state", "running", "outcome"),
    [
        ("SUCCESS", "Finished", Outcome.PASSED),
        ("timeout", "Finished", Outcome.TIMED_OUT),
        ("ABORTED", "", Outcome.ABORTED),
        ("SCHEDULE_FAILURE", "Paused", Outcome.FAILED),
        ("SUCCESS", "Running", Outcome.UNKNOWN),
        ("FAILURE", "inqueue", Outcome.UNKNOWN),
        ("UNSTABLE", "Finished", Outcome.UNKNOWN),
        ("", "Finished", Outcome.UNKNOWN),
    ],
)
def test_an_outcome_is_one_only_once_the_build_is_over(state: str, running: str, outcome: Outcome) -> None:
    (record,) = page([{**STATE, "state": state, "job_running_status": running}]).records
    assert (record.outcome, record.outcome_as_sent) == (outcome, state)


@pytest.mark.parametrize(("running", "finished"), [("", False), ("Paused", False), ("Finished", True)])
def test_a_state_of_a_build_that_goes_on_counts_where_nothing_else_says_so(running: str, finished: bool) -> None:
    (record,) = page([{**STATE, "state": "RUNNING", "job_running_status": running}]).records
    assert record.is_finished is finished


def test_an_empty_list_with_a_total_is_no_answer() -> None:
    empty = {"total_record": "3", "job_build_states": []}
    assert failure(parse_record_page(envelope(empty), (), JOB)).kind is K.SERVER_ERROR
    assert page([], total_record="0") == RecordPage((), 0)


def test_records_of_another_job_are_rejected() -> None:
    other = {"total_record": "1", "job_build_states": [{**STATE, "job_id": "0" * 32}]}
    assert "another job" in failure(parse_record_page(envelope(other), (), JOB)).summary
    assert page([{**STATE, "job_id": JOB}]).records


def test_exact_times_are_read() -> None:
    record = info()
    assert isinstance(record, RunRecord)
    assert (record.number, record.outcome, record.is_finished) == (17, Outcome.PASSED, True)
    assert (record.started_at, record.duration) == (START, 100.068)
    assert record.ended_at == START + timedelta(seconds=100.068)


@pytest.mark.parametrize("more", [{"build_no": 18}, {"build_no": None}, {"codeci_job_id": "0" * 32}])
def test_exact_times_of_another_build_are_rejected(more: dict[str, object]) -> None:
    assert "another build" in failure(info(**more)).summary


def test_times_that_contradict_each_other_are_not_believed() -> None:
    record = info(finish_time="2022-10-11T08:00:00.000+00:00")
    assert isinstance(record, RunRecord)
    assert (record.started_at, record.ended_at, record.duration) == (START, None, None)
    running = info(finish_time=None, duration=0, status="RUNNING")
    assert isinstance(running, RunRecord)
    assert (running.ended_at, running.duration, running.is_finished) == (None, None, False)


@settings(max_examples=by_length(25, 100), deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(list(STATE)), json_values | st.integers(1, 99), max_size=9), max_size=4),
    st.dictionaries(st.sampled_from(list(INFO)), json_values, max_size=9),
)
def test_no_answer_makes_it_raise_and_no_build_is_invented(
    states: list[dict[str, object]], more: dict[str, object]
) -> None:
    found = parse_record_page(envelope({"total_record": "1", "job_build_states": states}), (), JOB)
    if isinstance(found, RecordPage):
        sent = {str(state.get("number")).strip().removesuffix(".0") for state in states}
        assert {str(record.number) for record in found.records} <= {one.lstrip("0") or one for one in sent}
        assert not control_characters("".join(one.outcome_as_sent + one.branch + one.by for one in found.records))
    one = info(**more)
    assert isinstance(one, Failure) or (one.number == 17 and (one.duration is None or one.duration >= 0))
