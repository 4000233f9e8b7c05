"""The log-ins that were refused, kept for other runs of the program."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.storage.learned import KeptRefusals

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LOGIN = b'{"password": "hunter2"}'


def refusals(path: Path, at: datetime = NOON) -> KeptRefusals:
    return KeptRefusals(path / "refused.json", lambda: at)


@pytest.mark.parametrize(
    ("later", "rests"),
    [(timedelta(0), True), (timedelta(minutes=59), True), (timedelta(hours=1), False), (-timedelta(seconds=1), False)],
)
async def test_a_refused_log_in_rests_for_an_hour_and_not_until_a_wrong_clock_is_right(
    tmp_path: Path, later: timedelta, rests: bool
) -> None:
    await refusals(tmp_path).keep("me", LOGIN)
    assert await refusals(tmp_path, NOON + later).refused_at("me", LOGIN) == (NOON if rests else None)


async def test_only_the_same_log_in_of_the_same_user_rests(tmp_path: Path) -> None:
    await refusals(tmp_path).keep("me", LOGIN)
    assert await refusals(tmp_path).refused_at("me", b"another") is None
    assert await refusals(tmp_path).refused_at("you", LOGIN) is None


async def test_neither_user_nor_password_stand_in_the_file_and_two_users_with_one_password_differ(
    tmp_path: Path,
) -> None:
    for whose in ("me", "you"):
        await refusals(tmp_path).keep(whose, LOGIN)
    path = tmp_path / "refused.json"
    text = path.read_text()
    assert "hunter2" not in text
    assert '"me"' not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert await refusals(tmp_path).refused_at("me", LOGIN) == NOON
    hashes = [line for line in text.splitlines() if len(line) > 60]
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"KEY": 1}', '{"KEY": [1e400, "00", "00"]}', '{"KEY": [1, 2, 3]}', '{"KEY": [1e300, "0", "z"]}'],
)
async def test_a_file_with_anything_else_in_it_holds_up_no_log_in(tmp_path: Path, content: str) -> None:
    await refusals(tmp_path).keep("me", LOGIN)
    path = tmp_path / "refused.json"
    key = path.read_text().split('"')[1]
    path.write_text(content.replace("KEY", key))
    assert await refusals(tmp_path).refused_at("me", LOGIN) is None
    await refusals(tmp_path).keep("me", LOGIN)
    assert await refusals(tmp_path).refused_at("me", LOGIN) == NOON


async def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = refusals(tmp_path / "file")
    await kept.keep("me", LOGIN)
    await kept.forget("me")
    assert await kept.refused_at("me", LOGIN) is None
