"""Hours of everything at once: whatever happens, the promises that the bench checks are kept."""

import asyncio
from random import Random

import pytest

from tests.support.long_run import by_length
from tests.support.scripted_reader import Bench, Outcome, failed, job, jobs, polling
from tests.support.virtual_time import in_virtual_time
from tui.core.job import JobId
from tui.core.reading import FailureKind, Status
from tui.polling.policy import Policy

KINDS = list(FailureKind)


def interfere(bench: Bench, random: Random) -> None:
    """Something that a user, the service or the machine may do."""
    poller = bench.poller
    some = random.sample(jobs(80), random.randint(0, 40))
    match random.randrange(9):
        case 0:
            poller.watch(some)
        case 1:
            poller.refresh(random.choice([None, some]))
        case 2:
            poller.pause(some)
        case 3:
            poller.resume(some)
        case 4:
            poller.prefer(some)
        case 5:
            poller.paused = random.random() < 0.2
        case 6:
            bench.asleep += random.choice([0.0, 20.0, 900.0])
        case 7:
            bench.credential_is_new = random.random() < 0.7
        case _:
            share = random.choice([0.0, 0.1, 0.5, 1.0])
            kinds = random.choice([KINDS, [random.choice(KINDS)]])

            def answer(_: JobId) -> Outcome:
                if random.random() < share:
                    return failed(random.choice(kinds), random.choice([None, 7.0]), random.choice([None, (600, 60)]))
                return random.choice(list(Status))

            bench.answer = answer


@pytest.mark.parametrize("seed", range(by_length(1, 6)))
def test_promises_are_kept_and_every_job_recovers(seed: int) -> None:
    random = Random(seed)

    @in_virtual_time
    async def scene() -> None:
        async with polling(40, Policy(concurrency=random.randint(3, 8), together=random.choice((1, 8)))) as bench:
            bench.latency = lambda _: random.expovariate(2.0)
            for _ in range(by_length(150, 400)):
                await asyncio.sleep(random.expovariate(0.2))
                interfere(bench, random)
                for watched in (job(3), job(70)):
                    planned = bench.poller.next_attempt(watched)
                    assert planned is None or planned >= bench.clock()
            bench.answer = lambda _: Status.IDLE
            bench.credential_is_new = True
            bench.poller.paused = False
            bench.poller.resume(jobs(80))
            bench.poller.watch(jobs(40))
            await asyncio.sleep(4000)
            pace = bench.poller.pace()
            assert (pace.trouble, pace.stretched, pace.rate) == (None, False, 5.0)
            since = bench.clock()
            await asyncio.sleep(20)
            assert set(bench.who(since=since)) == set(jobs(40))

    scene()
