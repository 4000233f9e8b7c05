"""Changes of the watchlist: by this program, with undo, and by others. No widgets."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import NamedTuple, TypeVar

from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.storage.watchlist import Watchlist, WatchlistEdit
from tui.ui.screen_deps import ScreenDeps

STEPS_KEPT = 200
"""Changes that can be undone ..."""
TEXT_KEPT = 32 << 20
"""... as long as the texts before and after them have fewer characters than this."""

Result = TypeVar("Result")


class DiskThread:
    """Does the work that may wait for the disk, one piece after another, beside the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "files")

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *arguments))

    def close(self) -> None:
        self._pool.shutdown(wait=False)


class Step(NamedTuple):
    """A change that can be undone or redone."""

    what: str
    """In words, such as `removing web`."""
    edit: WatchlistEdit


class Undone(NamedTuple):
    """What undo or redo did."""

    what: str = ""
    """The change in words; empty when nothing was left to undo."""
    edit: WatchlistEdit | None = None
    """None when it was not saved."""


class Emptied(Enum):
    """Whether another program took all jobs out of the file, and what the user knows of that."""

    NO = "no"
    FOUND = "found"
    """The user has not been asked yet what it means: nothing is written until the user has chosen."""
    ASKED = "asked"
    """The user was asked, and has not chosen yet."""


class WatchlistEditor:
    """Owns the store and what can be undone. Each change is on disk before it is on the screen."""

    def __init__(
        self, deps: ScreenDeps, disk: DiskThread, use: Callable[[Watchlist], None], failed: Callable[[], None]
    ) -> None:
        """`use` shows the watchlist as it is on disk now; `failed` shows why a change was not saved."""
        self._store = deps.store
        self._jobs = tuple(deps.jobs)
        self._disk = disk
        self._use = use
        self._failed = failed
        self._usual_warning = self._warning = deps.warning
        self._is_broken = False
        self._unsaved = ""
        self._one_at_a_time = asyncio.Lock()
        """Held while the file changes and that is noted: undo takes the last change also where the disk is slow."""
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self.emptied = Emptied.NO

    @property
    def warning(self) -> str:
        """Why the last change was not saved, or what is wrong with the file; empty when all is well."""
        return self._unsaved or self._warning

    # Changes by this program

    async def add(self, jobs: Sequence[Job]) -> str:
        """Returns why it was not saved; empty when it was."""
        async with self._one_at_a_time:
            await self._change(f"adding {count(jobs)}", self._store.add, jobs)
            return self._unsaved

    async def remove(self, jobs: Iterable[JobId], name: str) -> bool:
        """Whether they were there and are removed. `name` is what the user calls them."""
        async with self._one_at_a_time:
            made = await self._change(f"removing {name}", self._store.remove, jobs)
            return made is not None and made.before != made.after

    async def edit(self, values: Mapping[JobId, Mapping[str, object]], what: str) -> str:
        """Set labels or tags. Returns why it was not saved; empty when it was."""
        async with self._one_at_a_time:
            watched = {job.id for job in self._jobs}
            await self._change(what, self._store.edit, {job: its for job, its in values.items() if job in watched})
            return self._unsaved

    async def undo(self) -> Undone:
        """Take the last change back."""
        return await self._step(self._done, self._undone)

    async def redo(self) -> Undone:
        """Make the change again that was undone last."""
        return await self._step(self._undone, self._done)

    async def _step(self, source: list[Step], target: list[Step]) -> Undone:
        async with self._one_at_a_time:
            if not source:
                return Undone()
            what, edit = source[-1]
            made = await self._save(self._store.undo, edit)
            if made:
                source.pop()
                target.append(Step(what, made))
            return Undone(what, made)

    async def _change(self, what: str, work: Callable[..., WatchlistEdit], *arguments: object) -> WatchlistEdit | None:
        made = await self._save(work, *arguments)
        if made and made.before != made.after:
            self._done.append(Step(what, made))
            while len(self._done) > STEPS_KEPT or sum(_size(step.edit) for step in self._done[:-1]) > TEXT_KEPT:
                del self._done[0]
            self._undone.clear()
        return made

    async def _save(self, work: Callable[..., WatchlistEdit], *arguments: object) -> WatchlistEdit | None:
        """Change the file, and only then what is shown. Returns None while that fails; `warning` says why."""
        if self.emptied is not Emptied.NO:
            self._unsaved = "Not saved: the watchlist's file has no jobs any more"
            self._failed()
            return None
        try:
            made = await self._disk.run(work, *arguments)
        except UserError as problem:
            self._unsaved = str(problem)
            self._failed()
            return None
        self._unsaved = ""
        self._take(made.after)
        return made

    def _take(self, watchlist: Watchlist) -> None:
        self.emptied = Emptied.NO
        self._jobs = watchlist.jobs
        self._use(watchlist)

    # Changes by others

    def changed(self) -> bool:
        """Whether another program changed the file. Never raises."""
        return self._store.changed()

    async def reload(self) -> str:
        """Use the file as it is now; where it is broken, or has no jobs any more, the list stays.

        Returns what is wrong with the file when that is news.
        """
        try:
            found = await self._disk.run(self._store.load)
        except UserError as problem:
            is_news, self._is_broken = not self._is_broken, True
            self._warning = f"{problem}. The list below stays as it was."
            return f"{problem}." if is_news else ""
        self._is_broken = False
        self._warning = self._usual_warning
        if self._jobs and not found.jobs:
            self.emptied = Emptied.FOUND
        else:
            self._take(found)
        return ""

    @property
    def watched(self) -> Sequence[Job]:
        """The jobs that are watched, also while the file has none any more."""
        return self._jobs

    async def write_back(self) -> None:
        """Put the watched jobs into the emptied file."""
        self.emptied = Emptied.NO
        await self._save(self._store.add, self._jobs)

    def accept_empty(self) -> None:
        """Watch nothing, as the emptied file says."""
        self._take(Watchlist())


def count(jobs: Sequence[Job]) -> str:
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"


def _size(edit: WatchlistEdit) -> int:
    return len(edit.before.text) + len(edit.after.text)
