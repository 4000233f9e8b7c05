"""The planner: whom to ask next and when, and what an answer changes about that. No loop, no clock of its own."""

from collections.abc import Callable
from math import inf

from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Reading
from tui.polling.budget import Budget
from tui.polling.network import Network, hopes_for_network
from tui.polling.queue import Rank
from tui.polling.roster import Roster
from tui.polling.schedule import Cadence, Policy, delay, seconds, stretch
from tui.polling.sign_in import Access, SignIn

GAP = 2
"""Idle intervals between two looks at the clock from which on the machine has slept."""


class Planner:
    """Brings the jobs, the budget, the credential and the network together. All times are the caller's clock."""

    def __init__(self, policy: Policy, uniform: Callable[[float, float], float]) -> None:
        self.policy = policy
        self.roster = Roster()
        self.budget = Budget(policy.requests_per_second, policy.together)
        self.sign_in = SignIn(policy.idle / 2)
        self.network = Network(policy.idle)
        self.paused = False
        """The user paused everything."""
        self._uniform = uniform
        self._planned_for = 1.0
        """The largest stretch that any plan was made with since all of them were last looked at."""
        self._seen_at = -inf
        self._awake_since = -inf

    @property
    def signed_out(self) -> bool:
        return self.sign_in.access is Access.SIGNED_OUT

    @property
    def stretch(self) -> float:
        """What every interval is multiplied by to keep within the budget."""
        return stretch(self.policy, self.roster.counts, self.budget.rate)

    @property
    def seldom(self) -> float | None:
        """Seconds between two questions about a job where all fail for a lasting reason; None where any does not."""
        counts = self.roster.counts
        is_so = 0 < counts[Cadence.LASTING] == counts.total()
        return self.policy.lasting * self.stretch if is_so else None

    def start(self, now: float) -> None:
        """The clock is being looked at from now on."""
        self._seen_at = now

    def notice(self, now: float) -> None:
        """Look at the clock. After a suspend everything is due once, and what was in flight says nothing any more."""
        gap, self._seen_at = now - self._seen_at, now
        if gap > GAP * self.policy.idle:
            self._awake_since = now
            self.network.forget()
            self.roster.make_all_due(now)
        self._catch_up(now)

    def _catch_up(self, now: float) -> None:
        """With far fewer jobs or a far higher rate than what was planned with, waiting as planned would be too long."""
        stretch = self.stretch
        if stretch <= self._planned_for / 2:
            self._planned_for = stretch
            wait = {cadence: seconds(self.policy, cadence) * stretch for cadence in Cadence}
            self.roster.bring_forward(now, lambda one: wait[one.cadence] * self._uniform(0.0, 1.0))

    def renew_credential(self, now: float) -> None:
        """There is another credential: ask everything again."""
        self.sign_in.renew(now)
        self.roster.make_all_due(now)

    def show_again(self, now: float) -> None:
        """Signed out, with a credential that may be shown again though nobody asked."""
        self.sign_in.show_again(self.roster.witness(self.sign_in.refused), now)

    def next(self, now: float) -> tuple[float, JobId] | None:
        """When to ask next, and whom; None while only an answer or the user can tell."""
        if self.paused or len(self.roster.in_flight) >= self.policy.concurrency:
            return None
        if self.sign_in.access is Access.OPEN:
            return self._next_in_line(now)
        probe = self._next_probe(now)
        return (max(probe[0], self.budget.ready_at), probe[1]) if probe else None

    def depart(self, job: JobId, now: float) -> None:
        """A request for the job leaves."""
        self.roster.depart(job, now)
        self.budget.sent(now)
        self.sign_in.asked(job, now)
        if now >= self.network.probe_at:
            self.network.probed(now)

    def answered(self, reading: Reading, job: JobId, sent: float, now: float) -> bool:
        """Learn from the reading and plan the next; whether it is worth a report."""
        self.notice(now)
        failure = reading.failure
        if sent < self._awake_since or (failure and self.sign_in.is_outdated(failure, sent)):
            self.put_back(job, now)  # an answer from before the machine slept would look new
            return False
        self.roster.land(job)
        is_silent = self.sign_in.is_silent and job == self.sign_in.probe and failure is not None
        self._learn(job, failure, sent, now)
        if not (watched := self.roster.jobs.get(job)):
            return False
        self.roster.record(job, reading.outcome)
        stretch = self.stretch
        self._planned_for = max(self._planned_for, stretch)
        wait = delay(self.policy, reading.outcome, watched.failures, stretch, self._uniform, watched.status is not None)
        self.roster.schedule(job, now + wait)
        return not is_silent

    def put_back(self, job: JobId, now: float) -> None:
        """The request came to nothing: the job is due again."""
        self.roster.land(job)
        self.sign_in.dropped(job)
        self.roster.make_due([job], now)

    def ask(self, named: list[JobId] | None, now: float) -> int:
        """The user asks for these, or all; answers how many requests away the last of them is."""
        if self.signed_out:
            return self._want_probe(named)
        return self.roster.ask(named, now - self.policy.running * self.stretch, now)

    def _want_probe(self, named: list[JobId] | None) -> int:
        """Signed out: choose the one job that is asked nevertheless; answers how many that is."""
        if self.sign_in.probe:
            return 0
        self.sign_in.is_silent = False
        if named is None:
            self.sign_in.wanted = self.roster.witness(self.sign_in.refused)
        else:
            self.sign_in.wanted = next((job for job in named if self.roster.is_free(job)), None)
        return 1 if self.sign_in.wanted else 0

    def _next_in_line(self, now: float) -> tuple[float, JobId] | None:
        first = self.roster.queue.first()
        if not first:
            return None
        allowed = self.budget.ready_at if first.rank is Rank.ASKED else self.budget.group_at(now)
        if self.network.probe_at < first.due:
            return max(self.network.probe_at, allowed), self.roster.probe() or first.job
        return max(first.due, allowed), first.job

    def _next_probe(self, now: float) -> tuple[float, JobId] | None:
        if self.sign_in.probe:
            return None
        refused = self.sign_in.refused
        if self.sign_in.access is Access.DOUBTED:
            if not self.roster.has_others(refused):
                self.sign_in.sign_out(now, had_no_other=True)
                return None
            witness = self.roster.witness(refused)
            return (self.sign_in.probe_at, witness) if witness and witness not in refused else None
        wanted = self.sign_in.wanted
        return (max(now, self.sign_in.probe_at), wanted) if wanted and self.roster.is_free(wanted) else None

    def _learn(self, job: JobId, failure: Failure | None, sent: float, now: float) -> None:
        """What a reading says about more than its own job."""
        if failure is None:
            self.budget.answered_well(now, job)
        elif failure.kind is FailureKind.THROTTLED:
            self.budget.refused(failure, sent, now, job)
        if self.sign_in.answered(job, failure, now):
            self.roster.make_all_due(now)
        known = self.roster.known(job)
        hurry = self.network.answered(job, failure, known, self.roster.most_that_fail, now)
        if hurry:
            self.roster.make_all_due(now, lambda watched: hopes_for_network(watched.failure, hurry))
