"""What a sweep over the lists of many jobs costs: bytes, CPU, and how long a key may wait for one page."""

import time
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tests.bench.listed import list_page
from tests.bench.places import job_id
from tests.support.builders import reading
from tui.codearts.job_list_api import hints_call
from tui.core.hints import PAGE_SIZE
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.list_sweeps import ListSweeps
from tui.polling.policy import Policy
from tui.polling.scheduler import Scheduler

SWEEPS = 5


class Cost(NamedTuple):
    """Of one sweep; the least of several."""

    pages: int
    bytes: int
    cpu: float
    """Seconds."""
    longest: float
    """Seconds that one page takes, during which no key is handled."""


def sweep_cost(jobs: int) -> Cost:
    """Pages as the vendor's examples have them, of which nothing has changed since the sweep before."""
    bodies = [list_page(first, jobs) for first in range(0, jobs, PAGE_SIZE)]
    scheduler = Scheduler(Policy(), Random(1).uniform, ListSweeps())
    scheduler.start(0.0)
    scheduler.watch([JobId(job_id(number + 1)) for number in range(jobs)], 0.0)
    first = reading(JobId(job_id(1)), Status.IDLE, 0.2)
    scheduler.on_sent(first.job, 0.1)
    scheduler.on_reading(first, first.job, 0.1, 0.2)
    sweeps = _Sweeps(scheduler, bodies)
    costs = []
    for _ in range(SWEEPS):
        took = [sweeps.page() for _ in bodies]
        costs.append(Cost(len(bodies), sum(map(len, bodies)), sum(took), max(took)))
    return min(costs, key=lambda cost: cost.cpu)


class _Sweeps:
    """Serves one page after another."""

    def __init__(self, scheduler: Scheduler, bodies: Sequence[bytes]) -> None:
        self._scheduler, self._bodies = scheduler, bodies
        self._now = 1.0

    def page(self) -> float:
        """Returns the seconds of CPU that the next page takes. The filter for building jobs is refused."""
        while True:
            following = self._scheduler.next_list(self._now)
            assert following
            self._now = max(self._now, following[0])
            self._scheduler.check_clock(self._now)
            page = following[1]
            self._scheduler.on_list_sent(self._now)
            if not page.building:
                break
            self._scheduler.on_list(page, Failure(FailureKind.BAD_REQUEST, "no filter"), self._now, self._now)
        began = time.process_time()
        parsed = hints_call(page.project, page.number).parse(self._bodies[page.number], ())
        assert not isinstance(parsed, Failure)
        self._scheduler.on_list(page, parsed.hints, self._now, self._now + 0.2)
        self._now += 0.2
        return time.process_time() - began
