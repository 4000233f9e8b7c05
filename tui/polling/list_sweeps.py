"""Which page of which list is asked for next, and when. No loop, no clock.

A sweep reads all pages that name watched jobs: either those of the list of all jobs of the user, or those of the
projects that have enough watched jobs, whichever are fewer. Between two sweeps one page lists the jobs that are
building, where the service knows that filter. Lists that fail, come empty or bring nothing rest.
"""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, inf
from typing import NamedTuple, Protocol

from tui.core.hints import PAGE_SIZE, Hint, HintPage, HintVerdict, JobHint, Trust
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry, Status

_log = logging.getLogger(__name__)

StatusOf = Callable[[JobId], Status | None]


class HintBook:
    """The last hint about each watched job, and the trust in the lists of each project."""

    def __init__(self) -> None:
        self._hints: dict[JobId, JobHint] = {}
        self._trusts: dict[str, Trust] = {}

    def watch(self, jobs: Collection[JobId]) -> None:
        """Forgets the jobs that are not among these."""
        self._hints = {job: hint for job, hint in self._hints.items() if job in jobs}

    def forget(self) -> None:
        """The machine was suspended, or the credential changed: hints of earlier lists count no more."""
        self._hints.clear()

    def forget_projects(self, kept: Collection[str]) -> None:
        """Forgets the trust in all projects but these."""
        self._trusts = {project: trust for project, trust in self._trusts.items() if project in kept}

    def hear(self, hints: Mapping[JobId, Hint], status_of: StatusOf, asked_at: float, now: float) -> list[JobId]:
        """A page that was asked for at `asked_at` says this of watched jobs. Returns those to be read next.

        Jobs that it calls running come first.
        """
        wanted = []
        for job, hint in hints.items():
            before = self._hints.get(job, JobHint())
            after = self._hints[job] = before.hear(hint, status_of(job), asked_at, now)
            if after.wanted_at == now and before.wanted_at is None and not self.is_worthless(hint.project, now):
                wanted.append(job)
        return sorted(wanted, key=lambda job: not self._hints[job].hint.is_running)

    def on_reading(self, job: JobId, status: Status, before: Status | None, sent: float, now: float) -> bool:
        """Takes a status that was asked for at `sent`. Returns whether the job is to be read again at once."""
        if not (hint := self._hints.get(job)):
            return False
        self._hints[job], verdict = hint.check(status, before, sent, now)
        project = hint.hint.project
        trust = self._trusts.get(project, Trust())
        self._trusts[project] = after = trust.after(verdict, now)
        if verdict is HintVerdict.CONTRADICTS:
            _log.info("job %s is %s, and the list of its project says otherwise: not trusted for an hour", job, status)
        if after.worthless_until > trust.worthless_until:
            _log.info("the lists of project %s bring nothing: they steer nothing for an hour", project or "(unknown)")
        return self._hints[job].wanted_at is not None and not self.is_worthless(project, now)

    def project_of(self, job: JobId) -> str | None:
        """Returns the project that lists say the job is in; None for a job that no list has named."""
        hint = self._hints.get(job)
        return hint.hint.project if hint else None

    def hint(self, job: JobId) -> Hint | None:
        known = self._hints.get(job)
        return known.hint if known else None

    def agrees_since(self, job: JobId, status: Status | None, since: float) -> bool:
        """Returns whether a page that was asked for after `since` says the same as the status call."""
        hint = self._hints.get(job)
        if hint is None or hint.asked_at < since or hint.hint.is_running is None or status is None:
            return False
        return hint.wanted_at is None and hint.hint.is_running is (status is Status.RUNNING)

    def is_trusted(self, project: str, now: float) -> bool:
        return project in self._trusts and self._trusts[project].is_earned(now)

    def is_worthless(self, project: str, now: float) -> bool:
        """Returns whether too many hints of this project brought nothing lately."""
        return project in self._trusts and now < self._trusts[project].worthless_until

    def projects(self, jobs: Iterable[JobId]) -> Counter[str]:
        """Returns the number of these jobs in each project that is known."""
        return Counter(self._hints[job].hint.project for job in jobs if job in self._hints)


