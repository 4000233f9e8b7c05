"""The sum that follows readings is the sum of looking at every job."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import failure, job_id, moment, summarise
from tui.core.board import Board
from tui.core.condition import Condition, Summary, Tally
from tui.core.job import Job
from tui.core.reading import Failure, Reading, Status

JOBS = [Job(job_id(n)) for n in range(1, 6)]
INTERVAL = 1000.0
steps = st.lists(st.tuples(st.integers(0, 4), st.sampled_from([*Status, failure(), True, False])), max_size=30)
"""A job, and what was read of it, or whether the user paused it or let it go on."""


@given(steps)
def test_counts_that_follow_changes_equal_a_fresh_count(taken: list[tuple[int, Status | Failure | bool]]) -> None:
    board, tally = Board().watch(JOBS), Tally()
    tally.count(board.states.values(), 0.0, lambda state: INTERVAL)
    for second, (place, what) in enumerate(taken):
        job = JOBS[place].id
        if isinstance(what, bool):
            board = board.pause([job], moment(second) if what else None)
        else:
            board = board.record([Reading(job, what, moment(second), moment(second))])
        tally.follow([board.states[job]], lambda state: INTERVAL)
        found, expected = tally.summary, summarise(board.states.values(), 0.0, lambda state: INTERVAL)
        assert +found.counts == +expected.counts
        assert (found.never, found.ageing, found.oldest) == (expected.never, expected.ageing, expected.oldest)
        named = {one: len(jobs) for one, jobs in tally.jobs.items() if one is not Condition.UNREAD}
        assert +Counter(named) == Counter({one: n for one, n in (+found.counts).items() if one in named})


def of_one(age: float, outcome: Status | Failure = Status.RUNNING) -> Summary:
    """The sum of one job that was read, and asked again without an answer where `outcome` is a failure."""
    board = Board().watch(JOBS[:1]).record([Reading(JOBS[0].id, Status.RUNNING, moment(0), moment(0))])
    board = board.record([Reading(JOBS[0].id, outcome, moment(0), moment(0))])
    return summarise(board.states.values(), age, lambda state: 10.0)


@pytest.mark.parametrize(
    ("age", "ageing", "stale"), [(15.0, 0, 0), (15.1, 1, 0), (25.0, 1, 0), (30.0, 1, 0), (30.1, 1, 1), (40.0, 1, 1)]
)
def test_the_sum_takes_a_job_for_fresh_as_long_as_its_row_does(age: float, ageing: int, stale: int) -> None:
    for outcome in (Status.RUNNING, failure()):
        found = of_one(age, outcome)
        assert (found.ageing, found.stale) == (ageing, stale)
        assert found.oldest == (age if ageing else None)
    assert of_one(age).counts[Condition.RUNNING] == 1 - stale


def test_what_time_alone_changes_is_found_when_counted_anew() -> None:
    board, tally = Board().watch(JOBS[:1]), Tally()
    board = board.record([Reading(JOBS[0].id, Status.IDLE, moment(0), moment(0))])
    for now, condition in (1.0, Condition.IDLE), (100.0, Condition.STALE):
        tally.count(board.states.values(), now, lambda state: 10.0)
        assert +tally.summary.counts == {condition: 1}
    assert tally.summary.oldest == 100.0
