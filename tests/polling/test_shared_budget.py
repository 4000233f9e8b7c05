"""Instances that share a budget, in virtual time: an hour at a service with 200 calls in five minutes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random

import pytest

from tests.support.credential_fakes import NoCredential
from tests.support.quota import Quota, Room
from tests.support.scripted_reader import jobs
from tests.support.virtual_time import in_virtual_time
from tui.clock import now as wall
from tui.core.budget import Limit
from tui.core.job import JobId
from tui.core.reading import Moment, Reading, Status
from tui.polling.policy import Policy
from tui.polling.poller import Poller

HOUR = 3600.0


def clock() -> float:
    return asyncio.get_running_loop().time()


class QuotaReader(NoCredential):
    """Idle jobs, if the quota allows it."""

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self.sent: list[float] = []

    async def read(self, job: JobId) -> Reading:
        at = wall().wall
        sent = Moment(clock(), at)
        self.sent.append(sent.at)
        await asyncio.sleep(0.1)
        outcome = self._quota.refusal() or Status.IDLE
        return Reading(job, outcome, sent, Moment(clock(), at))


@asynccontextmanager
async def instance(quota: Quota, room: Room | None, watched: Sequence[JobId], seed: int) -> AsyncIterator[QuotaReader]:
    reader = QuotaReader(quota)
    peers = room.peers() if room else None
    poller = Poller(reader, lambda readings: None, Policy(), clock=clock, uniform=Random(seed).uniform, peers=peers)
    poller.watch(watched)
    work = asyncio.create_task(poller.run())
    try:
        yield reader
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def most_in_a_window(moments: Sequence[float], seconds: float = 300.0) -> int:
    return max(sum(start <= at < start + seconds for at in moments) for start in moments)


@pytest.mark.parametrize("is_fixed", [False, True])
@in_virtual_time
async def test_one_instance_is_refused_once_and_uses_most_of_the_quota(is_fixed: bool) -> None:
    quota = Quota(clock, is_fixed=is_fixed)
    async with instance(quota, None, jobs(200), 1):
        await asyncio.sleep(HOUR)
    assert len(quota.refused) <= 1
    assert sum(at > clock() - 1800 for at in quota.served) >= 0.85 * 1200


@in_virtual_time
async def test_three_instances_are_refused_twice_at_most_and_share_evenly() -> None:
    quota, room = Quota(clock), Room(clock)
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(instance(quota, room, jobs(200), seed)) for seed in range(3)]
        await asyncio.sleep(HOUR)
    assert len(quota.refused) <= 2
    late = [sum(at > clock() - 1800 for at in reader.sent) for reader in readers]
    assert sum(late) >= 0.85 * 1200
    assert min(late) >= 0.8 * max(late)


@in_virtual_time
async def test_one_that_needs_little_gets_it_and_the_others_have_the_rest() -> None:
    quota, room = Quota(clock), Room(clock)
    room.remembered = Limit(200, 300, clock())
    async with instance(quota, room, jobs(200), 1) as many, instance(quota, room, jobs(1), 2) as one:
        await asyncio.sleep(HOUR)
    assert not quota.refused
    assert len(one.sent) >= HOUR / 15 * 0.9
    assert len(many.sent) >= 1700


@in_virtual_time
async def test_a_start_keeps_within_a_remembered_limit_and_counts_what_the_instance_before_has_spent() -> None:
    quota, room = Quota(clock), Room(clock)
    for seed in range(6):
        async with instance(quota, room, jobs(200), seed):
            await asyncio.sleep(100)
    assert len(quota.refused) <= 1  # the first instance did not know the limit


@in_virtual_time
async def test_when_an_instance_ends_the_other_takes_its_part() -> None:
    quota, room = Quota(clock), Room(clock)
    room.remembered = Limit(200, 300, clock())
    async with instance(quota, room, jobs(200), 1) as stays:
        async with instance(quota, room, jobs(200), 2):
            await asyncio.sleep(1800)
        shared = sum(at > clock() - 600 for at in stays.sent)
        await asyncio.sleep(1800)
        alone = sum(at > clock() - 600 for at in stays.sent)
    assert alone >= 1.8 * shared
    assert not quota.refused


@in_virtual_time
async def test_without_each_other_three_instances_still_find_a_pace() -> None:
    quota = Quota(clock)
    async with AsyncExitStack() as stack:
        for seed in range(3):
            await stack.enter_async_context(instance(quota, None, jobs(200), seed))
        await asyncio.sleep(HOUR)
    assert len(quota.refused) < 30
    assert len(quota.served) > 0.5 * 2400
    assert most_in_a_window(quota.served) <= 200
