"""A line for everything that happens, once, on a pipe and off it."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.archive import FakeArchive
from tests.support.builders import after_setting, job_id, moment, reading
from tests.support.command_stage import Outcome, Stage, jobs, now
from tests.support.command_terminal import CommandTerminal
from tests.support.contract_server import TOKEN, ContractServer
from tests.support.scripted_reader import failed
from tests.support.user_home import User
from tests.support.virtual_time import run
from tui.codearts.job_list_api import JobEntry, Listed, ProjectId, job_info_call
from tui.commands import follow as follow_command
from tui.commands.follow import Follower, Learned, follow
from tui.commands.output import ExitCode, Output
from tui.commands.session import Session
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.core.remembered import LastSeen, Remembered
from tui.core.run import FailedStep, RunRecord
from tui.core.run import Outcome as RunOutcome
from tui.core.transitions import Change
from tui.polling.policy import Policy
from tui.storage.recorder import NoArchive, Recorder
from tui.storage.watchlist import MemoryWatchlist, Watchlist, WatchlistFile

PROJECT = ProjectId("b" * 32)
RUNNING, IDLE = Status.RUNNING, Status.IDLE


async def followed(
    session: Session,
    watched: list[Job],
    lasting: float,
    as_json: bool = True,
    tell: Callable[[Change, str], None] = lambda change, profile: None,
    recorder: Recorder | None = None,
) -> None:
    """Follow for so many seconds."""
    work = asyncio.create_task(follow(session, watched, as_json, tell, recorder))
    await asyncio.sleep(lasting)
    work.cancel()
    await asyncio.wait([work])


def events(stage: Stage, job: JobId) -> list[tuple[str, Any]]:
    """What was told of a job: the event, and its status or the kind of its failure."""
    found = [json.loads(line) for line in stage.lines]
    return [(one["event"], one["status"] or one["failure"]["kind"]) for one in found if one["id"] == job]


def test_first_how_it_is_then_every_change() -> None:
    def answer(job: JobId, at: float) -> Outcome:
        if job == job_id(2):
            return failed(FailureKind.NOT_FOUND)
        steps: list[Outcome] = [IDLE, RUNNING, failed(FailureKind.TIMEOUT), failed(FailureKind.DNS), RUNNING, IDLE]
        return steps[min(int(at // 1000), 5)]

    stage = Stage(answer)
    run(followed(stage.session(), jobs(2), 7000))
    assert events(stage, job_id(1)) == [
        ("present", "idle"),
        ("started", "running"),
        ("no answer", "timed out"),
        ("no answer", "name not found"),
        ("readable", "running"),
        ("stopped", "idle"),
    ]
    assert events(stage, job_id(2)) == [("present", "not found")]
    started = json.loads(stage.lines[2])
    assert started["event"] == "started"
    assert started["after"] < started["read_at"]
    assert started["failure"] is None


def test_lines_for_people() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.DNS) if 50 < at < 150 else RUNNING if at < 250 else IDLE)
    run(followed(stage.session(), [Job(job_id(1), "web"), Job(job_id(2))], 300, as_json=False))
    lines = [line.split("  ", 1)[1] for line in stage.lines if "0000000 " not in line and "web" in line]
    assert lines == [
        "running    web (00000000)",
        "no answer  web (00000000): it failed: name not found",
        "readable   web (00000000): running again",
        "stopped    web (00000000)",
    ]


def test_a_thousand_transitions_on_a_pipe_none_lost_none_doubled() -> None:
    """Ten jobs change with every reading, which come several to a batch; a slow reader is at the pipe's other end."""
    turns = {job.id: 0 for job in jobs(10)}

    def answer(job: JobId, at: float) -> Status:
        turns[job] += 1
        return RUNNING if turns[job] % 2 else IDLE

    read_end, write_end = os.pipe()
    received: list[str] = []

    def take() -> None:
        with os.fdopen(read_end) as pipe:
            received.extend(pipe)

    reader = threading.Thread(target=take)
    reader.start()
    stage = Stage(answer, policy=Policy(1, 1, 100.0, 8))
    told: list[Change] = []
    with TextIOWrapper(os.fdopen(write_end, "wb")) as pipe:
        session = replace(stage.session(), output=Output(pipe, stage.talk))
        run(followed(session, jobs(10), 110, tell=lambda change, profile: told.append(change)))
    reader.join()
    found = [json.loads(line) for line in received]
    assert len(found) == len(told) >= 1000
    for job, count in turns.items():
        theirs = [one["event"] for one in found if one["id"] == job]
        assert count - 1 <= len(theirs) <= count  # the last answer may have come too late for its report
        assert theirs == ["present", *(("stopped", "started") * count)[: len(theirs) - 1]]


