"""What must hold of a board whatever the readings, and whatever the clocks."""

from collections.abc import Callable

from tests.support.builders import summarise
from tui.core.board import Board, Freshness, JobState
from tui.core.condition import Condition, condition_of
from tui.core.reading import Status


def check_board(board: Board, now: float, interval_of: Callable[[JobState], float]) -> None:
    """Asserts that the board does not contradict itself, and shows nothing old as current."""
    assert summarise(board.states.values(), now, interval_of).total == len(board.states)
    for state in board.states.values():
        check_state(state, now)
        check_look(state, now, interval_of(state))


def check_state(state: JobState, now: float) -> None:
    assert (state.status is None) == (state.good is None) == (state.since is None)
    assert bool(state.failures) == bool(state.failure) == bool(state.no_answer_since)
    if state.good and state.since:
        assert state.good.result is state.status
        assert state.since.at <= state.good.received.at <= now
    assert (state.current_run is not None) == (state.status is Status.RUNNING)
    assert max(len(state.transitions), len(state.runs), len(state.gaps)) <= 20
    assert all(run.end for run in state.runs)
    for earlier, later in zip(state.transitions, state.transitions[1:], strict=False):
        assert earlier.status != later.status
        assert earlier.after.at <= earlier.by.at <= later.by.at
        assert earlier.after.at <= later.after.at <= later.by.at


def check_look(state: JobState, now: float, interval: float) -> None:
    """Asserts that a status shown without its age is at most three intervals old."""
    if condition_of(state, now, interval) in (Condition.RUNNING, Condition.IDLE):
        age = state.age(now)
        assert age is not None
        assert 0 <= age <= 3 * interval
        assert state.freshness(now, interval) in (Freshness.FRESH, Freshness.AGEING)
