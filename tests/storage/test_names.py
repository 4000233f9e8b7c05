"""The names of jobs between two starts."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tui.core.job import ServiceName
from tui.storage.learned import KeptNames

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME = ServiceName("payments-api", "b7d1", "Payments")


def test_names_come_back_and_are_not_asked_for_for_a_week(tmp_path: Path) -> None:
    path = tmp_path / "state" / "names.json"
    kept = KeptNames(path)
    kept.learn([job_id(1), job_id(2)], {job_id(1): NAME}, NOW)
    asyncio.run(kept.save())
    assert path.stat().st_mode & 0o777 == 0o600
    back = KeptNames(path)
    assert back.names == {job_id(1): NAME, job_id(2): ServiceName()}
    jobs = [job_id(1), job_id(2), job_id(3)]
    assert back.unnamed(jobs, NOW + timedelta(days=6)) == [job_id(3)]
    assert back.unnamed(jobs, NOW + timedelta(days=8)) == jobs
    assert back.unnamed(jobs, NOW - timedelta(days=1)) == jobs


def test_a_name_that_is_not_told_any_more_is_kept() -> None:
    kept = KeptNames(None)
    kept.learn([job_id(1)], {job_id(1): NAME}, NOW)
    kept.learn([job_id(1)], {}, NOW + timedelta(days=9))
    assert kept.names == {job_id(1): NAME}
    assert kept.unnamed([job_id(1)], NOW + timedelta(days=9)) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"x": {}}',
        f'{{"{job_id(1)}": {{"name": "a", "asked": "2026-11-23T12:00:00"}}}}',
        f'{{"{job_id(1)}": {{"name": "a", "asked": 5}}}}',
        f'{{"{job_id(1)}": []}}',
        f'{{"{job_id(1)}": null}}',
    ],
)
def test_a_file_of_any_other_kind_is_no_names(tmp_path: Path, content: str) -> None:
    path = tmp_path / "names.json"
    path.write_text(content)
    assert KeptNames(path).names == {}
    assert KeptNames(tmp_path / "none").names == {}
    assert KeptNames(None).names == {}


def test_what_a_file_holds_is_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text(f'{{"{job_id(1)}": {{"name": "a\\u001b[31mb", "asked": "2026-11-23T12:00:00+00:00"}}}}')
    assert "\x1b" not in KeptNames(path).names[job_id(1)].name
