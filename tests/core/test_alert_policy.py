"""Alerts: one for many, none twice, none late, none in quiet hours but the one that sums them up."""

import random
from collections.abc import Iterable
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import job_id
from tui.core.alert_policy import (
    AlertActions,
    AlertOn,
    AlertPolicy,
    Arm,
    Happening,
    Rules,
    counts,
    next_arm,
    quiet_hours,
    sentence,
)

ALL = Rules(all_jobs=True)
NOON = time(12)
DAY = 86_400.0


def stop(number: int, at: float, outcome: str = "", armed: Arm | None = None, pending: bool = False) -> Happening:
    """A stop seen at this moment, or what became of it."""
    kind = AlertOn.FAILED if outcome == "failed" else AlertOn.STOPPED
    return Happening(job_id(number), f"job-{number}", kind, at, pending, outcome, armed)


class Ear:
    """Hears what the policy does, a tick every half second."""

    def __init__(self, rules: Rules = ALL, clock: time = NOON) -> None:
        self.rules = rules
        self.clock = clock
        self.policy = AlertPolicy()
        self.now = 0.0
        self.bells: list[float] = []
        self.texts: list[tuple[float, str]] = []
        self.disarmed: set[str] = set()
        self.told: list[Happening] = []

    def run(
        self,
        seen: Iterable[Happening],
        until: float,
        later: Iterable[tuple[float, Happening]] = (),
        step: float = 0.5,
    ) -> "Ear":
        """Takes what is `seen` at its own moment, and each of `later` at the moment beside it."""
        left = sorted([*((what.at, what) for what in seen), *later], reverse=True)
        while self.now < until:
            while left and left[-1][0] <= self.now:
                self.policy, actions = self.policy.happened(left.pop()[1], self.rules, self.now, self.clock)
                self._note(actions)
            self.policy, actions = self.policy.tick(self.rules, self.now, self.clock)
            self._note(actions)
            self.now += step
        return self

    def _note(self, actions: AlertActions) -> None:
        self.bells += [self.now] if actions.bell else []
        self.texts += [(self.now, actions.text)] if actions.text else []
        self.disarmed |= actions.disarm
        self.told += actions.happenings


def test_fifty_stops_of_one_moment_are_one_bell_and_two_notifications() -> None:
    seen = [stop(number, number / 5, pending=True) for number in range(50)]
    known = [(what.at + 5.5, stop(at, what.at, "failed" if at < 2 else "passed")) for at, what in enumerate(seen)]
    ear = Ear().run(seen, 120, known)
    assert ear.bells == [0]
    assert len(ear.texts) == 2
    assert ear.texts[-1][1].startswith("Builds: 2 failed · 48 passed")
    assert len(ear.told) == 50


def test_the_notification_waits_until_the_outcome_is_known() -> None:
    ear = Ear().run([stop(1, 0, pending=True)], 60, [(5, stop(1, 0, "failed"))])
    assert (ear.bells, ear.texts) == ([0], [(5, "job-1: failed")])


def test_it_waits_for_the_failing_step_too_but_says_what_it_knows_after_eight_seconds() -> None:
    failed = stop(1, 0, "failed", pending=True)
    known = failed._replace(is_outcome_pending=False, number=88, branch="main", step="Sign ipa")
    ear = Ear().run([stop(1, 0, pending=True)], 60, [(5, failed), (6, known)])
    assert ear.texts == [(6, "job-1: failed · #88 main · step Sign ipa")]
    ear = Ear().run([stop(1, 0, pending=True)], 60, [(5, failed), (20, known)])
    assert (ear.bells, ear.texts) == ([0], [(8, "job-1: failed")])


def test_it_waits_eight_seconds_and_no_longer() -> None:
    ear = Ear().run([stop(1, 0, pending=True)], 60, [(20, stop(1, 0, "failed"))])
    assert (ear.bells, ear.texts) == ([0], [(8, "job-1: stopped")])


def test_a_run_alerts_once_however_late_its_outcome_is_known() -> None:
    outcomes = [(at, stop(1, 0, "failed")) for at in (20, 305, 550, 700)]
    ear = Ear().run([stop(1, 0, pending=True)], 800, outcomes)
    assert (ear.bells, len(ear.texts)) == ([0], 1)


