"""From readings to bell, notification and command, in virtual time: how many of each, and what they say."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from tests.support.builders import failure, job_id, moment, reading, state
from tests.support.credential_fakes import NoCredential
from tests.support.long_run import by_length, takes_minutes
from tests.support.virtual_time import in_virtual_time
from tui.core.alert_policy import AlertOn, Arm
from tui.core.board import Board, stops_between
from tui.core.job import Job, JobId
from tui.core.known_runs import Match, MatchKind
from tui.core.reading import Failure, FailureKind, Moment, Reading, Status
from tui.core.remembered import Remembered, remember
from tui.core.run import FailedStep, LastRuns, Outcome, RunRecord
from tui.core.transitions import happenings_of
from tui.polling.outcomes import Outcomes
from tui.polling.policy import Policy
from tui.polling.poller import Poller
from tui.storage.settings import AlertSettings
from tui.terminal.notifications import Outside, outside
from tui.ui.alerting import Alerting

RUNNING, IDLE = Status.RUNNING, Status.IDLE
DAYS = by_length(1, 1, 7)
LOST = Failure(FailureKind.UNREACHABLE, "The network is unreachable.")
ALL = AlertSettings(bell=True)
TEXT = re.compile(r"\x1b\]99;;([^\a]*)\a")


class Stage(NoCredential):
    """The default polling of some jobs, what asks for their outcomes, and the alerts, before a kitty."""

    def __init__(self, settings: AlertSettings, count: int, has_extras: bool) -> None:
        self.answers: dict[JobId, Status | Failure] = {job_id(number): RUNNING for number in range(count)}
        self.outcome: Callable[[JobId], Outcome] = lambda job: Outcome.PASSED
        self.record_takes = 1.0
        self.board = Board().watch(Job(job, f"job {int(job, 16)}") for job in self.answers)
        self.sent: list[str] = []
        self.sent_at: list[datetime] = []
        """The local times of those."""
        self.alerting = Alerting(
            settings, self.now, self._send, print, self._disarm, lambda job: "", lambda job: has_extras,
            {"TERM": "xterm-kitty"},
        )  # fmt: skip
        self.poller = Poller(self, self._read, Policy(), clock=lambda: self.now().at, uniform=Random(7).uniform)
        self.poller.watch(self.answers)
        self.outcomes = Outcomes(lambda name: self if has_extras else None, self._learned, lambda: self.now().at)

    def now(self) -> Moment:
        at = asyncio.get_running_loop().time()
        return Moment(at, datetime(2026, 11, 26, 12, tzinfo=UTC) + timedelta(seconds=at))

    async def tick(self) -> None:
        while True:
            trouble = self.poller.pace().trouble
            self.alerting.tick(self.board, [""] if trouble else [])
            await asyncio.sleep(1)

    async def until_all_are(self, status: Status) -> None:
        for _ in range(3600):
            if all(state.status is status and not state.failure for state in self.board.states.values()):
                return
            await asyncio.sleep(1)
        raise AssertionError("it never came to that")

    @property
    def bells(self) -> int:
        return self.sent.count("\a")

    @property
    def texts(self) -> list[str]:
        return [found[1] for text in self.sent if (found := TEXT.fullmatch(text))]

    # What the poller asks

    async def read(self, job: JobId) -> Reading:
        sent = self.now()
        await asyncio.sleep(0.1)
        return Reading(job, self.answers[job], sent, self.now())

    # What is asked for the outcomes: one answer a second, if nothing else is said

    async def record_of(self, job: JobId, run: object) -> Match:
        await asyncio.sleep(self.record_takes)
        return Match(MatchKind.FOUND, RunRecord(7, self.outcome(job), branch="main", is_finished=True))

    async def last_runs(self, job: JobId) -> LastRuns:
        return LastRuns()

    async def failed_step(self, job: JobId, number: int) -> FailedStep:
        await asyncio.sleep(1)
        return FailedStep("Sign ipa")

    def _send(self, text: str) -> None:
        self.sent.append(text)
        self.sent_at.append(self.now().wall.astimezone())

    def _read(self, readings: list[Reading]) -> None:
        before, jobs = self.board, {one.job for one in readings}
        self.board = before.record(readings)
        self.alerting.seen(before, self.board, jobs)
        for job, run in stops_between(before, self.board, jobs):
            self.outcomes.stopped(job, run, "")

    def _learned(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        self.board = self.board.learn(job, record, step)
        self.alerting.learned(self.board.states[job])

    def _disarm(self, jobs: frozenset[JobId]) -> None:
        self.board = self.board.arm_once(jobs, False)


@asynccontextmanager
async def stage(settings: AlertSettings = ALL, count: int = 1, has_extras: bool = True) -> AsyncIterator[Stage]:
    """All jobs run, and were read, when the block begins."""
    made = Stage(settings, count, has_extras)
    work = [asyncio.create_task(part) for part in (made.poller.run(), made.outcomes.run(), made.tick())]
    await made.until_all_are(RUNNING)
    try:
        yield made
    finally:
        for task in work:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await made.alerting.close()


@in_virtual_time
async def test_fifty_jobs_that_stop_at_once_are_one_bell_and_two_notifications() -> None:
    for has_extras in (True, False):
        async with stage(ALL, 50, has_extras) as made:
            made.outcome = lambda job: Outcome.FAILED if job == job_id(3) else Outcome.PASSED
            made.answers = dict.fromkeys(made.answers, IDLE)
            await asyncio.sleep(600)
            assert made.bells == 1
            assert 1 <= len(made.texts) <= 2
            assert sum(map(int, re.findall(r"(\d+) (?:failed|passed|stopped)", made.texts[-1]))) == 50
            assert len(made.sent) == 1 + len(made.texts)


@in_virtual_time
async def test_one_stop_says_what_failed_and_where() -> None:
    async with stage() as made:
        made.outcome = lambda job: Outcome.FAILED
        made.answers[job_id(0)] = IDLE
        await asyncio.sleep(60)
        assert (made.bells, made.texts) == (1, ["job 0: failed · #7 main · step Sign ipa"])


@in_virtual_time
async def test_a_job_that_starts_again_before_its_outcome_is_known_does_not_hide_its_failure() -> None:
    async with stage(AlertSettings(True, frozenset({AlertOn.FAILED}))) as made:
        made.outcome, made.record_takes = lambda job: Outcome.FAILED, 40
        made.answers[job_id(0)] = IDLE
        await made.until_all_are(IDLE)
        made.answers[job_id(0)] = RUNNING
        await made.until_all_are(RUNNING)
        assert made.sent == []
        await asyncio.sleep(60)
        assert (made.bells, made.texts) == (1, ["job 0: failed · #7 main · step Sign ipa"])


@in_virtual_time
async def test_without_alerts_nothing_is_sent() -> None:
    async with stage(AlertSettings(), 50) as made:
        made.answers = dict.fromkeys(made.answers, IDLE)
        await asyncio.sleep(600)
        made.answers = dict.fromkeys(made.answers, LOST)
        await asyncio.sleep(600)
        assert made.sent == []


@in_virtual_time
async def test_an_armed_job_alerts_at_its_end_and_is_armed_no_more() -> None:
    async with stage(AlertSettings(), 3) as made:
        made.board = made.board.arm_once([job_id(1)], is_armed=True)
        made.answers = dict.fromkeys(made.answers, IDLE)
        await asyncio.sleep(60)
        assert (made.bells, made.texts) == (1, ["job 1: passed · #7 main"])
        assert made.board.states[job_id(1)].armed is None


@in_virtual_time
async def test_a_lost_network_is_one_alert_and_a_short_one_is_none() -> None:
    async with stage(AlertSettings(True, frozenset({AlertOn.NO_ANSWER})), 200) as made:
        running = made.answers
        made.answers = dict.fromkeys(running, LOST)
        await asyncio.sleep(20)
        made.answers = running
        await made.until_all_are(RUNNING)
        assert made.sent == []
        made.answers = dict.fromkeys(running, LOST)
        await asyncio.sleep(1800)
        assert (made.bells, len(made.texts)) == (1, 1)
        assert made.texts[0].startswith("Builds: 200 no answer")
        made.answers = running
        await made.until_all_are(RUNNING)
        made.answers = dict.fromkeys(running, LOST)
        await asyncio.sleep(600)
        assert (made.bells, len(made.texts)) == (2, 2)


@in_virtual_time
async def test_a_paused_job_is_not_told_as_without_an_answer_when_the_network_is_lost() -> None:
    async with stage(AlertSettings(True, frozenset({AlertOn.NO_ANSWER})), 20) as made:
        made.board = made.board.pause([job_id(1)], made.now())
        made.poller.pause([job_id(1)])
        made.answers = dict.fromkeys(made.answers, LOST)
        await asyncio.sleep(1800)
        assert made.texts[-1].startswith("Builds: 19 no answer")


@in_virtual_time
async def test_one_job_that_gives_no_answer_is_one_alert_once_that_lasts() -> None:
    async with stage(AlertSettings(True, frozenset({AlertOn.NO_ANSWER})), 3) as made:
        made.answers[job_id(1)] = Failure(FailureKind.SERVER_ERROR, "The service has an error.")
        await asyncio.sleep(8)
        made.answers[job_id(1)] = RUNNING
        await asyncio.sleep(60)
        assert made.sent == []
        made.answers[job_id(1)] = Failure(FailureKind.SERVER_ERROR, "The service has an error.")
        await asyncio.sleep(3600)
        assert (made.bells, made.texts) == (1, ["job 1: no answer"])


@in_virtual_time
async def test_a_start_does_not_alert_what_gave_no_answer_before_it() -> None:
    """Neither a job of its own nor all jobs of a profile; once they gave an answer, the next silence is news."""
    for unread in ([job_id(1)], [job_id(number) for number in range(3)]):
        async with stage(AlertSettings(True, frozenset({AlertOn.NO_ANSWER})), 3) as made:
            readable, jobs = made.answers, [known.job for known in made.board.states.values()]
            made.board = remember(Board().watch(jobs), Remembered(silent=dict.fromkeys(unread, 0.0)), made.now())
            made.answers = readable | dict.fromkeys(unread, LOST)
            await asyncio.sleep(600)
            assert made.sent == []
            made.answers = readable
            await made.until_all_are(RUNNING)
            made.answers = readable | dict.fromkeys(unread, LOST)
            await asyncio.sleep(600)
            assert made.bells == 1


@in_virtual_time
async def test_a_run_that_takes_longer_than_usual_is_one_alert() -> None:
    async with stage(AlertSettings(True, frozenset({AlertOn.LONGER_THAN_USUAL}))) as made:
        for _ in range(10):
            await asyncio.sleep(200)
            made.answers[job_id(0)] = IDLE
            await made.until_all_are(IDLE)
            made.answers[job_id(0)] = RUNNING
            await made.until_all_are(RUNNING)
        await asyncio.sleep(230)
        assert made.sent == []
        await asyncio.sleep(900)
        assert (made.bells, made.texts) == (1, ["job 0: longer than usual"])


@in_virtual_time
async def test_silence_holds_alerts_back_and_its_end_tells_them() -> None:
    async with stage(ALL, 3) as made:
        assert made.alerting.silence() == ""
        made.answers[job_id(1)] = IDLE
        await asyncio.sleep(60)
        assert made.sent == []
        assert made.alerting.silent_until is not None
        assert made.alerting.silence() == "Held back: job 1: passed · #7 main"
        assert made.alerting.silent_until is None
        await asyncio.sleep(4000)
        assert made.sent == []


@in_virtual_time
async def test_edited_settings_act_at_once() -> None:
    async with stage(ALL, 2) as made:
        made.alerting.use(ALL._replace(desktop="osc9"))
        made.answers[job_id(0)] = IDLE
        await asyncio.sleep(60)
        made.alerting.use(ALL._replace(bell=False))
        made.answers[job_id(1)] = IDLE
        await asyncio.sleep(60)
        assert made.sent == ["\a", "\x1b]9;job 0: passed · #7 main\a"]


@in_virtual_time
async def test_silence_lasts_an_hour_and_to_begin_it_tells_nothing() -> None:
    async with stage(ALL._replace(quiet="00:00-00:00"), 2) as made:
        made.answers[job_id(1)] = IDLE
        await asyncio.sleep(60)
        assert made.alerting.silence() == ""  # what quiet hours have held back is told after them
        until = made.alerting.silent_until
        assert until
        assert until.wall - made.now().wall == timedelta(hours=1)
        assert made.alerting.silence() == "Held back: job 1: passed · #7 main"


@in_virtual_time
async def test_a_job_that_is_armed_anew_alerts_however_soon_after_its_last_alert() -> None:
    async with stage(AlertSettings()) as made:
        for bells in (1, 2):
            made.board = made.board.arm_once([job_id(0)], is_armed=True)
            made.alerting.armed([job_id(0)])
            made.answers[job_id(0)] = IDLE
            await asyncio.sleep(60)
            assert made.bells == bells
            made.answers[job_id(0)] = RUNNING
            await made.until_all_are(RUNNING)


@in_virtual_time
async def test_a_job_that_is_armed_after_its_end_is_not_told_of_that_end_again() -> None:
    async with stage() as made:
        made.answers[job_id(0)] = IDLE
        await asyncio.sleep(60)
        made.board = made.board.arm_once([job_id(0)], is_armed=True)
        made.alerting.armed([job_id(0)])
        made.alerting.learned(made.board.states[job_id(0)])  # the user asks for its last builds
        await asyncio.sleep(60)
        assert made.bells == 1


@in_virtual_time
async def test_nothing_is_sent_after_the_end() -> None:
    sent, loop = list[str](), asyncio.get_running_loop()
    told = Alerting(
        ALL, lambda: moment(loop.time()), sent.append, print, lambda jobs: None, lambda job: "", lambda job: True,
        {"TERM": "xterm-kitty"},
    )  # fmt: skip
    before = Board().watch([Job(job_id(1))]).record([reading(job_id(1), RUNNING, 0)])
    told.seen(before, before.record([reading(job_id(1), IDLE, 5)]), [job_id(1)])
    await told.close()
    await asyncio.sleep(60)
    assert sent == ["\a"]


@in_virtual_time
async def test_notifications_that_wait_for_the_terminal_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    attached = asyncio.Event()

    async def look_late(environ: Mapping[str, str]) -> Outside:
        await attached.wait()
        return outside(environ, None)

    monkeypatch.setattr("tui.terminal.notifications.look_outside", look_late)
    async with stage(count=10) as made:
        for job in made.answers:
            made.answers[job] = IDLE
            await asyncio.sleep(60)
        attached.set()
        await asyncio.sleep(1)
        assert (made.bells, len(made.texts)) == (10, 4)
        for answer in (RUNNING, IDLE):
            made.answers[job_id(0)] = answer
            await asyncio.sleep(900)
        assert (made.bells, len(made.texts)) == (11, 5)


@in_virtual_time
async def test_a_notification_that_waits_for_the_terminal_holds_the_end_up_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def look_for_ever(environ: Mapping[str, str]) -> Outside:
        await asyncio.Event().wait()
        return outside(environ, None)

    monkeypatch.setattr("tui.terminal.notifications.look_outside", look_for_ever)
    async with stage() as made:
        made.answers[job_id(0)] = IDLE
        await asyncio.sleep(60)
        async with asyncio.timeout(60):
            await made.alerting.close()
        assert made.sent == ["\a"]


LASTING, PASSING = failure(FailureKind.FORBIDDEN), failure(FailureKind.SERVER_ERROR)


class Silence:
    """Jobs of two profiles, and the alerts about no answer."""

    def __init__(self) -> None:
        self.at, self.sent = 0.0, list[str]()
        self.board = Board().watch([Job(job_id(1)), Job(job_id(2))])
        settings = AlertSettings(True, frozenset({AlertOn.NO_ANSWER}), "none")
        profiles = {job_id(1): "a", job_id(2): "b", job_id(3): "a"}
        self.alerting = Alerting(
            settings, lambda: moment(self.at), self.sent.append, print, lambda jobs: None, profiles.__getitem__,
            lambda job: False, {},
        )  # fmt: skip

    def see(self, number: int, outcome: Status | Failure, at: float) -> None:
        self.at = at
        before, self.board = self.board, self.board.record([reading(job_id(number), outcome, at)])
        self.alerting.seen(before, self.board, [job_id(number)])

    def tick(self, *troubled: str, at: float) -> int:
        """The number of bells until then."""
        self.at = at
        self.alerting.tick(self.board, troubled)
        return len(self.sent)


async def test_an_outage_is_about_the_jobs_of_its_profile_alone_and_told_once_for_each() -> None:
    told = Silence()
    told.see(1, IDLE, 1)
    told.see(2, IDLE, 1)
    assert [told.tick("a", at=at) for at in (10, 30, 41)] == [0, 0, 1]
    told.board = told.board.watch([Job(job_id(number)) for number in (1, 2, 3)])  # the header says enough of that one
    assert told.tick("a", at=99) == 1
    told.see(2, LASTING, 100)
    assert told.tick("a", at=101) == 2  # of the other profile, so it had no alert yet
    for at in (500, 515, 530):
        told.see(1, PASSING, at)
    assert told.tick("a", at=531) == 2
    told.board = told.board.watch([Job(job_id(1)), Job(job_id(2))])
    told.see(1, IDLE, 600)
    assert told.tick(at=601) == 2
    told.see(1, LASTING, 700)
    assert told.tick(at=701) == 3
    await told.alerting.close()


async def test_a_job_whose_reason_changes_is_told_once_until_it_gives_an_answer() -> None:
    told = Silence()
    told.see(1, IDLE, 1)
    told.see(1, LASTING, 16)
    assert told.tick(at=17) == 1
    told.see(1, PASSING, 400)  # the second one in a row: a moment, if one knew nothing of the first
    told.tick(at=401)
    told.see(1, PASSING, 415)
    assert told.tick(at=416) == 1
    await told.alerting.close()


async def test_another_command_is_run_once_the_settings_name_it(tmp_path: Path) -> None:
    jobs, at = [Job(job_id(1))], [0.0]
    said, settings = tmp_path / "said", ALL._replace(command=("sh", "-c", 'echo "$1" >> "$0"', str(tmp_path / "said")))
    told = Alerting(
        settings._replace(command=(*settings.command, "first")), lambda: moment(at[-1]), print, print,
        lambda jobs: None, lambda job: "", lambda job: False, {},
    )  # fmt: skip
    board = Board().watch(jobs)
    for number, name in enumerate(("first", "second")):
        former = told.use(settings._replace(command=(*settings.command, name)))
        assert (former is None) is (name == "first")
        if former:
            await former.finish(20)
        for outcome in (RUNNING, IDLE):
            at.append(number * 900 + 1 + (outcome is IDLE))
            before, board = board, board.record([reading(job_id(1), outcome, at[-1])])
            told.seen(before, board, [job_id(1)])
    await told.close(20)
    assert said.read_text() == "first\nsecond\n"


async def test_many_ends_are_one_call_of_the_command_with_their_number(tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = 'printf "%s|" "$@" "$CODEARTS_OUTCOME" "$CODEARTS_STEP" >> "$0"; echo >> "$0"'
    arguments = [f"{{{name}}}" for name in ("count", "label", "change", "number", "branch")]
    settings = ALL._replace(command=("sh", "-c", script, str(said), *arguments))
    command = Alerting(
        settings, lambda: Moment(0, datetime.now(UTC)), print, print, lambda jobs: None, lambda job: "prod",
        lambda job: False, {},
    )  # fmt: skip
    jobs = [Job(job_id(number), f"job {number}") for number in range(3)]
    board = Board().watch(jobs).record([reading(job.id, RUNNING, 0) for job in jobs])
    after = board.record([reading(job.id, IDLE, 5) for job in jobs])
    command.seen(board, after, [job.id for job in jobs])
    await command.close(20)
    assert said.read_text() == "3|3 jobs|3 stopped|||||\n"


def test_a_stop_across_a_long_gap_is_news_only_of_an_armed_job() -> None:
    before = state((RUNNING, 0))
    for seconds, armed, number in ((601, False, 0), (601, True, 1), (599, False, 1)):
        known = before._replace(is_armed_once=armed)
        found = list(happenings_of(known, known.record(reading(known.job.id, IDLE, seconds)), seconds, False))
        assert len(found) == number
        assert all(one.armed is (Arm.ONCE if armed else None) for one in found)


@takes_minutes
@in_virtual_time
async def test_days_of_four_jobs_have_a_bounded_number_of_alerts_and_a_sum_each_morning() -> None:
    chance = Random(3)
    async with stage(ALL._replace(quiet="22:00-07:00"), 4) as made:
        made.outcome = lambda job: chance.choice([Outcome.FAILED, Outcome.PASSED])
        stops = 0
        for _ in range(DAYS * 24 * 60):
            for job in [job for job in made.answers if chance.random() < 0.01]:
                stops += made.answers[job] is RUNNING
                made.answers[job] = IDLE if made.answers[job] is RUNNING else RUNNING
            await asyncio.sleep(60)
        assert not any(at.hour >= 22 or at.hour < 7 for at in made.sent_at)
        assert sum(text.startswith("Held back") for text in made.texts) == DAYS
        assert made.bells <= len(made.texts) <= stops
