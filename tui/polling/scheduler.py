"""The scheduler of a profile: which job is next and when, and what a reading changes about that. No loop, no clock."""

from collections.abc import Callable
from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Reading
from tui.polling.auth_gate import AuthGate
from tui.polling.circuit_breaker import CircuitBreaker, CircuitState, may_have_recovered
from tui.polling.job_queue import JobQueue, Rank
from tui.polling.policy import Cadence, Policy, delay, seconds, stretch
from tui.polling.rate_limiter import AdaptiveRateLimiter

SUSPENDED_AFTER = 2
"""If two clock checks are further apart than this many idle intervals, the machine was suspended."""


class Scheduler:
    """Combines job queue, rate limiter, auth gate and circuit breaker. All times are seconds of the caller's clock."""

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
        """The largest stretch that any request is scheduled with."""
        self._checked_at = -inf
        """When the clock was checked last."""
        self._awake_since = -inf

    @property
    def signed_out(self) -> bool:
        return self.auth_gate.state is CircuitState.OPEN

    @property
    def stretch(self) -> float:
        """The factor that every interval is multiplied by to stay within the rate."""
        return stretch(self.policy, self.job_queue.counts, self.limiter.rate)

    @property
    def seldom(self) -> float | None:
        """Seconds between two requests for a job if all jobs fail for a lasting reason; otherwise None."""
        counts = self.job_queue.counts
        all_fail = 0 < counts[Cadence.LASTING] == counts.total()
        return self.policy.lasting * self.stretch if all_fail else None

    @property
    def goes_well(self) -> bool:
        """Whether there is room for other calls: the service answers, and most jobs that were asked can be read."""
        if self.paused or self.signed_out or self.breaker.failure:
            return False
        jobs = self.job_queue.entries.values()
        failing, good = sum(one.failure is not None for one in jobs), sum(one.is_good for one in jobs)
        return good >= failing and (good > 0 or not jobs)

    def start(self, now: float) -> None:
        """Clock checks begin."""
        self._checked_at = now

    def check_clock(self, now: float) -> None:
        """Detects a suspend: all jobs become due then, and readings of earlier requests no longer count."""
        gap, self._checked_at = now - self._checked_at, now
        if gap > SUSPENDED_AFTER * self.policy.idle:
            self._awake_since = now
            self.breaker.reset()
            self.job_queue.make_all_due(now)
        self._catch_up(now)

    def _catch_up(self, now: float) -> None:
        """Brings requests forward that were scheduled for far more jobs or a far lower rate than there are now."""
        stretch = self.stretch
        if stretch <= self._planned_for / 2:
            self._planned_for = stretch
            wait = {cadence: seconds(self.policy, cadence) * stretch for cadence in Cadence}
            self.job_queue.bring_forward(now, lambda one: wait[one.cadence] * self._uniform(0.0, 1.0))

    def on_new_credential(self, now: float) -> None:
        """The credential changed: all jobs become due."""
        self.auth_gate.on_new_credential(now)
        self.job_queue.make_all_due(now)

    def retry_credential(self, now: float) -> None:
        """Signed out: requests a silent probe with the same credential."""
        self.auth_gate.retry(self.job_queue.auth_probe(self.auth_gate.refused_jobs), now)

    def next(self, now: float) -> tuple[float, JobId] | None:
        """Returns when the next request leaves and for which job; None until a reading or the user changes that."""
        if self.paused or len(self.job_queue.in_flight) >= self.policy.concurrency:
            return None
        if self.auth_gate.state is CircuitState.CLOSED:
            return self._next_in_line(now)
        probe = self._next_auth_probe(now)
        return (max(probe[0], self.limiter.ready_at), probe[1]) if probe else None

    def on_sent(self, job: JobId, now: float) -> None:
        """A request for the job leaves."""
        self.job_queue.on_sent(job, now)
        self.limiter.on_sent(now)
        self.auth_gate.on_sent(job, now)
        self.breaker.on_sent(job, now)

    def on_reading(self, reading: Reading, job: JobId, sent: float, now: float) -> bool:
        """Learns from the reading and schedules the job's next request. Returns whether to report the reading."""
        self.check_clock(now)
        failure = reading.failure
        if sent < self._awake_since or (failure and self.auth_gate.is_outdated(failure, sent)):
            self.on_dropped(job, now)  # a reading from before the suspend would look new
            return False
        self.job_queue.on_done(job)
        is_silent = self.auth_gate.is_silent and job == self.auth_gate.probe and failure is not None
        self._learn(job, failure, sent, now)
        if not (entry := self.job_queue.entries.get(job)):
            return False
        self.job_queue.record(job, reading.outcome)
        stretch = self.stretch
        self._planned_for = max(self._planned_for, stretch)
        wait = delay(self.policy, reading.outcome, entry.failures, stretch, self._uniform, entry.status is not None)
        self.job_queue.schedule(job, now + wait)
        return not is_silent

    def on_dropped(self, job: JobId, now: float) -> None:
        """The request brought no reading that counts: the job is due again."""
        self.job_queue.on_done(job)
        self.auth_gate.on_dropped(job)
        self.breaker.on_dropped(job)
        self.job_queue.make_due([job], now)

    def refresh(self, named: list[JobId] | None, now: float) -> int:
        """The user wants these jobs (None: all) read now. Returns how many requests it takes until all are sent."""
        if self.signed_out:
            return self._request_auth_probe(named)
        return self.job_queue.refresh(named, now - self.policy.running * self.stretch, now)

    def _request_auth_probe(self, named: list[JobId] | None) -> int:
        """Signed out: only one of the jobs is asked about. Returns the number of requests to be sent, 0 or 1."""
        if self.auth_gate.probe:
            return 0
        self.auth_gate.is_silent = False
        if named is None:
            self.auth_gate.requested = self.job_queue.auth_probe(self.auth_gate.refused_jobs)
        else:
            self.auth_gate.requested = next((job for job in named if self.job_queue.is_free(job)), None)
        return 1 if self.auth_gate.requested else 0

    def _next_in_line(self, now: float) -> tuple[float, JobId] | None:
        first = self.job_queue.heap.first()
        if not first:
            return None
        allowed = self.limiter.ready_at if first.rank is Rank.NAMED else self.limiter.group_at(now)
        if self.breaker.probe_at < first.due:
            return max(self.breaker.probe_at, allowed), self.job_queue.network_probe() or first.job
        return max(first.due, allowed), first.job

    def _next_auth_probe(self, now: float) -> tuple[float, JobId] | None:
        if self.auth_gate.probe:
            return None
        refused = self.auth_gate.refused_jobs
        if self.auth_gate.state is CircuitState.HALF_OPEN:
            if not self.job_queue.has_others(refused):
                self.auth_gate.open(now, had_no_other=True)
                return None
            probe = self.job_queue.auth_probe(refused)
            return (self.auth_gate.probe_at, probe) if probe and probe not in refused else None
        job = self.auth_gate.requested
        return (max(now, self.auth_gate.probe_at), job) if job and self.job_queue.is_free(job) else None

    def _learn(self, job: JobId, failure: Failure | None, sent: float, now: float) -> None:
        """Learns what a reading says about more than its own job."""
        if failure is None:
            self.limiter.on_success(now, job)
        elif failure.kind is FailureKind.THROTTLED:
            self.limiter.on_throttled(failure, sent, now, job)
        if self.auth_gate.on_reading(job, failure, now):
            self.job_queue.make_all_due(now)
        known = self.job_queue.known(job)
        recovered = self.breaker.on_reading(job, failure, known, self.job_queue.most_that_fail, now)
        if recovered:
            self.job_queue.make_all_due(now, lambda entry: may_have_recovered(entry.failure, recovered))
