"""What happened to jobs between two boards, and which of these changes deserve an alert."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tui.core.board import JobState, Transition
from tui.core.job import Job
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.core.run import is_late


class Event(StrEnum):
    """What happened to a job, as far as readings show it."""

    PRESENT = "present"
    """The first reading, successful or not."""
    STARTED = "started"
    STOPPED = "stopped"
    NO_ANSWER = "no answer"
    """Readings fail now, or fail for another reason than before."""
    READABLE = "readable"
    """Readings succeed again and the status is the same as before; or this is the first status."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one job."""

    job: Job
    event: Event
    reading: Reading
    """The reading that showed it."""
    transition: Transition | None = None
    """The start or stop: between which readings it was."""

    @property
    def status(self) -> Status | None:
        """The status after the transition; without one, the reading's."""
        if self.transition:
            return self.transition.status
        return None if isinstance(self.reading.outcome, Failure) else self.reading.outcome


def changes_of(before: JobState, after: JobState) -> Iterator[Change]:
    """Yields what happened to one job between two states, oldest first.

    Transitions are all included, even if several readings arrived together, but not one that may have happened long
    before this start. Failures between the two states are not.
    """
    last = after.last
    if last is None or last is before.last:
        return
    if before.last is None:
        yield Change(after.job, Event.PRESENT, last)
    seen = [one for one in new_transitions(before, after) if not before.is_remembered or _is_recent(one)]
    for transition in seen:
        event = Event.STARTED if transition.status is Status.RUNNING else Event.STOPPED
        yield Change(after.job, event, after.good or last, transition)
    if before.last is None:
        return
    if after.failure and (seen or _identity(after.failure) != _identity(before.failure)):
        yield Change(after.job, Event.NO_ANSWER, last)
    elif before.failure and not after.failure and not seen:
        yield Change(after.job, Event.READABLE, last)


def deserves_alert(change: Change) -> bool:
    """Returns True for a start or a stop. A failure is only shown, since it may concern all jobs at once."""
    return change.event in (Event.STARTED, Event.STOPPED)


def new_transitions(before: JobState, after: JobState) -> list[Transition]:
    """Returns the starts and stops that the later state has and the earlier one has not, oldest first."""
    known = before.transitions[-1] if before.transitions else None
    new: list[Transition] = []
    for transition in reversed(after.transitions):
        if transition is known:
            break
        new.append(transition)
    return new[::-1]


def _is_recent(transition: Transition) -> bool:
    return not is_late(transition.after.wall, transition.by.wall)


def _identity(failure: Failure | None) -> tuple[FailureKind, str] | None:
    """Returns what two equal failures have in common: not the wording, which may include a time or an address."""
    return (failure.kind, failure.code) if failure else None
