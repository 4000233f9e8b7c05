"""The units of `build_time` and `cost_time`: learned from observed runs, never guessed."""

from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from tui.core.run import RunRecord

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
