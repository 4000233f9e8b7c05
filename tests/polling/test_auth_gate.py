"""What the poller does when the credential, or one job, is refused."""

import asyncio

import pytest

from tests.support.scripted_reader import failed, job, jobs, polling
from tests.support.virtual_time import in_virtual_time
from tui.core.reading import FailureKind, Status

REFUSED = failed(FailureKind.SIGN_IN)


@in_virtual_time
async def test_two_hundred_jobs_with_a_refused_token_are_one_probe() -> None:
    async with polling(200, latency=1.0) as bench:
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(600)
        first_refusal = min(reading.received.at for reading in bench.readings)
        assert len(bench.asked(since=first_refusal)) == 1
        assert len(bench.sent) <= bench.policy.concurrency + 1
        pace = bench.poller.pace()
        assert pace.signed_out
        assert pace.trouble == REFUSED
        assert bench.poller.next_attempt(job(150)) is None


@in_virtual_time
async def test_a_token_that_expires_later_stops_everything_and_a_new_one_resumes_it() -> None:
    async with polling(50) as bench:
        await asyncio.sleep(60)
        expired = bench.clock()
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        assert len(bench.asked(since=expired)) <= 4
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(60)
        assert bench.poller.pace().signed_out
        renewed = bench.clock()
        bench.credential_is_new = True
        await asyncio.sleep(2.1)
        assert not bench.poller.pace().signed_out
        assert bench.poller.pace().trouble is None
        await asyncio.sleep(10.5)
        assert set(bench.who(since=renewed)) == set(jobs(50))


@in_virtual_time
async def test_one_refused_job_does_not_stop_the_others() -> None:
    async with polling(20) as bench:
        await asyncio.sleep(60)
        bench.answer = lambda asked: REFUSED if asked == job(4) else Status.IDLE
        since = bench.clock()
        for _ in range(900):
            await asyncio.sleep(1)
            assert not bench.poller.pace().signed_out
        assert len(bench.asked(job(4), since=since)) <= 4
        assert len(bench.asked(job(5), since=since)) > 50


@in_virtual_time
async def test_while_in_doubt_only_the_probe_is_asked_and_it_is_a_job_that_answered_well() -> None:
    async with polling(20) as bench:
        await asyncio.sleep(60)
        bench.poller.watch([*[job(number) for number in range(30, 50)], *jobs(20)])
        bench.answer = lambda asked: REFUSED
        bench.latency = lambda asked: 0.1 if asked == job(30) else 9.0
        await asyncio.sleep(0.01)
        before = bench.clock()
        await asyncio.sleep(8)
        asked = bench.who(since=before)
        assert len(asked) == 1
        assert asked[0] in jobs(20)


@in_virtual_time
async def test_a_single_refused_job_signs_out_at_once() -> None:
    async with polling(1) as bench:
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        assert bench.poller.pace().signed_out
        assert len(bench.sent) == 1


@in_virtual_time
async def test_a_job_added_beside_the_single_refused_one_decides_again() -> None:
    async with polling(1) as bench:
        bench.answer = lambda asked: REFUSED if asked == job(0) else Status.IDLE
        await asyncio.sleep(60)
        bench.poller.watch(jobs(3))
        await asyncio.sleep(1)
        assert not bench.poller.pace().signed_out
        assert {reading.job for reading in bench.readings if not reading.failure} == {job(1), job(2)}


@pytest.mark.parametrize("kind", [FailureKind.NO_CREDENTIAL, FailureKind.TOKEN_TOO_LARGE])
def test_a_missing_credential_needs_no_probe(kind: FailureKind) -> None:
    @in_virtual_time
    async def scene() -> None:
        async with polling(20, latency=0.01) as bench:
            bench.answer = lambda _: failed(kind)
            await asyncio.sleep(60)
            assert len(bench.sent) == 1
            assert bench.poller.pace().signed_out

    scene()


@in_virtual_time
async def test_a_probe_that_times_out_decides_nothing() -> None:
    async with polling(20) as bench:
        await asyncio.sleep(60)
        broken = bench.clock()
        bench.answer = lambda asked: REFUSED if asked == job(4) else failed(FailureKind.TIMEOUT)
        bench.poller.refresh([job(4)])
        await asyncio.sleep(40)
        assert not bench.poller.pace().signed_out
        assert 3 <= len(bench.asked(since=broken)) <= 8
        bench.answer = lambda asked: REFUSED if asked == job(4) else Status.IDLE
        await asyncio.sleep(30)
        assert len(set(bench.who(since=broken))) == 20


@in_virtual_time
async def test_refresh_while_signed_out_sends_one_probe_and_an_answer_resumes_all() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        before = bench.clock()
        for first in (7, 8, 9):
            bench.poller.refresh([job(first), job(3)])
            await asyncio.sleep(0.03)
        await asyncio.sleep(20)
        assert bench.who(since=before) == [job(7)]
        assert bench.tried_again == 1
        assert bench.poller.pace().signed_out
        bench.answer = lambda _: Status.IDLE
        assert bench.poller.refresh() == 0.0
        await asyncio.sleep(6)
        assert not bench.poller.pace().signed_out
        assert {reading.job for reading in bench.readings if not reading.failure} == set(jobs(20))


