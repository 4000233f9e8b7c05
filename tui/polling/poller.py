"""The poller of a profile: sends the requests that the scheduler plans, and reports the readings in batches. A
`PollerGroup` has the pollers of all profiles; each job is polled with the profile that it belongs to.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import NamedTuple, Protocol

from tui.core.board import JobState
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Reading, Status
from tui.polling.circuit_breaker import CHECK_EVERY
from tui.polling.list_sweeps import ListPage, ListReader, ListSweeps
from tui.polling.policy import Cadence, Policy
from tui.polling.rate_limiter import AdaptiveRateLimiter, BudgetShare, ExtrasBudget, Peers
from tui.polling.scheduler import Scheduler

_log = logging.getLogger(__name__)

LONGEST_NAP = 2.0
"""Seconds between two turns at most, so that a suspend is detected."""
REPORTS_APART = 0.1
"""Seconds between two reports at least: one brings all readings that came meanwhile."""
SHORTEST_NAP = 0.001
"""Seconds. The loop's clock and ours may round differently: without this a turn could be too early again and again."""


class Reader(Protocol):
    """Reads the status of a job from the service: `codearts.client.StatusClient`, or a fake."""

    async def read(self, job: JobId) -> Reading:
        """Makes one attempt. A failure is returned; an exception is a bug and ends the poller."""

    def credential_changed(self) -> bool:
        """Returns whether the credential is another one than the one that was refused."""

    def may_show_again(self) -> bool:
        """Returns whether a refused credential may be sent again unrequested. Not if it is a login: that may lock the
        account."""

    def reset(self) -> None:
        """The user requested a reading while signed out: a login that was refused may be tried once more."""

    def hurry(self) -> None:
        """The user requested a reading: a login that no refusal prevented need not wait for its next attempt."""


class Pace(NamedTuple):
    """What the header shows about the polling of a profile."""

    running: float
    """The interval of a running job in seconds, stretched."""
    idle: float
    rate: float
    """Requests a second now."""
    full_rate: float
    """Requests a second as configured; of a budget that is shared, the part of this instance."""
    stretched: bool
    """Whether intervals are longer than configured, since there are too many jobs for the rate."""
    waiting_until: float | None
    """Throttled: no request leaves before this moment (clock seconds)."""
    trouble: Failure | None
    """What fails for the whole profile: signed out, throttled, or the circuit breaker is open."""
    signed_out: bool
    paused: bool
    """The user paused everything."""
    probing: float | None = None
    """The circuit breaker is open: seconds between two probes."""
    seldom: float | None = None
    """Seconds between two requests for a job if all jobs fail for a lasting reason; otherwise None."""
    shared_by: int = 1
    """Number of instances that share the budget, with this one."""
    by_lists: bool = False
    """Whether `idle` is the interval of jobs of which a list says whether they have changed: those are asked sooner."""

    @property
    def within(self) -> float:
        """Seconds within which each job is read: stretched intervals vary by a tenth."""
        return (1.1 if self.stretched else 1.0) * self.idle


