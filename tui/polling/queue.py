"""Jobs that wait to be asked, in the order of asking."""

from collections import Counter
from enum import IntEnum
from heapq import heapify, heappop, heappush
from math import inf
from typing import NamedTuple

from tui.core.job import JobId


class Rank(IntEnum):
    """Who goes first. All but the last are due whatever their moment."""

    ASKED = 0
    """The user named the job."""
    ASKED_WITH_ALL = 1
    """The user asked for everything."""
    PREFERRED = 2
    """In view, and due together with many others."""
    ORDINARY = 3


class Place(NamedTuple):
    """A job's place; compares as the queue orders."""

    rank: Rank
    at: float
    order: int
    job: JobId

    @property
    def due(self) -> float:
        """The moment from which on the job may be asked."""
        return self.at if self.rank is Rank.ORDINARY else -inf


class Queue:
    """At most one place a job. Replaced places stay in the heap, dead, until they surface or are the half of it."""

    def __init__(self) -> None:
        self._heap: list[Place] = []
        self._places: dict[JobId, Place] = {}
        self._ranks: Counter[Rank] = Counter()
        self._order = 0

    def put(self, job: JobId, at: float, rank: Rank = Rank.ORDINARY) -> None:
        """Give the job this place instead of the one it had."""
        self._order += 1
        self._place(Place(rank, at, self._order, job))

    def rerank(self, job: JobId, rank: Rank) -> None:
        """Another rank, but the same moment and order within it."""
        if place := self._places.get(job):
            self._place(place._replace(rank=rank))

    def discard(self, job: JobId) -> None:
        if place := self._places.pop(job, None):
            self._ranks[place.rank] -= 1

    def first(self) -> Place | None:
        while self._heap:
            place = self._heap[0]
            if self._places.get(place.job) is place:
                return place
            heappop(self._heap)
        return None

    def place(self, job: JobId) -> Place | None:
        return self._places.get(job)

    def up_to(self, rank: Rank) -> int:
        """How many wait with this rank or a better one."""
        return sum(self._ranks[better] for better in Rank if better <= rank)

    def _place(self, place: Place) -> None:
        self.discard(place.job)
        self._places[place.job] = place
        self._ranks[place.rank] += 1
        heappush(self._heap, place)
        if len(self._heap) > 2 * len(self._places) + 64:
            self._heap = list(self._places.values())
            heapify(self._heap)
