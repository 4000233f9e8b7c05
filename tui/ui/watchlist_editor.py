"""Changes of the watchlist: by this program, with undo, and by others. No widgets."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.text import as_sentence
from tui.storage.watchlist import Watchlist, WatchlistBroken, WatchlistEdit
from tui.threads import DiskThread
from tui.ui.screen_deps import ScreenDeps

STEPS_KEPT = 200
"""Most changes that can be undone."""
TEXT_KEPT = 32 << 20
"""Most characters in the texts kept for undoing all but the newest change; beyond that the oldest go first."""


class UndoStep(NamedTuple):
    """A change that can be undone or redone. Its texts name the jobs later: their names may become known."""

    jobs: Sequence[Job]
    what: str
    """Such as `removed {jobs}`."""
    undone: str
    """What undoing it brings about, such as `{are} in the list again`."""
    edit: WatchlistEdit


class Undone(NamedTuple):
    """The outcome of an undo or redo."""

    jobs: Sequence[Job] = ()
    what: str = ""
    """What has happened to them now, as in `UndoStep`; empty if nothing was left to undo."""
    edit: WatchlistEdit | None = None
    """None if it was not saved."""


class Emptied(Enum):
    """Whether another program removed all jobs from the file, and whether the user was asked about it."""

    NO = "no"
    FOUND = "found"
    """The user is not asked yet. Nothing is written until the user has chosen."""
    ASKED = "asked"
    """The user is asked, or closed the question without choosing."""


_GONE = "Not saved: no longer in the watchlist"
_NOT_INTO_EMPTIED = UserError("Not saved: the watchlist's file has no jobs any more")


class WatchlistEditor:
    """Changes the watchlist, and saves each change before it is shown. Owns the store and the undo list."""

    def __init__(
        self, deps: ScreenDeps, disk: DiskThread, use: Callable[[Watchlist, bool], None], failed: Callable[[], None]
    ) -> None:
        """`use` is called with each new watchlist, and whether it changed by itself: another program wrote the file.
        `failed` is called if a change was not saved; `warning` has the reason.
        """
        self._store = deps.store
        self.watched: Sequence[Job] = deps.jobs
        """The jobs on the screen; they stay there while the file is broken or emptied."""
        self._disk = disk
        self._use = use
        self._failed = failed
        self._usual_warning = self._warning = deps.warning
        self.faults = tuple(deps.notices)
        """What is wrong with single entries of the file; such entries stay in it."""
        self._is_broken = False
        self._unsaved: UserError | None = None
        """Why the last change was not saved."""
        self.is_saving = False
        """Whether a change is being saved. The disk may go on with it after the screen has closed."""
        self._one_at_a_time = asyncio.Lock()
        """Held until a change is in the undo list: an undo that comes before the disk is done waits for it."""
        self._done: list[UndoStep] = []
        self._undone: list[UndoStep] = []
        self.emptied = Emptied.NO

    @property
    def warning(self) -> str:
        """Why the last change was not saved, or what is wrong with the file; empty if neither."""
        return self._why_unsaved() or self._warning

    def _why_unsaved(self) -> str:
        return str(self._unsaved or "")

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    # Changes by this program

    async def add(self, jobs: Sequence[Job]) -> str:
        """Returns why the jobs were not saved; empty if they were."""
        async with self._one_at_a_time:
            said = jobs, "added {jobs}", "{are} out of the list again"
            await self._change(said, self._store.add, jobs)
            return self._why_unsaved()

    async def remove(self, jobs: Sequence[Job]) -> bool:
        """Returns whether any job was removed."""
        async with self._one_at_a_time:
            said = jobs, "removed {jobs}", "{are} in the list again"
            made = await self._change(said, self._store.remove, [job.id for job in jobs])
            return made is not None and made.before != made.after

    async def edit(
        self, values: Mapping[JobId, Mapping[str, object]], jobs: Sequence[Job], what: str, undone: str
    ) -> str:
        """Set labels or tags. `jobs`, `what` and `undone` are those of the `UndoStep`. Returns why they were not saved;
        empty when they were."""
        async with self._one_at_a_time:
            watched = {job.id for job in self.watched}
            kept = {job: its for job, its in values.items() if job in watched}
            if not kept:
                return _GONE
            made = await self._change((jobs, what, undone), self._store.edit, kept)
            is_gone = made is not None and kept.keys().isdisjoint(job.id for job in made.after.jobs)
            return _GONE if is_gone else self._why_unsaved()

    async def undo(self) -> Undone:
        """Undo the last change."""
        return await self._step(self._done, self._undone, lambda step: step.undone)

    async def redo(self) -> Undone:
        """Redo the change that was undone last."""
        return await self._step(self._undone, self._done, lambda step: step.what)

    async def _step(self, source: list[UndoStep], target: list[UndoStep], say: Callable[[UndoStep], str]) -> Undone:
        async with self._one_at_a_time:
            if not source:
                return Undone()
            step = source[-1]
            made = await self._change(None, self._store.undo, step.edit)
            if made:
                source.pop()
                target.append(step._replace(edit=made))
            return Undone(step.jobs, say(step), made)

    async def _change(
        self, said: tuple[Sequence[Job], str, str] | None, work: Callable[..., WatchlistEdit], *arguments: object
    ) -> WatchlistEdit | None:
        """Change the file, then call `use`. Returns None if that failed; `warning` then has the reason.

        `said` is what the undo list keeps of the change: see `UndoStep`; None for one that is not put there.
        """
        if self.emptied is not Emptied.NO:
            self._unsaved = _NOT_INTO_EMPTIED
            self._failed()
            return None
        self.is_saving = True
        try:
            made = await self._disk.run(self._save, work, *arguments)
        except UserError as problem:
            self._unsaved = problem
            self._failed()
            return None
        self._unsaved = None
        if said and made.before != made.after:
            self._remember(UndoStep(*said, made))
        self._take(made.after)
        return made

    def _save(self, work: Callable[..., WatchlistEdit], *arguments: object) -> WatchlistEdit:
        try:
            return work(*arguments)
        finally:
            self.is_saving = False

    def _remember(self, step: UndoStep) -> None:
        self._done.append(step)
        while len(self._done) > STEPS_KEPT or sum(_size(step.edit) for step in self._done[:-1]) > TEXT_KEPT:
            del self._done[0]
        self._undone.clear()

    def _take(self, watchlist: Watchlist, by_itself: bool = False) -> None:
        self.emptied = Emptied.NO
        if self._unsaved is _NOT_INTO_EMPTIED:
            self._unsaved = None
        self.watched, self.faults = watchlist.jobs, watchlist.warnings
        self._use(watchlist, by_itself)

    # Changes by others

    def changed(self) -> bool:
        """Whether another program changed the file since it was last read or written. Never raises."""
        return self._store.changed()

    async def reload(self) -> str:
        """Load the file again. If it is broken or has no jobs any more, the list stays as it was.

        Returns what is wrong with the file, once for each time that it breaks.
        """
        try:
            found = await self._disk.run(self._store.load)
        except UserError as problem:
            is_news, self._is_broken = not self._is_broken, True
            said = as_sentence(str(problem))
            self._warning = f"{said} The list below stays as it was."
            return said if is_news else ""
        self._is_broken = False
        self._warning = self._usual_warning
        if isinstance(self._unsaved, WatchlistBroken):
            self._unsaved = None
        if self.watched and not found.jobs:
            self.emptied, self.faults = Emptied.FOUND, found.warnings
        else:
            self._take(found, by_itself=True)
        return ""

    async def write_back(self) -> None:
        """Write the watched jobs into the emptied file."""
        self.emptied = Emptied.NO
        await self._change(None, self._store.add, self.watched)

    def accept_empty(self) -> None:
        """Stop watching all jobs, as the emptied file says."""
        self._take(Watchlist())


def jobs_in_words(jobs: Sequence[Job]) -> str:
    """`web`, or `2 jobs`."""
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"


def are(jobs: Sequence[Job]) -> str:
    """`web is`, or `2 jobs are`."""
    return f"{jobs_in_words(jobs)} {'is' if len(jobs) == 1 else 'are'}"


def _size(edit: WatchlistEdit) -> int:
    return len(edit.before.text) + len(edit.after.text)
