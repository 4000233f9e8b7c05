"""What one job's row has to show, as plain words."""

from datetime import datetime
from math import inf
from typing import NamedTuple

from tui.core.board import Freshness, JobState
from tui.core.condition import Condition, condition_of
from tui.core.reading import Moment, Status
from tui.ui import formatting

NOT_ASKED = -inf
"""The interval while everything is paused: then no status is current, however young."""
RECENT = 600.0
"""Seconds for which a change is news: noted on the row, and found by "next problem"."""


class Row(NamedTuple):
    """A job's state at one moment, ready for the columns."""

    state: JobState
    now: Moment
    interval: float
    """Seconds between two questions now; freshness is judged against it."""

    @property
    def condition(self) -> Condition:
        return condition_of(self.state, self.now.at, self.interval)

    @property
    def freshness(self) -> Freshness:
        return self.state.freshness(self.now.at, self.interval)

    @property
    def current(self) -> bool:
        """Whether the status may be shown as how things are now."""
        return self.freshness is Freshness.FRESH or self.freshness is Freshness.AGEING

    @property
    def changed_lately(self) -> bool:
        seen = self.state.transitions
        return bool(seen) and self.now.at - seen[-1].by.at < RECENT


class Subject(NamedTuple):
    """What the details are about."""

    row: Row
    endpoint: str
    """`https://host`, for the request as a `curl` line."""
    next_attempt: float | None
    """Clock seconds; None when none is planned."""
    interval: float


def status_word(row: Row) -> str:
    """The status, never a bare one for an answer that is old: `was running` then."""
    state = row.state
    if state.paused:
        return "paused"
    if state.status is None:
        return "failing" if state.failure else "unread"
    return str(state.status) if row.current else f"was {state.status}"


def how_long(row: Row) -> str:
    """For how long the status has been seen; `5m+` is at least five minutes, where it began before we looked.

    Once the last good answer is old the time ends with it: nobody has seen more.
    """
    since, good = row.state.since, row.state.good
    if since is None or good is None or row.state.paused:
        return ""
    seconds = (row.now if row.current else good.received).at - since.at
    return formatting.duration(seconds) if row.state.since_after else formatting.at_least(seconds)


def age(row: Row) -> str:
    """The age of the last good answer, only where it is no longer fresh and another is awaited."""
    seconds = row.state.age(row.now.at)
    if seconds is None or row.freshness is Freshness.FRESH or row.state.paused or row.interval == NOT_ASKED:
        return ""
    return formatting.age(seconds)


def note(row: Row) -> str:
    """The error in one line, or what is next, or what has just changed."""
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
    if row.changed_lately:
        return span(row.state, today)
    return ""


def span(state: JobState, today: datetime) -> str:
    """Between which two answers the last change was: `started 14:02:05 - 14:02:20`."""
    change = state.transitions[-1]
    verb = "started" if change.status is Status.RUNNING else "stopped"
    return f"{verb} {formatting.time_of_day(change.after, today)} - {formatting.time_of_day(change.by, today)}"
