"""All known runs of a job: those that were observed, joined with the service's records."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.core.observed_run import Between, ObservedRun
from tui.core.run import LONGEST_RUN, Outcome, RunRecord


class Source(StrEnum):
    """Who knows of a run."""

    OBSERVED = "observed"
    SERVICE = "service"
    BOTH = "both"


class KnownRun(NamedTuple):
    """A run as observed, as the service recorded it, or both."""

    run: ObservedRun | None
    record: RunRecord | None

    @property
    def source(self) -> Source:
        if self.run is None:
            return Source.SERVICE
        return Source.BOTH if self.record else Source.OBSERVED

    @property
    def at(self) -> float:
        """When it was there, for sorting and for limits of time; epoch seconds."""
        if self.run and (self.run.end or not self.is_over):
            return self.run.end.by if self.run.end else self.run.running_at
        moment = self.record and (self.record.end or self.record.started_at)
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
        """Whether the run has ended: it was seen to end, or the service's record says so."""
        if self.run is None:
            return bool(self.record and self.record.is_finished is not False)
        return self.run.end is not None or bool(self.record and _tells_end(self.record, self.run))

    @property
    def service_times(self) -> tuple[datetime | None, datetime | None]:
        """Start and end by the service; None where it does not tell, and if they contradict what was observed."""
        if self.record is None or (self.run and not times_agree(self.record, self.run)):
            return None, None
        return self.record.started_at, self.record.ended_at

    @property
    def told_duration(self) -> float | None:
        """The duration in seconds by the service; None where it does not tell, and if that contradicts what was
        observed."""
        if not self.record or not self.is_over or (self.run and not times_agree(self.record, self.run)):
            return None
        return self.record.duration

    @property
    def duration(self) -> tuple[float, float | None] | None:
        """The shortest and the longest possible duration in seconds, the service's if it tells; None if unknown."""
        if (told := self.told_duration) is not None:
            return told, told
        return self.run.duration if self.run else None


def known_runs(runs: Sequence[ObservedRun], records: Iterable[RunRecord]) -> list[KnownRun]:
    """Returns the runs of one job in the order of their ends, each once.

    A run and a record with the same number are one; without a number, the times decide.
    """
    left = {record.number: record for record in records if record.is_confirmed}
    numbered = {run.number: left.pop(run.number) for run in runs if run.number and run.number in left}
    known = list(_joined(runs, numbered, left))
    known += [KnownRun(None, record) for record in left.values()]
    return sorted(known, key=lambda one: one.at)


def without_doubles(known: Iterable[KnownRun]) -> list[KnownRun]:
    """Returns the runs without those that are listed twice: one that was seen and has no number may be builds that the
    service tells of.

    If several fit it equally well, such as two that ran at once, these stay, since they say more. If they do not fit,
    or are fewer than were seen, those that were seen stay.
    """
    known = list(known)
    told = [one.record for one in known if one.record and not one.run]
    doubles: list[ObservedRun | RunRecord] = []
    for runs, builds in _alike([one.run for one in known if one.run and one.number is None], told):
        are_the_builds = len(runs) <= len(builds) and all(_is_several(run, told) for run in runs)
        doubles += runs if are_the_builds else builds
    return [one for one in known if (one.run or one.record) not in doubles]


def _alike(runs: Iterable[ObservedRun], told: Collection[RunRecord]) -> list[tuple[list[ObservedRun], list[RunRecord]]]:
    """Returns the runs, in the order of their ends, with the builds that each may be. Those that may be the same builds
    are together."""
    found: list[tuple[list[ObservedRun], list[RunRecord]]] = []
    for run in runs:
        builds = [record for record in told if _may_be(run, record)]
        if found and any(record in found[-1][1] for record in builds):
            found[-1][0].append(run)
            found[-1][1].extend(record for record in builds if record not in found[-1][1])
        elif builds:
            found.append(([run], builds))
    return found


def _is_several(run: ObservedRun, records: Iterable[RunRecord]) -> bool:
    return choose_record(records, run._replace(known_number=0)).kind is MatchKind.AMBIGUOUS


