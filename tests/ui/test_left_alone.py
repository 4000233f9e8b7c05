"""The program watches the demo for an hour, is killed, and is started: its first screen is what happened."""

import asyncio
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from random import Random

import pytest

from tests.support.archive import FakeArchive
from tests.support.builders import DAY
from tests.support.credential_fakes import NoCredential
from tests.support.history_files import opened
from tests.support.long_run import by_length
from tests.support.virtual_time import run
from tui.codearts.status_api import interpret
from tui.core.board import Board, JobState, stops_between
from tui.core.job import JobId
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Moment, Reading, Status
from tui.core.remembered import Notes, Remembered, together
from tui.core.run import RunRecord, outcome_of
from tui.demo.jobs import Build, DemoJob, builds, demo_jobs
from tui.polling.policy import Policy
from tui.polling.poller import Poller
from tui.storage.history import LOST
from tui.storage.recorder import Recorder
from tui.ui.row import Row, status_word

HOUR = 3600.0
NOON = DAY.timestamp()


@dataclass
class Watch(NoCredential):
    """Everything between the demo's answers and the history file. Seconds are those of the demo."""

    seed: int
    path: Path
    notes: list[tuple[float, Notes]] = field(default_factory=list)
    killed_at: float = 0.0

    @cached_property
    def jobs(self) -> dict[JobId, DemoJob]:
        return {demo.job.id: demo for demo in demo_jobs(self.seed)[: by_length(8, None)]}

    def now(self) -> Moment:
        at = asyncio.get_running_loop().time() - 1000
        return Moment(at, DAY + timedelta(seconds=at))

    async def read(self, job: JobId) -> Reading:
        sent = self.now()
        await asyncio.sleep(0.2)
        answer = self.jobs[job].answer(self.now().at, len(self.notes))
        await asyncio.sleep(0.1)
        return Reading(job, interpret(answer.status, {}, answer.encode("r"), ()), sent, self.now())

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        return Remembered()

    def notice(self) -> str:
        return ""

    def note(self, notes: Notes) -> None:
        self.notes.append((self.now().at, notes))

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        """There are no more."""

    def close(self, wait: float) -> None:
        raise AssertionError("it is killed")

    async def watch(self) -> None:
        self.recorder = Recorder(self, self.now)
        self.board = self.recorder.fill(Board().watch(demo.job for demo in self.jobs.values()))
        policy = Policy(5.0, 15.0, 5.0, 8)
        chance = Random(self.seed)
        self.poller = Poller(self, self.record, policy, clock=lambda: self.now().at, uniform=chance.uniform)
        self.poller.watch(self.jobs)
        polling = asyncio.create_task(self.poller.run())
        await asyncio.sleep(HOUR + chance.uniform(0, 60))
        self.killed_at = self.now().at
        polling.cancel()
        await asyncio.wait([polling])
        file = opened(self.path, self.now)
        file.write(together(notes for at, notes in self.notes if at <= self.killed_at - LOST))

    def record(self, readings: list[Reading]) -> None:
        before, jobs = self.board, {reading.job for reading in readings}
        self.board = self.board.record(readings, self.interval)
        for job, _ in stops_between(before, self.board, jobs):
            last = next(one for one in builds(self.jobs[job], self.now().at) if one.is_over(self.now().at))
            self.board = self.board.learn(job, record_of(last))
        self.recorder.look(before, self.board, jobs)

    def interval(self, state: JobState) -> float:
        return self.poller.interval(state.job.id, state.status)


def record_of(build: Build) -> RunRecord:
    return RunRecord(build.number, outcome_of(build.state), build.state, is_finished=True)


def holds(between: Between, at: float) -> bool:
    return between.holds(NOON + at, widening=0.001)


def happened(build: Build, run: ObservedRun) -> bool:
    return holds(run.start, build.began) and (run.end is None or holds(run.end, build.ends))


@pytest.fixture(params=range(by_length(1, 10, 50)))
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Watch:
    watch = Watch(request.param, tmp_path / "history.db")
    run(watch.watch())
    return watch


def test_the_first_screen_after_a_kill_is_what_happened(watch: Watch) -> None:
    later = watch.killed_at + 300
    now = Moment(later, DAY + timedelta(seconds=later))
    archive = FakeArchive(opened(watch.path, lambda: now).read())
    board = Board().watch(demo.job for demo in watch.jobs.values())
    states = Recorder(archive, lambda: now).fill(board).states
    seen = [job for job in watch.jobs if states[job].status]
    assert len(seen) >= min(24, len(watch.jobs))
    for job in seen:
        check_job(watch.jobs[job], states[job], watch.killed_at)
        word = status_word(Row(states[job], now, 15))
        assert word.startswith("was ")
        assert (word == "was running") == (states[job].status is Status.RUNNING)
    assert sum(len(states[job].runs) for job in seen) > 3 * len(seen)


def check_job(demo: DemoJob, state: JobState, killed_at: float) -> None:
    """Asserts that nothing is shown that did not happen, and that nothing is missing but what was too short to see."""
    assert state.good
    last_seen = state.good.received.wall.timestamp() - NOON
    assert killed_at - 90 <= last_seen <= killed_at or demo.fault
    all_of_it = [one for one in builds(demo, killed_at) if one.ends > 0]
    goes_on = [state.current_run] if state.current_run else []
    for run_ in (*state.runs, *goes_on):
        its = [build for build in all_of_it if happened(build, run_)]
        assert its or run_.maybe_two
        if run_.number is not None and its and not demo.fault:
            assert (run_.number, run_.outcome) in [(one.number, outcome_of(one.state)) for one in its]
    assert demo.fault or len(state.runs) + len(goes_on) >= min(20, len(all_of_it)) - 1
