"""The simulated lists, records, steps and logs: they agree with the status call, and our own parsers read them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest

from tests.support.demo_client import Client, connect
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.client import StatusClient
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.extra_call import ExtraCall
from tui.codearts.extras_client import ExtrasClient
from tui.codearts.job_list_api import (
    Hints,
    JobInfo,
    JobPage,
    LastBuild,
    ProjectPage,
    building_jobs_call,
    hints_call,
    job_info_call,
    job_list_call,
    project_job_list_call,
    projects_call,
    running_status_call,
    whole_job_list_call,
)
from tui.codearts.log_api import Analysis, LogPiece, analysis_call, log_call, log_v3_call
from tui.codearts.record_api import RecordPage, record_info_call, record_list_call
from tui.core.hints import HintPage
from tui.core.job import JobId
from tui.core.known_runs import MatchKind, choose_record
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, Moment, Status
from tui.core.reading import FailureKind as K
from tui.core.run import Calibration, Outcome, RunRecord, Unit
from tui.demo.extras import LAG, ExtrasMode
from tui.demo.service import DemoService

T = TypeVar("T")
JOB = "payments-api nightly"
NEVER = "legacy-billing"


class World:
    """The service, and what our clients say of it at the moment that its clocks show."""

    def __init__(self, demo: Client, extras: ExtrasClient, reader: StatusClient) -> None:
        self.demo, self.extras, self.reader = demo, extras, reader
        self.ids = {job.label: job.id for job in demo.service.jobs}

    @property
    def now(self) -> datetime:
        return self.demo.time.now().wall

    async def ask(self, call: ExtraCall[T]) -> T:
        found = await self.extras.fetch(call)
        assert not isinstance(found, Failure), found
        return found

    async def fail(self, call: ExtraCall[T]) -> Failure:
        found = await self.extras.fetch(call)
        assert isinstance(found, Failure)
        return found

    async def records(self, label: str = JOB, most: int = 10) -> tuple[RunRecord, ...]:
        page: RecordPage = await self.ask(record_list_call(self.ids[label], self.now, "cn-north-4", most))
        return page.records

    async def status(self, label: str = JOB) -> Status:
        found = (await self.reader.read(self.ids[label])).result
        assert isinstance(found, Status)
        return found

    async def until(self, status: Status, label: str = JOB, step: float = 5.0) -> Between:
        """Moves the clocks until the status call says so; the two answers between which that began."""
        before = self.now
        while await self.status(label) is not status:
            before = self.now
            self.demo.time.seconds += step
        return Between(before.timestamp(), self.now.timestamp())

    async def run(self, label: str = JOB) -> ObservedRun:
        """The next run from its start to its end."""
        await self.until(Status.IDLE, label)
        start, end = await self.until(Status.RUNNING, label), await self.until(Status.IDLE, label)
        return ObservedRun(self.ids[label], start, end.after or 0.0, end)


@asynccontextmanager
async def world(mode: ExtrasMode = ExtrasMode.GOOD) -> AsyncIterator[World]:
    with connect() as demo:
        demo.service.extras.mode = mode
        endpoint, credential = Endpoint(demo.service.url), EnvironmentToken(DemoService.token)

        def now() -> Moment:
            return demo.time.now()

        extras = ExtrasClient(partial(open_http, endpoint.url), endpoint, credential, now)
        reader = StatusClient(partial(open_http, endpoint.url), endpoint, credential, now)
        try:
            yield World(demo, extras, reader)
        finally:
            await extras.close()
            await reader.close()


@pytest.fixture
def client() -> Iterator[Client]:
    with connect() as client:
        yield client


async def test_a_run_that_was_watched_has_the_record_that_fits_it_and_no_other() -> None:
    async with world() as one:
        known = (await one.records())[0].number
        for _ in range(4):
            run = await one.run()
            match = choose_record(await one.records(), run._replace(known_number=known))
            assert match.kind is MatchKind.FOUND
            assert match.record is not None
            assert (match.record.number, match.record.is_finished) == (known + 1, True)
            assert match.record.outcome is not Outcome.UNKNOWN
            known += 1


async def test_list_status_and_records_tell_the_same_at_every_moment() -> None:
    async with world() as one:
        for _ in range(30):
            one.demo.time.seconds += 37
            page: JobPage = await one.ask(job_list_call())
            entry = next(entry for entry in page.entries if entry.id == one.ids[JOB])
            newest = (await one.records())[0]
            last: LastBuild = await one.ask(running_status_call(one.ids[JOB]))
            is_running = await one.status() is Status.RUNNING
            assert entry.is_finished is newest.is_finished is (not is_running)
            assert last.is_running is is_running
            assert entry.build_number == newest.number == last.number
            assert (entry.last_run.outcome if entry.last_run else Outcome.UNKNOWN) is newest.outcome


async def test_a_build_that_runs_has_no_outcome_and_no_end() -> None:
    async with world() as one:
        await one.until(Status.RUNNING)
        newest = (await one.records())[0]
        assert (newest.outcome, newest.outcome_as_sent, newest.is_finished) == (Outcome.UNKNOWN, "", False)
        info: RunRecord = await one.ask(record_info_call(one.ids[JOB], newest.number))
        assert (info.ended_at, info.duration, info.is_finished) == (None, None, False)


async def test_all_outcomes_happen_and_most_builds_pass() -> None:
    async with world() as one:
        page: JobPage = await one.ask(job_list_call())
        labels = [entry.name for entry in page.entries]
        records = [record for label in labels for record in await one.records(label, 100)]
        counts = {outcome: sum(record.outcome is outcome for record in records) for outcome in Outcome}
        assert counts[Outcome.PASSED] > counts[Outcome.FAILED] > counts[Outcome.ABORTED] > 0
        assert counts[Outcome.TIMED_OUT] > 0
        assert "timeout" in {record.outcome_as_sent for record in records}
        assert {"lin", "zhang", "timer", "webhook"} == {record.by for record in records}
        assert {"main", "release/2.1"} <= {record.branch for record in records}


async def test_exact_times_confirm_the_unit_of_the_records() -> None:
    for mode, unit in (
        (ExtrasMode.GOOD, Unit.MILLISECONDS),
        (ExtrasMode.SECONDS, Unit.SECONDS),
        (ExtrasMode.WRONG_UNIT, None),
    ):
        async with world(mode) as one:
            calibration = Calibration()
            records = [record for record in await one.records(most=30) if record.is_finished]
            for record in records:
                exact: RunRecord = await one.ask(record_info_call(one.ids[JOB], record.number))
                assert exact.duration is not None
                calibration = calibration.observe(record, exact.duration - 5, exact.duration + 5)
            assert calibration.build_time.unit is unit
            applied = calibration.apply(records[0])
            assert (applied.duration is not None) == (unit is not None)


async def test_jobs_and_projects_can_be_found() -> None:
    async with world() as one:
        projects: ProjectPage = await one.ask(projects_call())
        everything: JobPage = await one.ask(job_list_call())
        whole: JobPage = await one.ask(whole_job_list_call())
        assert whole.entries == everything.entries
        found = []
        for project in projects.projects:
            page: JobPage = await one.ask(project_job_list_call(project.id, 0))
            found += [(entry.id, project.name) for entry in page.entries]
        assert sorted(found) == sorted((entry.id, entry.project) for entry in everything.entries)
        assert len(found) == everything.total == 27
        info: JobInfo = await one.ask(job_info_call(one.ids[JOB]))
        assert info.name == JOB


async def test_a_job_that_was_never_built_has_nothing() -> None:
    async with world() as one:
        page: JobPage = await one.ask(job_list_call())
        (entry,) = (entry for entry in page.entries if entry.name == NEVER)
        assert (entry.was_never_built, entry.last_run, entry.build_number) == (True, None, None)
        assert await one.records(NEVER) == ()
        assert (await one.fail(running_status_call(one.ids[NEVER]))).code == "CB.00031059"


async def test_a_failed_build_has_a_failing_step_and_others_have_none() -> None:
    async with world() as one:
        for label in ("mobile-ios", "web-frontend"):
            for record in await one.records(label, 30):
                told: Analysis = await one.ask(analysis_call(one.ids[label], record.number))
                assert bool(told.steps) == (record.outcome is Outcome.FAILED)
                log: LogPiece = await one.ask(log_v3_call(one.ids[label], record.number))
                if told.steps:
                    (failed,) = told.steps
                    assert failed.message
                    assert failed.code
                    assert failed.help
                    assert log.text.splitlines()[-1].endswith(
                        f"[ERROR] [{failed.step}] {failed.code}: {failed.message}"
                    )


async def test_the_log_of_a_running_build_grows_until_it_ends() -> None:
    async with world() as one:
        await one.until(Status.RUNNING)
        number, text, offset = (await one.records())[0].number, "", 0
        pieces = 0
        while True:
            piece: LogPiece = await one.ask(log_v3_call(one.ids[JOB], number, offset))
            text, pieces = text + piece.text, pieces + 1
            assert piece.next_offset == offset + len(piece.text)
            offset = piece.next_offset
            if not piece.has_more:
                break
            one.demo.time.seconds += 10
        assert await one.status() is Status.IDLE
        assert pieces > 1
        whole: LogPiece = await one.ask(log_v3_call(one.ids[JOB], number))
        assert text == whole.text
        newest = log_call(one.ids[JOB], number)
        tail: LogPiece = await one.ask(newest._replace(path=newest.path.replace("sort=AES", "sort=DESC")))
        assert whole.text.endswith(tail.text)
        assert tail.text


async def test_the_newer_call_has_the_log_in_pieces() -> None:
    async with world() as one:
        label = "payments-fraud-model training"
        number = next(record.number for record in await one.records(label) if record.is_finished)
        text, start, has_more = "", 0, True
        while has_more:
            piece: LogPiece = await one.ask(log_call(one.ids[label], number, start))
            text, has_more = text + piece.text, bool(piece.has_more)
            assert piece.next_offset
            start = piece.next_offset
        whole: LogPiece = await one.ask(log_v3_call(one.ids[label], number))
        assert text == whole.text
        assert start > 1000


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (ExtrasMode.REFUSED, K.FORBIDDEN),
        (ExtrasMode.THROTTLED, K.THROTTLED),
        (ExtrasMode.FAILING, K.SERVER_ERROR),
        (ExtrasMode.NONSENSE, K.BAD_REPLY),
        (ExtrasMode.WEB_PAGE, K.WRONG_ENDPOINT),
    ],
)
async def test_whatever_the_extras_do_the_status_call_is_the_same(mode: ExtrasMode, kind: K) -> None:
    async with world() as good:
        before = [await good.status(job.label) for job in good.demo.service.jobs[:24]]
    async with world(mode) as one:
        assert (await one.fail(job_info_call(one.ids[JOB]))).kind is kind
        assert [await one.status(job.label) for job in one.demo.service.jobs[:24]] == before


async def test_a_hanging_extra_is_late_and_the_status_is_not() -> None:
    async with world(ExtrasMode.HANGING) as one:
        await one.extras.fetch(job_info_call(one.ids[JOB]))
        assert one.demo.waited == [120.0]
        await one.status()
        assert one.demo.waited == [120.0]


async def test_empty_lists_have_a_total() -> None:
    async with world(ExtrasMode.EMPTY_LISTS) as one:
        for call in (
            job_list_call(),
            whole_job_list_call(),
            projects_call(),
            record_list_call(one.ids[JOB], one.now, "cn-north-4"),
        ):
            assert "although the service counts some" in (await one.fail(call)).summary


def running(page: Hints) -> set[JobId]:
    return {job for job, hint in page.hints.hints.items() if hint.is_running}


async def test_lists_may_lag_lie_come_without_jobs_and_know_no_filter() -> None:
    async with world() as one:
        await one.until(Status.RUNNING)
        good: Hints = await one.ask(hints_call())
        building: Hints = await one.ask(building_jobs_call())
        assert set(building.hints.hints) == running(good) > set()
        assert building.hints.all_building
        one.demo.service.extras.mode = ExtrasMode.LAGGING_LISTS
        one.demo.time.seconds += LAG
        assert running(await one.ask(hints_call())) == running(good)
        one.demo.time.seconds -= LAG
        one.demo.service.extras.mode = ExtrasMode.LYING_LISTS
        lied = running(await one.ask(hints_call())) ^ running(good)
        assert 0 < len(lied) < len(good.hints.hints) / 3
        one.demo.service.extras.mode = ExtrasMode.NO_JOBS
        assert (await one.ask(hints_call())).hints == HintPage({}, 0)
        one.demo.service.extras.mode = ExtrasMode.FILTER_IGNORED
        ignored: Hints = await one.ask(building_jobs_call())
        assert (set(ignored.hints.hints), ignored.hints.all_building) == (set(good.hints.hints), False)
        one.demo.service.extras.mode = ExtrasMode.SHIFTING_LISTS
        sizes = set()
        for _ in range(7):
            sizes.add(len((await one.ask(hints_call())).hints.hints))
            one.demo.time.seconds += 1
        assert len(sizes) > 1


@pytest.mark.parametrize("mode", [ExtrasMode.BARE_LISTS, ExtrasMode.NUMBERS_AS_TEXT])
async def test_other_shapes_say_the_same(mode: ExtrasMode) -> None:
    async with world() as good:
        lists: JobPage = await good.ask(job_list_call())
        records = await good.records()
        last: LastBuild = await good.ask(running_status_call(good.ids[JOB]))
        exact: RunRecord = await good.ask(record_info_call(good.ids[JOB], records[1].number))
    async with world(mode) as one:
        assert await one.ask(job_list_call()) == lists
        assert await one.records() == records
        assert await one.ask(running_status_call(one.ids[JOB])) == last
        assert await one.ask(record_info_call(one.ids[JOB], records[1].number)) == exact


async def test_unknown_words_are_no_outcome_and_are_kept() -> None:
    async with world(ExtrasMode.UNKNOWN_WORDS) as one:
        finished = [record for record in await one.records() if record.is_finished]
        assert finished
        assert {record.outcome for record in finished} == {Outcome.UNKNOWN}
        assert all(record.outcome_as_sent.startswith("ODD_") for record in finished)
        page: JobPage = await one.ask(job_list_call())
        assert {entry.last_run for entry in page.entries} == {None}


async def test_records_of_another_build_are_rejected() -> None:
    async with world(ExtrasMode.OTHER_BUILD) as one:
        assert "another job" in (await one.fail(record_list_call(one.ids[JOB], one.now, "cn-north-4"))).summary
        assert "another job" in (await one.fail(job_info_call(one.ids[JOB]))).summary
        last: LastBuild = await one.ask(running_status_call(one.ids[JOB]))
        assert "another build" in (await one.fail(record_info_call(one.ids[JOB], last.number))).summary


async def test_a_lagging_record_is_unfinished_and_told_later() -> None:
    async with world(ExtrasMode.LAGGING) as one:
        known = (await one.records())[0].number
        run = (await one.run())._replace(known_number=known)
        first = choose_record(await one.records(), run)
        assert first.kind in (MatchKind.UNFINISHED, MatchKind.NOT_THERE)
        one.demo.time.seconds += 61
        later = choose_record(await one.records(), run)
        assert later.kind is MatchKind.FOUND
        assert later.record is not None
        assert later.record.outcome is not Outcome.UNKNOWN


async def test_a_window_that_is_too_wide_is_refused(client: Client) -> None:
    job, token = client.ids[JOB], {"X-Auth-Token": DemoService.token}
    day = client.time.now().wall
    answers = []
    for days in (31, 32):
        start, end = (f"{moment:%Y-%m-%d}%2000%3A00%3A00" for moment in (day - timedelta(days), day))
        answers.append(client.call("GET", f"/v1/record/{job}/list?start_time={start}&end_time={end}", token))
    assert [status for status, _ in answers] == [200, 400]
    assert answers[1][1]["error_code"] == "CB.00031105"
    assert client.call("GET", f"/v1/record/{job}/list", token)[0] == 400


@pytest.mark.parametrize(
    "path", ["/v1/job/list", "/v1/domain/project/related-page", "/v1/job/{job}/info", "/v3/jobs/{job}/7/real-time-log"]
)
def test_without_a_token_nothing_is_returned(client: Client, path: str) -> None:
    status, body = client.call("GET", path.format(job=client.ids[JOB]), {})
    assert (status, body["error_code"]) == (401, "APIGW.0301")
    assert client.call("POST", path.format(job=client.ids[JOB]), {"X-Auth-Token": DemoService.token})[0] == 404


def test_jobs_that_cannot_be_read_are_in_no_list_and_have_no_builds(client: Client) -> None:
    token = {"X-Auth-Token": DemoService.token}
    status, body = client.call("GET", "/v1/job/list", token)
    names = {entry["job_name"] for entry in body["result"]["job_list"]}
    assert not names & {"forbidden", "not found (422)", "web page inside a 200"}
    assert {"slow", "flapping (503)"} <= names
    status, body = client.call("GET", f"/v1/job/{client.ids['forbidden']}/info", token)
    assert (status, body["error_code"]) == (422, "DEVCB.00031006")
