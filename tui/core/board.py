"""The board: what is known of every watched job. Recording readings returns a new board."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.core.alert_policy import Arm
from tui.core.estimate import WINDOW
from tui.core.job import Job, JobId, ServiceName
from tui.core.known_runs import MatchKind, choose_record, has_ended_before, known_runs, with_record
from tui.core.observed_run import Between, Gap, ObservedRun, observe
from tui.core.reading import Failure, Moment, Reading, Retry, Status
from tui.core.run import FailedStep, Outcome, RunRecord, newer

TRANSITIONS_KEPT = GAPS_KEPT = 20
RUNS_KEPT = RECORDS_KEPT = WINDOW
"""For each job, as many as an estimate uses."""
TOLD_JOBS = 1000
"""Jobs whose records are kept."""
SILENT_AFTER = 3
"""Failed readings in a row that count as no answer. Failures that do not pass by themselves count at once."""
SETTLED = 60.0
"""Seconds for which two answers of the service may differ in which run was the last: one may lag behind the other."""
REMEMBERED = 500
"""Removed jobs whose state is kept, in case they come back, as by undo."""


AGEING_AFTER, STALE_AFTER = 1.5, 3.0
"""Intervals after which the last good status is no longer fresh but ageing, and after which it is stale."""


class Freshness(StrEnum):
    """The age of the last good status, measured against the job's interval."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    NEVER_READ = "never read"
    """Not since this start."""


def fresh_within(interval: float) -> float:
    """The age in seconds up to which a status is fresh."""
    return AGEING_AFTER * interval


def freshness(age: float | None, interval: float) -> Freshness:
    """The freshness of a status of this age; `age` is None if the job was never read."""
    if age is None:
        return Freshness.NEVER_READ
    if age <= fresh_within(interval):
        return Freshness.FRESH
    return Freshness.AGEING if age <= STALE_AFTER * interval else Freshness.STALE


class Transition(NamedTuple):
    """An observed change. It happened between sending the request `after` and receiving the response `by`."""

    job: JobId
    status: Status
    """The new status."""
    after: Moment
    by: Moment