def test_the_first_notification_has_what_is_known_and_the_second_one_the_rest() -> None:
    failed = stop(1, 0, "failed", pending=True)  # where is still to be learned
    known = [(5, failed), (5, stop(2, 0, "passed"))]
    ear = Ear().run([stop(1, 0, pending=True), stop(2, 0, pending=True), stop(3, 0, pending=True)], 60, known)
    assert ear.texts == [
        (8, "Builds: 1 failed · 1 passed (job-1 …)"),
        (23, "Builds: 1 failed · 1 passed · 1 stopped (job-1 …)"),
    ]
    assert [what.job for what in ear.told] == [job_id(1), job_id(2), job_id(3)]


def test_an_end_whose_outcome_nobody_asks_for_is_told_before_those_that_wait_for_theirs() -> None:
    ear = Ear().run([stop(1, 0), stop(2, 0, pending=True)], 60, [(10, stop(2, 0, "failed"))])
    assert ear.texts == [(8, "job-1: stopped"), (15, "Builds: 1 failed · 1 stopped (job-2 …)")]


def test_failures_alone_ring_when_they_are_known() -> None:
    only_failed = Rules(True, frozenset({AlertOn.FAILED}))
    pending = [stop(1, 0, pending=True), stop(2, 0, pending=True)]
    ear = Ear(only_failed).run(pending, 60, [(5, stop(1, 0, "failed")), (5, stop(2, 0, "passed"))])
    assert (ear.bells, ear.texts) == ([5], [(5, "job-1: failed")])
    ear = Ear(only_failed).run(pending, 800, [(90, stop(1, 0, "failed")), (700, stop(2, 0, "failed"))])
    assert (ear.bells, ear.texts) == ([90], [(90, "job-1: failed")])


def test_only_armed_jobs_alert_unless_all_are_wanted() -> None:
    ear = Ear(Rules()).run([stop(1, 0), stop(2, 1, armed=Arm.ONCE), stop(3, 2, armed=Arm.ALWAYS)], until=60)
    assert len(ear.bells) == 1
    assert ear.disarmed == {job_id(2)}


def test_an_armed_job_tells_its_end_whatever_kinds_are_wanted() -> None:
    ear = Ear(Rules(False, frozenset({AlertOn.NO_ANSWER}))).run([stop(1, 0, "passed", Arm.ONCE)], until=60)
    assert [text for _, text in ear.texts] == ["job-1: passed"]


def test_a_failed_run_has_stopped_too_and_an_armed_job_tells_nothing_but_its_end_unasked() -> None:
    ear = Ear(Rules(True, frozenset({AlertOn.STOPPED}))).run([stop(1, 0, "failed")], until=60)
    assert [text for _, text in ear.texts] == ["job-1: failed"]
    silent = Happening(job_id(1), "job-1", AlertOn.NO_ANSWER, 0, armed=Arm.ALWAYS)
    assert Ear().run([silent, silent._replace(kind=AlertOn.STARTED, at=5)], until=60).bells == []


@pytest.mark.parametrize(
    ("armed", "then"),
    [
        ([None, None], Arm.ONCE),
        ([Arm.ALWAYS, None], Arm.ONCE),
        ([Arm.ONCE, None], Arm.ONCE),
        ([Arm.ONCE, Arm.ALWAYS], Arm.ALWAYS),
        ([Arm.ONCE], Arm.ALWAYS),
        ([Arm.ALWAYS, Arm.ALWAYS], None),
    ],
)
def test_the_key_arms_once_then_always_then_not(armed: list[Arm | None], then: Arm | None) -> None:
    assert next_arm(armed) is then


def test_a_job_that_is_armed_once_stays_armed_until_it_ends() -> None:
    started = Happening(job_id(1), "job-1", AlertOn.STARTED, 0, armed=Arm.ONCE)
    ear = Ear(Rules(False, frozenset({AlertOn.STARTED})))
    ear.run([started, started._replace(kind=AlertOn.NO_ANSWER, at=2)], until=30)
    assert (len(ear.texts), ear.disarmed) == (1, set())
    ear.run([stop(1, 30, armed=Arm.ONCE)], until=60)
    assert (len(ear.texts), ear.disarmed) == (2, {job_id(1)})


