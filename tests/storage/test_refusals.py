"""The log-ins that were refused, kept for other runs of the program."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui.storage.learned import KeptRefusals

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LOGIN = b'{"password": "hunter2"}'


@pytest.fixture(autouse=True)
def _fast_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the real ones takes a tenth of a second."""
    monkeypatch.setattr("tui.storage.learned._ROUNDS", 1)


def refusals(path: Path, at: datetime = NOON) -> KeptRefusals:
    return KeptRefusals(path / "refused.json", lambda: at)


@pytest.mark.parametrize(("later", "ago"), [(0, 0.0), (3600, 3600.0), (-1, None)])
async def test_a_refusal_is_known_to_later_runs_and_not_to_those_with_an_earlier_clock(
    tmp_path: Path, later: int, ago: float | None
) -> None:
    """It would rest until a clock that was wrong is right."""
    await refusals(tmp_path).keep("me", LOGIN)
    known = await refusals(tmp_path, NOON + timedelta(seconds=later)).refused("me", LOGIN)
    assert known == (None if ago is None else (NOON, ago))


async def test_only_the_same_log_in_of_the_same_user_rests(tmp_path: Path) -> None:
    await refusals(tmp_path).keep("me", LOGIN)
    assert await refusals(tmp_path).refused("me", b"another") is None
    assert await refusals(tmp_path).refused("you", LOGIN) is None


async def test_two_wrong_passwords_of_one_user_both_rest_until_they_are_accepted(tmp_path: Path) -> None:
    """As in the settings of two cron jobs: each would be sent again after the other."""
    logins = [b"old", b"older"]
    for login in logins:
        await refusals(tmp_path).keep("me", login)
    assert [await refusals(tmp_path).refused("me", login) for login in logins] == [(NOON, 0.0)] * 2
    await refusals(tmp_path).forget("me", b"new")
    await refusals(tmp_path).forget("me", b"old")
    assert [await refusals(tmp_path).refused("me", login) for login in logins] == [None, (NOON, 0.0)]


async def test_of_one_user_the_newest_refusals_are_kept(tmp_path: Path) -> None:
    """Each costs the next log-in a tenth of a second."""
    for number in range(6):
        await refusals(tmp_path).keep("me", b"%d" % number)
    known = [await refusals(tmp_path).refused("me", b"%d" % number) for number in range(6)]
    assert [one is not None for one in known] == [False, False, True, True, True, True]


def test_a_log_in_that_is_accepted_writes_nothing_where_none_was_refused(tmp_path: Path) -> None:
    """As at each start with a good password."""
    asyncio.run(refusals(tmp_path).forget("me", LOGIN))
    assert list(tmp_path.iterdir()) == []


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
    assert await refusals(tmp_path).refused("me", LOGIN) == (NOON, 0.0)
    hashes = re.findall(r"[0-9a-f]{64}", text)
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"KEY": 1}',
        '{"KEY": [1, "00", "00"]}',
        '{"KEY": [[1e400, "00", "00"]]}',
        '{"KEY": [[1, 2, 3]]}',
        '{"KEY": [[1e300, "0", "z"]]}',
    ],
)
async def test_a_file_with_anything_else_in_it_holds_up_no_log_in(tmp_path: Path, content: str) -> None:
    await refusals(tmp_path).keep("me", LOGIN)
    path = tmp_path / "refused.json"
    key = path.read_text().split('"')[1]
    path.write_text(content.replace("KEY", key))
    assert await refusals(tmp_path).refused("me", LOGIN) is None
    await refusals(tmp_path).keep("me", LOGIN)
    assert await refusals(tmp_path).refused("me", LOGIN) == (NOON, 0.0)


async def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = refusals(tmp_path / "file")
    await kept.keep("me", LOGIN)
    await kept.forget("me", LOGIN)
    assert await kept.refused("me", LOGIN) is None
