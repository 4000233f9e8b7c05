"""What the board shows: which rows, in which order, and the text that stands in place of none. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tui.core.board import Freshness
from tui.core.condition import PROBLEMS
from tui.core.filter import Filter
from tui.core.job import JobId
from tui.core.reading import Failure, Retry
from tui.core.text import clean
from tui.storage.screen_state import ScreenState
from tui.ui.columns import Column, SortKey
from tui.ui.row import Row


@dataclass
class RowOrder:
    """Remembers each job's sort key, so that a batch of readings costs as much as it changes."""

    column: Column | None = None
    """What to sort by; the watchlist's own order when None."""
    reverse: bool = False
    filter: Filter = field(default_factory=Filter)
    only_problems: bool = False
    only: frozenset[JobId] | None = None
    """The jobs of the one profile that is shown; None for all."""
    _keys: dict[JobId, SortKey | None] = field(default_factory=dict)

    @property
    def depends_on_readings(self) -> bool:
        return self.column is not None or self.filter.by_condition or self.only_problems

    def moved(self, jobs: Iterable[JobId], row_of: Callable[[JobId], Row]) -> bool:
        """Whether any of these jobs has another place now than when `order` was last asked."""
        if not self.depends_on_readings:
            return False
        return any(self._key(row_of(job)) != self._keys.get(job) for job in jobs)

    def order(self, jobs: Iterable[JobId], row_of: Callable[[JobId], Row]) -> tuple[JobId, ...]:
        """The jobs to show, in order; ties and an unsorted list stay in the watchlist's order."""
        if not (self.depends_on_readings or self.filter.terms or self.reverse or self.only is not None):
            return tuple(jobs)
        self._keys = {job: self._key(row_of(job)) for job in jobs}
        shown = [(key, job) for job, key in self._keys.items() if key is not None]
        if self.column:
            filled = sorted((one for one in shown if one[0]), key=lambda one: one[0], reverse=self.reverse)
            shown = filled + [one for one in shown if not one[0]]
        elif self.reverse:
            shown.reverse()
        return tuple(job for _, job in shown)

    def _key(self, row: Row) -> SortKey | None:
        if self.only is not None and row.state.job.id not in self.only:
            return None
        if self.only_problems and row.condition not in PROBLEMS:
            return None
        is_stale = row.freshness is Freshness.STALE and not row.state.paused
        if not self.filter.matches(row.state.job, row.condition, is_stale):
            return None
        return self.column.sort(row) if self.column else ()


def empty_text(watched: int, shown: int, state: ScreenState, trouble: Failure | None) -> str:
    """The text, empty when the rows speak for themselves. `trouble` only where nothing was ever read."""
    if not watched:
        return (
            "No jobs yet.\n\n"
            "Press a to add some, or paste here what you have: IDs, addresses of build tasks, a whole message.\n"
            "The ID is the 32 letters and digits at the end of the address of the build task's page."
        )
    if not shown and state.problems_only and not state.filter:
        return "No problems.\n\nNo job fails, none is stale. ! shows all jobs again."
    if not shown and not state.filter:
        return f"No job of the profile {clean(state.profile)!r}.\n\nF shows all profiles again."
    if not shown:
        return f"Nothing matches the filter {clean(state.filter)!r}.\n\nesc drops it; / changes it."
    if trouble:
        jobs = "the job" if watched == 1 else f"any of the {watched} jobs"
        way = (
            "r tries again once the credential is right; a changed token file is noticed by itself."
            if trouble.kind.retry is Retry.SIGN_IN
            else "It is tried again by itself; r tries now."
        )
        return f"Could not ask about {jobs}.\n\n{trouble.summary}\n{way}"
    return ""
