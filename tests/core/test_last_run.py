"""What a job's state keeps of its last run."""

from datetime import timedelta

from tests.support.builders import DAY, failure, job_id, moment, reading, state
from tui.core.board import RECORDS_KEPT, Board, JobState
from tui.core.job import Job, ServiceName
from tui.core.job_runs import usual_duration
from tui.core.known_runs import Match, MatchKind, choose_record
from tui.core.observed_run import Between
from tui.core.reading import Status
from tui.core.remembered import LastSeen, Remembered, last_seen, remember
from tui.core.run import FailedStep, Outcome, RunRecord

IDLE, RUNNING = Status.IDLE, Status.RUNNING
STEP = FailedStep("Sign ipa")


def record(number: int, outcome: Outcome = Outcome.PASSED, is_confirmed: bool = True) -> RunRecord:
    return RunRecord(number, outcome, outcome.value, is_finished=True, is_confirmed=is_confirmed)


def stopped_again(known: JobState, at: float) -> JobState:
    return known.record(reading(known.job.id, RUNNING, at)).record(reading(known.job.id, IDLE, at + 60))


def test_an_outcome_stays_while_the_next_run_goes_on_and_goes_with_its_end() -> None:
    known = state((IDLE, 10)).learn(record(7, Outcome.FAILED), STEP)
    known = known.record(reading(known.job.id, RUNNING, 30))
    assert known.last_run == record(7, Outcome.FAILED)
    known = known.record(reading(known.job.id, IDLE, 90))
    assert (known.last_run, known.failed_step, known.known_number) == (None, None, 7)


def test_a_record_of_the_run_before_is_not_taken_for_the_one_that_stopped() -> None:
    known = stopped_again(state((IDLE, 10)).learn(record(7, Outcome.FAILED)), 30)
    assert known.learn(record(7, Outcome.FAILED)).last_run is None
    assert known.learn(record(8)).last_run == record(8)


def test_a_record_that_came_after_the_run_was_last_seen_going_may_be_its_own() -> None:
    """The build ended, its record was asked for, and only then did a reading find the job idle."""
    known = state((RUNNING, 10), (RUNNING, 20)).learn(record(8, Outcome.FAILED), at=25)
    known = known.record(reading(known.job.id, IDLE, 30))
    assert (known.last_run, known.known_number) == (None, 0)
    assert known.learn(record(8, Outcome.FAILED), at=35).last_run == record(8, Outcome.FAILED)


def test_what_a_list_says_is_shown_until_a_record_says_it_and_never_after_a_stop() -> None:
    listed = record(0, Outcome.FAILED, is_confirmed=False)
    known = state((IDLE, 10)).learn(listed)
    assert known.last_run == listed
    known = known.learn(record(7, Outcome.FAILED))
    assert known.last_run == record(7, Outcome.FAILED)
    assert known.learn(listed).last_run == record(7, Outcome.FAILED)
    assert stopped_again(known, 30).learn(listed).last_run is None
    assert stopped_again(state((IDLE, 10)), 30).learn(listed).last_run is None


def timed(number: int, start: float, end: float | None, outcome: Outcome = Outcome.PASSED) -> RunRecord:
    began, ended = DAY + timedelta(seconds=start), None if end is None else DAY + timedelta(seconds=end)
    return record(number, outcome)._replace(started_at=began, ended_at=ended)


JUMPED = timed(1_000_000_000, -900, -800)
"""No build has this number: the service told it once."""


def test_a_number_that_jumped_hides_no_run_that_began_later() -> None:
    known = state((IDLE, 10)).learn(JUMPED, at=10)
    assert known.learn(timed(87, -990, -950), at=11).last_run == JUMPED
    later = timed(88, -700, -600, Outcome.FAILED)
    assert known.learn(later, at=11).last_run == later


def test_a_number_that_jumped_hides_no_run_that_was_seen() -> None:
    known = stopped_again(state((IDLE, 10)).learn(JUMPED, at=10), 30)
    run = known.stopped_run
    assert run
    records = [JUMPED, timed(89, 25, 89, Outcome.FAILED), timed(88, -50, 5), timed(87, 25, 500)]
    assert choose_record(records, run) == Match(MatchKind.FOUND, records[1])
    assert choose_record([records[1]._replace(ended_at=None)], run).kind is MatchKind.NEEDS_TIMES
    assert choose_record([*records[:1], *records[2:]], run).kind is MatchKind.NOT_THERE
    known = known.learn(records[1], at=95)
    assert known.last_run == records[1]
    assert known.learn(records[1], STEP, at=96).failed_step == STEP
    assert [(one.number, one.outcome) for one in known.runs] == [(89, Outcome.FAILED)]
    assert stopped_again(known, 200).known_number == 89