class JobState(NamedTuple):  # no dataclass, for the same reason as Job
    """What is known of one job."""

    job: Job
    status: Status | None = None
    """The last good status; None if never read."""
    good: Reading | None = None
    """The reading with that status."""
    since: Moment | None = None
    """When this status was first received. The job may have had it any time after `since_after`."""
    since_after: Moment | None = None
    """When the last request was sent that returned the other status; None if there never was another."""
    last: Reading | None = None
    """The last reading, good or not."""
    failures: int = 0
    """Failed readings in a row."""
    no_answer_since: Moment | None = None
    """When the first of these failures came."""
    silent_before: Moment | None = None
    """Since when it gave no answer, if it gave none when the program ended last; None once there was an answer."""
    transitions: tuple[Transition, ...] = ()
    """The last changes, oldest first."""
    paused: Moment | None = None
    """When the user paused the job; None if it is not paused."""
    last_run: RunRecord | None = None
    """The last run that ended, as the service tells of it; None while that is not known."""
    failed_step: FailedStep | None = None
    """Where that run failed."""
    known_number: int = 0
    """The number of the run before it; 0 where that is not known."""
    going: RunRecord | None = None
    """The service's record of the run in progress; None if there is no run, and while none was learned since the last
    gap."""
    learned_at: float = -inf
    """When the last run was learned; seconds of the clock of readings."""
    service_name: ServiceName = ServiceName()
    runs: tuple[ObservedRun, ...] = ()
    """The last runs that were seen to end, oldest first."""
    current_run: ObservedRun | None = None
    """The run in progress; None if the status is not running."""
    gaps: tuple[Gap, ...] = ()
    """The last times in which the job was not watched, oldest first."""
    records: tuple[RunRecord, ...] = ()
    """The last runs as the service tells of them, newest first; empty while it was not asked."""
    is_remembered: bool = False
    """Whether status, since and good are from before this start: there was no answer yet."""
    is_armed_once: bool = False
    """Whether the user is alerted when the run ends that goes on, or the next one."""

    @property
    def armed(self) -> Arm | None:
        """For how long the user armed the job; None if it is not armed."""
        if self.job.alert:
            return Arm.ALWAYS
        return Arm.ONCE if self.is_armed_once else None

    @property
    def name(self) -> str:
        """The user's label, else the service's name, else the short ID."""
        return self.job.label or self.service_name.name or self.job.id.short

    @property
    def named_job(self) -> Job:
        """The job with the service's name for its label, where the user gave it none."""
        if self.job.given_label or not self.service_name.name:
            return self.job
        return self.job._replace(given_label=self.service_name.name)

    @property
    def stopped_run(self) -> ObservedRun | None:
        """The run whose stop was the last change; None where the last change was none.

        Another program may have seen a whole run since then.
        """
        if not self.transitions or self.transitions[-1].status is not Status.IDLE:
            return None
        by = self.transitions[-1].by.wall.timestamp()
        return next((run for run in reversed(self.runs) if run.end and run.end.by <= by), None)

    @property
    def seen_change(self) -> Moment | None:
        """When the last start or stop was seen; None if it was not, as after a run that was missed."""
        return self.since if self.since_after and not self.has_missed_run else None

    @property
    def told_end(self) -> datetime | None:
        """When the last run ended, as the service says; None if it does not, or if its stop was seen as closely."""
        ended = self.last_run.ended_at if self.last_run else None
        if ended is None or not (self.seen_change and self.since_after):
            return ended
        seen = Between(self._by_now(self.since_after).timestamp(), self._by_now(self.seen_change).timestamp())
        is_its = self.status is Status.IDLE and seen.holds(ended.timestamp())
        return ended if is_its and not seen.is_close else None

    @property
    def has_missed_run(self) -> bool:
        """Whether the last run began after the stop that was seen last: neither its start nor its stop was seen. One
        that only a list tells of may have, unless it has the number of the run that was seen."""
        run = self.last_run
        if self.status is not Status.IDLE or self.since is None or run is None:
            return False
        if not run.is_confirmed:
            return not self.runs or self.runs[-1].number != run.number
        return run.started_at is not None and run.started_at > self._by_now(self.since)

    def _by_now(self, moment: Moment) -> datetime:
        """Returns the wall time of a moment by the clock of the last good reading, as records have it."""
        return moment.by(self.good.received) if self.good else moment.wall

    @property
    def failure(self) -> Failure | None:
        """Why the last reading failed; None if it did not."""
        return self.last.failure if self.last else None

    @property
    def is_silent(self) -> bool:
        """Whether readings fail for more than a moment: three in a row, or one whose reason does not pass by itself."""
        return self.failure is not None and (self.failures >= SILENT_AFTER or self.failure.kind.retry is Retry.LASTING)

    @property
    def silent_since(self) -> Moment | None:
        """Since when it gives no answer for more than a moment, also over a restart; None if it gives answers."""
        return self.silent_before or (self.no_answer_since if self.is_silent else None)

    def has_changed_since(self, was: "JobState") -> bool:
        """Whether a start or a stop was seen since the job was in that state."""
        return self.transitions[-1:] != was.transitions[-1:]

    def age(self, now: float) -> float | None:
        """Seconds since the last good status was received; None if never read."""
        return now - self.good.received.at if self.good else None

    def freshness(self, now: float, interval: float) -> Freshness:
        return freshness(None if self.is_remembered else self.age(now), interval)

    def record(self, reading: Reading, interval: float = inf) -> "JobState":
        """The state after `reading`, which is dropped if it was sent before the last one recorded.

        `interval` is the seconds between two readings while the job had its last status; by default no time is a gap.
        """
        before = self.last or self.good
        if before and reading.sent.at < before.sent.at:
            return self
        if isinstance(reading.result, Failure):
            return self._replace(
                last=reading,
                failures=self.failures + 1,
                no_answer_since=self.no_answer_since or reading.received,
            )
        seen = observe(self.good, self.current_run, reading, interval)
        known = self._replace(
            last=reading,
            good=reading,
            failures=0,
            no_answer_since=None,
            silent_before=None,
            current_run=seen.run,
            is_remembered=False,
        )
        if seen.gap:  # another build may run now than before it
            known = known._replace(gaps=(*self.gaps, seen.gap)[-GAPS_KEPT:], going=None)
        if reading.result == self.status:
            return known
        since_after = self.good.sent if self.good else None  # the status was true at some moment after that
        going = self.going if self.status is None and reading.result is Status.RUNNING else None
        known = known._replace(status=reading.result, since=reading.received, since_after=since_after, going=going)
        if since_after is None:
            return known
        change = Transition(self.job.id, reading.result, since_after, reading.received)
        known = known._replace(transitions=(*self.transitions, change)[-TRANSITIONS_KEPT:])
        return known.after_stop(seen.ended, since_after) if seen.ended else known

    def after_stop(self, run: ObservedRun, running_at: Moment) -> "JobState":
        """What was known of the last run is about the one before it now, if the job was found running after that.

        If it was learned later than that, it may be about the very run that stopped.
        """
        is_before = self.last_run and self.last_run.is_confirmed and self.learned_at <= running_at.at
        before = self.last_run.number if self.last_run and is_before else 0
        number = max(self.known_number, before)
        runs = (*self.runs, run._replace(known_number=number))[-RUNS_KEPT:]
        return self._replace(last_run=None, failed_step=None, known_number=number, runs=runs)

    def learn(self, record: RunRecord, step: FailedStep | None = None, at: float = -inf) -> "JobState":
        """The state after the service told of the last run, or of the one that goes on; of older ones nothing is taken.

        `at` is when it was learned, in seconds of the clock of readings; by default before all of them.
        What a list says of the last run is not taken once a stop was seen: it may be about the run before.
        """
        has_stopped = any(seen.status is Status.IDLE for seen in self.transitions)
        if record.is_finished is False:
            return self if self.status is Status.IDLE else self._replace(going=record)
        if self._is_older(record):
            return self._replace(last_run=None) if self._refutes(record) else self
        if has_stopped and not record.is_confirmed:
            return self
        last_run = self._last_of(record, at)
        is_same = self.last_run is not None and last_run.number == self.last_run.number
        step = step or (self.failed_step if is_same else None)
        if last_run.outcome is not Outcome.FAILED:  # a later record may contradict an earlier one
            step = None
        learned_at = self.learned_at if last_run is self.last_run else at
        number = min(self.known_number, last_run.number - 1) if last_run.number else self.known_number
        known = self._replace(last_run=last_run, failed_step=step, learned_at=learned_at, known_number=number)
        return known.with_outcome(record) if record.is_confirmed and self.runs else known

    def _is_older(self, record: RunRecord) -> bool:
        """Whether the record is about a run before the last one that was seen: by its number, or by its times where
        that run is from before this start."""
        run = self.stopped_run or (self.runs[-1] if self.runs else None)
        if run is None:
            return False
        if not self.transitions and has_ended_before(record, run):
            return True
        return 0 < record.number <= self.known_number and choose_record([record], run).kind is not MatchKind.FOUND

    def _refutes(self, record: RunRecord) -> bool:
        """Whether this record of an older run is about the one that a list calls the last."""
        known = self.last_run
        return known is not None and not known.is_confirmed and record.is_confirmed and known.number <= record.number

    def _last_of(self, record: RunRecord, at: float) -> RunRecord:
        """The newer of the last run that is known and this one. Numbers only go up: if the one with the lower number
        is the later one, or is still the last one after a while, the higher number was wrong."""
        known = self.last_run
        if known is None or known.number <= record.number or not record.is_confirmed:
            return newer(known, record)
        if known.started_at and record.started_at:
            return record if record.started_at > known.started_at else known
        return record if at - self.learned_at >= SETTLED else known

    def with_records(self, records: Iterable[RunRecord], most: int = RECORDS_KEPT) -> "JobState":
        """The state after the service told of the last runs, with their outcomes. The newest of them are kept."""
        records = list(records)
        runs = tuple(_with_record(one.run, one.record) for one in known_runs(self.runs, records) if one.run)
        told = {record.number: record for record in (*self.records, *records)}
        kept = tuple(told[number] for number in sorted(told, reverse=True)[:most])
        if (runs, kept) == (self.runs, self.records):
            return self
        return self._replace(runs=self.runs if runs == self.runs else runs, records=kept)

    def with_outcome(self, record: RunRecord) -> "JobState":
        """The outcome of the last run that was observed, if this is its record.

        The record of a run that was seen to stop was chosen by its times. That of a remembered one is compared here.
        """
        run = self.stopped_run or self.runs[-1]
        is_its = self.stopped_run is run or choose_record([record], run).kind is MatchKind.FOUND
        if not is_its or (run.number is not None and run.number != record.number):
            return self
        return self._replace(runs=tuple(with_record(one, record) if one is run else one for one in self.runs))


