"""Lists of jobs and projects read to their end, page after page, within a number of requests."""

from collections.abc import Collection
from typing import NamedTuple

from tui.codearts.extra_call import Fetcher
from tui.codearts.job_info_api import job_info_call
from tui.codearts.job_list_api import (
    JobEntry,
    JobPage,
    Project,
    job_list_call,
    project_job_list_call,
    projects_call,
    whole_job_list_call,
)
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind

MOST_REQUESTS = 20
"""For the names of the watched jobs, or for the jobs of one project."""


class Listed(NamedTuple):
    """The jobs that the lists named, and why there are not more of them."""

    entries: dict[JobId, JobEntry]
    failure: Failure | None = None
    is_whole: bool = False
    """Whether all pages were read: a job that is not there is not one of the user's."""


async def jobs_of_user(fetcher: Fetcher, wanted: Collection[JobId] | None = None) -> Listed:
    """Returns all jobs of the user, or pages until all that are wanted were there.

    Where the list in pages brings nothing, the one without parameters is asked for.
    """
    found: dict[JobId, JobEntry] = {}
    for number in range(MOST_REQUESTS - 1):
        page = await fetcher.fetch(job_list_call(number))
        if isinstance(page, Failure):
            is_worth_it = number == 0 and page.kind not in (FailureKind.TIMEOUT, FailureKind.THROTTLED)
            return await _in_one_piece(fetcher, found, page) if is_worth_it else Listed(found, page)
        if _is_end(page, found):
            return Listed(found, is_whole=True)
        if wanted is not None and found.keys() >= set(wanted):
            break
    return Listed(found)


async def jobs_of_project(fetcher: Fetcher, project: Project) -> Listed:
    """Returns all jobs of one project, each with the project's name."""
    found: dict[JobId, JobEntry] = {}
    for number in range(MOST_REQUESTS):
        page = await fetcher.fetch(project_job_list_call(project.id, number))
        if isinstance(page, Failure):
            return Listed(_within(found, project), page)
        if _is_end(page, found):
            return Listed(_within(found, project), is_whole=True)
    return Listed(_within(found, project))


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


async def _in_one_piece(fetcher: Fetcher, found: dict[JobId, JobEntry], why: Failure) -> Listed:
    page = await fetcher.fetch(whole_job_list_call())
    if isinstance(page, Failure):
        return Listed(found, why)
    return Listed({entry.id: entry for entry in page.entries}, is_whole=True)


def _is_end(page: JobPage, found: dict[JobId, JobEntry]) -> bool:
    """Adds the page to what was found; returns whether there is no other page. Pages may shift between requests."""
    before = len(found)
    found |= {entry.id: entry for entry in page.entries}
    return len(found) == before or (page.total is not None and len(found) >= page.total)


def _within(found: dict[JobId, JobEntry], project: Project) -> dict[JobId, JobEntry]:
    return {
        job: entry._replace(project_id=project.id, project=project.name or entry.project)
        for job, entry in found.items()
    }
