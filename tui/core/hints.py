"""What lists of jobs say about builds: hints. A hint decides which job is read next; only a status call makes a status.

Times are seconds of the caller's clock.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import inf
from typing import NamedTuple

from tui.core.job import JobId
from tui.core.reading import Status

PAGE_SIZE = 100
"""Entries on a page of a list, jobs or projects."""
DOUBT_LASTS = 10.0
"""Seconds. Two status calls that far apart, which both disagree with the list, contradict it."""
FIRST_REST, LONGEST_REST = 60.0, 900.0
"""Seconds for which a job's hints move nothing after one that brought nothing; doubled each time."""
AGREEMENTS, FINDS = 50, 3
"""Trust is earned by this many status calls that agree with the list, and by this many changes that it showed
first."""
DISTRUSTED = 3600.0
"""Seconds without trust after a contradiction. Also without hints after too many that brought nothing: doubled then
each time."""
MOST_DOUBLINGS = 3
TOO_MANY_WASTED = 10
_REMEMBERED = 40
"""Finds and wasted readings together after which both count half."""


class Hint(NamedTuple):
    """What one list said about one job."""

    is_running: bool | None
    """None if the list does not say."""
    fingerprint: tuple[object, ...] = ()
    """All that the list says about the last build: it changes when a build starts or ends."""
    number: int = 0
    """Of the last build; 0 if the list does not say."""
    project: str = ""


class HintPage(NamedTuple):
    """One page of a list."""

    hints: Mapping[JobId, Hint]
    total: int | None = None
    """Jobs on all pages; None if the list does not say."""
    all_building: bool = False
    """Whether there is a job on the page, and the last build of each is going on."""


class HintVerdict(StrEnum):
    """What a status call says about the hint before it."""

    NOTHING = "nothing"
    AGREES = "agrees"
    FOUND = "found"
    """The hint led to a change of status."""
    WASTED = "wasted"
    """The job was read because of its hint, and nothing had changed."""
    CONTRADICTS = "contradicts"
    """The list says otherwise than two status calls, and was read between them."""


class JobHint(NamedTuple):
    """The last hint about one job, and what became of it."""

    hint: Hint = Hint(None)
    asked_at: float = -inf
    """When the page with that hint was asked for."""
    wanted_at: float | None = None
    """When the hint asked for a status call; None if it does not."""
    is_new_run: bool = False
    """Whether that was for a build that may be over already."""
    status_changed: bool = False
    """Whether a status call brought another status since the hint."""
    agreed: bool = False
    """Whether a hint ever agreed with a status call."""
    refuted: tuple[object, ...] | None = None
    """The fingerprint and the status with which a status call answered it."""
    doubted_at: float | None = None
    """When the first status call left that disagrees with the hint."""
    wasted: int = 0
    """Hints in a row that brought nothing."""
    ignored_until: float = -inf

    def hear(self, hint: Hint, status: Status | None, asked_at: float, now: float) -> "JobHint":
        """The state after a page says this about a job with this status. It wants a status call if `wanted_at` is set.

        A change that a status call has found already wants none, nor does a hint that a status call has refuted.
        """
        is_known = self.asked_at > -inf
        is_changed = is_known and hint.fingerprint != self.hint.fingerprint
        disagrees = _disagrees(hint, status)
        if status is None:
            wants = bool(hint.is_running)
        elif disagrees:
            wants = self.refuted != (*hint.fingerprint, status)
        else:
            wants = is_changed and not self.status_changed
        wants = wants and now >= self.ignored_until
        return self._replace(
            hint=hint,
            asked_at=asked_at,
            wanted_at=now if wants and self.wanted_at is None else self.wanted_at,
            is_new_run=self.is_new_run or (is_changed and hint.number > self.hint.number > 0),
            status_changed=self.status_changed and disagrees,
            doubted_at=self.doubted_at if disagrees else None,
        )

    def check(self, status: Status, before: Status | None, sent: float, now: float) -> tuple["JobHint", HintVerdict]:
        """The state after a status call that left at `sent`, and what it says about the hint."""
        is_changed = before is not None and status is not before
        state = self._replace(status_changed=self.status_changed or is_changed)
        was_wanted = self.wanted_at is not None and sent >= self.wanted_at
        if was_wanted:
            state = state._replace(wanted_at=None, is_new_run=False)
        if self.asked_at == -inf or self.hint.is_running is None or sent < self.asked_at:
            return state, HintVerdict.FOUND if was_wanted and is_changed else HintVerdict.NOTHING
        if _disagrees(self.hint, status):
            return state.disagree(status, is_changed, was_wanted, sent, now)
        state = state._replace(agreed=True, doubted_at=None, refuted=None)
        if was_wanted and is_changed:
            return state._replace(wasted=0), HintVerdict.FOUND
        if was_wanted and before is not None:
            is_short_run = self.is_new_run and not self.wasted
            return state.waste(now), HintVerdict.AGREES if is_short_run else HintVerdict.WASTED
        return state, HintVerdict.AGREES

    def disagree(
        self, status: Status, is_changed: bool, was_wanted: bool, sent: float, now: float
    ) -> tuple["JobHint", HintVerdict]:
        """The list may lag, lie, or be older than the change that the status call found."""
        state = self
        if was_wanted and not is_changed:
            state = state.waste(now)._replace(refuted=(*self.hint.fingerprint, status))
        if self.doubted_at is None:
            state = state._replace(doubted_at=sent)
        elif self.asked_at > self.doubted_at and sent >= self.doubted_at + DOUBT_LASTS and not is_changed:
            return state._replace(doubted_at=sent), HintVerdict.CONTRADICTS
        if was_wanted and is_changed:
            return state._replace(wasted=0), HintVerdict.FOUND
        return state, HintVerdict.WASTED if was_wanted and self.agreed else HintVerdict.NOTHING

    def waste(self, now: float) -> "JobHint":
        """The state after a hint that brought nothing: the next ones are ignored for longer and longer."""
        rest = min(FIRST_REST * 2.0 ** min(self.wasted, 16), LONGEST_REST)
        return self._replace(wasted=self.wasted + 1, ignored_until=now + rest)


