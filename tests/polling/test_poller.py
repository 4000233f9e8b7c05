"""Intervals, order, rate, suspends, reports and bugs."""

import asyncio
from collections import Counter
from itertools import pairwise
from math import isclose

import pytest

from tests.support.long_run import by_length
from tests.support.scripted_reader import Outcome, failed, job, jobs, polling
from tests.support.virtual_time import in_virtual_time, run
from tui.core.job import JobId
from tui.core.reading import FailureKind, Reading, Status
from tui.polling.policy import Policy
from tui.polling.poller import Poller


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


@in_virtual_time
async def test_running_and_idle_jobs_are_asked_at_their_intervals() -> None:
    async with polling(2) as bench:
        bench.answer = lambda asked: Status.RUNNING if asked == job(0) else Status.IDLE
        await asyncio.sleep(600)
        for asked, interval in ((job(0), 5), (job(1), 15)):
            waits = gaps(bench.asked(asked))
            assert len(waits) > 30
            assert all(0.9 * interval <= wait <= 1.1 * interval + 0.5 for wait in waits)
            assert max(waits) - min(waits) > 0.05 * interval
            assert bench.poller.interval(asked) == interval


@in_virtual_time
async def test_a_job_that_starts_running_is_asked_more_often() -> None:
    async with polling(1) as bench:
        await asyncio.sleep(60)
        bench.answer = lambda _: Status.RUNNING
        await asyncio.sleep(20)
        since = bench.clock()
        await asyncio.sleep(60)
        assert len(bench.asked(since=since)) >= 10


@in_virtual_time
async def test_a_job_that_fails_for_a_passing_reason_is_asked_less_and_less() -> None:
    async with polling(2) as bench:
        bench.answer = lambda asked: failed(FailureKind.SERVER_ERROR) if asked == job(0) else Status.IDLE
        await asyncio.sleep(3000)
        waits = gaps(bench.asked(job(0)))
        for wait, most in zip(waits, [15, 30, 60, 120, 240, 300, 300], strict=False):
            assert most / 2 <= wait <= most + 1
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(400)
        assert bench.asked(job(0))[-1] > bench.clock() - 17


@in_virtual_time
async def test_a_job_that_fails_for_a_lasting_reason_is_asked_every_five_minutes_and_on_demand() -> None:
    async with polling(1) as bench:
        bench.answer = lambda _: failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(1000)
        assert all(270 <= wait <= 331 for wait in gaps(bench.asked()))
        before = len(bench.sent)
        assert bench.poller.refresh([job(0)]) == 0.0
        await asyncio.sleep(1)
        assert len(bench.sent) == before + 1


@in_virtual_time
async def test_the_first_round_goes_in_order_at_the_budget_rows_in_view_first() -> None:
    async with polling(40) as bench:
        bench.poller.prefer([job(30), job(31)])
        await asyncio.sleep(7.9)
        assert bench.who()[:4] == [job(30), job(31), job(0), job(1)]
        assert len(set(bench.who())) == 40
        bench.poller.prefer([])


@in_virtual_time
async def test_more_jobs_than_the_budget_stretch_the_intervals_evenly() -> None:
    async with polling(150) as bench:
        await asyncio.sleep(600)
        pace = bench.poller.pace()
        assert (pace.stretched, pace.idle, pace.running) == (True, 30.0, 8.0)
        assert bench.poller.interval(job(3)) == 30.0
        counts = Counter(bench.who())
        assert min(counts.values()) >= 16
        assert max(counts.values()) <= 22
        bench.poller.watch(jobs(10))
        pace = bench.poller.pace()
        assert (pace.stretched, pace.idle, pace.rate, pace.full_rate) == (False, 15.0, 5.0, 5.0)


@in_virtual_time
async def test_requests_leave_in_groups_and_their_answers_come_in_one_report() -> None:
    async with polling(30, Policy(together=8), latency=0.05) as bench:
        await asyncio.sleep(5.9)
        assert bench.asked()[:6] == pytest.approx([1000, 1000, 1000, 1000.6, 1000.6, 1000.6])
        assert [len(batch) for _, batch in bench.reports][:3] == [3, 3, 3]
        assert len(bench.sent) == 30


@in_virtual_time
async def test_a_job_that_the_user_names_does_not_wait_for_a_group() -> None:
    async with polling(30, Policy(together=8), latency=0.05) as bench:
        await asyncio.sleep(0.7)
        bench.poller.refresh([job(29)])
        await asyncio.sleep(0.15)
        assert bench.asked()[6] == pytest.approx(1000.8)
        assert bench.who()[6] == job(29)


