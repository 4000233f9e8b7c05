"""The lists of jobs and projects, page by page or to their end within a number of requests, and calls for one job
that they lack. Fields about builds are hints, never a status.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from tui.codearts.extra_call import CallKind, ExtraCall, Fetcher, Members, not_understood, result_of, withheld
from tui.core.hints import PAGE_SIZE, Hint, HintPage
from tui.core.job import LABEL_LONGEST, Job, JobId, ServiceId, is_part_of_id
from tui.core.reading import Failure, FailureKind
from tui.core.run import Outcome, RunRecord, is_finished, is_never_built, outcome_of, outcome_word
from tui.core.text import clean, normal


class ProjectId(ServiceId):
    """The ID of a CodeArts project: not of an IAM project or a build project."""

    __slots__ = ()


_BETWEEN_WORDS = re.compile(r"[\s_./-]+")


def _is_found(text: str, names: Sequence[str], identifier: str) -> bool:
    """Whether a search for this text finds what has these names: each word of it is in one of them, or all of it is
    enough of the ID. Case and the characters between words make no difference."""
    wanted = normal(text).casefold()
    known = [_BETWEEN_WORDS.sub("", normal(name).casefold()) for name in names]
    words = (_BETWEEN_WORDS.sub("", word) for word in wanted.split())
    return all(any(word in name for name in known) for word in words) or is_part_of_id(wanted, identifier)


class Project(NamedTuple):
    id: ProjectId
    name: str = ""

    def is_found(self, text: str) -> bool:
        """Whether a search for this text finds it."""
        return _is_found(text, [self.name], self.id)


class ProjectPage(NamedTuple):
    """One page of projects, in the order of the service."""

    projects: tuple[Project, ...]
    total: int | None = None


def projects_call(page: int = 1) -> ExtraCall[ProjectPage]:
    """One page of the user's projects; pages are numbered from 1."""
    if not 1 <= page <= 999:
        raise ValueError("a page of projects is from 1 to 999")
    path = f"/v1/domain/project/related-page?page_no={page}&page_size={PAGE_SIZE}"
    return ExtraCall(CallKind.PROJECTS, path, lambda body, secrets: parse_project_page(body, secrets, page))


def parse_project_page(body: bytes, secrets: Sequence[str], page: int) -> ProjectPage | Failure:
    """Parses a page of projects. An empty one with projects still to come is a failure; a project without a usable ID
    is left out."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if not result.has_list("project_info_list"):
        return not_understood("there is no list of projects in it")
    listed = result.each("project_info_list", PAGE_SIZE)
    total = result.number("total")
    if not listed and (total or 0) > (page - 1) * PAGE_SIZE:
        return withheld("projects")
    projects = [
        Project(identifier, one.text("name", limit=200))
        for one in listed
        if (identifier := ProjectId.or_none(one.text("identifier", "project_id", limit=40)))
    ]
    if listed and not projects:
        return not_understood("no project in it has an ID")
    return ProjectPage(tuple({project.id: project for project in projects}.values()), total)


BUILDING = "building"
MOST_ENTRIES = 2000
"""Jobs that are read from one answer: the whole list comes in one."""


class JobEntry(NamedTuple):
    """One job in a list."""

    id: JobId
    name: str = ""
    project_id: ProjectId | None = None
    project: str = ""
    last_build_status: str = ""
    """As sent: a colour word such as `blue`."""
    is_finished: bool | None = None
    """Only a hint: its value for a queued build is not documented."""
    build_number: int | None = None
    trigger: str = ""
    branch: str = ""
    by: str = ""

    def is_found(self, text: str) -> bool:
        """Whether a search for this text finds it, by its name, its project's or its ID."""
        return _is_found(text, [self.name, self.project], self.id)

    @property
    def was_never_built(self) -> bool:
        return is_never_built(self.last_build_status)

    @property
    def last_build(self) -> str:
        """In the words of the screen; as sent where it has none."""
        if self.was_never_built:
            return "never built"
        if self.is_finished is False or is_finished(self.last_build_status) is False:
            return "running"
        return outcome_word(outcome_of(self.last_build_status), self.last_build_status)

    @property
    def last_run(self) -> RunRecord | None:
        """The last run as the list has it, to show until a record confirms it; None if its outcome is not known."""
        outcome = outcome_of(self.last_build_status)
        if outcome is Outcome.UNKNOWN or self.is_finished is False:
            return None
        return RunRecord(
            self.build_number or 0,
            outcome,
            self.last_build_status,
            trigger=self.trigger,
            branch=self.branch,
            by=self.by,
            is_finished=True,
            is_confirmed=False,
        )


class JobPage(NamedTuple):
    """One page of a list, in its order."""

    entries: tuple[JobEntry, ...]
    total: int | None = None
    """Jobs on all pages; None if the service does not say."""


def job_list_call(page: int = 0) -> ExtraCall[JobPage]:
    """The jobs of the user in all projects, a page at a time from 0."""
    return _paged(CallKind.JOB_LIST, "/v1/job/list", page)


