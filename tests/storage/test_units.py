"""The units of durations are known again after a restart, and a file that is none is as no file."""

from pathlib import Path

import pytest

from tui.core.run import Calibration, RunRecord, Unit, UnitEvidence
from tui.storage.learned import KeptUnits

HERE, ELSEWHERE = "https://a.example", "https://b.example"


async def test_a_unit_is_kept_once_it_is_known_for_certain_and_for_its_service_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "units.json"
    units = KeptUnits(path)
    learned = Calibration()
    for _ in range(3):
        await units.keep(HERE, learned)
        assert not path.exists()
        learned = learned.observe(RunRecord(1, build_time=90_000.0), 85, 95)
    await units.keep(HERE, learned)
    again = KeptUnits(path)
    assert again.calibration(HERE).build_time.unit is Unit.MILLISECONDS
    assert again.calibration(HERE).cost_time.unit is None
    assert again.calibration(ELSEWHERE) == Calibration()


async def test_a_unit_that_changed_replaces_the_kept_one(tmp_path: Path) -> None:
    units = KeptUnits(tmp_path / "units.json")
    for unit in (Unit.SECONDS, Unit.MINUTES):
        await units.keep(HERE, Calibration(UnitEvidence(unit, 3)))
    assert KeptUnits(tmp_path / "units.json").calibration(HERE).build_time.unit is Unit.MINUTES


@pytest.mark.parametrize(
    "content",
    ["", "[]", "no json", '{"https://a.example": {"build_time": "WEEKS"}}', '{"https://a": 7}', "[" * 9999],
)
async def test_nonsense_in_the_file_is_as_no_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "units.json"
    path.write_text(content)
    assert KeptUnits(path).calibration(HERE) == Calibration()


async def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    units = KeptUnits(tmp_path / "state" / "units.json")
    await units.keep(HERE, Calibration(UnitEvidence(Unit.SECONDS, 3)))
    assert units.calibration(HERE).build_time.unit is Unit.SECONDS
