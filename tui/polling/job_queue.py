"""The queue of jobs: what is known of each, which one is next, which ones are in flight."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum
from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple

from tui.core.job import JobId
from tui.core.reading import Failure, Retry, Status
from tui.polling.circuit_breaker import Known
from tui.polling.policy import Cadence


class Rank(IntEnum):
    """Who goes first. All but the last are due whatever their moment."""

    ASKED = 0
    """The user named the job."""
    ASKED_WITH_ALL = 1
    """The user asked for everything."""
    PREFERRED = 2
    """In view, and due together with many others."""
    ORDINARY = 3


class Slot(NamedTuple):
    """A job's place; compares as the queue orders."""

    rank: Rank
    at: float
    order: int
    job: JobId

    @property
    def due(self) -> float:
        """The moment from which on the job may be asked."""
        return self.at if self.rank is Rank.ORDINARY else -inf


class DueHeap:
    """At most one place a job. Replaced places stay in the heap, dead, until they surface or are the half of it."""

    def __init__(self) -> None:
        self._heap: list[Slot] = []
        self._places: dict[JobId, Slot] = {}
        self._ranks: Counter[Rank] = Counter()
        self._order = 0

    def put(self, job: JobId, at: float, rank: Rank = Rank.ORDINARY) -> None:
        """Give the job this place instead of the one it had."""
        self._order += 1
        self._place(Slot(rank, at, self._order, job))

    def rerank(self, job: JobId, rank: Rank) -> None:
        """Another rank, but the same moment and order within it."""
        if place := self._places.get(job):
            self._place(place._replace(rank=rank))

    def discard(self, job: JobId) -> None:
        if place := self._places.pop(job, None):
            self._ranks[place.rank] -= 1

    def first(self) -> Slot | None:
        while self._heap:
            place = self._heap[0]
            if self._places.get(place.job) is place:
                return place
            heappop(self._heap)
        return None

    def place(self, job: JobId) -> Slot | None:
        return self._places.get(job)

    def up_to(self, rank: Rank) -> int:
        """How many wait with this rank or a better one."""
        return sum(self._ranks[better] for better in Rank if better <= rank)

    def _place(self, place: Slot) -> None:
        self.discard(place.job)
        self._places[place.job] = place
        self._ranks[place.rank] += 1
        heappush(self._heap, place)
        if len(self._heap) > 2 * len(self._places) + 64:
            self._heap = list(self._places.values())
            heapify(self._heap)


@dataclass(slots=True)
class Entry:
    """One job, as far as asking it goes."""

    due: float
    status: Status | None = None
    """The last good one."""
    failure: Failure | None = None
    """Why the last reading brought no status."""
    failures: int = 0
    """In a row: being throttled says nothing about the job, nor does a refused credential."""
    paused: bool = False
    asked_at: float = -inf

    @property
    def is_good(self) -> bool:
        """Whether its last reading brought a status."""
        return self.status is not None and self.failure is None

    @property
    def cadence(self) -> Cadence:
        if self.failure and self.failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN):
            return Cadence.LASTING
        return Cadence.RUNNING if self.status is Status.RUNNING else Cadence.IDLE

    def record(self, outcome: Status | Failure) -> None:
        if isinstance(outcome, Status):
            self.status, self.failure, self.failures = outcome, None, 0
            return
        self.failure = outcome
        self.failures += outcome.kind.retry in (Retry.PASSING, Retry.LASTING)


