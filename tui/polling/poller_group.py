"""The pollers of all profiles. Each job is polled with the profile that it belongs to."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from tui.core.job import Job, JobId
from tui.core.reading import Status
from tui.polling.poller import Pace, Poller


class PollerGroup:
    """Has the methods of `Poller` and calls the right one. A profile's poller is made when its first job is watched."""

    def __init__(self, make: Callable[[str], Poller], default: str) -> None:
        """`make` returns a profile's poller; `default` is the profile of jobs that name none."""
        self._make = make
        self._default = default
        self._pollers: dict[str, Poller] = {}
        self._profile_of: dict[JobId, str] = {}
        self._busy: tuple[str, ...] = ()
        """The profiles that have jobs, and the default one."""
        self._has_new = asyncio.Event()
        self._paused = False

    async def run(self) -> None:
        """Polls until cancelled. Raises the exception of a bug."""
        running: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._has_new.clear()
                for profile in self._pollers.keys() - running:
                    running.add(profile)
                    tasks.create_task(self._pollers[profile].run())
                await self._has_new.wait()

    def watch(self, jobs: Iterable[Job]) -> None:
        """Watches exactly these jobs, in this order. A paused job stays paused when its profile changes."""
        before, self._profile_of = self._profile_of, {job.id: job.profile or self._default for job in jobs}
        moved = [job for job, profile in self._profile_of.items() if before.get(job, profile) != profile]
        paused = [job for job in moved if self._pollers[before[job]].has_paused(job)]
        self._busy = tuple(dict.fromkeys((self._default, *self._profile_of.values())))
        for profile in set(self._busy) - self._pollers.keys():
            self._pollers[profile] = self._make(profile)
            self._pollers[profile].paused = self._paused
            self._has_new.set()
        for profile, poller in self._pollers.items():
            poller.watch(job for job, theirs in self._profile_of.items() if theirs == profile)
        self.pause(paused)

    def prefer(self, jobs: Iterable[JobId], chosen: Iterable[JobId] = ()) -> None:
        preferred, often = dict(self._by_poller(jobs)), dict(self._by_poller(chosen))
        for poller in self._pollers.values():
            poller.prefer(preferred.get(poller, ()), often.get(poller, ()))

    def expect(self, ends: Mapping[JobId, float]) -> None:
        """These running jobs usually end then (clock seconds)."""
        for poller in self._pollers.values():
            poller.expect(ends)

    def refresh(self, jobs: Iterable[JobId] | None = None) -> float:
        """Returns the seconds until the last of their requests has left; see `Poller.refresh`."""
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
        """While True no request leaves."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._paused = paused
        for poller in self._pollers.values():
            poller.paused = paused

    def next_attempt(self, job: JobId) -> float | None:
        return self._poller_of(job).next_attempt(job)

    def interval(self, job: JobId, status: Status | None = None) -> float:
        return self._poller_of(job).interval(job, status)

    def profile(self, job: JobId) -> str:
        """Returns the profile that the job is polled with."""
        return self._profile_of.get(job, self._default)

    def paces(self) -> Mapping[str, Pace]:
        """Returns the pace of each profile that has jobs; the default profile is always there, and first."""
        return {profile: self._pollers[profile].pace() for profile in self._busy}

    def _poller_of(self, job: JobId) -> Poller:
        return self._pollers[self.profile(job)]

    def _by_poller(self, jobs: Iterable[JobId]) -> Iterable[tuple[Poller, list[JobId]]]:
        named: dict[str, list[JobId]] = {}
        for job in jobs:
            named.setdefault(self.profile(job), []).append(job)
        return [(self._pollers[profile], theirs) for profile, theirs in named.items()]
