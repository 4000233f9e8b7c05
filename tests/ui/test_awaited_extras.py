"""Extras that a dialog waits for."""

import asyncio
from typing import Any

from tests.support.builders import job_id
from tests.support.virtual_time import in_virtual_time
from tui.core.job import JobId
from tui.core.run import RunRecord
from tui.polling.rate_limiter import BY_ITSELF, AdaptiveRateLimiter, ExtrasBudget
from tui.ui.actions import AwaitedExtras


class Source:
    def __init__(self, budget: ExtrasBudget) -> None:
        self._budget = budget

    async def fetch(self, call: object) -> Any:
        raise NotImplementedError

    async def last_run(self, job: JobId) -> RunRecord:
        await self._budget.turn()
        return RunRecord(7)


@in_virtual_time
async def test_a_dialog_has_room_that_the_background_has_not() -> None:
    clock = asyncio.get_running_loop().time
    source = Source(ExtrasBudget(AdaptiveRateLimiter(5.0), clock))
    for _ in range(BY_ITSELF):
        await source.last_run(job_id(1))
    began = clock()
    background = asyncio.create_task(source.last_run(job_id(1)))
    assert await AwaitedExtras(source, lambda: None, "i").last_run(job_id(1)) == RunRecord(7)
    assert clock() - began < 0.3
    assert not background.done()
    await background
