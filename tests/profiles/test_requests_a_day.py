"""How many requests names and outcomes cost in a day of 200 jobs with ten runs each, counted where they leave."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.support.builders import DAY, job_id
from tests.support.command_stage import now
from tests.support.credential_fakes import NoCredential
from tests.support.long_run import by_length
from tests.support.virtual_time import run
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.connections import open_http
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.reading import Reading, Status
from tui.core.run import Outcome
from tui.polling.outcomes import FactReports
from tui.polling.policy import Policy
from tui.polling.poller import Poller, PollerGroup
from tui.profiles.access import Access
from tui.profiles.extras import Extras, JobFacts
from tui.profiles.resolve import ConnectionOptions, Endpoints
from tui.storage.learned import KeptNames

JOBS, RUNS_A_DAY = 200, 10
DAYS = by_length(0.03, 0.2, 1.0)
SECONDS = 86400.0
MOST = 2500
"""Requests a day for outcomes, exact times included."""
MOST_FOR_NAMES = 20
LAG = 3.0
"""Seconds until a record says that its build ended."""
POLICY = Policy(requests_per_second=1.0)
IDS = [job_id(number) for number in range(1, JOBS + 1)]


class Service:
    """Runs each job ten times a day, some of them from the start on, and counts what it is asked."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        every = SECONDS / RUNS_A_DAY
        self.asked: Counter[str] = Counter()
        self.builds: dict[JobId, list[tuple[float, float, str]]] = {}
        for job in IDS:
            firsts = [number * every + dice.uniform(0, every / 2) for number in range(-1, RUNS_A_DAY)]
            words = dice.choices(("SUCCESS", "FAILURE", "ABORTED"), (85, 12, 3), k=len(firsts))
            self.builds[job] = [
                (1000 + began, 1000 + began + dice.uniform(240, every / 3), word)
                for began, word in zip(firsts, words, strict=True)
            ]

    def is_running(self, job: JobId) -> bool:
        at = now().at
        return any(began <= at < ended for began, ended, _ in self.builds[job])

    def ends_before(self, at: float) -> int:
        return sum(1000 < ended < at for builds in self.builds.values() for _, ended, _ in builds)

    def answer(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.split("/")
        if request.url.path == "/v1/job/list":
            self.asked["names"] += 1
            page = int(request.url.params["page_index"])
            entries = [self._entry(job) for job in IDS[page * 100 : page * 100 + 100]]
            return self._good({"total": JOBS, "job_list": entries})
        job = JobId(parts[3])
        if parts[-1] == "list":
            self.asked["records"] += 1
            states = [self._state(job, number) for number in self._begun(job)][::-1]
            size = int(request.url.params["page_size"])
            return self._good({"total_record": str(len(states)), "job_build_states": states[:size]})
        if parts[-1] == "record-info":
            self.asked["exact times"] += 1
            return self._good(self._exact(job, int(parts[4])))
        assert parts[-1] == "analysis", request.url
        self.asked["failing steps"] += 1
        error = {"error_code": "CB.1", "error_message": "it failed"}
        return self._good({"error_nodes": [{"step": "Test", "error_info": error}]})

    def _begun(self, job: JobId) -> range:
        return range(sum(began <= now().at for began, _, _ in self.builds[job]))

    def _entry(self, job: JobId) -> dict[str, object]:
        return {"id": job, "job_name": f"job {int(job)}", "project_id": "b" * 32, "project_name": "Payments"}

    def _state(self, job: JobId, number: int) -> dict[str, object]:
        began, ended, word = self.builds[job][number]
        is_over = now().at >= ended + LAG
        return {
            "number": number + 1,
            "job_running_status": "Finished" if is_over else "Running",
            "state": word if is_over else "",
            "start_time": round((DAY.timestamp() + began) * 1000),
            "build_time": round(ended - began) if is_over else 0,
        }

    def _exact(self, job: JobId, number: int) -> dict[str, object]:
        began, ended, word = self.builds[job][number - 1]
        times = {"start_time": self._iso(began), "finish_time": self._iso(ended), "duration": (ended - began) * 1000}
        return {"codeci_job_id": job, "build_no": number, "status": word, **times}

    @staticmethod
    def _iso(at: float) -> str:
        return (DAY + timedelta(seconds=at)).isoformat(timespec="milliseconds")

    @staticmethod
    def _good(result: object) -> httpx.Response:
        return httpx.Response(200, content=json.dumps({"result": result, "error": None, "status": "success"}))


class StatusReader(NoCredential):
    """The status calls, which cost a request each, too, but are not counted here."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def read(self, job: JobId) -> Reading:
        sent = now()
        await asyncio.sleep(0.05)
        return Reading(job, Status.RUNNING if self._service.is_running(job) else Status.IDLE, sent, now(), 200)

    async def close(self) -> None:
        """There is nothing to close."""


class Options(ConnectionOptions):
    """Leads to the service of the test."""

    __slots__ = ()
    answer: Callable[[httpx.Request], httpx.Response]

    def _open(self, url: str) -> httpx.AsyncClient:
        return open_http(url, transport=httpx.MockTransport(type(self).answer))


async def at_once(work: Callable[..., Any], *given: object) -> Any:
    """In place of a thread, which has no place in virtual time."""
    return work(*given)


async def lived(service: Service) -> Board:
    """The board after the days."""
    board = Board().watch([Job(job) for job in IDS])
    Options.answer = staticmethod(service.answer)
    pollers: PollerGroup

    def record(readings: list[Reading]) -> None:
        nonlocal board
        before = board
        board = board.record(readings, lambda state: pollers.interval(state.job.id, state.status))
        facts.look(before, board, {reading.job for reading in readings})

    def learn(job: JobId, *told: Any) -> None:
        nonlocal board
        board = board.learn(job, *told)

    poller = Poller(StatusReader(service), record, POLICY, clock=lambda: now().at, uniform=random.Random(3).uniform)
    pollers = PollerGroup(lambda name: poller, "")
    endpoints = Endpoints(Endpoint("https://build.example.com", "cn-north-4"))
    access = Access(endpoints, Options(), ServerClock(now), now)
    extras = Extras(access, EnvironmentToken("token"), poller.extras_budget())
    facts = JobFacts(lambda name: extras, lambda job: "", KeptNames(None), now, FactReports(learn))
    pollers.watch([Job(job) for job in IDS])
    facts.watch(IDS)
    work = [asyncio.create_task(one.run()) for one in (pollers, facts)]
    await asyncio.sleep(DAYS * SECONDS)
    for one in work:
        one.cancel()
        with suppress(asyncio.CancelledError):
            await one
    await extras.close()
    return board


def test_outcomes_and_names_of_200_jobs_stay_within_their_requests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("asyncio.to_thread", at_once)
    service = Service(seed=5)
    board = run(lived(service))
    stops = service.ends_before(1000 + DAYS * SECONDS - 300)
    asked = service.asked
    outcomes = asked["records"] + asked["exact times"]
    with capsys.disabled():
        print(f"\n{DAYS:g} days, {JOBS} jobs, {stops} ends: {dict(asked)}, of these {outcomes} for outcomes")
    assert outcomes - JOBS <= (MOST - JOBS) * DAYS + 10  # one question for each job at the start
    assert asked["names"] <= MOST_FOR_NAMES
    known = [state.last_run for state in board.states.values() if state.status is Status.IDLE]
    assert sum(1 for one in known if one and one.outcome is not Outcome.UNKNOWN) > 0.95 * len(known)