@pytest.mark.parametrize("kind", [FailureKind.SHORTAGE, FailureKind.SETTINGS, FailureKind.TIMEOUT])
def test_a_probe_that_never_reached_the_service_lets_nobody_in(kind: FailureKind) -> None:
    @in_virtual_time
    async def scene() -> None:
        async with polling(20) as bench:
            bench.answer = lambda _: REFUSED
            await asyncio.sleep(60)
            bench.answer = lambda _: failed(kind)
            before = bench.clock()
            bench.poller.refresh([job(7)])
            await asyncio.sleep(20)
            assert bench.who(since=before) == [job(7)]
            assert bench.poller.pace().signed_out

    scene()


@in_virtual_time
async def test_a_key_held_down_while_signed_out_is_no_more_than_one_probe_in_ten_seconds() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        before = bench.clock()
        waits = []
        for _ in range(600):
            waits.append(bench.poller.refresh([job(5)]))
            await asyncio.sleep(1 / 30)
        assert len(bench.who(since=before)) <= 3
        assert 9 < max(waits) <= 10


@in_virtual_time
async def test_refresh_ends_the_wait_for_a_log_in_unless_it_was_refused() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: failed(FailureKind.TIMEOUT)
        await asyncio.sleep(60)
        bench.poller.refresh([job(5)])
        assert (bench.hurried, bench.tried_again) == (1, 0)
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        bench.poller.refresh([job(5)])
        assert (bench.hurried, bench.tried_again) == (1, 1)


@in_virtual_time
async def test_a_late_refusal_of_the_old_credential_says_nothing_of_the_new_one() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: REFUSED
        bench.latency = lambda asked: 8.0 if asked == job(0) else 0.1
        await asyncio.sleep(2)
        assert bench.poller.pace().signed_out
        bench.credential_is_new = True
        bench.answer = lambda asked: REFUSED if len(bench.asked(asked)) == 1 else Status.IDLE
        await asyncio.sleep(18)
        assert not any(reading.failure for reading in bench.readings if reading.job == job(0))
        assert any(reading.job == job(0) for reading in bench.readings)
        assert not bench.poller.pace().signed_out


@in_virtual_time
async def test_a_probe_taken_off_the_list_still_decides() -> None:
    async with polling(2, latency=2.0) as bench:
        bench.latency = lambda asked: 0.05 if asked == job(0) else 2.0
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(1)
        assert bench.in_flight == {job(1)}
        bench.poller.watch([job(0)])
        await asyncio.sleep(3)
        assert bench.poller.pace().signed_out


@in_virtual_time
async def test_a_refused_job_is_no_witness_of_its_own() -> None:
    async with polling(2) as bench:
        bench.answer = lambda asked: REFUSED if asked == job(0) else Status.IDLE
        bench.latency = lambda asked: 1.0 if asked == job(0) else 5.0
        await asyncio.sleep(5)
        assert bench.who() == jobs(2)
        assert not bench.poller.pace().signed_out
        await asyncio.sleep(10)
        assert bench.who() == [*jobs(2), job(1)]
        assert not bench.poller.pace().signed_out


@in_virtual_time
async def test_a_suspend_while_the_probe_is_in_flight_starts_another() -> None:
    async with polling(20) as bench:
        await asyncio.sleep(60)
        bench.answer = lambda asked: REFUSED if asked == job(4) else failed(FailureKind.TIMEOUT)
        bench.latency = lambda asked: 0.1 if asked == job(4) else 10.0
        bench.poller.refresh([job(4)])
        await asyncio.sleep(5)
        bench.asleep = 600.0
        await asyncio.sleep(8)
        bench.answer = lambda asked: REFUSED if asked == job(4) else Status.IDLE
        since = bench.clock()
        await asyncio.sleep(60)
        assert set(bench.who(since=since)) >= set(jobs(20)) - {job(4)}


@in_virtual_time
async def test_a_ready_token_is_shown_again_seldom_and_silently_until_it_is_good() -> None:
    async with polling(20) as bench:
        bench.has_ready_token = True
        await asyncio.sleep(30)
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(30)
        assert bench.poller.pace().signed_out
        since, before = bench.clock(), len(bench.readings)
        await asyncio.sleep(300)
        assert len(bench.asked(since=since)) == 5
        await asyncio.sleep(3000)
        asked = bench.asked(since=since)
        assert len(asked) == 15
        assert asked[-1] - asked[-2] > 290
        assert len(bench.readings) == before
        assert bench.tried_again == 0
        assert bench.poller.pace().trouble == REFUSED
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(310)
        assert not bench.poller.pace().signed_out
        assert {reading.job for reading in bench.readings[before:] if not reading.failure} == set(jobs(20))


@in_virtual_time
async def test_a_ready_token_that_is_refused_for_seconds_is_in_use_again_within_a_minute_or_so() -> None:
    async with polling(20) as bench:
        bench.has_ready_token = True
        await asyncio.sleep(30)
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(4)
        assert bench.poller.pace().signed_out
        bench.answer = lambda _: Status.RUNNING
        await asyncio.sleep(70)
        assert {reading.job: reading.result for reading in bench.readings} == dict.fromkeys(jobs(20), Status.RUNNING)


@in_virtual_time
async def test_what_is_no_ready_token_is_never_shown_again_unasked() -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: REFUSED
        await asyncio.sleep(60)
        since = bench.clock()
        await asyncio.sleep(24 * 3600)
        assert not bench.asked(since=since)
