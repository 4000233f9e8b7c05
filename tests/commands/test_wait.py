"""What ends a wait, when, and with which exit code. Hours pass in a moment."""

import argparse
import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from math import inf

import pytest

from tests.support.builders import job_id
from tests.support.command_stage import Outcome, Stage, jobs, now
from tests.support.long_run import by_length
from tests.support.scripted_reader import failed
from tests.support.virtual_time import run
from tui.cli import main
from tui.commands.output import ExitCode
from tui.commands.render import advice
from tui.commands.wait import Until, timeout_seconds, wait
from tui.core.job import Job, JobId
from tui.core.reading import FailureKind, Moment, Retry, Status
from tui.polling.policy import Policy

RUNNING, IDLE = Status.RUNNING, Status.IDLE
BROKEN = failed(FailureKind.GATEWAY_ERROR)
LOST = failed(FailureKind.NOT_FOUND)
HOUR = 3600.0


def waited(
    stage: Stage, count: int = 1, until: Until = Until.IDLE, any_one: bool = False, patience: float = inf
) -> tuple[ExitCode, float]:
    """The exit code, and after how many seconds."""

    async def scene() -> tuple[ExitCode, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        code = await wait(stage.session(), jobs(count), until, any_one, patience)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return code, loop.time() - started

    code, after = run(scene())
    assert stage.closed
    return code, after


def line(number: int, status: Status = IDLE) -> str:
    return f"{status:7}  {job_id(number)}  job {number}"


def idle_from(*moments: float) -> Callable[[JobId, float], Outcome]:
    """Jobs 1, 2… run until then."""
    return lambda job, at: IDLE if at >= moments[int(job, 16) - 1] else RUNNING


def test_jobs_that_are_so_many_that_each_is_seldom_asked_gave_an_answer_all_the_same() -> None:
    code, _ = waited(Stage(lambda job, at: RUNNING), 400, patience=250)
    assert code is ExitCode.TIMED_OUT


def test_it_ends_when_all_have_stopped_and_prints_each() -> None:
    stage = Stage(idle_from(600, 0, 300))
    code, after = waited(stage, 3)
    assert code is ExitCode.DONE
    assert 600 <= after < 610
    assert stage.lines == [line(2), line(3), line(1)]
    assert stage.talk.getvalue() == ""


def test_a_job_that_has_stopped_is_not_asked_again_and_may_start_again() -> None:
    stage = Stage(lambda job, at: (IDLE if at < 10 else RUNNING) if job == job_id(1) else idle_from(0, 300)(job, at))
    assert waited(stage, 2)[0] is ExitCode.DONE
    assert [job for job, _ in stage.asked].count(job_id(1)) == 1


def test_one_is_enough_with_any() -> None:
    stage = Stage(idle_from(600, 100, 300))
    code, after = waited(stage, 3, any_one=True)
    assert code is ExitCode.DONE
    assert 100 <= after < 110
    assert stage.lines == [line(2)]


def test_until_started_it_ends_when_the_job_runs() -> None:
    stage = Stage(lambda job, at: RUNNING if at >= 120 else IDLE)
    code, after = waited(stage, until=Until.STARTED)
    assert code is ExitCode.DONE
    assert 120 <= after < 137
    assert stage.lines == [line(1, RUNNING)]


def test_until_cycle_keeps_waiting_for_a_job_that_is_idle_from_the_start() -> None:
    patience = by_length(2 * HOUR, 24 * HOUR)
    stage = Stage()
    code, after = waited(stage, until=Until.CYCLE, patience=patience)
    assert code is ExitCode.TIMED_OUT
    assert after == pytest.approx(patience)
    assert stage.lines == []


def test_until_cycle_wants_to_see_it_run_and_stop() -> None:
    stage = Stage(lambda job, at: RUNNING if 200 <= at < 400 else IDLE)
    code, after = waited(stage, until=Until.CYCLE, patience=HOUR)
    assert code is ExitCode.DONE
    assert 400 <= after < 410
    assert stage.lines == [line(1)]


def test_a_wait_with_long_stretches_of_trouble_inside_ends_well() -> None:
    troubles = [FailureKind.GATEWAY_ERROR, FailureKind.BROKEN_CONNECTION, FailureKind.TIMEOUT, FailureKind.SERVER_ERROR]

    def answer(job: JobId, at: float) -> Outcome:
        if at >= 600:
            return IDLE
        return failed(troubles[int(at // 60) % 4]) if 60 <= at < 500 else RUNNING

    stage = Stage(answer, latency=2.0)
    code, after = waited(stage, 3, patience=1800)
    assert code is ExitCode.DONE
    assert 600 <= after < 670
    assert sorted(stage.lines) == [line(1), line(2), line(3)]


def test_throttling_is_waited_out() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.THROTTLED, retry_after=30) if at < 100 else IDLE)
    assert waited(stage, 2, patience=HOUR)[0] is ExitCode.DONE


@pytest.mark.parametrize("kind", [FailureKind.GATEWAY_ERROR, FailureKind.SERVER_ERROR, FailureKind.DNS])
def test_endless_trouble_ends_at_the_deadline_not_before(kind: FailureKind) -> None:
    stage = Stage(lambda job, at: failed(kind))
    code, after = waited(stage, 2, patience=1800)
    assert code is ExitCode.NO_ANSWER
    assert after == pytest.approx(1800)
    assert stage.lines == []
    assert f"Timed out, and not every job gave an answer: job 1 {kind}, job 2 {kind}." in stage.talk.getvalue()
    assert f"2 jobs: {advice(failed(kind))}" in stage.talk.getvalue()
    longest = max(later - earlier for (_, earlier), (_, later) in zip(stage.asked, stage.asked[1:], strict=False))
    assert longest <= 61


def from_the_first(broken: float) -> Callable[[JobId, float], Outcome]:
    """Job 1 runs; job 2 runs, and fails from this moment on."""
    return lambda job, at: BROKEN if job == job_id(2) and at >= broken else RUNNING


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (lambda job, at: RUNNING, 124, "Timed out; still waiting for job 1 running, job 2 running."),
        (from_the_first(0), 5, "job 1 running, job 2 gateway error."),
        (from_the_first(1720), 5, "job 1 running, job 2 gateway error."),
        (from_the_first(1790), 124, "still waiting for"),
        (lambda job, at: BROKEN if at >= 300 and job == job_id(2) else IDLE, 0, ""),
    ],
    ids=["still running", "never an answer", "no answer any more", "one failure at the end", "was there before"],
)
def test_at_the_deadline_still_running_is_not_no_answer(
    answer: Callable[[JobId, float], Outcome], code: int, said: str
) -> None:
    stage = Stage(answer)
    assert waited(stage, 2, patience=1800)[0] == code
    assert said in stage.talk.getvalue()


