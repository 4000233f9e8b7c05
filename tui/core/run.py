"""What became of a run: outcomes, records, the unit of their durations, and which record an observed run has."""

from collections.abc import Iterable, Sequence
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
_NEVER_BUILT = "none"


def outcome_of(word: str) -> Outcome:
    """The outcome for a record's `state` or a list's colour word; unknown for `Finished`, which says only that."""
    return _OUTCOMES.get(word.strip().lower(), Outcome.UNKNOWN)


def is_finished(word: str) -> bool | None:
    """Whether a word such as `InQueue` or `Finished` means that the run ended; None for an unknown word."""
    word = word.strip().lower()
    if word == "finished":
        return True
    return False if word in _GOING_ON else None


def is_never_built(word: str) -> bool:
    """Whether the `last_build_status` of a list means that there is no build yet."""
    return word.strip().lower() == _NEVER_BUILT


WIDENING = timedelta(seconds=120)
"""How far a record's times may be outside an observed interval: clocks differ, and builds wait in a queue."""
SLACK = timedelta(seconds=2)
"""How far rounding to whole seconds can move a time."""
LATE = timedelta(minutes=10)
"""An outcome learned later than this after the stop is recorded, and raises no alert."""


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


class FailedStep(NamedTuple):
    """One step of a build that failed."""

    step: str
    code: str = ""
    message: str = ""
    help: str = ""
    """The text of the service's FAQ."""


class Interval(NamedTuple):
    """An event happened between two answers: not before `after`, not after `by`; both by the service's clock."""

    after: datetime
    by: datetime

    def shifted(self, skew: timedelta) -> "Interval":
        return Interval(self.after + skew, self.by + skew)

    def holds(self, moment: datetime, widening: timedelta) -> bool:
        return self.after - widening <= moment <= self.by + widening


class ObservedRun(NamedTuple):
    """A run as it was seen in status answers."""

    start: Interval | None = None
    """None if the run was going when the job was first read."""
    end: Interval | None = None
    """None while it is going."""
    seen_going: datetime | None = None
    """When the first answer that showed it running was received."""
    known_number: int = 0
    """The highest build number known before this run; 0 if none was."""

    def shifted(self, skew: timedelta) -> "ObservedRun":
        """Returns the same run by a clock that is so much ahead."""
        return self._replace(
            start=self.start and self.start.shifted(skew),
            end=self.end and self.end.shifted(skew),
            seen_going=self.seen_going and self.seen_going + skew,
        )

    @property
    def duration(self) -> tuple[float, float] | None:
        """Its shortest and longest possible duration, in seconds; None if its start or end was not observed."""
        if not self.start or not self.end:
            return None
        least = (self.end.after - self.start.by).total_seconds()
        return max(0.0, least), (self.end.by - self.start.after).total_seconds()


class MatchKind(StrEnum):
    """How the search for a run's record ended."""

    FOUND = "found"
    NOT_THERE = "not there"
    """No record fits: it may appear later, or belong to another service."""
    UNFINISHED = "unfinished"
    """The record is there, but does not say yet that the run is over."""
    NEEDS_TIMES = "needs times"
    """The record may fit; its exact times, from `record-info`, decide."""
    AMBIGUOUS = "ambiguous"


class Match(NamedTuple):
    """`record` is None if none or several fit."""

    kind: MatchKind
    record: RunRecord | None = None


def choose_record(records: Iterable[RunRecord], run: ObservedRun) -> Match:
    """Chooses the record of an observed run: one with a new number and fitting times.

    The start decides, or the end for a run that was going when first read. An exact fit is preferred to one that needs
    the widening; if two fit equally well, neither is chosen.
    """
    new = [record for record in records if record.number > run.known_number]
    if run.start:
        return _by_start(new, run.start, run.end)
    if run.end:
        return _by_end(new, run.end, run.seen_going or run.end.after)
    return Match(MatchKind.NOT_THERE)


def with_times(record: RunRecord, exact: RunRecord) -> RunRecord:
    """The record with the times of `record-info`; unchanged if that describes another build."""
    if exact.number != record.number:
        return record
    return record._replace(
        started_at=exact.started_at or record.started_at,
        ended_at=exact.ended_at or record.ended_at,
        duration=record.duration if exact.duration is None else exact.duration,
    )


def times_agree(record: RunRecord, run: ObservedRun) -> bool:
    """Whether the record's times may be shown instead of the observed ones: no observation contradicts them."""
    return _agrees(record.started_at, run.start, WIDENING) and _agrees(record.ended_at, run.end, WIDENING)


def merged(known: RunRecord | None, update: RunRecord) -> RunRecord:
    """The newer of two records of a job; of the same run, the one with more information.

    An unknown outcome never replaces a known one, nor an outcome from a list one from a record.
    """
    if known is None or known.number < update.number:
        return update
    if known.number > update.number:
        return known
    is_less = update.outcome is Outcome.UNKNOWN and known.outcome is not Outcome.UNKNOWN
    return known if is_less or (known.is_confirmed and not update.is_confirmed) else update


def runs_not_seen(number_before: int, number_now: int, seen: int) -> int:
    """How many runs were missed, by the rise of the build number."""
    return max(0, number_now - number_before - seen)


def is_late(stopped_by: datetime, learned_at: datetime) -> bool:
    """Whether an outcome was learned too late to raise an alert."""
    return learned_at - stopped_by > LATE


def _by_start(records: Sequence[RunRecord], start: Interval, end: Interval | None) -> Match:
    for widening in (SLACK, WIDENING):
        fitting = [
            record
            for record in records
            if record.started_at
            and start.holds(record.started_at, widening)
            and _agrees(record.ended_at, end, WIDENING)
        ]
        if fitting:
            return _only(_closest(fitting, end))
    return Match(MatchKind.NOT_THERE)


def _by_end(records: Sequence[RunRecord], end: Interval, seen_going: datetime) -> Match:
    """The run had begun by `seen_going`. Among records without an end, the newest is the candidate."""
    for widening in (SLACK, WIDENING):
        begun = [record for record in records if record.started_at and record.started_at <= seen_going + widening]
        fitting = [record for record in begun if record.ended_at and end.holds(record.ended_at, widening)]
        if fitting:
            return _only(_closest(fitting, end))
        if without_end := [record for record in begun if not record.ended_at]:
            newest = max(without_end, key=lambda record: record.number)
            return Match(MatchKind.NEEDS_TIMES if newest.is_finished is not False else MatchKind.UNFINISHED, newest)
    return Match(MatchKind.NOT_THERE)


def _closest(fitting: list[RunRecord], end: Interval | None) -> list[RunRecord]:
    """Narrowed to the one whose end fits exactly, if there is exactly one."""
    exact = [record for record in fitting if end and record.ended_at and end.holds(record.ended_at, SLACK)]
    return exact if len(exact) == 1 else fitting


def _only(fitting: list[RunRecord]) -> Match:
    if len(fitting) > 1:
        return Match(MatchKind.AMBIGUOUS)
    return Match(MatchKind.UNFINISHED if fitting[0].is_finished is False else MatchKind.FOUND, fitting[0])


def _agrees(moment: datetime | None, observed: Interval | None, widening: timedelta) -> bool:
    return moment is None or observed is None or observed.holds(moment, widening)


RUNS_NEEDED = 3
TOLERANCE = 1.0
"""Seconds by which rounding may move a value out of the observed range."""
LONGEST_RUN = 31 * 86400.0
"""Seconds; a longer duration in a record is ignored."""


class Unit(Enum):
    """The value is the unit's length in seconds."""

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
