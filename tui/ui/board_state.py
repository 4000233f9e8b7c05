"""What the screen shows: the board, which of its rows, in which order, and the text in place of none. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from heapq import nsmallest
from math import inf

from tui.core.board import Board, JobState
from tui.core.condition import PROBLEMS, Condition, Summary, Tally
from tui.core.filter import Filter, FilterSubject, parse_filter, what_it_may_mean
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Moment, Reading, Retry
from tui.core.run import FailedStep, RunRecord
from tui.core.text import clean
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import Glyphs
from tui.ui.columns import Sort, SortKey
from tui.ui.formatting import clock
from tui.ui.groups import GROUPINGS, Groups
from tui.ui.happened import Unseen
from tui.ui.row import Due, Row
from tui.ui.short_names import ShortNames


class RowOrder:
    """Sorting and filter. Remembers the sort keys: rows that were read get new ones, and all are sorted again only if
    one of these differs."""

    def __init__(
        self,
        sort: Callable[[Row], SortKey] | None = None,
        reverse: bool = False,
        terms: Filter | None = None,
        only_problems: bool = False,
        only: frozenset[JobId] | None = None,
    ) -> None:
        """`sort` is the key to sort by; None keeps the order of the watchlist. `only` are the jobs of the one profile
        that is shown; None for all."""
        self.sort = sort
        self.reverse = reverse
        self.filter = terms or Filter()
        self.only_problems = only_problems
        self.only = only
        self._keys: dict[JobId, SortKey | None] = {}

    @property
    def is_plain(self) -> bool:
        """Whether it is the watchlist's order, of all jobs."""
        return not (self.depends_on_readings or self.filter.terms or self.reverse or self.only is not None)

    @property
    def depends_on_readings(self) -> bool:
        return self.sort is not None or self.depends_on_time

    @property
    def depends_on_time(self) -> bool:
        """Whether time alone may bring or hide a row that is in the same state."""
        return self.filter.by_condition or self.only_problems

    def moved(self, jobs: Iterable[JobId], row_of: Callable[[JobId], Row]) -> bool:
        """Take new sort keys of these jobs. Returns whether any differs from the one before."""
        if not self.depends_on_readings:
            return False
        keys = {job: self._key(row_of(job)) for job in jobs}
        moved = {job: key for job, key in keys.items() if key != self._keys.get(job)}
        self._keys |= moved
        return bool(moved)

    def take(self, jobs: Iterable[JobId], row_of: Callable[[JobId], Row]) -> None:
        """Take the sort keys of all jobs, in the order of the watchlist."""
        self._keys = dict.fromkeys(jobs, ()) if self.is_plain else {job: self._key(row_of(job)) for job in jobs}

    def order(self) -> tuple[JobId, ...]:
        """The jobs to show, sorted. Equal rows keep the order of the watchlist."""
        if self.is_plain:
            return tuple(self._keys)
        shown = [(key, job) for job, key in self._keys.items() if key is not None]
        if self.sort:
            filled = sorted((one for one in shown if one[0]), key=lambda one: one[0], reverse=self.reverse)
            shown = filled + [one for one in shown if not one[0]]
        elif self.reverse:
            shown.reverse()
        return tuple(job for _, job in shown)

    def _key(self, row: Row) -> SortKey | None:
        if self.only is not None and row.state.job.id not in self.only:
            return None
        if self.only_problems and not row.is_problem:
            return None
        if self.filter.terms:
            candidate = row.candidate if self.filter.by_condition else FilterSubject(row.state.named_job, row.condition)
            if not self.filter.matches(candidate):
                return None
        return self.sort(row) if self.sort else ()


Key = Callable[[str], str]
"""Returns the first key of a command, as it is shown."""
ENDS_NAMED = 2
"""So many of the runs that end next are named."""


