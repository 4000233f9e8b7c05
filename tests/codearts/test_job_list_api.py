"""The lists of jobs: both shapes, whole or in pages, and nothing believed of an empty one that has a total."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.extra_calls import envelope, failure, json_values
from tests.support.hostile_texts import control_characters
from tests.support.long_run import by_length
from tui.codearts.job_list_api import (
    JobEntry,
    JobPage,
    ProjectId,
    building_jobs_call,
    hints_call,
    job_list_call,
    parse_hint_page,
    parse_job_page,
    project_job_list_call,
    whole_job_list_call,
)
from tui.core.hints import Hint, HintPage
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.reading import FailureKind as K
from tui.core.run import Outcome

JOB = "901878212b1a49be9c1a1054c272762a"
PROJECT = "0c1d2e3f405162738495a6b7c8d9eaf0"
ENTRY = {
    "id": JOB,
    "job_name": "payments-api nightly",
    "project_id": PROJECT,
    "project_name": "Payments",
    "is_finished": True,
    "last_build_status": "red",
    "last_build_time": 1598438571000,
    "build_number": "17",
    "trigger_type": "MANUAL",
    "code_branch": "main",
    "last_build_user": "lin",
    "disabled": False,
}
ENTRIES = st.lists(st.dictionaries(st.sampled_from(list(ENTRY)), json_values | st.just(JOB), max_size=8), max_size=4)


def page(body: bytes, number: int = 0) -> JobPage:
    found = parse_job_page(body, (), number)
    assert isinstance(found, JobPage)
    return found


def test_the_paths_are_those_that_are_documented() -> None:
    assert job_list_call(2).path == "/v1/job/list?page_index=2&page_size=100"
    assert whole_job_list_call().path == "/v1/job/list"
    assert project_job_list_call(ProjectId(PROJECT), 0).path == f"/v1/job/{PROJECT}/list?page_index=0&page_size=100"
    for wrong in (-1, 1000):
        with pytest.raises(ValueError, match="page"):
            job_list_call(wrong)


@pytest.mark.parametrize(
    "body",
    [
        envelope({"total": 1, "job_list": [ENTRY]}),
        envelope({"total": "1", "jobs": [ENTRY]}),
        json.dumps({"total": 1, "jobs": [ENTRY]}).encode(),
    ],
)
def test_all_shapes_of_a_list_are_read(body: bytes) -> None:
    found = page(body)
    assert found.total == 1
    (entry,) = found.entries
    assert (entry.id, entry.name, entry.project_id, entry.project) == (JOB, "payments-api nightly", PROJECT, "Payments")
    assert (entry.build_number, entry.is_finished, entry.by, entry.branch) == (17, True, "lin", "main")


def test_a_project_list_may_know_less_of_each_job() -> None:
    (entry,) = page(envelope({"total": 1, "jobs": [{"id": JOB, "job_name": "x", "is_finished": "false"}]})).entries
    assert entry == JobEntry(JobId(JOB), "x", is_finished=False)
    assert entry.last_run is None


@pytest.mark.parametrize("total", [3, "3", 3.0])
def test_an_empty_list_with_a_total_is_no_answer(total: object) -> None:
    found = failure(parse_job_page(envelope({"total": total, "job_list": []}), ()))
    assert (found.kind, "although the service counts some" in found.summary) == (K.SERVER_ERROR, True)
    assert failure(parse_job_page(envelope({"total": total, "job_list": None}), ())).kind is K.SERVER_ERROR


def test_an_empty_list_is_believed_where_nothing_is_left_to_come() -> None:
    assert page(envelope({"total": 0, "job_list": []})) == JobPage((), 0)
    assert page(envelope({"total": 100, "job_list": []}), number=1) == JobPage((), 100)
    assert isinstance(parse_job_page(envelope({"total": 101, "job_list": []}), (), 1), Failure)


def test_entries_without_a_usable_id_are_left_out_and_none_is_there_twice() -> None:
    entries = [{"id": "../../x"}, ENTRY, 7, {**ENTRY, "job_name": "again"}]
    assert [entry.name for entry in page(envelope({"total": 4, "job_list": entries})).entries] == ["again"]
    assert failure(parse_job_page(envelope({"job_list": [{"id": "x"}]}), ())).kind is K.BAD_REPLY
    assert failure(parse_job_page(envelope({"total": 1}), ())).kind is K.BAD_REPLY


def test_an_endless_list_is_bounded() -> None:
    entries = [{"id": f"{number:032x}"} for number in range(5000)]
    assert len(page(envelope({"total": 5000, "job_list": entries})).entries) == 2000


@pytest.mark.parametrize(
    ("word", "is_finished", "outcome"),
    [
        ("Blue", True, Outcome.PASSED),
        ("red", None, Outcome.FAILED),
        ("TIMEOUT", True, Outcome.TIMED_OUT),
        ("aborted", "true", Outcome.ABORTED),
        ("building", False, None),
        ("red", False, None),
        ("none", True, None),
        ("purple", True, None),
    ],
)
def test_the_lists_own_word_is_an_outcome_that_awaits_confirmation(
    word: str, is_finished: object, outcome: Outcome | None
) -> None:
    entry = {**ENTRY, "last_build_status": word, "is_finished": is_finished}
    (found,) = page(envelope({"total": 1, "job_list": [entry]})).entries
    run = found.last_run
    assert (run.outcome if run else None) is outcome
    if run:
        assert (run.is_confirmed, run.outcome_as_sent, run.number) == (False, word, 17)
    assert found.was_never_built == (word == "none")


@settings(max_examples=by_length(25, 100), deadline=None)
@given(ENTRIES, json_values)
def test_no_answer_makes_it_raise_and_no_job_is_invented(entries: list[dict[str, object]], total: object) -> None:
    found = parse_job_page(envelope({"total": total, "job_list": entries}), ())
    if isinstance(found, JobPage):
        assert {entry.id for entry in found.entries} <= {str(entry.get("id")) for entry in entries}
        assert not control_characters(
            "".join(entry.name + entry.by + entry.last_build_status for entry in found.entries)
        )


def hints(*entries: dict[str, object], total: object = None, project: str = "") -> HintPage:
    found = parse_hint_page(envelope({"total": total, "job_list": list(entries)}), (), 0, project)
    assert isinstance(found, HintPage)
    return found


def hint(**changed: object) -> Hint:
    return hints({**ENTRY, **changed}).hints[JobId(JOB)]


def test_hints_come_from_the_same_lists() -> None:
    assert hints_call("", 2).path == job_list_call(2).path
    assert hints_call(PROJECT, 1).path == project_job_list_call(ProjectId(PROJECT), 1).path
    assert hints_call(whole=True).path == whole_job_list_call().path
    assert building_jobs_call().path == "/v1/job/list?page_index=0&page_size=100&build_status=building"
    with pytest.raises(ValueError, match="an ID is 32 letters and digits"):
        hints_call("../../v3")


def test_names_come_with_hints_where_they_are_wanted() -> None:
    body = envelope({"total": 1, "job_list": [ENTRY]})
    named, bare = hints_call(named=True).parse(body, ()), hints_call().parse(body, ())
    assert not isinstance(named, Failure)
    assert not isinstance(bare, Failure)
    assert named.page
    assert [entry.name for entry in named.page.entries] == ["payments-api nightly"]
    assert (named.hints, bare.page) == (bare.hints, None)


@pytest.mark.parametrize(
    ("is_finished", "word", "is_running"),
    [
        (True, "red", False),
        (False, "red", True),
        ("false", "building", True),
        ("true", "building", False),
        (None, "building", True),
        (None, "BUILDING", True),
        (None, "blue", False),
        (None, "", None),
        (7, "", None),
    ],
)
def test_a_job_runs_if_the_list_calls_it_unfinished_or_else_by_its_word(
    is_finished: object, word: str, is_running: bool | None
) -> None:
    assert hint(is_finished=is_finished, last_build_status=word).is_running is is_running


def test_all_that_changes_with_a_build_changes_the_fingerprint() -> None:
    same = hint()
    assert hint(job_name="another", last_build_user="wang") == same
    for name, value in (
        ("is_finished", False),
        ("last_build_status", "blue"),
        ("last_build_time", 1598438571001),
        ("build_number", "18"),
        ("last_job_running_status", "InQueue"),
    ):
        assert hint(**{name: value}).fingerprint != same.fingerprint
    assert hint(build_number=17) == same
    assert hint(build_number="18").number == 18


def test_whether_only_building_jobs_were_listed_shows_in_the_answer_itself() -> None:
    other = {**ENTRY, "id": "0" * 32, "last_build_status": "blue"}
    building = {**ENTRY, "last_build_status": "building"}
    assert hints(building).all_building
    assert not hints(building, other).all_building
    assert not hints().all_building


def test_a_project_that_is_none_is_not_asked_for() -> None:
    assert hint(project_id="../../v3/projects").project == ""
    assert hint().project == PROJECT
    assert hints(ENTRY, project="x" * 32).hints[JobId(JOB)].project == "x" * 32


def test_an_empty_page_with_a_total_is_a_failure_and_one_without_is_none() -> None:
    assert isinstance(parse_hint_page(envelope({"total": 7, "job_list": []}), (), 0, ""), Failure)
    assert hints(total=0) == HintPage({}, 0)


@settings(max_examples=by_length(25, 100), deadline=None)
@given(ENTRIES, json_values)
def test_no_answer_makes_hints_raise_or_grow(entries: list[dict[str, object]], total: object) -> None:
    found = parse_hint_page(envelope({"total": total, "job_list": entries}), (), 0, "")
    if isinstance(found, HintPage):
        assert all(len(str(one.fingerprint)) < 300 for one in found.hints.values())
