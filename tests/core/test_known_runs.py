"""Observed runs and the service's records of them: each run once, and no time that contradicts what was seen."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import DAY, job_id
from tui.core.known_runs import Source, known_runs, without_doubles
from tui.core.observed_run import Between, ObservedRun
from tui.core.run import Outcome, RunRecord

NOON = DAY.timestamp()


def run(start: float, end: float | None, number: int | None = None) -> ObservedRun:
    last = NOON + (start + 10 if end is None else end - 10)
    over = None if end is None else Between(last, NOON + end)
    return ObservedRun(job_id(1), Between(NOON + start - 10, NOON + start), last, over, interval=10, number=number)


def record(number: int, start: float, lasted: float, outcome: Outcome = Outcome.PASSED) -> RunRecord:
    began = DAY + timedelta(seconds=start)
    return RunRecord(number, outcome, outcome.value, began, began + timedelta(seconds=lasted), lasted, is_finished=True)


def test_a_run_that_both_know_is_listed_once_whether_its_number_is_known_or_not() -> None:
    known = known_runs([run(0, 300, number=7), run(900, 1200)], [record(8, 895, 300), record(7, -5, 300)])
    assert [(one.number, one.source) for one in known] == [(7, Source.BOTH), (8, Source.BOTH)]
    assert [one.duration for one in known] == [(300, 300), (300, 300)]


def test_what_only_one_of_them_knows_is_listed_too_in_the_order_of_the_ends() -> None:
    known = known_runs([run(0, 300)], [record(9, 2000, 60, Outcome.FAILED), record(6, -4000, 60)])
    assert [(one.number, one.source) for one in known] == [
        (6, Source.SERVICE),
        (None, Source.OBSERVED),
        (9, Source.SERVICE),
    ]
    assert known[1].duration == (290, 310)


def test_a_run_with_a_number_of_its_own_takes_no_other_record() -> None:
    known = known_runs([run(0, 300, number=7)], [record(8, -5, 300)])
    assert {(one.number, one.source) for one in known} == {(7, Source.OBSERVED), (8, Source.SERVICE)}


def test_records_are_ordered_by_their_end_or_else_by_their_start() -> None:
    long, short, endless = record(6, 0, 900), record(7, 300, 60), record(8, 500, 60)
    endless = endless._replace(ended_at=None, duration=None)
    long = long._replace(ended_at=None)  # the end follows from how long it took
    assert [one.number for one in known_runs([], [long, short, endless])] == [7, 8, 6]


def test_a_run_that_may_be_either_of_two_builds_is_not_listed_beside_them() -> None:
    seen, other = run(0, 300), run(900, 1200)
    first, second = record(7, -5, 300, Outcome.FAILED), record(8, -5, 300)
    listed = without_doubles(known_runs([seen, other], [second, first]))
    assert sorted((one.number or 0, one.source) for one in listed) == [
        (0, Source.OBSERVED),
        (7, Source.SERVICE),
        (8, Source.SERVICE),
    ]
    assert len(without_doubles(known_runs([seen, other], [first]))) == 2


def test_no_run_that_was_seen_is_left_out_for_fewer_builds_than_were_seen() -> None:
    short, later = [run(at, at + 20) for at in (0, 40, 80)], run(2000, 2300)
    builds = [record(7, 60, 20), record(8, 61, 20)]  # by a clock that is late
    both = [record(9, 1995, 300), record(10, 1995, 300)]
    listed = without_doubles(known_runs([*short, later], [*builds, *both]))
    assert [(one.number, one.source) for one in listed] == [
        *[(None, Source.OBSERVED)] * 3,
        (9, Source.SERVICE),
        (10, Source.SERVICE),
    ]


def test_runs_that_may_be_the_same_builds_in_a_row_are_not_listed_beside_them() -> None:
    runs = [run(at, at + 20) for at in (0, 130, 170)]
    builds = [record(7, -60, 20), record(8, 60, 20), record(9, 190, 10)]  # two of them may be each run
    listed = without_doubles(known_runs(runs, builds))
    assert [(one.number, one.source) for one in listed] == [(number, Source.SERVICE) for number in (7, 8, 9)]


def test_of_runs_that_are_told_with_the_same_builds_all_stay_if_one_of_them_fits_none() -> None:
    runs, builds = [run(70, 150), run(200, 280)], [record(7, 130, 160), record(8, 300, 80)]
    assert [one.run for one in without_doubles(known_runs(runs, builds))] == runs


def test_two_builds_that_began_at_once_are_listed_where_their_end_was_not_seen() -> None:
    listed = without_doubles(known_runs([run(0, None)], [record(7, -5, 300), record(8, -5, 300)]))
    assert [one.number for one in listed] == [7, 8]


def test_a_build_that_contradicts_the_run_at_its_start_or_end_is_not_listed_beside_it() -> None:
    seen = run(0, 300)
    for told in (record(7, -5, 3000), record(7, -2000, 2290)):
        assert without_doubles(known_runs([seen], [told])) == [(seen, None)]
    after = [seen._replace(end=Between(NOON + 200, NOON + 900))]  # its start is another one than those of both
    assert without_doubles(known_runs(after, [record(7, 400, 60), record(8, 600, 60)])) == [(after[0], None)]
    for another in (record(7, -100, 60), record(7, 500, 60), record(7, -100, 60)._replace(started_at=None)):
        assert len(without_doubles(known_runs([seen], [another]))) == 2
    going = run(0, None)._replace(running_at=NOON + 900)
    assert len(without_doubles(known_runs([going], [record(7, -5, 60)]))) == 2


def test_what_the_record_does_not_say_is_that_of_the_run() -> None:
    failed = run(0, 300, number=7)._replace(outcome=Outcome.FAILED, outcome_as_sent="FAILURE")
    (one,) = known_runs([failed], [record(7, -5, 300, Outcome.UNKNOWN)._replace(outcome_as_sent="")])
    assert (one.outcome, one.outcome_as_sent, one.at) == (Outcome.FAILED, "FAILURE", NOON + 300)


def test_records_of_lists_are_no_runs_and_one_that_says_nothing_of_its_end_is_over() -> None:
    assert known_runs([], [record(7, 0, 60)._replace(is_confirmed=False)]) == []
    for is_finished, is_over in ((None, True), (True, True), (False, False)):
        (one,) = known_runs([], [record(7, 0, 60)._replace(is_finished=is_finished)])
        assert one.is_over is is_over


def test_a_record_belongs_to_its_run_also_once_its_number_is_known() -> None:
    (one,) = known_runs([run(0, 300)._replace(known_number=8)], [record(8, -5, 300)])
    assert one.source is Source.BOTH


def test_a_run_that_was_seen_to_end_is_over_whatever_its_record_says() -> None:
    going = record(7, -5, 300)._replace(is_finished=False)
    for told in ([], [going], [record(7, -5, 3000)]):
        (one,) = known_runs([run(0, 300, number=7)], told)
        assert (one.is_over, one.at) == (True, NOON + 300)


@pytest.mark.parametrize("number", [7, None])
def test_a_run_that_nobody_watched_to_its_end_ended_as_its_record_says(number: int | None) -> None:
    (one,) = known_runs([run(0, None, number)], [record(7, -5, 600, Outcome.FAILED)])
    assert (one.number, one.source, one.is_over, one.outcome) == (7, Source.BOTH, True, Outcome.FAILED)
    assert (one.duration, one.at) == ((600, 600), NOON + 595)
    untimed = record(7, -5, 600, Outcome.FAILED)._replace(ended_at=None, duration=None)
    (one,) = known_runs([run(0, None, number)], [untimed])
    assert (one.is_over, one.outcome, one.duration) == (True, Outcome.FAILED, None)


def test_a_run_that_was_seen_running_after_the_end_of_a_record_has_another() -> None:
    running = run(0, None)._replace(running_at=NOON + 900)
    for told in (record(7, -5, 60), record(7, -5, 60)._replace(ended_at=None)):
        seen = running._replace(number=7)
        (one,) = known_runs([seen], [told])
        assert (one.is_over, one.duration) == (False, None)
    assert len(known_runs([running], [record(7, -5, 60)])) == 2


def test_a_run_of_which_neither_end_was_seen_is_the_newest_that_had_begun_by_then() -> None:
    running = run(0, None)._replace(start=Between(None, NOON))
    before, its, later = record(6, -900, 600), record(7, -200, 900), record(8, 800, 60)
    assert [(one.number, one.source) for one in known_runs([running], [later, its, before])] == [
        (6, Source.SERVICE),
        (7, Source.BOTH),
        (8, Source.SERVICE),
    ]
    going = its._replace(is_finished=False, outcome=Outcome.UNKNOWN, ended_at=None, duration=None)
    (one,) = known_runs([running], [going])
    assert (one.number, one.is_over) == (7, False)
    for another in (before, its._replace(ended_at=None, duration=None), its._replace(started_at=None)):
        assert len(known_runs([running], [another])) == 2


def test_a_build_that_goes_on_is_no_run_that_was_seen_to_start_later() -> None:
    going = record(7, -200, 0)._replace(is_finished=False, outcome=Outcome.UNKNOWN, ended_at=None, duration=None)
    assert len(known_runs([run(0, None)], [going])) == 2


def test_times_that_contradict_what_was_seen_are_not_the_service_s() -> None:
    (one,) = known_runs([run(0, 300, number=7)], [record(7, -5, 3000, Outcome.FAILED)])
    assert (one.outcome, one.service_times, one.duration) == (Outcome.FAILED, (None, None), (290, 310))


def test_a_run_that_goes_on_has_no_duration() -> None:
    going = record(7, -5, 60)._replace(is_finished=False, outcome=Outcome.UNKNOWN, duration=None, ended_at=None)
    (one,) = known_runs([run(0, None)], [going])
    assert (one.number, one.is_over, one.duration) == (7, False, None)
    (timed,) = known_runs([run(0, None)], [going._replace(duration=60.0)])
    assert timed.duration is None


@given(
    st.lists(st.integers(0, 30), unique=True, max_size=8),
    st.lists(st.integers(0, 30), unique=True, max_size=8),
    st.data(),
)
def test_no_run_is_lost_and_none_is_listed_twice(seen: list[int], told: list[int], data: st.DataObject) -> None:
    knows_numbers = data.draw(st.booleans())
    runs = [run(at * 1000, at * 1000 + 300, at + 1 if knows_numbers else None) for at in sorted(seen)]
    known = known_runs(runs, [record(at + 1, at * 1000 - 5, 300) for at in told])
    assert len(known) == len({*seen, *told})
    assert sum(one.source is Source.BOTH for one in known) == len({*seen} & {*told})
