"""Every outcome, read over real connections from a service that shares no code with our demo."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest

from tests.support.contract_extras import OUTCOMES, PROJECT, TRUTHS, TrueJob, tell
from tests.support.contract_server import TOKEN, ContractServer, refusal
from tests.support.extra_calls import run_lookup
from tui import clock
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.extras_client import ExtrasClient
from tui.codearts.job_list_api import (
    JobPage,
    Project,
    ProjectId,
    ProjectPage,
    job_list_call,
    project_job_list_call,
    projects_call,
)
from tui.codearts.log_api import Analysis, LogPiece, analysis_call, log_call, log_v3_call
from tui.core.job import JobId
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import Between, ObservedRun
from tui.core.run import FailedStep, Outcome, RunRecord


@pytest.fixture
async def asked() -> AsyncIterator[tuple[ExtrasClient, ContractServer]]:
    with ContractServer() as server:
        tell(server, TRUTHS)
        client = ExtrasClient(partial(open_http, server.url), Endpoint(server.url), EnvironmentToken(TOKEN), clock.now)
        yield client, server
        await client.close()


def observed(truth: TrueJob) -> ObservedRun:
    def context(moment: datetime) -> Between:
        return Between(moment.timestamp() - 9, moment.timestamp() + 6)

    end = context(truth.ended) if truth.state else None
    return ObservedRun(JobId(truth.id), context(truth.began), truth.ended.timestamp() - 9, end)


async def test_every_outcome_is_that_of_the_truth(asked: tuple[ExtrasClient, ContractServer]) -> None:
    client, _ = asked
    lookup = run_lookup(client, datetime(2026, 11, 23, 13, tzinfo=UTC))
    for truth in TRUTHS:
        match = await lookup.record_of(JobId(truth.id), observed(truth))
        assert isinstance(match, Match)
        if not truth.number:
            assert match == Match(MatchKind.NOT_THERE)
            continue
        assert match.record is not None
        assert match.record.number == truth.number
        if truth.state:
            assert match.kind is MatchKind.FOUND
            assert (match.record.outcome, match.record.outcome_as_sent) == (OUTCOMES[truth.name], truth.state)
            assert (match.record.started_at, match.record.duration) == (truth.began, truth.seconds)
        else:
            assert match.kind is MatchKind.UNFINISHED


async def test_lists_and_projects_are_those_of_the_truth(asked: tuple[ExtrasClient, ContractServer]) -> None:
    client, _ = asked
    page = await client.fetch(job_list_call())
    assert isinstance(page, JobPage)
    runs = {entry.name: entry.last_run.outcome for entry in page.entries if entry.last_run}
    assert runs == {name: outcome for name, outcome in OUTCOMES.items() if outcome is not Outcome.UNKNOWN}
    assert [entry.name for entry in page.entries if entry.was_never_built] == ["legacy"]
    assert [entry.name for entry in page.entries if entry.is_finished is False] == ["search"]
    of_project = await client.fetch(project_job_list_call(ProjectId(PROJECT), 0))
    assert of_project == page
    projects = await client.fetch(projects_call())
    assert projects == ProjectPage((Project(ProjectId(PROJECT), "Payments"),), 1)


async def test_failing_steps_and_logs_are_those_of_the_truth(asked: tuple[ExtrasClient, ContractServer]) -> None:
    client, _ = asked
    for truth in TRUTHS[:2]:
        job = JobId(truth.id)
        step = (FailedStep(truth.step, truth.code, truth.message, truth.faq or ""),) if truth.step else ()
        assert await client.fetch(analysis_call(job, truth.number)) == Analysis(truth.number, step)
        piece = LogPiece(truth.log, len(truth.log), False)
        assert await client.fetch(log_call(job, truth.number)) == piece
        assert await client.fetch(log_v3_call(job, truth.number)) == piece


async def test_the_last_run_of_each_job_is_that_of_the_truth(asked: tuple[ExtrasClient, ContractServer]) -> None:
    client, server = asked
    lookup = run_lookup(client, datetime(2026, 11, 23, 13, tzinfo=UTC))
    for truth in TRUTHS:
        record = await lookup.last_run(JobId(truth.id), with_duration=True)
        if not truth.number:
            assert record is None
            continue
        assert isinstance(record, RunRecord)
        assert (record.number, record.outcome_as_sent, record.by) == (truth.number, truth.state, "lin")
        ended = (truth.ended, truth.seconds, OUTCOMES[truth.name]) if truth.state else (None, None, Outcome.UNKNOWN)
        assert (record.ended_at, record.duration, record.outcome) == ended
    exact = [request for request in server.requests if request.path.endswith("record-info")]
    assert len(exact) == 3


async def test_where_records_are_refused_the_number_and_exact_times_tell_of_the_last_run(
    asked: tuple[ExtrasClient, ContractServer],
) -> None:
    client, server = asked
    for truth in TRUTHS:
        server.extras[f"/v1/record/{truth.id}/list"] = refusal(403, "CB.00020001")
    lookup = run_lookup(client, datetime(2026, 11, 23, 13, tzinfo=UTC))
    for truth in TRUTHS:
        record = await lookup.last_run(JobId(truth.id))
        outcome = OUTCOMES.get(truth.name, Outcome.UNKNOWN)
        told = (record.number, record.outcome) if isinstance(record, RunRecord) else record
        assert told == ((truth.number, outcome) if truth.number else None)
    lists = [request for request in server.requests if request.path.startswith("/v1/record") and "list" in request.path]
    assert len(lists) == 2
