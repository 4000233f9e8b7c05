"""Job IDs, labels and tags."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.core.job import Job, JobId

EXAMPLE = "901878212b1a49be9c1a1054c272762a"


def test_a_job_id_is_the_text_itself() -> None:
    assert JobId(EXAMPLE) == EXAMPLE
    assert {JobId(EXAMPLE): 1}[JobId(EXAMPLE)] == 1
    assert f"/v3/jobs/{JobId(EXAMPLE)}/status" == f"/v3/jobs/{EXAMPLE}/status"


@pytest.mark.parametrize("text", ["z" * 32, "0" * 32, EXAMPLE.upper()])
def test_all_letters_and_digits_are_taken_and_case_is_kept(text: str) -> None:
    assert str(JobId(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        EXAMPLE[:-1],
        EXAMPLE + "0",
        EXAMPLE + "\n",
        " " + EXAMPLE[1:],
        "../../v1/x".ljust(32, "0"),
        EXAMPLE[:-4] + "?x=1",
        EXAMPLE[:-4] + "#abc",
        "٣" * 32,
        "é" * 32,
        "１" * 32,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 letters and digits"):
        JobId(text)


@given(st.text(min_size=30, max_size=34))
@settings(max_examples=100)
def test_whatever_is_taken_may_stand_in_a_path(text: str) -> None:
    try:
        taken = JobId(text)
    except ValueError:
        return
    assert taken.isascii()
    assert taken.isalnum()
    assert len(taken) == 32


def test_the_short_id_is_its_first_eight_characters() -> None:
    assert JobId(EXAMPLE).short == "90187821"


def test_a_job_id_survives_pickling() -> None:
    assert type(pickle.loads(pickle.dumps(JobId(EXAMPLE)))) is JobId


def test_a_job_is_called_by_its_label_or_its_short_id() -> None:
    assert Job(JobId(EXAMPLE), given_label="payments").name == "payments"
    assert Job(JobId(EXAMPLE)).name == "90187821"
