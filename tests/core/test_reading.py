"""Kinds of failures and how each is tried again; how long a reading took."""

import pytest

from tests.support.builders import failure, job_id, moment
from tui.core.reading import FailureKind, Reading, Retry, Status


@pytest.mark.parametrize(
    ("kind", "retry"),
    [
        (FailureKind.TIMEOUT, Retry.PASSING),
        (FailureKind.SERVER_ERROR, Retry.PASSING),
        (FailureKind.BAD_REPLY, Retry.PASSING),
        (FailureKind.THROTTLED, Retry.THROTTLED),
        (FailureKind.NOT_FOUND, Retry.LASTING),
        (FailureKind.FORBIDDEN, Retry.LASTING),
        (FailureKind.TLS, Retry.LASTING),
        (FailureKind.SIGN_IN, Retry.SIGN_IN),
        (FailureKind.NO_CREDENTIAL, Retry.SIGN_IN),
        (FailureKind.TOKEN_TOO_LARGE, Retry.SIGN_IN),
    ],
)
def test_each_failure_decides_when_to_ask_again(kind: FailureKind, retry: Retry) -> None:
    assert kind.retry is retry


def test_a_reading_tells_how_long_the_answer_took() -> None:
    assert Reading(job_id(1), Status.IDLE, moment(10), moment(12.5)).latency == 2.5


def test_a_reading_has_a_failure_only_when_it_failed() -> None:
    failed = failure()
    assert Reading(job_id(1), failed, moment(1), moment(2)).failure is failed
    assert Reading(job_id(1), Status.RUNNING, moment(1), moment(2)).failure is None
