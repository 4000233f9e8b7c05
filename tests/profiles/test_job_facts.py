"""Names and outcomes as the screen gets them, from a service that is not the demo."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from email.utils import format_datetime
from math import inf
from pathlib import Path
from typing import NoReturn, cast

import pytest

from tests.support.builders import DAY, moment
from tests.support.contract_extras import OUTCOMES, TRUTHS, TrueJob, tell
from tests.support.contract_server import TOKEN, ContractServer, Reply, Request, Script, refusal
from tests.support.user_home import User
from tui.clock import now
from tui.context import App
from tui.core.board import Board, JobState
from tui.core.job import Job, JobId, ServiceName
from tui.core.job_runs import course_of
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.core.run import FailedStep, Outcome, RunRecord
from tui.polling.outcomes import FactReports
from tui.profiles.extras import ByOurClock, Extras

IDS = [JobId(truth.id) for truth in TRUTHS]


class Watch:
    """The board of somebody who watches all jobs of the truth."""

    def __init__(self, app: App, server: ContractServer) -> None:
        self.server = server
        self.reader = app.profile(app.default).reader
        self.extras = cast("Extras", app.profile(app.default).extras)
        self.board = Board().watch([Job(job) for job in IDS])
        self.changes = asyncio.Event()
        self.kept_names = app.kept_names
        self.unconfirmed: list[JobId] = []
        self.learned_at: Callable[[], float] = lambda: -inf
        self.facts = app.facts(lambda job: app.default, FactReports(self.learned, self.named, self.told))

    def learned(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        self.unconfirmed += [job] if not record.is_confirmed else []
        self.board = self.board.learn(job, record, step, self.learned_at())
        self.changes.set()

    def told(self, job: JobId, records: Sequence[RunRecord]) -> None:
        self.board = self.board.with_records(job, records)
        self.changes.set()

    def named(self, names: Mapping[JobId, ServiceName]) -> None:
        self.board = self.board.with_names(names)
        self.changes.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():
                self.changes.clear()
                await self.changes.wait()

    async def all_asked_for(self) -> list[Request]:
        """Waits until the last run of each job was asked for. Returns the requests until then."""
        return await asyncio.to_thread(
            self.server.wait_for, lambda requests: any(f"{IDS[7]}/running-status" in one.path for one in requests)
        )

    def outcome(self, job: JobId) -> Outcome | None:
        run = self.board.states[job].last_run
        return run.outcome if run else None

    def record(
        self, job: JobId, outcome: Status | Failure, sent: Moment, received: Moment, interval: float = inf
    ) -> None:
        before = self.board
        self.board = before.record([Reading(job, outcome, sent, received)], lambda state: interval)
        self.facts.look(before, self.board, [job])

    async def read(self, job: JobId) -> None:
        """Asks for the job's status, and takes the answer."""
        before, reading = self.board, await self.reader.read(job)
        self.board = before.record([reading], lambda state: 15.0)
        self.facts.look(before, self.board, [job])


@asynccontextmanager
async def watching(
    folder: Path, *argv: str, every_extra: Script | None = None, now: Callable[[], Moment] = now
) -> AsyncIterator[Watch]:
    with ContractServer() as server:
        tell(server, TRUTHS)
        server.every_extra = every_extra
        user = User(folder, {"CODEARTS_ENDPOINT": server.url, "CODEARTS_TOKEN": TOKEN}, now=now)
        user.settings = "[polling]\nrequests_per_second = 100\n"
        app = user.app(*argv)
        watch = Watch(app, server)
        watch.facts.watch(IDS)
        work = asyncio.create_task(watch.facts.run())
        try:
            yield watch
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            await app.close()


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def test_at_the_start_all_names_and_outcomes_are_learned(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        confirmed = [job for job, truth in zip(IDS, TRUTHS, strict=True) if truth.state]
        await watch.until(lambda: all((run := watch.board.states[job].last_run) and run.number for job in confirmed))
        await watch.until(lambda: watch.board.states[IDS[1]].failed_step is not None)
        for job, truth in zip(IDS, TRUTHS, strict=True):
            state = watch.board.states[job]
            assert state.name == truth.name
            assert watch.outcome(job) == OUTCOMES.get(truth.name)
            assert bool(state.records) == bool(truth.state)
        assert watch.board.states[IDS[1]].failed_step == FailedStep("Sign ipa", "CB.2017", "expired", "Renew it.")
        assert set(watch.unconfirmed) == {IDS[number] for number in (0, 1, 2, 3, 4)}
        assert sum("/job/list" in request.path for request in watch.server.requests) == 1


async def test_names_are_kept_also_where_no_thread_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "to_thread", fail)
    async with watching(tmp_path) as watch:
        await watch.until(lambda: watch.board.states[IDS[1]].failed_step is not None)
        assert watch.board.states[IDS[0]].name == "payments-api"
    assert (tmp_path / "state" / "codearts-watch" / "names.json").exists()


