"""Several profiles under one roof."""

import asyncio
from contextlib import suppress

from tests.support.scripted_reader import Bench, job
from tests.support.virtual_time import in_virtual_time
from tui.core.job import Job
from tui.polling.policy import Policy
from tui.polling.poller import PollerGroup


@in_virtual_time
async def test_a_job_that_changes_its_profile_is_asked_by_the_other_one_and_stays_paused() -> None:
    first, second = Bench(Policy(), 0.1), Bench(Policy(), 0.1)
    pollers = PollerGroup(lambda name: (second if name == "b" else first).poller, "")
    pollers.watch([Job(job(1)), Job(job(2))])
    work = asyncio.create_task(pollers.run())
    await asyncio.sleep(1)
    assert set(first.who()) == {job(1), job(2)}
    pollers.pause([job(1)])
    moved = asyncio.get_running_loop().time()
    pollers.watch([Job(job(1), profile="b"), Job(job(2), profile="b")])
    await asyncio.sleep(60)
    assert first.who(since=moved) == []
    assert set(second.who()) == {job(2)}
    pollers.resume([job(1)])
    await asyncio.sleep(1)
    assert job(1) in second.who()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
