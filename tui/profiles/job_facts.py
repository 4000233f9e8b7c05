"""What the status call does not tell of the watched jobs: their names, and what became of their last runs."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tui.core.board import Board, JobState, stops_between
from tui.core.errors import UserError
from tui.core.job import JobId, ServiceName
from tui.core.reading import Moment, Status
from tui.core.run import FailedStep, RunRecord
from tui.polling.outcomes import Outcomes
from tui.profiles.extras import Extras, Told, names_in
from tui.storage.names import Names, load_names, save_names, unnamed, with_names


class JobFacts:
    """Asks the lists once at the start, then for the last run of each job, and after each stop for that run."""

    def __init__(
        self,
        extras_of: Callable[[str], Extras | None],
        profile_of: Callable[[JobId], str],
        names_file: Path | None,
        now: Callable[[], Moment],
        learned: Callable[[JobId, RunRecord, FailedStep | None], object],
        named: Callable[[Mapping[JobId, ServiceName]], object],
        told: Told = lambda job, records: None,
    ) -> None:
        """`learned`, `named` and `told` are called with what the service told: of the last run, of names, of runs."""
        self._extras_of, self._profile_of = extras_of, profile_of
        self._names_file = names_file
        self._now = now
        self._learned, self._named, self._told = learned, named, told
        self._outcomes = Outcomes(extras_of, learned, lambda: now().at)
        self._names: Names = {}
        self._watched: set[JobId] = set()
        self._new: list[JobId] = []
        self._news = asyncio.Event()

    def watch(self, jobs: Iterable[JobId]) -> None:
        """Exactly these are watched from now on."""
        jobs = list(jobs)
        self._outcomes.forget(self._watched.difference(jobs))
        self._new += [job for job in jobs if job not in self._watched]
        self._watched = set(jobs)
        self._show_names()
        self._news.set()

    def prefer(self, jobs: Iterable[JobId]) -> None:
        """Rows in view: they go first."""
        self._outcomes.prefer(jobs)

    def asks_outcome(self, job: JobId) -> bool:
        """Whether the outcome of the job's run is asked for once it stops."""
        return self._extras_of(self._profile_of(job)) is not None

    def look(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Asks about each of these jobs that was seen to stop between the two boards."""
        for job, run in stops_between(before, after, jobs):
            self._outcomes.stopped(job, run, self._profile_of(job))

    def look_again(self, state: JobState) -> None:
        """Asks once more about the job's last run, if what became of it is not known."""
        if state.status is Status.IDLE and not state.last_run and (run := state.stopped_run):
            self._outcomes.look_again(state.job.id, run, self._profile_of(state.job.id))

    async def run(self) -> None:
        """Asks until it is cancelled."""
        self._names = await asyncio.to_thread(load_names, self._names_file)
        self._show_names()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outcomes.run())
            while True:
                await self._news.wait()
                self._news.clear()
                new, self._new = [job for job in self._new if job in self._watched], []
                for profile in dict.fromkeys(map(self._profile_of, new)):
                    theirs = [job for job in new if self._profile_of(job) == profile]
                    if extras := self._extras_of(profile):
                        tasks.create_task(self._introduce(extras, theirs, profile))

    async def _introduce(self, extras: Extras, jobs: list[JobId], profile: str) -> None:
        """By the lists all at once; then each job's own record."""
        extras.tell(self._told)
        listed = await extras.listed(jobs)
        for job in jobs:
            if (entry := listed.entries.get(job)) and entry.last_run and job in self._watched:
                self._learned(job, entry.last_run, None)
        self._outcomes.seed((job for job in jobs if job in self._watched), profile)
        now = self._now().wall
        if told := names_in(listed):
            wanted = unnamed(jobs, self._names, now)
            theirs = {job: name for job, name in told.items() if job in self._watched}
            self._names = with_names(self._names, wanted if listed.is_whole else (), theirs, now)
            self._show_names()
            with suppress(UserError):  # they are asked for again at the next start
                await asyncio.to_thread(save_names, self._names_file, self._names)

    def _show_names(self) -> None:
        self._named({job: self._names[job].name for job in self._watched if job in self._names})
