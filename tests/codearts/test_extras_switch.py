"""Each kind of extra switches itself off where the service does not want it, and no sooner."""

from itertools import pairwise

import pytest

from tui.codearts.extra_call import CallKind
from tui.codearts.extras_client import ExtrasSwitch, SwitchState
from tui.core.reading import Failure
from tui.core.reading import FailureKind as K

RECORDS, LISTS, LOG_V3 = CallKind.RECORD_LIST, CallKind.JOB_LIST, CallKind.LOG_V3


def fail(switch: ExtrasSwitch, kind: K, http_status: int | None, code: str = "", now: float = 0.0) -> Failure:
    failure = Failure(kind, "It failed.", code)
    switch.failed(RECORDS, failure, http_status, now)
    return failure


@pytest.mark.parametrize(
    ("kind", "http_status"),
    [
        (K.FORBIDDEN, 403),
        (K.NOT_FOUND, 404),
        (K.WRONG_ENDPOINT, 404),
        (K.WRONG_ENDPOINT, 405),
        (K.BAD_REQUEST, 422),
        (K.BAD_REQUEST, 400),
        (K.APP_REFUSED, 401),
    ],
)
def test_two_refusals_in_a_row_switch_a_kind_off_and_no_other(kind: K, http_status: int) -> None:
    switch = ExtrasSwitch()
    fail(switch, kind, http_status)
    assert switch.may_ask(RECORDS, 0.0)
    last = fail(switch, kind, http_status)
    assert switch.state(RECORDS, 1e9) is SwitchState.OFF
    assert switch.reason(RECORDS, 1e9) is last
    assert switch.may_ask(LISTS, 0.0)
    switch.reset()
    assert switch.may_ask(RECORDS, 0.0)


def test_a_good_answer_in_between_begins_the_count_anew() -> None:
    switch = ExtrasSwitch()
    for _ in range(5):
        fail(switch, K.FORBIDDEN, 403)
        switch.answered(RECORDS)
    assert switch.may_ask(RECORDS, 0.0)


@pytest.mark.parametrize("code", ["CB.00031006", "DEVCB.00031006", "DEV.CB.00031006", "CB.00031059", "DEV.CB.032011"])
def test_what_is_said_about_a_job_says_nothing_about_the_call(code: str) -> None:
    switch = ExtrasSwitch()
    for _ in range(5):
        fail(switch, K.NOT_FOUND, 422, code)
    assert switch.may_ask(RECORDS, 0.0)


def test_that_a_build_has_no_log_says_nothing_about_the_older_call() -> None:
    switch = ExtrasSwitch()
    failure = Failure(K.SERVER_ERROR, "It failed.", "CB.00030004")
    switch.failed(LOG_V3, failure, 500, 0.0)
    switch.failed(RECORDS, failure, 500, 0.0)
    assert switch.may_ask(LOG_V3, 0.0)
    assert not switch.may_ask(RECORDS, 0.0)


@pytest.mark.parametrize(("kind", "http_status"), [(K.SERVER_ERROR, 500), (K.GATEWAY_ERROR, 504), (K.TIMEOUT, None)])
def test_failures_of_the_service_rest_a_kind_for_a_minute_then_twice_as_long(kind: K, http_status: int) -> None:
    switch, now = ExtrasSwitch(), 0.0
    for rest in (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 14400.0, 14400.0):
        fail(switch, kind, http_status, now=now)
        assert switch.state(RECORDS, now + rest - 1) is SwitchState.RESTING
        assert switch.may_ask(LISTS, now)
        now += rest
        assert switch.may_ask(RECORDS, now)
    switch.answered(RECORDS)
    fail(switch, kind, http_status, now=now)
    assert switch.may_ask(RECORDS, now + 60)


@pytest.mark.parametrize(("retry_after", "rest"), [(None, 300.0), (20.0, 300.0), (900.0, 900.0)])
def test_throttling_stops_all_extras_for_five_minutes(retry_after: float | None, rest: float) -> None:
    switch = ExtrasSwitch()
    failure = Failure(K.THROTTLED, "Slow down.", retry_after=retry_after)
    switch.failed(RECORDS, failure, 429, 0.0)
    for kind in CallKind:
        assert switch.reason(kind, rest - 1) is failure
        assert switch.may_ask(kind, rest)


@pytest.mark.parametrize(
    ("kind", "http_status"),
    [(K.BAD_REPLY, 200), (K.WRONG_ENDPOINT, 200), (K.REDIRECTED, 302), (K.BAD_REPLY, 204), (K.BAD_REPLY, 600)],
)
def test_nonsense_switches_a_kind_off_at_once(kind: K, http_status: int) -> None:
    switch = ExtrasSwitch()
    fail(switch, kind, http_status)
    assert switch.state(RECORDS, 1e9) is SwitchState.OFF
    assert switch.may_ask(LISTS, 0.0)


def test_a_refused_sign_in_never_comes_five_times_in_five_minutes() -> None:
    switch, sent = ExtrasSwitch(), []
    for now in range(3600):
        for kind in CallKind:
            if switch.may_ask(kind, now):
                switch.failed(kind, Failure(K.SIGN_IN, "Refused.", "APIGW.0301"), 401, now)
                sent.append(now)
    assert all(later - earlier >= 300 for earlier, later in pairwise(sent))
    assert len(sent) <= 2 * len(CallKind)


@pytest.mark.parametrize("kind", [K.DNS, K.UNREACHABLE, K.TLS, K.PROXY, K.SETTINGS])
def test_a_network_that_is_down_stops_all_for_a_minute_and_counts_against_none(kind: K) -> None:
    switch = ExtrasSwitch()
    for now in range(0, 600, 60):
        assert switch.may_ask(RECORDS, now)
        fail(switch, kind, None, now=float(now))
        assert not switch.may_ask(LISTS, now + 59)


def test_the_summary_says_what_each_kind_did() -> None:
    switch = ExtrasSwitch()
    switch.answered(LISTS)
    failure = fail(switch, K.SERVER_ERROR, 500)
    lists, records = switch.summary(10.0)
    assert lists == (LISTS, SwitchState.ON, 1, 1, None, lists.rests_until)
    assert records == (RECORDS, SwitchState.RESTING, 1, 0, failure, 60.0)


@pytest.mark.parametrize("kind", list(K))
def test_whatever_goes_wrong_all_the_time_is_asked_six_times_in_half_an_hour_at_most(kind: K) -> None:
    switch, sent = ExtrasSwitch(), 0
    for now in range(0, 1800, 10):
        if switch.may_ask(RECORDS, now):
            fail(switch, kind, 418, now=float(now))
            sent += 1
    assert 1 <= sent <= 6
