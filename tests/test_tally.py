"""The sum that follows readings is the sum of looking at every job."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import failure, job_id, moment
from tui.core.board import Board
from tui.core.condition import Condition, Tally, summarise
from tui.core.job import Job
from tui.core.reading import Failure, Reading, Status

JOBS = [Job(job_id(n)) for n in range(1, 6)]
INTERVAL = 1000.0
steps = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([*Status, failure(), True, False])), max_size=30)
"""A job, and what was read of it, or whether the user paused it or let it go on."""


@given(steps)
def test_following_comes_to_the_same_as_counting(taken: list[tuple[int, Status | Failure | bool]]) -> None:
    board, tally = Board().watch(JOBS), Tally()
    tally.of(board, 0.0, lambda state: INTERVAL)
    for second, (place, what) in enumerate(taken):
        job, before = JOBS[place].id, board
        if isinstance(what, bool):
            board = board.pause([job], moment(second) if what else None)
        else:
            board = board.record([Reading(job, what, moment(second), moment(second))])
            tally.follow(before, board, {job})
        found = tally.of(board, float(second), lambda state: INTERVAL)
        expected = summarise(board.states.values(), float(second), lambda state: INTERVAL)
        assert +found.counts == +expected.counts
        assert (found.never, found.ageing, found.oldest) == (expected.never, expected.ageing, expected.oldest)


def test_what_time_alone_changes_is_found_when_told_to_forget() -> None:
    board, tally = Board().watch(JOBS[:1]), Tally()
    board = board.record([Reading(JOBS[0].id, Status.IDLE, moment(0), moment(0))])
    assert tally.of(board, 1.0, lambda state: 10.0).counts[Condition.IDLE] == 1
    tally.forget()
    assert tally.of(board, 100.0, lambda state: 10.0).counts[Condition.STALE] == 1
    assert tally.of(board, 200.0, lambda state: 10.0).oldest == 200.0
