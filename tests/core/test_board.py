"""What is known of jobs after readings: freshness, changes, pauses, and jobs that come and go."""

import pytest

from tests.support.builders import failure, job_id, moment, reading, state
from tui.core.board import TRANSITIONS_KEPT, Board, Freshness, JobState, Transition
from tui.core.job import Job, ServiceName
from tui.core.observed_run import Between, Gap
from tui.core.reading import Reading, Status

ONE, TWO, THREE = Job(job_id(1)), Job(job_id(2)), Job(job_id(3))
RUNNING, IDLE = Status.RUNNING, Status.IDLE


def test_a_job_never_read_has_no_status_and_no_age() -> None:
    known = JobState(ONE)
    assert known.status is None
    assert known.age(100) is None
    assert known.freshness(100, 15) is Freshness.NEVER_READ


def test_the_first_status_is_no_transition() -> None:
    known = state((RUNNING, 10))
    assert known.status is RUNNING
    assert known.since == moment(10)
    assert known.since_after is None
    assert known.transitions == ()


def test_the_same_status_again_keeps_since_and_renews_the_age() -> None:
    known = state((RUNNING, 10), (RUNNING, 20))
    assert known.since == moment(10)
    assert known.age(25) == 5


def test_a_change_lies_between_a_question_and_an_answer() -> None:
    known = state((RUNNING, 10), (RUNNING, 20), (IDLE, 30))
    assert known.transitions == (Transition(ONE.id, IDLE, moment(19.9), moment(30)),)
    assert (known.since_after, known.since) == (moment(19.9), moment(30))


def test_what_another_profile_answered_is_forgotten_and_a_pause_is_not() -> None:
    moved = ONE._replace(profile="b")
    board = Board().watch([ONE]).record([reading(ONE.id, RUNNING, 10)]).pause([ONE.id], moment(11))
    assert board.watch([ONE._replace(profile="prod")], "prod").states[ONE.id].status is RUNNING
    assert board.watch([moved]).states[ONE.id] == JobState(moved, paused=moment(11))


def test_a_failure_keeps_the_last_good_status_and_its_age() -> None:
    known = state((RUNNING, 10), (failure(), 20), (failure(summary="Again."), 30))
    assert known.status is RUNNING
    assert known.age(40) == 30
    assert known.failures == 2
    assert known.no_answer_since == moment(20)
    assert known.failure == failure(summary="Again.")
    assert known.transitions == ()


def test_a_good_answer_ends_the_failing() -> None:
    known = state((failure(), 10), (IDLE, 20))
    assert (known.failures, known.no_answer_since, known.failure) == (0, None, None)


def test_a_change_seen_after_failures_reaches_back_to_the_last_good_answer() -> None:
    known = state((RUNNING, 10), (failure(), 20), (IDLE, 30))
    assert known.transitions == (Transition(ONE.id, IDLE, moment(9.9), moment(30)),)


def test_an_answer_to_an_earlier_question_is_dropped() -> None:
    known = state((IDLE, 30))
    late = Reading(ONE.id, RUNNING, sent=moment(5), received=moment(40))
    assert known.record(late) == known


def test_only_the_last_transitions_are_kept_oldest_first() -> None:
    known = state(*((RUNNING if at % 2 else IDLE, at) for at in range(100)))
    assert len(known.transitions) == TRANSITIONS_KEPT
    assert [seen.by.at for seen in known.transitions] == list(range(80, 100))


@pytest.mark.parametrize(
    ("age", "freshness"),
    [
        (0, Freshness.FRESH),
        (15, Freshness.FRESH),
        (15.1, Freshness.AGEING),
        (30, Freshness.AGEING),
        (30.1, Freshness.STALE),
    ],
)
def test_freshness_is_the_age_against_the_interval(age: float, freshness: Freshness) -> None:
    assert state((IDLE, 100)).freshness(100 + age, interval=10) is freshness


def test_a_failure_does_not_make_a_status_fresh() -> None:
    assert state((IDLE, 0), (failure(), 100)).freshness(100, interval=10) is Freshness.STALE


