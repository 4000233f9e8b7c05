"""The pollers of all profiles: each job is polled by the profile that it belongs to."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from tui.core.job import Job, JobId
from tui.polling.poller import Pace, Poller


class PollerGroup:
    """The commands of a `Poller`, sent on to the right one. Pollers are made when their first job comes."""

    def __init__(self, make: Callable[[str], Poller], default: str) -> None:
        """`make` builds the poller of a profile, `default` is the profile of jobs that name none."""
        self._make = make
        self._default = default
        self._pollers: dict[str, Poller] = {}
        self._profile_of: dict[JobId, str] = {}
        self._busy: tuple[str, ...] = ()
        """The profiles that have jobs, and the default one."""
        self._came = asyncio.Event()
        self._paused = False

    async def run(self) -> None:
        """Poll until cancelled; raises what a bug raised."""
        running: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._came.clear()
                for profile in self._pollers.keys() - running:
                    running.add(profile)
                    tasks.create_task(self._pollers[profile].run())
                await self._came.wait()

    def watch(self, jobs: Iterable[Job]) -> None:
        """Watch exactly these, in this order. A job that changes its profile stays paused if it was."""
        before, self._profile_of = self._profile_of, {job.id: job.profile or self._default for job in jobs}
        moved = [job for job, profile in self._profile_of.items() if before.get(job, profile) != profile]
        resting = [job for job in moved if self._pollers[before[job]].has_paused(job)]
        self._busy = tuple(dict.fromkeys((self._default, *self._profile_of.values())))
        for profile in set(self._busy) - self._pollers.keys():
            self._pollers[profile] = self._make(profile)
            self._pollers[profile].paused = self._paused
            self._came.set()
        for profile, poller in self._pollers.items():
            poller.watch(job for job, theirs in self._profile_of.items() if theirs == profile)
        self.pause(resting)

    def prefer(self, jobs: Iterable[JobId]) -> None:
        preferred = dict(self._by_poller(jobs))
        for poller in self._pollers.values():
            poller.prefer(preferred.get(poller, ()))

    def refresh(self, jobs: Iterable[JobId] | None = None) -> float:
        """Seconds until the last of them can have been asked; see `Poller.refresh`."""
        if jobs is None:
            return max((poller.refresh(None) for poller in self._pollers.values()), default=0.0)
        return max((poller.refresh(named) for poller, named in self._by_poller(jobs)), default=0.0)

    def pause(self, jobs: Iterable[JobId]) -> None:
        for poller, named in self._by_poller(jobs):
            poller.pause(named)

    def resume(self, jobs: Iterable[JobId]) -> None:
        for poller, named in self._by_poller(jobs):
            poller.resume(named)

    @property
    def paused(self) -> bool:
        """While True nothing is asked at all."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = paused
        for poller in self._pollers.values():
            poller.paused = paused

    def next_attempt(self, job: JobId) -> float | None:
        return self._poller_of(job).next_attempt(job)

    def interval(self, job: JobId) -> float:
        return self._poller_of(job).interval(job)

    def profile(self, job: JobId) -> str:
        """The profile that asks about the job."""
        return self._profile_of.get(job, self._default)

    def paces(self) -> Mapping[str, Pace]:
        """The pace of each profile that has jobs; the default profile's, always, first."""
        return {profile: self._pollers[profile].pace() for profile in self._busy}

    def _poller_of(self, job: JobId) -> Poller:
        return self._pollers[self.profile(job)]

    def _by_poller(self, jobs: Iterable[JobId]) -> Iterable[tuple[Poller, list[JobId]]]:
        named: dict[str, list[JobId]] = {}
        for job in jobs:
            named.setdefault(self.profile(job), []).append(job)
        return [(self._pollers[profile], theirs) for profile, theirs in named.items()]