class Trust(NamedTuple):
    """What the lists of one project have been worth so far."""

    agreed: int = 0
    """Status calls that agreed since the last contradiction."""
    proved: int = 0
    """Changes that the list showed first since then."""
    found: int = 0
    """Hints that led to a change, and those that brought nothing; what is long ago counts less."""
    wasted: int = 0
    distrusted_until: float = -inf
    worthless_until: float = -inf
    """Until then its hints are not used."""
    rests: int = 0
    """How often its hints were not used for a while."""

    def is_earned(self, now: float) -> bool:
        is_used = now >= max(self.distrusted_until, self.worthless_until)
        return is_used and self.agreed >= AGREEMENTS and self.proved >= FINDS

    def after(self, verdict: HintVerdict, now: float) -> "Trust":
        match verdict:
            case HintVerdict.NOTHING:
                return self
            case HintVerdict.AGREES:
                return self._replace(agreed=self.agreed + 1)
            case HintVerdict.FOUND:
                more = {"agreed": self.agreed + 1, "proved": self.proved + 1, "found": self.found + 1}
                return self._replace(**more).faded()
            case HintVerdict.CONTRADICTS:
                return self._replace(agreed=0, proved=0, distrusted_until=now + DISTRUSTED)
            case HintVerdict.WASTED:
                return self._replace(wasted=self.wasted + 1).judged(now)

    def judged(self, now: float) -> "Trust":
        """The state after a waste: hints that bring nothing are not used for a while."""
        if self.wasted >= TOO_MANY_WASTED and self.wasted > 2 * self.found:
            rest = DISTRUSTED * 2.0 ** min(self.rests, MOST_DOUBLINGS)
            return Trust(distrusted_until=self.distrusted_until, worthless_until=now + rest, rests=self.rests + 1)
        return self.faded()

    def faded(self) -> "Trust":
        """The state in which what is long ago counts less."""
        if self.found + self.wasted <= _REMEMBERED:
            return self
        return self._replace(found=self.found // 2, wasted=self.wasted // 2)


def _disagrees(hint: Hint, status: Status | None) -> bool:
    return status is not None and hint.is_running is not None and hint.is_running != (status is Status.RUNNING)