@pytest.mark.parametrize(("count", "end"), [(5, "job 5 running."), (8, "job 5 running and 3 more.")])
def test_of_many_jobs_that_still_run_the_first_are_named(count: int, end: str) -> None:
    stage = Stage(lambda job, at: RUNNING)
    assert waited(stage, count, patience=60)[0] is ExitCode.TIMED_OUT
    assert stage.talk.getvalue().rstrip().endswith(end)


def test_of_many_jobs_without_an_answer_the_first_reasons_are_said() -> None:
    kinds = [kind for kind in FailureKind if kind.retry is Retry.PASSING][:6]
    stage = Stage(lambda job, at: failed(kinds[int(job, 16) - 1]))
    assert waited(stage, len(kinds), patience=60)[0] is ExitCode.NO_ANSWER
    _, *reasons = stage.talk.getvalue().splitlines()
    assert len(reasons) == 5


def test_a_deadline_before_the_first_answer_is_no_answer() -> None:
    assert waited(Stage(latency=5), patience=1)[0] is ExitCode.NO_ANSWER


def test_after_the_machine_was_suspended_it_ends_at_its_deadline_and_not_with_the_next_answer() -> None:
    """The event loop's clock stops meanwhile, and the next answer is a minute of back-off away."""
    stage = Stage(lambda job, at: BROKEN)

    async def scene() -> tuple[ExitCode, float]:
        loop = asyncio.get_running_loop()
        woken = loop.time() + 200

        def with_the_suspension() -> Moment:
            moment = now()
            gone = HOUR if moment.at >= woken else 0
            return Moment(moment.at + gone, moment.wall + timedelta(seconds=gone))

        session = replace(stage.session(), now=with_the_suspension)
        code = await wait(session, jobs(1), Until.IDLE, patience=HOUR)
        return code, loop.time() - woken

    code, late = run(scene())
    assert code is ExitCode.NO_ANSWER
    assert 0 <= late <= 2


def test_a_lasting_failure_ends_it_at_once() -> None:
    stage = Stage(lambda job, at: LOST if job == job_id(2) else RUNNING)
    code, after = waited(stage, 3, patience=HOUR)
    assert code is ExitCode.UNREAD
    assert after < 5
    assert stage.lines == []
    assert stage.talk.getvalue().startswith("codearts-watch: job 2: it failed: not found Check the job ID")


@pytest.mark.parametrize("kind", [FailureKind.TLS, FailureKind.NOT_FOUND, FailureKind.REDIRECTED])
def test_a_lasting_failure_of_a_job_that_was_read_ends_it_only_when_it_came_for_a_minute(kind: FailureKind) -> None:
    stage = Stage(lambda job, at: failed(kind) if 100 <= at < 106 or 300 <= at < 306 else idle_from(600)(job, at))
    code, after = waited(stage)
    assert code is ExitCode.DONE
    assert after < 610
    stage = Stage(lambda job, at: failed(kind) if at >= 100 else RUNNING)
    code, after = waited(stage, patience=HOUR)
    assert code is ExitCode.UNREAD
    assert 160 <= after < 300
    assert f"job 1: it failed: {kind}" in stage.talk.getvalue()


