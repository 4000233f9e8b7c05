"""Which record is that of the run that was observed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import job_id
from tui.core.known_runs import Match, MatchKind, choose_record, times_agree, with_exact, with_record
from tui.core.observed_run import Between, ObservedRun
from tui.core.run import (
    LONGEST_RUN,
    Outcome,
    RunRecord,
    newer,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def between(after: float | None, by: float) -> Between:
    return Between(None if after is None else at(after).timestamp(), at(by).timestamp())


def record(number: int, start: float | None, end: float | None = None, outcome: Outcome = Outcome.PASSED) -> RunRecord:
    return RunRecord(
        number,
        outcome,
        started_at=None if start is None else at(start),
        ended_at=None if end is None else at(end),
        is_finished=True,
    )


RUN = ObservedRun(job_id(1), between(0, 15), at(300).timestamp(), between(300, 305), known_number=10)
UNSEEN_START = RUN._replace(start=between(None, -1000), known_number=0)


def test_the_record_whose_start_fits_is_taken_though_a_next_build_has_begun() -> None:
    records = [record(12, 310)._replace(is_finished=False), record(11, 8), record(10, -400)]
    assert choose_record(records, RUN) == Match(MatchKind.FOUND, records[1])


def test_a_number_that_was_known_before_is_another_run() -> None:
    assert choose_record([record(10, 8)], RUN).kind is MatchKind.NOT_THERE
    assert choose_record([record(9, None, 303)], RUN).kind is MatchKind.NOT_THERE


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (-120, MatchKind.FOUND),
        (-121, MatchKind.NOT_THERE),
        (135, MatchKind.FOUND),
        (136, MatchKind.NOT_THERE),
        (None, MatchKind.NOT_THERE),
    ],
)
def test_the_start_may_be_off_by_two_minutes(start: float | None, kind: MatchKind) -> None:
    assert choose_record([record(11, start)], RUN).kind is kind


def test_an_end_that_contradicts_makes_it_another_run() -> None:
    assert choose_record([record(11, 8, 430)], RUN).kind is MatchKind.NOT_THERE
    assert choose_record([record(11, 8, 420)], RUN).kind is MatchKind.FOUND


def test_an_exact_fit_goes_before_one_within_the_widening() -> None:
    records = [record(12, 100), record(11, 8)]
    assert choose_record(records, RUN).record == records[1]


def test_of_two_that_fit_alike_none_is_taken_unless_the_end_tells_them_apart() -> None:
    assert choose_record([record(12, 100), record(11, 60)], RUN) == Match(MatchKind.AMBIGUOUS)
    told = [record(12, 100, 303), record(11, 60, 290)]
    assert choose_record(told, RUN) == Match(MatchKind.FOUND, told[0])


def test_a_record_that_lags_is_not_an_outcome() -> None:
    lagging = record(11, 8, outcome=Outcome.UNKNOWN)._replace(is_finished=False)
    assert choose_record([lagging], RUN) == Match(MatchKind.UNFINISHED, lagging)
    assert choose_record([], RUN) == Match(MatchKind.NOT_THERE)


def test_where_the_start_was_not_seen_the_end_decides() -> None:
    records = [record(12, 302, 390), record(11, -5000, 303), record(10, -9000, -7000)]
    assert choose_record(records, UNSEEN_START) == Match(MatchKind.FOUND, records[1])
    assert choose_record([record(11, -5000, 700)], UNSEEN_START).kind is MatchKind.NOT_THERE
    assert choose_record([record(11, -880, 303)], UNSEEN_START).kind is MatchKind.FOUND
    assert choose_record([record(11, -879, 303)], UNSEEN_START).kind is MatchKind.NOT_THERE


def test_where_no_end_is_told_the_newest_that_had_begun_is_asked_about() -> None:
    running = record(12, 302)._replace(is_finished=False)
    records = [running, record(11, -5000), record(10, -9000)]
    assert choose_record(records, UNSEEN_START) == Match(MatchKind.NEEDS_TIMES, records[1])
    unfinished = records[1]._replace(is_finished=False)
    assert choose_record([running, unfinished], UNSEEN_START) == Match(MatchKind.UNFINISHED, unfinished)
    exact = with_exact(records[1], record(11, -5000, 303))
    assert choose_record([running, exact, records[2]], UNSEEN_START) == Match(MatchKind.FOUND, exact)


def test_a_run_of_which_nothing_was_observed_has_no_record() -> None:
    going_on = UNSEEN_START._replace(end=None)
    assert choose_record([record(11, 8)], going_on).kind is MatchKind.NOT_THERE


def test_exact_times_of_another_build_are_not_taken() -> None:
    assert with_exact(record(11, 8), record(12, 9, 303)) == record(11, 8)
    known = record(11, 8, 303)._replace(duration=295.0)
    assert with_exact(known, record(11, None)) == known


@pytest.mark.parametrize("end", [9, 303])
def test_exact_times_take_the_place_of_those_of_the_list(end: int) -> None:
    exact = with_exact(record(11, 8, 302), record(11, 9, end))
    assert (exact.started_at, exact.ended_at, exact.duration) == (at(9), at(end), end - 9)


def test_no_run_ends_before_it_began_though_its_times_are_of_two_answers() -> None:
    exact = record(11, None, 303)._replace(duration=5.0)
    assert with_exact(record(11, 900), exact) == record(11, 900)


def test_of_two_answers_about_a_build_the_list_has_the_outcome_where_it_knows_one() -> None:
    listed, exact = record(11, 8, outcome=Outcome.FAILED), record(11, 8, 303)._replace(outcome_as_sent="SUCCESS")
    assert with_exact(listed, exact).outcome is Outcome.FAILED
    unknown = listed._replace(outcome=Outcome.UNKNOWN)
    assert with_exact(unknown._replace(outcome_as_sent="UNSTABLE"), exact).word == "UNSTABLE"
    assert with_exact(unknown, exact).word == "passed"


def test_a_duration_that_contradicts_both_times_is_not_taken() -> None:
    exact = record(11, None, 303)._replace(duration=5.0)
    assert with_exact(record(11, 8), exact).duration == 295
    assert with_exact(record(11, 8)._replace(duration=5.0), exact._replace(duration=None)).duration == 295
    too_long = with_exact(record(11, 303 - LONGEST_RUN - 1), exact)
    assert (too_long.duration, too_long.ended_at) == (None, None)


def test_times_of_a_record_are_shown_where_they_fit() -> None:
    assert times_agree(record(11, 8, 303), RUN)
    assert times_agree(record(11, None), RUN)
    assert not times_agree(record(11, 8, 900), RUN)
    assert not times_agree(record(11, -900, 303), RUN)


def test_a_run_that_may_be_two_is_one_if_its_record_says_so() -> None:
    unsure = RUN._replace(maybe_two=True)
    assert choose_record([record(11, 8, 303)], unsure).kind is MatchKind.FOUND
    assert with_record(unsure, record(11, 8, 303)) == RUN._replace(number=11, outcome=Outcome.PASSED)
    second = record(12, 200, 303)
    assert choose_record([record(11, 8, 100), second], unsure).record == second
    assert with_record(unsure, second).maybe_two
    assert with_record(unsure, record(11, 8)).maybe_two
    assert with_record(unsure, record(11, None, 303)).maybe_two


def test_what_is_known_is_not_lost_to_what_is_not() -> None:
    failed_run = RUN._replace(outcome=Outcome.FAILED, outcome_as_sent="FAILURE")
    told = with_record(failed_run, record(11, 8, outcome=Outcome.UNKNOWN))
    assert (told.outcome, told.outcome_as_sent) == (Outcome.FAILED, "FAILURE")
    passed, unknown = record(11, 8), record(11, 8, outcome=Outcome.UNKNOWN)
    failed = record(11, 8, outcome=Outcome.FAILED)
    from_list = failed._replace(is_confirmed=False)
    assert newer(None, from_list) is from_list
    assert newer(from_list, passed) is passed
    assert newer(passed, from_list) is passed
    assert newer(passed, unknown) is passed
    assert newer(unknown, failed) is failed
    assert newer(passed, failed) is failed
    assert newer(record(12, 400), failed) == record(12, 400)
    assert newer(failed, record(12, 400, outcome=Outcome.UNKNOWN)).number == 12


moments = st.none() | st.integers(-2000, 2000)
some_records = st.lists(
    st.builds(
        lambda number, start, end, finished: record(number, start, end)._replace(is_finished=finished),
        st.integers(1, 20),
        moments,
        moments,
        st.sampled_from([True, False, None]),
    ),
    max_size=10,
)


@given(some_records, st.booleans())
def test_what_is_found_is_one_of_the_records_and_never_contradicts_what_was_seen(
    records: list[RunRecord], sees_start: bool
) -> None:
    run = RUN if sees_start else UNSEEN_START._replace(known_number=10)
    match = choose_record(records, run)
    assert (match.record is None) == (match.kind in (MatchKind.NOT_THERE, MatchKind.AMBIGUOUS))
    if match.record:
        assert match.record in records
        assert match.record.number > 10 or all(one.number <= 10 for one in records)
        assert match.record.number != 10
        assert match.record.started_at
    if match.kind is MatchKind.FOUND and match.record:
        assert match.record.is_finished is not False
        assert times_agree(match.record, run)
        assert sees_start or match.record.ended_at
