"""The runs of a job: observed ones, and those that only the service's records tell of."""

import gc
from datetime import UTC, datetime

import pytest

from tests.core.test_runs_in_progress import JOB, NOW, ended, going
from tui.core.board import JobState
from tui.core.job import Job
from tui.core.job_runs import course_of, in_order, job_runs, undated_runs, usual_duration
from tui.core.observed_run import SERVICE, Between, ObservedRun
from tui.core.run import Outcome, RunRecord


def record(number: int, end: float, duration: float | None = 600, outcome: Outcome = Outcome.PASSED) -> RunRecord:
    started = datetime.fromtimestamp(end - (600 if duration is None else duration), UTC)
    ended_at = None if duration is None else datetime.fromtimestamp(end, UTC)
    return RunRecord(number, outcome, started_at=started, ended_at=ended_at, duration=duration, is_finished=True)


def told(*records: RunRecord, runs: tuple[ObservedRun, ...] = (), run: ObservedRun | None = None) -> JobState:
    return JobState(Job(JOB), runs=runs, current_run=run).with_records(records)


def test_records_alone_are_runs_with_exact_times_from_the_service() -> None:
    first, second = job_runs(told(record(2, NOW - 100), record(1, NOW - 5000, outcome=Outcome.FAILED)))
    assert (first.number, first.outcome, first.source) == (1, Outcome.FAILED, SERVICE)
    assert second.duration == (600, 600)


def test_records_with_equal_starts_stand_in_the_order_of_their_numbers() -> None:
    runs = job_runs(told(record(9, NOW), record(8, NOW), record(10, NOW), record(7, NOW - 900)))
    assert [run.number for run in runs] == [7, 8, 9, 10]


def test_runs_of_which_the_service_does_not_say_when_have_their_place_by_number() -> None:
    undated = [RunRecord(number, Outcome.FAILED, is_finished=True) for number in (3, 1, 9, 5)]
    state = told(record(4, NOW - 900), *undated, record(2, NOW - 4000))
    assert [run.number for run in job_runs(state)] == [2, 4]
    assert [run.number for run in undated_runs(state)] == [1, 3, 5, 9]
    assert [run.number for run in in_order(job_runs(state), undated_runs(state))] == [1, 2, 3, 4, 5, 9]
    only = undated_runs(told(undated[0]))[0]
    assert (only.outcome, only.source, only.past) == (Outcome.FAILED, SERVICE, None)


def test_no_run_is_listed_twice_because_its_record_has_no_times() -> None:
    undated = RunRecord(5, Outcome.PASSED, is_finished=True)
    seen = ended(NOW - 900, NOW - 300)
    assert in_order([seen], undated_runs(told(undated, runs=(seen,)))) == [seen]  # it may be that run
    assert in_order([seen], undated_runs(told(undated))) == [seen]  # one that is read from the file later
    assert [run.number for run in in_order([going(NOW - 300)], undated_runs(told(undated)))] == [5, None]
    known = ended(NOW - 900, NOW - 300)._replace(number=5)
    assert undated_runs(told(undated, runs=(known,))) == ()
    assert [run.number for run in undated_runs(told(undated._replace(number=6), runs=(known,)))] == [6]
    assert in_order([known], undated_runs(told(undated))) == [known]
    going_on = undated._replace(outcome=Outcome.UNKNOWN)
    assert undated_runs(told(going_on._replace(is_finished=False))) == ()
    assert undated_runs(told(going_on._replace(is_finished=None), run=going(NOW - 300))) == ()


def test_a_first_day_has_an_estimate_from_records() -> None:
    records = [record(number, NOW - 3600 * (20 - number)) for number in range(1, 10)]
    known = course_of(told(*records, run=going(NOW - 300)), NOW)
    assert known
    assert known.usual
    assert (known.usual.runs, known.outlook.left) == (9, 300)
    assert known.usual.told == 9


def test_while_the_unit_is_unknown_they_have_no_duration_and_no_part_in_the_estimate() -> None:
    state = told(*(record(number, NOW - 3600 * number, None) for number in range(1, 10)))
    assert all(run.past is None for run in job_runs(state))
    assert usual_duration(state, NOW) is None
    later = state.with_records([record(number, NOW - 3600 * number) for number in range(1, 10)])
    assert usual_duration(later, NOW)
    assert usual_duration(later, NOW + 92 * 86_400) is None


def test_an_observed_run_and_its_record_are_one() -> None:
    observed = ended(NOW - 100)
    (run,) = job_runs(told(record(7, NOW - 105), runs=(observed,)))
    assert (run.number, run.outcome, run.source) == (7, Outcome.PASSED, "")
    assert run.start.by == run.start.after == NOW - 705
    assert run.end == Between(NOW - 105, NOW - 105)
    (run,) = job_runs(told(record(7, NOW - 105, 400), runs=(observed,)))
    assert (run.start, run.end) == (observed.start, observed.end)
    (run,) = job_runs(told(record(7, NOW - 105, 550), runs=(observed,)))  # it begins later than it was seen to
    assert (run.number, run.start, run.end) == (7, observed.start, observed.end)
    (run,) = job_runs(told(record(7, NOW - 50, 655), runs=(observed,)))  # it ends later than it was seen to
    assert (run.number, run.start, run.end) == (7, observed.start, observed.end)
    once = ObservedRun(JOB, Between(NOW - 115, NOW - 100), NOW - 101, Between(NOW - 101, NOW - 85))
    (run,) = job_runs(told(record(7, NOW + 500, None), runs=(once,)))  # the service does not say when it ended
    assert (run.number, run.end) == (7, once.end)
    numbered = observed._replace(number=7, outcome=Outcome.PASSED)
    assert [run.number for run in job_runs(told(record(8, NOW - 60, 20), runs=(numbered,)))] == [7, 8]
    assert job_runs(told(record(7, NOW - 4000), runs=(numbered,))) == (numbered,)


