"""Lists of jobs and projects read to their end, page after page, within a number of requests."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from tui.codearts.extra_call import ExtraCall, Fetcher
from tui.codearts.job_list_api import (
    JobEntry,
    JobPage,
    Project,
    job_info_call,
    job_list_call,
    project_job_list_call,
    projects_call,
    whole_job_list_call,
)
from tui.core.job import LABEL_LONGEST, Job, JobId
from tui.core.reading import Failure, FailureKind
from tui.core.text import clean

MOST_REQUESTS = 20
"""For the names of the watched jobs, or for the jobs of one project."""


class Listed(NamedTuple):
    """The jobs that the lists named, and why there are not more of them."""

    entries: dict[JobId, JobEntry]
    failure: Failure | None = None
    is_whole: bool = False
    """Whether all pages were read: a job that is not there is not one of the user's."""


class JobPages:
    """The list of the user's jobs, or of those of one project, a page at a time; nothing is asked twice."""

    def __init__(self, fetcher: Fetcher, project: Project | None = None) -> None:
        self.found: dict[JobId, JobEntry] = {}
        self.failure: Failure | None = None
        """Why the last page could not be read."""
        self.is_whole = False
        """Whether all pages were read."""
        self.asked = 0
        """How many pages were asked for."""
        self._fetcher = fetcher
        self._project = project
        self._next = 0

    @property
    def has_more(self) -> bool:
        return not self.is_whole and self.asked < MOST_REQUESTS

    async def read_on(self) -> None:
        """Reads the next page; the one that failed is asked for again."""
        self.asked += 1
        page = await self._fetcher.fetch(self._call())
        if isinstance(page, Failure) and self._next == 0 and self._is_worth_another_call(page):
            self.asked += 1
            page = await self._in_one_piece(page)
        self.failure = page if isinstance(page, Failure) else None
        if isinstance(page, JobPage):
            self._next += 1
            self.is_whole = self._take(page) or self.is_whole

    def listed(self) -> Listed:
        return Listed(self.found, self.failure, self.is_whole)

    def _call(self) -> ExtraCall[JobPage]:
        if self._project:
            return project_job_list_call(self._project.id, self._next)
        return job_list_call(self._next)

    def _is_worth_another_call(self, failure: Failure) -> bool:
        return not self._project and failure.kind not in (FailureKind.TIMEOUT, FailureKind.THROTTLED)

    async def _in_one_piece(self, why: Failure) -> JobPage | Failure:
        """The list without parameters, for a service that returns no pages."""
        page = await self._fetcher.fetch(whole_job_list_call())
        self.is_whole = isinstance(page, JobPage)
        return page if isinstance(page, JobPage) else why

    def _take(self, page: JobPage) -> bool:
        """Returns whether there is no other page. Pages may shift between requests."""
        before = len(self.found)
        self.found |= {entry.id: self._placed(entry) for entry in page.entries}
        return len(self.found) == before or (page.total is not None and len(self.found) >= page.total)

    def _placed(self, entry: JobEntry) -> JobEntry:
        """The entry with the project that was asked for."""
        if not self._project:
            return entry
        return entry._replace(project_id=self._project.id, project=self._project.name or entry.project)


async def jobs_of_user(fetcher: Fetcher, wanted: Collection[JobId] | None = None) -> Listed:
    """Returns all jobs of the user, or pages until all that are wanted were there.

    Where the list in pages brings nothing, the one without parameters is asked for.
    """
    return await _read(JobPages(fetcher), wanted)


async def jobs_of_project(fetcher: Fetcher, project: Project) -> Listed:
    """Returns all jobs of one project, each with the project's name."""
    return await _read(JobPages(fetcher, project))


async def _read(pages: JobPages, wanted: Collection[JobId] | None = None) -> Listed:
    while pages.has_more:
        await pages.read_on()
        if pages.failure or (wanted is not None and pages.found.keys() >= set(wanted)):
            break
    return pages.listed()


async def projects_of_user(fetcher: Fetcher) -> list[Project] | Failure:
    """Returns the projects of the user; those before a page that failed."""
    found: dict[str, Project] = {}
    for number in range(1, MOST_REQUESTS + 1):
        page = await fetcher.fetch(projects_call(number))
        if isinstance(page, Failure):
            return list(found.values()) if found else page
        before = len(found)
        found |= {project.id: project for project in page.projects}
        if len(found) == before or (page.total is not None and len(found) >= page.total):
            break
    return list(found.values())


async def names_by_themselves(fetcher: Fetcher, jobs: Collection[JobId], most: int) -> dict[JobId, str]:
    """Returns the names of the first jobs of these, by one request each; ends at the first that brings none."""
    names: dict[JobId, str] = {}
    for job in list(jobs)[:most]:
        told = await fetcher.fetch(job_info_call(job))
        if isinstance(told, Failure):
            break
        names[job] = told.name
    return names


def to_watch(entry: JobEntry, profile: str, now: datetime) -> Job:
    """The job of an entry for the watchlist, with its name for a label."""
    return Job(entry.id, clean(entry.name, LABEL_LONGEST), (), profile, added=now)
