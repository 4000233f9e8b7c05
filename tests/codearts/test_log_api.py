"""The failing step and the log of a build."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.credential_fakes import TOKEN
from tests.support.extra_calls import envelope, failure, json_values
from tests.support.hostile_texts import FRAGMENTS, control_characters
from tui.codearts.log_api import (
    Analysis,
    LogPiece,
    analysis_call,
    log_call,
    log_v3_call,
    parse_analysis,
    parse_log,
    parse_log_v3,
)
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.run import FailedStep

JOB = JobId("901878212b1a49be9c1a1054c272762a")
NODE = {
    "node_id": "n1",
    "step": "Sign ipa",
    "analyzed_success": True,
    "error_info": {"error_code": "CB.2001", "error_message": "exit status 1", "faq": "Look for FAILED."},
}


def test_the_paths_are_those_that_are_documented() -> None:
    assert analysis_call(JOB, 7).path == f"/v1/log/{JOB}/7/analysis?limit=100&offset=0"
    newer = log_call(JOB, 7, 30)
    assert newer.path == f"/v1/log/{JOB}/7/real-time-log?start_offset=30&end_offset=0&sort=AES&size=1000"
    assert log_v3_call(JOB, 7, 30).path == f"/v3/jobs/{JOB}/7/real-time-log?offset=30&length=1000000"
    with pytest.raises(ValueError, match="offset"):
        log_call(JOB, 7, -1)
    with pytest.raises(ValueError, match="offset"):
        log_v3_call(JOB, 7, 2**31)


def test_a_failing_step_is_read_with_its_error() -> None:
    found = parse_analysis(envelope({"jobName": "ios", "error_nodes": [NODE, {"step": ""}, 3]}), (), 7)
    assert found == Analysis(7, (FailedStep("Sign ipa", "CB.2001", "exit status 1", "Look for FAILED."),))
    assert parse_analysis(envelope({"error_nodes": None}), (), 7) == Analysis(7, ())


def test_the_step_of_another_build_is_rejected() -> None:
    assert "another build" in failure(parse_analysis(envelope({"error_nodes": [NODE], "build_no": 8}), (), 7)).summary
    assert isinstance(parse_analysis(envelope({}), (), 7), Failure)


def test_pieces_of_a_log_say_where_to_go_on() -> None:
    newer = {"has_more": "true", "start_offset": "0", "end_offset": "2", "log": "a\r\nb\n", "location": ""}
    assert parse_log(envelope(newer), ()) == LogPiece("a\nb\n", 2, True)
    older = {"has_more_data": False, "offset": 4, "current_offset": 0, "content": "a\nb\n"}
    assert parse_log_v3(envelope(older), ()) == LogPiece("a\nb\n", 4, False)
    assert parse_log_v3(b'{"result": {"content": ""}}', ()) == LogPiece("", None, None)
    assert isinstance(parse_log(envelope({"has_more": True}), ()), Failure)


@pytest.mark.parametrize("offset", [2**31, 10**17, "3000000000", -1, 1e300])
def test_an_offset_that_no_call_can_ask_for_is_none(offset: object) -> None:
    older = parse_log_v3(envelope({"has_more_data": True, "offset": offset, "content": "a\n"}), ())
    newer = parse_log(envelope({"has_more": True, "end_offset": offset, "log": "a\n"}), ())
    assert (older, newer) == (LogPiece("a\n", None, True), LogPiece("a\n", None, True))


@pytest.mark.parametrize("parse", [parse_log, parse_log_v3])
def test_nothing_in_a_log_acts_on_a_terminal_or_shows_the_token(
    parse: Callable[[bytes, Sequence[str]], LogPiece | Failure],
) -> None:
    for fragment in (*FRAGMENTS, TOKEN):
        found = parse(envelope({"log": fragment + "\n", "content": fragment + "\n"}), (TOKEN,))
        assert isinstance(found, LogPiece)
        assert not control_characters(found.text) - {"\n", "\t"}
        assert TOKEN[:20] not in found.text


@given(
    st.dictionaries(
        st.sampled_from(["log", "content", "offset", "end_offset", "has_more", "error_nodes", "build_no"]), json_values
    )
)
def test_no_answer_makes_it_raise(told: dict[str, object]) -> None:
    assert isinstance(parse_log(envelope(told), ()), LogPiece | Failure)
    assert isinstance(parse_log_v3(envelope(told), ()), LogPiece | Failure)
    assert isinstance(parse_analysis(envelope(told), (), 7), Analysis | Failure)
