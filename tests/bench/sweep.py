"""What a sweep over the lists of many jobs costs: bytes, CPU, and how long a key may wait for one page."""

import json
import time
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tests.support.builders import job_id, reading
from tui.codearts.job_list_api import hints_call
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.list_sweeps import PAGE_SIZE, ListSweeps
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
    bodies = [_body(first, jobs) for first in range(0, jobs, PAGE_SIZE)]
    scheduler = Scheduler(Policy(), Random(1).uniform, ListSweeps())
    scheduler.start(0.0)
    scheduler.watch([job_id(number) for number in range(jobs)], 0.0)
    first = reading(job_id(0), Status.IDLE, 0.2)
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


def _body(first: int, jobs: int) -> bytes:
    entries = [_entry(number) for number in range(first, min(first + PAGE_SIZE, jobs))]
    return json.dumps({"result": {"total": jobs, "job_list": entries}, "status": "success"}).encode()


def _entry(number: int) -> dict[str, object]:
    """With the members of the vendor's example."""
    return {
        "id": job_id(number),
        "job_name": f"payments-api-{number}",
        "job_creator": "0123456789abcdef0123456789abcdef",
        "user_name": "lin",
        "last_build_time": 1_795_000_000_000 + number,
        "health_score": 100,
        "source_code": "codehub",
        "last_build_status": "success",
        "is_finished": True,
        "disabled": False,
        "favorite": False,
        "is_modify": True,
        "is_delete": True,
        "is_execute": True,
        "is_copy": True,
        "is_forbidden": True,
        "is_view": True,
        "last_build_user": "lin",
        "trigger_type": "timer",
        "build_time": 480_000,
        "scm_web_url": "https://codehub.example.com/payments/api.git",
        "scm_type": "codehub",
        "repo_id": "0123456",
        "build_number": number % 1000 + 1,
        "project_id": "e" * 32,
        "project_name": "Payments",
        "code_branch": "main",
        "commit_id": "0123456789abcdef0123456789abcdef01234567",
    }
