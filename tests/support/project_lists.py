"""A service with projects and their jobs, for what asks for lists page by page."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.builders import failure, job_id
from tui.codearts.extra_call import CallKind, ExtraCall
from tui.codearts.job_list_api import JobEntry, JobPage, Project, ProjectId, ProjectPage
from tui.core.hints import PAGE_SIZE
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind
from tui.core.run import RunRecord


class Lists:
    """Returns pages, and refuses the kinds in `refusals`."""

    def __init__(self, sizes: Sequence[int] = (120, 80, 50)) -> None:
        self.projects = [Project(ProjectId(f"{n:032x}"), f"Project {n}") for n in range(1, len(sizes) + 1)]
        first = 1
        self.jobs: list[JobEntry] = []
        for project, size in zip(self.projects, sizes, strict=True):
            numbers = range(first, first + size)
            self.jobs += [JobEntry(job_id(n), f"job-{n:03} nightly", project.id, project.name) for n in numbers]
            first += size
        self.refusals: dict[CallKind, Failure] = {}
        self.failing_page = 0
        """The page of projects that fails, from 1."""
        self.most_pages = 99
        """Pages of projects; the last one is repeated."""
        self.asked: list[CallKind] = []

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        self.asked.append(call.kind)
        if call.kind in self.refusals:
            return self.refusals[call.kind]
        query: Mapping[str, str] = dict(part.split("=") for part in call.path.partition("?")[2].split("&") if part)
        if call.kind is CallKind.PROJECTS:
            return self._projects(int(query["page_no"]))
        project = call.path.split("/")[3] if call.kind is CallKind.PROJECT_JOB_LIST else ""
        theirs = [job for job in self.jobs if not project or job.project_id == project]
        start = int(query.get("page_index", "0")) * PAGE_SIZE
        return JobPage(tuple(theirs[start : start + PAGE_SIZE]), len(theirs))

    def _projects(self, page: int) -> ProjectPage | Failure:
        if page == self.failing_page:
            return failure(FailureKind.TIMEOUT)
        start = (min(page, self.most_pages) - 1) * PAGE_SIZE
        return ProjectPage(tuple(self.projects[start : start + PAGE_SIZE]), len(self.projects))

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        return None
