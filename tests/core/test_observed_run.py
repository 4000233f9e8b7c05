"""What is recorded of runs: always true of what happened, whatever the moments of asking were."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import job_id, moment
from tests.support.long_run import by_length
from tests.support.true_runs import Truth, is_true
from tui.core.observed_run import Between, Gap, ObservedRun, merged, observe
from tui.core.reading import Moment, Reading, Status
from tui.core.run import Outcome

JOB = job_id(1)
NOON = moment(0).wall.timestamp()


def answer(truth: Truth, sent: float, decided: float, received: float) -> Reading:
    return Reading(JOB, truth.status(decided), moment(sent), moment(received))


def watch(
    truth: Truth, asked: list[tuple[float, float, float]], interval: float
) -> tuple[list[ObservedRun], list[Gap]]:
    """All that is recorded, the run that goes on at the end included."""
    last: Reading | None = None
    run: ObservedRun | None = None
    runs, gaps = [], []
    for times in asked:
        reading = answer(truth, *times)
        seen = observe(last, run, reading, interval)
        last, run = reading, seen.run
        runs += [seen.ended] if seen.ended else []
        gaps += [seen.gap] if seen.gap else []
    return runs + ([run] if run else []), gaps


@settings(max_examples=by_length(60, 300), deadline=None)
@given(st.integers(0, 2**32))
def test_every_interval_holds_the_true_moment(seed: int) -> None:
    chance = random.Random(seed)
    interval = 15.0
    at, flips = 0.0, []
    for _ in range(40):  # no build and no pause is shorter than the time between two questions
        at += interval * 1.3 + chance.expovariate(1 / 120)
        flips.append(at)
    truth = Truth(flips)
    asked, now = [], chance.uniform(0, 100)
    while now < at:
        took = chance.uniform(0.02, 2)
        asked.append((now, now + chance.uniform(0, took), now + took))
        pause = 3 * interval + chance.expovariate(1 / 600)  # shorter ones are no gap, and may hide a pause of the job
        now += interval * chance.uniform(0.9, 1.1) + (pause if chance.random() < 0.05 else 0)
    runs, gaps = watch(truth, asked, interval)
    assert all(is_true(run, truth) for run in runs)
    assert all(one.start.by <= two.start.by for one, two in pairwise(runs))
    assert all(not any(gap.start + 0.01 < NOON + sent < gap.end - 0.01 for sent, *_ in asked) for gap in gaps)


def test_a_start_lies_between_two_answers() -> None:
    truth = Truth([20, 70])
    (run,), gaps = watch(truth, [(at, at + 0.1, at + 0.2) for at in (0, 15, 30, 45, 60, 75)], 15)
    assert run.start == Between(NOON + 15, NOON + 30.2)
    assert run.end == Between(NOON + 60, NOON + 75.2)
    assert run.duration is not None
    assert [round(bound, 1) for bound in run.duration if bound is not None] == [29.8, 60.2]
    assert not gaps


def test_a_run_that_was_there_first_has_no_start() -> None:
    (run,), _ = watch(Truth([-100, 20]), [(0, 0, 0), (15, 15, 15), (30, 30, 30)], 15)
    assert run.start == Between(None, NOON)
    assert run.duration == (15, None)
    assert run.past is None


def test_after_a_gap_a_run_may_be_another_one() -> None:
    (run,), (gap,) = watch(Truth([10, 100, 200, 5000]), [(0, 0, 0), (15, 15, 15), (300, 300, 300)], 15)
    assert run.maybe_two
    assert gap == Gap(JOB, NOON + 15, NOON + 300)


def test_between_idle_and_idle_there_is_a_gap_and_no_run() -> None:
    runs, gaps = watch(Truth([100, 200]), [(0, 0, 0), (300, 300, 300)], 15)
    assert (runs, len(gaps)) == ([], 1)


def test_a_gap_is_longer_than_three_intervals() -> None:
    assert not watch(Truth([]), [(0, 0, 0), (45, 45, 45)], 15)[1]
    assert watch(Truth([]), [(0, 0, 0), (45.1, 45.1, 45.1)], 15)[1]


def test_a_clock_that_is_set_changes_no_duration() -> None:
    def at(seconds: float, ahead: float, status: Status) -> Reading:
        wall = moment(seconds + ahead).wall
        return Reading(JOB, status, Moment(seconds, wall), Moment(seconds, wall))

    before, going, over = at(0, 0, Status.IDLE), at(15, 0, Status.RUNNING), at(60, 3600, Status.IDLE)
    run = observe(before, None, going, 15).run
    assert run
    assert run.start == Between(NOON, NOON + 15)
    ended = observe(going, run, over, 15).ended
    assert ended
    assert (ended.start, ended.end) == (Between(NOON + 3600, NOON + 3615), Between(NOON + 3615, NOON + 3660))
    assert ended.duration == (0, 60)


def test_only_precise_whole_runs_are_learned_from() -> None:
    truth = Truth([20, 220])
    (run,), _ = watch(truth, [(at, at, at) for at in range(0, 240, 15)], 15)
    assert run.past
    assert run.past.duration == 195
    assert run.past.ended_at == NOON + 225
    assert run._replace(outcome=Outcome.FAILED).past == run.past._replace(failed=True)
    assert run._replace(maybe_two=True).past is None
    (short,), _ = watch(Truth([20, 50]), [(at, at, at) for at in range(0, 240, 15)], 15)
    assert short.past is None


def run(start: float, end: float | None, width: float = 15, number: int | None = None) -> ObservedRun:
    last = end - width if end is not None else start + 600
    return ObservedRun(JOB, Between(start - width, start), last, Between(last, end) if end else None, number=number)


def test_a_run_that_two_saw_is_one_and_known_better() -> None:
    (both,) = merged([run(100, 400), run(95, 390)])
    assert (both.start, both.end) == (Between(85, 95), Between(385, 390))


def test_an_observer_that_missed_the_pause_does_not_join_two_runs() -> None:
    first, second, coarse = run(100, 200), run(260, 400), run(110, 390)
    assert merged([coarse, second, first]) == [first, second]


def test_the_number_of_the_build_decides() -> None:
    assert len(merged([run(100, 400, number=7), run(95, 390, number=8)])) == 2
    assert len(merged([run(100, 400, number=7), run(95, 390)])) == 1


def test_a_run_that_one_program_saw_end_has_ended_also_where_another_did_not_see_it() -> None:
    (one,) = merged([run(100, None), run(100, 400)])
    assert one.end == Between(385, 400)


@given(st.permutations([run(100, 200), run(103, 198), run(300, 400), run(500, None), run(502, 590)]))
def test_the_order_of_the_observers_does_not_matter(runs: list[ObservedRun]) -> None:
    assert [one.start.by for one in merged(runs)] == [100, 300, 500]


def test_a_run_is_known_as_closely_as_all_of_its_observers_know_it_together() -> None:
    seen = [
        ObservedRun(JOB, Between(NOON, NOON + 30), NOON + 100, Between(NOON + 100, NOON + 160)),
        ObservedRun(JOB, Between(NOON + 10, NOON + 40), NOON + 110, Between(NOON + 110, NOON + 170), source="b"),
        ObservedRun(JOB, Between(NOON + 5, NOON + 20), NOON + 120, Between(NOON + 120, NOON + 150), source="c"),
    ]
    (run,) = merged(seen)
    assert (run.start, run.end) == (Between(NOON + 10, NOON + 20), Between(NOON + 120, NOON + 150))
