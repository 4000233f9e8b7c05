"""What is written down while the board changes, and what a restart makes of it."""

import random
from collections.abc import Set as AbstractSet
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.archive import FakeArchive
from tests.support.builders import failure, job_id, moment, reading
from tests.support.history_files import opened
from tests.support.long_run import by_length
from tests.support.true_runs import NOON, Truth, is_true
from tui.core.board import Board, JobState
from tui.core.estimate import WINDOW
from tui.core.job import Job, JobId
from tui.core.job_runs import course_of
from tui.core.observed_run import Between, Gap, ObservedRun
from tui.core.past_events import EventKind, Outage, ended_outage, events_of
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.core.remembered import Notes, Remembered, together
from tui.core.run import Outcome, RunRecord
from tui.core.transitions import Event, changes_of
from tui.storage.history import LOST
from tui.storage.recorder import Recorder

JOB = job_id(1)
RUNNING, IDLE = Status.RUNNING, Status.IDLE


class Program:
    """From one start to the next: a board, its recorder, and a file that is written when it ends."""

    def __init__(self, path: Path, now: float = 0.0) -> None:
        self.now = now
        self.notes: list[tuple[float, Notes]] = []
        self._file = opened(path, lambda: moment(self.now))
        self.known = self._file.read()
        self.recorder = Recorder(self, lambda: moment(self.now))
        self.board = self.recorder.fill(Board().watch([Job(JOB)]))

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        assert wait == 0.0  # the screen draws nothing meanwhile
        known, self.known = self.known, Remembered()
        return known

    def hear(self) -> None:
        """Take what other programs have written."""
        self.known = self._file.read_news()
        self.board = self.recorder.fill(self.board)

    def notice(self) -> str:
        return ""

    def note(self, notes: Notes) -> None:
        self.notes.append((self.now, notes))

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        self.known = self._file.read_more(jobs)

    def close(self, wait: float) -> None:
        """What was noted is written when the program ends."""

    @property
    def state(self) -> JobState:
        return self.board.states[JOB]

    @property
    def runs(self) -> list[ObservedRun]:
        return [*self.state.runs, *([self.state.current_run] if self.state.current_run else [])]

    def record(self, reading: Reading, interval: float = 15.0) -> None:
        before, self.now = self.board, reading.received.at
        self.board = self.board.record([reading], lambda state: interval)
        self.recorder.look(before, self.board, [JOB])

    def see(self, *readings: tuple[Status | Failure, float]) -> None:
        for outcome, at in readings:
            self.record(reading(JOB, outcome, at))

    def learn(self, record: RunRecord) -> None:
        before, self.board = self.board, self.board.learn(JOB, record)
        self.recorder.look(before, self.board, [JOB])

    def write(self) -> None:
        self._file.write(together(notes for _, notes in self.notes))
        self.notes.clear()

    def end(self) -> None:
        self.recorder.close()
        self.write()
        self._file.close()

    def kill(self) -> None:
        """What was noted within the last seconds is lost."""
        self._file.write(together(notes for at, notes in self.notes if at <= self.now - LOST))
        self._file._connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def test_a_job_is_after_a_start_what_it_was_before_and_says_so_until_the_first_answer(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25), (IDLE, 100), (IDLE, 115))
    first.learn(RunRecord(7, Outcome.FAILED, "FAILURE", is_finished=True))
    first.end()
    again = Program(path, now=5000)
    state = again.state
    assert (state.status, state.is_remembered) == (IDLE, True)
    assert state.age(5000) == pytest.approx(4885)
    assert state.since
    assert state.since_after
    assert (state.since.wall, state.since_after.wall) == (moment(100).wall, moment(24.9).wall)
    assert state.runs == tuple(run._replace(known_number=0) for run in first.state.runs)
    assert state.last_run
    assert (state.last_run.number, state.last_run.outcome) == (7, Outcome.FAILED)
    assert state.last is None
    again.see((failure(), 5001))
    assert again.state.is_remembered
    again.see((IDLE, 5002))
    assert (again.state.is_remembered, again.state.status) == (False, IDLE)
    assert again.state.gaps[-1] == Gap(JOB, NOON + 115, NOON + 5001.9)


