"""Short ways to make what the tests need."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from tui.core.board import JobState
from tui.core.condition import Summary, Tally
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.ui.row import Row

DAY = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def job_id(number: int) -> JobId:
    return JobId(f"{number:032x}")


def moment(at: float) -> Moment:
    """`at` seconds after noon, on both clocks."""
    return Moment(at, DAY + timedelta(seconds=at))


def after_setting(at: float, by: timedelta) -> Moment:
    """The moment `at` seconds after noon, once the clock was set by so much."""
    return Moment(at, moment(at).wall + by)


class Time:
    """Both clocks of a machine; a test moves them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> Moment:
        return Moment(1000 + self.seconds, DAY + timedelta(seconds=self.seconds))


def failure(kind: FailureKind = FailureKind.SERVER_ERROR, summary: str = "The service has an error.") -> Failure:
    return Failure(kind, summary, "CB.00060101", "internal error")


def reading(job: JobId, outcome: Status | Failure, at: float) -> Reading:
    """An answer received at `at`, a tenth of a second after it was asked for."""
    return Reading(job, outcome, moment(at - 0.1), moment(at), 200, "c0ffee")


def state(*outcomes: tuple[Status | Failure, float], job: Job | None = None) -> JobState:
    """What is known after these outcomes at these times."""
    known = JobState(job or Job(job_id(1)))
    for outcome, at in outcomes:
        known = known.record(reading(known.job.id, outcome, at))
    return known


def summarise(states: Collection[JobState], now: float, interval_of: Callable[[JobState], float]) -> Summary:
    """The sum of these jobs, counted anew."""
    tally = Tally()
    tally.count(states, now, interval_of)
    return tally.summary


def row(known: JobState, at: float, interval: float = 15) -> Row:
    return Row(known, moment(at), interval)
