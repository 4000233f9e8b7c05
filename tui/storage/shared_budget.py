"""The shared budget of a credential: a thread that tells other instances what is spent, and hears what they tell.

The caller never waits for a disk or a lock: it leaves what it has to tell, and takes what was heard last. If the
folder cannot be used or does not respond, the instance goes on as if it were alone.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from tui.core.budget import Identity, Limit, Spending, Told
from tui.core.errors import UserError
from tui.storage.budget_folder import BudgetFolder, BudgetUnusable
from tui.storage.files import reason
from tui.storage.learned import RememberedLimits

ALONE, TOGETHER, UNSURE = 2.0, 1.0, 0.25
"""Seconds between two exchanges: without others, with others, and with others while no limit is known."""
TRIED_AGAIN = 60.0
"""Seconds until a folder is tried again that could not be used."""
REMEMBERED_ANEW = 3600.0
"""Seconds by which a limit must be newer than the remembered one to be written down again."""
_LAST_WORD = 0.2
"""Seconds that the end may wait for the last exchange."""

_log = logging.getLogger(__name__)


class SharedBudget:
    """For one profile. Times of `Spending` are seconds of `clock`; `now` returns seconds of the epoch."""

    def __init__(
        self,
        open_folder: Callable[[str], BudgetFolder],
        limits: RememberedLimits | None,
        identity: Callable[[], Identity | None],
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._open_folder, self._limits, self._identity = open_folder, limits, identity
        self._clock, self._now = clock, now
        self._mine: tuple[Spending, Identity] | None = None
        self._told: Told | None = None
        self._ready: Callable[[], object] | None = None
        self._poke = threading.Event()
        self._has_ended = False
        self._refused_at = 0.0
        self._thread: threading.Thread | None = None
        # Used by the thread alone:
        self._folder: BudgetFolder | None = None
        self._current: Identity | None = None
        self._written: Limit | None = None
        """The limit that is written down."""
        self._next_try = 0.0

    def exchange(self, spending: Spending) -> Told | None:
        """Returns what was told last; None before anything was heard. Never blocks."""
        if identity := self._identity():
            self._mine = spending, identity
            if not self._thread:
                self._thread = threading.Thread(target=self._work, name="budget", daemon=True)
                self._thread.start()
            if spending.refused_at > self._refused_at:
                self._refused_at = spending.refused_at
                self._poke.set()
        elif not self._told:
            self._told = Told()
        return self._told

    def when_told(self, ready: Callable[[], object]) -> None:
        """Calls `ready`, in the thread, when another instance is heard for the first time."""
        self._ready = ready

    def end(self) -> None:
        """Leaves the last word, and waits a moment for it."""
        self._has_ended = True
        self._poke.set()
        if self._thread:
            self._thread.join(_LAST_WORD)

    def _work(self) -> None:
        while mine := self._mine:
            others = self._round(*mine)
            if self._has_ended and mine is self._mine:
                break
            self._poke.wait(_period(others, mine[0].limit))
            self._poke.clear()
        self._leave_folder()

    def _round(self, spending: Spending, identity: Identity) -> tuple[Spending, ...]:
        """Tells and hears once. Returns what the others told."""
        now = self._now()
        ahead = now - self._clock()
        if identity != self._current:
            self._leave_folder()
            self._current, self._next_try = identity, 0.0
            self._written = self._limits.limit(identity.remembered, now) if self._limits else None
        others = tuple(_shifted(other, -ahead) for other in self._heard(_shifted(spending, ahead), identity, now))
        with suppress(UserError):  # a full or read-only disk only means that the limit is learned again
            self._remember(identity, _shifted(spending, ahead), now)
        self._tell(Told(others, _later(self._written, -ahead)))
        return others

    def _heard(self, spending: Spending, identity: Identity, now: float) -> tuple[Spending, ...]:
        if not self._folder and now < self._next_try:
            return ()
        try:
            self._folder = self._folder or self._open_folder(identity.shared)
            return self._folder.exchange(spending)
        except (OSError, BudgetUnusable) as error:
            _log.info("the budget is not shared: %s", why(error))
            self._leave_folder()
            self._next_try = now + TRIED_AGAIN
            return ()

    def _leave_folder(self) -> None:
        if self._folder:
            with suppress(OSError):
                self._folder.close()
        self._folder = None

    def _tell(self, told: Told) -> None:
        is_first, self._told = self._told is None, told
        if is_first and self._ready:
            with suppress(RuntimeError):  # the loop is closed already
                self._ready()

    def _remember(self, identity: Identity, spending: Spending, now: float) -> None:
        """Writes a limit down that is news. Raises UserError where it cannot."""
        before, limit, back = self._written, spending.limit, spending.taken_back
        if not self._limits:
            return
        if limit and limit.is_named:
            is_known = before and before[:2] == limit[:2] and limit.learned - before.learned < REMEMBERED_ANEW
            if not is_known:
                self._written = limit
                self._limits.keep(identity.remembered, limit, now)
        elif before and back and before[:2] == back[:2] and before.learned <= back.learned:
            self._written = None
            self._limits.forget(identity.remembered, now)


def why(error: Exception) -> str:
    """Returns in words why a folder cannot be used."""
    return reason(error) if isinstance(error, OSError) else str(error)


def _period(others: tuple[Spending, ...], limit: Limit | None) -> float:
    if not any(other.is_there for other in others):
        return ALONE
    return TOGETHER if limit else UNSURE


def _shifted(spending: Spending, seconds: float) -> Spending:
    """Returns the same by another clock, which is ahead by so many seconds."""
    return spending._replace(
        at=spending.at + seconds,
        calls=tuple((start + seconds, count) for start, count in spending.calls),
        refused_at=spending.refused_at + seconds,
        waits_until=spending.waits_until + seconds,
        limit=_later(spending.limit, seconds),
        taken_back=_later(spending.taken_back, seconds),
    )


def _later(limit: Limit | None, seconds: float) -> Limit | None:
    return limit and limit._replace(learned=limit.learned + seconds)
