"""The projects of the user."""

import pytest

from tests.support.extra_calls import envelope, failure
from tui.codearts.job_list_api import Project, ProjectId, ProjectPage, parse_project_page, projects_call
from tui.core.reading import Failure
from tui.core.reading import FailureKind as K

PROJECT = "0c1d2e3f405162738495a6b7c8d9eaf0"


def test_pages_count_from_one() -> None:
    assert projects_call().path == "/v1/domain/project/related-page?page_no=1&page_size=100"
    for wrong in (0, 1000):
        with pytest.raises(ValueError, match="page"):
            projects_call(wrong)


def test_projects_have_an_id_and_a_name() -> None:
    told = [{"identifier": PROJECT, "name": "Payments \x1b[2J"}, {"identifier": "x"}, {"name": "nameless"}]
    found = parse_project_page(envelope({"total": 3.0, "project_info_list": told}), (), 1)
    assert found == ProjectPage((Project(ProjectId(PROJECT), "Payments �[2J"),), 3)


def test_an_empty_page_is_believed_only_where_nothing_is_left_to_come() -> None:
    assert parse_project_page(envelope({"total": 0, "project_info_list": []}), (), 1) == ProjectPage((), 0)
    assert isinstance(parse_project_page(envelope({"total": 100, "project_info_list": []}), (), 2), ProjectPage)
    assert failure(parse_project_page(envelope({"total": "2", "project_info_list": []}), (), 1)).kind is K.SERVER_ERROR


@pytest.mark.parametrize("result", [{}, {"project_info_list": {}}, {"project_info_list": [{"identifier": "short"}]}])
def test_what_is_no_list_of_projects_is_a_failure(result: object) -> None:
    assert isinstance(parse_project_page(envelope(result), (), 1), Failure)


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "../" * 10 + "ab", "é" * 32, "a" * 31 + "\n"])
def test_an_id_that_is_none_never_gets_into_a_path(text: str) -> None:
    assert ProjectId.or_none(text) is None
    with pytest.raises(ValueError, match="an ID is"):
        ProjectId(text)