def test_a_job_that_was_armed_just_now_alerts_however_soon() -> None:
    ear = Ear().run([stop(1, 0), stop(2, 0)], until=60)
    ear.policy = ear.policy.forget([job_id(1)])
    ear.run([stop(2, 60), stop(1, 80, armed=Arm.ALWAYS)], until=120)
    assert ear.bells == [0, 80]


def test_what_is_known_late_is_not_alerted() -> None:
    assert not Ear().run([], 700, [(601, stop(1, 0))]).bells
    assert Ear().run([], 700, [(599, stop(1, 0))]).bells


def test_a_flapping_job_alerts_once_in_five_minutes() -> None:
    for armed in (None, Arm.ALWAYS):
        ear = Ear().run([stop(1, at, armed=armed) for at in range(0, 900, 20)], until=1000)
        assert ear.bells == [0, 300, 600]


@pytest.mark.parametrize("kind", [AlertOn.STARTED, AlertOn.LONGER_THAN_USUAL, AlertOn.NO_ANSWER])
def test_an_alert_of_another_kind_does_not_hide_the_end_of_the_run(kind: AlertOn) -> None:
    before = Happening(job_id(1), "job-1", kind, 0)
    ear = Ear(Rules(True, frozenset(AlertOn))).run([before, stop(1, 120, "failed")], until=180)
    assert ear.texts == [(0, f"job-1: {kind}"), (120, "job-1: failed")]


def test_a_start_and_the_end_that_are_seen_at_the_same_moment_are_told_and_the_end_counts() -> None:
    start = Happening(job_id(1), "job-1", AlertOn.STARTED, 0)
    for at, words in ((0, ["failed"]), (0.5, ["started", "failed"])):  # before or after the start was told
        ear = Ear(Rules(True, frozenset(AlertOn)))
        ear.run([], 200, [(0, start), (at, stop(1, 0, pending=True)), (5, stop(1, 0, "failed")), (100, stop(1, 100))])
        assert [(what.word, what.at) for what in ear.told] == [(word, 0) for word in words]


def test_a_flapping_job_alerts_twice_in_five_minutes_at_most_where_starts_are_wanted_too() -> None:
    starts = [Happening(job_id(1), "job-1", AlertOn.STARTED, at) for at in range(10, 900, 20)]
    ear = Ear(Rules(True, frozenset(AlertOn))).run([*starts, *(stop(1, at) for at in range(20, 900, 20))], until=900)
    assert [what.at for what in ear.told] == [10, 20, 320, 620]


def test_between_two_alerts_that_are_no_ends_are_five_minutes() -> None:
    kinds = [(0, AlertOn.STARTED), (120, AlertOn.LONGER_THAN_USUAL), (240, AlertOn.NO_ANSWER), (300, AlertOn.STARTED)]
    seen = [Happening(job_id(1), "job-1", kind, at) for at, kind in kinds]
    assert Ear(Rules(True, frozenset(AlertOn))).run(seen, 400).bells == [0, 300]


def test_a_second_bell_rings_after_fifteen_seconds() -> None:
    ear = Ear().run([stop(1, 0), stop(2, 14), stop(3, 15)], until=60)
    assert ear.bells == [0, 15]


def test_a_start_within_the_wait_does_not_hide_the_stop() -> None:
    started = Happening(job_id(1), "job-1", AlertOn.STARTED, 3)
    ear = Ear(Rules(True, frozenset(AlertOn))).run([stop(1, 0, pending=True), started], until=60)
    assert ear.texts == [(8, "job-1: stopped")]


def test_the_silence_lasts_an_hour_and_is_summed_up() -> None:
    ear = Ear()
    ear.policy = ear.policy.silence(0)
    ear.run([stop(number, number * 700, "failed" if number == 1 else "") for number in range(1, 6)], until=3700)
    assert ear.texts == [(3600, "Held back: 1 failed · 4 stopped (job-1 …)")]
    assert ear.bells == [3600]
    assert len(ear.told) == 5
    assert AlertPolicy().silence(0).silence(10) == AlertPolicy()
    assert AlertPolicy().silence(0).silence(3600).silent_until == 7200


