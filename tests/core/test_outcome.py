"""What became of a run, by the words that the service has for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.run import Outcome, RunRecord, is_finished, is_never_built, outcome_of


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("SUCCESS", Outcome.PASSED),
        ("blue", Outcome.PASSED),
        ("FAILURE", Outcome.FAILED),
        ("red", Outcome.FAILED),
        ("SCHEDULE_FAILURE", Outcome.FAILED),
        ("ABORTED", Outcome.ABORTED),
        ("aborted", Outcome.ABORTED),
        ("timeout", Outcome.TIMED_OUT),
        ("TIMEOUT", Outcome.TIMED_OUT),
        (" Success ", Outcome.PASSED),
        ("Finished", Outcome.UNKNOWN),
        ("building", Outcome.UNKNOWN),
        ("none", Outcome.UNKNOWN),
        ("UNSTABLE", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_each_word_of_the_service_has_an_outcome(word: str, outcome: Outcome) -> None:
    assert outcome_of(word) is outcome


@given(st.text(max_size=30))
def test_an_unknown_word_never_becomes_an_outcome(word: str) -> None:
    known = {"success", "blue", "failure", "red", "schedule_failure", "aborted", "timeout"}
    assert (outcome_of(word) is Outcome.UNKNOWN) == (word.strip().lower() not in known)


@pytest.mark.parametrize("word", ["RUNNING", "building", "InQueue", "starting"])
def test_what_goes_on_is_no_word_for_what_became_of_a_run(word: str) -> None:
    assert RunRecord(5, outcome_as_sent=word, is_finished=True).word == ""
    assert RunRecord(5, outcome_as_sent="UNSTABLE", is_finished=True).word == "UNSTABLE"


def test_whether_a_run_is_over_is_only_said_where_it_is_known() -> None:
    assert [is_finished(word) for word in ("Finished", "finished")] == [True, True]
    assert [is_finished(word) for word in ("InQueue", "Running", "starting", "building")] == [False] * 4
    assert [is_finished(word) for word in ("", "Paused", "SUCCESS")] == [None] * 3


def test_a_job_without_builds_has_a_word_of_its_own() -> None:
    assert is_never_built("None")
    assert not is_never_built("")
