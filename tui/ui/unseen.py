"""Which jobs have changed since the user looked: their rows have a mark and weight. Pure."""

from collections.abc import Callable, Collection, Iterable

from tui.core.board import Board, JobState
from tui.core.job import JobId
from tui.core.run import Outcome

LONG_ENOUGH = 2.0
"""Seconds that a change must have been on the screen before a key counts as a sign that it was seen."""


class Unseen:
    """Jobs that started or stopped, by the moment at which that was noticed.

    A failed build stays until the cursor was on it. Any other change, once it was in view, until a key was pressed.
    """

    def __init__(self) -> None:
        self._since: dict[JobId, float] = {}
        self._drawn: dict[JobId, float] = {}
        """Since when the change has been in view."""

    def __contains__(self, job: object) -> bool:
        return job in self._since

    def __len__(self) -> int:
        return len(self._since)

    @property
    def jobs(self) -> Collection[JobId]:
        return self._since.keys()

    def look(self, before: Board, after: Board, jobs: Iterable[JobId], now: float) -> None:
        """Note which of these jobs changed between the two boards."""
        for job in jobs:
            was, state = before.states.get(job), after.states.get(job)
            if was and state and _has_changed(was, state):
                self._since[job] = now
                self._drawn.pop(job, None)

    def keep(self, jobs: Collection[JobId]) -> None:
        """Forget all jobs but these."""
        self._since = {job: at for job, at in self._since.items() if job in jobs}

    def show(self, in_view: Iterable[JobId], now: float) -> None:
        """Take note that these jobs are in view."""
        for job in in_view:
            if job in self._since:
                self._drawn.setdefault(job, now)

    def see(self, job: JobId | None) -> bool:
        """The cursor is on this job. Returns whether it was one of them."""
        self._drawn.pop(job, None) if job else None
        return job is not None and self._since.pop(job, None) is not None

    def key(self, in_view: Iterable[JobId], now: float, has_failed: Callable[[JobId], bool]) -> set[JobId]:
        """A key was pressed. Returns the jobs that were seen by that."""
        seen = {
            job
            for job in in_view
            if job in self._since and now - self._drawn.get(job, now) >= LONG_ENOUGH and not has_failed(job)
        }
        for job in seen:
            self.see(job)
        return seen


def _has_changed(was: JobState, state: JobState) -> bool:
    """Whether it started or stopped, or the run that was seen to stop turned out to have failed."""
    if state.transitions[-1:] != was.transitions[-1:]:
        return True
    return bool(state.stopped_run) and _outcome(state) is Outcome.FAILED and _outcome(was) is not Outcome.FAILED


def _outcome(state: JobState) -> Outcome | None:
    return state.last_run and state.last_run.outcome