def test_readings_that_come_together_are_told_one_by_one() -> None:
    async def scene() -> list[str]:
        follower = Follower(Recorder(NoArchive(), now))
        follower.watch(jobs(1))
        readings = []
        for outcome in (IDLE, RUNNING, failed(FailureKind.DNS), RUNNING, IDLE):
            sent = now()
            await asyncio.sleep(1)
            readings.append(Reading(job_id(1), outcome, sent, now()))
        return [str(change.event) for change in follower.take(readings)]

    assert run(scene()) == ["present", "started", "no answer", "readable", "stopped"]


@dataclass
class Runs:
    """Knows what became of each run, and the name of each job."""

    outcome: RunOutcome = RunOutcome.FAILED
    asked: list[str] = field(default_factory=list)

    async def record_of(self, job: JobId, run: ObservedRun) -> Match:
        self.asked.append("record")
        record = RunRecord(88, self.outcome, "AS SENT", trigger="timer", branch="main", by="lin", is_finished=True)
        return Match(MatchKind.FOUND, record)

    async def failed_step(self, job: JobId, number: int) -> FailedStep:
        self.asked.append("step")
        return FailedStep("Sign ipa", "CB.2017", "the certificate is expired")

    async def listed(self, wanted: object) -> Listed:
        self.asked.append("list")
        return Listed({job_id(1): JobEntry(job_id(1), "payments-api", PROJECT, "Payments")}, is_whole=True)


def outcomes(runs: Any, as_json: bool = True) -> Stage:
    """Two jobs without labels, of which the first one stops once."""
    stage = Stage(lambda job, at: RUNNING if job == job_id(1) and 50 < at < 150 else IDLE)
    session = replace(stage.session(), extras=lambda name: runs)
    run(followed(session, [Job(job_id(1)), Job(job_id(2))], 300, as_json))
    return stage


def test_after_a_stop_comes_what_became_of_the_build_and_where_it_failed() -> None:
    runs = Runs()
    lines = [line.split("  ", 1)[1] for line in outcomes(runs, as_json=False).lines if "0000002" not in line]
    assert lines[-4:] == [
        "started    payments-api (00000000)",
        "stopped    payments-api (00000000)",
        "failed     payments-api (00000000): #88 main · timer · lin",
        "failed at  payments-api (00000000): step Sign ipa: CB.2017: the certificate is expired",
    ]
    assert runs.asked == ["list", "record", "step"]


def test_the_same_as_json() -> None:
    found = [json.loads(line) for line in outcomes(Runs()).lines]
    *others, outcome, step = [one for one in found if one["id"] == job_id(1)]
    assert [one["event"] for one in others] == ["present", "started", "stopped"]
    assert not any("last_run" in one for one in others)
    assert (outcome["event"], outcome["status"], outcome["failed_step"]) == ("outcome", "idle", None)
    assert (outcome["last_run"]["number"], outcome["last_run"]["outcome"]) == (88, "failed")
    assert (outcome["name"], outcome["project"]) == ("payments-api", {"id": PROJECT, "name": "Payments"})
    assert step["event"] == "failed step"
    assert step["failed_step"] == {"step": "Sign ipa", "code": "CB.2017", "message": "the certificate is expired"}


