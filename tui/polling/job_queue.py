"""The queue of jobs: what is known of each, which one is next, which ones are in flight."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple

from tui.core.job import JobId
from tui.core.reading import Failure, Retry, Status
from tui.polling.circuit_breaker import JobHealth
from tui.polling.policy import Cadence


class Rank(IntEnum):
    """The order of slots. All ranks but the last are due at once."""

    NAMED = 0
    """The user refreshed this job."""
    ALL = 1
    """The user refreshed all jobs."""
    HINTED = 2
    """A list says that something changed."""
    PREFERRED = 3
    """In view, and due together with many others."""
    ORDINARY = 4


class Slot(NamedTuple):
    """A job's place in the heap; slots compare in the order of requests."""

    rank: Rank
    at: float
    order: int
    job: JobId

    @property
    def due(self) -> float:
        """When the job's next request may leave."""
        return self.at if self.rank is Rank.ORDINARY else -inf


class DueHeap:
    """A heap with at most one live slot a job.

    A replaced slot stays in the heap, dead, until it gets to the top or until half of the heap is dead.
    """

    def __init__(self) -> None:
        self._heap: list[Slot] = []
        self._slots: dict[JobId, Slot] = {}
        self._ranks: Counter[Rank] = Counter()
        self._order = 0

    def put(self, job: JobId, at: float, rank: Rank = Rank.ORDINARY) -> None:
        """Replaces the job's slot."""
        self._order += 1
        self._push(Slot(rank, at, self._order, job))

    def rerank(self, job: JobId, rank: Rank) -> None:
        """Changes the rank of the job's slot; its moment and its order within the rank stay."""
        if slot := self._slots.get(job):
            self._push(slot._replace(rank=rank))

    def discard(self, job: JobId) -> None:
        if slot := self._slots.pop(job, None):
            self._ranks[slot.rank] -= 1

    def first(self) -> Slot | None:
        while self._heap:
            slot = self._heap[0]
            if self._slots.get(slot.job) is slot:
                return slot
            heappop(self._heap)
        return None

    def slot(self, job: JobId) -> Slot | None:
        return self._slots.get(job)

    def up_to(self, rank: Rank) -> int:
        """Returns how many slots have this rank or a better one."""
        return sum(self._ranks[better] for better in Rank if better <= rank)

    def count(self, rank: Rank) -> int:
        """Returns how many slots have this rank."""
        return self._ranks[rank]

    def _push(self, slot: Slot) -> None:
        self.discard(slot.job)
        self._slots[slot.job] = slot
        self._ranks[slot.rank] += 1
        heappush(self._heap, slot)
        if len(self._heap) > 2 * len(self._slots) + 64:
            self._heap = list(self._slots.values())
            heapify(self._heap)


@dataclass(slots=True)
class Entry:
    """What the scheduler knows of one watched job."""

    due: float
    status: Status | None = None
    """Of the last successful reading; None if there was none."""
    failure: Failure | None = None
    """Why the last reading failed; None if it succeeded."""
    failures: int = 0
    """Failed readings in a row. Throttling and a refused credential do not count: they are not about the job."""
    paused: bool = False
    sent_at: float = -inf
    """When the last request left."""
    read_at: float = -inf
    """When the last request left that brought a status."""
    interval: float = 0.0
    """Seconds between the last request and the next one, as planned."""
    is_near: bool = False
    """In view, marked or armed."""
    is_quiet: bool = False
    """A list that has earned trust says the same."""
    ends_at: float | None = None
    """When the build usually ends; None if that is not known."""

    @property
    def is_good(self) -> bool:
        """Whether its last reading brought a status."""
        return self.status is not None and self.failure is None

    @property
    def was_asked(self) -> bool:
        """Whether there was any reading of it, a failed one too."""
        return self.status is not None or self.failure is not None

    @property
    def cadence(self) -> Cadence:
        if self.failure and self.failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN):
            return Cadence.LASTING
        if self.status is Status.RUNNING:
            return Cadence.RUNNING
        if self.is_near:
            return Cadence.NEAR
        return Cadence.QUIET if self.is_quiet else Cadence.IDLE

    def record(self, result: Status | Failure) -> None:
        if isinstance(result, Status):
            self.status, self.failure, self.failures = result, None, 0
            return
        self.failure = result
        self.failures += result.kind.retry in (Retry.PASSING, Retry.LASTING)


