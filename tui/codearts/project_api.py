"""The CodeArts projects of the user."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from tui.codearts.extra_call import CallKind, ExtraCall, not_understood, result_of, withheld
from tui.core.reading import Failure

PAGE_SIZE = 100


class ProjectId(str):
    """The ID of a CodeArts project, 32 letters and digits: not of an IAM project or a build project.

    Raises ValueError for any other text, so that a project ID can always be put into a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not (len(text) == 32 and text.isascii() and text.isalnum()):
            raise ValueError("a project ID is 32 letters and digits")
        return str.__new__(cls, text)

    @classmethod
    def or_none(cls, text: str) -> Self | None:
        try:
            return cls(text)
        except ValueError:
            return None


class Project(NamedTuple):
    id: ProjectId
    name: str = ""


class ProjectPage(NamedTuple):
    """One page of projects, in its order."""

    projects: tuple[Project, ...]
    total: int | None = None


def projects_call(page: int = 1) -> ExtraCall[ProjectPage]:
    """One page of the user's projects; pages are numbered from 1."""
    if not 1 <= page <= 999:
        raise ValueError("a page of projects is from 1 to 999")
    path = f"/v1/domain/project/related-page?page_no={page}&page_size={PAGE_SIZE}"
    return ExtraCall(CallKind.PROJECTS, path, lambda body, secrets: parse_project_page(body, secrets, page))


def parse_project_page(body: bytes, secrets: Sequence[str] = (), page: int = 1) -> ProjectPage | Failure:
    """An empty page with projects still to come is a failure; a project without a usable ID is left out."""
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