def test_what_became_of_a_build_is_asked_once_also_if_the_job_gives_no_answer_after_it() -> None:
    def answer(job: JobId, at: float) -> Outcome:
        return failed(FailureKind.TIMEOUT) if at > 200 else RUNNING if 50 < at < 150 else IDLE

    stage, runs = Stage(answer), Runs()
    run(followed(replace(stage.session(), extras=cast("Any", lambda name: runs)), [Job(job_id(1))], 600))
    assert [event for event, _ in events(stage, job_id(1))][-1] == "no answer"
    assert runs.asked.count("record") == 1


def test_a_bug_in_what_asks_about_builds_ends_it() -> None:
    class Broken(Runs):
        async def listed(self, wanted: object) -> Listed:
            raise ZeroDivisionError

    async def scene() -> None:
        session = replace(Stage().session(), extras=cast("Any", lambda name: Broken()))
        await asyncio.wait_for(follow(session, [Job(job_id(1))], as_json=True), 60)

    with pytest.raises(ExceptionGroup) as caught:
        run(scene())
    assert caught.group_contains(ZeroDivisionError)


@pytest.mark.parametrize("as_json", [True, False])
def test_on_a_terminal_lines_for_people_are_folded_and_json_is_not(as_json: bool) -> None:
    stage = Stage(data=CommandTerminal())
    run(followed(stage.session(), [Job(job_id(1), "a long label " * 9)], 30, as_json))
    assert max(map(len, stage.lines)) > 100 if as_json else max(map(len, stage.lines)) <= 80
    assert (len(stage.lines) == 1) is as_json


def test_a_word_that_is_not_known_is_told_as_sent() -> None:
    stage = outcomes(Runs(RunOutcome.UNKNOWN), as_json=False)
    assert "AS SENT    payments-api (00000000): #88" in stage.lines[-1]


@pytest.mark.parametrize("as_json", [True, False])
def test_where_extras_hang_or_are_refused_the_lines_are_the_same(as_json: bool) -> None:
    class Refused:
        async def nothing(self, *given: object) -> Failure:
            return failed(FailureKind.FORBIDDEN)

        async def listed(self, wanted: object) -> Listed:
            return Listed({}, failed(FailureKind.FORBIDDEN))

        record_of = failed_step = nothing

    class Hung:
        async def hang(self, *given: object) -> None:
            await asyncio.Event().wait()

        record_of = failed_step = listed = hang

    without, refused, hung = (outcomes(runs, as_json).lines for runs in (None, Refused(), Hung()))
    assert without == refused == hung


def test_a_run_from_before_goes_on_and_its_end_is_noted() -> None:
    noon, job = moment(0).wall.timestamp(), job_id(1)
    going_on = ObservedRun(job, Between(noon - 90, noon - 80), noon - 10)
    seen = LastSeen(RUNNING, noon - 10, noon - 9, noon - 80, noon - 90)
    archive = FakeArchive(Remembered({job: [going_on]}, {job: seen}))
    follower = Follower(Recorder(archive, lambda: moment(0)))
    follower.watch(jobs(1))
    follower.remember()
    changes = follower.take([reading(job, IDLE, 1)], lambda state: 15.0)
    assert [change.event for change in changes] == ["present", "stopped"]
    (run_,) = archive.notes[-1].runs
    assert (run_.start, run_.end) == (going_on.start, Between(noon - 10, noon + 1))


def test_the_end_of_a_run_from_before_is_told_and_why_nothing_more_is_remembered() -> None:
    stage, job = Stage(lambda job, at: IDLE), job_id(1)
    archive = FakeArchive(notices=["No history: the disk is full."])

    async def scene() -> None:
        session = stage.session()
        start = session.now().wall.timestamp()
        going_on = ObservedRun(job, Between(start - 90, start - 80), start - 10)
        seen = LastSeen(RUNNING, start - 10, start - 9, start - 80, start - 90)
        archive.known = Remembered({job: [going_on]}, {job: seen})
        await followed(session, jobs(1), 30, recorder=Recorder(archive, session.now))

    run(scene())
    assert events(stage, job) == [("present", "idle"), ("stopped", "idle")]
    assert [run.end is not None for notes in archive.notes for run in notes.runs] == [True]
    assert stage.talk.getvalue() == "codearts-watch: No history: the disk is full.\n"