def test_recording_returns_a_new_board_and_leaves_the_old() -> None:
    before = Board().watch([ONE, TWO])
    after = before.record([reading(ONE.id, RUNNING, 10), reading(TWO.id, IDLE, 11)])
    assert [known.status for known in after.states.values()] == [RUNNING, IDLE]
    assert [known.status for known in before.states.values()] == [None, None]


def test_several_readings_of_one_job_are_recorded_in_turn() -> None:
    after = Board().watch([ONE]).record([reading(ONE.id, RUNNING, 10), reading(ONE.id, IDLE, 20)])
    assert after.states[ONE.id].status is IDLE
    assert len(after.states[ONE.id].transitions) == 1


def test_answers_for_jobs_no_longer_watched_are_dropped() -> None:
    assert Board().watch([ONE]).record([reading(TWO.id, IDLE, 1)]) == Board().watch([ONE])


def test_a_new_watchlist_keeps_what_is_known_and_takes_its_order_and_labels() -> None:
    board = Board().watch([ONE, TWO]).record([reading(TWO.id, RUNNING, 10)])
    renamed = Job(TWO.id, "payments")
    board = board.watch([THREE, renamed])
    assert list(board.states) == [THREE.id, TWO.id]
    assert board.states[TWO.id].job is renamed
    assert board.states[TWO.id].status is RUNNING
    assert board.states[THREE.id].status is None


def test_a_name_that_is_known_already_changes_no_state() -> None:
    named = Board.unread([ONE, TWO], {ONE.id: ServiceName("web")})
    again = named.with_names({ONE.id: ServiceName("web"), TWO.id: ServiceName("api"), THREE.id: ServiceName("gone")})
    assert again.states[ONE.id] is named.states[ONE.id]
    assert [state.name for state in again.states.values()] == ["web", "api"]


def test_pausing_marks_the_jobs_named_until_they_go_on() -> None:
    paused = Board().watch([ONE, TWO]).pause([ONE.id, THREE.id], moment(5))
    assert [known.paused for known in paused.states.values()] == [moment(5), None]
    assert paused.pause([ONE.id], None) == Board().watch([ONE, TWO])


NOON = moment(0).wall.timestamp()


def watched(*outcomes: tuple[Status, float], interval: float = 15) -> JobState:
    known = JobState(ONE)
    for outcome, at in outcomes:
        known = known.record(reading(ONE.id, outcome, at), interval)
    return known


def test_a_run_is_kept_from_its_start_to_after_its_end() -> None:
    known = watched((IDLE, 10), (RUNNING, 25))
    assert known.current_run
    assert known.current_run.start == Between(NOON + 9.9, NOON + 25)
    assert known.runs == ()
    known = known.record(reading(ONE.id, RUNNING, 40), 15).record(reading(ONE.id, IDLE, 55), 15)
    assert known.current_run is None
    (run,) = known.runs
    assert (run.start, run.end) == (Between(NOON + 9.9, NOON + 25), Between(NOON + 39.9, NOON + 55))
    assert (run.interval, run.maybe_two, known.gaps) == (15, False, ())


def test_the_last_twenty_runs_are_kept() -> None:
    known = watched(*((RUNNING if at % 2 else IDLE, at) for at in range(100)))
    assert [run.start.by - NOON for run in known.runs] == list(range(59, 99, 2))


def test_failures_for_longer_than_three_intervals_are_a_gap_and_what_runs_after_it_may_be_another_run() -> None:
    known = watched((RUNNING, 0)).record(reading(ONE.id, failure(), 30), 15).record(reading(ONE.id, RUNNING, 60), 15)
    assert known.gaps == (Gap(ONE.id, NOON, NOON + 59.9),)
    assert known.current_run
    assert known.current_run.maybe_two
    assert watched((IDLE, 0), (IDLE, 60), interval=30).gaps == ()


def test_a_board_measures_gaps_by_the_interval_of_the_status_before() -> None:
    board = Board().watch([ONE]).record([reading(ONE.id, IDLE, 0)])
    asked: list[Status | None] = []

    def interval(state: JobState) -> float:
        asked.append(state.status)
        return 15

    after = board.record([reading(ONE.id, RUNNING, 16), reading(ONE.id, RUNNING, 80)], interval)
    assert asked == [IDLE, RUNNING]
    assert after.states[ONE.id].gaps == (Gap(ONE.id, NOON + 16, NOON + 79.9),)
