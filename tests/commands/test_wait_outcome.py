"""`wait --outcome`, in virtual time: when the record is asked for, what is printed, and the exit code."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf
from typing import cast

from tests.support.builders import failure, job_id
from tests.support.command_stage import Outcome as Answer
from tests.support.command_stage import Stage, jobs, now
from tests.support.virtual_time import run
from tui.commands.output import ExitCode
from tui.commands.wait import Until, wait
from tui.core.job import JobId
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import ObservedRun
from tui.core.reading import Failure, FailureKind, Status
from tui.core.run import Outcome, RunRecord
from tui.profiles.extras import Extras

START = 1000.0


def record(outcome: Outcome, word: str = "") -> RunRecord:
    return RunRecord(88, outcome, word or outcome.value.upper(), branch="main", is_finished=True)


@dataclass
class Records:
    """Answers by script: what becomes of a run, by the seconds since the first question."""

    answer: Callable[[float], Match | Failure]
    last: RunRecord | Failure | None = None
    asked: list[float] = field(default_factory=list)
    runs: list[ObservedRun] = field(default_factory=list)

    async def record_of(self, job: JobId, run: ObservedRun) -> Match | Failure:
        self.asked.append(round(now().at - START))
        self.runs.append(run)
        return self.answer(now().at - START)

    async def last_run(self, job: JobId, with_duration: bool = False) -> RunRecord | Failure | None:
        self.asked.append(round(now().at - START))
        return self.last


def waited(
    records: Records,
    stops: float = 60.0,
    until: Until = Until.IDLE,
    count: int = 1,
    patience: float = inf,
    any_one: bool = False,
) -> tuple[ExitCode, list[str], float]:
    """Exit code, lines, and after how many seconds, with jobs that run for so long; with `any_one` the first alone."""

    def answer(job: JobId, at: float) -> Answer:
        return Status.RUNNING if at < stops or (any_one and job != job_id(1)) else Status.IDLE

    stage = Stage(answer)

    async def scene() -> tuple[ExitCode, float]:
        session = replace(stage.session(), extras=lambda name: cast("Extras", records))
        code = await wait(session, jobs(count), until, any_one, patience, with_outcome=True)
        return code, now().at - START

    code, at = run(scene())
    assert stage.closed
    return code, stage.lines, at


def found(outcome: Outcome) -> Callable[[float], Match]:
    return lambda at: Match(MatchKind.FOUND, record(outcome))


def test_a_build_that_passes_is_printed_five_seconds_after_its_stop() -> None:
    records = Records(found(Outcome.PASSED))
    code, lines, at = waited(records)
    (job,) = jobs(1)
    assert (code, lines) == (ExitCode.DONE, [f"passed     {job.id}  job 1  #88 main"])
    assert 65 <= at < 75
    assert len(records.asked) == 1
    (run_,) = records.runs
    assert run_.end
    assert run_.end.width is not None
    assert run_.end.width < 6


def test_one_that_fails_ends_it_with_four() -> None:
    code, lines, _ = waited(Records(found(Outcome.FAILED)))
    assert code is ExitCode.NOT_PASSED
    assert lines[0].startswith("failed     ")


def test_a_record_that_lags_is_awaited_for_half_a_minute() -> None:
    records = Records(lambda at: Match(MatchKind.FOUND if at > 85 else MatchKind.UNFINISHED, record(Outcome.PASSED)))
    code, lines, _ = waited(records)
    assert code is ExitCode.DONE
    assert lines[0].startswith("passed")
    never = Records(lambda at: Match(MatchKind.NOT_THERE))
    code, lines, at = waited(never)
    assert code is ExitCode.UNREAD
    assert lines[0].startswith("idle")
    assert 90 <= at < 105
    assert len(never.asked) <= 7


def test_a_record_for_which_the_service_has_no_answer_for_a_moment_is_asked_for_again() -> None:
    records = Records(lambda at: failure() if at < 72 else Match(MatchKind.FOUND, record(Outcome.PASSED)))
    code, lines, _ = waited(records)
    assert (code, len(records.asked)) == (ExitCode.DONE, 2)
    assert lines[0].startswith("passed")


def test_a_refusal_is_not_asked_again() -> None:
    records = Records(lambda at: failure(FailureKind.FORBIDDEN))
    assert waited(records)[0] is ExitCode.UNREAD
    assert len(records.asked) == 1


def test_a_word_that_is_not_known_is_printed_as_sent_and_is_no_success() -> None:
    code, lines, _ = waited(Records(lambda at: Match(MatchKind.FOUND, record(Outcome.UNKNOWN, "UNSTABLE"))))
    assert code is ExitCode.UNREAD
    assert lines[0].startswith("UNSTABLE")


def test_of_a_job_that_is_idle_from_the_first_the_last_build_counts() -> None:
    records = Records(found(Outcome.PASSED), last=record(Outcome.ABORTED))
    code, lines, at = waited(records, stops=0)
    assert code is ExitCode.NOT_PASSED
    assert lines[0].startswith("aborted")
    assert at < 5
    assert waited(Records(found(Outcome.PASSED)), stops=0)[0] is ExitCode.DONE


def test_of_a_job_that_is_idle_from_the_first_a_build_that_has_not_ended_counts_for_nothing() -> None:
    code, lines, _ = waited(Records(found(Outcome.PASSED), record(Outcome.PASSED)._replace(is_finished=False)), stops=0)
    assert code is ExitCode.UNREAD
    assert lines[0].startswith("idle ")


def test_with_any_the_jobs_that_still_run_do_not_count() -> None:
    code, lines, _ = waited(Records(found(Outcome.PASSED)), count=3, any_one=True)
    assert code is ExitCode.DONE
    assert [line.split()[:2] for line in lines] == [["passed", job_id(1)]]


def test_the_deadline_does_not_cut_off_a_record() -> None:
    code, lines, _ = waited(Records(found(Outcome.PASSED)), patience=66.0)
    assert code is ExitCode.DONE
    assert lines[0].startswith("passed")


def test_where_the_time_is_up_no_build_that_ended_makes_it_a_success() -> None:
    code, lines, _ = waited(Records(found(Outcome.PASSED)), stops=1000, patience=100)
    assert (code, lines) == (ExitCode.TIMED_OUT, [])


def test_without_extras_no_outcome_is_learned() -> None:
    stage = Stage()

    async def scene() -> ExitCode:
        return await wait(stage.session(), jobs(1), Until.IDLE, with_outcome=True)

    assert run(scene()) is ExitCode.UNREAD
    assert stage.lines[0].startswith("idle")
    assert "The outcome of 1 job was not learned. Outcomes are off" in stage.talk.getvalue()
