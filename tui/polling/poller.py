"""The poller: decides which job to ask next and when, asks, and reports what it learned."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from math import inf
from typing import NamedTuple, Protocol

from tui.core.job import JobId
from tui.core.reading import Failure, Reading, Status
from tui.polling.auth_gate import CHECK_EVERY
from tui.polling.policy import Policy
from tui.polling.scheduler import Scheduler

_log = logging.getLogger(__name__)

LONGEST_NAP = 2.0
"""Seconds between two turns at most, so that a suspend is noticed."""
SHORTEST_NAP = 0.001
"""The loop's clock and ours may round differently: without it a turn could come just too early, over and over."""


class Reader(Protocol):
    """Who asks the service."""

    async def read(self, job: JobId) -> Reading:
        """One attempt. Raises nothing: an exception is a bug, and ends the poller."""

    def credential_changed(self) -> bool:
        """Is there another credential than the one that was refused?"""

    def may_show_again(self) -> bool:
        """May the credential that was refused be shown again though nobody asked? A log-in may lock an account."""

    def reset(self) -> None:
        """The user asks although signed out: a log-in that was refused may be tried once more."""


class Pace(NamedTuple):
    """What the header says about the polling."""

    running: float
    """Seconds between two questions about a running job, stretched."""
    idle: float
    rate: float
    """Requests a second, as learned."""
    full_rate: float
    """As configured."""
    stretched: bool
    """The jobs need more than the budget."""
    waiting_until: float | None
    """Throttled: nothing is sent before (clock seconds)."""
    trouble: Failure | None
    """What concerns the whole profile: signed out, throttled, or network trouble."""
    signed_out: bool
    paused: bool
    """The user paused everything."""
    probing: float | None = None
    """Trouble of the way: seconds between two probes."""
    seldom: float | None = None
    """Seconds between two questions about a job where all fail for a lasting reason."""