def test_a_job_without_an_answer_gave_none_since_before_the_restart_until_it_gives_one(path: Path) -> None:
    forbidden = failure(FailureKind.FORBIDDEN)
    first = Program(path)
    first.see((forbidden, 10), (forbidden, 25))
    first.end()
    for start, later in ((5000, failure()), (6000, forbidden)):
        again = Program(path, now=start)
        again.see((later, start + 1))
        (event,) = events_of(again.state)
        assert (event.at, event.kind) == (NOON + 10, EventKind.NO_ANSWER)
        assert again.state.no_answer_since == moment(start + 1)
        again.end()
    third = Program(path, now=7000)
    assert not list(events_of(third.state))  # whether it gives one now is not known
    before = third.state
    third.see((IDLE, 7001))
    assert ended_outage(before, third.state) == Outage(JOB, NOON + 10, NOON + 7001, "")
    third.end()
    last = Program(path, now=8000)
    last.see((forbidden, 8001))
    assert [event.at for event in events_of(last.state)] == [NOON + 8001]


def test_since_when_there_is_no_answer_is_remembered_by_the_clock_that_was_set_since(path: Path) -> None:
    forbidden, then = failure(FailureKind.FORBIDDEN), Moment(40, moment(3640).wall)
    first = Program(path)
    first.see((forbidden, 10))
    first.record(Reading(JOB, forbidden, then, then))
    first.end()
    again = Program(path, now=3650)
    assert again.state.silent_before == moment(3610)


def test_a_failure_that_passes_is_not_remembered(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 0), (failure(), 10))
    first.end()
    assert Program(path, now=5000).state.silent_before is None


def test_more_runs_are_asked_for_once_when_a_job_begins_to_run_or_the_service_tells_of_its_runs() -> None:
    archive, board = FakeArchive(), Board().watch([Job(JOB), Job(job_id(2)), Job(job_id(3))])
    board = board.record([reading(job_id(3), RUNNING, 0)])  # as it is remembered: all its runs were read
    recorder = Recorder(archive, lambda: moment(0))
    for outcome, at in ((IDLE, 0), (IDLE, 15), (RUNNING, 30), (RUNNING, 45), (IDLE, 60), (RUNNING, 75)):
        before, board = board, board.record([reading(JOB, outcome, at), reading(job_id(3), RUNNING, at)])
        recorder.look(before, board, [JOB, job_id(3)])
        assert len(archive.asked) == (at >= 30)
    for number in (7, 8):
        before = board
        board = board.with_records(job_id(2), [RunRecord(number, Outcome.PASSED, "SUCCESS", is_finished=True)])
        recorder.look(before, board, [job_id(2)])
    assert archive.asked == [{JOB}, {job_id(2)}]


def test_an_estimate_is_the_same_after_a_restart(path: Path) -> None:
    chance, at = random.Random(5), 0.0
    first = Program(path)
    for _ in range(25):
        for status in (IDLE, *[RUNNING] * chance.randint(8, 12), IDLE):
            first.see((status, at := at + 15))
    first.see((RUNNING, at := at + 15))
    before = course_of(first.state, NOON + at + 30)
    first.end()
    again = Program(path, now=at + 30)
    assert before
    assert before.usual
    assert before.usual.runs == WINDOW
    assert course_of(again.state, NOON + at + 30) == before


def test_the_outcome_of_a_run_that_was_not_observed_is_remembered_until_another_run_ends(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10))
    first.learn(RunRecord(7, Outcome.FAILED, "FAILURE", is_finished=True))
    first.end()
    second = Program(path, now=60)
    assert second.state.last_run == RunRecord(7, Outcome.FAILED, "FAILURE", is_finished=True)
    second.see((RUNNING, 70), (IDLE, 90), (IDLE, 105))
    second.kill()  # before it has noted once more what was seen last
    assert Program(path, now=110).state.last_run is None


def test_an_outcome_that_is_known_before_the_first_answer_after_a_restart_is_remembered(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25), (IDLE, 100))
    first.end()
    second = Program(path, now=110)
    second.learn(RunRecord(7, Outcome.FAILED, "FAILURE", moment(20).wall, moment(95).wall, is_finished=True))
    second.end()
    third = Program(path, now=120)
    assert [run.outcome for run in third.runs] == [Outcome.FAILED]
    assert third.state.status is IDLE


