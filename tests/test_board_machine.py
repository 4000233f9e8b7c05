"""Board, schedule and budget together, in any order of what users, services and clocks do: what holds every time."""

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.board_invariants import check_board
from tests.builders import DAY, job_id
from tests.hostile import LONG
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Retry, Status
from tui.polling.planner import Planner
from tui.polling.schedule import Policy

IDS = [job_id(number) for number in range(12)]
some_jobs = st.lists(st.sampled_from(IDS), unique=True)
outcomes = st.one_of(
    st.sampled_from(Status),
    st.sampled_from(Status),
    st.builds(
        lambda kind, wait, limit: Failure(kind, "it failed", retry_after=wait, limit=limit),
        st.sampled_from(FailureKind),
        st.sampled_from([None, None, 0.0, 7.0, 3600.0]),
        st.sampled_from([None, None, (200.0, 300.0), (0.0, 1.0), (1.0, 86400.0)]),
    ),
)
ROUNDING = 1e-6


class Watching(RuleBasedStateMachine):
    """A planner and a board that are fed alike; `now` is the only clock that counts."""

    @initialize(seed=st.integers(0, 1 << 16), watched=some_jobs, concurrency=st.integers(1, 4))
    def begin(self, seed: int, watched: list[JobId], concurrency: int) -> None:
        self.now, self.wall_ahead, self.left_at = 1000.0, 0.0, -1e9
        self.policy = Policy(5, 15, 2.0, concurrency)
        self.planner = Planner(self.policy, Random(seed).uniform)
        self.planner.start(self.now)
        self.board = Board()
        self.asked: dict[JobId, Moment] = {}
        self.read: set[tuple[JobId, Status, Moment]] = set()
        self.watch(watched)

    def moment(self) -> Moment:
        return Moment(self.now, DAY + timedelta(seconds=self.now + self.wall_ahead))

    @rule(watched=some_jobs)
    def watch(self, watched: list[JobId]) -> None:
        if self.planner.roster.watch(watched, self.now):
            self.planner.sign_in.others_came()
        self.board = self.board.watch(Job(one) for one in watched)

    @rule(seconds=st.sampled_from([0.001, 0.2, 1.0, 5.0, 14.0, 29.0]))
    def time_goes_by(self, seconds: float) -> None:
        """Sends at every moment at which something is due."""
        until = self.now + seconds
        for _ in range(200):
            following = self.planner.next(self.now)
            if following is None or max(following[0], self.now) > until:
                break
            self.now = max(following[0], self.now)
            self.planner.notice(self.now)
            if (following := self.planner.next(self.now)) and following[0] <= self.now:
                self.leave(following[1])
        self.now = max(self.now, until)
        self.planner.notice(self.now)

    def leave(self, job: JobId) -> None:
        planner = self.planner
        assert job not in self.asked, "two requests at once for one job"
        assert job in planner.roster.jobs
        assert not planner.roster.jobs[job].paused
        assert not planner.paused
        assert not (planner.signed_out and self.planner.sign_in.wanted != job), "nobody asked, and we are signed out"
        assert self.now - self.left_at >= 1 / self.policy.requests_per_second - ROUNDING
        assert self.now >= planner.budget.waiting_until - ROUNDING
        planner.depart(job, self.now)
        self.left_at = self.now
        self.asked[job] = self.moment()
        assert len(self.asked) <= self.policy.concurrency

    @rule(place=st.integers(0, 3), outcome=outcomes)
    def answer(self, place: int, outcome: Status | Failure) -> None:
        if not self.asked:
            return
        job = list(self.asked)[place % len(self.asked)]
        sent = self.asked.pop(job)
        reading = Reading(job, outcome, sent, self.moment())
        if self.planner.answered(reading, job, sent.at, self.now):
            self.board = self.board.record([reading])
            if isinstance(outcome, Status):
                self.read |= {(job, outcome, reading.sent), (job, outcome, reading.received)}

    @rule(seconds=st.sampled_from([31.0, 900.0, 86400.0]))
    def the_machine_sleeps(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([-90000.0, -3600.0, 3600.0, 1e8]))
    def the_wall_clock_is_set(self, seconds: float) -> None:
        self.wall_ahead += seconds

    @rule(named=st.one_of(st.none(), some_jobs))
    def the_user_asks(self, named: list[JobId] | None) -> None:
        self.planner.ask(named, self.now)

    @rule(named=some_jobs)
    def pause(self, named: list[JobId]) -> None:
        self.planner.roster.pause(named)
        self.board = self.board.pause(named, self.moment())

    @rule(named=some_jobs)
    def go_on(self, named: list[JobId]) -> None:
        self.planner.roster.resume(named, self.now)
        self.planner.sign_in.others_came()
        self.board = self.board.pause(named, None)

    @rule(paused=st.booleans())
    def pause_everything(self, paused: bool) -> None:
        self.planner.paused = paused

    @rule(named=some_jobs)
    def scroll(self, named: list[JobId]) -> None:
        self.planner.roster.prefer(named, self.now)

    @rule()
    def sign_in_again(self) -> None:
        self.planner.renew_credential(self.now)

    @invariant()
    def every_job_waits_in_one_place(self) -> None:
        roster = self.planner.roster
        assert roster.in_flight == self.asked.keys()
        for job, watched in roster.jobs.items():
            waits = roster.queue.place(job) is not None
            assert waits == (not watched.paused and job not in roster.in_flight), job
        assert +roster.counts == Counter(one.cadence for one in roster.jobs.values() if not one.paused)

    @invariant()
    def the_budget_is_kept(self) -> None:
        budget = self.planner.budget
        assert 0 < budget.rate <= budget.full_rate
        assert budget.waiting_until <= self.now + 3600
        assert self.planner.stretch >= 1
        if self.planner.signed_out:
            assert self.planner.sign_in.failure is not None
            assert self.planner.sign_in.failure.kind.retry is Retry.SIGN_IN

    @invariant()
    def the_board_says_what_was_read(self) -> None:
        assert list(self.board.states) == list(self.planner.roster.jobs)
        for job, state in self.board.states.items():
            assert (state.paused is not None) >= self.planner.roster.jobs[job].paused
            for change in state.transitions:
                before = Status.IDLE if change.status is Status.RUNNING else Status.RUNNING
                assert {(job, before, change.after), (job, change.status, change.by)} <= self.read
        check_board(self.board, self.now, lambda _: self.policy.idle * self.planner.stretch)


Watching.TestCase.settings = settings(
    max_examples=5000 if LONG else 150,
    stateful_step_count=80 if LONG else 40,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestWatching = Watching.TestCase