@in_virtual_time
async def test_slow_answers_never_exceed_the_concurrency() -> None:
    async with polling(50, latency=20.0) as bench:
        await asyncio.sleep(300)
        assert bench.most_in_flight == 8


@in_virtual_time
async def test_readings_come_in_batches_at_most_every_tenth_of_a_second() -> None:
    async with polling(50, Policy(requests_per_second=100, concurrency=50), latency=0.01) as bench:
        await asyncio.sleep(2)
        assert len(bench.readings) == 50
        assert len(bench.reports) <= 7


@in_virtual_time
async def test_after_a_suspend_failures_in_flight_are_dropped_and_one_gentle_round_follows() -> None:
    async with polling(40) as bench:
        await asyncio.sleep(60)
        bench.latency = lambda _: 10.0
        bench.answer = lambda _: failed(FailureKind.TIMEOUT)
        await asyncio.sleep(5)
        assert len(bench.in_flight) == 8
        bench.asleep = 600.0
        woken = bench.clock()
        await asyncio.sleep(2)
        bench.latency = lambda _: 0.1
        await asyncio.sleep(6)
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(12)
        assert not any(reading.failure for reading in bench.readings if reading.sent.at < woken)
        assert set(bench.who(since=woken)) == set(jobs(40))
        assert {reading.job for reading in bench.readings if reading.sent.at > woken} == set(jobs(40))


@in_virtual_time
async def test_the_round_after_a_suspend_begins_with_what_the_user_named_and_sees() -> None:
    async with polling(60) as bench:
        await asyncio.sleep(60)
        bench.poller.prefer([job(50), job(51)])
        bench.poller.paused = True
        await asyncio.sleep(10)
        bench.poller.refresh([job(40)])
        bench.asleep = 600.0
        await asyncio.sleep(5)
        bench.poller.paused = False
        since = bench.clock()
        await asyncio.sleep(1)
        assert bench.who(since=since)[:4] == [job(40), job(50), job(51), job(0)]


@in_virtual_time
async def test_a_good_answer_from_before_a_suspend_does_not_count_and_is_asked_for_again() -> None:
    async with polling(1, latency=5.0) as bench:
        await asyncio.sleep(1)
        bench.asleep = 600.0
        await asyncio.sleep(5)
        assert bench.readings == []
        assert len(bench.sent) == 2
        await asyncio.sleep(5)
        assert [reading.result for reading in bench.readings] == [Status.IDLE]


@in_virtual_time
async def test_with_far_fewer_jobs_nobody_waits_as_long_as_was_planned_for_many() -> None:
    async with polling(3000) as bench:
        await asyncio.sleep(700)
        bench.poller.watch(jobs(10))
        cut = bench.clock()
        await asyncio.sleep(bench.policy.idle + 3)
        assert set(bench.who(since=cut)) == set(jobs(10))


def test_a_bug_in_the_reader_ends_the_poller() -> None:
    async def scene() -> None:
        async with polling(3) as bench:

            def answer(asked: JobId) -> Outcome:
                raise LookupError(asked) if asked == job(1) else RuntimeError("not the first")

            bench.answer = answer
            bench.poller.watch([job(1)])
            await asyncio.sleep(10)

    with pytest.raises(LookupError):
        run(scene())


def test_a_bug_in_the_report_ends_the_poller() -> None:
    async def scene() -> None:
        async with polling() as bench:

            def report(readings: list[Reading]) -> None:
                raise LookupError("a bug")

            poller = Poller(bench, report, Policy(), clock=bench.clock, uniform=min)
            poller.watch(jobs(2))
            await poller.run()

    with pytest.raises(LookupError):
        run(scene())


@in_virtual_time
async def test_a_cancelled_poller_can_run_again() -> None:
    async with polling() as bench:
        poller = Poller(bench, lambda _: None, Policy(), clock=bench.clock, uniform=min)
        poller.watch(jobs(1))
        for _ in range(2):
            work = asyncio.create_task(poller.run())
            await asyncio.sleep(0.05)
            assert bench.in_flight
            work.cancel()
            await asyncio.wait([work])
            assert not bench.in_flight
            await asyncio.sleep(1)


@in_virtual_time
async def test_thousands_of_jobs_are_all_read_and_those_in_view_first() -> None:
    number = by_length(3000, 10_000)
    everything = jobs(number)
    async with polling(number, Policy(requests_per_second=number / 200)) as bench:
        bench.poller.prefer(everything[2000:2040])
        await asyncio.sleep(210)
        assert set(bench.who()) == set(everything)
        assert set(bench.who()[:40]) == set(everything[2000:2040])
        assert isclose(bench.poller.pace().idle, 200, rel_tol=0.01)
