"""The unit of the service's durations: learned from three runs, never guessed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.run import Calibration, RunRecord, Unit, UnitEvidence

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def after(*runs: tuple[float | None, float, float]) -> UnitEvidence:
    evidence = UnitEvidence()
    for value, least, most in runs:
        evidence = evidence.observe(value, least, most)
    return evidence


@pytest.mark.parametrize(
    ("unit", "values"),
    [
        (Unit.SECONDS, (300, 290, 310)),
        (Unit.MILLISECONDS, (300_000, 290_000, 310_400)),
        (Unit.MINUTES, (5, 5, 5)),
    ],
)
def test_three_runs_that_fit_one_unit_tell_it(unit: Unit, values: tuple[float, ...]) -> None:
    runs = [(value, 280.0, 320.0) for value in values]
    assert after(*runs[:2]).unit is None
    assert after(*runs).unit is unit


def test_a_run_that_fits_several_units_or_none_says_nothing() -> None:
    assert after(*[(20.0, 0.0, 30.0)] * 5).unit is None  # 20 ms would fit as well
    assert after(*[(77.0, 290.0, 310.0)] * 5) == UnitEvidence()
    assert after(*[(0.0, 0.0, 30.0)] * 5, *[(None, 0.0, 30.0)] * 5) == UnitEvidence()


def test_a_run_in_another_unit_takes_back_what_was_learned() -> None:
    seconds, minutes = (300.0, 290.0, 310.0), (5.0, 290.0, 310.0)
    assert after(seconds, seconds, seconds, minutes).unit is None
    assert after(seconds, seconds, minutes, seconds).unit is None
    assert after(seconds, seconds, seconds, minutes, minutes, minutes).unit is Unit.MINUTES


def test_a_record_gets_its_duration_and_end_once_the_unit_is_known() -> None:
    record = RunRecord(7, started_at=NOON, is_finished=True, build_time=90_000.0, cost_time=120.0)
    calibration = Calibration()
    for _ in range(3):
        assert calibration.apply(record) is record
        calibration = calibration.observe(record, 85.0, 95.0)
    applied = calibration.apply(record)
    assert (applied.duration, applied.ended_at) == (90.0, NOON + timedelta(seconds=90))
    assert calibration.cost_time.unit is None
    assert calibration.apply(record._replace(is_finished=False)).duration is None
    exact = record._replace(duration=88.0)
    assert calibration.apply(exact) is exact
    assert calibration.apply(record._replace(build_time=1e15)).duration is None


def test_the_other_field_serves_where_only_its_unit_is_known() -> None:
    record = RunRecord(7, started_at=NOON, is_finished=True, build_time=1.0, cost_time=90.0)
    calibration = Calibration()
    for _ in range(3):
        calibration = calibration.observe(record, 85.0, 95.0)
    assert calibration.apply(record).duration == 90.0


@given(
    st.lists(st.tuples(st.none() | st.floats(0, 1e12), st.floats(0, 1e5), st.floats(0, 1e5))),
    st.none() | st.floats(0, 1e300),
)
def test_it_never_raises_and_never_claims_a_unit_without_three_runs(
    runs: list[tuple[float | None, float, float]], value: float | None
) -> None:
    evidence = after(*runs)
    assert evidence.unit is None or len(runs) >= 3
    told = Calibration(evidence).apply(RunRecord(1, started_at=NOON, build_time=value))
    assert told.duration is None or evidence.unit is not None