class JobQueue:
    """Every watched job that is neither paused nor in flight has exactly one slot in the heap."""

    def __init__(self) -> None:
        self.entries: dict[JobId, Entry] = {}
        self.in_flight: set[JobId] = set()
        self.counts: Counter[Cadence] = Counter()
        """Number of unpaused jobs of each cadence."""
        self.changes = 0
        """Grows whenever `counts` changes."""
        self.heap = DueHeap()
        self._preferred: dict[JobId, None] = {}
        self._near: AbstractSet[JobId] = frozenset()

    @property
    def active(self) -> int:
        """Number of jobs that are not paused."""
        return self.counts.total()

    def watch(self, jobs: Iterable[JobId], now: float) -> bool:
        """Watches exactly these jobs, in this order. Returns whether any of them is new."""
        before, self.entries = self.entries, {}
        new = []
        for job in dict.fromkeys(jobs):
            if known := before.pop(job, None):
                self.entries[job] = known
            else:
                self.entries[job] = Entry(now, is_near=job in self._near)
                new.append(job)
        for job in before:
            self.heap.discard(job)
        self.counts = Counter(entry.cadence for entry in self.entries.values() if not entry.paused)
        self.changes += 1
        self.make_due(new, now)
        return bool(new)

    def prefer(self, jobs: Iterable[JobId], now: float) -> None:
        """Moves these jobs to the front of those that are due now; replaces the previously preferred ones."""
        before, self._preferred = self._preferred, dict.fromkeys(jobs)
        for job in before.keys() - self._preferred.keys():
            if (slot := self.heap.slot(job)) and slot.rank is Rank.PREFERRED:
                self.heap.rerank(job, Rank.ORDINARY)
        for job in self._preferred.keys() - before.keys():
            if (slot := self.heap.slot(job)) and slot.rank is Rank.ORDINARY and slot.at <= now:
                self.heap.rerank(job, Rank.PREFERRED)

    def set_near(self, jobs: AbstractSet[JobId]) -> AbstractSet[JobId]:
        """Exactly these jobs are read more often. Returns those that were not before."""
        before, self._near = self._near, frozenset(jobs)
        new = self._near - before
        for job in before ^ self._near:
            if entry := self.entries.get(job):
                cadence, entry.is_near = entry.cadence, job in new
                self._recount(entry, cadence)
        return new

    def set_quiet(self, job: JobId, is_quiet: bool) -> None:
        """Says whether a trusted list agrees with the job's status."""
        if (entry := self.entries.get(job)) and entry.is_quiet is not is_quiet:
            cadence, entry.is_quiet = entry.cadence, is_quiet
            self._recount(entry, cadence)

    def hint(self, jobs: Iterable[JobId]) -> None:
        """Moves these jobs before those that are only due. Jobs whose readings fail are read as planned."""
        for job in jobs:
            slot = self.heap.slot(job)
            if slot and slot.rank > Rank.HINTED and not self.entries[job].failure:
                self.heap.put(job, -inf, Rank.HINTED)

    def defer(self, jobs: Iterable[JobId], now: float, wait: Callable[[], float]) -> None:
        """Spreads those of these jobs that are due now, and not in view, over the time to come."""
        for job in jobs:
            slot = self.heap.slot(job)
            if slot and slot.rank is Rank.ORDINARY and slot.at <= now:
                self.schedule(job, now + wait())

    def pause(self, jobs: Iterable[JobId]) -> None:
        for job in jobs:
            if (entry := self.entries.get(job)) and not entry.paused:
                self._count(entry, -1)
                entry.paused = True
                self.heap.discard(job)

    def resume(self, jobs: Iterable[JobId], now: float) -> None:
        """Each job is due when it was planned before the pause, or now if that moment has passed."""
        for job in jobs:
            if (entry := self.entries.get(job)) and entry.paused:
                entry.paused = False
                self._count(entry, 1)
                if entry.due > now:
                    self.schedule(job, entry.due)
                else:
                    self.make_due([job], now)

    def refresh(self, jobs: Iterable[JobId] | None, recently: float, now: float) -> int:
        """Moves these jobs (None: all) to the front. Returns how many requests it takes until all of them are sent.

        A job whose last request left after `recently` only becomes due: holding the key down starves no other job.
        """
        rank = Rank.ALL if jobs is None else Rank.NAMED
        last, in_turn = -1, 0
        for job in self._all_preferred_first() if jobs is None else jobs:
            if not (slot := self.heap.slot(job)):
                continue
            if slot.rank > rank and self.entries[job].sent_at > recently:
                in_turn += 1
                if slot.due > now:
                    self.make_due([job], now)
                continue
            if slot.rank > rank:
                self.heap.put(job, -inf, rank)
            last = max(last, min(slot.rank, rank))
        return in_turn + (self.heap.up_to(Rank(last)) if last >= 0 else 0)

    def schedule(self, job: JobId, at: float) -> None:
        """Plans the job's next request. A paused job keeps the moment for later; an unknown one is ignored."""
        self._put(job, at, Rank.ORDINARY)

    def make_due(self, jobs: Iterable[JobId], now: float) -> None:
        for job in jobs:
            self._put(job, now, Rank.PREFERRED if job in self._preferred else Rank.ORDINARY)

    def make_all_due(self, now: float, which: Callable[[Entry], bool] = lambda _: True) -> None:
        self.make_due([job for job, entry in self.entries.items() if which(entry)], now)

    def bring_forward(self, jobs: Iterable[JobId], at: Callable[[Entry], float]) -> None:
        """Moves each job's next request to `at`, if it is later. Jobs that are backing off keep theirs."""
        for job in jobs:
            entry, slot = self.entries.get(job), self.heap.slot(job)
            if not entry or not slot or slot.rank is not Rank.ORDINARY:
                continue
            is_backing_off = entry.failure is not None and entry.failure.kind.retry is Retry.PASSING
            if not is_backing_off and slot.at > (sooner := at(entry)):
                self.schedule(job, sooner)

    def on_sent(self, job: JobId, now: float) -> None:
        """The job's request leaves: the job is in flight."""
        self.entries[job].sent_at = now
        self.heap.discard(job)
        self.in_flight.add(job)

    def on_done(self, job: JobId) -> None:
        """The job's request has ended: the job is in flight no more, and not scheduled yet."""
        self.in_flight.discard(job)

    def is_free(self, job: JobId) -> bool:
        """Returns whether a request for the job may leave: it is watched, not paused and not in flight."""
        return job in self.entries and not self.entries[job].paused and job not in self.in_flight

    def are_paused(self, jobs: Collection[JobId] | None) -> bool:
        """Returns whether all watched ones of these jobs (None: of all) are paused; False if none is watched."""
        paused = [self.entries[job].paused for job in (self.entries if jobs is None else jobs) if job in self.entries]
        return bool(paused) and all(paused)

    def record(self, job: JobId, result: Status | Failure) -> None:
        entry = self.entries[job]
        cadence = entry.cadence
        entry.record(result)
        if entry.is_good:
            entry.read_at = entry.sent_at
        self._recount(entry, cadence)

    def auth_probe(self, refused: Collection[JobId]) -> JobId | None:
        """Returns the free job whose reading tells most about the credential; None if no job is free.

        It was not refused itself, if possible; then one that was read before; then one with the fewest failures.
        """
        free = ((job, one) for job, one in self.entries.items() if self.is_free(job))
        best = min(free, key=lambda pair: (pair[0] in refused, pair[1].status is None, pair[1].failures), default=None)
        return best[0] if best else None

    def network_probe(self) -> JobId | None:
        """Returns the free job that shows best whether the service is reachable again; None if no job is free.

        It was read before, if possible; of such jobs, the one whose last request is the oldest.
        """
        free = (job for job in self.entries if self.is_free(job))
        return min(free, key=lambda job: (self.entries[job].status is None, self.entries[job].sent_at), default=None)

    def known(self, job: JobId) -> JobHealth:
        """Returns what is known of a job, watched or not."""
        entry = self.entries.get(job)
        if not entry:
            return JobHealth()
        return JobHealth(entry.status is not None, entry.failure.kind if entry.failure else None)

    def most_that_fail(self, by_network: bool) -> int:
        """Returns how many jobs can fail at most: by the network, or for another reason that they share.

        For another reason at least 2: a single job with such a failure is no sign that all jobs fail.
        """
        if by_network:
            return max(1, self.active)
        return max(2, sum(not one.paused and one.status is not None for one in self.entries.values()))

    def has_others(self, refused: Collection[JobId]) -> bool:
        """Returns whether there is an unpaused job, free or in flight, besides the refused ones."""
        return any(not entry.paused and job not in refused for job, entry in self.entries.items())

    def _all_preferred_first(self) -> list[JobId]:
        return [*self._preferred, *(job for job in self.entries if job not in self._preferred)]

    def _put(self, job: JobId, at: float, rank: Rank) -> None:
        if not (entry := self.entries.get(job)):
            return
        entry.due = at
        slot = self.heap.slot(job)
        is_refreshed = slot is not None and slot.rank < Rank.PREFERRED
        if not (entry.paused or is_refreshed or job in self.in_flight):
            self.heap.put(job, at, rank)

    def _recount(self, entry: Entry, before: Cadence) -> None:
        """The job had that cadence before."""
        if entry.cadence is not before and not entry.paused:
            self.counts[before] -= 1
            self._count(entry, 1)

    def _count(self, entry: Entry, by: int) -> None:
        if not entry.paused:
            self.counts[entry.cadence] += by
            self.changes += 1
