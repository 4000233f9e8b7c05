"""What became of a run: outcomes, records, and the unit of their durations."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """How a run ended. The service's own word is kept beside it."""

    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"
    TIMED_OUT = "timed out"
    UNKNOWN = "unknown"

    @property
    def did_not_pass(self) -> bool:
        """Whether it is known that the run did not pass."""
        return self not in (Outcome.PASSED, Outcome.UNKNOWN)


_OUTCOMES = {
    "success": Outcome.PASSED,
    "blue": Outcome.PASSED,
    "failure": Outcome.FAILED,
    "red": Outcome.FAILED,
    "schedule_failure": Outcome.FAILED,
    "aborted": Outcome.ABORTED,
    "timeout": Outcome.TIMED_OUT,
}
_GOING_ON = frozenset({"starting", "running", "inqueue", "building"})


def outcome_of(word: str) -> Outcome:
    """The outcome for a record's `state` or a list's colour word; unknown for `Finished`, which says only that."""
    return _OUTCOMES.get(word.strip().lower(), Outcome.UNKNOWN)


def is_finished(word: str) -> bool | None:
    """Whether a word such as `InQueue` or `Finished` means that the run ended; None for an unknown word."""
    word = word.strip().lower()
    if word == "finished":
        return True
    return False if word in _GOING_ON else None


def numbered(number: int | None, branch: str = "") -> str:
    """A build as `#88` or `#88 main`, without what is not known."""
    return " ".join(filter(None, (f"#{number}" if number else "", branch)))


def outcome_word(outcome: Outcome, as_sent: str) -> str:
    """The outcome in a word: the service's own where this program knows none; empty if it sent none, or one such as
    `RUNNING`, which is no outcome."""
    told = "" if is_finished(as_sent) is False else as_sent
    return told if outcome is Outcome.UNKNOWN else str(outcome)


def is_never_built(word: str) -> bool:
    """Whether the `last_build_status` of a list means that there is no build yet."""
    return word.strip().lower() == "none"


class RunRecord(NamedTuple):
    """One run as the service describes it. All texts have passed `core.text.clean`; all times are UTC."""

    number: int
    outcome: Outcome = Outcome.UNKNOWN
    """Unknown until the run is finished."""
    outcome_as_sent: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    """Seconds; None while the service's unit is not known."""
    trigger: str = ""
    branch: str = ""
    by: str = ""
    is_finished: bool | None = None
    """None if the record does not say."""
    build_time: float | None = None
    """As sent, in a unit that has to be learned; so is `cost_time`."""
    cost_time: float | None = None
    is_confirmed: bool = True
    """False if only a list of jobs has this run, and no record yet."""

    @property
    def word(self) -> str:
        """What became of it; empty if nothing was told of that."""
        return outcome_word(self.outcome, self.outcome_as_sent)

    @property
    def end(self) -> datetime | None:
        """When it ended, by its duration if the record does not say it otherwise; None if that is not known."""
        if self.ended_at or self.started_at is None or self.duration is None:
            return self.ended_at
        return self.started_at + timedelta(seconds=self.duration)

    def believed(self, now: datetime) -> "RunRecord":
        """Returns the record without times that cannot be: a start or an end in the future, or a run of months."""
        if self.started_at and self.started_at - now > AHEAD:
            return self._replace(started_at=None, ended_at=None, duration=None)
        is_over_later = self.ended_at is not None and self.ended_at - now > AHEAD
        if is_over_later or (self.duration is not None and self.duration > LONGEST_RUN):
            return self._replace(ended_at=None, duration=None)
        return self

    def by_clock(self, converted: Callable[[datetime], datetime]) -> "RunRecord":
        """Returns the record with its times by another clock, as `converted` says."""
        began, ended = self.started_at, self.ended_at
        return self._replace(started_at=began and converted(began), ended_at=ended and converted(ended))


class LastRuns(NamedTuple):
    """The newest build that has ended and the one that goes on, as far as there are such."""

    ended: RunRecord | None = None
    going: RunRecord | None = None


class FailedStep(NamedTuple):
    """One step of a build that failed."""

    step: str
    code: str = ""
    message: str = ""
    help: str = ""
    """The text of the service's FAQ."""


def newer(known: RunRecord | None, update: RunRecord) -> RunRecord:
    """The newer of two records of a job; of the same run, the one with more information.

    An unknown outcome never replaces a known one, nor an outcome from a list one from a record.
    """
    if known is None or known.number < update.number:
        return update
    if known.number > update.number:
        return known
    is_less = update.outcome is Outcome.UNKNOWN and known.outcome is not Outcome.UNKNOWN
    return known if is_less or (known.is_confirmed and not update.is_confirmed) else update


RUNS_NEEDED = 3
TOLERANCE = 1.0
"""Seconds by which rounding may move a value out of the observed range."""
LONGEST_RUN = 31 * 86400.0
"""Seconds; a longer duration in a record is ignored."""
AHEAD = timedelta(hours=1)
"""A time in a record that is further ahead of the clocks is ignored; the service's machines may differ a little."""


class Unit(Enum):
    """A unit of durations. The value is its length in seconds."""

    SECONDS = 1.0
    MILLISECONDS = 0.001
    MINUTES = 60.0


class UnitEvidence(NamedTuple):
    """What observed runs show about the unit of one field."""

    candidate: Unit | None = None
    runs: int = 0
    """How many runs in a row fit no other unit."""

    @property
    def unit(self) -> Unit | None:
        """Known once three runs in a row fit it alone."""
        return self.candidate if self.runs >= RUNS_NEEDED else None

    def observe(self, value: float | None, least: float, most: float) -> "UnitEvidence":
        """Learns from a run that lasted between `least` and `most` seconds, if exactly one unit fits.

        If it is another unit than before, counting starts again.
        """
        if value is None or value <= 0:
            return self
        fitting = [unit for unit in Unit if least - TOLERANCE <= value * unit.value <= most + TOLERANCE]
        if len(fitting) != 1:
            return self
        is_same = fitting[0] is self.candidate
        return UnitEvidence(fitting[0], self.runs + 1 if is_same else 1)


class Calibration(NamedTuple):
    """The units of both fields, for one profile."""

    build_time: UnitEvidence = UnitEvidence()
    cost_time: UnitEvidence = UnitEvidence()

    @property
    def is_known(self) -> bool:
        """Whether durations can be computed."""
        return self.build_time.unit is not None or self.cost_time.unit is not None

    def observe(self, record: RunRecord, least: float, most: float) -> "Calibration":
        """Learns from a run that was observed from start to end, and lasted between `least` and `most` seconds."""
        return Calibration(
            self.build_time.observe(record.build_time, least, most),
            self.cost_time.observe(record.cost_time, least, most),
        )

    def apply(self, record: RunRecord) -> RunRecord:
        """Adds duration and end to the record if they can be computed; keeps exact ones."""
        if record.duration is not None or record.is_finished is False:
            return record
        seconds = _seconds(record.build_time, self.build_time.unit)
        if seconds is None:
            seconds = _seconds(record.cost_time, self.cost_time.unit)
        if seconds is None:
            return record
        ended_at = record.ended_at or (record.started_at and record.started_at + timedelta(seconds=seconds))
        return record._replace(duration=seconds, ended_at=ended_at)


def _seconds(value: float | None, unit: Unit | None) -> float | None:
    if value is None or unit is None or value * unit.value > LONGEST_RUN:
        return None
    return value * unit.value
