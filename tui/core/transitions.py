"""What changed between two states of knowledge, and which changes deserve an alert."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tui.core.board import Board, JobState, Transition
from tui.core.job import Job
from tui.core.reading import Failure, FailureKind, Reading, Status

ALERT_FIELDS = ("id", "label", "status", "change", "profile")
"""What the command of the alerts is given: `{label}` in an argument, and CODEARTS_LABEL in its environment."""


class Event(StrEnum):
    """What happened to a job, as far as we can see it."""

    PRESENT = "present"
    """It was read for the first time, well or not."""
    STARTED = "started"
    STOPPED = "stopped"
    FAILING = "failing"
    """It cannot be read any more, or for another reason than before."""
    READABLE = "readable"
    """It can be read again, and its status is what it was; or it has its first status."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to one job."""

    job: Job
    event: Event
    reading: Reading
    """The one that showed it."""
    transition: Transition | None = None
    """Of a start or stop: between which answers it was."""

    @property
    def status(self) -> Status | None:
        """Of the moment after a transition; otherwise what the reading says."""
        if self.transition:
            return self.transition.status
        return None if isinstance(self.reading.outcome, Failure) else self.reading.outcome


def changes_of(before: JobState, after: JobState) -> Iterator[Change]:
    """All that happened to one job between two states, oldest first.

    Every transition counts, also of readings that came together; of failures only how it was and how it is.
    """
    last = after.last
    if last is None or last is before.last:
        return
    if before.last is None:
        yield Change(after.job, Event.PRESENT, last)
    seen = list(_new_transitions(before, after))
    for transition in seen:
        event = Event.STARTED if transition.status is Status.RUNNING else Event.STOPPED
        yield Change(after.job, event, after.good or last, transition)
    if before.last is None:
        return
    if after.failure and (seen or _sort(after.failure) != _sort(before.failure)):
        yield Change(after.job, Event.FAILING, last)
    elif before.failure and not after.failure and not seen:
        yield Change(after.job, Event.READABLE, last)


def changes(before: Board, after: Board) -> Iterator[Change]:
    """The same for every job that is on both boards, in the order of the later one."""
    for job, state in after.states.items():
        known = before.states.get(job)
        if known and known is not state:
            yield from changes_of(known, state)


def deserves_alert(change: Change) -> bool:
    """A start or a stop does. That a job cannot be read is on the screen, and may concern all at once."""
    return change.event in (Event.STARTED, Event.STOPPED)


def _new_transitions(before: JobState, after: JobState) -> list[Transition]:
    known = before.transitions[-1] if before.transitions else None
    new: list[Transition] = []
    for transition in reversed(after.transitions):
        if transition is known:
            break
        new.append(transition)
    return new[::-1]


def _sort(failure: Failure | None) -> tuple[FailureKind, str] | None:
    """What makes a failure another one: not its wording, which may hold a moment or an address."""
    return (failure.kind, failure.code) if failure else None
