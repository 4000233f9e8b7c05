"""What the user asks of the poller: watch, prefer, refresh, pause."""

import asyncio
from collections import Counter
from math import inf

from tests.support.scripted_reader import job, jobs, polling
from tests.support.virtual_time import in_virtual_time
from tui.polling.policy import Policy


@in_virtual_time
async def test_scrolling_changes_who_goes_first() -> None:
    async with polling(100) as bench:
        bench.poller.prefer(jobs(100)[50:60])
        await asyncio.sleep(0.5)
        bench.poller.prefer(jobs(100)[90:95])
        await asyncio.sleep(3)
        assert bench.who()[:3] == jobs(100)[50:53]
        assert bench.who()[3:12] == [*jobs(100)[90:95], *jobs(100)[0:4]]


@in_virtual_time
async def test_refresh_jumps_the_queue_and_says_how_long_it_takes() -> None:
    async with polling(100) as bench:
        await asyncio.sleep(100.05)
        before = bench.clock()
        named = sorted(bench.who(since=before - 12)[:3], reverse=True)
        promised = bench.poller.refresh(named)
        assert 0.4 <= promised <= 0.6 + 1e-6
        await asyncio.sleep(promised + 0.01)
        assert bench.who(since=before)[:3] == named
        everything = bench.poller.refresh()
        assert 19 < everything <= 20.1
        before = bench.clock()
        assert bench.poller.refresh([job(50)]) < 0.21
        await asyncio.sleep(everything + 0.5)
        assert bench.who(since=before)[0] == job(50)
        assert len(set(bench.who(since=before - 0.5))) == 100


@in_virtual_time
async def test_refresh_of_a_job_in_flight_does_not_ask_it_again() -> None:
    async with polling(1, latency=3.0) as bench:
        await asyncio.sleep(1)
        assert bench.poller.refresh([job(0)]) == 0.0
        await asyncio.sleep(10)
        assert len(bench.sent) == 1


@in_virtual_time
async def test_a_refresh_key_held_down_on_one_row_starves_nobody() -> None:
    async with polling(60) as bench:
        await asyncio.sleep(60)
        since = bench.clock()
        for _ in range(1200):
            bench.poller.refresh([job(3)])
            await asyncio.sleep(0.05)
        counts = Counter(bench.who(since=since))
        assert counts.pop(job(3)) > 15
        assert len(counts) == 59
        assert min(counts.values()) >= 3


@in_virtual_time
async def test_a_refresh_key_held_down_does_not_push_its_own_row_back() -> None:
    async with polling(40, Policy(running=300, idle=60)) as bench:
        await asyncio.sleep(10)
        bench.poller.paused = True
        await asyncio.sleep(90)
        bench.poller.paused = False
        since = bench.clock()
        for _ in range(40):
            bench.poller.refresh([job(0)])
            await asyncio.sleep(0.05)
        assert bench.asked(job(0), since=since)


@in_virtual_time
async def test_a_storm_of_refreshes_stays_within_the_budget_and_starves_nobody() -> None:
    async with polling(30) as bench:
        for _ in range(300):
            bench.poller.refresh()
            bench.poller.refresh([job(3)])
            await asyncio.sleep(0.1)
        assert set(bench.who()) == set(jobs(30))


@in_virtual_time
async def test_an_answer_for_a_job_no_longer_watched_is_dropped() -> None:
    async with polling(2, latency=3.0) as bench:
        await asyncio.sleep(1)
        bench.poller.watch([job(1)])
        await asyncio.sleep(60)
        assert {reading.job for reading in bench.readings} == {job(1)}
        assert len(bench.asked(job(0))) == 1
        assert bench.poller.next_attempt(job(0)) is None


@in_virtual_time
async def test_a_job_taken_off_and_put_back_in_flight_is_not_asked_twice_at_once() -> None:
    async with polling(1, latency=3.0) as bench:
        await asyncio.sleep(1)
        bench.poller.watch([])
        bench.poller.watch([job(0)])
        await asyncio.sleep(4)
        assert len(bench.readings) == 1
        assert len(bench.sent) == 1


@in_virtual_time
async def test_watching_again_keeps_the_schedule_of_known_jobs() -> None:
    async with polling(1) as bench:
        await asyncio.sleep(1)
        planned = bench.poller.next_attempt(job(0))
        bench.poller.watch([job(1), job(0)])
        assert bench.poller.next_attempt(job(0)) == planned
        await asyncio.sleep(1)
        assert bench.who() == [job(0), job(1)]


@in_virtual_time
async def test_paused_jobs_are_not_asked_and_go_on_as_planned() -> None:
    async with polling(2) as bench:
        await asyncio.sleep(1)
        planned = bench.poller.next_attempt(job(0))
        bench.poller.pause([job(0)])
        assert bench.poller.next_attempt(job(0)) is None
        assert bench.poller.refresh([job(0)]) == inf
        bench.poller.resume([job(0)])
        assert bench.poller.next_attempt(job(0)) == planned
        bench.poller.pause([job(0)])
        await asyncio.sleep(100)
        assert len(bench.asked(job(0))) == 1
        assert len(bench.asked(job(1))) > 5
        bench.poller.resume([job(0)])
        await asyncio.sleep(0.5)
        assert len(bench.asked(job(0))) == 2


@in_virtual_time
async def test_paused_jobs_leave_the_budget_to_the_others() -> None:
    async with polling(150) as bench:
        bench.poller.pause(jobs(150)[75:])
        assert not bench.poller.pace().stretched
        bench.poller.resume(jobs(150))
        assert bench.poller.pace().idle == 30


@in_virtual_time
async def test_pausing_everything_asks_nothing_and_resuming_makes_no_burst() -> None:
    async with polling(60) as bench:
        await asyncio.sleep(30)
        bench.poller.paused = True
        assert bench.poller.pace().paused
        assert bench.poller.next_attempt(job(0)) is None
        assert bench.poller.refresh() == inf
        before = bench.clock()
        await asyncio.sleep(300)
        assert not bench.asked(since=before)
        bench.poller.paused = False
        before = bench.clock()
        await asyncio.sleep(13)
        assert len(set(bench.who(since=before))) == 60


@in_virtual_time
async def test_an_empty_watchlist_asks_nothing() -> None:
    async with polling(0) as bench:
        await asyncio.sleep(100)
        assert bench.poller.refresh() == 0.0
        bench.poller.watch([job(0)])
        await asyncio.sleep(1)
        assert bench.who() == [job(0)]