def test_the_sum_rings_like_any_other_alert_and_nothing_of_it_is_told_again() -> None:
    ear = Ear()
    ear.run([stop(1, 0, pending=True)], until=3)  # it waits when the silence begins
    ear.policy = ear.policy.silence(3)
    ear.run([stop(2, 3610), stop(3, 3700)], until=3800)
    assert ear.bells == [0, 3603, 3700]
    assert [text for _, text in ear.texts] == ["Held back: job-1: stopped", "job-2: stopped", "job-3: stopped"]


@pytest.mark.parametrize(("known_at", "told"), [(3604, (3604, "failed")), (3607, (3606, "stopped"))])
def test_the_sum_waits_for_the_outcome_of_a_run_that_ended_just_before(known_at: int, told: tuple[int, str]) -> None:
    ear = Ear()
    ear.policy = ear.policy.silence(0)
    ear.run([stop(1, 3598, pending=True)], 3700, [(known_at, stop(1, 3598, "failed"))])
    assert ear.texts == [(told[0], f"Held back: job-1: {told[1]}")]
    assert ear.bells == [told[0]]


def test_the_sum_has_the_last_end_of_a_job_and_without_one_what_came_last() -> None:
    ear = Ear(Rules(True, frozenset(AlertOn)))
    ear.policy = ear.policy.silence(0)
    start = Happening(job_id(1), "job-1", AlertOn.STARTED, 10)
    ear.run([start, stop(2, 10, "passed"), stop(2, 400, "failed")], until=3700)
    assert ear.texts == [(3600, "Held back: 1 failed · 1 started (job-2 …)")]


def test_what_waits_when_the_silence_begins_is_held_back_too() -> None:
    ear = Ear().run([stop(1, 0, pending=True, armed=Arm.ONCE), stop(2, 1)], until=3)
    ear.policy = ear.policy.silence(3)
    ear.run([stop(3, 3)], 3700, [(5, stop(1, 0, "failed", Arm.ONCE))])
    assert (ear.bells, ear.texts) == ([0, 3603], [(3603, "Held back: 1 failed · 2 stopped (job-1 …)")])
    assert ear.disarmed == {job_id(1)}


def test_quiet_hours_reach_over_midnight_and_are_summed_up_once() -> None:
    night = Rules(True, quiet=quiet_hours("22:00-07:00"))
    assert [night.is_quiet(time(hour)) for hour in (21, 22, 3, 7)] == [False, True, True, False]
    noon = Rules(True, quiet=quiet_hours("12:00-13:30"))
    at = [time(11, 59), time(12), time(13, 29, 59), time(13, 30)]
    assert [noon.is_quiet(moment) for moment in at] == [False, True, True, False]
    always = Rules(True, quiet=quiet_hours("00:00-00:00"))
    assert all(always.is_quiet(time(hour)) for hour in range(24))
    ear = Ear(night, time(3)).run([stop(1, 0), stop(1, 400), stop(2, 1)], until=600)
    assert (ear.bells, ear.texts) == ([], [])
    ear.clock = time(8)
    ear.run([], until=700)
    assert (ear.bells, ear.texts) == ([600], [(600, "Held back: 2 stopped (job-1 …)")])


def test_a_start_in_quiet_hours_does_not_hide_the_failure_before_it_from_the_sum() -> None:
    ear = Ear(Rules(True, frozenset(AlertOn), quiet_hours("22:00-07:00")), time(3))
    ear.run([stop(1, 0, "failed"), Happening(job_id(1), "job-1", AlertOn.STARTED, 400)], until=500)
    ear.clock = time(8)
    ear.run([], until=510)
    assert ear.texts == [(500, "Held back: job-1: failed")]


@pytest.mark.parametrize("text", ["22:00-07:00", " 22:00 - 07:00 ", "22:00\u201307:00", "22:00 \u2013 07:00"])
def test_quiet_hours_are_written_in_several_ways(text: str) -> None:
    assert quiet_hours(text) == (time(22), time(7))


@pytest.mark.parametrize(
    "text", ["22:00-7:00", "24:00-07:00", "22-07", "22:00", "", "22:60-07:00", "22:00-07:00-08:00"]
)
def test_other_texts_are_no_quiet_hours(text: str) -> None:
    assert quiet_hours(text) is None