def test_what_is_remembered_of_a_job_that_is_added_later_counts() -> None:
    stage, archive, added = Stage(lambda job, at: IDLE, store=Edited(jobs(1))), FakeArchive(), job_id(2)

    async def scene() -> None:
        session = stage.session()
        work = asyncio.create_task(followed(session, jobs(1), 60, recorder=Recorder(archive, session.now)))
        await asyncio.sleep(30)
        start = session.now().wall.timestamp()
        going_on = ObservedRun(added, Between(start - 90, start - 80), start - 10)
        seen = LastSeen(RUNNING, start - 10, start - 9, start - 80, start - 90)
        archive.known = Remembered({added: [going_on]}, {added: seen})
        assert isinstance(stage.store, Edited)
        stage.store.add([Job(added)])
        stage.store.is_edited = True
        await work

    run(scene())
    assert events(stage, added) == [("present", "idle"), ("stopped", "idle")]


@pytest.mark.parametrize("by", [timedelta(), timedelta(minutes=-20)])
def test_an_end_that_may_have_been_long_before_this_start_is_no_news_however_the_clock_was_set(by: timedelta) -> None:
    noon, job = moment(0).wall.timestamp(), job_id(1)
    seen = LastSeen(RUNNING, noon - 1200, noon - 1199, noon - 1300, noon - 1310)
    going_on = ObservedRun(job, Between(noon - 1310, noon - 1300), noon - 1200)
    follower = Follower(Recorder(FakeArchive(Remembered({job: [going_on]}, {job: seen})), lambda: moment(0)))
    follower.watch(jobs(1))
    follower.remember()
    changes = follower.take([Reading(job, IDLE, after_setting(0.9, by), after_setting(1, by))], lambda state: 15.0)
    assert [change.event for change in changes] == ["present"]


def test_what_became_of_a_run_is_noted_and_the_record_of_the_run_before_is_not_told() -> None:
    archive, job = FakeArchive(Remembered()), job_id(1)
    follower = Follower(Recorder(archive, lambda: moment(0)))
    follower.watch(jobs(1))
    ended = Learned(job, RunRecord(7, RunOutcome.PASSED, is_finished=True), None)
    for begins in (0, 20):
        follower.take([reading(job, RUNNING, begins), reading(job, IDLE, begins + 10)], lambda state: 15.0)
        told = follower.learn(ended, begins + 11)
        outcome = RunOutcome.PASSED if begins == 0 else RunOutcome.UNKNOWN
        assert (told is not None) is (outcome is RunOutcome.PASSED)
        assert [run.outcome for run in archive.notes[-1].runs] == [outcome]


class Edited(MemoryWatchlist):
    """Says that somebody edited it, once asked to."""

    is_edited = False

    def changed(self) -> bool:
        was_edited, self.is_edited = self.is_edited, False
        return was_edited


def test_jobs_come_and_go_with_the_watchlist() -> None:
    stage = Stage(lambda job, at: RUNNING if at < 300 else IDLE, store=Edited(jobs(2)))

    async def scene() -> None:
        work = asyncio.create_task(followed(stage.session(), jobs(2), 600))
        await asyncio.sleep(100)
        assert isinstance(stage.store, Edited)
        stage.store.remove([job_id(1)])
        stage.store.add([Job(job_id(3), "new")])
        stage.store.is_edited = True
        await work

    run(scene())
    assert events(stage, job_id(1)) == [("present", "running")]
    assert events(stage, job_id(2)) == [("present", "running"), ("stopped", "idle")]
    assert events(stage, job_id(3)) == [("present", "running"), ("stopped", "idle")]
    assert stage.talk.getvalue() == ""


def test_a_watchlist_that_is_emptied_is_said_once_and_follows_on_once_it_is_filled() -> None:
    stage = Stage(lambda job, at: RUNNING if at < 300 else IDLE, store=Edited(jobs(1)))

    async def scene() -> None:
        work = asyncio.create_task(followed(stage.session(), jobs(1), 600))
        assert isinstance(stage.store, Edited)
        for there in ([], [], jobs(1)):
            await asyncio.sleep(50)
            stage.store.remove([job_id(1)])
            stage.store.add(there)
            stage.store.is_edited = True
        await work

    run(scene())
    assert stage.talk.getvalue() == f"codearts-watch: {follow_command.EMPTIED}\n"
    assert events(stage, job_id(1)) == [("present", "running"), ("present", "running"), ("stopped", "idle")]