def whole_job_list_call() -> ExtraCall[JobPage]:
    """The list without parameters: with them, some users got an empty list with a `total` above 0."""
    return ExtraCall(CallKind.WHOLE_JOB_LIST, "/v1/job/list", parse_job_page)


def project_job_list_call(project: ProjectId, page: int) -> ExtraCall[JobPage]:
    """The jobs of one project, a page at a time from 0. A page beyond the last one is empty."""
    return _paged(CallKind.PROJECT_JOB_LIST, f"/v1/job/{project}/list", page)


def parse_job_page(body: bytes, secrets: Sequence[str], page: int = 0) -> JobPage | Failure:
    """Parses both shapes: `job_list` in an envelope, and `jobs` with or without one.

    An empty page with jobs still to come is a failure; an entry without a usable ID is left out.
    """
    found = _listed(body, secrets, page)
    if isinstance(found, Failure):
        return found
    listed, total = found
    entries = [entry for one in listed if (entry := _entry(one))]
    if listed and not entries:
        return not_understood("no job in it has an ID")
    return JobPage(tuple({entry.id: entry for entry in entries}.values()), total)


def _listed(body: bytes, secrets: Sequence[str], page: int) -> tuple[list[Members], int | None] | Failure:
    """Returns the entries of a page, and the number of jobs on all pages."""
    result = result_of(body, secrets, bare="jobs")
    if isinstance(result, Failure):
        return result
    name = next((name for name in ("job_list", "jobs") if result.has_list(name)), "")
    if not name:
        return not_understood("there is no list of jobs in it")
    listed = result.each(name, MOST_ENTRIES)
    total = result.number("total")
    if not listed and (total or 0) > page * PAGE_SIZE:
        return withheld("jobs")
    return listed, total


class Hints(NamedTuple):
    """What a page says about builds, and the page itself where names are wanted."""

    hints: HintPage
    page: JobPage | None


def hints_call(project: str = "", page: int = 0, *, whole: bool = False, named: bool = False) -> ExtraCall[Hints]:
    """One page of the same lists, read for hints; of the user if `project` is empty. Raises ValueError.

    With `whole` it is the list without parameters; with `named` the page is parsed as well.
    """
    call = project_job_list_call(ProjectId(project), page) if project else job_list_call(page)
    call = whole_job_list_call() if whole else call
    return ExtraCall(call.kind, call.path, lambda body, secrets: _parse_hints(body, secrets, page, project, named))


def building_jobs_call() -> ExtraCall[Hints]:
    """The first jobs of the user whose last build is going on. Whether the service knows this filter is not sure."""
    call = _paged(CallKind.BUILDING_JOBS, "/v1/job/list", 0, f"&build_status={BUILDING}")
    return ExtraCall(call.kind, call.path, lambda body, secrets: _parse_hints(body, secrets, 0, "", False))


def _parse_hints(body: bytes, secrets: Sequence[str], page: int, project: str, named: bool) -> Hints | Failure:
    parsed = parse_job_page(body, secrets, page) if named else None
    if isinstance(parsed, Failure):
        return parsed
    hints = parse_hint_page(body, secrets, page, project)
    return hints if isinstance(hints, Failure) else Hints(hints, parsed)


def parse_hint_page(body: bytes, secrets: Sequence[str], page: int, project: str) -> HintPage | Failure:
    """Parses what `parse_job_page` does, but only what changes with a build, as sent: none of it is ever shown."""
    found = _listed(body, secrets, page)
    if isinstance(found, Failure):
        return found
    listed, total = found
    hints: dict[JobId, Hint] = {}
    words = set()
    for one in listed:
        if job := one.job_id():
            word = one.raw("last_build_status")
            words.add(word.lower())
            hints[job] = _hint(one, word, project or ProjectId.or_none(one.raw("project_id")) or "")
    if listed and not hints:
        return not_understood("no job in it has an ID")
    return HintPage(hints, total, words == {BUILDING})


def _hint(members: Members, word: str, project: str) -> Hint:
    is_finished, number = members.flag("is_finished"), members.build_number("build_number")
    is_running = not is_finished if is_finished is not None else word.lower() == BUILDING if word else None
    raw = (members.raw(name) for name in ("last_job_running_status", "last_build_time"))
    return Hint(is_running, (is_finished, word, number, *raw), number or 0, project)


def _paged(kind: CallKind, path: str, page: int, more: str = "") -> ExtraCall[JobPage]:
    if not 0 <= page <= 999:
        raise ValueError("a page is from 0 to 999")
    query = f"?page_index={page}&page_size={PAGE_SIZE}{more}"
    return ExtraCall(kind, path + query, lambda body, secrets: parse_job_page(body, secrets, page))