class JobQueue:
    """Every job that is watched, unpaused and not in flight has exactly one place in the queue."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Entry] = {}
        self.in_flight: set[JobId] = set()
        self.counts: Counter[Cadence] = Counter()
        """Unpaused jobs by cadence."""
        self.queue = DueHeap()
        self._preferred: dict[JobId, None] = {}

    @property
    def active(self) -> int:
        """Jobs that are not paused."""
        return self.counts.total()

    def watch(self, jobs: Iterable[JobId], now: float) -> bool:
        """Watch these, in this order; whether there are new ones."""
        before, self.jobs = self.jobs, {}
        new = []
        for job in dict.fromkeys(jobs):
            if known := before.pop(job, None):
                self.jobs[job] = known
            else:
                self.jobs[job] = Entry(now)
                self.counts[Cadence.IDLE] += 1
                new.append(job)
        for job, gone in before.items():
            self._count(gone, -1)
            self.queue.discard(job)
        self.make_due(new, now)
        return bool(new)

    def prefer(self, jobs: Iterable[JobId], now: float) -> None:
        """Let these go first among those that are due now, instead of the ones preferred before."""
        before, self._preferred = self._preferred, dict.fromkeys(jobs)
        for job in before.keys() - self._preferred.keys():
            if (place := self.queue.place(job)) and place.rank is Rank.PREFERRED:
                self.queue.rerank(job, Rank.ORDINARY)
        for job in self._preferred.keys() - before.keys():
            if (place := self.queue.place(job)) and place.rank is Rank.ORDINARY and place.at <= now:
                self.queue.rerank(job, Rank.PREFERRED)

    def pause(self, jobs: Iterable[JobId]) -> None:
        for job in jobs:
            if (watched := self.jobs.get(job)) and not watched.paused:
                self._count(watched, -1)
                watched.paused = True
                self.queue.discard(job)

    def resume(self, jobs: Iterable[JobId], now: float) -> None:
        """Go on: at the moment that was planned, or now if it has passed."""
        for job in jobs:
            if (watched := self.jobs.get(job)) and watched.paused:
                watched.paused = False
                self._count(watched, 1)
                if watched.due > now:
                    self.schedule(job, watched.due)
                else:
                    self.make_due([job], now)

    def ask(self, jobs: Iterable[JobId] | None, recently: float, now: float) -> int:
        """Let these, or all, jump the queue; answers how many will have been asked when the last of them is.

        One that was asked `recently` (after that moment) only becomes due: a key held down starves nobody.
        """
        rank = Rank.ASKED_WITH_ALL if jobs is None else Rank.ASKED
        last, in_turn = -1, 0
        for job in self._everybody() if jobs is None else jobs:
            if not (place := self.queue.place(job)):
                continue
            if place.rank > rank and self.jobs[job].asked_at > recently:
                in_turn += 1
                if place.due > now:
                    self.make_due([job], now)
                continue
            if place.rank > rank:
                self.queue.put(job, -inf, rank)
            last = max(last, min(place.rank, rank))
        return in_turn + (self.queue.up_to(Rank(last)) if last >= 0 else 0)

    def schedule(self, job: JobId, at: float) -> None:
        """Plan the next question; nothing happens for a job that is gone, paused or in flight but remembering it."""
        self._put(job, at, Rank.ORDINARY)

    def make_due(self, jobs: Iterable[JobId], now: float) -> None:
        for job in jobs:
            self._put(job, now, Rank.PREFERRED if job in self._preferred else Rank.ORDINARY)

    def make_all_due(self, now: float, which: Callable[[Entry], bool] = lambda _: True) -> None:
        self.make_due([job for job, watched in self.jobs.items() if which(watched)], now)

    def bring_forward(self, now: float, wait: Callable[[Entry], float]) -> None:
        """Let nobody be asked later than after its `wait` in seconds, but for those that are backing off."""
        for job, watched in self.jobs.items():
            place = self.queue.place(job)
            is_backing_off = watched.failure is not None and watched.failure.kind.retry is Retry.PASSING
            if (
                place
                and place.rank is Rank.ORDINARY
                and not is_backing_off
                and place.at > now + (soon := wait(watched))
            ):
                self.schedule(job, now + soon)

    def depart(self, job: JobId, now: float) -> None:
        """The job is being asked."""
        self.jobs[job].asked_at = now
        self.queue.discard(job)
        self.in_flight.add(job)

    def land(self, job: JobId) -> None:
        """The job is no longer being asked; the next question is not planned yet."""
        self.in_flight.discard(job)

    def is_free(self, job: JobId) -> bool:
        """May the job be asked: watched, unpaused, not in flight?"""
        return job in self.jobs and not self.jobs[job].paused and job not in self.in_flight

    def are_paused(self, jobs: Collection[JobId] | None) -> bool:
        """Is every watched one of these paused, or of all? False when none is watched."""
        paused = [self.jobs[job].paused for job in (self.jobs if jobs is None else jobs) if job in self.jobs]
        return bool(paused) and all(paused)

    def record(self, job: JobId, outcome: Status | Failure) -> None:
        watched = self.jobs[job]
        self._count(watched, -1)
        watched.record(outcome)
        self._count(watched, 1)

    def witness(self, doubted: Collection[JobId]) -> JobId | None:
        """The free job whose answer says most about the credential: not doubted, answered well, failed least."""
        free = ((job, one) for job, one in self.jobs.items() if self.is_free(job))
        best = min(free, key=lambda pair: (pair[0] in doubted, pair[1].status is None, pair[1].failures), default=None)
        return best[0] if best else None

    def probe(self) -> JobId | None:
        """The free job that tells best whether trouble is over: one that was read once; of these, each in turn."""
        free = (job for job in self.jobs if self.is_free(job))
        return min(free, key=lambda job: (self.jobs[job].status is None, self.jobs[job].asked_at), default=None)

    def known(self, job: JobId) -> Known:
        """What is known of a job, watched or not."""
        watched = self.jobs.get(job)
        if not watched:
            return Known()
        return Known(watched.status is not None, watched.failure.kind if watched.failure else None)

    def most_that_fail(self, on_the_way: bool) -> int:
        """How many jobs can fail of something on the way; or of anything else though they were read before.

        One job alone that has another failure is a job with a failure, and no trouble for all.
        """
        if on_the_way:
            return max(1, self.active)
        return max(2, sum(not one.paused and one.status is not None for one in self.jobs.values()))

    def has_others(self, doubted: Collection[JobId]) -> bool:
        """Is there any unpaused job, free or in flight, besides these?"""
        return any(not watched.paused and job not in doubted for job, watched in self.jobs.items())

    def _everybody(self) -> list[JobId]:
        return [*self._preferred, *(job for job in self.jobs if job not in self._preferred)]

    def _put(self, job: JobId, at: float, rank: Rank) -> None:
        if not (watched := self.jobs.get(job)):
            return
        watched.due = at
        place = self.queue.place(job)
        already_asked = place is not None and place.rank < Rank.PREFERRED
        if not (watched.paused or already_asked or job in self.in_flight):
            self.queue.put(job, at, rank)

    def _count(self, watched: Entry, by: int) -> None:
        if not watched.paused:
            self.counts[watched.cadence] += by
