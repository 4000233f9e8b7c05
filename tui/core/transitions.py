"""What happened to a job between two of its states, and what of it may cause an alert."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tui.core.alert_policy import LATE, AlertOn, Happening
from tui.core.board import JobState, Transition
from tui.core.job import Job
from tui.core.job_runs import late_since
from tui.core.reading import Failure, Reading, Status
from tui.core.run import Outcome


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


class Change(NamedTuple):
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
        return None if isinstance(self.reading.result, Failure) else self.reading.result


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
    seen = [one for one in new_transitions(before, after) if not before.is_remembered or _width(one) <= LATE]
    for transition in seen:
        event = Event.STARTED if transition.status is Status.RUNNING else Event.STOPPED
        yield Change(after.job, event, after.good or last, transition)
    if before.last is None:
        return
    if after.failure and (seen or before.failure is None or after.failure.cause != before.failure.cause):
        yield Change(after.job, Event.NO_ANSWER, last)
    elif before.failure and not after.failure and not seen:
        yield Change(after.job, Event.READABLE, last)


def deserves_alert(change: Change) -> bool:
    """Returns True for a start or a stop. A failure is only shown, since it may concern all jobs at once."""
    return change.event in (Event.STARTED, Event.STOPPED)


def happenings_of(before: JobState, after: JobState, now: float, is_outcome_asked: bool) -> Iterator[Happening]:
    """Yields what happened to one job between two states. `now` is in monotonic seconds."""
    for transition in new_transitions(before, after):
        if _width(transition) <= LATE or (after.armed and not before.is_remembered):
            has_started = transition.status is Status.RUNNING
            kind = AlertOn.STARTED if has_started else AlertOn.STOPPED
            is_last = transition is after.transitions[-1]
            yield happening(after, kind, now)._replace(
                is_outcome_pending=is_outcome_asked and is_last and not has_started
            )
    if after.is_silent and not before.is_silent and is_silence_news(after):
        yield happening(after, AlertOn.NO_ANSWER, now)


def has_become_late(before: JobState, after: JobState) -> bool:
    """Returns whether the run in progress takes longer than usual now, and did not at the reading before.

    What became so long ago, while there were no readings, is no news.
    """
    if before.good is None or after.good is None or late_since(before) is not None:
        return False
    since = late_since(after)
    return since is not None and after.good.received.wall.timestamp() - since <= LATE


def happening(state: JobState, kind: AlertOn, at: float) -> Happening:
    return Happening(state.job.id, state.name, kind, at, armed=state.armed)


def end_of_run(state: JobState, seen_at: float) -> Happening:
    """Returns the end of the job's last run, with what the service tells of it. `seen_at` is when the stop was seen.

    It is pending until a failed run's step is known, too.
    """
    what = happening(state, AlertOn.STOPPED, seen_at)
    if (run := state.last_run) is None or run.outcome is Outcome.UNKNOWN:
        return what
    has_failed = run.outcome in (Outcome.FAILED, Outcome.TIMED_OUT)
    return what._replace(
        kind=AlertOn.FAILED if has_failed else AlertOn.STOPPED,
        is_outcome_pending=run.outcome is Outcome.FAILED and state.failed_step is None,
        outcome=str(run.outcome),
        number=run.number,
        branch=run.branch,
        step=state.failed_step.step if state.failed_step else "",
    )


def new_transitions(before: JobState, after: JobState) -> list[Transition]:
    """Returns the starts and stops that the later state has and the earlier one has not, oldest first."""
    known = before.transitions[-1] if before.transitions else None
    new: list[Transition] = []
    for transition in reversed(after.transitions):
        if transition is known:
            break
        new.append(transition)
    return new[::-1]


def is_silence_news(state: JobState) -> bool:
    """Returns whether it is news that the job gives no answer: not if it gave none before this start either."""
    return not state.paused and state.silent_before is None


def _width(transition: Transition) -> float:
    """Returns the seconds between the two answers; by the other clock, too, since one stops while the host sleeps."""
    after, by = transition.after, transition.by
    return max(by.at - after.at, (by.wall - after.wall).total_seconds())
