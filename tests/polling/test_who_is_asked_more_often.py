"""Rows in view, marked, armed and soon ending jobs are read more often where there are too many jobs; the rest is not
forgotten, and what is stated is true."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random

import pytest

from tests.support.scripted_reader import Bench, failed, job, jobs, polling
from tests.support.virtual_time import in_virtual_time
from tui.core.hints import Hint, HintPage
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.list_sweeps import ListPage
from tui.polling.policy import Policy
from tui.polling.poller import Poller

SLOW = Policy(requests_per_second=1.0)


def longest(bench: Bench, asked: JobId, since: float) -> float:
    return max(later - sooner for sooner, later in pairwise(bench.asked(asked, since=since)))


@in_virtual_time
async def test_what_is_in_view_or_chosen_is_asked_more_often_and_nobody_waits_longer_than_stated() -> None:
    async with polling(100, SLOW) as bench:
        bench.poller.prefer([job(90)], [job(3)])
        await asyncio.sleep(300)
        since = bench.clock()
        await asyncio.sleep(2000)
        within = bench.poller.pace().within
        often = min(len(bench.asked(one, since=since)) for one in (job(90), job(3)))
        seldom = max(len(bench.asked(job(number), since=since)) for number in range(10, 90))
        assert often > 1.1 * seldom
        assert max(longest(bench, one, since) for one in jobs(100)) <= 1.1 * within
        assert bench.poller.interval(job(3)) < bench.poller.interval(job(10))


@in_virtual_time
async def test_a_row_that_comes_into_view_does_not_wait_as_long_as_was_planned() -> None:
    async with polling(100, SLOW) as bench:
        await asyncio.sleep(500)
        last = [bench.asked(one)[-1] for one in jobs(100)]
        oldest = job(last.index(min(last)))
        bench.poller.prefer([oldest])
        assert bench.poller.next_attempt(oldest) == pytest.approx(bench.clock(), abs=15)


@in_virtual_time
async def test_around_its_expected_end_a_running_job_is_asked_sooner() -> None:
    async with polling(100, SLOW) as bench:
        bench.answer = lambda asked: Status.RUNNING if asked == job(7) else Status.IDLE
        await asyncio.sleep(500)
        usual = bench.poller.interval(job(7))
        bench.poller.expect({job(7): bench.clock() + 100})
        end = bench.clock() + 100
        await asyncio.sleep(200)
        assert min(abs(at - end) for at in bench.asked(job(7))) < 5
        assert len(bench.asked(job(7), since=end - usual)) >= 3


class Lists:
    """Lists that say what the bench answers."""

    def __init__(self, bench: Bench, count: int) -> None:
        self.bench, self.count = bench, count
        self.pages: list[ListPage] = []
        self.is_empty = False
        self.failure: Failure | None = None

    async def page(self, page: ListPage) -> HintPage | Failure:
        self.pages.append(page)
        if self.failure:
            return self.failure
        await asyncio.sleep(0.1)
        shown = [] if self.is_empty else jobs(self.count)[page.number * 100 : page.number * 100 + 100]
        answers = {one: self.bench.answer(one) is Status.RUNNING for one in shown}
        return HintPage({one: Hint(said, (said,), 0, "p") for one, said in answers.items()}, len(shown) and self.count)


@asynccontextmanager
async def with_lists(bench: Bench, count: int) -> AsyncIterator[tuple[Lists, Poller]]:
    """Runs a second poller on the same bench, which has lists."""
    lists = Lists(bench, count)
    poller = Poller(bench, lambda _: None, bench.policy, clock=bench.clock, uniform=Random(3).uniform, lists=lists)
    poller.watch(jobs(count))
    work = asyncio.create_task(poller.run())
    yield lists, poller
    work.cancel()
    await asyncio.wait([work])


@in_virtual_time
async def test_the_first_round_reads_what_runs_and_what_is_in_view_and_spreads_the_rest() -> None:
    async with polling(0) as bench:
        running = set(jobs(200)[150:190])
        bench.answer = lambda asked: Status.RUNNING if asked in running else Status.IDLE
        async with with_lists(bench, 200) as (_, poller):
            poller.prefer(jobs(20))
            await asyncio.sleep(4)
            extra = asyncio.create_task(poller.extras_budget().turn())
            await asyncio.sleep(1)
            assert not extra.done()
            await asyncio.sleep(4)
            assert running <= set(bench.who())
            await asyncio.sleep(8)
            assert extra.done()
            assert set(jobs(20)) <= set(bench.who())
            await asyncio.sleep(43)
            first_minute = set(bench.who())
            assert 70 <= len(first_minute) <= 130
            assert (poller.pace().idle, poller.pace().by_lists) == (300, True)
            await asyncio.sleep(260)
            assert set(bench.who()) == set(jobs(200))
            assert poller.pace().idle < 60


@in_virtual_time
async def test_jobs_that_a_trusted_list_agrees_with_wait_longer_until_the_list_falls_silent() -> None:
    async with polling(0, SLOW) as bench:
        started = bench.clock()

        def runs(asked: JobId) -> Status:
            phase = (bench.clock() - started + 37 * int(asked)) % 900
            return Status.RUNNING if phase < 120 and int(asked) % 4 == 0 else Status.IDLE

        bench.answer = runs
        async with with_lists(bench, 100) as (lists, poller):
            await asyncio.sleep(1800)
            quiet = [one for one in jobs(100) if poller.interval(one) > 2 * poller.pace().running * 3]
            assert len(quiet) > 50
            assert poller.pace().by_lists
            lists.is_empty = True
            await asyncio.sleep(200)
            since = bench.clock()
            await asyncio.sleep(400)
            assert set(bench.who(since=since)) == set(jobs(100))
            assert poller.pace().idle < 300
            assert not poller.pace().by_lists


@in_virtual_time
async def test_lists_that_are_switched_off_slow_down_nothing() -> None:
    async with polling(0) as bench, with_lists(bench, 200) as (lists, poller):
        lists.failure = failed(FailureKind.THROTTLED)  # what is said while all extras rest: nothing was sent
        await asyncio.sleep(900)
        assert len(lists.pages) > 1
        assert poller.pace().rate == 5.0
