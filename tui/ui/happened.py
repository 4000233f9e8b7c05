"""What happened to the jobs: times without answers that are over, and the digest after a time without keys."""

from collections import deque
from collections.abc import Iterable, Sequence

from tui.core.board import Board, JobState
from tui.core.job import JobId
from tui.core.past_events import Digest, Outage, PastEvent, digest, ended_outage, events
from tui.core.reading import Moment

SILENT = 600.0
"""Seconds without a key after which the next one brings a digest."""
OUTAGES = 500


class Happened:
    """Remembers when a key was pressed last, and what the jobs' states do not keep."""

    def __init__(self, now: Moment) -> None:
        self._outages: deque[Outage] = deque(maxlen=OUTAGES)
        self._last_key = now
        self._silence: tuple[float, float] | None = None
        """Beginning and end of the time that the digest is about; None if none is shown."""
        self.has_just_woken = False
        """Whether the last key was the one that ended the silence: it does what it always does."""

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Take what ended between the two boards."""
        for job in jobs:
            was, now = before.states.get(job), after.states.get(job)
            if was and now and (outage := ended_outage(was, now)):
                self._outages.append(outage)

    def events(self, states: Iterable[JobState], now: Moment) -> list[PastEvent]:
        """The last events of these jobs, newest first."""
        states = list(states)
        watched = {state.job.id for state in states}
        return events(states, (one for one in self._outages if one.job in watched), now.wall.timestamp())

    def key(self, now: Moment) -> bool:
        """Takes note of a key, a click or a paste. Returns whether it ended a silence."""
        self.has_just_woken = now.at - self._last_key.at >= SILENT
        if self.has_just_woken:
            since = self._silence[0] if self._silence else self._last_key.wall.timestamp()
            self._silence = since, now.wall.timestamp()
        self._last_key = now
        return self.has_just_woken

    def digest(self, states: Iterable[JobState]) -> Digest | None:
        """What happened in the silence; None if no digest is shown, or if nothing happened."""
        if self._silence is None:
            return None
        found = digest(states, *self._silence)
        return found if found.counts else None

    @property
    def may_close(self) -> bool:
        """Whether a key may close the digest, or go through it."""
        return self._silence is not None and not self.has_just_woken

    def close_digest(self) -> None:
        self._silence = None


def next_of(jobs: Sequence[JobId], cursor: JobId | None, step: int) -> Sequence[JobId]:
    """The jobs in the order in which to try them: those after the cursor's, once around; all if it is none of them."""
    if cursor not in jobs:
        return jobs[::step]
    at = jobs.index(cursor)
    return [jobs[(at + step * by) % len(jobs)] for by in range(1, len(jobs))]