class Board(NamedTuple):
    """The state of every watched job, in the order of the watchlist."""

    states: Mapping[JobId, JobState] = {}
    gone: Mapping[JobId, JobState] = {}
    """States of jobs that were removed lately."""

    @classmethod
    def unread(cls, jobs: Iterable[Job], names: Mapping[JobId, ServiceName]) -> "Board":
        """The board at the start, when nothing was read yet. `names` are those that the service gives the jobs."""
        none = ServiceName()
        return cls({job.id: JobState(job, service_name=names.get(job.id, none)) for job in jobs})

    def record(
        self, readings: Iterable[Reading], interval_of: Callable[[JobState], float] = lambda state: inf
    ) -> "Board":
        """The board after `readings`. Those of jobs that are no longer watched are dropped.

        `interval_of` returns the seconds between two readings of a job with the status of this state.
        """
        states = dict(self.states)
        for reading in readings:
            if state := states.get(reading.job):
                states[reading.job] = state.record(reading, interval_of(state))
        return self._replace(states=states)

    def learn(self, job: JobId, record: RunRecord, step: FailedStep | None = None, at: float = -inf) -> "Board":
        """The board after the service told of a run; of jobs no longer watched nothing is taken."""
        return self._changed([job], lambda state: state.learn(record, step, at))

    def with_records(self, job: JobId, records: Iterable[RunRecord]) -> "Board":
        """The board after the service told of a job's last runs. Only `TOLD_JOBS` jobs keep their records."""
        state = self.states.get(job)
        keeps = sum(bool(known.records) for known in self.states.values()) < TOLD_JOBS or bool(state and state.records)
        after = state and state.with_records(records, RECORDS_KEPT if keeps else 0)
        return self if after is None or after is state else self._replace(states={**self.states, job: after})

    def with_names(self, names: Mapping[JobId, ServiceName]) -> "Board":
        """Returns the board in which these jobs have the names that the service gives them."""
        new = [job for job, name in names.items() if job in self.states and self.states[job].service_name != name]
        return self._changed(new, lambda state: state._replace(service_name=names[state.job.id]))

    def watch(self, jobs: Iterable[Job], default: str = "") -> "Board":
        """The board for this watchlist. States of jobs that stay, or come back, are kept.

        Not if the profile changed: it may be another service. `default` is the profile of jobs without one.
        """
        states = {}
        for job in jobs:
            known = self.states.get(job.id) or self.gone.get(job.id)
            if known is None:
                states[job.id] = JobState(job)
            elif known.job == job:
                states[job.id] = known
            elif (known.job.profile or default) == (job.profile or default):
                states[job.id] = known._replace(job=job)
            else:
                states[job.id] = JobState(job, paused=known.paused)
        left = {job: state._replace(paused=None) for job, state in self.states.items() if job not in states}
        gone = {job: state for job, state in self.gone.items() if job not in states} | left
        return Board(states, dict(list(gone.items())[-REMEMBERED:]))

    def arm_once(self, ids: Iterable[JobId], is_armed: bool) -> "Board":
        """The board with these jobs armed for one alert, or not any more."""
        return self._changed(ids, lambda state: state._replace(is_armed_once=is_armed))

    def pause(self, ids: Iterable[JobId], since: Moment | None) -> "Board":
        """The board with these jobs paused since then, or resumed (None)."""
        return self._changed(ids, lambda state: state._replace(paused=since))

    def _changed(self, jobs: Iterable[JobId], change: Callable[[JobState], JobState]) -> "Board":
        """The board with another state of each of these jobs that is watched."""
        changed = {job: change(self.states[job]) for job in jobs if job in self.states}
        return self._replace(states={**self.states, **changed}) if changed else self


