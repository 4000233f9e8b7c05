"""In which unit a profile's service counts `build_time` and `cost_time`: learned from observed runs, never guessed."""

from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from tui.core.run import RunRecord

RUNS_NEEDED = 3
TOLERANCE = 1.0
"""Seconds by which rounding may take a value out of the observed range."""
LONGEST_RUN = 31 * 86400.0
"""Seconds; a record that claims more has no duration."""


class Unit(Enum):
    """Its value is what one of it has of seconds."""

    SECONDS = 1.0
    MILLISECONDS = 0.001
    MINUTES = 60.0


class UnitEvidence(NamedTuple):
    """What observed runs say about the unit of one field."""

    candidate: Unit | None = None
    runs: int = 0
    """How many runs in a row fit it alone."""

    @property
    def unit(self) -> Unit | None:
        """Known once three runs fit it and none fits another."""
        return self.candidate if self.runs >= RUNS_NEEDED else None

    def observe(self, value: float | None, least: float, most: float) -> "UnitEvidence":
        """After a run that lasted between so many seconds. A run that fits several units, or none, says nothing.

        One that fits another unit than those before it takes back all that was learned.
        """
        if value is None or value <= 0:
            return self
        fitting = [unit for unit in Unit if least - TOLERANCE <= value * unit.value <= most + TOLERANCE]
        if len(fitting) != 1:
            return self
        is_same = fitting[0] is self.candidate
        return UnitEvidence(fitting[0], self.runs + 1 if is_same else 1)


class Calibration(NamedTuple):
    """Of a profile: the units of both fields."""

    build_time: UnitEvidence = UnitEvidence()
    cost_time: UnitEvidence = UnitEvidence()

    def observe(self, record: RunRecord, least: float, most: float) -> "Calibration":
        """After a run that was seen from its start to its end, and lasted between so many seconds."""
        return Calibration(
            self.build_time.observe(record.build_time, least, most),
            self.cost_time.observe(record.cost_time, least, most),
        )

    def apply(self, record: RunRecord) -> RunRecord:
        """The record with its duration and end, where they can be had; exact ones that it has are kept."""
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
