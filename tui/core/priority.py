"""Which jobs are read more often than the rest, beside those that run. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from tui.core.board import Board
from tui.core.estimate import RunProgress
from tui.core.job import JobId
from tui.core.reading import Moment, Status
from tui.core.run_progress import course_of


def chosen(board: Board, marked: Iterable[JobId]) -> Iterator[JobId]:
    """Yields the jobs that the user has marked or armed."""
    yield from marked
    for job, state in board.states.items():
        if state.armed:
            yield job


def expected_ends(board: Board, now: Moment) -> Mapping[JobId, float]:
    """Returns when running jobs usually end (clock seconds); those that are due at any moment end now."""
    ends = {}
    for job, state in board.states.items():
        if state.status is not Status.RUNNING or not (course := course_of(state, now.wall.timestamp())):
            continue
        if course.outlook.left is not None:
            ends[job] = now.at + course.outlook.left
        elif course.outlook.progress is RunProgress.ANY_MOMENT:
            ends[job] = now.at
    return ends
