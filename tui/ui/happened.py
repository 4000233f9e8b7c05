"""What happened to the jobs: past times without answers, the digest after a time without keys, changes not seen yet."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from math import inf
from typing import TYPE_CHECKING

from tui.core.board import Board, JobState, states_on_both
from tui.core.job import JobId
from tui.core.reading import Moment
from tui.core.run import Outcome

if TYPE_CHECKING:
    from tui.core.past_events import Digest, Outage, PastEvent

QUIET = 60.0
"""Seconds without a key after which the first rows stay in view, wherever the cursor's job goes to."""
LOOK_AROUND = 10.0
"""Seconds after the first key in which no key takes a mark away, except from the row that it moves the cursor to."""
SILENT = 600.0
"""Seconds without a key after which the next one brings a digest."""
OUTAGES = 500


class Happened:
    """Remembers when a key was pressed last, and what the jobs' states do not keep."""

    def __init__(self, now: Moment) -> None:
        self._outages: deque[Outage] = deque(maxlen=OUTAGES)
        self._last_key = now
        self._back_since = inf
        """When the first key was pressed after the last quiet time; seconds. Infinite before the first key."""
        self.has_key = False
        """Whether a key was pressed at all."""
        self.silent_since = now
        """When the time that the digest is about began."""
        self._silence: tuple[float, float] | None = None
        """When the silence began and ended, by this machine's clock as it was then or is now, whichever makes it
        longer; epoch seconds. None if no digest is shown."""
        self._way: Sequence[JobId] = ()
        """The jobs to go through while the digest is shown, as they were at the first step."""
        self._at = -1
        """The place in it that was gone to last."""
        self.has_just_woken = False
        """Whether the last key was the one that ended the silence: it does what it always does."""

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Take what ended between the two boards."""
        from tui.core.past_events import ended_outage  # the first frame needs none of it

        for was, now in states_on_both(before, after, jobs):
            if outage := ended_outage(was, now):
                self._outages.append(outage)

    def events(self, states: Iterable[JobState], now: Moment) -> "list[PastEvent]":
        """The last events of these jobs, newest first."""
        from tui.core.past_events import events

        states = list(states)
        watched = {state.job.id for state in states}
        return events(states, (one for one in self._outages if one.job in watched), now.wall.timestamp())

    def key(self, now: Moment) -> bool:
        """Takes note of a key, a click or a paste. Returns whether it ended a silence."""
        if self.is_quiet(now):
            self._back_since = now.at
        before = self._last_key
        self.has_just_woken = now.at - before.at >= SILENT
        if self.has_just_woken:
            if not self._silence:
                self.silent_since = before
            began = self.silent_since
            since, until = min(began.wall, began.by(now)), max(now.wall, now.by(before))
            self._silence = since.timestamp(), until.timestamp()
            self._way, self._at = (), -1
        self._last_key, self.has_key = now, True
        return self.has_just_woken

    def is_quiet(self, now: Moment) -> bool:
        """Whether no key was pressed yet, or none for a while."""
        return not self.has_key or now.at - self._last_key.at >= QUIET

    def may_have_seen(self, now: Moment) -> bool:
        """Whether a key counts as a sign that the user has seen what is in view: not the first ones after a quiet
        time, since then the user only begins to look."""
        return now.at - self._back_since >= LOOK_AROUND

    def digest(self, states: Iterable[JobState]) -> "Digest | None":
        """What happened in the silence; None if no digest is shown, or if nothing happened."""
        if self._silence is None:
            return None
        from tui.core.past_events import digest

        found = digest(states, *self._silence)
        return found if found.counts else None

    @property
    def may_close(self) -> bool:
        """Whether a key may close the digest, or go through it."""
        return self._silence is not None and not self.has_just_woken

    def close_digest(self) -> None:
        self._silence = None

    def go_on(
        self, step: int, cursor: JobId | None, way: Callable[[], Sequence[JobId]], shown: Collection[JobId]
    ) -> JobId | None:
        """Returns the next job of the way, wherever the cursor is; None if there is no job but the cursor's.

        `way` is called at the first step, and again after the last job. Only jobs that are `shown` count.
        """
        return next((job for job in self._steps(step, way) if job != cursor and job in shown), None)

    def _steps(self, step: int, way: Callable[[], Sequence[JobId]]) -> Iterator[JobId]:
        for _ in range(2):
            while 0 <= self._at + step < len(self._way):
                self._at += step
                yield self._way[self._at]
            self._way = way()
            self._at = -1 if step > 0 else len(self._way)


def way_through(digest: "Digest", marked: Collection[JobId], problems: Iterable[JobId]) -> Sequence[JobId]:
    """Each job once: failures that are marked as new, the others of the digest, the worst first; then the problems."""
    first = [job for job in digest.jobs if job in marked]
    return list(dict.fromkeys([*first, *marked, *digest.jobs, *problems]))


HELD = 60.0
"""Seconds that a row keeps its place among the changed ones after its change was seen: nothing moves under the eyes."""
LONG_ENOUGH = 2.0
"""Seconds that a change must have been on the screen before a key counts as a sign that it was seen. As long must the
cursor have been on a row where the program has put it."""


class Unseen:
    """Jobs that started or stopped, by the moment at which that was noticed.

    A failed build stays until the cursor was on it. Any other change, once it was in view, until a key was pressed by a
    user who was there: see `Happened.may_have_seen`.
    """

    def __init__(self) -> None:
        self._since: dict[JobId, Moment] = {}
        """By job: when the first of its unseen changes was noticed. A change from before this start of the program has
        the time of the last answer before that."""
        self._unread: dict[JobId, Moment] = {}
        """The same of jobs that gave no answer since this start of the program: no news before they are read."""
        self._drawn: dict[JobId, float] = {}
        """Since when the change has been in view."""
        self._seen: dict[JobId, float] = {}
        """When the last change was seen."""
        self.last_change: Moment | None = None
        """When a job changed last, or when the first answer came after a time in which a change may have been missed.
        None before the first answer."""

    def __contains__(self, job: object) -> bool:
        return job in self._since

    @property
    def jobs(self) -> Collection[JobId]:
        return self._since.keys()

    @property
    def since(self) -> Moment | None:
        """Since when there are changes that were not seen; None if there are none."""
        return min(self._since.values(), key=lambda moment: moment.at, default=None)

    def look(self, before: Board, after: Board, jobs: Iterable[JobId], now: Moment) -> None:
        """Note which of these jobs changed between the two boards."""
        for was, state in states_on_both(before, after, jobs):
            is_news, job = _is_news(was, state), state.job.id
            if is_news or _is_first(was, state):
                self.last_change = now
            if not (is_news or job in self._unread):
                continue
            since = self._unread.pop(job, None) or _since(was, state, now)
            if state.is_remembered:
                self._unread[job] = since
            else:
                self._since.setdefault(job, since)
                self._drawn.pop(job, None)

    @property
    def recent(self) -> set[JobId]:
        """Jobs whose change was not seen yet, or is not forgotten by `release`."""
        return self._since.keys() | self._seen.keys()

    def keep(self, jobs: Collection[JobId]) -> None:
        """Forget all jobs but these."""
        self._since = {job: at for job, at in self._since.items() if job in jobs}
        self._unread = {job: at for job, at in self._unread.items() if job in jobs}

    def is_held(self, job: JobId, now: float) -> bool:
        """Whether its change was seen only just."""
        return now - self._seen.get(job, -inf) < HELD

    def release(self, now: float) -> None:
        """Forget the changes that are not held any more. Call it after the rows were sorted: held ones count there."""
        self._seen = {job: at for job, at in self._seen.items() if now - at < HELD}

    def show(self, in_view: Iterable[JobId], now: float) -> None:
        """Take note that these jobs are in view."""
        for job in in_view:
            if job in self._since:
                self._drawn.setdefault(job, now)

    def see(self, job: JobId | None, now: float) -> bool:
        """Take note that the cursor is on this job. Returns whether a change of it was unseen until now."""
        if job is None or self._since.pop(job, None) is None:
            return False
        self._seen[job] = now
        return True

    def key(self, in_view: Iterable[JobId], now: float, has_failed: Callable[[JobId], bool]) -> set[JobId]:
        """Take note of a key. Returns the jobs whose change counts as seen by that."""
        seen = {
            job
            for job in in_view
            if job in self._since and now - self._drawn.get(job, now) >= LONG_ENOUGH and not has_failed(job)
        }
        for job in seen:
            self.see(job, now)
        return seen


def _is_news(was: JobState, state: JobState) -> bool:
    """Whether it started or stopped, a run was missed, or the run that was seen to stop turned out to have failed."""
    if state.has_changed_since(was) or _shows_missed_run(was, state):
        return True
    return bool(state.stopped_run) and _outcome(state) is Outcome.FAILED and _outcome(was) is not Outcome.FAILED


def _is_first(was: JobState, state: JobState) -> bool:
    """Whether the answer is the first one of this start, or the first after a gap."""
    return (state.good is not None and (was.good is None or was.is_remembered)) or state.gaps is not was.gaps


def _shows_missed_run(was: JobState, state: JobState) -> bool:
    """Whether a run was missed, between two readings or before this start: the service tells of a later one."""
    before, last = was.last_run, state.last_run
    return bool(before and last and 0 < before.number < last.number)


def _since(was: JobState, state: JobState, now: Moment) -> Moment:
    """When the change was noticed: now; but a missed run counts from its end, and what changed before this start of the
    program counts from the last answer before that."""
    if was.is_remembered and was.good:
        return was.good.received
    ended = state.last_run and state.last_run.ended_at
    if ended and was.since and _shows_missed_run(was, state) and was.since.by(now) < ended < now.wall:
        return Moment(now.at - (now.wall - ended).total_seconds(), ended)
    return now


def _outcome(state: JobState) -> Outcome | None:
    return state.last_run and state.last_run.outcome
