"""Board and scheduler together: what must hold in whatever order users, services and clocks act."""

from collections import Counter
from datetime import timedelta
from math import inf
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.board_invariants import check_board
from tests.support.builders import DAY, job_id
from tests.support.long_run import HOURS, by_length
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Retry, Status
from tui.polling.circuit_breaker import CircuitState
from tui.polling.policy import Policy
from tui.polling.scheduler import Scheduler

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
    """A scheduler and a board that get the same readings; `now` is the only clock that counts."""

    @initialize(seed=st.integers(0, 1 << 16), watched=some_jobs, concurrency=st.integers(1, 4))
    def begin(self, seed: int, watched: list[JobId], concurrency: int) -> None:
        self.now, self.wall_ahead, self.left_at = 1000.0, 0.0, -1e9
        self.policy = Policy(5, 15, 2.0, concurrency)
        self.scheduler = Scheduler(self.policy, Random(seed).uniform, sweeps=None)
        self.scheduler.start(self.now)
        self.board = Board()
        self.asked: dict[JobId, Moment] = {}
        self.read: set[tuple[JobId, Status, Moment]] = set()
        self.watch(watched)

    def moment(self) -> Moment:
        return Moment(self.now, DAY + timedelta(seconds=self.now + self.wall_ahead))

    @rule(watched=some_jobs)
    def watch(self, watched: list[JobId]) -> None:
        if self.scheduler.job_queue.watch(watched, self.now):
            self.scheduler.auth_gate.on_new_jobs()
        self.board = self.board.watch(Job(one) for one in watched)

    @rule(seconds=st.sampled_from([0.001, 0.2, 1.0, 5.0, 14.0, 29.0]))
    def time_goes_by(self, seconds: float) -> None:
        """Sends at every moment at which something is due."""
        until = self.now + seconds
        for _ in range(200):
            following = self.scheduler.next(self.now)
            if following is None or max(following[0], self.now) > until:
                break
            self.now = max(following[0], self.now)
            self.scheduler.check_clock(self.now)
            if (following := self.scheduler.next(self.now)) and following[0] <= self.now:
                self.leave(following[1])
        self.now = max(self.now, until)
        self.scheduler.check_clock(self.now)

    def leave(self, job: JobId) -> None:
        scheduler = self.scheduler
        assert job not in self.asked, "two requests at once for one job"
        assert job in scheduler.job_queue.entries
        assert not scheduler.job_queue.entries[job].paused
        assert not scheduler.paused
        is_requested = self.scheduler.auth_gate.requested == job
        assert is_requested or not scheduler.signed_out, "a request that the user did not make while signed out"
        assert self.now - self.left_at >= 1 / self.policy.requests_per_second - ROUNDING
        assert self.now >= scheduler.limiter.waiting_until - ROUNDING
        scheduler.on_sent(job, self.now)
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
        if self.scheduler.on_reading(reading, job, sent.at, self.now):
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
        self.scheduler.refresh(named, self.now)

    @rule(named=some_jobs)
    def pause(self, named: list[JobId]) -> None:
        self.scheduler.job_queue.pause(named)
        self.board = self.board.pause(named, self.moment())

    @rule(named=some_jobs)
    def go_on(self, named: list[JobId]) -> None:
        self.scheduler.job_queue.resume(named, self.now)
        self.scheduler.auth_gate.on_new_jobs()
        self.board = self.board.pause(named, None)

    @rule(paused=st.booleans())
    def pause_everything(self, paused: bool) -> None:
        self.scheduler.paused = paused

    @rule(named=some_jobs)
    def scroll(self, named: list[JobId]) -> None:
        self.scheduler.job_queue.prefer(named, self.now)

    @rule()
    def sign_in_again(self) -> None:
        self.scheduler.on_new_credential(self.now)

    @invariant()
    def every_job_waits_in_one_place(self) -> None:
        job_queue = self.scheduler.job_queue
        assert job_queue.in_flight == self.asked.keys()
        for job, watched in job_queue.entries.items():
            waits = job_queue.heap.slot(job) is not None
            assert waits == (not watched.paused and job not in job_queue.in_flight), job
        assert +job_queue.counts == Counter(one.cadence for one in job_queue.entries.values() if not one.paused)

    @invariant()
    def the_budget_is_kept(self) -> None:
        limiter = self.scheduler.limiter
        assert 0 < limiter.rate <= limiter.full_rate
        assert limiter.waiting_until <= self.now + 3600
        assert self.scheduler.stretch >= 1
        if self.scheduler.signed_out:
            assert self.scheduler.auth_gate.failure is not None
            assert self.scheduler.auth_gate.failure.kind.retry is Retry.SIGN_IN

    @invariant()
    def breaker_and_gate_are_in_one_state_each(self) -> None:
        breaker, gate = self.scheduler.breaker, self.scheduler.auth_gate
        is_closed = breaker.state is CircuitState.CLOSED
        assert is_closed == (breaker.failure is None) == (breaker.probe_at == inf)
        assert (breaker.state is CircuitState.HALF_OPEN) == (breaker.probe is not None)
        assert breaker.probe is None or breaker.probe in self.asked
        assert gate.probe is None or gate.probe in self.asked
        if gate.state is CircuitState.CLOSED:
            assert (gate.failure, gate.probe, gate.requested, gate.refused_jobs) == (None, None, None, set())

    @invariant()
    def the_board_says_what_was_read(self) -> None:
        assert list(self.board.states) == list(self.scheduler.job_queue.entries)
        for job, state in self.board.states.items():
            assert (state.paused is not None) >= self.scheduler.job_queue.entries[job].paused
            for change in state.transitions:
                before = Status.IDLE if change.status is Status.RUNNING else Status.RUNNING
                assert {(job, before, change.after), (job, change.status, change.by)} <= self.read
        check_board(self.board, self.now, lambda _: self.policy.idle * self.scheduler.stretch)


Watching.TestCase.settings = settings(
    max_examples=by_length(25, 150, 5000),
    stateful_step_count=80 if HOURS else 40,
    deadline=None,
    derandomize=not HOURS,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestWatching = Watching.TestCase
