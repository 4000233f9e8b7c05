"""What the poller does when the service throttles or cannot be reached."""

import asyncio
from math import isclose

from tests.scripted_reader import Bench, Outcome, failed, job, jobs, polling
from tests.virtual_time import in_virtual_time
from tui.core.job import JobId
from tui.core.reading import FailureKind, Status

TIMEOUT = failed(FailureKind.TIMEOUT)


def limit(bench: Bench, requests: int, window: float, says_so: bool) -> None:
    """The service allows so many requests in a window that slides."""
    message = failed(FailureKind.THROTTLED, limit=(requests, window) if says_so else None)
    allowed: list[float] = []

    def answer(_: JobId) -> Outcome:
        now = bench.clock()
        if sum(at > now - window for at in allowed) >= requests:
            return message
        allowed.append(now)
        return Status.IDLE

    bench.answer = answer


@in_virtual_time
async def test_a_refusal_stops_everything_for_as_long_as_it_says_and_halves_the_rate() -> None:
    async with polling(100) as bench:
        await asyncio.sleep(30)
        bench.answer = lambda _: failed(FailureKind.THROTTLED, retry_after=30)
        await asyncio.sleep(0.45)
        bench.answer = lambda _: Status.IDLE
        pace = bench.poller.pace()
        assert pace.rate == 2.5
        assert pace.trouble is not None
        assert pace.trouble.kind is FailureKind.THROTTLED
        assert pace.waiting_until is not None
        assert 29 < pace.waiting_until - bench.clock() <= 30
        assert 29 < bench.poller.refresh([job(1)]) <= 30
        before = bench.clock()
        await asyncio.sleep(29)
        assert not bench.asked(since=before)
        await asyncio.sleep(10)
        assert 15 <= len(bench.asked(since=before)) <= 26
        assert bench.poller.pace().trouble is None


@in_virtual_time
async def test_refusals_in_flight_together_halve_the_rate_once() -> None:
    async with polling(100, latency=1.0) as bench:
        await asyncio.sleep(30)
        bench.answer = lambda _: failed(FailureKind.THROTTLED)
        await asyncio.sleep(3)
        assert len([reading for reading in bench.readings if reading.failure]) >= 4
        assert bench.poller.pace().rate == 2.5


@in_virtual_time
async def test_a_named_limit_is_kept_to_afterwards() -> None:
    async with polling(2000) as bench:
        limit(bench, 200, 300.0, says_so=True)
        await asyncio.sleep(1500)
        assert isclose(bench.poller.pace().rate, 200 / 300)
        refused = [reading.received.at for reading in bench.readings if reading.failure]
        assert max(refused) - min(refused) < 2
        assert bench.poller.pace().stretched


@in_virtual_time
async def test_a_limit_that_nobody_names_is_found() -> None:
    async with polling(300) as bench:
        limit(bench, 60, 60.0, says_so=False)
        await asyncio.sleep(1800)
        since = bench.clock()
        await asyncio.sleep(1800)
        late = [reading for reading in bench.readings if reading.sent.at > since]
        assert sum(reading.failure is not None for reading in late) < len(late) / 20
        assert len(late) > 900


@in_virtual_time
async def test_the_rate_comes_back_when_the_service_is_content() -> None:
    async with polling(100) as bench:
        await asyncio.sleep(20)
        bench.answer = lambda _: failed(FailureKind.THROTTLED)
        await asyncio.sleep(1)
        bench.answer = lambda _: Status.IDLE
        assert bench.poller.pace().rate == 2.5
        await asyncio.sleep(400)
        assert bench.poller.pace().rate == 5.0


@in_virtual_time
async def test_one_job_that_cannot_be_reached_is_no_network_trouble() -> None:
    async with polling(10) as bench:
        bench.answer = lambda asked: TIMEOUT if asked < job(3) else Status.IDLE
        for _ in range(200):
            await asyncio.sleep(1)
            assert bench.poller.pace().trouble is None


@in_virtual_time
async def test_one_job_that_times_out_again_and_again_while_nobody_else_is_asked_is_no_network_trouble() -> None:
    async with polling(10) as bench:
        bench.answer = lambda asked: TIMEOUT if asked == job(3) else failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(20)
        for _ in range(7):
            bench.poller.refresh([job(3)])
            await asyncio.sleep(6)
            assert bench.poller.pace().trouble is None


@in_virtual_time
async def test_network_trouble_is_found_probed_and_over_with_the_first_good_answer() -> None:
    async with polling(50) as bench:
        await asyncio.sleep(60)
        assert bench.poller.pace().trouble is None
        bench.answer = lambda _: TIMEOUT
        await asyncio.sleep(3)
        assert bench.poller.pace().trouble == TIMEOUT
        assert not bench.poller.pace().signed_out
        await asyncio.sleep(3600)
        late = bench.asked(since=bench.clock() - 600)
        assert all(later - earlier <= 30.1 for earlier, later in zip(late, late[1:], strict=False))
        assert len(late) < 200
        restored = bench.clock()
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(30.2)
        assert bench.poller.pace().trouble is None
        await asyncio.sleep(11)
        assert set(bench.who(since=restored)) == set(jobs(50))


@in_virtual_time
async def test_tls_trouble_is_network_trouble_and_ends_for_all() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: failed(FailureKind.TLS)
        await asyncio.sleep(60)
        trouble = bench.poller.pace().trouble
        assert trouble is not None
        assert trouble.kind is FailureKind.TLS
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(36)
        assert {reading.job for reading in bench.readings if not reading.failure} == set(jobs(20))


@in_virtual_time
async def test_a_single_job_can_be_in_network_trouble_too() -> None:
    async with polling(1) as bench:
        bench.answer = lambda _: failed(FailureKind.DNS)
        await asyncio.sleep(1)
        assert bench.poller.pace().trouble == failed(FailureKind.DNS)


@in_virtual_time
async def test_an_answer_of_any_kind_shows_that_the_network_is_back() -> None:
    async with polling(10) as bench:
        bench.answer = lambda _: TIMEOUT
        await asyncio.sleep(10)
        bench.answer = lambda _: failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(31)
        assert bench.poller.pace().trouble is None
        assert len({reading.job for reading in bench.readings if reading.failure != TIMEOUT}) == 10


@in_virtual_time
async def test_a_server_that_answers_with_errors_ends_the_trouble_but_is_not_hurried() -> None:
    async with polling(40) as bench:
        bench.answer = lambda _: TIMEOUT
        await asyncio.sleep(1500)
        since = bench.clock()
        bench.answer = lambda _: failed(FailureKind.SERVER_ERROR)
        await asyncio.sleep(60)
        assert bench.poller.pace().trouble is None
        assert len(bench.asked(since=since)) < 40
