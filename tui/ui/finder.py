"""What the find dialog knows: projects, jobs of the one that is open, the search, and what is ticked. No widgets."""

import re
from collections.abc import Container, Sequence

from tui.codearts.error_codes import advise
from tui.codearts.extra_call import Fetcher
from tui.codearts.job_list_api import JobEntry, Project, ProjectId
from tui.codearts.job_lists import JobPages, projects_of_user
from tui.core.job import JobId
from tui.core.reading import Failure, Retry
from tui.core.text import normal

EVERYWHERE = "all your jobs, in every project"
_IGNORED = re.compile(r"[\s_./-]+")

Found = Project | JobEntry | None
"""One row: a project, a job, or None for the jobs of all projects."""


class Finder:
    """Asks for projects at once, and for the jobs of a project page by page as they are needed."""

    def __init__(self, fetcher: Fetcher, watched: Container[JobId]) -> None:
        self.text = ""
        """The search. Case, spaces, dashes, dots and underscores make no difference."""
        self.pages: JobPages | None = None
        """The list that is open; None while the projects are shown."""
        self.place = ""
        """Its project's name; empty while the projects are shown."""
        self.ticked: dict[JobId, JobEntry] = {}
        self.failure: Failure | None = None
        """Why the last question brought nothing."""
        self._projects: list[Project] | None = None
        self._fetcher = fetcher
        self._watched = watched
        self._lists: dict[ProjectId | None, JobPages] = {}
        self._ticks_all = False

    # What is shown

    def rows(self) -> list[Found]:
        """The projects or jobs that have the searched text, in the order of the service."""
        wanted = folded(self.text)
        if self.pages:
            return [entry for entry in self.pages.found.values() if wanted in _haystack(entry)]
        named = [project for project in self._projects or () if wanted in f"{folded(project.name)}\n{project.id}"]
        return [*([] if wanted else [None]), *named]

    @property
    def known(self) -> int:
        """How many rows there are without the search."""
        return len(self.pages.found) if self.pages else len(self._projects or ()) + 1

    @property
    def has_more(self) -> bool:
        """Whether the service has rows that were not fetched yet."""
        return self.pages.has_more if self.pages else self._projects is None

    def is_watched(self, entry: JobEntry) -> bool:
        return entry.id in self._watched

    @property
    def problem(self) -> str:
        """Why something is missing, and what to do; empty if nothing is."""
        if not (failure := self.pages.failure if self.pages else self.failure):
            return ""
        match failure.kind.retry:
            case Retry.SIGN_IN:  # its summary says what to do
                return failure.summary
            case Retry.LASTING:
                return f"{failure.summary} {advise(failure).action}"
            case _:
                return f"{failure.summary} Press f5 to ask again."

    # Asking

    def needs_more(self, down_to: int) -> bool:
        """Whether another page is needed: to show this row, to search everything, or to tick everything."""
        if not self.has_more or self.problem:
            return False
        return self.pages is None or bool(self.text) or self._ticks_all or len(self.pages.found) <= down_to

    async def read_on(self) -> None:
        """Asks for the next page."""
        if self.pages:
            await self.pages.read_on()
            if self._ticks_all and not self.pages.has_more:
                self.tick_all()
            return
        projects = await projects_of_user(self._fetcher)
        self.failure = projects if isinstance(projects, Failure) else None
        self._projects = [] if isinstance(projects, Failure) else projects

    def ask_again(self) -> None:
        """Forgets what failed, so that it is asked for again."""
        if self.pages:
            self.pages.failure = None
        elif self.failure:
            self.failure = self._projects = None

    # Choosing

    def open(self, project: Project | None) -> None:
        """Show the jobs of this project; None for those of all."""
        key = project.id if project else None
        self.pages = self._lists.setdefault(key, JobPages(self._fetcher, project))
        self.place = (project.name or str(project.id)) if project else EVERYWHERE
        self.text, self._ticks_all = "", False

    def back(self) -> bool:
        """Empty the search, else return to the projects; False if there is nothing to go back to."""
        if self.text:
            self.text = ""
            return True
        is_open, self.pages, self.place, self._ticks_all = self.pages is not None, None, "", False
        return is_open

    def tick(self, entry: JobEntry) -> None:
        """Tick this job or take the tick away; a job that is watched has none."""
        if entry.id in self.ticked:
            del self.ticked[entry.id]
        elif not self.is_watched(entry):
            self.ticked[entry.id] = entry

    def tick_all(self) -> None:
        """Tick all jobs that match, once all are there; if all are ticked, take these ticks away."""
        self._ticks_all = self.has_more and not self.problem
        if self._ticks_all:
            return
        free = {one.id: one for one in self.rows() if isinstance(one, JobEntry) and not self.is_watched(one)}
        if free.keys() <= self.ticked.keys():
            self.ticked = {job: entry for job, entry in self.ticked.items() if job not in free}
        else:
            self.ticked |= free

    def chosen(self, under_cursor: Found) -> Sequence[JobEntry]:
        """What enter adds: the ticked jobs, else the one under the cursor."""
        if self.ticked:
            return list(self.ticked.values())
        is_new = isinstance(under_cursor, JobEntry) and not self.is_watched(under_cursor)
        return [under_cursor] if is_new and isinstance(under_cursor, JobEntry) else []


def folded(text: str) -> str:
    return _IGNORED.sub("", normal(text).casefold())


def _haystack(entry: JobEntry) -> str:
    return "\n".join(map(folded, (entry.name, entry.project, entry.id)))
