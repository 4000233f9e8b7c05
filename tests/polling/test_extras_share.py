"""The extras' share of the budget."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.builders import failure
from tests.support.quota import Room
from tests.support.scripted_reader import failed, job, polling
from tests.support.virtual_time import in_virtual_time
from tui.core.budget import Limit
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.rate_limiter import AT_ONCE, AdaptiveRateLimiter, ExtrasBudget, ExtrasShare, awaited


def taken(share: ExtrasShare, seconds: int, start: float = 0.0) -> list[float]:
    """The moments of all requests of somebody who always wants more."""
    now, moments = start, []
    while now < start + seconds:
        wait = share.take(now, AT_ONCE)
        moments += [now] * (wait == 0.0)
        now += wait or 1e-9
    return moments


@pytest.mark.parametrize("rate", [0.5, 2.0, 5.0])
def test_it_is_a_fifth_of_the_budget_and_a_few_at_once(rate: float) -> None:
    moments = taken(ExtrasShare(AdaptiveRateLimiter(rate)), 3600)
    assert 720 * rate <= len(moments) <= 720 * rate + 5


def test_what_extras_take_the_status_calls_do_not_have() -> None:
    budget = AdaptiveRateLimiter(5.0)
    assert ExtrasShare(budget).take(10.0, AT_ONCE) == 0.0
    assert budget.ready_at > 10.0


def test_they_wait_for_status_calls_that_have_just_left_and_while_the_service_is_throttling() -> None:
    budget = AdaptiveRateLimiter(5.0)
    share = ExtrasShare(budget)
    budget.on_sent(10.0)
    assert share.take(10.0, AT_ONCE) == pytest.approx(0.2)
    budget.on_throttled(failure(FailureKind.THROTTLED), 10.0, 10.5)
    assert share.take(11.0, AT_ONCE) == pytest.approx(budget.waiting_until - 11.0)


def test_the_share_shrinks_with_the_rate() -> None:
    budget = AdaptiveRateLimiter(5.0)
    share = ExtrasShare(budget)
    budget.on_throttled(failure(FailureKind.THROTTLED), 0.0, 0.0)
    assert len(taken(share, 1000, 10.0)) <= 500 + 5


async def counted(budget: ExtrasBudget, seconds: float) -> int:
    """How many extras may leave in that time."""
    left = 0

    async def always() -> None:
        nonlocal left
        while True:
            await budget.turn()
            left += 1

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await always()
    return left


@in_virtual_time
async def test_what_a_dialog_waits_for_does_not_wait_for_the_background() -> None:
    clock = asyncio.get_running_loop().time
    budget = ExtrasBudget(AdaptiveRateLimiter(5.0), clock)
    background = asyncio.create_task(counted(budget, 120))
    start, waits = clock(), list[float]()
    for began in (60.3, 70.6, 80.9):
        await asyncio.sleep(began - clock() + start)
        with awaited():
            await budget.turn()
            await asyncio.sleep(0.8)  # its answer comes; meanwhile the background wants more
            await budget.turn()
        waits.append(clock() - start - began - 0.8)
    assert max(waits) <= 0.5
    assert await background == pytest.approx(120, abs=4)


@in_virtual_time
async def test_extras_beside_a_poller_take_a_fifth_and_leave_it_the_rest() -> None:
    async with polling(200) as bench:
        await asyncio.sleep(60)
        assert 110 <= await counted(bench.poller.extras_budget(), 120) <= 125
        assert len(bench.asked(since=1060.0)) >= 0.75 * 5 * 120


@pytest.mark.parametrize("kind", [FailureKind.SIGN_IN, FailureKind.TIMEOUT, FailureKind.SERVER_ERROR])
@in_virtual_time
async def test_extras_wait_while_most_jobs_cannot_be_read(kind: FailureKind) -> None:
    async with polling(20) as bench:
        bench.answer = lambda _: failed(kind)
        assert await counted(bench.poller.extras_budget(), 600) == 0
        bench.answer = lambda _: Status.IDLE
        bench.credential_is_new = True
        assert await counted(bench.poller.extras_budget(), 600) > 100


@in_virtual_time
async def test_one_deleted_job_keeps_no_extra_waiting_and_a_pause_does() -> None:
    async with polling(20) as bench:
        bench.answer = lambda one: failed(FailureKind.NOT_FOUND) if one == job(3) else Status.IDLE
        await asyncio.sleep(10)
        assert await counted(bench.poller.extras_budget(), 60) > 50
        bench.poller.paused = True
        assert await counted(bench.poller.extras_budget(), 600) == 0


@pytest.mark.parametrize(
    ("kind", "jobs", "after", "within", "more_than"),
    [
        (FailureKind.FORBIDDEN, 3, 60, 10, 5),
        (FailureKind.NOT_FOUND, 3, 60, 10, 5),
        (FailureKind.NOT_FOUND, 1, 10, 60, 20),
        (FailureKind.BAD_JOB_ID, 1, 10, 60, 20),
    ],
)
@in_virtual_time
async def test_where_no_watched_job_may_be_read_others_can_still_be_looked_for(
    kind: FailureKind, jobs: int, after: float, within: float, more_than: int
) -> None:
    async with polling(jobs) as bench:
        bench.answer = lambda _: failed(kind)
        await asyncio.sleep(after)
        assert await counted(bench.poller.extras_budget(), within) > more_than


@in_virtual_time
async def test_a_refusal_of_an_extra_slows_the_status_calls() -> None:
    async with polling(20) as bench:
        await asyncio.sleep(10)
        now = bench.clock()
        bench.poller.extras_budget().throttled(failed(FailureKind.THROTTLED), now, now)
        assert bench.poller.pace().rate == 2.5


@in_virtual_time
async def test_a_command_that_asks_for_nothing_else_takes_what_the_window_has_left_and_tells_the_others() -> None:
    room = Room(clock)
    room.remembered = Limit(200, 300, clock())
    first, second = (ExtrasBudget(AdaptiveRateLimiter(10.0), clock, part=1.0, peers=room.peers()) for _ in range(2))
    took = await counted(first, 60)
    assert 80 <= took <= 130
    first.close()
    also_took = await counted(second, 230)
    assert also_took >= 60
    assert took + also_took <= 190


def test_a_command_that_asked_nothing_tells_the_others_nothing() -> None:
    room = Room(lambda: 100.0)
    budget = ExtrasBudget(AdaptiveRateLimiter(10.0), room.clock, peers=room.peers())
    before = dict(room.told)
    budget.close()
    assert room.told == before


@in_virtual_time
async def test_a_command_waits_out_a_short_pause_and_is_told_of_a_long_one() -> None:
    room = Room(clock)

    async def turn() -> Failure | None:
        budget = ExtrasBudget(AdaptiveRateLimiter(10.0), clock, part=1.0, peers=room.peers(), patience=30.0)
        return await budget.turn()

    room.refuse(20)
    start = clock()
    assert await turn() is None
    assert clock() >= start + 20
    room.refuse(1800)
    start = clock()
    refusal = await turn()
    assert refusal
    assert refusal.kind is FailureKind.THROTTLED
    assert clock() < start + 1


@in_virtual_time
async def test_a_request_that_waits_for_its_turn_is_told_of_a_long_pause_that_comes_meanwhile() -> None:
    room = Room(clock)
    budget = ExtrasBudget(AdaptiveRateLimiter(0.01), clock, part=1.0, peers=room.peers(), patience=30.0)
    assert await budget.turn() is None
    waiting = asyncio.create_task(budget.turn())
    await asyncio.sleep(5)
    room.refuse(1800)
    start = clock()
    refusal = await waiting
    assert refusal
    assert refusal.kind is FailureKind.THROTTLED
    assert clock() < start + 5


def clock() -> float:
    return asyncio.get_running_loop().time()