def test_what_became_of_a_build_is_not_told_of_a_job_that_came_back_and_gives_no_answer() -> None:
    stage = Stage(lambda job, at: RUNNING if at < 150 else IDLE if at < 160 else failed(FailureKind.DNS))
    stage.store = Edited(jobs(1))

    class Late(Runs):
        async def record_of(self, job: JobId, run: ObservedRun) -> Match:
            await asyncio.sleep(60)
            return await super().record_of(job, run)

    async def scene() -> None:
        runs: Any = Late()
        session = replace(stage.session(), extras=lambda name: runs)
        work = asyncio.create_task(followed(session, jobs(1), 600))
        for at, there in ((170, []), (10, jobs(1)), (120, jobs(2))):
            await asyncio.sleep(at)
            assert isinstance(stage.store, Edited)
            stage.store.remove([job_id(1)])
            stage.store.add(there)
            stage.store.is_edited = True
        await work

    run(scene())
    assert events(stage, job_id(2)) == [("present", "name not found")]


class Broken(MemoryWatchlist):
    """Another program is writing it, and has not finished."""

    def changed(self) -> bool:
        return True

    def load(self) -> Watchlist:
        raise UserError("The list is broken.")


def test_a_watchlist_that_cannot_be_read_is_said_once_and_its_jobs_are_followed_on() -> None:
    stage = Stage(lambda job, at: RUNNING if at < 300 else IDLE, store=Broken(jobs(1)))
    run(followed(stage.session(), jobs(1), 600))
    assert stage.talk.getvalue() == "codearts-watch: The list is broken.\n"
    assert events(stage, job_id(1)) == [("present", "running"), ("stopped", "idle")]


def test_a_refused_credential_is_said_once_and_not_on_the_data() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.SIGN_IN))
    run(followed(stage.session(), jobs(20), 600))
    assert {json.loads(line)["failure"]["kind"] for line in stage.lines} == {"sign-in refused"}
    told = stage.talk.getvalue()
    assert told.count("Correct the sign-in") == 1
    assert told.startswith("codearts-watch: Profile prod: ")


def test_it_ends_when_nobody_reads_the_pipe_any_more_though_nothing_changes() -> None:
    read_end, write_end = os.pipe()
    stage = Stage()

    async def scene() -> int:
        with TextIOWrapper(os.fdopen(write_end, "wb")) as pipe:
            session = replace(stage.session(), output=Output(pipe, stage.talk))
            work = asyncio.create_task(follow(session, jobs(1), as_json=True))
            await asyncio.sleep(60)
            assert not work.done()
            os.close(read_end)
            await asyncio.sleep(5)
            assert work.done()
            return work.result()

    assert run(scene()) is ExitCode.DONE
    assert stage.closed


def test_what_it_asks_beside_the_statuses_takes_from_the_rate_of_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    waits: list[float] = []

    async def asks(session: Session, watched: Sequence[Job], *others: object) -> int:
        pollers = session.pollers(lambda readings: None, lambda policy: policy._replace(requests_per_second=0.01))
        pollers.watch([])
        job = watched[0].id
        extras = session.extras(pollers.profile(job))
        assert extras
        await extras.fetch(job_info_call(job))
        pollers.watch(watched)
        waits.append((pollers.next_attempt(job) or 0.0) - session.now().at)
        await session.close()
        return ExitCode.DONE

    monkeypatch.setattr("tui.commands.follow.follow", asks)
    with ContractServer() as server:
        user = User(tmp_path, {"CODEARTS_ENDPOINT": server.url, "CODEARTS_TOKEN": TOKEN})
        WatchlistFile(tmp_path / "watchlist.toml").add(jobs(1))
        context = user.context("follow")
        assert follow_command.run(context, context.flags) == ExitCode.DONE
        assert len(server.requests) == 1
    assert waits[0] > 50