def test_a_lasting_failure_of_a_job_that_is_seldom_read_ends_it_after_a_minute_too() -> None:
    stage = Stage(lambda job, at: LOST if at >= 300 else IDLE, policy=Policy(idle=400))
    code, after = waited(stage, until=Until.STARTED, patience=HOUR)
    assert code is ExitCode.UNREAD
    assert after < 400 + 150


def test_an_outcome_of_builds_that_start_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wait", "--outcome", "--until", "started"]) == ExitCode.USAGE
    assert "--outcome is for builds that end" in capsys.readouterr().err


def test_lasting_failures_after_passing_ones_have_a_minute_too() -> None:
    def answer(job: JobId, at: float) -> Outcome:
        if 100 <= at < 460:
            return failed(FailureKind.REDIRECTED if at >= 400 else FailureKind.DNS)
        return idle_from(600)(job, at)

    stage = Stage(answer)
    code, after = waited(stage)
    assert code is ExitCode.DONE
    assert after < 610


def test_with_any_a_lasting_failure_ends_it_only_when_no_job_is_left() -> None:
    stage = Stage(lambda job, at: LOST if job == job_id(2) else idle_from(100)(job, at))
    assert waited(stage, 2, any_one=True)[0] is ExitCode.DONE
    stage = Stage(lambda job, at: LOST if job == job_id(2) or at >= 60 else RUNNING)
    code, after = waited(stage, 2, any_one=True)
    assert code is ExitCode.UNREAD
    assert 120 <= after < 200


@pytest.mark.parametrize("any_one", [False, True])
def test_a_refused_credential_ends_it(any_one: bool) -> None:
    stage = Stage(lambda job, at: failed(FailureKind.SIGN_IN) if at > 50 else RUNNING)
    code, after = waited(stage, 3, any_one=any_one, patience=HOUR)
    assert code is ExitCode.NOT_SIGNED_IN
    assert 50 < after < 60
    assert ": it failed: sign-in refused" in stage.talk.getvalue()


def test_with_any_a_profile_that_is_refused_leaves_the_others() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.SIGN_IN) if job == job_id(2) else idle_from(100)(job, at))
    both = [Job(job_id(1), "good"), Job(job_id(2), "refused", profile="b")]
    assert run(wait(stage.session(), both, Until.IDLE, True, HOUR)) is ExitCode.DONE
    assert run(wait(stage.session(), both, Until.IDLE, False, HOUR)) is ExitCode.NOT_SIGNED_IN


class Terminal(StringIO):
    """Forty columns wide."""

    def __init__(self) -> None:
        super().__init__()
        self._ends = os.openpty()
        fcntl.ioctl(self._ends[1], termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))

    def fileno(self) -> int:
        return self._ends[1]

    def isatty(self) -> bool:
        return True

    def close(self) -> None:
        for end in self._ends:
            os.close(end)
        super().close()


def test_a_terminal_shows_what_is_awaited_in_one_line_and_nothing_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with Terminal() as terminal:
        stage = Stage(idle_from(100, 50), talk=terminal)
        assert waited(stage, 2)[0] is ExitCode.DONE
        shown = terminal.getvalue().split("\r\x1b[K")
    assert shown[0] == shown[-1] == ""
    assert "0 of 2 idle: job 1 running, job 2 runn…" in shown
    assert "1 of 2 idle: job 1 running" in shown
    assert len(shown) < 12
    monkeypatch.setenv("TERM", "dumb")
    stage = Stage(idle_from(100, 50), talk=Terminal())
    waited(stage, 2)
    assert stage.talk.getvalue() == ""


@pytest.mark.parametrize("with_outcome", [False, True])
def test_on_a_terminal_a_job_is_printed_in_place_of_what_is_awaited(
    with_outcome: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with Terminal() as terminal:
        stage = Stage(idle_from(100, 50), data=terminal, talk=terminal)
        run(wait(stage.session(), jobs(2), Until.IDLE, with_outcome=with_outcome))
        shown = terminal.getvalue().split("\r\x1b[K")
    printed = [text.split()[:2] for text in shown if text.startswith("idle\n")]
    assert printed == [["idle", job_id(2)], ["idle", job_id(1)]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2d", 172800),
        ("45", 45),
        ("1m30", 90),
        ("0.5s", 0.5),
    ],
)
def test_a_timeout_is_written_as_people_do(text: str, expected: float) -> None:
    assert timeout_seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "0s", "-5", "m", "30 m", "5x", "1m1h", "nan", "inf", "1e3", "٣m", "." * 9])
def test_anything_else_is_no_timeout(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        timeout_seconds(text)
