"""The scheduler: which job is next and when, and what a reading changes about that. No loop, no clock."""

from collections.abc import Callable
from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Reading
from tui.polling.auth_gate import AuthGate, AuthState
from tui.polling.circuit_breaker import CircuitBreaker, hopes_for_network
from tui.polling.job_queue import JobQueue, Rank
from tui.polling.policy import Cadence, Policy, delay, seconds, stretch
from tui.polling.rate_limiter import AdaptiveRateLimiter

GAP = 2
"""Idle intervals between two looks at the clock from which on the machine has slept."""


class Scheduler:
    """Brings the jobs, the budget, the credential and the network together. All times are the caller's clock."""

    def __init__(self, policy: Policy, uniform: Callable[[float, float], float]) -> None:
        self.policy = policy
        self.job_queue = JobQueue()
        self.limiter = AdaptiveRateLimiter(policy.requests_per_second, policy.together)
        self.auth_gate = AuthGate(policy.idle / 2)
        self.breaker = CircuitBreaker(policy.idle)
        self.paused = False
        """The user paused everything."""
        self._uniform = uniform
        self._planned_for = 1.0
        """The largest stretch that any plan was made with since all of them were last looked at."""
        self._seen_at = -inf
        self._awake_since = -inf

    @property
    def signed_out(self) -> bool:
        return self.auth_gate.access is AuthState.SIGNED_OUT

    @property
    def stretch(self) -> float:
        """What every interval is multiplied by to keep within the budget."""
        return stretch(self.policy, self.job_queue.counts, self.limiter.rate)

    @property
    def seldom(self) -> float | None:
        """Seconds between two questions about a job where all fail for a lasting reason; None where any does not."""
        counts = self.job_queue.counts
        is_so = 0 < counts[Cadence.LASTING] == counts.total()
        return self.policy.lasting * self.stretch if is_so else None

    @property
    def goes_well(self) -> bool:
        """Whether there is room for other calls: the service answers, and most jobs that were asked can be read."""
        if self.paused or self.signed_out or self.breaker.trouble:
            return False
        jobs = self.job_queue.jobs.values()
        failing, good = sum(one.failure is not None for one in jobs), sum(one.is_good for one in jobs)
        return good >= failing and (good > 0 or not jobs)

    def start(self, now: float) -> None:
        """The clock is being looked at from now on."""
        self._seen_at = now

    def notice(self, now: float) -> None:
        """Look at the clock. After a suspend everything is due once, and what was in flight says nothing any more."""
        gap, self._seen_at = now - self._seen_at, now
        if gap > GAP * self.policy.idle:
            self._awake_since = now
            self.breaker.forget()
            self.job_queue.make_all_due(now)
        self._catch_up(now)

    def _catch_up(self, now: float) -> None:
        """With far fewer jobs or a far higher rate than what was planned with, waiting as planned would be too long."""
        stretch = self.stretch
        if stretch <= self._planned_for / 2:
            self._planned_for = stretch
            wait = {cadence: seconds(self.policy, cadence) * stretch for cadence in Cadence}
            self.job_queue.bring_forward(now, lambda one: wait[one.cadence] * self._uniform(0.0, 1.0))

    def renew_credential(self, now: float) -> None:
        """There is another credential: ask everything again."""
        self.auth_gate.renew(now)
        self.job_queue.make_all_due(now)

    def show_again(self, now: float) -> None:
        """Signed out, with a credential that may be shown again though nobody asked."""
        self.auth_gate.show_again(self.job_queue.witness(self.auth_gate.refused), now)

    def next(self, now: float) -> tuple[float, JobId] | None:
        """When to ask next, and whom; None while only an answer or the user can tell."""
        if self.paused or len(self.job_queue.in_flight) >= self.policy.concurrency:
            return None
        if self.auth_gate.access is AuthState.OPEN:
            return self._next_in_line(now)
        probe = self._next_probe(now)
        return (max(probe[0], self.limiter.ready_at), probe[1]) if probe else None

    def depart(self, job: JobId, now: float) -> None:
        """A request for the job leaves."""
        self.job_queue.depart(job, now)
        self.limiter.sent(now)
        self.auth_gate.asked(job, now)
        if now >= self.breaker.probe_at:
            self.breaker.probed(now)

    def answered(self, reading: Reading, job: JobId, sent: float, now: float) -> bool:
        """Learn from the reading and plan the next; whether it is worth a report."""
        self.notice(now)
        failure = reading.failure
        if sent < self._awake_since or (failure and self.auth_gate.is_outdated(failure, sent)):
            self.put_back(job, now)  # an answer from before the machine slept would look new
            return False
        self.job_queue.land(job)
        is_silent = self.auth_gate.is_silent and job == self.auth_gate.probe and failure is not None
        self._learn(job, failure, sent, now)
        if not (watched := self.job_queue.jobs.get(job)):
            return False
        self.job_queue.record(job, reading.outcome)
        stretch = self.stretch
        self._planned_for = max(self._planned_for, stretch)
        wait = delay(self.policy, reading.outcome, watched.failures, stretch, self._uniform, watched.status is not None)
        self.job_queue.schedule(job, now + wait)
        return not is_silent

    def put_back(self, job: JobId, now: float) -> None:
        """The request came to nothing: the job is due again."""
        self.job_queue.land(job)
        self.auth_gate.dropped(job)
        self.job_queue.make_due([job], now)

    def ask(self, named: list[JobId] | None, now: float) -> int:
        """The user asks for these, or all; answers how many requests away the last of them is."""
        if self.signed_out:
            return self._want_probe(named)
        return self.job_queue.ask(named, now - self.policy.running * self.stretch, now)

    def _want_probe(self, named: list[JobId] | None) -> int:
        """Signed out: choose the one job that is asked nevertheless; answers how many that is."""
        if self.auth_gate.probe:
            return 0
        self.auth_gate.is_silent = False
        if named is None:
            self.auth_gate.wanted = self.job_queue.witness(self.auth_gate.refused)
        else:
            self.auth_gate.wanted = next((job for job in named if self.job_queue.is_free(job)), None)
        return 1 if self.auth_gate.wanted else 0

    def _next_in_line(self, now: float) -> tuple[float, JobId] | None:
        first = self.job_queue.queue.first()
        if not first:
            return None
        allowed = self.limiter.ready_at if first.rank is Rank.ASKED else self.limiter.group_at(now)
        if self.breaker.probe_at < first.due:
            return max(self.breaker.probe_at, allowed), self.job_queue.probe() or first.job
        return max(first.due, allowed), first.job

    def _next_probe(self, now: float) -> tuple[float, JobId] | None:
        if self.auth_gate.probe:
            return None
        refused = self.auth_gate.refused
        if self.auth_gate.access is AuthState.DOUBTED:
            if not self.job_queue.has_others(refused):
                self.auth_gate.sign_out(now, had_no_other=True)
                return None
            witness = self.job_queue.witness(refused)
            return (self.auth_gate.probe_at, witness) if witness and witness not in refused else None
        wanted = self.auth_gate.wanted
        return (max(now, self.auth_gate.probe_at), wanted) if wanted and self.job_queue.is_free(wanted) else None

    def _learn(self, job: JobId, failure: Failure | None, sent: float, now: float) -> None:
        """What a reading says about more than its own job."""
        if failure is None:
            self.limiter.answered_well(now, job)
        elif failure.kind is FailureKind.THROTTLED:
            self.limiter.refused(failure, sent, now, job)
        if self.auth_gate.answered(job, failure, now):
            self.job_queue.make_all_due(now)
        known = self.job_queue.known(job)
        hurry = self.breaker.answered(job, failure, known, self.job_queue.most_that_fail, now)
        if hurry:
            self.job_queue.make_all_due(now, lambda watched: hopes_for_network(watched.failure, hurry))
