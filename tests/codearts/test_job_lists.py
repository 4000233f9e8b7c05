"""Lists read to their end: how many requests, and what is left where a page fails."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.builders import failure, job_id
from tui.codearts.extra_call import CallKind, ExtraCall
from tui.codearts.job_list_api import (
    MOST_ENTRIES,
    JobEntry,
    JobPage,
    Project,
    ProjectId,
    ProjectPage,
    jobs_of_project,
    jobs_of_user,
    projects_of_user,
)
from tui.core.reading import FailureKind

REFUSED = failure(FailureKind.FORBIDDEN)
PROJECT = Project(ProjectId("b" * 32), "Payments")


class Service:
    """Gives each call what the test says, and counts."""

    def __init__(self, give: Callable[[CallKind, int], object]) -> None:
        self.asked: list[CallKind] = []
        self._give = give

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        number = self.asked.count(call.kind)
        self.asked.append(call.kind)
        return self._give(call.kind, number)


def page(first: int, count: int, total: int | None = None) -> JobPage:
    return JobPage(tuple(JobEntry(job_id(number), f"job {number}") for number in range(first, first + count)), total)


async def test_all_pages_are_read_once() -> None:
    service = Service(lambda kind, number: page(number * 100, min(100, 250 - number * 100), 250))
    listed = await jobs_of_user(service)
    assert (len(listed.entries), listed.is_whole, len(service.asked)) == (250, True, 3)


async def test_without_a_total_the_first_page_that_brings_nothing_new_ends_it() -> None:
    service = Service(lambda kind, number: page(min(number, 2) * 100, 100))
    listed = await jobs_of_user(service)
    assert (len(listed.entries), len(service.asked)) == (300, 4)


async def test_pages_end_when_all_that_are_wanted_were_there() -> None:
    service = Service(lambda kind, number: page(number * 100, 100, 5000))
    listed = await jobs_of_user(service, [job_id(3), job_id(150)])
    assert (len(listed.entries), listed.is_whole, len(service.asked)) == (200, False, 2)


async def test_an_endless_list_costs_twenty_requests_at_most() -> None:
    service = Service(lambda kind, number: page(number * 100, 100, 10**6))
    assert not (await jobs_of_user(service)).is_whole
    await jobs_of_project(service, PROJECT)
    assert service.asked.count(CallKind.JOB_LIST) <= 20
    assert service.asked.count(CallKind.PROJECT_JOB_LIST) <= 20


async def test_a_list_that_repeats_itself_before_its_total_is_not_whole() -> None:
    service = Service(lambda kind, number: page(0, 100, 250))
    listed = await jobs_of_user(service)
    assert (len(listed.entries), listed.is_whole, len(service.asked)) == (100, False, 2)


async def test_where_pages_are_withheld_the_list_in_one_piece_is_asked_for() -> None:
    service = Service(lambda kind, number: page(0, 250) if kind is CallKind.WHOLE_JOB_LIST else failure())
    listed = await jobs_of_user(service)
    assert (len(listed.entries), listed.is_whole, listed.failure) == (250, True, None)
    assert service.asked == [CallKind.JOB_LIST, CallKind.WHOLE_JOB_LIST]


async def test_where_both_are_refused_the_failure_says_why() -> None:
    listed = await jobs_of_user(Service(lambda kind, number: REFUSED))
    assert listed == ({}, REFUSED, False)


async def test_a_page_that_fails_leaves_those_before_it() -> None:
    def give(kind: CallKind, number: int) -> object:
        return REFUSED if number else page(0, 100, 250)

    listed = await jobs_of_user(Service(give))
    assert (len(listed.entries), listed.failure, listed.is_whole) == (100, REFUSED, False)
    listed = await jobs_of_project(Service(give), PROJECT)
    assert (len(listed.entries), listed.failure) == (100, REFUSED)


async def test_jobs_of_a_project_have_its_name() -> None:
    listed = await jobs_of_project(Service(lambda kind, number: page(0, 1, 1)), PROJECT)
    (entry,) = listed.entries.values()
    assert (entry.name, entry.project_id, entry.project) == ("job 0", PROJECT.id, "Payments")


def projects(first: int, count: int, total: int | None) -> ProjectPage:
    return ProjectPage(tuple(Project(ProjectId(f"{number:032x}")) for number in range(first, first + count)), total)


async def test_projects_of_all_pages() -> None:
    service = Service(lambda kind, number: projects(number * 100, 100 if number < 2 else 50, 250))
    listed = await projects_of_user(service)
    assert (len(listed.projects), listed.is_whole, len(service.asked)) == (250, True, 3)
    assert await projects_of_user(Service(lambda kind, number: REFUSED)) == ([], REFUSED, False)


async def test_a_page_of_projects_that_fails_leaves_those_before_it_and_says_why() -> None:
    listed = await projects_of_user(Service(lambda kind, number: REFUSED if number else projects(0, 100, 150)))
    assert (len(listed.projects), listed.failure, listed.is_whole) == (100, REFUSED, False)


@pytest.mark.parametrize("total", [250, None])
async def test_a_list_of_projects_that_repeats_itself_or_has_no_end_is_not_whole(total: int | None) -> None:
    assert not (await projects_of_user(Service(lambda kind, number: projects(0, 100, total)))).is_whole
    assert not (await projects_of_user(Service(lambda kind, number: projects(number * 100, 100, 10**6)))).is_whole


@pytest.mark.parametrize("totals", [(0, 0, 0, 0), (250, 150, 300, 300), (99, 99, 99, 99)])
async def test_a_total_below_what_was_found_does_not_end_a_list(totals: tuple[int, ...]) -> None:
    def give(kind: CallKind, number: int) -> JobPage:
        return page(number * 100, 100 if number < 3 else 0, totals[number])

    listed = await jobs_of_user(Service(give))
    assert (len(listed.entries), listed.is_whole) == (300, True)


async def test_a_full_page_that_is_repeated_is_not_the_whole_list() -> None:
    assert not (await jobs_of_user(Service(lambda kind, number: page(0, 100)))).is_whole
    assert (await jobs_of_user(Service(lambda kind, number: page(0, 30)))).is_whole


async def test_a_list_in_one_piece_that_is_cut_is_not_whole() -> None:
    service = Service(lambda kind, number: page(0, MOST_ENTRIES) if kind is CallKind.WHOLE_JOB_LIST else failure())
    assert not (await jobs_of_user(service)).is_whole


async def test_projects_are_read_on_where_their_total_is_below_what_was_found() -> None:
    listed = await projects_of_user(Service(lambda kind, number: projects(number * 100, 100 if number < 2 else 0, 0)))
    assert (len(listed.projects), listed.is_whole) == (200, True)