def _may_be(run: ObservedRun, record: RunRecord) -> bool:
    """Whether the record may be about the run: its start or its end is where that of the run was seen."""
    if record.end and record.end.timestamp() < run.running_at - WIDENING:
        return False
    is_begun = record.started_at and run.start.after is not None and _agrees(record.started_at, run.start, WIDENING)
    return bool(is_begun or (run.end and record.end and _agrees(record.end, run.end, WIDENING)))


def _joined(
    runs: Sequence[ObservedRun], numbered: dict[int, RunRecord], left: dict[int, RunRecord]
) -> Iterator[KnownRun]:
    """Takes the records of runs without a number out of `left`."""
    for run in runs:
        record = numbered.get(run.number) if run.number else None
        if run.number is None and (record := _record_of(run, left.values())):
            del left[record.number]
        yield KnownRun(run, record)


def _record_of(run: ObservedRun, records: Collection[RunRecord]) -> RunRecord | None:
    """Returns the record of a run whose number is not known. One that was seen neither to start nor to end is the
    newest that had begun by then, if that had not ended."""
    match = choose_record(records, run._replace(known_number=0))
    if match.kind in (MatchKind.FOUND, MatchKind.UNFINISHED):
        return match.record
    if run.end or run.start.after is not None:
        return None
    begun = [record for record in records if _has_begun(record, run.running_at + SLACK)]
    newest = max(begun, key=lambda record: record.number, default=None)
    is_its = newest and (newest.is_finished is False or (newest.end and _tells_end(newest, run)))
    return newest if is_its else None


def _tells_end(record: RunRecord, run: ObservedRun) -> bool:
    """Whether the record says that the run is over, and not before it was last seen running."""
    return record.is_finished is True and times_agree(record, run)


WIDENING = 120.0
"""Seconds by which a record's times may be outside an observed interval: clocks differ, and builds wait in a queue."""
SLACK = 2.0
"""Seconds by which rounding to whole seconds can move a time."""


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
    """What a search for the record of a run found. `record` is None if none or several fit."""

    kind: MatchKind
    record: RunRecord | None = None

    @property
    def is_final(self) -> bool:
        """Whether another question about the run brings nothing else."""
        return self.kind in (MatchKind.FOUND, MatchKind.AMBIGUOUS)


def choose_record(records: Iterable[RunRecord], run: ObservedRun) -> Match:
    """Chooses the record of an observed run: one with a new number and fitting times.

    The start decides, or the end for a run that was going when first read and for one that may be two. An exact fit is
    preferred to one that needs the widening; if two fit equally well, neither is chosen. Where no number is new, the
    highest one that was known may be wrong: then both times must fit exactly.
    """
    records = list(records)
    new = [record for record in records if record.number > run.known_number]
    if not new:
        return _by_both_times([record for record in records if record.number < run.known_number], run)
    if run.end and (run.start.after is None or run.maybe_two):
        return _by_end(new, run.end, run.running_at if run.maybe_two else run.start.by)
    return Match(MatchKind.NOT_THERE) if run.start.after is None else _by_start(new, run)


FAR = 100
"""Builds that are counted one after the other may start in another order; those this many numbers apart do not."""