SHARE, TRUSTED_SHARE = 0.2, 0.5
"""The part of the request rate that lists may take; the second one where all projects have earned trust."""
APART = 15.0
"""Seconds between two sweeps, or between two pages of jobs that are building, at least."""
FULL_APART = 120.0
"""Seconds between two sweeps at least while the filter shows which jobs are building."""
FILTER_SHARE = 0.75
"""The part of the lists' requests that may ask for building jobs."""
AT_ONCE = 5
"""Pages that are asked for one after another without a pause."""
MOST_PAGES = 20
"""Pages of one list in a sweep; more where more jobs are watched than half of them can name."""
WORTH = 3
"""A list is read if it names this many watched jobs a page."""
SWEEPS_MISSED = 2.5
"""A job that this many sweeps have not named is not one that a list agrees with."""
STRIKES = 3
"""So many sweeps in a row that miss more than half of the jobs make the list rest."""
REST, PASSING_REST, SHORT_REST = 3600.0, 600.0, 300.0
"""Seconds: after a refusal or strikes; after a failure that passes; after throttling or a refused sign-in."""
MOST_LISTS = 1000
"""Lists that are remembered beside those of the watched jobs' projects."""
COVERED = 0.9
"""The part of the listed jobs that the projects' lists must name to be read instead of the user's."""
PLANNED_FOR = 1.0
"""Seconds that a plan is kept."""
TRIED_AGAIN = 60.0
"""Seconds until the filter is tried again, after no job was building."""
SLOWED = 1800.0
"""Seconds after throttling during which sweeps are twice as far apart."""


class ListPage(NamedTuple):
    """One page of a list."""

    project: str = ""
    """Empty for the list of all jobs of the user."""
    number: int = 0
    """From 0."""
    building: bool = False
    """Only jobs whose last build is going on."""
    whole: bool = False
    """The list without parameters: all its jobs at once."""


class ListReader(Protocol):
    """Reads lists from the service."""

    async def page(self, page: ListPage) -> HintPage | Failure:
        """Makes one attempt, at once: the request is paid for."""


class KnownStatus(NamedTuple):
    """What the status calls say about a job."""

    status: Status | None = None
    read_at: float = -inf
    """When the last request left."""


KnownOf = Callable[[JobId], KnownStatus]


@dataclass(slots=True)
class _List:
    """One list: of all jobs of the user, or of a project."""

    pages: int | None = None
    """As many as the last sweep needed."""
    strikes: int = 0
    rests_until: float = -inf
    whole: bool = False
    """Asked for in one piece, since its pages bring nothing."""
    named: set[JobId] = field(default_factory=set)
    """The watched jobs that it has ever named."""


@dataclass(slots=True)
class _Sweep:
    """The sweep that is under way."""

    lists: list[str]
    """Projects still to be read, the current one first; empty for the user's."""
    building: bool = False
    index: int = 0
    seen: set[JobId] = field(default_factory=set)
    """All jobs on the pages of the current list."""


class _Plan(NamedTuple):
    """What a sweep reads."""

    at: float
    lists: tuple[str, ...]
    """Projects; the empty one is the user's list. Without any if no list is worth it."""
    pages: int
    share: float
    """The part of the request rate that lists may take."""
    is_worthless: bool = False


