"""The runs of a job as far as anybody knows: what was observed, joined with the service's records."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tui.core.estimate import PastRun
from tui.core.observed_run import RecordedRun
from tui.core.run import Outcome, RunRecord
from tui.core.run_match import MatchKind, choose_record, times_agree


class Source(StrEnum):
    """Who knows of a run."""

    OBSERVED = "observed"
    SERVICE = "service"
    BOTH = "both"


class KnownRun(NamedTuple):
    """One run; at least one of the two is there."""

    run: RecordedRun | None
    record: RunRecord | None

    @property
    def source(self) -> Source:
        if self.run is None:
            return Source.SERVICE
        return Source.BOTH if self.record else Source.OBSERVED

    @property
    def at(self) -> float:
        """When it was there, for sorting and for limits of time; epoch seconds."""
        if self.run:
            return self.run.end.by if self.run.end else self.run.running_at
        moment = self.record and (self.record.ended_at or self.record.started_at)
        return moment.timestamp() if moment else 0.0

    @property
    def number(self) -> int | None:
        return self.record.number if self.record else self.run and self.run.number

    @property
    def outcome(self) -> Outcome:
        told = self.record.outcome if self.record else Outcome.UNKNOWN
        return self.run.outcome if self.run and told is Outcome.UNKNOWN else told

    @property
    def outcome_as_sent(self) -> str:
        return (self.record.outcome_as_sent if self.record else "") or (self.run.outcome_as_sent if self.run else "")

    @property
    def is_over(self) -> bool:
        return self.run.end is not None if self.run else bool(self.record and self.record.is_finished is not False)

    @property
    def service_times(self) -> tuple[datetime | None, datetime | None]:
        """Start and end by the service; None where it does not tell, and if they contradict what was observed."""
        if self.record is None or (self.run and not times_agree(self.record, self.run)):
            return None, None
        return self.record.started_at, self.record.ended_at

    @property
    def duration(self) -> tuple[float, float | None] | None:
        """The shortest and the longest possible duration in seconds, the service's if it tells; None if unknown."""
        exact = self.record.duration if self.record else None
        if exact is not None and self.is_over and (self.run is None or times_agree(self.record or _NONE, self.run)):
            return exact, exact
        return self.run.duration if self.run else None

    @property
    def past(self) -> PastRun | None:
        """The run as input of an estimate; None if it was neither observed nor told closely enough."""
        if self.run and (past := self.run.past):
            return past
        told = self.record
        if told is None or told.duration is None or told.ended_at is None or told.is_finished is False:
            return None
        failed = told.outcome not in (Outcome.PASSED, Outcome.UNKNOWN)
        return PastRun(told.ended_at.timestamp(), told.duration, failed, is_told=True)


_NONE = RunRecord(0)


def known_runs(runs: Sequence[RecordedRun], records: Iterable[RunRecord]) -> list[KnownRun]:
    """Returns the runs of one job in the order of their ends, each once.

    A run and a record with the same number are one; without a number, the times decide.
    """
    left = {record.number: record for record in records if record.is_confirmed}
    numbered = {run.number: left.pop(run.number) for run in runs if run.number and run.number in left}
    known = list(_joined(runs, numbered, left))
    known += [KnownRun(None, record) for record in left.values()]
    return sorted(known, key=lambda one: one.at)


def _joined(
    runs: Sequence[RecordedRun], numbered: dict[int, RunRecord], left: dict[int, RunRecord]
) -> Iterator[KnownRun]:
    """Takes the records of runs without a number out of `left`."""
    for run in runs:
        record = numbered.get(run.number) if run.number else None
        if run.number is None and left:
            match = choose_record(left.values(), run._replace(known_number=0))
            if match.record and match.kind in (MatchKind.FOUND, MatchKind.UNFINISHED):
                record = left.pop(match.record.number)
        yield KnownRun(run, record)