def newest_first(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Returns the records in the order of their numbers. Those whose number is far above that of the build that started
    last come last: it is wrong."""
    records = list(records)
    begun = [(record.started_at, record.number) for record in records if record.started_at]
    highest = max(begun)[1] + FAR if begun else inf

    def order(record: RunRecord) -> tuple[bool, int]:
        return record.started_at is None or record.number <= highest, record.number

    return sorted(records, key=order, reverse=True)


def with_exact(record: RunRecord, exact: RunRecord) -> RunRecord:
    """The record with the times of `record-info`, and with its outcome where the list says nothing of that: the words
    of lists are the documented ones. Unchanged if it describes another build.

    An end before the start is not taken. The duration is that between both times, whatever else is said of it.
    """
    if exact.number != record.number:
        return record
    if not record.word:
        record = record._replace(outcome=exact.outcome, outcome_as_sent=exact.outcome_as_sent)
    started_at, ended_at = exact.started_at or record.started_at, exact.ended_at or record.ended_at
    duration = record.duration if exact.duration is None else exact.duration
    if started_at and ended_at:
        duration = (ended_at - started_at).total_seconds()
        if not 0 <= duration <= LONGEST_RUN:
            ended_at = duration = None
    return record._replace(started_at=started_at, ended_at=ended_at, duration=duration)


def times_agree(record: RunRecord, run: ObservedRun) -> bool:
    """Whether the record's times may be shown instead of the observed ones: no observation contradicts them."""
    return _agrees(record.started_at, run.start, WIDENING) and _agrees(record.end, _end_of(run), WIDENING)


def _end_of(run: ObservedRun) -> Between:
    """Between which moments the run ended; one that was not seen to end did at any moment since it was seen running."""
    return run.end or Between(run.running_at, inf)


def with_record(run: ObservedRun, record: RunRecord) -> ObservedRun:
    """Returns the run with what its record says of it.

    If the record has both times, and both were observed, the run is one, whatever could not be seen in between.
    """
    is_one = bool(record.started_at and record.ended_at and times_agree(record, run))
    return run._replace(
        number=record.number or run.number,
        outcome=run.outcome if record.outcome is Outcome.UNKNOWN else record.outcome,
        outcome_as_sent=record.outcome_as_sent or run.outcome_as_sent,
        maybe_two=run.maybe_two and not is_one,
    )


def _by_start(records: Sequence[RunRecord], run: ObservedRun) -> Match:
    for widening in (SLACK, WIDENING):
        fitting = [
            record
            for record in records
            if record.started_at
            and _agrees(record.started_at, run.start, widening)
            and _agrees(record.ended_at, _end_of(run), WIDENING)
        ]
        if fitting:
            return _only(_closest(fitting, run.end))
    return Match(MatchKind.NOT_THERE)


def _by_end(records: Sequence[RunRecord], end: Between, seen_going: float) -> Match:
    """The run had begun by `seen_going`. Among records without an end, the newest is the candidate."""
    for widening in (SLACK, WIDENING):
        begun = [record for record in records if _has_begun(record, seen_going + widening)]
        fitting = [record for record in begun if record.ended_at and _agrees(record.ended_at, end, widening)]
        if fitting:
            return _only(_closest(fitting, end))
        if without_end := [record for record in begun if not record.ended_at]:
            newest = max(without_end, key=lambda record: record.number)
            return Match(MatchKind.NEEDS_TIMES if newest.is_finished is not False else MatchKind.UNFINISHED, newest)
    return Match(MatchKind.NOT_THERE)


def _by_both_times(records: Sequence[RunRecord], run: ObservedRun) -> Match:
    """The newest whose start and end are where they were seen; the end of one that has none is asked for."""
    for record in sorted(records, key=lambda record: record.number, reverse=True):
        is_begun = record.started_at and run.start.after is not None and _agrees(record.started_at, run.start, SLACK)
        if is_begun and record.is_finished is not False and _agrees(record.ended_at, _end_of(run), SLACK):
            return Match(MatchKind.FOUND if record.ended_at else MatchKind.NEEDS_TIMES, record)
    return Match(MatchKind.NOT_THERE)


def has_ended_before(record: RunRecord, run: ObservedRun) -> bool:
    """Whether the record is about an earlier run: its end is before the run was last seen running, or its start before
    the run can have begun."""
    began, ended = record.started_at, record.end
    if ended and ended.timestamp() < run.running_at - WIDENING:
        return True
    return bool(began and run.start.after is not None and began.timestamp() < run.start.after - WIDENING)


def _has_begun(record: RunRecord, by: float) -> bool:
    return record.started_at is not None and record.started_at.timestamp() <= by


def _closest(fitting: list[RunRecord], end: Between | None) -> list[RunRecord]:
    """Narrowed to the one whose end fits exactly, if there is exactly one."""
    exact = [record for record in fitting if end and record.ended_at and _agrees(record.ended_at, end, SLACK)]
    return exact if len(exact) == 1 else fitting


def _only(fitting: list[RunRecord]) -> Match:
    if len(fitting) > 1:
        return Match(MatchKind.AMBIGUOUS)
    return Match(MatchKind.UNFINISHED if fitting[0].is_finished is False else MatchKind.FOUND, fitting[0])


def _agrees(moment: datetime | None, observed: Between | None, widening: float) -> bool:
    return moment is None or observed is None or observed.holds(moment.timestamp(), widening)