class ListSweeps:
    """Says which page of a list to read next, for one profile, and takes what it says. All times are seconds of the
    caller's clock."""

    def __init__(self) -> None:
        self.book = HintBook()
        self.is_first = True
        """No sweep has ended since the start, a suspend or another credential."""
        self._watched: frozenset[JobId] = frozenset()
        self._lists: dict[str, _List] = {"": _List()}
        self._sweep: _Sweep | None = None
        self._planned: _Plan | None = None
        self._in_flight = False
        self._page_at = -inf
        """When the next page of the sweep may be asked for."""
        self._full_at = self._building_at = -inf
        """When the next sweep, and the next page of building jobs, are due."""
        self._slowed_until = -inf
        self._building_rests_until = -inf
        self.building_works = False
        self._missed: dict[JobId, float] = {}
        """Running jobs that the last page of building jobs did not name, and when it was asked for."""

    def watch(self, jobs: Iterable[JobId]) -> None:
        self._watched = frozenset(jobs)
        self._planned = None
        self.book.watch(self._watched)
        for one in self._lists.values():
            one.named &= self._watched

    def restart(self) -> None:
        """The machine was suspended: everything is to be seen anew."""
        self.is_first = True
        self._sweep = self._planned = None
        self._full_at = self._building_at = -inf
        self._missed.clear()
        self.book.forget()

    def on_new_credential(self) -> None:
        """Lists that were refused may be allowed now."""
        self._lists = {"": _List()}
        self._building_rests_until = -inf
        self.building_works = False
        self.restart()

    def rate(self, rate: float, now: float) -> float:
        """Returns how many of these requests a second the lists take."""
        plan = self._plan(now)
        full = plan.pages / self._full_every(plan, rate, now) if plan.lists else 0.0
        return full + (1 / self._building_every(plan, rate, now) if self.building_works else 0.0)

    def listed_since(self, rate: float, now: float) -> float:
        """Returns since when a job must have been on a page, if a list still names it."""
        return now - SWEEPS_MISSED * self._full_every(self._plan(now), rate, now)

    def next(self, rate: float, wanted: bool, now: float) -> tuple[float, ListPage] | None:
        """Returns when the next page is to be asked for, and which; None until something changes.

        `wanted` is False while the status calls alone can read every job as often as configured.
        """
        if self._in_flight or not self._watched or not wanted:
            return None
        if self._sweep is None:
            due = self._begin(rate, now)
            if self._sweep is None:
                return due
        return max(self._page_at, now), self._page(self._sweep)

    def on_sent(self, rate: float, now: float) -> None:
        """The page that `next` returned is asked for."""
        self._in_flight = True
        if self._sweep:
            plan = self._plan(now)
            is_long = plan.pages > AT_ONCE and not (self.is_first or self._sweep.building)
            self._page_at = now + (1 / (plan.share * rate) if is_long else 0.0)

    def on_dropped(self) -> None:
        """The request ended without an answer."""
        self._in_flight = False
        self._sweep = None

    def on_answer(
        self, page: ListPage, answer: HintPage | Failure, known_of: KnownOf, sent: float, now: float
    ) -> list[JobId]:
        """Learns from an answer. Returns the jobs that are to be read next."""
        self._in_flight = False
        self._planned = None
        if isinstance(answer, Failure):
            self._fail(page, answer, now)
            return []
        hints = {job: hint for job, hint in answer.hints.items() if job in self._watched}
        if page.building:
            hints = self._building(answer, hints, known_of, sent, now)
        wanted = self.book.hear(hints, lambda job: known_of(job).status, sent, now)
        if self._sweep is not None and self._page(self._sweep) == page:
            self._go_on(self._sweep, page, answer, now)
        return wanted

    # Which lists

    def _plan(self, now: float) -> _Plan:
        """Returns the kept plan, or a new one: once a second, and after each answer."""
        if self._planned is None or abs(now - self._planned.at) >= PLANNED_FOR:
            self._planned = self._make_plan(now)
        return self._planned

    def _make_plan(self, now: float) -> _Plan:
        counts = self.book.projects(self._watched)
        if len(self._lists) > MOST_LISTS:
            self._lists = {project: one for project, one in self._lists.items() if project in counts or not project}
            self.book.forget_projects(counts.keys())
        total = max(1, len(self._watched))
        trusted = sum(count for project, count in counts.items() if self.book.is_trusted(project, now))
        share = SHARE + (TRUSTED_SHARE - SHARE) * trusted / total
        if counts and all(self.book.is_worthless(project, now) for project in counts):
            return _Plan(now, (), 0, share, is_worthless=True)
        worthy = tuple(project for project, count in counts.items() if self._is_worthy(project, count, now))
        pages = sum(self._pages(project, counts[project]) for project in worthy)
        user = self._lists[""]
        user_pages = self._pages("", total)
        is_worth_it = user.pages is None or total >= WORTH * user.pages
        if user.rests_until > now or not is_worth_it:
            return _Plan(now, worthy, pages, share)
        covered = sum(counts[project] for project in worthy)
        if user.pages and worthy and pages < user_pages and covered >= COVERED * len(user.named):
            return _Plan(now, worthy, pages, share)
        return _Plan(now, ("",), user_pages, share)

    def _is_worthy(self, project: str, count: int, now: float) -> bool:
        if not project or self.book.is_worthless(project, now) or self._of(project).rests_until > now:
            return False
        return count >= WORTH * self._pages(project, count)

    def _pages(self, project: str, count: int) -> int:
        """Returns how many pages the list has, as far as it is known."""
        return self._of(project).pages or ceil(count / PAGE_SIZE)

    def _of(self, project: str) -> _List:
        return self._lists.setdefault(project, _List())

    # When

    def _slow(self, now: float) -> float:
        return 2.0 if now < self._slowed_until else 1.0

    def _full_every(self, plan: _Plan, rate: float, now: float) -> float:
        allowed = plan.share * rate
        if self.building_works:
            allowed -= 1 / self._building_every(plan, rate, now)
            return self._slow(now) * max(FULL_APART, plan.pages / allowed)
        return self._slow(now) * max(APART, plan.pages / allowed)

    def _building_every(self, plan: _Plan, rate: float, now: float) -> float:
        return self._slow(now) * max(APART, 1 / (FILTER_SHARE * plan.share * rate))

    def _begin(self, rate: float, now: float) -> tuple[float, ListPage] | None:
        """Begins the sweep that is due, or returns when and with which page one is."""
        plan = self._plan(now)
        self.is_first = self.is_first and bool(plan.lists)
        full_at = self._full_at if plan.lists else inf
        building_at = self._building_at if self._may_filter(plan, now) else inf
        if (first := min(full_at, building_at)) > now:
            return (first, ListPage(building=building_at < full_at)) if first < inf else None
        self._page_at = -inf
        if building_at <= full_at:
            self._sweep = _Sweep([""], building=True)
            every = self._building_every(plan, rate, now)
            self._building_at = now + (every if self.building_works else TRIED_AGAIN)
        else:
            self._sweep = _Sweep(list(plan.lists))
            self._full_at = now + self._full_every(plan, rate, now)
        return None

    def _may_filter(self, plan: _Plan, now: float) -> bool:
        """Returns whether a sweep may ask for the building jobs alone; that pays where the list has several pages."""
        rests_until = max(self._building_rests_until, self._lists[""].rests_until)
        return not self.is_first and now >= rests_until and plan.pages != 1 and not plan.is_worthless

    def _page(self, sweep: _Sweep) -> ListPage:
        project = sweep.lists[0]
        return ListPage(project, sweep.index, sweep.building, not sweep.building and self._of(project).whole)

    # What an answer means

    def _go_on(self, sweep: _Sweep, page: ListPage, answer: HintPage, now: float) -> None:
        before = len(sweep.seen)
        sweep.seen |= answer.hints.keys()
        wanted = self._watched if not page.project else self._of(page.project).named or self._watched
        is_over = (
            page.whole
            or page.building
            or len(sweep.seen) == before
            or (answer.total is not None and len(sweep.seen) >= answer.total)
            or wanted <= sweep.seen
            or page.number + 1 >= max(MOST_PAGES, 2 * ceil(len(self._watched) / PAGE_SIZE))
        )
        if not is_over:
            sweep.index += 1
            return
        if not page.building:
            self._judge(page, sweep, answer, now)
        self._next_list(sweep)

    def _next_list(self, sweep: _Sweep) -> None:
        sweep.lists.pop(0)
        sweep.index, sweep.seen = 0, set()
        if not sweep.lists:
            self._sweep = None
            self.is_first = self.is_first and sweep.building

    def _judge(self, page: ListPage, sweep: _Sweep, answer: HintPage, now: float) -> None:
        """A list rests after `STRIKES` sweeps in a row that missed most of the jobs that it named before, or all."""
        one = self._of(page.project)
        found = self._watched & sweep.seen
        expected = max(len(one.named), self.book.projects(self._watched)[page.project] if page.project else 1)
        one.named |= found
        is_short = len(found) < expected / 2
        one.strikes = one.strikes + 1 if is_short else 0
        if not is_short:
            one.pages = ceil((answer.total or len(sweep.seen)) / PAGE_SIZE) if page.whole else page.number + 1
        if one.strikes >= STRIKES:
            one.strikes, one.rests_until = 0, now + REST
            _log.info("the list of jobs %s comes without them: not asked for an hour", page.project or "of the user")

    def _fail(self, page: ListPage, failure: Failure, now: float) -> None:
        if failure.kind is FailureKind.THROTTLED:
            self._slowed_until = now + SLOWED
        if page.building:
            self._drop_filter(now)
        else:
            one = self._of(page.project)
            is_empty = failure.kind not in (FailureKind.TIMEOUT, FailureKind.THROTTLED)
            if not page.project and not one.whole and page.number == 0 and is_empty:
                one.whole = True
                return
            one.rests_until = now + _rest(failure)
        if self._sweep is not None and self._page(self._sweep).project == page.project:
            self._next_list(self._sweep)

    def _building(
        self, answer: HintPage, hints: dict[JobId, Hint], known_of: KnownOf, sent: float, now: float
    ) -> dict[JobId, Hint]:
        """Returns what a page of building jobs says: also that running jobs which it does not name are idle."""
        if answer.hints and not answer.all_building:
            self._drop_filter(now)
            return hints  # each entry is true as far as it goes
        self.building_works = self.building_works or answer.all_building
        is_whole = len(answer.hints) < PAGE_SIZE and (answer.total or 0) <= len(answer.hints)
        if not self.building_works or not is_whole:
            return hints
        missed = {job: known_of(job) for job in self._watched if job not in answer.hints}
        running = {job: known for job, known in missed.items() if known.status is Status.RUNNING}
        if any(known.read_at > self._missed.get(job, inf) for job, known in running.items()):
            self._drop_filter(now)  # a status call between two pages says that the job runs
            return hints
        self._missed = {job: self._missed.get(job, now) for job in running}
        for job in running:
            last = self.book.hint(job) or Hint(None)
            hints[job] = last._replace(is_running=False, fingerprint=("not building", *last.fingerprint[-5:]))
        return hints

    def _drop_filter(self, now: float) -> None:
        self.building_works = False
        self._building_rests_until = now + REST
        self._missed.clear()


def _rest(failure: Failure) -> float:
    if failure.kind.retry in (Retry.THROTTLED, Retry.SIGN_IN):
        return SHORT_REST
    return PASSING_REST if failure.kind.retry is Retry.PASSING else REST
