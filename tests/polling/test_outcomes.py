"""What is asked about runs that ended, in virtual time: how often, when, and what is reported."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from tests.support.builders import failure, job_id, moment
from tests.support.virtual_time import in_virtual_time
from tui.core.job import JobId
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, FailureKind
from tui.core.run import FailedStep, LastRuns, Outcome, RunRecord
from tui.polling.outcomes import Outcomes

NOON = moment(0).wall.timestamp()
RUN = ObservedRun(job_id(1), Between(None, NOON - 60), NOON, Between(NOON, NOON + 5))
STEP = FailedStep("Sign ipa", "CB.2017", "expired")
JOBS = [job_id(number) for number in range(1, 9)]


def passed(number: int) -> RunRecord:
    return RunRecord(number, Outcome.PASSED, "SUCCESS", is_finished=True)


class ScriptedSource:
    """Answers by script, and notes what was asked and when."""

    def __init__(self, latency: float = 0.0) -> None:
        self.match: Callable[[JobId], Match | Failure] = lambda job: Match(MatchKind.FOUND, passed(1))
        self.last: Callable[[JobId], RunRecord | Failure | None] = lambda job: passed(1)
        self.going: RunRecord | None = None
        self.asked: list[tuple[str, JobId, float]] = []
        self._latency = latency

    async def record_of(self, job: JobId, run: ObservedRun) -> Match | Failure:
        await self._note("record", job)
        return self.match(job)

    async def last_runs(self, job: JobId) -> LastRuns | Failure:
        await self._note("last", job)
        ended = self.last(job)
        return ended if isinstance(ended, Failure) else LastRuns(ended, self.going)

    async def failed_step(self, job: JobId, number: int) -> FailedStep | Failure | None:
        await self._note("step", job)
        return STEP

    def times(self, kind: str) -> list[float]:
        return [at for one, _, at in self.asked if one == kind]

    async def _note(self, kind: str, job: JobId) -> None:
        self.asked.append((kind, job, asyncio.get_running_loop().time() - 1000))
        await asyncio.sleep(self._latency)


Reports = list[tuple[JobId, RunRecord, FailedStep | None]]


@asynccontextmanager
async def asking(**sources: ScriptedSource) -> AsyncIterator[tuple[Outcomes, Reports]]:
    reports: Reports = []
    loop = asyncio.get_running_loop()
    outcomes = Outcomes(sources.get, lambda *told: reports.append(told), loop.time)
    work = asyncio.create_task(outcomes.run())
    try:
        yield outcomes, reports
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


@in_virtual_time
async def test_a_stop_is_asked_about_once_five_seconds_later() -> None:
    source = ScriptedSource()
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(3600)
    assert source.asked == [("record", JOBS[0], 5.0)]
    assert reports == [(JOBS[0], passed(1), None)]


@in_virtual_time
async def test_a_failed_run_is_reported_at_once_and_then_with_its_step() -> None:
    source, red = ScriptedSource(), RunRecord(7, Outcome.FAILED, "FAILURE", is_finished=True)
    source.match = lambda job: Match(MatchKind.FOUND, red)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(60)
    assert reports == [(JOBS[0], red, None), (JOBS[0], red, STEP)]


@in_virtual_time
async def test_a_record_that_lags_is_asked_for_a_second_time_and_no_third() -> None:
    source = ScriptedSource()
    source.match = lambda job: Match(MatchKind.UNFINISHED, passed(1))
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(7200)
    assert source.times("record") == [5.0, 65.0]
    assert reports == []


@in_virtual_time
async def test_a_record_that_was_not_there_is_asked_for_once_more_when_the_user_looks() -> None:
    source = ScriptedSource()
    source.match = lambda job: Match(MatchKind.NOT_THERE)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        for _ in range(3):
            outcomes.look_again(JOBS[0], RUN, "prod")  # it is being asked about anyway
        await asyncio.sleep(600)
        source.match = lambda job: Match(MatchKind.FOUND, passed(7))
        for _ in range(3):
            outcomes.look_again(JOBS[0], RUN, "prod")
            await asyncio.sleep(100)
    assert source.times("record") == [5.0, 65.0, 600.0]
    assert reports == [(JOBS[0], passed(7), None)]


@in_virtual_time
async def test_where_all_records_lag_most_are_asked_for_once() -> None:
    source = ScriptedSource()
    source.match = lambda job: Match(MatchKind.NOT_THERE)
    async with asking(prod=source) as (outcomes, _):
        for _round in range(2000):
            outcomes.stopped(JOBS[0], RUN, "prod")
            await asyncio.sleep(200)
    assert 2500 < len(source.asked) <= 2510


@in_virtual_time
async def test_while_the_service_fails_a_profile_sends_one_request_a_minute() -> None:
    source = ScriptedSource(latency=1.0)
    source.last = lambda job: failure()
    async with asking(prod=source) as (outcomes, _):
        outcomes.seed(JOBS, "prod")
        await asyncio.sleep(200)
    assert source.times("last") == [0.0, 61.0, 122.0, 183.0]


@in_virtual_time
async def test_a_stop_that_comes_while_the_one_before_is_asked_about_is_asked_about_too() -> None:
    source, numbers = ScriptedSource(latency=3.0), [1, 2]
    source.match = lambda job: Match(MatchKind.FOUND, passed(numbers.pop(0)))
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(6)
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(60)
    assert source.times("record") == [5.0, 11.0]
    assert reports == [(JOBS[0], passed(2), None)]


@in_virtual_time
async def test_a_failure_of_the_service_is_waited_out_and_a_lasting_one_is_not() -> None:
    source = ScriptedSource()
    answers: list[Match | Failure] = [failure(), failure(), Match(MatchKind.FOUND, passed(3))]
    source.match = lambda job: answers.pop(0)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(600)
        assert [record.number for _, record, _ in reports] == [3]
        answers.append(failure(FailureKind.NOT_FOUND))
        outcomes.stopped(JOBS[1], RUN, "prod")
        await asyncio.sleep(7200)
    assert len(source.asked) == 4


@in_virtual_time
async def test_at_the_start_rows_in_view_go_first_and_each_is_asked_once() -> None:
    source = ScriptedSource(latency=1.0)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.prefer(JOBS[4:6])
        outcomes.seed(JOBS, "prod")
        await asyncio.sleep(600)
    assert [job for _, job, _ in source.asked] == [*JOBS[4:6], *JOBS[:4], *JOBS[6:]]
    assert len(reports) == 8


@in_virtual_time
async def test_a_stop_goes_before_all_that_is_asked_at_the_start() -> None:
    source = ScriptedSource(latency=2.0)
    async with asking(prod=source) as (outcomes, _):
        outcomes.seed(JOBS, "prod")
        outcomes.stopped(JOBS[7], RUN, "prod")
        await asyncio.sleep(600)
    kinds = [(kind, job) for kind, job, _ in source.asked]
    assert kinds.index(("record", JOBS[7])) == 3
    assert ("last", JOBS[7]) not in kinds


@in_virtual_time
async def test_what_was_asked_before_a_stop_is_not_taken_for_the_run_that_stopped() -> None:
    source = ScriptedSource(latency=3.0)
    source.match = lambda job: Match(MatchKind.NOT_THERE)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.seed(JOBS[:1], "prod")
        await asyncio.sleep(1)
        outcomes.stopped(JOBS[0], RUN, "prod")
        await asyncio.sleep(600)
    assert reports == []


@in_virtual_time
async def test_a_deleted_job_is_not_asked_for_again_and_keeps_no_other_waiting() -> None:
    source = ScriptedSource()
    source.last = lambda job: failure(FailureKind.NOT_FOUND) if job == JOBS[0] else passed(1)
    async with asking(prod=source) as (outcomes, reports):
        outcomes.seed(JOBS, "prod")
        await asyncio.sleep(1)
        assert len(reports) == 7
        await asyncio.sleep(86400)
    assert len(source.asked) == 8


@in_virtual_time
async def test_profiles_do_not_wait_for_each_other_and_one_without_extras_is_not_asked() -> None:
    slow, quick = ScriptedSource(latency=9999), ScriptedSource()
    async with asking(slow=slow, quick=quick) as (outcomes, reports):
        outcomes.seed(JOBS[:2], "slow")
        outcomes.seed(JOBS[2:4], "quick")
        outcomes.seed(JOBS[4:], "none")
        await asyncio.sleep(1)
    assert {job for job, _, _ in reports} == set(JOBS[2:4])
    assert len(slow.asked) == 1


@in_virtual_time
async def test_of_a_job_that_is_not_watched_any_more_nothing_is_asked() -> None:
    source = ScriptedSource()
    async with asking(prod=source) as (outcomes, _):
        outcomes.stopped(JOBS[0], RUN, "prod")
        outcomes.forget(JOBS[:1])
        await asyncio.sleep(600)
    assert source.asked == []


@in_virtual_time
async def test_a_day_of_200_jobs_with_10_runs_each_costs_2500_requests_at_most() -> None:
    source, watched = ScriptedSource(latency=0.1), [job_id(number) for number in range(200)]
    source.match = lambda job: Match(MatchKind.FOUND if int(job, 16) % 10 else MatchKind.UNFINISHED, passed(1))
    async with asking(prod=source) as (outcomes, _):
        outcomes.seed(watched, "prod")
        for _round in range(10):
            await asyncio.sleep(8640)
            for job in watched:
                outcomes.stopped(job, RUN, "prod")
        await asyncio.sleep(8640)
    assert 2200 <= len(source.asked) <= 2500


async def test_the_first_round_tells_of_the_run_that_goes_on_too() -> None:
    source = ScriptedSource()
    source.going = RunRecord(2, is_finished=False)
    async with asking(lab=source) as (outcomes, reports):
        outcomes.seed([job_id(1)], "lab")
        await asyncio.sleep(1)
        assert [record.number for _, record, _ in reports] == [2, 1]
