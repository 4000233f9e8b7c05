"""The filter language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import job_id
from tui.core.condition import Condition
from tui.core.filter import parse_filter
from tui.core.job import Job

JOB = Job(job_id(0xABC), "Payments API nightly", ("payments", "nightly"))


@pytest.mark.parametrize(
    ("text", "condition", "shown"),
    [
        ("", Condition.IDLE, True),
        ("pay", Condition.IDLE, True),
        ("web", Condition.IDLE, False),
        ("!web", Condition.IDLE, True),
        ("!pay", Condition.IDLE, False),
        ("is:running", Condition.RUNNING, True),
        ("is:running", Condition.IDLE, False),
        ("is:r", Condition.RUNNING, True),
        ("!is:idle", Condition.IDLE, False),
        ("is:error", Condition.FAILING, True),
        ("is:problem", Condition.STALE, True),
        ("is:", Condition.IDLE, True),
        ("tag:night", Condition.IDLE, True),
        ("tag:web", Condition.IDLE, False),
        ("tag:", Condition.IDLE, True),
        ("/^payments.*y$/", Condition.IDLE, True),
        ("pay is:running tag:pay", Condition.RUNNING, True),
        ("pay is:running tag:pay", Condition.IDLE, False),
        ("0abc", Condition.IDLE, True),
    ],
)
def test_terms(text: str, condition: Condition, shown: bool) -> None:
    assert parse_filter(text).matches(JOB, condition) is shown


@pytest.mark.parametrize("text", ["is:purple", "/(/", "!is:purple"])
def test_what_is_not_understood_is_named_and_hides_nothing(text: str) -> None:
    parsed = parse_filter(text)
    assert parsed.problem
    assert parsed.matches(JOB, Condition.IDLE)


@given(st.text())
def test_any_text_is_a_filter(text: str) -> None:
    assert parse_filter(text).matches(JOB, Condition.IDLE) in (True, False)