def test_an_outage_is_one_alert() -> None:
    no_answer = Rules(True, frozenset({AlertOn.NO_ANSWER}))
    lost = [Happening(job_id(number), f"job-{number}", AlertOn.NO_ANSWER, number / 20) for number in range(200)]
    ear = Ear(no_answer).run(lost, until=120)
    assert len(ear.bells) == 1
    assert ear.texts[-1][1].startswith("Builds: 200 no answer")
    assert len(ear.texts) <= 2


def test_in_a_week_no_run_alerts_twice_and_only_the_sums_come_at_night() -> None:
    chance = random.Random(5)
    runs = [stop(chance.randrange(200), chance.uniform(0, 7 * DAY), pending=True) for _ in range(3_000)]
    outcomes = [
        (
            run.at + chance.choice([5.5, 7, 60, 590, 3600]),
            stop(int(run.job, 16), run.at, chance.choice(["failed", "passed"])),
        )
        for run in runs
    ]
    ear = Ear(Rules(True, quiet=quiet_hours("22:00-07:00")))
    happenings = sorted([*((run.at, run) for run in runs), *outcomes], reverse=True)
    while ear.now < 7 * DAY:
        begin, ear.clock = ear.now, time(int(ear.now % DAY // 3600), int(ear.now % 3600 // 60))
        part = []
        while happenings and happenings[-1][0] < begin + 60:
            part.append(happenings.pop())
        ear.run([], begin + 60, part, step=1 if part or ear.policy.notify_at else 60)
    told = [(what.job, what.at) for what in ear.told]
    assert len(told) == len(set(told))
    assert not any(at % DAY >= 22 * 3600 or at % DAY < 7 * 3600 for at in ear.bells)
    assert not any(at % DAY >= 22 * 3600 + 60 or at % DAY < 7 * 3600 for at, _ in ear.texts)
    assert sum(text.startswith("Held back") for _, text in ear.texts) == 7
    assert all(later - earlier >= 15 for earlier, later in zip(ear.bells, ear.bells[1:], strict=False))
    assert len(ear.bells) <= len(runs)
    assert len(ear.texts) <= 2 * len(ear.bells)


@given(st.lists(st.tuples(st.text(max_size=200), st.sampled_from(["failed", "passed", ""])), min_size=1, max_size=9))
def test_no_sentence_begins_like_a_number_or_is_long(jobs: list[tuple[str, str]]) -> None:
    told = tuple(
        stop(at, 0, outcome)._replace(name=name, branch=name, step=name) for at, (name, outcome) in enumerate(jobs)
    )
    for text in (sentence(told), sentence(told, "Held back")):
        assert len(text) <= 120
        assert not text[:1].isdigit()


def test_the_worst_comes_first() -> None:
    words = ["failed", "timed out", "aborted", "longer than usual", "no answer", "passed", "stopped"]
    ends = [stop(at, 0, word)._replace(name=word) for at, word in enumerate(words) if word in ("aborted", "passed")]
    ends.append(stop(7, 0, "timed out")._replace(name="timed out", kind=AlertOn.FAILED))
    kinds = set(AlertOn) - {AlertOn.STARTED}
    told = (*(Happening(job_id(8), str(kind), kind, 0) for kind in kinds), *ends)
    for many in (told, told[::-1]):
        assert counts(many) == " · ".join(f"1 {word}" for word in words)
        for number in range(len(words), 0, -1):
            left = tuple(what for what in many if words.index(what.word) >= len(words) - number)
            if number > 1:
                assert f"({words[-number]} …)"[:10] in sentence(left)
    assert len(sentence(tuple(what._replace(name="x" * 200) for what in told * 99))) == 120


def test_a_long_or_a_numeric_name_leaves_room_for_what_happened() -> None:
    only = stop(1, 0, "failed")._replace(name="x" * 200, number=88, branch="main", step="Sign ipa")
    assert sentence((only,)) == f"{'x' * 59}…: failed · #88 main · step Sign ipa"
    assert sentence((only._replace(name="2024 nightly"),)).startswith("job 2024 nightly: failed")
    fits = only._replace(name="x", step="y" * (120 - len("x: failed · #88 main · step ")))
    assert sentence((fits,)).endswith("yy")
    assert sentence((fits._replace(step=f"{fits.step}y"),)).endswith("y…")