class Poller:
    """Reads the watched jobs as often as the policy allows. Belongs to one event loop: call it from there only.

    A request is cancelled only by the end of `run`, and a job has one request at a time. A reading counts if its job is
    watched when it arrives, even if the job was removed and added again in between.
    """

    def __init__(
        self,
        reader: Reader,
        report: Callable[[list[Reading]], None],
        policy: Policy,
        *,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
        lists: ListReader | None = None,
        peers: Peers | None = None,
    ) -> None:
        """`lists` reads the lists that say which job is to be read next; None where they must not be asked for. `peers`
        are the other instances that use the same credential; None if the budget is not shared."""
        self._reader = reader
        self._report = report
        self._clock = clock
        self._lists = lists
        self._scheduler = Scheduler(policy, uniform, ListSweeps() if lists else None)
        self._budget = BudgetShare(self._scheduler.limiter, peers) if peers else None
        self._wake = asyncio.Event()
        self._unreported: list[Reading] = []
        self._reported_at = -inf
        self._failure_log = _FailureLog()

    async def run(self) -> None:
        """Polls until cancelled. Raises the exception of a bug in the reader or in `report`."""
        try:
            if self._budget:
                await self._budget.begin(self._clock(), self._scheduler.needed)
            self._scheduler.start(self._clock())
            async with asyncio.TaskGroup() as requests:
                while True:
                    self._wake.clear()
                    await self._nap(self._turn(requests))
        except ExceptionGroup as bugs:
            if len(bugs.exceptions) == 1:
                raise bugs.exceptions[0] from None
            raise
        finally:
            if self._budget:
                self._budget.end(self._clock())

    def watch(self, jobs: Iterable[JobId]) -> None:
        """Watches exactly these jobs, in this order. New ones are due now; known ones keep their schedule."""
        if self._scheduler.watch(jobs, self._clock()):
            self._scheduler.auth_gate.on_new_jobs()
        self._unreported = [reading for reading in self._unreported if reading.job in self._scheduler.job_queue.entries]
        self._wake.set()

    def prefer(self, jobs: Iterable[JobId], chosen: Iterable[JobId] = ()) -> None:
        """These jobs (the rows in view) go first if many are due together; they and the chosen ones are read more often
        than the rest."""
        self._scheduler.prefer(jobs, chosen, self._clock())

    def expect(self, ends: Mapping[JobId, float]) -> None:
        """These running jobs usually end then (clock seconds): they are read more often around it."""
        self._scheduler.expect(ends)

    def refresh(self, jobs: Iterable[JobId] | None = None) -> float:
        """Moves these jobs (None: all) to the front. Returns the seconds until the last of their requests has left.

        0.0: at once, or already in flight; `inf`: not before the user resumes. A job whose last request left less than
        a running interval ago is not moved, but due now. Signed out, only the first of them that is free is read, as
        a probe; `PROBES_APART` is the shortest time between two.
        """
        scheduler = self._scheduler
        named = None if jobs is None else list(jobs)
        waiting = scheduler.refresh(named, self._clock())
        if not scheduler.signed_out:
            self._reader.hurry()
        elif waiting:
            self._reader.reset()
        self._wake.set()
        if scheduler.paused or scheduler.job_queue.are_paused(named):
            return inf
        if not waiting:
            return 0.0
        ready_at = max(scheduler.limiter.ready_at, scheduler.auth_gate.probe_at if scheduler.signed_out else -inf)
        return max(0.0, ready_at - self._clock()) + (waiting - 1) / scheduler.limiter.rate

    def pause(self, jobs: Iterable[JobId]) -> None:
        """Sends no more requests for these jobs; readings of those in flight are still reported."""
        self._scheduler.job_queue.pause(jobs)

    def resume(self, jobs: Iterable[JobId]) -> None:
        """Polls these jobs again: as scheduled before the pause, or now if that moment has passed."""
        self._scheduler.job_queue.resume(jobs, self._clock())
        self._scheduler.auth_gate.on_new_jobs()
        self._wake.set()

    def has_paused(self, job: JobId) -> bool:
        return self._scheduler.job_queue.are_paused([job])

    @property
    def paused(self) -> bool:
        """While True no request leaves. Set it to pause or to resume."""
        return self._scheduler.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._scheduler.paused = paused
        self._wake.set()

    @property
    def limiter(self) -> AdaptiveRateLimiter:
        """Counts all requests of the profile."""
        return self._scheduler.limiter

    @property
    def asks_lists(self) -> bool:
        """Whether lists are asked for, since there are more jobs than status calls can read often enough."""
        return self._lists is not None and self._scheduler.wants_lists

    def extras_budget(self) -> ExtrasBudget:
        """What the calls beside the status call take their share from: they wait while the status calls go badly."""
        return ExtrasBudget(self._scheduler.limiter, self._clock, lambda: self._scheduler.has_room)

    def next_attempt(self, job: JobId) -> float | None:
        """Returns when the job's next request can leave (clock seconds): now, if one is in flight.

        It leaves later if more requests are due than the rate allows. None if the job is paused or unknown, or the
        profile is signed out.
        """
        scheduler, now = self._scheduler, self._clock()
        if scheduler.paused or scheduler.signed_out or scheduler.job_queue.are_paused([job]):
            return None
        if job in scheduler.job_queue.in_flight:
            return now if job in scheduler.job_queue.entries else None
        slot = scheduler.job_queue.heap.slot(job)
        return max(slot.due, scheduler.limiter.ready_at, now) if slot else None

    @property
    def probing(self) -> float | None:
        """Seconds between two requests, while no job can be read and only one at a time is asked; else None."""
        return self._scheduler.probing

    def interval(self, job: JobId, status: Status | None = None) -> float:
        """Returns the job's interval in seconds, stretched; its freshness is measured in these.

        It is the one that its next request was planned with, or that of a job with `status`, if that is another one
        than was read last.
        """
        entry = self._scheduler.job_queue.entries.get(job)
        intervals = self._scheduler.pacing.intervals
        if entry is None or (status is not None and status is not entry.status):
            return intervals[Cadence.RUNNING if status is Status.RUNNING else Cadence.IDLE]
        if (cadence := entry.cadence) is Cadence.LASTING:
            return intervals[Cadence.RUNNING if entry.status is Status.RUNNING else Cadence.IDLE]
        return max(entry.interval, intervals[cadence])

    def pace(self) -> Pace:
        scheduler = self._scheduler
        limiter, pacing, longest = scheduler.limiter, scheduler.pacing, scheduler.longest(self._clock())
        is_waiting = limiter.waiting_until > self._clock()
        pause = limiter.why_waiting(self._clock())
        return Pace(
            running=pacing.intervals[Cadence.RUNNING],
            idle=longest,
            rate=limiter.rate,
            full_rate=limiter.full_share,
            stretched=pacing.longest > scheduler.policy.idle,
            waiting_until=limiter.waiting_until if is_waiting else None,
            trouble=scheduler.auth_gate.failure if scheduler.signed_out else pause or scheduler.breaker.failure,
            signed_out=scheduler.signed_out,
            paused=scheduler.paused,
            probing=self.probing,
            seldom=scheduler.seldom,
            shared_by=limiter.shared_by,
            by_lists=longest > pacing.intervals[Cadence.IDLE],
        )

    def _turn(self, requests: asyncio.TaskGroup) -> float:
        """Does all that is due now. Returns the seconds until the next turn."""
        now = self._clock()
        if self._budget:
            self._budget.turn(now, self._scheduler.needed)
        self._scheduler.check_clock(now)
        if self._scheduler.signed_out and now >= self._scheduler.auth_gate.check_at:
            self._check_credential(now)
        if self._scheduler.signed_out and now >= self._scheduler.auth_gate.retry_at and self._reader.may_show_again():
            self._scheduler.retry_credential(now)
        waits = self._ask_lists(requests, now), self._send(requests, now), self._flush(now)
        naps = (LONGEST_NAP, self._scheduler.policy.idle, *waits)
        return max(min(naps), SHORTEST_NAP)

    def _check_credential(self, now: float) -> None:
        self._scheduler.auth_gate.check_at = now + CHECK_EVERY
        if self._reader.credential_changed():
            self._scheduler.on_new_credential(now)

    def _send(self, requests: asyncio.TaskGroup, now: float) -> float:
        """Sends the requests that are due. Returns the seconds until the next one is."""
        while following := self._scheduler.next(now):
            at, job = following
            if at > now:
                return at - now
            self._scheduler.on_sent(job, now)
            requests.create_task(self._read(job, now))
        return inf

    def _ask_lists(self, requests: asyncio.TaskGroup, now: float) -> float:
        """Asks for the page of a list that is due. Returns the seconds until the next one is."""
        if not self._lists or not (following := self._scheduler.next_list(now)):
            return inf
        at, page = following
        if at > now:
            return at - now
        self._scheduler.on_list_sent(now)
        requests.create_task(self._read_list(self._lists, page, now))
        return inf

    async def _read_list(self, lists: ListReader, page: ListPage, sent: float) -> None:
        answer = await lists.page(page)
        self._scheduler.on_list(page, answer, sent, self._clock())
        self._wake.set()

    async def _read(self, job: JobId, sent: float) -> None:
        try:
            reading = await self._reader.read(job)
        except BaseException:
            self._scheduler.on_dropped(job, self._clock())
            raise
        if self._scheduler.on_reading(reading, job, sent, self._clock()):
            self._unreported.append(reading)
        self._wake.set()

    def _flush(self, now: float) -> float:
        """Reports the new readings, unless the last report is too recent. Returns the seconds until it no longer is."""
        if not self._unreported:
            return inf
        if now < self._reported_at + REPORTS_APART:
            return self._reported_at + REPORTS_APART - now
        readings, self._unreported = self._unreported, []
        self._reported_at = now
        self._failure_log.write(readings)
        self._report(readings)
        return inf

    async def _nap(self, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()


class _FailureLog:
    """Logs a job when it begins to fail, when it fails otherwise, and when it can be read again."""

    def __init__(self) -> None:
        self._failures: dict[JobId, Failure] = {}

    def write(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            before = self._failures.pop(reading.job, None)
            if isinstance(reading.result, Failure):
                self._failures[reading.job] = reading.result
                if before is None or _what(before) != _what(reading.result):
                    _log.warning("job %s: %s", reading.job, _in_words(reading, reading.result))
            elif before:
                _log.info("job %s can be read again: %s", reading.job, reading.result)


def _what(failure: Failure) -> tuple[str, str, str]:
    return failure.kind, failure.code, failure.summary


def _in_words(reading: Reading, failure: Failure) -> str:
    http = f"HTTP {reading.http_status}" if reading.http_status else ""
    request = f"request {reading.request_id}" if reading.request_id else ""
    parts = (failure.code, failure.message, http, request)
    return " | ".join((f"{failure.kind}: {failure.summary}", *filter(None, parts)))


class PollerGroup:
    """The pollers of all profiles. Has the methods of `Poller`, and calls those of the right ones. A profile's poller
    is made when its first job is watched."""

    def __init__(self, make: Callable[[str], Poller], default: str) -> None:
        """`make` returns a profile's poller; `default` is the profile of jobs that name none."""
        self._make = make
        self._default = default
        self._pollers: dict[str, Poller] = {}
        self._profile_of: dict[JobId, str] = {}
        self._busy: tuple[str, ...] = ()
        """The profiles that have jobs, and the default one."""
        self._has_new = asyncio.Event()
        self._paused = False

    async def run(self) -> None:
        """Polls until cancelled. Raises the exception of a bug."""
        running: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._has_new.clear()
                for profile in self._pollers.keys() - running:
                    running.add(profile)
                    tasks.create_task(self._pollers[profile].run())
                await self._has_new.wait()

    def watch(self, jobs: Iterable[Job]) -> None:
        """Watches exactly these jobs, in this order. A paused job stays paused when its profile changes."""
        before, self._profile_of = self._profile_of, {job.id: job.profile or self._default for job in jobs}
        moved = [job for job, profile in self._profile_of.items() if before.get(job, profile) != profile]
        paused = [job for job in moved if self._pollers[before[job]].has_paused(job)]
        self._busy = tuple(dict.fromkeys((self._default, *self._profile_of.values())))
        for profile in set(self._busy) - self._pollers.keys():
            self._pollers[profile] = self._make(profile)
            self._pollers[profile].paused = self._paused
            self._has_new.set()
        for profile, poller in self._pollers.items():
            poller.watch(job for job, theirs in self._profile_of.items() if theirs == profile)
        self.pause(paused)

    def prefer(self, jobs: Iterable[JobId], chosen: Iterable[JobId] = ()) -> None:
        preferred, often = self._by_poller(jobs), self._by_poller(chosen)
        for poller in self._pollers.values():
            poller.prefer(preferred.get(poller, ()), often.get(poller, ()))

    def expect(self, ends: Mapping[JobId, float]) -> None:
        """Sets when running jobs usually end (clock seconds)."""
        for poller in self._pollers.values():
            poller.expect(ends)

    def refresh(self, jobs: Iterable[JobId] | None = None) -> float:
        """Asks for these jobs now; see `Poller.refresh`. Returns the seconds until the last of their requests has
        left."""
        if jobs is None:
            return max((poller.refresh(None) for poller in self._pollers.values()), default=0.0)
        return max((poller.refresh(named) for poller, named in self._by_poller(jobs).items()), default=0.0)

    def pause(self, jobs: Iterable[JobId]) -> None:
        for poller, named in self._by_poller(jobs).items():
            poller.pause(named)

    def resume(self, jobs: Iterable[JobId]) -> None:
        for poller, named in self._by_poller(jobs).items():
            poller.resume(named)

    @property
    def paused(self) -> bool:
        """While True no request leaves."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = paused
        for poller in self._pollers.values():
            poller.paused = paused

    def next_attempt(self, job: JobId) -> float | None:
        return self._poller_of(job).next_attempt(job)

    def probing(self, job: JobId) -> float | None:
        return self._poller_of(job).probing

    def interval(self, job: JobId, status: Status | None = None) -> float:
        return self._poller_of(job).interval(job, status)

    def polled_every(self, state: JobState) -> float:
        """Returns the seconds between two readings of the job while it has the status of this state."""
        return self.interval(state.job.id, state.status)

    def profile(self, job: JobId) -> str:
        """Returns the profile that the job is polled with."""
        return self._profile_of.get(job, self._default)

    def paces(self) -> Mapping[str, Pace]:
        """Returns the pace of each profile that has jobs; the default profile is always there, and first."""
        return {profile: self._pollers[profile].pace() for profile in self._busy}

    def _poller_of(self, job: JobId) -> Poller:
        return self._pollers[self.profile(job)]

    def _by_poller(self, jobs: Iterable[JobId]) -> dict[Poller, list[JobId]]:
        named: dict[Poller, list[JobId]] = {}
        for job in jobs:
            named.setdefault(self._poller_of(job), []).append(job)
        return named