def test_a_record_without_a_number_says_nothing_of_the_numbers() -> None:
    known = stopped_again(state((IDLE, 10)).learn(record(88), at=10), 30).learn(record(0), at=95)
    assert known.known_number == 88


def test_a_lower_number_is_no_run_that_ended_before_it_was_seen_going() -> None:
    going = state((IDLE, 10)).learn(JUMPED, at=10)
    run = stopped_again(going, 30).runs[-1]._replace(end=None)
    assert choose_record([timed(89, 25, 27)], run).kind is MatchKind.NOT_THERE


def test_what_a_list_says_of_a_higher_number_than_the_records_have_counts_for_a_minute() -> None:
    """It may be ahead of the records, or wrong."""
    listed, told = record(99, is_confirmed=False), record(88, Outcome.FAILED)
    known = state((IDLE, 10)).learn(listed, at=10).learn(told, at=69)
    assert known.last_run == listed
    assert known.learn(told, at=70).last_run == told


def test_what_only_a_list_says_is_not_remembered_as_if_it_were_sure() -> None:
    listed = state((IDLE, 10)).learn(record(99, is_confirmed=False))
    for known, number in ((listed, 0), (listed.learn(record(100)), 100)):
        seen = last_seen(known)
        assert seen
        assert seen.number == number
    before = LastSeen(IDLE, DAY.timestamp() - 60, DAY.timestamp() - 59, DAY.timestamp() - 90, None, 99, Outcome.PASSED)
    board = remember(Board().watch([Job(job_id(1))]), Remembered(seen={job_id(1): before}), moment(0))
    told = record(88, Outcome.FAILED)
    assert board.states[job_id(1)].last_run
    assert board.learn(job_id(1), told, at=1).states[job_id(1)].last_run == told


def test_a_record_from_before_the_run_that_was_seen_is_not_its_outcome() -> None:
    """As after a restart, while the records lag: nothing is known of numbers then."""
    run = stopped_again(state((IDLE, 1000)), 1030).runs[-1]
    known = JobState(Job(job_id(1)), runs=(run,))
    assert known.learn(timed(7, 500, 800)).last_run is None
    assert known.learn(timed(7, 500, None)).last_run is None
    assert known.learn(timed(8, 1025, 1085)).last_run == timed(8, 1025, 1085)
    assert known.learn(record(8)).last_run == record(8)
    listed = known.learn(record(7, Outcome.FAILED, is_confirmed=False))
    assert listed.last_run
    assert listed.learn(timed(7, 500, 800, Outcome.FAILED)).last_run is None
    assert listed.learn(timed(6, 100, 400)).last_run == listed.last_run


def test_a_run_that_goes_on_is_no_last_run() -> None:
    going = RunRecord(8, is_finished=False)
    assert state((RUNNING, 10)).learn(going).last_run is None
    assert state((RUNNING, 10)).learn(record(7)).learn(going).last_run == record(7)


def test_the_record_of_a_run_that_goes_on_tells_of_that_run_alone() -> None:
    going = RunRecord(8, is_finished=False, branch="main")
    early = state().learn(going)  # before the first reading
    assert early.record(reading(early.job.id, RUNNING, 10)).going == going
    assert early.record(reading(early.job.id, IDLE, 10)).going is None
    known = state((RUNNING, 10)).learn(going)
    assert known.record(reading(known.job.id, RUNNING, 25)).going == going
    known = known.record(reading(known.job.id, IDLE, 40))
    assert known.going is None
    assert known.learn(going).going is None
    assert stopped_again(known, 60).going is None


def test_the_failing_step_belongs_to_its_run() -> None:
    known = state((IDLE, 10)).learn(record(7, Outcome.FAILED), STEP)
    assert known.learn(record(7, Outcome.FAILED)).failed_step == STEP
    assert known.learn(record(8)).failed_step is None
    assert known.learn(record(7, Outcome.PASSED)).failed_step is None


def test_failures_change_nothing_about_the_outcome() -> None:
    known = state((IDLE, 10)).learn(record(7, Outcome.FAILED))
    assert known.record(reading(known.job.id, failure(), 20)).last_run == record(7, Outcome.FAILED)