async def test_names_that_cannot_be_kept_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "state" / "codearts-watch" / "names.json").mkdir(parents=True)
    async with watching(tmp_path) as watch:
        await watch.all_asked_for()
        assert watch.board.states[IDS[0]].name == "payments-api"


async def test_names_come_from_the_file_at_the_next_start(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        await watch.until(lambda: watch.board.states[IDS[0]].name == "payments-api")
        await watch.until(lambda: watch.board.states[IDS[5]].last_run is not None)  # the lists do not tell that one
    assert (tmp_path / "state" / "codearts-watch" / "names.json").exists()
    async with watching(tmp_path, "--status-only") as watch:
        await watch.until(lambda: watch.board.states[IDS[0]].name == "payments-api")
        assert watch.server.requests == []


async def test_a_name_that_may_be_on_a_page_that_was_refused_is_still_to_be_asked_for(tmp_path: Path) -> None:
    def page(request: Request) -> Reply:
        entry = {"id": IDS[0], "job_name": "payments-api"}
        answer = {"result": {"total": 2, "job_list": [entry]}, "status": "success"}
        return Reply(200, answer) if "page_index=0" in request.path else refusal(404, "CB.0")

    async with watching(tmp_path) as watch:
        watch.server.extras["/v1/job/list"] = page
        await watch.until(lambda: watch.board.states[IDS[0]].name == "payments-api")
        assert watch.kept_names.unnamed(IDS[:2], now().wall) == [IDS[1]]


async def test_of_rows_in_view_the_last_run_is_asked_for_first(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        watch.facts.prefer([IDS[3]])
        requests = await watch.all_asked_for()
        first = next(request.path for request in requests if "/record/" in request.path)
        assert f"/record/{IDS[3]}/" in first


@pytest.mark.parametrize("argv", [(), ("--status-only",)])
async def test_an_outcome_is_awaited_only_where_it_is_asked_for(tmp_path: Path, argv: tuple[str, ...]) -> None:
    async with watching(tmp_path, *argv) as watch:
        assert watch.facts.asks_outcome(IDS[0]) == (not argv)
        await watch.read(IDS[0])


async def test_a_stop_is_asked_about_and_its_record_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.polling.outcomes.AFTER_STOP", 0.05)
    running, job = TRUTHS[6], IDS[6]
    async with watching(tmp_path) as watch:
        await watch.until(lambda: watch.outcome(IDS[0]) is not None)

        def at(seconds: float) -> Moment:
            return Moment(seconds, running.began + timedelta(seconds=seconds))

        watch.record(job, Status.IDLE, at(-10), at(-9))
        watch.record(job, Status.RUNNING, at(5), at(6))
        assert watch.outcome(job) is None
        tell_alone(watch.server, running._replace(state="FAILURE", step="Deploy"))
        watch.record(job, Status.IDLE, at(95), at(96))
        await watch.until(lambda: watch.board.states[job].failed_step is not None)
        run = watch.board.states[job].last_run
        assert run
        assert (run.number, run.outcome, run.is_confirmed) == (17, Outcome.FAILED, True)


async def test_after_a_time_without_answers_it_is_asked_what_became_of_builds_meanwhile(tmp_path: Path) -> None:
    """One that began and failed meanwhile was seen neither to start nor to stop."""
    truth, job = TRUTHS[0], IDS[0]
    async with watching(tmp_path) as watch:
        await watch.until(lambda: bool((run := watch.board.states[job].last_run) and run.is_confirmed))

        def at(seconds: float) -> Moment:
            return Moment(seconds, truth.ended + timedelta(seconds=seconds))

        watch.record(job, Status.IDLE, at(10), at(11), interval=15)
        failed = truth._replace(number=18, state="FAILURE", began=at(100).wall, step="Deploy")
        tell_alone(watch.server, failed)
        asked = len(watch.server.requests)
        watch.record(job, Status.IDLE, at(26), at(27), interval=15)
        watch.record(job, Status.IDLE, at(600), at(601), interval=15)
        await watch.until(lambda: watch.board.states[job].failed_step is not None)
        run = watch.board.states[job].last_run
        assert run
        assert (run.number, run.outcome) == (18, Outcome.FAILED)
        assert watch.board.states[job].has_missed_run
        assert sum(f"/record/{job}/list" in request.path for request in watch.server.requests[asked:]) == 1


async def test_who_looks_at_a_run_that_only_a_list_tells_of_has_it_asked_for_again_once(tmp_path: Path) -> None:
    """The list may be ahead of the records for a minute, or wrong. The details look again at each change."""
    truth, job = TRUTHS[0], IDS[0]
    async with watching(tmp_path) as watch:
        await watch.all_asked_for()
        await watch.until(lambda: watch.outcome(job) is Outcome.PASSED)
        asked = len(watch.server.requests)
        listed = RunRecord(99, Outcome.FAILED, "red", is_finished=True, is_confirmed=False)
        watch.board, watch.learned_at = watch.board.learn(job, listed, at=now().at - 61), lambda: now().at
        known = watch.board.states[job]
        watch.facts.look_again(known._replace(learned_at=now().at))
        await watch.read(IDS[1])
        assert len(watch.server.requests) == asked + 1
        watch.facts.look_again(known)
        await watch.until(lambda: bool((run := watch.board.states[job].last_run) and run.number == truth.number))
        watch.facts.look_again(known)
        await watch.read(IDS[1])
        assert sum(f"/record/{job}/list" in request.path for request in watch.server.requests[asked:]) == 1


@pytest.mark.parametrize("number", [11, 12])
async def test_a_run_that_a_log_found_out_about_is_learned(tmp_path: Path, number: int) -> None:
    """One that nobody saw, or the last one, of which the service says something else now."""
    truth, job = TRUTHS[0], IDS[0]
    async with watching(tmp_path) as watch:
        await watch.all_asked_for()
        await watch.until(lambda: watch.outcome(job) is Outcome.PASSED)
        watch.record(job, Status.IDLE, moment(9), moment(10))
        tell_alone(watch.server, truth._replace(number=number, state="FAILURE", step="Deploy"))
        await watch.extras.last_run(job)
        await watch.until(lambda: watch.board.states[job].failed_step is not None)
        run = watch.board.states[job].last_run
        assert run
        assert (run.number, run.outcome) == (number, Outcome.FAILED)
        asked = len(watch.server.requests)
        await watch.extras.last_run(job)
        assert sum(f"/record/{job}" in request.path for request in watch.server.requests[asked:]) == 1


@pytest.mark.parametrize("is_remembered", [False, True])
async def test_at_a_first_answer_that_comes_late_it_is_asked_what_became_of_builds_meanwhile(
    tmp_path: Path, is_remembered: bool
) -> None:
    """The last run was asked for at the start, when the questions about the status failed."""
    truth, job = TRUTHS[0], IDS[0]
    async with watching(tmp_path) as watch:
        await watch.until(lambda: bool((run := watch.board.states[job].last_run) and run.is_confirmed))

        def at(seconds: float) -> Moment:
            return Moment(seconds, truth.ended + timedelta(seconds=seconds))

        if is_remembered:
            watch.record(job, Status.IDLE, at(-301), at(-300), interval=15)
            known = watch.board.states[job]._replace(is_remembered=True)
            watch.board = watch.board._replace(states={**watch.board.states, job: known})
        watch.record(job, Failure(FailureKind.UNREACHABLE, "no answer"), at(10), at(11), interval=15)
        failed = truth._replace(number=18, state="FAILURE", began=at(20).wall, step="Deploy")
        tell_alone(watch.server, failed)
        watch.record(job, Status.IDLE, at(120), at(121), interval=15)
        await watch.until(lambda: watch.board.states[job].failed_step is not None)
        assert watch.outcome(job) is Outcome.FAILED


async def test_of_a_build_that_stopped_in_a_time_without_answers_the_last_run_is_not_asked_for_at_once(
    tmp_path: Path,
) -> None:
    """Its record may not be there yet: the last run would be the one before."""
    stopped, idle = IDS[6], IDS[0]

    def at(seconds: float) -> Moment:
        return Moment(seconds, TRUTHS[6].began + timedelta(seconds=seconds))

    async with watching(tmp_path) as watch:
        seeded = await watch.all_asked_for()
        for job, before in ((stopped, Status.RUNNING), (idle, Status.IDLE)):
            watch.record(job, before, at(5), at(6), interval=5)
            watch.record(job, Status.IDLE, at(600), at(601), interval=5)
        asked = await asyncio.to_thread(
            watch.server.wait_for,
            lambda requests: any(f"/record/{idle}/list" in one.path for one in requests[len(seeded) :]),
        )
        assert not any(stopped in one.path for one in asked[len(seeded) :])


async def test_of_a_job_that_was_removed_nothing_is_asked_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.polling.outcomes.AFTER_STOP", 0.05)
    removed, kept = IDS[6], IDS[0]

    def at(seconds: float) -> Moment:
        return Moment(seconds, TRUTHS[6].began + timedelta(seconds=seconds))

    async with watching(tmp_path) as watch:
        seeded = await watch.all_asked_for()
        for job in (removed, kept):
            for status, seconds in ((Status.IDLE, -10), (Status.RUNNING, 5), (Status.IDLE, 95)):
                watch.record(job, status, at(seconds), at(seconds + 1))
        watch.facts.watch([kept])
        asked = await asyncio.to_thread(
            watch.server.wait_for,
            lambda requests: any(f"/record/{kept}/list" in one.path for one in requests[len(seeded) :]),
        )
        assert not any(removed in one.path for one in asked[len(seeded) :])


async def test_after_a_time_without_answers_it_is_asked_which_build_runs(tmp_path: Path) -> None:
    truth, job = TRUTHS[6], IDS[6]
    async with watching(tmp_path) as watch:
        await watch.until(lambda: watch.outcome(IDS[0]) is not None)

        def at(seconds: float) -> Moment:
            return Moment(seconds, truth.began + timedelta(seconds=seconds))

        watch.record(job, Status.RUNNING, at(5), at(6), interval=5)
        watch.board = watch.board.learn(job, RunRecord(17, is_finished=False, started_at=truth.began))
        watch.record(job, Status.RUNNING, at(600), at(601), interval=5)
        assert watch.board.states[job].going is None
        await watch.until(lambda: watch.board.states[job].going is not None)
        shown = course_of(watch.board.states[job], at(601).wall.timestamp())
        assert shown
        assert (shown.elapsed, shown.start_seen) == (601, True)


async def test_a_look_asks_again_about_what_is_not_known_and_about_nothing_else(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        known, unknown = IDS[0], IDS[6]
        await watch.all_asked_for()
        told = stopped(watch.board.states[known]).learn(RunRecord(18, Outcome.PASSED, is_finished=True))
        untold = stopped(watch.board.states[unknown])
        watch.board = watch.board._replace(states={**watch.board.states, known: told, unknown: untold})
        tell_alone(watch.server, TRUTHS[6]._replace(state="ABORTED"))
        asked = len(watch.server.requests)
        watch.facts.look_again(told)
        watch.facts.look_again(untold._replace(job=Job(IDS[7]), status=Status.RUNNING))
        watch.facts.look_again(untold)
        await watch.until(lambda: watch.outcome(unknown) is Outcome.ABORTED)
        assert {unknown in request.path for request in watch.server.requests[asked:]} == {True}


def stopped(state: JobState) -> JobState:
    """The job after it was seen to run and to stop."""
    for status, at in ((Status.IDLE, -10.0), (Status.RUNNING, 5.0), (Status.IDLE, 95.0)):
        moment = Moment(at, TRUTHS[6].began + timedelta(seconds=at))
        state = state.record(Reading(state.job.id, status, moment, moment))
    return state


def tell_alone(server: ContractServer, truth: TrueJob) -> None:
    lists = {path: answer for path, answer in server.extras.items() if "job/" in path}
    tell(server, [truth])
    server.extras.update(lists)


class SetClock:
    """Extras of a profile; this machine's clock was set by so many seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @property
    def skew(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    def by_this_machine(self, record: RunRecord) -> RunRecord:
        return record.by_clock(lambda moment: moment - self.skew)


class Facts:
    """What is reported of runs: their numbers, and how many minutes after noon they began."""

    def __init__(self) -> None:
        self.service = SetClock()
        self.said: list[tuple[int, float]] = []
        reports = FactReports(lambda job, record, step: self._note(record), told=lambda job, told: self._note(*told))
        self.facts = ByOurClock(lambda profile: cast(Extras, self.service), lambda job: "", reports)

    def _note(self, *records: RunRecord) -> None:
        self.said += [(one.number, (one.started_at - DAY).total_seconds() / 60) for one in records if one.started_at]

    def after_setting(self, seconds: float) -> list[tuple[int, float]]:
        """What is said once the clock was set, and not again at the next answer."""
        self.said.clear()
        self.service.seconds = seconds
        for _ in range(2):
            self.facts.heed("")
        return self.said


ENDED = RunRecord(7, Outcome.PASSED, started_at=moment(0).wall, is_finished=True)
GOING = RunRecord(8, started_at=moment(600).wall, is_finished=False)


def test_after_the_clock_was_set_the_run_that_goes_on_and_the_one_before_are_told_once_more_by_it() -> None:
    known = Facts()
    for record in (GOING, ENDED):
        known.facts.learned(IDS[0], record, None)
    known.facts.told(IDS[1], [ENDED])
    assert known.after_setting(-120) == [(7, 2), (7, 2), (8, 12)]
    assert known.after_setting(-120) == []
    assert known.after_setting(0) == [(7, 0), (7, 0), (8, 10)]


def test_after_the_clock_was_set_nothing_is_told_of_what_is_over_or_not_watched() -> None:
    known = Facts()
    for job in IDS[:3]:
        known.facts.learned(job, GOING, None)
    known.facts.told(IDS[2], [ENDED])
    known.facts.stopped(IDS[0])  # another run has ended since
    known.facts.not_seen(IDS[1])
    known.facts.forget([IDS[2]])
    assert known.after_setting(-120) == []


@pytest.mark.parametrize("ahead", [600.0, -7200.0, 3 * 86400.0, -50 * 365 * 86400.0])
async def test_times_of_builds_are_by_this_machines_clock_also_where_that_is_wrong_or_set(
    tmp_path: Path, ahead: float
) -> None:
    clock = {"ahead": 0.0}

    def by_this_machine() -> Moment:
        at, wall = now()
        return Moment(at, wall + timedelta(seconds=clock["ahead"]))

    def ahead_of(true: datetime, told: datetime | None) -> float:
        assert told
        return (told - true).total_seconds()

    over, going = IDS[0], IDS[6]
    began = now().wall - timedelta(minutes=3)
    async with watching(tmp_path, now=by_this_machine) as watch:
        watch.server.answers[going] = True
        tell(watch.server, [truth._replace(began=began) for truth in TRUTHS])
        await watch.until(lambda: watch.board.states[going].going is not None)
        for clock["ahead"] in (ahead, 0.0, ahead):
            for job in (over, going):
                await watch.read(job)
            ended, begun = watch.board.states[over].last_run, watch.board.states[going].going
            assert ended
            assert begun
            assert ahead_of(began + timedelta(seconds=90), ended.ended_at) == pytest.approx(clock["ahead"], abs=60)
            assert ahead_of(began, begun.started_at) == pytest.approx(clock["ahead"], abs=60)
            (listed,) = watch.board.states[over].records
            assert ahead_of(began, listed.started_at) == pytest.approx(clock["ahead"], abs=60)


@pytest.mark.parametrize("days", [-40.0, -3.0, -0.25, 3.0, 40.0])
@pytest.mark.parametrize("is_ours_wrong", [True, False])
async def test_what_became_of_a_build_is_found_where_this_clock_or_the_services_date_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float, is_ours_wrong: bool
) -> None:
    monkeypatch.setattr("tui.polling.outcomes.AFTER_STOP", 0.05)
    wrong, began, job = timedelta(days=days), now().wall - timedelta(minutes=3), IDS[6]
    if not is_ours_wrong and abs(days) < 1:
        pytest.skip("then the Date is believed")

    def at(seconds: float) -> Moment:
        return Moment(seconds, began + wrong + timedelta(seconds=seconds))

    def path_of_list() -> str:
        return [request.path for request in watch.server.requests if f"/record/{job}/list" in request.path][-1]

    async with watching(tmp_path, now=lambda: Moment(now().at, now().wall + wrong)) as watch:
        await watch.until(lambda: watch.outcome(IDS[0]) is not None)
        await watch.read(IDS[0])
        watch.record(job, Status.IDLE, at(-10), at(-9))
        watch.record(job, Status.RUNNING, at(5), at(6))
        told = began if is_ours_wrong else at(0).wall
        tell_alone(watch.server, TRUTHS[6]._replace(began=told, state="FAILURE", step="Deploy"))
        watch.record(job, Status.IDLE, at(90), at(91))
        await watch.until(lambda: watch.outcome(job) is Outcome.FAILED)
        assert f"end_time={now().wall + timedelta(days=1):%Y-%m-%d}" in path_of_list()


@pytest.mark.parametrize("wrong", [timedelta(minutes=50), timedelta(days=-3)])
async def test_what_became_of_a_build_is_found_after_an_answer_of_a_machine_whose_clock_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    monkeypatch.setattr("tui.polling.outcomes.AFTER_STOP", 0.05)
    began, job = now().wall - timedelta(minutes=3), IDS[6]

    def at(seconds: float) -> Moment:
        return Moment(seconds, began + timedelta(seconds=seconds))

    async with watching(tmp_path) as watch:
        await watch.until(lambda: watch.outcome(IDS[0]) is not None)
        await watch.read(IDS[0])
        date = {"Date": format_datetime(now().wall + wrong, usegmt=True)}
        watch.server.answers[IDS[0]] = Reply(200, {"result": False}, date)
        await watch.read(IDS[0])
        watch.record(job, Status.IDLE, at(-10), at(-9))
        watch.record(job, Status.RUNNING, at(5), at(6))
        tell_alone(watch.server, TRUTHS[6]._replace(began=began, state="FAILURE", step="Deploy"))
        watch.record(job, Status.IDLE, at(90), at(91))
        await watch.until(lambda: watch.outcome(job) is Outcome.FAILED)


async def test_after_a_gap_no_record_from_before_it_is_told_again_when_the_clock_is_set(tmp_path: Path) -> None:
    """Another build may run now, as after a suspend from which the machine wakes with a wrong clock."""
    ahead = timedelta()
    over, going = IDS[0], IDS[6]
    async with watching(tmp_path, now=lambda: Moment(now().at, now().wall + ahead)) as watch:
        watch.server.answers[going] = True
        await watch.until(lambda: watch.board.states[going].going is not None)
        await watch.read(going)
        watch.server.every_extra = "hang"
        later = Moment(now().at + 600, now().wall + timedelta(seconds=600))
        watch.record(going, Status.RUNNING, later, later, interval=5)
        ahead = timedelta(hours=2)
        await watch.read(over)
        assert watch.board.states[going].going is None


async def test_refused_extras_leave_the_board_as_it_is_and_are_asked_three_times_at_most(tmp_path: Path) -> None:
    async with watching(tmp_path, every_extra=refusal(403, "CB.00020001")) as watch:
        before = watch.board
        requests = await asyncio.to_thread(watch.server.wait_for, lambda requests: len(requests) >= 7)
        kinds = [re.sub(r"\w{32}/|\?.*", "", request.path) for request in requests]
        assert max(kinds.count(kind) for kind in kinds) <= 2
    assert len(watch.server.requests) == 7
    assert watch.board == before
