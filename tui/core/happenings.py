"""What may cause an alert: from two states of a job, or from what the service tells of its last run."""

from collections.abc import Iterator

from tui.core.alert_policy import LATE, AlertOn, Happening
from tui.core.board import JobState, Transition
from tui.core.reading import Retry, Status
from tui.core.run import Outcome
from tui.core.run_progress import late_since
from tui.core.transitions import new_transitions

SILENT_AFTER = 3
"""Failed readings in a row that count as no answer. Failures that do not pass by themselves count at once."""


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
    if is_silent(after) and not is_silent(before):
        yield happening(after, AlertOn.NO_ANSWER, now)


def has_become_late(before: JobState, after: JobState) -> bool:
    """Returns whether the run in progress takes longer than usual now, and did not at the reading before.

    What became so long ago, while there were no readings, is no news.
    """
    if before.good is None or after.good is None or late_since(before) is not None:
        return False
    since = late_since(after)
    return since is not None and after.good.received.wall.timestamp() - since <= LATE


def is_silent(state: JobState) -> bool:
    """Returns whether the job gives no answer, for longer than a moment."""
    if state.failure is None or state.paused:
        return False
    return state.failures >= SILENT_AFTER or state.failure.kind.retry is Retry.LASTING


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


def _width(transition: Transition) -> float:
    """Returns the seconds between the two answers; by the other clock, too, since one stops while the host sleeps."""
    after, by = transition.after, transition.by
    return max(by.at - after.at, (by.wall - after.wall).total_seconds())