def test_two_builds_that_may_be_one_run_that_was_seen_are_listed_in_its_place() -> None:
    seen = ended(NOW - 100, 600)
    failed, passed = record(7, NOW - 105, outcome=Outcome.FAILED), record(8, NOW - 105)
    known = job_runs(told(failed, passed, runs=(seen,)))
    assert [(run.number, run.outcome) for run in known] == [(7, Outcome.FAILED), (8, Outcome.PASSED)]


def test_two_builds_that_may_each_be_one_of_two_runs_are_no_third() -> None:
    one, two = ended(NOW - 100, 30), ended(NOW - 60, 25)
    known = job_runs(told(record(7, NOW - 80, 30), record(8, NOW - 79, 30), runs=(one, two)))
    assert [run.number for run in known] == [7, 8]
    known = job_runs(told(record(7, NOW + 470, None), record(8, NOW + 471, None), runs=(one, two)))
    assert [run.number for run in known] == [7, 8]


@pytest.mark.parametrize("has_end", [True, False])
@pytest.mark.parametrize("start_seen", [True, False])
def test_builds_before_and_after_a_run_whose_number_is_not_known_are_listed_beside_it(
    has_end: bool, start_seen: bool
) -> None:
    observed = ended(NOW - 100)
    run = observed if start_seen else observed._replace(start=Between(None, observed.start.by))
    builds = (record(number, end) for number, end in ((5, NOW - 5000), (9, NOW + 5000)))
    told_of = [one if has_end else one._replace(ended_at=None, duration=None) for one in builds]
    assert [one.number for one in job_runs(told(*told_of, runs=(run,)))] == [5, None, 9]


def test_the_run_in_progress_is_not_listed_as_ended() -> None:
    run = going(NOW - 300)
    unfinished = record(8, NOW + 300)._replace(is_finished=False)
    of_unknown_word = record(8, NOW + 300, None)._replace(is_finished=None)
    assert job_runs(told(unfinished, run=run)) == job_runs(told(unfinished)) == ()
    assert job_runs(told(record(8, NOW - 10, 380), run=run)) == ()  # by a clock that is late
    assert len(job_runs(told(record(7, NOW - 330, 60), run=run))) == 1
    assert job_runs(told(of_unknown_word, run=run)) == ()
    assert job_runs(told(record(8, NOW - 10, 280), run=run)) == ()  # its end was not seen yet
    assert len(job_runs(told(record(7, NOW - 2000), run=run))) == 1
    assert len(job_runs(told(record(7, NOW - 2000, None), run=run))) == 1
    state = told(of_unknown_word)
    assert len(job_runs(state)) == 1
    assert job_runs(state._replace(current_run=run)) == ()  # now it is known to go on


def test_later_records_replace_earlier_ones_and_the_last_twenty_are_kept() -> None:
    state = told(*(record(number, NOW - 100_000 + number) for number in range(1, 31)))
    assert [one.number for one in state.records] == list(range(30, 10, -1))
    assert state.with_records([record(30, NOW, outcome=Outcome.FAILED)]).records[0].outcome is Outcome.FAILED


def test_what_only_the_service_tells_of_has_its_own_word_for_the_outcome() -> None:
    dated = record(7, NOW - 60)._replace(outcome_as_sent="UNSTABLE")
    undated = dated._replace(number=8, started_at=None, ended_at=None)
    state = told(dated, undated)
    assert [(one.number, one.outcome_as_sent) for one in job_runs(state)] == [(7, "UNSTABLE")]
    assert [(one.number, one.outcome_as_sent) for one in undated_runs(state)] == [(8, "UNSTABLE")]


def test_a_run_without_a_known_start_is_matched_by_its_end() -> None:
    observed = ended(NOW - 100)._replace(start=Between(None, NOW - 700))
    (run,) = job_runs(told(record(7, NOW - 105), runs=(observed,)))
    assert (run.number, run.duration) == (7, (600, 600))


def test_what_earlier_states_of_a_job_had_is_not_kept() -> None:
    def objects() -> int:
        gc.collect()
        return sum(isinstance(one, ObservedRun) for one in gc.get_objects())

    before = objects()
    state = told(*(record(number, NOW - 100_000 + 3600 * number) for number in range(20)))
    for number in range(20, 40):
        state = state.with_records([record(number, NOW - 20_000 + 900 * (number - 20))])
        assert usual_duration(state, NOW)
    assert objects() - before < 100
