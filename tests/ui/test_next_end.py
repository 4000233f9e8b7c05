"""The header and the rows of one frame say the same of what ends next."""

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_past_events import run
from tests.support.builders import job_id, moment, reading
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.reading import Status
from tui.core.run import Outcome
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import UNICODE
from tui.ui.board_state import BoardState
from tui.ui.row import running_time

NOW = 1000.0


class Frames:
    """Running jobs, whose runs began so many seconds ago and usually take so many; and their rows as drawn last."""

    def __init__(self, times: Sequence[tuple[int, int]]) -> None:
        self.interval = 15.0
        jobs = [Job(job_id(number), f"job {number}") for number in range(len(times))]
        board = Board().watch(jobs)
        self.state = BoardState(board, ScreenState(), moment(NOW), {}, lambda _: self.interval, lambda: [""])
        self.read([job.id for job in jobs], NOW)
        known = dict(self.state.board.states)
        for job, (elapsed, usual) in zip(jobs, times, strict=True):
            ended = tuple(run(job.id, -5000.0, -5000 + usual, Outcome.PASSED) for _ in range(20))
            known[job.id] = known[job.id]._replace(runs=ended, current_run=run(job.id, NOW - elapsed + 5))
        self.state.board = self.state.board._replace(states=known)
        self.drawn: dict[JobId, str] = {}
        self.draw_all(NOW)

    def read(self, jobs: list[JobId], at: float) -> None:
        self.state.record([reading(job, Status.RUNNING, at) for job in jobs], lambda _: 15.0)

    def draw_all(self, at: float) -> None:
        self.state.show_all(moment(at))
        self.drawn = {job: self.text(job) for job in self.state.order}

    def draw_what_was_read(self) -> None:
        self.drawn |= {job: self.text(job) for job in self.state.show_changed()}

    def text(self, job: JobId) -> str:
        course = self.state.row(job).course
        return running_time(course, 40, UNICODE) if course else ""

    @property
    def left(self) -> list[str]:
        """What the rows say of their ends, the next one first."""
        found = (re.search(r"(any moment)|(≈\S+) left", text) for text in self.drawn.values())
        return sorted((one[1] or one[2] for one in found if one), key=seconds)

    @property
    def said_above(self) -> list[str]:
        return [text for _, text in self.state.ends(UNICODE)]


def seconds(text: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", text))


def test_a_run_of_minutes_that_ends_in_seconds_is_not_named_before_a_row_that_says_less() -> None:
    frames = Frames([(475, 480), (100, 112)])
    assert frames.left == ["≈15s", "≈1m"]
    assert frames.said_above == ["≈15s", "≈1m"]


TIMES = st.lists(
    st.tuples(st.integers(5, 600), st.integers(-60, 240)).map(lambda one: (one[0], max(20, sum(one)))), max_size=6
)
STEPS = st.lists(
    st.tuples(st.floats(0, 40), st.sets(st.integers(0, 5)), st.booleans(), st.sampled_from((1.0, 15.0, 60.0))),
    max_size=5,
)


@given(TIMES, STEPS)
def test_the_next_end_of_the_header_is_the_least_of_the_rows(
    times: list[tuple[int, int]], steps: list[tuple[float, set[int], bool, float]]
) -> None:
    """Whatever is read between two frames, and however the interval of polling changes meanwhile."""
    frames, at = Frames(times), NOW
    assert frames.said_above == frames.left[:2]
    for passed, read, all_drawn, interval in steps:
        at += passed
        frames.interval = interval
        frames.read([job_id(number) for number in read if number < len(times)], at)
        frames.draw_all(at) if all_drawn else frames.draw_what_was_read()
        assert frames.said_above == frames.left[:2]
