"""What the poller does when the service throttles or cannot be reached."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from math import inf, isclose

import pytest

from tests.support.long_run import by_length
from tests.support.scripted_reader import Bench, Outcome, failed, job, jobs, polling
from tests.support.virtual_time import in_virtual_time
from tui.codearts.status_api import interpret
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.demo.jobs import demo_jobs
from tui.polling.circuit_breaker import NETWORK_KINDS, CircuitBreaker, CircuitState, JobHealth, may_have_recovered
from tui.polling.policy import Policy
from tui.polling.scheduler import Scheduler

TIMEOUT = failed(FailureKind.TIMEOUT)
MOMENT = Moment(0.0, datetime(2026, 1, 1, tzinfo=UTC))


def always(kind: FailureKind) -> Callable[[JobId], Outcome]:
    return lambda _: failed(kind)


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
async def test_a_refusal_stops_everything_for_as_long_as_it_says_and_shows_a_limit() -> None:
    async with polling(100) as bench:
        await asyncio.sleep(30)
        bench.answer = lambda _: failed(FailureKind.THROTTLED, retry_after=30)
        await asyncio.sleep(0.45)
        bench.answer = lambda _: Status.IDLE
        pace = bench.poller.pace()
        assert isclose(pace.rate, 0.9 * 2.5, rel_tol=0.02)  # 150 requests in half a minute, and half a minute of rest
        assert pace.trouble is not None
        assert pace.trouble.kind is FailureKind.THROTTLED
        assert pace.waiting_until is not None
        assert 29 < pace.waiting_until - bench.clock() <= 30
        assert 29 < bench.poller.refresh([job(1)]) <= 36
        before = bench.clock()
        await asyncio.sleep(29)
        assert not bench.asked(since=before)
        await asyncio.sleep(10)
        assert 8 <= len(bench.asked(since=before)) <= 26
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
        assert isclose(bench.poller.pace().rate, 0.9 * 200 / 300)
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
        assert all(later - earlier <= 30.1 for earlier, later in pairwise(late))
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
async def test_a_server_that_answers_with_errors_is_another_trouble_and_is_not_hurried() -> None:
    async with polling(40) as bench:
        bench.answer = lambda _: TIMEOUT
        await asyncio.sleep(1500)
        since = bench.clock()
        bench.answer = lambda _: failed(FailureKind.SERVER_ERROR)
        await asyncio.sleep(60)
        assert len(bench.asked(since=since)) < 40
        await asyncio.sleep(240)
        assert bench.poller.pace().trouble == failed(FailureKind.SERVER_ERROR)


QUICK = Policy(running=1, idle=1)
FROM_EVERYWHERE = [
    FailureKind.WRONG_ENDPOINT,
    FailureKind.REDIRECTED,
    FailureKind.NOT_FOUND,
    FailureKind.BAD_REQUEST,
    FailureKind.FORBIDDEN,
    FailureKind.BAD_REPLY,
    FailureKind.SERVER_ERROR,
]


@pytest.mark.parametrize("kind", FROM_EVERYWHERE)
@pytest.mark.parametrize("count", by_length([20], [3, 20]))
def test_four_seconds_of_the_same_failure_from_everywhere_are_trouble_that_ends(kind: FailureKind, count: int) -> None:
    @in_virtual_time
    async def scene() -> None:
        async with polling(count, QUICK) as bench:
            await asyncio.sleep(30)
            bench.answer = lambda _: failed(kind)
            await asyncio.sleep(4)
            pace = bench.poller.pace()
            assert pace.trouble == failed(kind)
            assert pace.probing
            bench.answer = lambda _: Status.IDLE
            since = bench.clock()
            await asyncio.sleep(60)
            assert bench.poller.pace().trouble is None
            assert bench.poller.pace().probing is None
            assert {reading.job for reading in bench.readings if reading.sent.at > since} == set(jobs(count))

    scene()


@pytest.mark.parametrize("kind", by_length(list(FROM_EVERYWHERE)[::6], list(FROM_EVERYWHERE)))
def test_all_jobs_are_well_within_a_minute_of_a_long_trouble_of_any_kind(kind: FailureKind) -> None:
    @in_virtual_time
    async def scene() -> None:
        async with polling(100) as bench:
            await asyncio.sleep(60)
            bench.answer = lambda _: failed(kind)
            began = bench.clock()
            await asyncio.sleep(1800)
            assert bench.poller.pace().trouble == failed(kind)
            asked = bench.asked(since=began)
            assert max(later - earlier for earlier, later in pairwise(asked)) <= 30.1
            bench.answer = lambda _: Status.RUNNING
            await asyncio.sleep(60)
            states = {reading.job: reading.result for reading in bench.readings}
            assert set(states.values()) == {Status.RUNNING}

    scene()


@asynccontextmanager
async def in_an_outage(count: int, kind: FailureKind, read_for: float) -> AsyncIterator[Bench]:
    """All requests fail from the start, or after so many seconds in which jobs were read."""
    async with polling(count) as bench:
        if read_for:
            await asyncio.sleep(read_for)
        bench.answer = always(kind)
        yield bench


@pytest.mark.parametrize("kind", [FailureKind.SERVER_ERROR, FailureKind.BAD_REPLY])
@pytest.mark.parametrize("read_for", [0, 60])
def test_errors_of_the_service_from_everywhere_are_trouble_also_for_jobs_that_were_never_read(
    kind: FailureKind, read_for: float
) -> None:
    """The program starts in an outage, or the outage begins in the first round: with 2,000 jobs that takes minutes."""

    @in_virtual_time
    async def scene() -> None:
        async with in_an_outage(2000, kind, read_for) as bench:
            await asyncio.sleep(60)
            assert bench.poller.pace().trouble == failed(kind)
            bench.answer = lambda _: Status.IDLE
            await asyncio.sleep(31)
            assert bench.poller.pace().trouble is None

    scene()


@pytest.mark.parametrize("kind", [FailureKind.TIMEOUT, FailureKind.SERVER_ERROR])
@pytest.mark.parametrize("read_for", [0, 60])
def test_in_a_long_trouble_one_job_is_asked_every_half_minute_as_the_screen_says(
    kind: FailureKind, read_for: float
) -> None:
    @in_virtual_time
    async def scene() -> None:
        async with in_an_outage(200, kind, read_for) as bench:
            await asyncio.sleep(120)
            since = bench.clock()
            await asyncio.sleep(600)
            assert bench.poller.pace().probing == 30
            assert len(bench.asked(since=since)) == 20
            assert bench.poller.refresh([job(7)]) < 1
            await asyncio.sleep(1)
            assert bench.who(since=since + 600) == [job(7)]
            bench.answer = lambda _: Status.IDLE
            since = bench.clock()
            await asyncio.sleep(30 + 200 / 5 + 5)
            assert set(bench.who(since=since)) == set(jobs(200))

    scene()


@pytest.mark.parametrize("kind", [FailureKind.TIMEOUT, FailureKind.SERVER_ERROR])
def test_in_a_first_round_during_trouble_the_screen_does_not_say_that_one_job_at_a_time_is_asked(
    kind: FailureKind,
) -> None:
    """Each job is asked once, so that `status` can tell of each."""

    @in_virtual_time
    async def scene() -> None:
        async with polling(500) as bench:
            bench.answer = lambda _: failed(kind)
            await asyncio.sleep(60)
            assert len(bench.asked(since=bench.clock() - 10)) > 20
            assert bench.poller.pace().probing is None
            await asyncio.sleep(300)
            assert bench.poller.pace().probing == 30
            assert len(bench.asked(since=bench.clock() - 60)) <= 3

    scene()


@in_virtual_time
async def test_two_probes_without_an_answer_hold_back_the_others_and_in_the_next_trouble_two_more() -> None:
    async with polling(200) as bench:
        for _ in range(2):
            bench.answer = lambda _: Status.IDLE
            await asyncio.sleep(120)
            bench.answer = always(FailureKind.TIMEOUT)
            began = bench.clock()
            await asyncio.sleep(80)
            asked = [at - began for at in bench.asked(since=began)]
            assert sum(at < 20 for at in asked) > 90
            assert sum(at > 25 for at in asked) == 1


@in_virtual_time
async def test_after_a_trouble_one_job_that_fails_is_none() -> None:
    async with polling(20) as bench:
        for answer in (always(FailureKind.TIMEOUT), lambda _: Status.IDLE):
            bench.answer = answer
            await asyncio.sleep(120)
        bench.answer = lambda asked: TIMEOUT if asked == job(7) else Status.IDLE
        for _ in range(60):
            await asyncio.sleep(1)
            assert bench.poller.pace().trouble is None


@in_virtual_time
async def test_where_most_requests_fail_those_that_come_through_are_not_held_back() -> None:
    draw = random.Random(5)
    async with polling(200) as bench:
        await asyncio.sleep(60)
        bench.answer = lambda _: failed(FailureKind.TIMEOUT) if draw.random() < 0.8 else Status.IDLE
        await asyncio.sleep(600)
        good = [one for one in bench.readings if one.sent.at > bench.clock() - 300 and not one.failure]
        assert len(good) > 200


@in_virtual_time
async def test_trouble_may_change_its_kind_and_stays_trouble() -> None:
    async with polling(30) as bench:
        await asyncio.sleep(60)
        for kind in (FailureKind.TIMEOUT, FailureKind.WRONG_ENDPOINT, FailureKind.NOT_FOUND, FailureKind.DNS):
            bench.answer = always(kind)
            await asyncio.sleep(120)
            assert bench.poller.pace().trouble == failed(kind)
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(60)
        assert {reading.job: reading.result for reading in bench.readings} == dict.fromkeys(jobs(30), Status.IDLE)


@in_virtual_time
async def test_some_jobs_that_are_deleted_at_once_are_no_trouble_for_long() -> None:
    async with polling(40) as bench:
        await asyncio.sleep(60)
        bench.answer = lambda asked: failed(FailureKind.NOT_FOUND) if asked < job(8) else Status.IDLE
        await asyncio.sleep(30)
        since = bench.clock()
        for _ in range(600):
            await asyncio.sleep(1)
            assert bench.poller.pace().trouble is None
        assert len(bench.asked(job(3), since=since)) <= 8
        assert len(bench.asked(job(20), since=since)) >= 35


@in_virtual_time
async def test_jobs_that_were_never_read_and_do_not_exist_are_no_trouble() -> None:
    async with polling(10) as bench:
        bench.answer = lambda _: failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(60)
        pace = bench.poller.pace()
        assert pace.trouble is None
        assert pace.seldom == 300


@in_virtual_time
async def test_one_job_that_was_read_and_is_not_found_for_a_moment_is_asked_again_soon() -> None:
    async with polling(1, QUICK) as bench:
        await asyncio.sleep(30)
        bench.answer = lambda _: failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(4)
        assert bench.poller.pace().trouble is None
        bench.answer = lambda _: Status.IDLE
        await asyncio.sleep(10)
        assert bench.readings[-1].result is Status.IDLE
        bench.answer = lambda _: failed(FailureKind.NOT_FOUND)
        await asyncio.sleep(3600)
        assert len(bench.asked(since=bench.clock() - 1500)) <= 6


@in_virtual_time
async def test_probes_come_less_and_less_often() -> None:
    async with polling(5) as bench:
        bench.answer = lambda _: TIMEOUT
        await asyncio.sleep(1)
        assert bench.poller.pace().probing == 7.5
        await asyncio.sleep(3600)
        assert bench.poller.pace().probing == 30
        late = bench.asked(since=bench.clock() - 600)
        assert 20 <= len(late) < 40


@in_virtual_time
async def test_the_pace_of_probes_is_the_one_that_a_failure_names() -> None:
    async with polling(5) as bench:
        bench.answer = lambda _: failed(FailureKind.PROXY, retry_after=600)
        await asyncio.sleep(60)
        assert bench.poller.pace().probing == 600
        assert len(bench.asked(since=bench.clock() - 50)) == 0
        await asyncio.sleep(3600)
        assert bench.poller.pace().probing == 600


@in_virtual_time
async def test_one_jobs_own_limit_slows_nobody_else() -> None:
    async with polling(40) as bench:
        refused = failed(FailureKind.THROTTLED)
        bench.answer = lambda asked: refused if asked == job(3) else Status.IDLE
        await asyncio.sleep(120)
        for _ in range(600):
            await asyncio.sleep(1)
            pace = bench.poller.pace()
            assert (pace.rate, pace.stretched, pace.trouble) == (5.0, False, None)


@in_virtual_time
async def test_the_demo_is_asked_at_full_pace() -> None:
    """One of its jobs is throttled now and then, with a message that names a far higher limit."""
    demo = {demo.job.id: demo for demo in demo_jobs(1)}
    asked: Counter[JobId] = Counter()
    async with polling() as bench:

        def answer(job: JobId) -> Outcome:
            asked[job] += 1
            said = demo[job].answer(bench.clock(), asked[job])
            if said.is_dropped:
                return failed(FailureKind.BROKEN_CONNECTION)
            return interpret(said.status, {"content-type": said.content_type}, said.encode("r1"), ())

        bench.answer = answer
        bench.poller.watch(demo)
        await asyncio.sleep(20)
        for _ in range(900):
            await asyncio.sleep(1)
            pace = bench.poller.pace()
            assert (pace.rate, pace.stretched) == (5.0, False)
        throttled = [one for one in bench.readings if one.failure and one.failure.kind is FailureKind.THROTTLED]
        assert len(throttled) > 5


def opened() -> CircuitBreaker:
    """A breaker that two jobs have opened at the tenth second; the first gap is 5 s."""
    breaker = CircuitBreaker(idle=10.0)
    assert (breaker.state, breaker.probe_at) == (CircuitState.CLOSED, inf)
    for number in (1, 2):
        breaker.on_reading(job(number), TIMEOUT, JobHealth(True), lambda _: 2, 10.0)
    return breaker


def test_each_probe_doubles_the_gap_up_to_half_a_minute_and_a_failure_opens_again() -> None:
    breaker = opened()
    gaps, states = [], [breaker.state]
    for _ in range(5):
        gaps.append(breaker.gap)
        now = breaker.probe_at
        breaker.on_sent(job(1), now)
        states.append(breaker.state)
        assert breaker.probe_at == now + breaker.gap
        breaker.on_reading(job(1), TIMEOUT, JobHealth(True), lambda _: 2, now + 0.1)
        states.append(breaker.state)
    assert gaps == [5, 10, 20, 30, 30]
    assert states == [CircuitState.OPEN, *[CircuitState.HALF_OPEN, CircuitState.OPEN] * 5]


def test_requests_before_the_probe_is_due_leave_the_breaker_open() -> None:
    breaker = opened()
    breaker.on_sent(job(2), 14.9)
    assert (breaker.state, breaker.gap, breaker.probe_at) == (CircuitState.OPEN, 5.0, 15.0)


def test_a_probe_without_a_reading_opens_the_breaker_and_a_success_closes_it() -> None:
    breaker = opened()
    breaker.on_sent(job(1), 15.0)
    states = []
    for dropped in (job(2), job(1)):
        breaker.on_dropped(dropped)
        states.append(breaker.state)
    assert states == [CircuitState.HALF_OPEN, CircuitState.OPEN]
    breaker.on_sent(job(1), 25.0)
    recovered = breaker.on_reading(job(1), None, JobHealth(True, FailureKind.TIMEOUT), lambda _: 2, 25.1)
    assert FailureKind.TIMEOUT in recovered
    assert (breaker.state, breaker.failure, breaker.probe_at) == (CircuitState.CLOSED, None, inf)


@pytest.mark.parametrize(
    ("kind", "hurries"),
    [(FailureKind.NOT_FOUND, True), (FailureKind.SIGN_IN, True), (FailureKind.SERVER_ERROR, False)],
)
def test_what_the_service_itself_says_of_one_job_closes_the_breaker(kind: FailureKind, hurries: bool) -> None:
    breaker = opened()
    breaker.on_sent(job(3), 15.0)
    recovered = breaker.on_reading(job(3), failed(kind), JobHealth(), lambda _: 2, 15.1)
    assert (breaker.state, breaker.failure) == (CircuitState.CLOSED, None)
    assert (FailureKind.TIMEOUT in recovered) == hurries


@pytest.mark.parametrize(
    ("failure", "is_asked"),
    [(None, False), (TIMEOUT, True), (failed(FailureKind.TLS), True), (failed(FailureKind.SERVER_ERROR), True)]
    + [(failed(kind), False) for kind in (FailureKind.NOT_FOUND, FailureKind.FORBIDDEN)],
)
def test_after_network_trouble_jobs_are_asked_at_once_unless_their_own_failure_lasts(
    failure: Failure | None, is_asked: bool
) -> None:
    assert may_have_recovered(failure, NETWORK_KINDS) == is_asked


_AGAIN, _ERROR = (FailureKind.TIMEOUT, FailureKind.TIMEOUT), (FailureKind.SERVER_ERROR, None)
_GONE = (FailureKind.NOT_FOUND, FailureKind.NOT_FOUND)


@pytest.mark.parametrize(
    ("readings", "opens"),
    [
        ([_AGAIN, _AGAIN], True),
        ([_ERROR, (None, None), _AGAIN, _AGAIN], True),
        ([_ERROR, _AGAIN, _ERROR], True),  # the second one only fails as before
        ([_ERROR, _GONE, _ERROR], False),  # the second one was answered
        ([_ERROR, (FailureKind.TIMEOUT, None)], False),
    ],
)
def test_two_jobs_of_two_that_fail_alike_open_the_breaker(
    readings: list[tuple[FailureKind | None, FailureKind | None]], opens: bool
) -> None:
    """Each reading is of another job: what it brings, and what the one before it brought."""
    breaker = CircuitBreaker(idle=10.0)
    for number, (kind, before) in enumerate(readings):
        breaker.on_reading(job(number), failed(kind) if kind else None, JobHealth(True, before), lambda _: 2, 10.0)
    assert (breaker.state is CircuitState.OPEN) == opens


def test_the_next_probe_waits_as_long_as_the_last_failure_asks_to() -> None:
    breaker, asks = opened(), failed(FailureKind.GATEWAY_ERROR, retry_after=60.0)
    breaker.on_sent(job(1), 15.0)
    breaker.on_reading(job(1), asks, JobHealth(True), lambda _: 2, 16.0)
    assert breaker.probe_at == 76.0
    breaker.reset()
    for number in (1, 2):
        breaker.on_reading(job(number), asks, JobHealth(True), lambda _: 2, 80.0)
    assert breaker.probe_at == 140.0


def test_trouble_that_comes_back_is_probed_as_often_as_at_first() -> None:
    breaker = opened()
    for now in (15.0, 25.0, 45.0):
        breaker.on_sent(job(1), now)
    assert breaker.gap == 30.0
    breaker.on_reading(job(1), None, JobHealth(True), lambda _: 2, 46.0)
    for number in (1, 2):
        breaker.on_reading(job(number), TIMEOUT, JobHealth(True), lambda _: 2, 50.0)
    assert (breaker.gap, breaker.probe_at) == (5.0, 55.0)


def test_a_probe_that_is_cancelled_leaves_the_breaker_open() -> None:
    scheduler = Scheduler(Policy(idle=10.0), min, sweeps=None)
    scheduler.start(0.0)
    scheduler.job_queue.watch(jobs(2), 0.0)
    for asked in jobs(2):
        scheduler.on_sent(asked, 0.0)
        scheduler.on_reading(Reading(asked, TIMEOUT, MOMENT, MOMENT), asked, 0.0, 1.0)
    scheduler.on_sent(job(0), 6.0)
    states = [scheduler.breaker.state]
    scheduler.on_dropped(job(0), 7.0)
    assert [*states, scheduler.breaker.state] == [CircuitState.HALF_OPEN, CircuitState.OPEN]