class BoardState:
    """The board, and what the screen shows of it: which rows, in which order, at which moment.

    Header, rows and details show `shown` at `moment`, so that they say the same in every frame.
    """

    def __init__(
        self,
        board: Board,
        look: ScreenState,
        now: Moment,
        sorts: Mapping[str, Sort],
        interval_of: Callable[[JobState], float],
        profile_names: Callable[[], Sequence[str]],
    ) -> None:
        """`profile_names` returns the names of all profiles, the default one first."""
        self.board = self.shown = board
        self.names = _names(board)
        """Those of all jobs: kept, since the header that is drawn after each key wants them."""
        self.moment = now
        self.look = look
        self.exceeds_screen = False
        """Whether there are more jobs than rows while no details are open: the automatic order goes by that. What
        details take does not count, so that no row moves when they open."""
        self.order: tuple[JobId, ...] = ()
        """The jobs that have a row, from the top; those in folded groups, too."""
        self.unseen = Unseen()
        self.groups = Groups(lambda: self.unseen.jobs)
        self._sorts = sorts
        self._interval_of = interval_of
        self._profile_names = profile_names
        self._row_order = RowOrder()
        self._tally = Tally()
        self._due: dict[JobId, Due] = {}
        """When running jobs usually end, as their rows said it when they were drawn last."""
        self._changed: set[JobId] = set()
        """Jobs that were read since `shown` was updated."""
        self._troubles: Mapping[str, Failure] = {}
        """Why no job of a profile can be read, as the banner says it."""

    # Changes

    def record(self, readings: Sequence[Reading], polled_every: Callable[[JobState], float]) -> None:
        """Take these readings. `polled_every` returns the seconds between two readings of a job with this state."""
        self.board = self.board.record(readings, polled_every)
        self._changed |= {reading.job for reading in readings}

    def learn(self, job: JobId, record: RunRecord, step: FailedStep | None, at: float) -> None:
        """Take what the service told of a job's last run at that time, in seconds of the clock of readings."""
        self.board = self.board.learn(job, record, step, at)
        self._changed.add(job)

    def take_records(self, job: JobId, records: Sequence[RunRecord]) -> bool:
        """Take what the service told of a job's last runs. Returns whether anything of it is new."""
        before, self.board = self.board, self.board.with_records(job, records)
        self._changed.add(job)
        return self.board is not before

    def take_names(self, names: Mapping[JobId, ServiceName]) -> bool:
        """Take the service's names of jobs. Returns whether any is new."""
        before, self.board = self.board.states, self.board.with_names(names)
        renamed = {job for job, state in self.board.states.items() if state is not before[job]}
        self._changed |= renamed
        self.names = _names(self.board) if renamed else self.names
        return bool(renamed)

    def pause(self, jobs: Iterable[JobId], since: Moment | None) -> None:
        """Mark these jobs as paused since then, or as resumed (None)."""
        jobs = list(jobs)
        self.board = self.board.pause(jobs, since)
        self._changed |= set(jobs)

    def arm_once(self, jobs: Iterable[JobId], is_armed: bool) -> None:
        """Mark these jobs as armed for one alert, or as armed no more."""
        jobs = list(jobs)
        self.board = self.board.arm_once(jobs, is_armed)
        self._changed |= set(jobs)

    def watch(self, jobs: Iterable[Job]) -> None:
        """Watch these jobs. The states of jobs that were watched before are kept."""
        self.board = self.board.watch(jobs, self._profile_names()[0])
        self.names = _names(self.board)
        self._row_order.only = self._only()

    def set_look(self, look: ScreenState) -> None:
        """Use this sorting and filter from the next `show_all` on."""
        self.look = look
        self.groups.by = look.group if look.group in GROUPINGS else ""
        self.groups.set_folded(look.folded)
        self._row_order = RowOrder(
            self._sort_key(), look.reverse, parse_filter(look.filter), look.problems_only, self._only()
        )

    def _sort_key(self) -> Callable[[Row], SortKey] | None:
        """What to sort by at the moment. The automatic order is the watchlist's until something was read."""
        wants_attention = self.exceeds_screen and self._tally.summary.counts[Condition.UNREAD] < len(self.shown.states)
        sort = self._sorts.get(self.look.sort or ("attention" if wants_attention else ""))
        return sort.key if sort else None

    def _only(self) -> frozenset[JobId] | None:
        wanted = self.look.profile
        if not wanted or wanted not in self._profile_names():
            return None
        return frozenset(job for job, it in self.board.states.items() if self._profile_of(it.job) == wanted)

    def _profile_of(self, job: Job) -> str:
        return job.profile or self._profile_names()[0]

    # What is shown

    def show_all(self, now: Moment) -> None:
        """Update `shown`, `moment` and `order` to the present."""
        self.moment = now
        self.shown = self.board
        self._tally.count(self.shown.states.values(), now.at, self._interval_of)
        self._changed.clear()
        self._due.clear()
        self._note_due(self._tally.jobs[Condition.RUNNING])
        self._sort_all()
        self._arrange()
        self.unseen.release(now.at)

    def pass_time(self, now: Moment) -> None:
        """Update `shown`, `moment` and `order` where nothing but readings and time has changed them.

        It is cheaper than `show_all`, since only rows that may have moved get a new sort key. Time alone moves a row
        whose state gets another word, one that runs, and one whose change was seen a while ago.
        """
        if self._row_order.depends_on_time:
            self.show_all(now)
            return
        self.moment = now
        other_words = self._tally.count(self.board.states.values(), now.at, self._interval_of)
        self._changed |= other_words | self._tally.jobs[Condition.RUNNING].keys() | self.unseen.recent
        self.show_changed()
        self.unseen.release(now.at)

    def _sort_all(self) -> None:
        self._row_order.sort = self._sort_key()
        self._row_order.take(self.shown.states, self.row)

    def _arrange(self) -> None:
        self.order = self._row_order.order()
        self.groups.arrange(self.order, self.row, self._profile_names()[0] if self.groups.by == "profile" else "")

    def show_changed(self) -> set[JobId]:
        """Update `shown` and `order`. Returns the jobs that were read since the last update."""
        jobs, self._changed, self.shown = self._changed & self.board.states.keys(), set(), self.board
        self._tally.follow((self.shown.states[job] for job in jobs), self._interval_of)
        self._note_due(jobs)
        if self._row_order.sort is not self._sort_key():
            self._sort_all()
            self._arrange()
        elif self._row_order.moved(jobs, self.row) or self.groups.follow(jobs, self.row):
            self._arrange()
        return jobs

    def _note_due(self, jobs: Iterable[JobId]) -> None:
        for job in jobs:
            self._due.pop(job, None)
            state = self.shown.states[job]
            is_known = state.current_run and (state.runs or state.records)  # without past runs nothing is usual
            if is_known and (due := self.row(job).due):
                self._due[job] = due

    def state_of(self, job: JobId) -> JobState:
        """The state that is shown of the job."""
        return self.shown.states[job]

    def row(self, job: JobId) -> Row:
        state = self.shown.states[job]
        last = state.last.received if state.last else self.moment
        now = max(last, self.moment)
        drawn_at = self.moment.at
        is_held = self.unseen.is_held(job, drawn_at)
        explained_by = self._explained_by(state)
        interval = self._interval_of(state) if state.good else inf  # without an age there is nothing to measure
        return Row(state, now, interval, drawn_at, explained_by, job in self.unseen, is_held)

    def take_troubles(self, troubles: Mapping[str, Failure]) -> bool:
        """Take what the banner says of whole profiles; rows do not repeat it. Returns whether it is something else."""
        before, self._troubles = self._troubles, troubles
        return {name: it.cause for name, it in before.items()} != {name: it.cause for name, it in troubles.items()}

    def _explained_by(self, state: JobState) -> str | None:
        """The profile of which the banner says why this job gives no answer: see `Row.explained_by`."""
        trouble = self._trouble_of(state)
        if not (trouble and state.failure) or trouble.cause != state.failure.cause:
            return None
        return self._profile_of(state.job) if len(self._profile_names()) > 1 else ""

    def _trouble_of(self, state: JobState) -> Failure | None:
        """What the banner says of the job's profile."""
        return self._troubles.get(self._profile_of(state.job)) if self._troubles else None

    def _is_in_banner(self, state: JobState, condition: Condition) -> bool:
        """Whether the banner says why the job gives no answer, or why it is not asked and has become stale."""
        waits = condition is Condition.STALE and not state.failure and self._trouble_of(state) is not None
        return waits or self._explained_by(state) is not None

    @property
    def only_profile(self) -> str | None:
        """Name of the only profile shown; None if all are."""
        return None if self._row_order.only is None else self.look.profile

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter may hide jobs."""
        return bool(self.look.filter or self.look.problems_only or self.only_profile is not None)

    @property
    def only(self) -> tuple[str, ...]:
        """What of the jobs is shown, but for the filter, which has a line of its own."""
        problems = ("problems",) if self.look.problems_only else ()
        return problems if self.only_profile is None else (*problems, clean(self.only_profile))

    @property
    def summary(self) -> Summary:
        return self._tally.summary

    def ends(self, glyphs: Glyphs) -> tuple[tuple[str, str], ...]:
        """The names of the jobs whose runs usually end next, and when, in the words of their rows."""
        return tuple((due.name, due.text(glyphs)) for due in nsmallest(ENDS_NAMED, self._due.values()))

    def out_of_view(self, in_view: Iterable[JobId]) -> Mapping[JobId, Condition | None]:
        """The jobs that want attention and have no row on the screen, in the order of "attention", and their
        conditions; None for what has changed and did not fail. Without those that the banner explains."""
        states, tally = self.shown.states, self._tally.jobs
        new = [job for job in self.unseen.jobs if job in states]
        failed = tally[Condition.FAILED]
        found: dict[JobId, Condition | None] = {}
        found |= dict.fromkeys((*(job for job in new if job in failed), *failed), Condition.FAILED)
        for job in new:
            found.setdefault(job, None)
        for condition in PROBLEMS:
            for job in tally[condition]:
                if not self._is_in_banner(states[job], condition):
                    found.setdefault(job, condition)
        for job in in_view:
            found.pop(job, None)
        return found

    def hides(self, jobs: Iterable[JobId]) -> bool:
        """Whether a filter or a folded group hides any of these jobs, so that no scrolling shows it."""
        if not (self.is_narrowed or self.groups.folded):
            return False
        shown = set(self.order)
        return any(job not in shown or self.groups.hides(job) for job in jobs)

    @property
    def changed(self) -> int:
        """How many jobs changed and were not seen since."""
        return sum(job in self.shown.states for job in self.unseen.jobs)

    @property
    def changed_since(self) -> str:
        """When the first of them was noticed; empty if none changed."""
        return self._clock(self.unseen.since)

    @property
    def quiet_since(self) -> str:
        """Since when no job has changed; empty if one has and was not seen yet, if not all answers are current, and
        where there are no jobs."""
        doubtful = (Condition.NO_ANSWER, Condition.STALE, Condition.UNREAD, Condition.PAUSED)
        if self.changed or not self.shown.states or any(self.summary.counts[one] for one in doubtful):
            return ""
        return self._clock(self.unseen.last_change)

    def _clock(self, at: Moment | None) -> str:
        return clock(at.by(self.moment).timestamp(), self.moment.wall) if at else ""

    def empty_text(
        self,
        key: Key,
        trouble: Failure | None = None,
        no_credential: Failure | None = None,
        sign_in_helps: bool = False,
    ) -> str:
        """The text shown instead of rows; empty if there are rows to show.

        `trouble` is why nothing can be read; `no_credential`, why there is none; `sign_in_helps`,
        whether the user can mend the trouble so.
        """
        states = self.shown.states
        if not states:
            return _no_jobs(key, no_credential)
        if not self.order:
            return self._no_rows(key)
        if trouble and all(state.status is None for state in states.values()):
            return _could_not_ask(len(states), key, trouble, sign_in_helps)
        return ""

    def _no_rows(self, key: Key) -> str:
        look, only = self.look, self._row_order.only
        if look.filter:
            ways = f"Press {key('back')} to clear it, {key('filter')} to change it."
            among = " among the problems" if look.problems_only else ""
            said = " ".join(filter(None, (clean(what_it_may_mean(look.filter)), ways)))
            return f"Nothing{among} matches the filter {clean(look.filter)!r}.\n\n{said}"
        asked = self.shown.states.keys() if only is None else only
        if asked and look.problems_only:
            return self._no_problems(asked, key)
        return f"No job of the profile {clean(look.profile)!r}.\n\nPress {key('profile')} to show all profiles."

    def _no_problems(self, asked: AbstractSet[JobId], key: Key) -> str:
        """The text in place of rows where none of these jobs is a problem: nothing is said of what is not known."""
        tally = self._tally.jobs
        unread = asked - {job for jobs in tally.values() for job in jobs}
        unknown = {"unread": unread, "paused": asked & tally[Condition.PAUSED].keys()}
        named = ", ".join(f"{len(jobs)} {word}" for word, jobs in unknown.items() if jobs)
        known = len(asked) - sum(map(len, unknown.values()))
        every = "All others answer" if named else "Every job answers"
        where = f" in the profile {clean(self.look.profile)!r}" if self.only_profile else ""
        sentences = (
            f"{named}: what they do is not known." if named else "",
            f"{every}, no build failed, none is stale or takes longer than usual." if known else "",
            f"Press {key('only_problems')} to show all jobs.",
        )
        return f"No problems{where}{' are known' if named else ''}.\n\n{' '.join(filter(None, sentences))}"


def _names(board: Board) -> ShortNames:
    return ShortNames(one.name for one in board.states.values())


def _could_not_ask(watched: int, key: Key, trouble: Failure, sign_in_helps: bool) -> str:
    way = f"Retrying by itself. Press {key('refresh')} to try now."
    if trouble.kind.retry is Retry.SIGN_IN:
        way = f"Press {key('refresh')} once that is put right."
        if sign_in_helps:
            way = f"Press {key('sign_in')} to sign in, or {key('refresh')} once the credential is right elsewhere. "
            way += "A changed token file is noticed by itself."
    return f"Could not ask about {'the job' if watched == 1 else f'any of the {watched} jobs'}.\n\n{way}"


def _no_jobs(key: Key, no_credential: Failure | None) -> str:
    sign_in = ""
    if no_credential:
        sign_in = f"You are not signed in: press {key('sign_in')} to do that.\n{no_credential.summary}\n"
    return (
        f"No jobs yet.\n\n{sign_in}"
        f"Press {key('add')} to add some, or paste here what you have: IDs, addresses of build tasks, a whole "
        "message.\n"
        f"Press {key('find')} to choose from the jobs of your projects.\n"
        "The ID is the 32 letters and digits at the end of the address of the build task's page."
    )
