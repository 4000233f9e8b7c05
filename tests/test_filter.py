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
    assert parse_filter(text).matches(JOB, condition, False) is shown


def test_a_failing_job_is_stale_too_when_its_last_good_answer_is() -> None:
    assert parse_filter("is:stale").matches(JOB, Condition.FAILING, True)
    assert not parse_filter("is:stale").matches(JOB, Condition.FAILING, False)
    assert not parse_filter("is:running").matches(JOB, Condition.FAILING, True)


NESTED = "(" * 5000 + ")" * 5000
ENDLESS = ["/([0-9a-z]+)+:/", "/(a|a)*b/", "/(x+x+)+y/"]


@pytest.mark.parametrize(
    "text", ["is:purple", "/(/", "!is:purple", "/a{9999999999}/", f"/{NESTED}/", *ENDLESS], ids=lambda text: text[:20]
)
def test_what_is_not_understood_is_named_and_hides_nothing(text: str) -> None:
    parsed = parse_filter(text)
    assert parsed.problem
    assert parsed.matches(JOB, Condition.IDLE, False)


@given(st.text())
def test_any_text_is_a_filter(text: str) -> None:
    assert parse_filter(text).matches(JOB, Condition.IDLE, False) in (True, False)
