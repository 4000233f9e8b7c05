"""What the find dialog asks for, shows and chooses."""

import pytest

from tests.support.builders import failure, job_id
from tests.support.project_lists import Lists
from tui.codearts.extra_call import CallKind
from tui.codearts.job_list_api import JobEntry
from tui.core.reading import FailureKind
from tui.ui.find_dialog import Finder

VIEW = 20


async def read(finder: Finder, down_to: int = VIEW) -> None:
    """As the dialog does: page after page, as long as more are needed."""
    while finder.needs_more(down_to):
        await finder.read_on()


def names(finder: Finder) -> list[str]:
    return [row.name if row else "all" for row in finder.rows()]


async def finder_of(service: Lists, *watched: int) -> Finder:
    finder = Finder(service, {job_id(number) for number in watched})
    await read(finder)
    return finder


async def test_250_jobs_of_three_projects_are_found_in_five_requests() -> None:
    service = Lists()
    finder = await finder_of(service)
    assert names(finder) == ["all", "Project 1", "Project 2", "Project 3"]
    for project in service.projects:
        finder.open(project)
        await read(finder)
        finder.tick_all()
        await read(finder)
        finder.back()
    assert len(finder.chosen(None)) == 250
    assert len(service.asked) == 5  # the projects, and 2 + 1 + 1 pages


async def test_all_jobs_are_in_one_list_whose_pages_come_when_they_are_needed() -> None:
    service = Lists()
    finder = await finder_of(service)
    finder.open(None)
    await read(finder)
    assert service.asked == [CallKind.PROJECTS, CallKind.JOB_LIST]
    await read(finder, down_to=100)
    assert (service.asked.count(CallKind.JOB_LIST), finder.has_more) == (2, True)
    finder.text = "job-240"
    await read(finder)
    assert names(finder) == ["job-240 nightly"]
    assert service.asked.count(CallKind.JOB_LIST) == 3
    finder.back()
    finder.back()
    finder.open(None)
    await read(finder)
    assert len(service.asked) == 4  # what is known is not asked again


@pytest.mark.parametrize("text", ["JOB-007", "job 007", "007NIGHTLY", "nightly 007", "Project1", f"{job_id(7)}"])
async def test_the_search_knows_names_projects_and_ids_in_any_spelling(text: str) -> None:
    finder = await finder_of(Lists([9]))
    finder.open(None)
    await read(finder)
    finder.text = text
    assert "job-007 nightly" in names(finder)
    finder.text = "nightlyproject"  # not across the border between two columns
    assert names(finder) == []


async def test_two_or_three_characters_find_nothing_by_an_id() -> None:
    finder = await finder_of(Lists([9]))
    for text in ("0", "00", "000"):
        finder.text = text
        assert "Project 1" not in names(finder)


async def test_projects_are_searched_by_name() -> None:
    finder = await finder_of(Lists())
    finder.text = "project 2"
    assert names(finder) == ["Project 2", "all"]
    assert finder.back()
    assert not finder.back()


async def test_what_is_watched_cannot_be_ticked() -> None:
    finder = await finder_of(Lists([5]), 2)
    finder.open(None)
    await read(finder)
    rows = [row for row in finder.rows() if isinstance(row, JobEntry)]
    finder.tick(rows[1])
    assert not finder.chosen(rows[1])
    assert [one.name for one in finder.chosen(rows[2])] == ["job-003 nightly"]  # the one under the cursor
    finder.tick_all()
    assert len(finder.chosen(None)) == 4
    finder.tick_all()
    assert not finder.ticked


async def test_ticks_stay_while_another_search_is_typed() -> None:
    finder = await finder_of(Lists([30]))
    finder.open(None)
    await read(finder)
    for text in ("job-003", "job-02"):
        finder.text = text
        finder.tick_all()
    assert len(finder.chosen(None)) == 11


async def test_a_page_that_fails_leaves_those_before_and_is_asked_for_again() -> None:
    service = Lists()
    finder = await finder_of(service)
    finder.open(None)
    await read(finder)
    service.refusals = {CallKind.JOB_LIST: failure(FailureKind.TIMEOUT)}
    finder.tick_all()
    await read(finder)
    assert "Press f5 to ask again" in finder.problem
    assert len(finder.rows()) == 100
    service.refusals = {}
    finder.ask_again()
    await read(finder, down_to=250)
    assert (len(finder.rows()), finder.problem) == (250, "")


async def test_where_projects_are_refused_all_jobs_can_be_had() -> None:
    service = Lists()
    service.refusals = {CallKind.PROJECTS: failure(FailureKind.FORBIDDEN)}
    finder = await finder_of(service)
    assert "Ask for the right" in finder.problem
    assert names(finder) == ["all"]
    finder.open(None)
    await read(finder)
    assert len(finder.rows()) == 100
    assert service.asked.count(CallKind.PROJECTS) == 1


async def test_a_page_of_projects_that_fails_is_told_and_asked_for_again() -> None:
    service = Lists([1] * 120)
    service.failing_page = 2
    finder = await finder_of(service)
    assert "Press f5 to ask again" in finder.problem
    assert (len(finder.rows()), finder.is_cut) == (101, False)
    service.failing_page = 0
    finder.ask_again()
    await read(finder)
    assert (len(finder.rows()), finder.problem, finder.is_cut) == (121, "", False)


async def test_projects_that_are_not_read_are_told() -> None:
    service = Lists([1] * 120)
    service.most_pages = 1
    finder = await finder_of(service)
    assert (len(finder.rows()), finder.problem, finder.is_cut) == (101, "", True)