def _with_record(run: ObservedRun, record: RunRecord | None) -> ObservedRun:
    return with_record(run, record) if record and record.is_finished is not False else run


def states_on_both(before: Board, after: Board, jobs: Iterable[JobId]) -> Iterator[tuple[JobState, JobState]]:
    """The states of these jobs on the two boards, without jobs that one of them has not."""
    for job in jobs:
        if (was := before.states.get(job)) and (now := after.states.get(job)):
            yield was, now


def stops_between(before: Board, after: Board, jobs: Iterable[JobId]) -> Iterator[tuple[JobId, ObservedRun]]:
    """The runs of these jobs whose end was seen between the two boards, the last one of each."""
    for was, now in states_on_both(before, after, jobs):
        if now.has_changed_since(was) and (run := now.stopped_run):
            yield now.job.id, run


def gaps_between(before: Board, after: Board, jobs: Iterable[JobId]) -> Iterator[JobId]:
    """Those of these jobs that gave an answer between the two boards, after a time in which they were not watched.

    Before the first answer after a start that is a time in which readings failed. Without a failure nothing was missed:
    the last run is asked for at each start.
    """
    for was, now in states_on_both(before, after, jobs):
        is_first = was.good is None or was.is_remembered
        answers_again = was.failures > 0 and now.failures == 0
        if answers_again if is_first else now.gaps[-1:] != was.gaps[-1:]:
            yield now.job.id
