"""Weeks in seconds: nothing grows, no promise is broken. Thirty days where hours are allowed."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.long_run import HOURS, by_length
from tests.support.soak_world import JOBS, PROFILES, Usage, World
from tests.support.virtual_time import run
from tui.polling.policy import Policy

DAY = 86400.0
DAYS = by_length(0.05, 0.5, 30.0)
POLICY = Policy() if HOURS else Policy(requests_per_second=0.5)
EDIT_EVERY = 599.9983 if HOURS else 199.9983
"""Seconds: never at a request's own moment, since no machine goes to sleep between two of our instructions."""
GROWTH = 12.0
"""MB that the interpreter's own heaps may come to after the first quarter."""


@pytest.mark.skipif(sys.platform != "linux", reason="the figures come from /proc")
def test_a_month_of_faults_and_edits_leaves_everything_flat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scene() -> str:
        world = World(tmp_path, POLICY, seed=11)
        began = asyncio.get_running_loop().time()
        work = asyncio.create_task(world.pollers.run())
        first: Usage | None = None
        while (lived := asyncio.get_running_loop().time() - began) < DAYS * DAY:
            await asyncio.sleep(EDIT_EVERY)
            assert not work.done()
            world.edit()
            world.check()
            if first is None and lived > DAYS * DAY / 4:
                first = Usage.now()
        last = Usage.now()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert first is not None
        sent = sum(service.sent for service in world.services.values())
        allowed = int(lived * world.policy.requests_per_second + 1) * len(PROFILES)
        assert last.memory - first.memory < GROWTH
        assert last.tasks <= len(PROFILES) * (world.policy.concurrency + 1) + 2
        assert last.descriptors == first.descriptors
        assert allowed / 10 < sent <= allowed
        return (
            f"{DAYS:g} days, {JOBS} jobs, {world.edits} edits and faults: "
            f"memory {first.memory:.1f} -> {last.memory:.1f} MB, tasks {first.tasks} -> {last.tasks}, "
            f"descriptors {first.descriptors} -> {last.descriptors}, "
            f"{sent} requests sent of {allowed} that the policy allows, {world.readings} readings"
        )

    said = run(scene())
    with capsys.disabled():
        print(f"\nsoak: {said}")
