"""A run in progress against the runs before it: what is said of it, and of what little is known."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders import DAY, job_id
from tests.support.builders import state as state_after
from tui.core.board import JobState
from tui.core.estimate import Estimate, RunProgress
from tui.core.job import Job
from tui.core.job_runs import Course, course_of, told_start, usual_duration
from tui.core.observed_run import Between, Gap, ObservedRun
from tui.core.reading import Moment, Reading, Status
from tui.core.run import Outcome, RunRecord

JOB = job_id(1)
NOW = 1_000_000.0


def ended(at: float, duration: float = 600, outcome: Outcome = Outcome.UNKNOWN, width: float = 10) -> ObservedRun:
    """A run whose end was seen at `at`; start and end were each between two readings `width` seconds apart."""
    start, end = at - duration, at
    return ObservedRun(
        JOB, Between(start - width, start), end - width, Between(end - width, end), interval=15, outcome=outcome
    )


def going(began: float, start_seen: bool = True, maybe_two: bool = False) -> ObservedRun:
    return ObservedRun(JOB, Between(began - 5 if start_seen else None, began + 5), NOW - 5, maybe_two=maybe_two)


def before(number: int, duration: float = 600) -> list[ObservedRun]:
    return [ended(NOW - 3600 * (at + 1), duration) for at in range(number)]


def state(runs: Sequence[ObservedRun], run: ObservedRun | None = None, gaps: tuple[Gap, ...] = ()) -> JobState:
    return JobState(Job(JOB), runs=tuple(runs), current_run=run, gaps=gaps)


def course(run: ObservedRun, runs: Sequence[ObservedRun], gaps: Sequence[Gap], now: float) -> Course:
    known = course_of(state(runs, run, tuple(gaps)), now)
    assert known
    return known


def usual(runs: Sequence[ObservedRun]) -> Estimate | None:
    return usual_duration(state(runs), NOW)


def test_elapsed_begins_at_the_middle_of_the_interval_in_which_it_began() -> None:
    known = course(going(NOW - 300), before(9), (), NOW)
    assert known.elapsed == 300
    assert known.outlook.left == 300
    assert not known.is_late


def test_a_run_without_a_seen_start_has_no_estimate_but_may_be_late() -> None:
    young = course(going(NOW - 300, start_seen=False), before(9), (), NOW)
    assert young.elapsed == 295
    assert young.outlook.progress is RunProgress.UNKNOWN
    assert course(going(NOW - 3000, start_seen=False), before(9), (), NOW).is_late


def test_a_run_that_may_be_two_has_gone_on_since_the_last_gap_at_least() -> None:
    gaps = [Gap(JOB, NOW - 9000, NOW - 8000), Gap(JOB, NOW - 4000, NOW - 60), Gap(JOB, NOW - 3, NOW)]
    known = course(going(NOW - 9999, maybe_two=True), before(9), gaps, NOW)
    assert known.elapsed == 60
    assert not known.start_seen
    assert not known.is_late
    assert course(going(NOW - 9999, maybe_two=True), before(9), (), NOW).elapsed == 5


@pytest.mark.parametrize(("service_says", "began"), [(-300, -300), (-9000, -9000), (100, 0), (500, None), (None, None)])
def test_a_start_that_was_not_seen_is_taken_from_the_record_where_it_fits(
    service_says: int | None, began: int | None
) -> None:
    """A record that begins after the run was first seen going is of another run, beyond what clocks differ."""
    seen_at = DAY.timestamp()
    says = None if service_says is None else DAY + timedelta(seconds=service_says)
    known = state_after((Status.RUNNING, 0)).learn(RunRecord(8, is_finished=False, started_at=says))
    shown = course_of(known, seen_at + 60)
    assert shown
    assert shown.start_seen == (began is not None)
    assert shown.began == seen_at + (began if began is not None else 0)


@pytest.mark.parametrize(("began", "shown"), [(-3000, 3000), (-80, 80), (-60, 60), (50, 60), (90, None), (None, None)])
def test_a_run_that_may_be_two_has_gone_on_since_its_record_says(began: int | None, shown: int | None) -> None:
    """The record was asked for after the gap, so it is of the one that runs; it began by the end of the gap."""
    says = None if began is None else datetime.fromtimestamp(NOW + began, UTC)
    gaps = (Gap(JOB, NOW - 4000, NOW - 60),)
    one = state(before(9), going(NOW - 9999, maybe_two=True), gaps)._replace(
        going=RunRecord(8, is_finished=False, started_at=says)
    )
    known = course_of(one, NOW)
    assert known
    assert known.elapsed == (60 if shown is None else shown)
    assert known.start_seen == (shown is not None)


@pytest.mark.parametrize(
    ("told", "shown", "start_seen"),
    [(None, 60, False), (-90, 90, True), (-2500, 2500, True), (-2800, 2760, True), (-9000, 60, False)],
)
def test_a_run_that_began_while_nothing_was_asked_began_when_its_record_says(
    told: int | None, shown: int, start_seen: bool
) -> None:
    """The program was closed for 45 minutes. Without a record it has been going since the first answer at least."""
    run = ObservedRun(JOB, Between(NOW - 2760, NOW - 60), NOW - 5, interval=15)
    says = None if told is None else RunRecord(8, is_finished=False, started_at=datetime.fromtimestamp(NOW + told, UTC))
    known = course_of(state(before(9), run)._replace(going=says), NOW)
    assert known
    assert (known.elapsed, known.start_seen) == (shown, start_seen)


@pytest.mark.parametrize("told", [-340, -297, -240])
def test_how_long_a_run_goes_on_does_not_jump_at_its_record_where_its_start_was_seen(told: int) -> None:
    says = RunRecord(8, is_finished=False, started_at=datetime.fromtimestamp(NOW + told, UTC))
    before_it = state(before(9), going(NOW - 300))
    with_it = before_it._replace(going=says)
    assert course_of(with_it, NOW) == course_of(before_it, NOW)
    assert told_start(with_it) is None


@pytest.mark.parametrize("is_gap", [True, False])
def test_what_was_known_of_the_build_that_runs_is_not_taken_for_the_one_after_a_gap(is_gap: bool) -> None:
    at = [Moment(seconds, DAY + timedelta(seconds=seconds)) for seconds in (0, 600)]
    first, later = (Reading(JOB, Status.RUNNING, moment, moment) for moment in at)
    known = JobState(Job(JOB)).record(first).learn(RunRecord(8, is_finished=False))
    assert (known.record(later, 15 if is_gap else 600).going is None) == is_gap


@pytest.mark.parametrize(("runs", "point"), [(2, None), (3, 600), (9, 600)])
def test_under_three_runs_nothing_is_said(runs: int, point: float | None) -> None:
    known = usual(before(runs))
    assert (known and known.point) == point


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert course(going(NOW + 3000), before(9), (), NOW).elapsed == 0


def test_known_failures_are_left_out() -> None:
    runs = [*before(3), *(ended(NOW - 60 * at, 30, Outcome.FAILED, width=1) for at in range(1, 9))]
    known = usual(runs)
    assert known
    assert (known.runs, known.point) == (3, 600)


def test_runs_that_were_seen_only_in_part_never_move_the_usual_duration() -> None:
    chance = random.Random(7)
    for _ in range(200):
        whole = before(chance.randint(3, 20), duration=chance.uniform(100, 900))
        parts = [
            chance.choice(
                (
                    lambda run: run._replace(start=Between(None, run.start.by)),
                    lambda run: run._replace(start=Between(run.start.by - 3000, run.start.by)),
                    lambda run: run._replace(end=Between(run.running_at, run.running_at + 4000)),
                    lambda run: run._replace(maybe_two=True),
                )
            )(ended(NOW - chance.uniform(1, 3e6), chance.uniform(5, 5000)))
            for _ in range(chance.randint(1, 20))
        ]
        mixed = [*whole, *parts]
        chance.shuffle(mixed)
        assert usual(mixed) == usual(whole)