def _entry(members: Members) -> JobEntry | None:
    if not (job := members.job_id()):
        return None
    return JobEntry(
        job,
        members.text("job_name", "name", limit=200),
        ProjectId.or_none(members.text("project_id", limit=40)),
        members.text("project_name", limit=200),
        members.text("last_build_status", limit=60),
        members.flag("is_finished"),
        members.build_number("build_number"),
        members.text("trigger_type", limit=60),
        members.text("code_branch", limit=200),
        members.text("last_build_user", "nick_name", limit=100),
    )


class JobInfo(NamedTuple):
    """A job's name. There is no project: the call's project ID is that of a build project."""

    name: str


class LastBuild(NamedTuple):
    """The last build. Its status is left out: `Finished` says nothing about success."""

    number: int
    is_running: bool | None


def job_info_call(job: JobId) -> ExtraCall[JobInfo]:
    return ExtraCall(CallKind.JOB_INFO, f"/v1/job/{job}/info", lambda body, secrets: parse_job_info(body, secrets, job))


def running_status_call(job: JobId) -> ExtraCall[LastBuild]:
    return ExtraCall(CallKind.RUNNING_STATUS, f"/v1/job/{job}/running-status", parse_running_status)


def parse_job_info(body: bytes, secrets: Sequence[str], job: JobId) -> JobInfo | Failure:
    """Parses the answer about one job. One about another job, or without a name, is a failure."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if result.text("id", limit=100) not in ("", job):
        return not_understood("it is about another job")
    if not (name := result.text("job_name", limit=200)):
        return not_understood("there is no name in it")
    return JobInfo(name)


def parse_running_status(body: bytes, secrets: Sequence[str]) -> LastBuild | Failure:
    """Parses the number of the last build, and whether it runs. Does not check the ID: in the vendor's own example it
    is not the requested one."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if (number := result.build_number("last_build_no")) is None:
        return not_understood("there is no build number in it")
    return LastBuild(number, result.flag("is_running"))


MOST_REQUESTS = 20
"""For the names of the watched jobs, or for the jobs of one project."""


class Listed(NamedTuple):
    """The jobs that the lists named, and why there are not more of them."""

    entries: dict[JobId, JobEntry]
    failure: Failure | None = None
    is_whole: bool = False
    """Whether all jobs were read: one that is not there is not one of the user's."""


class JobPages:
    """The list of the user's jobs, or of those of one project, a page at a time; nothing is asked twice."""

    def __init__(self, fetcher: Fetcher, project: Project | None = None) -> None:
        self.found: dict[JobId, JobEntry] = {}
        self.failure: Failure | None = None
        """Why the last page could not be read."""
        self.is_whole = False
        """Whether all jobs were read."""
        self._is_over = False
        """Whether no page brings another job."""
        self.asked = 0
        """How many pages were asked for."""
        self._fetcher = fetcher
        self._project = project
        self._next = 0

    @property
    def has_more(self) -> bool:
        return not self._is_over and self.asked < MOST_REQUESTS

    @property
    def is_cut(self) -> bool:
        """Whether there are jobs that are not going to be read: too many, or the service repeats the others."""
        return not (self.has_more or self.is_whole or self.failure)

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
            self._take(page)

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
        self._is_over = isinstance(page, JobPage)
        return page if isinstance(page, JobPage) else why

    def _take(self, page: JobPage) -> None:
        """Pages may shift between requests."""
        before = len(self.found)
        self.found |= {entry.id: self._placed(entry) for entry in page.entries}
        self._is_over = self._is_over or len(self.found) in (before, page.total)
        is_full = len(page.entries) in (PAGE_SIZE, MOST_ENTRIES)
        self.is_whole = _is_whole(page.total, len(self.found), is_over=self._is_over, is_full=is_full)

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


class ListedProjects(NamedTuple):
    """The projects that the lists named, and why there are not more of them."""

    projects: list[Project]
    failure: Failure | None = None
    is_whole: bool = False
    """Whether all projects were read: one that is not there is not one of the user's."""


async def projects_of_user(fetcher: Fetcher) -> ListedProjects:
    """Returns the projects of the user; where a page fails, those before it."""
    found: dict[str, Project] = {}
    is_whole = False
    for number in range(1, MOST_REQUESTS + 1):
        page = await fetcher.fetch(projects_call(number))
        if isinstance(page, Failure):
            return ListedProjects(list(found.values()), page)
        before = len(found)
        found |= {project.id: project for project in page.projects}
        is_over = len(found) in (before, page.total)
        is_full = len(page.projects) == PAGE_SIZE
        is_whole = _is_whole(page.total, len(found), is_over=is_over, is_full=is_full)
        if is_over:
            break
    return ListedProjects(list(found.values()), None, is_whole)


def _is_whole(total: int | None, found: int, *, is_over: bool, is_full: bool) -> bool:
    """Whether a list has all that there is. A total below what was found is wrong. As full a page as there can be says
    nothing of the list's end."""
    return total == found or (is_over and (total is None or total < found) and not is_full)


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