def test_a_run_goes_on_after_a_quick_restart_and_after_a_long_one_it_may_be_another(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25), (RUNNING, 40))
    first.end()
    second = Program(path, now=50)
    second.see((RUNNING, 52))
    (run,) = second.runs
    assert (run.start, run.maybe_two) == (Between(NOON + 9.9, NOON + 25), False)
    second.end()
    third = Program(path, now=500)
    third.see((RUNNING, 502), (IDLE, 517))
    (run,) = third.runs
    assert (run.maybe_two, run.end) == (True, Between(NOON + 501.9, NOON + 517))
    third.end()
    assert len(Program(path, now=600).runs) == 1


def test_that_a_run_may_be_two_is_not_forgotten_when_the_program_is_killed_then(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25), (RUNNING, 300), (RUNNING, 310))
    first.kill()
    second = Program(path, now=311)
    second.see((RUNNING, 312))
    assert [run.maybe_two for run in second.runs] == [True]


def test_a_start_while_the_program_was_away_lies_between_the_two_answers(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 10))
    first.end()
    second = Program(path, now=900)
    second.see((RUNNING, 901))
    assert [run.start for run in second.runs] == [Between(NOON + 9.9, NOON + 901)]
    assert [(seen.after.wall, seen.by) for seen in second.state.transitions] == [(moment(9.9).wall, moment(901))]


@pytest.mark.parametrize(("at", "events"), [(300, [Event.PRESENT, Event.STOPPED]), (9000, [Event.PRESENT])])
def test_a_stop_during_a_short_absence_is_a_change_and_one_during_a_long_absence_is_none(
    path: Path, at: float, events: list[Event]
) -> None:
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25))
    first.end()
    second = Program(path, now=at)
    before = second.state
    second.see((IDLE, at + 1))
    assert [change.event for change in changes_of(before, second.state)] == events


def test_what_another_program_saw_later_is_what_is_known(path: Path) -> None:
    one, other = Program(path), Program(path)
    one.see((IDLE, 10), (RUNNING, 25))
    other.see((IDLE, 12), (RUNNING, 27), (IDLE, 80))
    other.end()
    one.end()
    again = Program(path, now=100)
    assert (again.state.status, again.state.current_run) == (IDLE, None)
    assert [(run.start, run.end) for run in again.runs] == [
        (Between(NOON + 11.9, NOON + 25), Between(NOON + 26.9, NOON + 80))
    ]


def test_a_program_that_goes_on_takes_in_the_runs_that_another_one_saw(path: Path) -> None:
    one, other = Program(path), Program(path)
    one.see((IDLE, 10), (RUNNING, 25), (IDLE, 100))
    other.see((IDLE, 12), (RUNNING, 22), (IDLE, 104), (RUNNING, 120), (IDLE, 150), (RUNNING, 200))
    other.end()
    one.hear()
    assert [(run.start, run.end) for run in one.runs] == [
        (Between(NOON + 11.9, NOON + 22), Between(NOON + 24.9, NOON + 100)),
        (Between(NOON + 103.9, NOON + 120), Between(NOON + 119.9, NOON + 150)),
    ]
    assert one.state.stopped_run == one.runs[0]
    one.learn(RunRecord(7, Outcome.FAILED, "FAILURE", is_finished=True, is_confirmed=True))
    assert [run.outcome for run in one.runs] == [Outcome.FAILED, Outcome.UNKNOWN]
    before = one.board
    one.hear()
    assert one.board is before


def test_a_run_that_another_program_saw_end_first_is_one(path: Path) -> None:
    one, other = Program(path), Program(path)
    one.see((IDLE, 10), (RUNNING, 25), (RUNNING, 60), (RUNNING, 90))
    other.see((IDLE, 12), (RUNNING, 27), (RUNNING, 60), (RUNNING, 80), (IDLE, 95))
    other.end()
    one.hear()
    assert [run.end for run in one.runs] == [None]
    one.see((IDLE, 105))
    one.known = Program(path, now=106)._file.read()
    one.board = one.recorder.fill(one.board)
    assert [(run.start, run.end) for run in one.runs] == [
        (Between(NOON + 11.9, NOON + 25), Between(NOON + 89.9, NOON + 95))
    ]


