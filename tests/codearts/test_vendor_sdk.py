"""The vendor's own SDK against our signer and our simulated service.

`VENDOR_SDK_PYTHON` names an interpreter that has huaweicloudsdkcore, -codeartsbuild and -iam; skipped without it.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.support.build_hosts import HOME
from tests.support.clients import client
from tests.support.signed_request import ACCESS, BODY, DATE, HOST, PROJECT, SECRET, WHEN
from tui.codearts.auth.access_key import sign
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.extras_client import ExtrasClient
from tui.codearts.job_list_api import JobPage, ProjectPage, job_list_call, projects_call
from tui.codearts.log_api import LogPiece, log_v3_call
from tui.codearts.record_api import RecordPage, record_info_call, record_list_call, record_window
from tui.core.reading import Moment, Status
from tui.core.run import RunRecord
from tui.demo.extras import ExtrasMode
from tui.demo.service import DemoService

_PYTHON = os.environ.get("VENDOR_SDK_PYTHON")
_PROGRAM = Path(__file__).parents[1].joinpath("support", "vendor_sdk.py")
pytestmark = pytest.mark.skipif(not _PYTHON, reason="VENDOR_SDK_PYTHON names no interpreter with the vendor's SDK")

CASES: list[dict[str, Any]] = [
    {},
    {"headers": {"Content-Type": "application/json", **PROJECT}},
    {"headers": {**PROJECT, "X-Security-Token": "EXAMPLE-SECURITY-TOKEN"}},
    {"path": "/v1/job/list", "query": [["search", "a b/中+~"], ["page_size", "20"], ["page_index", "0"]]},
    {"headers": {"Content-Type": "text/plain"}},
    {"headers": {"Content-Type": "text/plain"}, "method": "POST", "body": "text"},
    {"headers": {"Content-Type": "application/json"}, "method": "POST", "path": "/v3/build", "body": BODY.decode()},
    {"headers": {"Content-Type": "application/json;charset=utf8"}, "method": "put", "path": "/", "body": "é"},
    {"path": "/a b/ä/%41%2F/~x/"},
    {"query": [["b", ""], ["a", "2"], ["a", "1"], ["A", "%"], ["a", "10"]]},
    {"headers": {"X-Padded": "  two  words ", "under_score": "x", "Host": "other.example.com:8443"}},
]


def ask(question: dict[str, Any]) -> Any:
    assert _PYTHON
    environ = {"PATH": os.environ["PATH"], "HOME": HOME, "NO_PROXY": "*"}
    command = [_PYTHON, "-W", "ignore", str(_PROGRAM)]
    answer = subprocess.run(
        command, input=json.dumps(question), env=environ, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_our_signature_is_that_of_the_vendors_sdk() -> None:
    usual = {"method": "GET", "host": HOST, "path": "/v3/jobs/x/status", "query": [], "headers": {}, "body": ""}
    cases = [{**usual, "date": DATE, **case} for case in CASES]
    answers = ask({"what": "signed", "access": ACCESS, "secret": SECRET, "cases": cases})
    for case, theirs in zip(cases, answers, strict=True):
        query = f"?{urlencode(list(map(tuple, case['query'])), quote_via=quote)}" if case["query"] else ""
        url = f"https://{HOST}{case['path']}{query}"
        ours = sign(case["method"], url, case["headers"], case["body"].encode(), ACCESS, SECRET, WHEN)
        assert {name: value.strip() for name, value in ours.items()} == theirs


@pytest.fixture
def service_standing_still() -> Iterator[DemoService]:
    began = datetime.now(UTC)
    with DemoService(clock=lambda: 1000.0, wall=lambda: began) as service:
        yield service


def about(service: DemoService, **more: object) -> dict[str, object]:
    keys = {"url": service.url, "access": service.access_key, "secret": service.secret_key}
    return {**keys, "project_id": service.project_id, **more}


def test_the_sdk_gets_right_answers_from_the_simulated_service(service: DemoService) -> None:
    jobs = {job.label: job.id for job in service.jobs}
    labels = ("web-frontend", "forbidden", "not found (422)", "server error (500)", "invalid job ID")
    good, *errors = ask(about(service, what="asked", jobs=[jobs[label] for label in labels]))
    assert good in (True, False)
    assert [error[:2] for error in errors] == [
        [403, "APIGW.0306"],
        [422, "CB.00031006"],
        [500, "CB.00060101"],
        [400, "CB.00060201"],
    ]
    assert (service.signatures.accepted, service.signatures.refused) == (5, 0)


def test_the_sdk_is_refused_with_a_wrong_key(service: DemoService) -> None:
    question = {**about(service, what="asked", jobs=[service.jobs[0].id]), "secret": "wrong"}
    ((status, code, message),) = ask(question)
    assert (status, code) == (401, "APIGW.0301")
    assert "verify aksk signature fail, canonicalRequest:GET|/v3/jobs/" in message
    assert service.signatures.refused == 1


async def test_the_sdk_reads_lists_records_and_logs_as_we_do(service_standing_still: DemoService) -> None:
    service = service_standing_still
    job = service.jobs[0].id
    credential = EnvironmentToken(service.token)
    ours = ExtrasClient(
        partial(open_http, service.url), Endpoint(service.url), credential, lambda: Moment(0.0, datetime.now(UTC))
    )
    now = datetime.now(UTC)
    records = await ours.fetch(record_list_call(job, now, "cn-north-4", 5))
    assert isinstance(records, RecordPage)
    done = next(record for record in records.records if record.is_finished)
    exact = await ours.fetch(record_info_call(job, done.number))
    log = await ours.fetch(log_v3_call(job, done.number))
    jobs = await ours.fetch(job_list_call())
    projects = await ours.fetch(projects_call())
    await ours.close()
    assert isinstance(exact, RunRecord)
    assert isinstance(log, LogPiece)
    assert isinstance(jobs, JobPage)
    assert isinstance(projects, ProjectPage)
    window = record_window(now, "cn-north-4")
    project = jobs.entries[0].project_id
    question = about(service, what="extras", job=job, number=done.number, window=window, codearts_project=project)
    theirs = ask(question)
    assert theirs["names"] == [entry.name for entry in jobs.entries]
    assert theirs["words"] == [entry.last_build_status for entry in jobs.entries]
    assert theirs["records"] == [
        [record.number, record.outcome_as_sent, record.by, record.branch] for record in records.records
    ]
    assert exact.duration is not None
    number, of_job, milliseconds, word = theirs["exact"]
    assert (number, of_job, word) == (done.number, job, exact.outcome_as_sent)
    assert abs(milliseconds - exact.duration * 1000) <= 2
    assert theirs["name"] == service.jobs[0].label
    assert theirs["last"][0] == str(records.records[0].number)
    newer, older = theirs["logs"]
    assert older == log.text
    assert older.startswith(newer)
    assert theirs["projects"] == [project.name for project in projects.projects]
    assert theirs["project"] is None  # its model knows only the shape without an envelope
    service.extras.mode = ExtrasMode.BARE_LISTS
    bare = ask({**question, "what": "bare list"})
    assert bare == [entry.name for entry in jobs.entries if entry.project_id == project]


async def test_the_sdk_logs_in_at_the_simulated_iam(service: DemoService) -> None:
    user = {"user": service.user, "domain": service.domain, "password": service.password}
    token, project_id, expires_at, seen_expires_at = ask(about(service, what="logged in", **user))
    assert project_id == service.project_id
    assert expires_at == seen_expires_at
    async with client(service.url, credential=EnvironmentToken(token)) as reader:
        assert isinstance((await reader.read(service.jobs[0].id)).result, Status)
    status, _, message = ask(about(service, what="logged in", **{**user, "password": "guessed"}))
    assert (status, message) == (401, "The username or password is wrong.")