def test_the_run_that_stopped_lies_between_the_answers() -> None:
    def between(after: float | None, by: float) -> Between:
        return Between(None if after is None else DAY.timestamp() + after, DAY.timestamp() + by)

    assert state((IDLE, 10)).stopped_run is None
    assert state((IDLE, 10), (RUNNING, 20)).stopped_run is None
    unseen = state((RUNNING, 20), (IDLE, 40)).stopped_run
    assert unseen
    assert (unseen.start, unseen.end) == (between(None, 20), between(19.9, 40))
    known = state((IDLE, 10)).learn(record(7))
    run = stopped_again(known, 30).stopped_run
    assert run
    assert run.start == between(9.9, 30)
    assert run.end == between(29.9, 90)
    assert run.known_number == 7


def test_the_label_goes_before_the_name_and_the_name_before_the_short_id() -> None:
    board = Board().watch([Job(job_id(1), "mine"), Job(job_id(2)), Job(job_id(3))])
    board = board.with_names({job_id(1): ServiceName("theirs"), job_id(2): ServiceName("theirs")})
    assert [known.name for known in board.states.values()] == ["mine", "theirs", "00000000"]


def test_the_board_takes_outcomes_of_watched_jobs_alone() -> None:
    board = Board().watch([Job(job_id(1))])
    assert board.learn(job_id(2), record(1)) is board
    assert board.learn(job_id(1), record(1)).states[job_id(1)].last_run == record(1)


def test_the_run_that_stopped_gets_the_number_and_the_outcome_of_its_record() -> None:
    known = stopped_again(state((IDLE, 10)), 30).learn(record(8, Outcome.FAILED))
    assert [(run.number, run.outcome, run.outcome_as_sent) for run in known.runs] == [(8, Outcome.FAILED, "failed")]
    known = stopped_again(known, 200)
    assert known.learn(record(8, Outcome.FAILED)).runs[-1].number is None
    known = known.learn(record(9)).learn(record(9, Outcome.UNKNOWN))
    assert [(run.number, run.outcome) for run in known.runs] == [(8, Outcome.FAILED), (9, Outcome.PASSED)]


def test_a_run_from_before_this_start_gets_an_outcome_only_if_the_times_fit() -> None:
    run = stopped_again(state((IDLE, 10)), 30).runs[-1]
    known = JobState(Job(job_id(1)), runs=(run,))
    its = record(8, Outcome.FAILED)._replace(started_at=DAY + timedelta(seconds=25))
    assert known.learn(its).runs[-1].outcome is Outcome.FAILED
    assert known.learn(its._replace(started_at=DAY + timedelta(seconds=900))).runs == (run,)
    assert known.learn(its._replace(is_confirmed=False)).runs == (run,)
    assert known._replace(runs=(run._replace(number=7),)).learn(its).runs[-1].outcome is Outcome.UNKNOWN


def test_runs_of_the_service_are_samples_besides_the_observed_ones_and_give_those_their_outcomes() -> None:
    def told(number: int, start: float, lasted: float = 60, outcome: Outcome = Outcome.PASSED) -> RunRecord:
        began = DAY + timedelta(seconds=start)
        ended = began + timedelta(seconds=lasted)
        return record(number, outcome)._replace(duration=lasted, started_at=began, ended_at=ended)

    known = stopped_again(stopped_again(state((IDLE, 10)), 30), 200)
    records = [told(number, -5000 + 100 * number) for number in range(1, 31)]
    records += [told(31, 25, 50, Outcome.FAILED), told(32, 195, 50)]
    known = known.with_records(records)
    assert [(run.number, run.outcome) for run in known.runs] == [(31, Outcome.FAILED), (32, Outcome.PASSED)]
    assert len(known.records) == RECORDS_KEPT
    assert known.with_records(records) is known
    usual = usual_duration(known, DAY.timestamp() + 300)
    assert usual
    assert (usual.runs, usual.told, usual.point) == (RECORDS_KEPT - 1, RECORDS_KEPT - 2, 60)
    bare = known.with_records([one._replace(duration=None, ended_at=None) for one in records])
    assert usual_duration(bare, DAY.timestamp() + 300) is None


def test_the_board_takes_records_of_watched_jobs_alone() -> None:
    board = Board().watch([Job(job_id(1))])
    assert board.with_records(job_id(2), [record(1)]) is board
    after = board.with_records(job_id(1), [record(1)])
    assert after.states[job_id(1)].records == (record(1),)
    assert after.with_records(job_id(1), [record(1)]) is after