class Poller:
    """Asks the watched jobs within the policy. Belongs to one event loop; call it from there only.

    A request is never cancelled but by the end of `run`, and no job is asked twice at once. An answer counts if its job
    is watched when it arrives, also when it was taken off the list and put back meanwhile.
    """

    def __init__(
        self,
        reader: Reader,
        report: Callable[[list[Reading]], None],
        policy: Policy,
        *,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
        batch: float = 0.1,
    ) -> None:
        self._reader = reader
        self._report = report
        self._clock = clock
        self._batch = batch
        self._scheduler = Scheduler(policy, uniform)
        self._wake = asyncio.Event()
        self._unreported: list[Reading] = []
        self._reported_at = -inf
        self._failure_log = _FailureLog()

    async def run(self) -> None:
        """Poll until cancelled; raises what a bug in the reader or in `report` raised."""
        self._scheduler.start(self._clock())
        try:
            async with asyncio.TaskGroup() as requests:
                while True:
                    self._wake.clear()
                    await self._nap(self._turn(requests))
        except ExceptionGroup as bugs:
            if len(bugs.exceptions) == 1:
                raise bugs.exceptions[0] from None
            raise

    def watch(self, jobs: Iterable[JobId]) -> None:
        """Watch exactly these, in this order. New ones are due now; known ones keep their schedule."""
        if self._scheduler.job_queue.watch(jobs, self._clock()):
            self._scheduler.auth_gate.others_came()
        self._unreported = [reading for reading in self._unreported if reading.job in self._scheduler.job_queue.jobs]
        self._wake.set()

    def prefer(self, jobs: Iterable[JobId]) -> None:
        """Rows in view: they go first where many are due together."""
        self._scheduler.job_queue.prefer(jobs, self._clock())

    def refresh(self, jobs: Iterable[JobId] | None = None) -> float:
        """Let these jump the queue; None is all. Answers the seconds until the last of them can have been asked.

        0.0 is at once, or already being asked; `inf` is not before the user resumes. A job asked less than a running
        interval ago does not jump, but is due now. Signed out, the first of these that can be asked goes as a probe,
        one every `PROBES_APART`.
        """
        scheduler = self._scheduler
        named = None if jobs is None else list(jobs)
        waiting = scheduler.ask(named, self._clock())
        if scheduler.signed_out and waiting:
            self._reader.reset()
        self._wake.set()
        if scheduler.paused or scheduler.job_queue.are_paused(named):
            return inf
        if not waiting:
            return 0.0
        ready_at = max(scheduler.limiter.ready_at, scheduler.auth_gate.probe_at if scheduler.signed_out else -inf)
        return max(0.0, ready_at - self._clock()) + (waiting - 1) / scheduler.limiter.rate

    def pause(self, jobs: Iterable[JobId]) -> None:
        """Ask these no more; what is in flight is still reported."""
        self._scheduler.job_queue.pause(jobs)

    def resume(self, jobs: Iterable[JobId]) -> None:
        """Go on with these: as planned before, or now if that has passed."""
        self._scheduler.job_queue.resume(jobs, self._clock())
        self._scheduler.auth_gate.others_came()
        self._wake.set()

    def has_paused(self, job: JobId) -> bool:
        return self._scheduler.job_queue.are_paused([job])

    @property
    def paused(self) -> bool:
        """While True nothing is asked at all; set it to pause or to go on."""
        return self._scheduler.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._scheduler.paused = paused
        self._wake.set()

    def next_attempt(self, job: JobId) -> float | None:
        """When the job can be asked next, in clock seconds; None when nothing is planned: paused, signed out, unknown.

        Now while it is in flight. Where more is due than the budget allows it may come later.
        """
        scheduler, now = self._scheduler, self._clock()
        if scheduler.paused or scheduler.signed_out or scheduler.job_queue.are_paused([job]):
            return None
        if job in scheduler.job_queue.in_flight:
            return now if job in scheduler.job_queue.jobs else None
        place = scheduler.job_queue.queue.place(job)
        return max(place.due, scheduler.limiter.ready_at, now) if place else None

    def interval(self, job: JobId) -> float:
        """Seconds between two questions by the job's last good status, stretched; freshness is judged against it."""
        scheduler = self._scheduler
        watched = scheduler.job_queue.jobs.get(job)
        is_running = watched is not None and watched.status is Status.RUNNING
        return (scheduler.policy.running if is_running else scheduler.policy.idle) * scheduler.stretch

    def pace(self) -> Pace:
        scheduler = self._scheduler
        limiter, stretch = scheduler.limiter, scheduler.stretch
        is_waiting = limiter.waiting_until > self._clock()
        throttled = limiter.refusal if is_waiting else None
        return Pace(
            running=scheduler.policy.running * stretch,
            idle=scheduler.policy.idle * stretch,
            rate=limiter.rate,
            full_rate=limiter.full_rate,
            stretched=stretch > 1,
            waiting_until=limiter.waiting_until if is_waiting else None,
            trouble=scheduler.auth_gate.failure if scheduler.signed_out else throttled or scheduler.breaker.trouble,
            signed_out=scheduler.signed_out,
            paused=scheduler.paused,
            probing=scheduler.breaker.gap if scheduler.breaker.trouble else None,
            seldom=scheduler.seldom,
        )

    def _turn(self, requests: asyncio.TaskGroup) -> float:
        """Do all that is due now; answers the seconds until something else may be."""
        now = self._clock()
        self._scheduler.notice(now)
        if self._scheduler.signed_out and now >= self._scheduler.auth_gate.check_at:
            self._look_for_credential(now)
        if self._scheduler.signed_out and now >= self._scheduler.auth_gate.show_at and self._reader.may_show_again():
            self._scheduler.show_again(now)
        naps = (LONGEST_NAP, self._scheduler.policy.idle, self._send(requests, now), self._flush(now))
        return max(min(naps), SHORTEST_NAP)

    def _look_for_credential(self, now: float) -> None:
        self._scheduler.auth_gate.check_at = now + CHECK_EVERY
        if self._reader.credential_changed():
            self._scheduler.renew_credential(now)

    def _send(self, requests: asyncio.TaskGroup, now: float) -> float:
        while following := self._scheduler.next(now):
            at, job = following
            if at > now:
                return at - now
            self._scheduler.depart(job, now)
            requests.create_task(self._ask(job, now))
        return inf

    async def _ask(self, job: JobId, sent: float) -> None:
        try:
            reading = await self._reader.read(job)
        except BaseException:
            self._scheduler.put_back(job, self._clock())
            raise
        if self._scheduler.answered(reading, job, sent, self._clock()):
            self._unreported.append(reading)
        self._wake.set()

    def _flush(self, now: float) -> float:
        """Report what came in, unless the last report is too recent; answers the seconds until it is not."""
        if not self._unreported:
            return inf
        if now < self._reported_at + self._batch:
            return self._reported_at + self._batch - now
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
            if isinstance(reading.outcome, Failure):
                self._failures[reading.job] = reading.outcome
                if before is None or _what(before) != _what(reading.outcome):
                    _log.warning("job %s: %s", reading.job, _in_words(reading, reading.outcome))
            elif before:
                _log.info("job %s can be read again: %s", reading.job, reading.outcome)


def _what(failure: Failure) -> tuple[str, str, str]:
    return failure.kind, failure.code, failure.summary


def _in_words(reading: Reading, failure: Failure) -> str:
    http = f"HTTP {reading.http_status}" if reading.http_status else ""
    request = f"request {reading.request_id}" if reading.request_id else ""
    parts = (failure.code, failure.message, http, request)
    return " | ".join((f"{failure.kind}: {failure.summary}", *filter(None, parts)))
