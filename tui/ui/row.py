"""The texts of one job's row."""

from datetime import datetime
from math import inf
from typing import NamedTuple

from tui.core.board import Freshness, JobState
from tui.core.condition import Condition, after_run, condition_of
from tui.core.reading import Moment, Status
from tui.core.run import Outcome
from tui.ui import formatting

NOT_ASKED = -inf
"""The interval while everything is paused. It makes every status stale, however young."""
RECENT = 600.0
"""For so many seconds a change is shown in the note, and found by "next problem"."""


class Row(NamedTuple):
    """A job's state at one moment, ready for the columns."""

    state: JobState
    now: Moment
    interval: float
    """Seconds between two readings now. Freshness is measured against it."""

    @property
    def condition(self) -> Condition:
        return condition_of(self.state, self.now.at, self.interval)

    @property
    def freshness(self) -> Freshness:
        return self.state.freshness(self.now.at, self.interval)

    @property
    def current(self) -> bool:
        """Whether the status is young enough to be shown as the present one."""
        return self.freshness is Freshness.FRESH or self.freshness is Freshness.AGEING

    @property
    def changed_lately(self) -> bool:
        seen = self.state.transitions
        return bool(seen) and self.now.at - seen[-1].by.at < RECENT


class Subject(NamedTuple):
    """What the details show."""

    row: Row
    endpoint: str
    """`https://host`, for the request as a `curl` line."""
    next_attempt: float | None
    """Clock time in seconds; None if no request is planned."""
    interval: float


def status_word(row: Row) -> str:
    """The status; `was running` if the last good reading is old."""
    state = row.state
    if state.paused:
        return "paused"
    if state.status is None:
        return "no answer" if state.failure else "unread"
    word = str(after_run(state) if state.status is Status.IDLE else state.status)
    return word if row.current else f"was {word}"


def look_of(condition: Condition) -> str:
    """The name of the look that a condition has."""
    if condition is Condition.NO_ANSWER:
        return "error"
    return "idle" if condition in (Condition.TIMED_OUT, Condition.ABORTED, Condition.PASSED) else str(condition)


def build(state: JobState) -> str:
    """The last run in a few words: `#88 main · lin · step Sign ipa`; empty where it is not known."""
    run = state.last_run
    if run is None or state.status is not Status.IDLE:
        return ""
    number = f"#{run.number}" if run.number else ""
    step = f"step {state.failed_step.step}" if state.failed_step else ""
    first = " ".join(filter(None, (number, run.branch)))
    unknown = run.outcome_as_sent if run.outcome is Outcome.UNKNOWN else ""
    return " · ".join(filter(None, (unknown, first, step, run.by)))


def how_long(row: Row) -> str:
    """How long the job has had its status. `5m+` is at least five minutes: it had that status at the first reading.

    If the last good reading is old, the time up to that reading: later there is no evidence.
    """
    since, good = row.state.since, row.state.good
    if since is None or good is None or row.state.paused:
        return ""
    seconds = (row.now if row.current else good.received).at - since.at
    return formatting.duration(seconds) if row.state.since_after else formatting.at_least(seconds)


def age(row: Row) -> str:
    """The age of the last good reading; empty while it is fresh, and where no other is expected."""
    seconds = row.state.age(row.now.at)
    if seconds is None or row.freshness is Freshness.FRESH or row.state.paused or row.interval == NOT_ASKED:
        return ""
    return formatting.age(seconds)


def note(row: Row) -> str:
    """The error in one line, or what is awaited, or the last change."""
    state = row.state
    today = row.now.wall
    if state.paused:
        return f"since {formatting.time_of_day(state.paused, today)}"
    if state.failure:
        return state.failure.summary
    if row.interval == NOT_ASKED:
        return f"last answer {formatting.time_of_day(state.good.received, today)}" if state.good else "never asked"
    if state.status is None:
        return "waiting for its first answer"
    if not row.current:
        return "waiting for an answer"
    if state.failed_step:
        return build(state)
    if row.changed_lately:
        return span(row.state, today)
    return build(state)


def span(state: JobState, today: datetime) -> str:
    """The two readings between which the last change happened: `started 14:02:05 - 14:02:20`."""
    change = state.transitions[-1]
    verb = "started" if change.status is Status.RUNNING else "stopped"
    return f"{verb} {formatting.time_of_day(change.after, today)} - {formatting.time_of_day(change.by, today)}"
