"""The scheduler of a profile: which job is next and when, and what a reading changes about that. No loop, no clock.

Where there are more jobs than the rate allows, lists of jobs are asked for as well: they say which job is to be next.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf

from tui.core.budget import LONGEST_WINDOW, CallLog, spent
from tui.core.hints import HintPage
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.polling.circuit_breaker import AuthGate, CircuitBreaker, CircuitState, may_have_recovered
from tui.polling.job_queue import Entry, JobQueue, Rank, Slot
from tui.polling.list_sweeps import KnownStatus, ListPage, ListSweeps
from tui.polling.policy import Cadence, Pacing, Policy, back_off, needed, pacing
from tui.polling.rate_limiter import AdaptiveRateLimiter

FEW = 100
"""So many requests at once leave enough of the smallest limit that was seen: 200 in five minutes."""
SPREAD = 300.0
"""Seconds over which the others are spread, while lists say which jobs run."""
VARIED, MADE_UP = 0.02, 0.03
"""Parts of a stretched interval: how much it varies, and how much lateness is made up for at most."""
REVIEW_EVERY = 5.0
"""Seconds between two checks of whether lists still agree with the jobs that wait longer for it."""
LEAST_LEFT = 0.3
"""The part of the rate that intervals are planned with at least, whatever else is asked."""
COUNTED_FROM = 60.0
"""Seconds from which on it is known what else is asked."""

SUSPENDED_AFTER = 2
"""If two clock checks are further apart than this many idle intervals, the machine was suspended."""
_ABOUT_THE_JOB = (FailureKind.NOT_FOUND, FailureKind.BAD_JOB_ID, FailureKind.FORBIDDEN)
"""As good as a status: the service has taken the credential, and has no such job for its owner."""


class Scheduler:
    """Combines job queue, rate limiter, auth gate and circuit breaker. All times are seconds of the caller's clock."""

    def __init__(self, policy: Policy, uniform: Callable[[float, float], float], sweeps: ListSweeps | None) -> None:
        """`sweeps` plans the lists; None where they must not be asked for."""
        self.policy = policy
        self.sweeps = sweeps
        self.job_queue = JobQueue()
        self.limiter = AdaptiveRateLimiter(policy.requests_per_second, policy.together)
        self.auth_gate = AuthGate(policy.idle / 2)
        self.breaker = CircuitBreaker(policy.idle)
        self.paused = False
        """The user paused everything."""
        self._uniform = uniform
        self._looked = 0, -inf
        """The changes of the job queue, and the moment, at which the rate was looked at for `pacing`."""
        self._paced: tuple[tuple[int, float], Pacing] | None = None
        """The last intervals, and what they were found from: changes of the job queue, and a rate."""
        self._needed = -1, 0.0
        """The changes of the job queue, and what it needed after them."""
        self._reviewed_at = -inf
        self._own = CallLog()
        """The requests for jobs and lists."""
        self._for_others = 0.0
        """Requests a second that leave for something else, such as outcomes."""
        self._planned_for = policy.idle
        """The longest interval that any request is planned with."""
        self._spread_until = -inf
        """Until then jobs wait that the first lists have put off."""
        self._checked_at = -inf
        """When the clock was checked last."""
        self._awake_since = -inf
        self._started_at = inf

    @property
    def signed_out(self) -> bool:
        return self.auth_gate.state is CircuitState.OPEN

    @property
    def pacing(self) -> Pacing:
        """The intervals with which status calls and lists stay within the rate; found anew at each turn."""
        changes = self.job_queue.changes
        if self._paced and self._looked == (changes, self._checked_at):
            return self._paced[1]
        self._looked = changes, self._checked_at
        rate = self.limiter.rate
        for_lists = self.sweeps.rate(rate, self._checked_at) if self.sweeps and self.wants_lists else 0.0
        left = max(LEAST_LEFT * rate, rate - for_lists - self._for_others)
        if self._paced is None or self._paced[0] != (changes, left):
            self._paced = (changes, left), pacing(self.policy, self.job_queue.counts, left)
        return self._paced[1]

    def longest(self, now: float) -> float:
        """Returns the seconds within which every job is read, however it is planned."""
        return max(self.pacing.longest, SPREAD) if now < self._spread_until else self.pacing.longest

    @property
    def needed(self) -> float:
        """Requests a second with which every job would be read as often as configured."""
        if self.paused or self.signed_out:
            return 0.0
        if self._needed[0] != self.job_queue.changes:
            self._needed = self.job_queue.changes, needed(self.policy, self.job_queue.counts)
        return self._needed[1]

    @property
    def wants_lists(self) -> bool:
        """Whether there are more jobs than status calls can read as often as configured."""
        return self.needed > self.limiter.rate

    @property
    def stretch(self) -> float:
        """The factor that the interval of an idle job is multiplied by to stay within the rate."""
        return self.pacing.intervals[Cadence.IDLE] / self.policy.idle

    @property
    def seldom(self) -> float | None:
        """Seconds between two requests for a job if all jobs fail for a lasting reason; otherwise None."""
        counts = self.job_queue.counts
        all_fail = 0 < counts[Cadence.LASTING] == counts.total()
        return self.pacing.intervals[Cadence.LASTING] if all_fail else None

    @property
    def goes_well(self) -> bool:
        """Whether there is room for other calls: the service answers, and most jobs that were asked can be read."""
        if self.paused or self.signed_out or self.breaker.failure:
            return False
        jobs = self.job_queue.entries.values()
        good = sum(one.is_good or (one.failure is not None and one.failure.kind in _ABOUT_THE_JOB) for one in jobs)
        failing = sum(one.failure is not None and one.failure.kind not in _ABOUT_THE_JOB for one in jobs)
        return good >= failing and (good > 0 or not jobs)

    @property
    def probing(self) -> float | None:
        """Seconds between two requests while one job at a time is asked; None also in the first round of all jobs."""
        first = self.job_queue.heap.first()
        is_first_round = first is not None and not self.job_queue.entries[first.job].was_asked
        return None if is_first_round else self.breaker.pause

    @property
    def has_room(self) -> bool:
        """Whether extras may be sent: all goes well, and no job waits that the user or a list has named."""
        return not (self.job_queue.heap.count(Rank.NAMED) or self.job_queue.heap.count(Rank.HINTED)) and self.goes_well

    def watch(self, jobs: Iterable[JobId], now: float) -> bool:
        """Watches exactly these jobs, in this order. Returns whether any of them is new."""
        has_new = self.job_queue.watch(jobs, now)
        if self.sweeps:
            self.sweeps.watch(self.job_queue.entries)
        return has_new

    def start(self, now: float) -> None:
        """Clock checks begin."""
        self._checked_at = self._started_at = now

    def check_clock(self, now: float) -> None:
        """Does what time alone brings about. Called at each turn."""
        self._notice_suspend(now)
        self._catch_up(now)
        if now >= self._reviewed_at + REVIEW_EVERY:
            self._reviewed_at = now
            self._count_others(now)
            if self.sweeps:
                self._review(self.sweeps, now)

    def _notice_suspend(self, now: float) -> None:
        """Makes all jobs due if the machine was suspended; then readings of earlier requests no longer count."""
        gap, self._checked_at = now - self._checked_at, now
        if gap > SUSPENDED_AFTER * self.policy.idle:
            self._awake_since = now
            self.breaker.reset()
            self.job_queue.make_all_due(now)
            if self.sweeps:
                self.sweeps.restart()

    def _catch_up(self, now: float) -> None:
        """Brings requests forward that were planned with more than twice the interval that there is now."""
        longest = self.pacing.longest
        if longest <= self._planned_for / 2:
            self._planned_for = longest
            wait = self.pacing.intervals
            jobs = self.job_queue.entries
            self.job_queue.bring_forward(jobs, lambda one: now + wait[one.cadence] * self._uniform(0.0, 1.0))

    def _count_others(self, now: float) -> None:
        """Finds out what part of the rate is left for jobs and lists, from what was sent lately."""
        lasted = min(now - self._started_at, LONGEST_WINDOW)
        if lasted >= COUNTED_FROM:
            sent = spent(self.limiter.spending(now).calls, LONGEST_WINDOW, now)
            self._for_others = max(0, sent - spent(self._own.counts(), LONGEST_WINDOW, now)) / lasted

    def on_new_credential(self, now: float) -> None:
        """The credential changed: all jobs become due."""
        self.auth_gate.close(now)
        self.job_queue.make_all_due(now)
        if self.sweeps:
            self.sweeps.on_new_credential()

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
        self._own.add(now)
        self.auth_gate.on_sent(job, now)
        self.breaker.on_sent(job, now)

    def on_reading(self, reading: Reading, job: JobId, sent: float, now: float) -> bool:
        """Learns from the reading and schedules the job's next request. Returns whether to report the reading."""
        self._notice_suspend(now)
        failure = reading.failure
        if sent < self._awake_since or (failure and self.auth_gate.is_outdated(failure, sent)):
            self.on_dropped(job, now)  # a reading from before the suspend would look new
            return False
        self.job_queue.on_done(job)
        is_silent = self.auth_gate.is_silent and job == self.auth_gate.probe and failure is not None
        self._learn(job, failure, sent, now)
        if not (entry := self.job_queue.entries.get(job)):
            return False
        before = entry.status
        self.job_queue.record(job, reading.result)
        is_hinted = isinstance(reading.result, Status) and self._compare(job, reading.result, before, sent, now)
        self._planned_for = max(self._planned_for, self.pacing.longest)
        self.job_queue.schedule(job, now + self._wait(entry, now))
        if is_hinted:
            self.job_queue.hint([job])
        return not is_silent

    def _wait(self, entry: Entry, now: float) -> float:
        """Returns the seconds until the job's next request."""
        intervals = self.pacing.intervals
        entry.interval = intervals[entry.cadence]
        if entry.failure:
            was_read = entry.status is not None
            return back_off(self.policy, entry.failure, entry.failures, self.stretch, self._uniform, was_read)
        wait = self._varied(entry)
        if entry.ends_at is None or entry.cadence is not Cadence.RUNNING:
            return wait
        if now < entry.ends_at < now + wait:
            return max(entry.ends_at - now, self.policy.running / 2)
        is_soon = abs(entry.ends_at - now) <= entry.interval
        return max(wait / 2, self.policy.running / 2) if is_soon else wait

    def _varied(self, entry: Entry) -> float:
        """Returns the job's interval, varied so that jobs do not fall into step.

        Stretched ones vary less, since requests wait for each other anyhow; and what this one has waited is made up
        for, or else each round would take longer than planned and the rate would not be used.
        """
        if self.pacing.longest <= self.policy.idle:
            return entry.interval * self._uniform(0.9, 1.1)
        late = min(max(entry.sent_at - entry.due, 0.0), MADE_UP * entry.interval)
        return entry.interval * self._uniform(1 - VARIED, 1 + VARIED) - late

    def prefer(self, jobs: Iterable[JobId], chosen: Iterable[JobId], now: float) -> None:
        """Sets which jobs are read before others that are due; they and the chosen ones are read more often."""
        jobs = list(jobs)
        self.job_queue.prefer(jobs, now)
        if not (new := self.job_queue.set_near({*jobs, *chosen})):
            return
        interval = self.pacing.intervals[Cadence.NEAR]
        self.job_queue.bring_forward(new, lambda one: max(now, one.sent_at + interval))

    def expect(self, ends: Mapping[JobId, float]) -> None:
        """Sets when running jobs usually end (clock seconds)."""
        for job, entry in self.job_queue.entries.items():
            entry.ends_at = ends.get(job)

    # Lists

    def next_list(self, now: float) -> tuple[float, ListPage] | None:
        """Returns when the next page of a list is to be asked for, and which; None until something changes."""
        planned = self.sweeps.next(self.limiter.rate, self.wants_lists, now) if self.sweeps else None
        if not planned:
            return None
        at = max(planned[0], self.limiter.ready_at)
        return (at, planned[1]) if at > now or self.goes_well else None

    def on_list_sent(self, now: float) -> None:
        """The page that `next_list` returned is asked for."""
        if self.sweeps:
            self.sweeps.on_sent(self.limiter.rate, now)
            self.limiter.on_sent(now)
            self._own.add(now)

    def on_list(self, page: ListPage, answer: HintPage | Failure, sent: float, now: float) -> None:
        """Learns from a page, or from why there is none. Its reader has told the limiter of a refusal."""
        if not self.sweeps:
            return
        if sent < self._awake_since:
            self.sweeps.on_dropped()
            return
        is_first = self.sweeps.is_first
        hinted = self.sweeps.on_answer(page, answer, self._known, sent, now)
        self.job_queue.hint(hinted)
        if is_first and isinstance(answer, HintPage) and self.job_queue.active > FEW:
            others = [job for job in answer.hints if job in self.job_queue.entries]
            longest = max(SPREAD, self.pacing.longest)
            self._spread_until = now + longest
            self.job_queue.defer(others, now, lambda: self._uniform(0.0, longest))

    def _known(self, job: JobId) -> KnownStatus:
        entry = self.job_queue.entries.get(job)
        return KnownStatus(entry.status, entry.read_at) if entry else KnownStatus()

    def _compare(self, job: JobId, status: Status, before: Status | None, sent: float, now: float) -> bool:
        """Compares a status with what lists say. Returns whether the job is to be read again at once."""
        if not self.sweeps:
            return False
        is_hinted, is_listed = self.sweeps.book.on_reading(job, status, before, sent, now), self.sweeps.book.hint(job)
        is_quiet = is_listed is not None and self._is_quiet(self.sweeps, job, self._listed_since(now), now)
        self.job_queue.set_quiet(job, is_quiet)
        return is_hinted

    def _listed_since(self, now: float) -> float:
        return self.sweeps.listed_since(self.limiter.rate, now) if self.sweeps else inf

    def _is_quiet(self, sweeps: ListSweeps, job: JobId, since: float, now: float) -> bool:
        """Returns whether a trusted list says the same as the last status call, and has done so lately."""
        book = sweeps.book
        if not book.agrees_since(job, self.job_queue.entries[job].status, since):
            return False
        return book.is_trusted(book.project_of(job) or "", now)

    def _review(self, sweeps: ListSweeps, now: float) -> None:
        """Jobs that lists do not agree with any more are not left waiting as long as was planned."""
        lost, since = [], self._listed_since(now)
        for job, entry in self.job_queue.entries.items():
            if entry.is_quiet and not self._is_quiet(sweeps, job, since, now):
                self.job_queue.set_quiet(job, False)
                lost.append(job)
        if lost:
            interval = self.pacing.intervals[Cadence.IDLE]
            self.job_queue.bring_forward(
                lost, lambda one: max(now + interval * self._uniform(0.0, 0.1), one.sent_at + interval)
            )

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
        return self.job_queue.refresh(named, now - self.pacing.intervals[Cadence.RUNNING], now)

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
        allowed = self.limiter.ready_at if self._is_urgent(first) else self.limiter.group_at(now)
        if self.breaker.probe_at < first.due or self._is_held_back(first):
            return max(self.breaker.probe_at, allowed), self.job_queue.network_probe() or first.job
        return max(first.due, allowed), first.job

    def _is_held_back(self, slot: Slot) -> bool:
        """Whether the job waits until a probe gets an answer. Not if the user asks for it, or it was never asked."""
        was_asked = self.job_queue.entries[slot.job].was_asked
        return self.breaker.holds_back and was_asked and slot.rank is not Rank.NAMED

    def _is_urgent(self, slot: Slot) -> bool:
        """Whether a person waits for it: it does not wait for a group."""
        is_first_sight = slot.rank is Rank.PREFERRED and self.job_queue.entries[slot.job].status is None
        return slot.rank in (Rank.NAMED, Rank.HINTED) or (is_first_sight and self.limiter.throttled is not None)

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
