"""Alerts: one for many, none twice, none late, none in quiet hours but the one that sums them up."""

import random
from collections.abc import Iterable
from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import job_id
from tui.core.alert_policy import AlertOn, AlertPolicy, Arm, Happening, Rules, sentence

ALL = Rules(all_jobs=True)
NOON = time(12)


def stop(number: int, outcome: str = "", armed: Arm | None = None, ago: float = 0, pending: bool = False) -> Happening:
    kind = AlertOn.FAILED if outcome == "failed" else AlertOn.STOPPED
    return Happening(job_id(number), f"job-{number}", kind, ago, pending, outcome, armed)


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

    def run(self, happenings: Iterable[tuple[float, Happening]], until: float) -> "Ear":
        left = sorted(happenings, key=lambda pair: pair[0])
        while self.now < until:
            while left and left[0][0] <= self.now:
                self.policy, actions = self.policy.happened(left.pop(0)[1], self.rules, self.now, self.clock)
                self._note(actions)
            self.policy, actions = self.policy.tick(self.rules, self.now, self.clock)
            self._note(actions)
            self.now += 0.5
        return self

    def _note(self, actions: object) -> None:
        self.bells += [self.now] if getattr(actions, "bell", False) else []
        self.texts += [(self.now, text)] if (text := getattr(actions, "text", "")) else []
        self.disarmed |= getattr(actions, "disarm", set())


def test_fifty_stops_of_one_moment_are_one_bell_and_two_notifications() -> None:
    seen = [(number / 5, stop(number, pending=True)) for number in range(50)]
    known = [(at + 5.5, stop(int(at * 5), "failed" if at < 0.3 else "passed")) for at, _ in seen]
    ear = Ear().run([*seen, *known], until=120)
    assert ear.bells == [0]
    assert len(ear.texts) == 2
    assert ear.texts[-1][1].startswith("Builds: 2 failed · 48 passed")


def test_the_notification_waits_until_the_outcome_is_known() -> None:
    ear = Ear().run([(0, stop(1, pending=True)), (5, stop(1, "failed"))], until=60)
    assert (ear.bells, ear.texts) == ([0], [(5, "job-1: failed")])


def test_it_waits_eight_seconds_and_no_longer() -> None:
    ear = Ear().run([(0, stop(1, pending=True)), (20, stop(1, "failed"))], until=60)
    assert (ear.bells, ear.texts) == ([0], [(8, "job-1: stopped")])


def test_failures_alone_ring_when_they_are_known() -> None:
    only_failed = Rules(True, frozenset({AlertOn.FAILED}))
    pending = [(0.0, stop(1, pending=True)), (0.0, stop(2, pending=True))]
    ear = Ear(only_failed).run([*pending, (5, stop(1, "failed")), (5, stop(2, "passed"))], until=60)
    assert ear.bells == [5]
    assert [text for _, text in ear.texts] == ["job-1: failed"]


def test_passed_runs_do_not_ring_where_only_failures_are_wanted() -> None:
    only_failed = Rules(True, frozenset({AlertOn.FAILED}))
    ear = Ear(only_failed).run([(0, stop(1, pending=True)), (5, stop(1, "passed"))], until=60)
    assert (ear.bells, ear.texts) == ([], [])


def test_only_armed_jobs_alert_unless_all_are_wanted() -> None:
    armed = Rules()
    ear = Ear(armed).run([(0, stop(1)), (1, stop(2, armed=Arm.ONCE)), (2, stop(3, armed=Arm.ALWAYS))], until=60)
    assert len(ear.bells) == 1
    assert ear.disarmed == {job_id(2)}


def test_an_armed_job_tells_its_end_whatever_kinds_are_wanted() -> None:
    ear = Ear(Rules(False, frozenset({AlertOn.NO_ANSWER}))).run([(0, stop(1, "passed", Arm.ONCE))], until=60)
    assert [text for _, text in ear.texts] == ["job-1: passed"]


def test_what_is_known_late_is_not_alerted() -> None:
    assert not Ear().run([(0, stop(1, ago=601))], until=60).bells
    assert Ear().run([(0, stop(1, ago=599))], until=60).bells


def test_a_flapping_job_alerts_once_in_five_minutes() -> None:
    ear = Ear().run([(at, stop(1)) for at in range(0, 900, 20)], until=1000)
    assert ear.bells == [0, 300, 600]


def test_a_second_bell_rings_after_fifteen_seconds() -> None:
    ear = Ear().run([(0, stop(1)), (14, stop(2)), (15, stop(3))], until=60)
    assert ear.bells == [0, 15]


def test_the_silence_lasts_an_hour_and_is_summed_up() -> None:
    ear = Ear()
    ear.policy = ear.policy.silence(0)
    ear.run([(at, stop(at)) for at in range(100, 3600, 700)], until=3700)
    assert ear.bells == []
    assert [text for _, text in ear.texts] == ["5 alerts were held back: press E to see what happened"]
    assert AlertPolicy().silence(0).silence(10) == AlertPolicy()


def test_quiet_hours_reach_over_midnight() -> None:
    night = Rules(True, quiet=(time(22), time(7)))
    assert [night.is_quiet(time(hour)) for hour in (21, 22, 3, 7)] == [False, True, True, False]
    ear = Ear(night, time(3)).run([(0, stop(1))], until=60)
    assert (ear.bells, ear.texts) == ([], [])
    ear.clock = time(8)
    ear.run([], until=120)
    assert len(ear.texts) == 1


def test_an_outage_is_one_alert() -> None:
    no_answer = Rules(True, frozenset({AlertOn.NO_ANSWER}))
    lost = [(number / 20, Happening(job_id(number), f"job-{number}", AlertOn.NO_ANSWER)) for number in range(200)]
    ear = Ear(no_answer).run(lost, until=120)
    assert len(ear.bells) == 1
    assert ear.texts[-1][1].startswith("Builds: 200 no answer")
    assert len(ear.texts) <= 2


def test_a_week_has_no_alert_twice_and_a_bounded_number_a_day() -> None:
    chance = random.Random(5)
    stops = [(chance.uniform(0, 7 * 86_400), chance.randrange(200)) for _ in range(14_000)]
    ear = Ear().run([(at, stop(job, chance.choice(["failed", "passed"]))) for at, job in stops], until=7 * 86_400)
    assert len(ear.bells) <= 7 * 86_400 / 15
    assert all(later - earlier >= 15 for earlier, later in zip(ear.bells, ear.bells[1:], strict=False))


@given(st.lists(st.tuples(st.text(max_size=200), st.sampled_from(["failed", "passed", ""])), min_size=1, max_size=9))
def test_no_sentence_begins_like_a_number_or_is_long(jobs: list[tuple[str, str]]) -> None:
    text = sentence(tuple(stop(at, outcome)._replace(name=name) for at, (name, outcome) in enumerate(jobs)))
    assert len(text) <= 120
    assert not text[:1].isdigit()
