"""Which jobs are read more often than the rest."""

from tests.support.builders import DAY, job_id, moment
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.job_runs import chosen, expected_ends
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Reading, Status

JOB, OTHER = job_id(1), job_id(2)


def read(job: JobId, status: Status, at: float) -> Reading:
    return Reading(job, status, moment(at), moment(at + 0.1))


def test_the_chosen_jobs_are_the_marked_and_the_armed_ones() -> None:
    board = Board().watch([Job(JOB), Job(OTHER, alert=True)])
    assert set(chosen(board, ())) == {OTHER}
    assert set(chosen(board.arm_once([JOB], is_armed=True), ())) == {JOB, OTHER}
    assert set(chosen(board, {JOB})) == {JOB, OTHER}


def test_a_running_job_whose_runs_are_known_has_an_expected_end() -> None:
    wall = DAY.timestamp()

    def run(began: float) -> ObservedRun:
        start, end = wall + began, wall + began + 300
        return ObservedRun(JOB, Between(start - 5, start), end - 5, Between(end - 5, end), interval=15)

    board = Board().watch([Job(JOB), Job(OTHER)])
    board = board.record([read(job, Status.RUNNING, 5000.0) for job in (JOB, OTHER)])
    going = ObservedRun(JOB, Between(wall + 4995, wall + 5000), wall + 5000)
    known = board.states[JOB]._replace(runs=tuple(run(1000.0 * turn) for turn in range(4)), current_run=going)
    board = board._replace(states={**board.states, JOB: known})
    assert {job: round(end) for job, end in expected_ends(board, moment(5100.0)).items()} == {JOB: 5298}
    assert expected_ends(board, moment(5305.0)) == {JOB: 5305}
    idle = board.record([read(JOB, Status.IDLE, 5200.0)])
    assert expected_ends(idle, moment(5210.0)) == {}
