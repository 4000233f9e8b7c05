"""What single jobs say of themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.extra_calls import envelope, failure, json_values
from tui.codearts.job_list_api import (
    JobInfo,
    LastBuild,
    job_info_call,
    parse_job_info,
    parse_running_status,
    running_status_call,
)
from tui.core.job import JobId
from tui.core.reading import Failure

JOB = JobId("901878212b1a49be9c1a1054c272762a")


def test_the_paths_are_those_that_are_documented() -> None:
    assert job_info_call(JOB).path == f"/v1/job/{JOB}/info"
    assert running_status_call(JOB).path == f"/v1/job/{JOB}/running-status"


def test_a_job_says_its_name() -> None:
    told = {"id": JOB, "job_name": "web", "last_build_status": "red", "disabled": "false", "build_time": "27.51"}
    assert parse_job_info(envelope(told), (), JOB) == JobInfo("web")


@pytest.mark.parametrize(
    ("told", "said"), [({"id": "0" * 32, "job_name": "web"}, "another job"), ({"id": JOB}, "no name")]
)
def test_what_another_job_says_or_nothing_is_a_failure(told: object, said: str) -> None:
    assert said in failure(parse_job_info(envelope(told), (), JOB)).summary


def test_the_vendors_own_example_of_the_last_build_is_read() -> None:
    told = {"last_job_id": "another", "last_build_no": "9", "last_build_status": "Finished", "is_running": False}
    assert parse_running_status(envelope(told), ()) == LastBuild(9, False)
    assert parse_running_status(envelope({**told, "is_running": "true"}), ()) == LastBuild(9, True)
    assert "no build number" in failure(parse_running_status(envelope({"is_running": True}), ())).summary


@given(st.dictionaries(st.sampled_from(["id", "job_name", "last_build_no", "is_running", "disabled"]), json_values))
def test_no_answer_makes_it_raise(told: dict[str, object]) -> None:
    assert isinstance(parse_job_info(envelope(told), (), JOB), JobInfo | Failure)
    assert isinstance(parse_running_status(envelope(told), ()), LastBuild | Failure)