def test_what_is_not_to_have_happened_yet_is_forgotten(path: Path) -> None:
    first = Program(path, now=7200)
    first.see((IDLE, 7200), (RUNNING, 7215), (IDLE, 7300), (RUNNING, 7400))
    first.end()
    assert Program(path, now=100).state == JobState(Job(JOB))


@pytest.mark.parametrize("is_written", [False, True])
def test_a_clock_that_is_set_leaves_one_row_of_the_run(path: Path, is_written: bool) -> None:
    """Also if the run was written down before, as it is within seconds."""
    first = Program(path)
    first.see((IDLE, 10), (RUNNING, 25))
    if is_written:
        first.write()
    then = Moment(40, moment(3640).wall)
    first.record(Reading(JOB, RUNNING, then, then))
    first.now = 3641
    first.end()
    again = Program(path, now=3650)
    assert [run.start for run in again.runs] == [Between(NOON + 3609.9, NOON + 3625)]


def test_an_answer_that_changes_nothing_is_written_once_a_minute(path: Path) -> None:
    program = Program(path)
    program.see(*((RUNNING, at) for at in range(0, 300, 5)))
    assert [at for at, _ in program.notes] == [0, 60, 120, 180, 240]
    assert [len(notes.runs) for _, notes in program.notes] == [1] * 5
    for program.now in (400, 500, 600):
        program.recorder.tick()
    program.see((failure(), 700), (failure(), 770))
    assert [at for at, _ in program.notes][5:] == [400]  # what is not read any more may be known better by others


def test_a_gap_while_nothing_changes_is_remembered(path: Path) -> None:
    first = Program(path)
    first.see((IDLE, 0), (RUNNING, 15), (IDLE, 30), (IDLE, 300))
    first.kill()
    first = Program(path, now=301)
    assert first.state.gaps == ()
    first.see((IDLE, 302), (IDLE, 600), (IDLE, 610), (IDLE, 900), (IDLE, 910))
    assert [len(notes.gaps) for _, notes in first.notes if notes.gaps] == [1, 1, 1]  # each is written once
    first.kill()
    assert Program(path, now=911).state.gaps[-2:] == (
        Gap(JOB, NOON + 302, NOON + 599.9),
        Gap(JOB, NOON + 610, NOON + 899.9),
    )


def flips(chance: random.Random, number: int) -> Truth:
    at, moments = 100.0, []
    for _ in range(number):  # no build and no pause is so short that it is over between two readings without a gap
        at += 50 + chance.expovariate(1 / 120)
        moments.append(at)
    return Truth(moments)


@pytest.mark.parametrize("seed", range(by_length(1, 20, 100)))
def test_a_thousand_flips_with_gaps_and_restarts_are_recorded_truly(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    truth = flips(chance, 1000)
    program, now, restarts = Program(path), 0.0, 0
    recorded: dict[float, ObservedRun] = {}
    while now < truth.flips[-1] + 60:
        took = chance.uniform(0.02, 2)
        decided = now + chance.uniform(0, took)
        outcome = failure() if chance.random() < 0.03 else truth.status(decided)
        program.record(Reading(JOB, outcome, moment(now), moment(now + took)))
        now += took + chance.uniform(13.0, 15.0)
        if chance.random() < 0.005:
            now += chance.expovariate(1 / 600)
        if chance.random() < 0.02:
            program.now = now
            chance.choice((program.end, program.kill))()
            now += chance.choice((1.0, 30.0, chance.expovariate(1 / 600)))
            program, restarts = Program(path, now), restarts + 1
        recorded |= {run.start.by: run for run in program.runs}
    runs = [run for _, run in sorted(recorded.items())]
    assert restarts > 50
    assert len(runs) > 300
    assert all(is_true(run, truth) for run in runs)
    assert sum(run.maybe_two for run in runs) < len(runs) / 5
    assert all(one.end and one.end.by <= two.start.by for one, two in pairwise(runs))
