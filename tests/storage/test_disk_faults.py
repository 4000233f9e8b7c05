"""What disks and network file systems do to a save: the old list stays whole, and a sentence says why."""

import errno
import os
import tomllib
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.builders import job_id
from tests.support.scripts import names
from tests.support.user_home import User
from tui.core.errors import UserError, file_error
from tui.core.job import Job
from tui.storage.watchlist import WatchlistFile

FAULTS = [
    ("write", errno.ENOSPC, "disk is full"),
    ("write", errno.EDQUOT, "quota"),
    ("fsync", errno.EIO, "disk reports an error"),
    ("replace", errno.ESTALE, "try again"),
    ("replace", errno.ETIMEDOUT, "does not answer"),
    ("replace", errno.EHOSTDOWN, "does not answer"),
    ("open", errno.ENOTCONN, "mount it again"),
    ("replace", errno.EBUSY, "mount its folder"),
    ("open", errno.ENAMETOOLONG, "choose a shorter one"),
    ("replace", errno.EROFS, "read-only"),
    ("replace", errno.EXDEV, "[Cc]ross-device"),
]


def test_a_change_that_could_not_be_read_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(job_id(1))])
    WatchlistFile(file.path).add([Job(job_id(2))])

    def fail(*arguments: object, **more: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(UserError, match="too many files are open"):
            file.load()
    assert file.changed()
    assert [job.id for job in file.load().jobs] == [job_id(1), job_id(2)]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_what_may_not_be_looked_at_is_no_missing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    context = User(tmp_path).context()
    (tmp_path / "settings.toml").unlink()

    def fail(*arguments: object, **more: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fail)
        with pytest.raises(UserError, match=file_error(OSError(number, os.strerror(number)))):
            _ = context.settings
    with pytest.raises(UserError, match="There is no"):
        _ = context.settings


@pytest.mark.parametrize(("call", "number", "words"), FAULTS)
def test_a_save_that_fails_leaves_the_list_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, words: str
) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(job_id(1))])
    before = file.path.read_bytes()

    def fail(*arguments: object, **more: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(UserError, match=f"Not saved: .*{words}"):
            file.add([Job(job_id(2))])
    assert file.path.read_bytes() == before
    assert names(tmp_path) == {"watchlist.toml", "watchlist.toml.lock"}
    assert len(file.add([Job(job_id(2))]).after.jobs) == 2


def test_a_lock_that_cannot_be_closed_takes_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, close = WatchlistFile(tmp_path / "watchlist.toml"), os.close
    locks: list[int] = []

    def fail_for_locks(descriptor: int) -> None:
        is_lock = Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".lock"
        close(descriptor)
        if is_lock:
            locks.append(descriptor)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "close", fail_for_locks)
    assert [job.id for job in file.add([Job(job_id(1))]).after.jobs] == [job_id(1)]
    assert locks


def test_ten_thousand_jobs_are_saved_read_and_changed(tmp_path: Path) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(job_id(number), f"job {number}") for number in range(10_000)])
    assert len(WatchlistFile(file.path).load().jobs) == 10_000
    change = WatchlistFile(file.path).remove([job_id(5000)])
    assert len(file.undo(change).after.jobs) == 10_000
    assert tomllib.loads(file.path.read_text())["jobs"][5000]["label"] == "job 5000"


@pytest.mark.parametrize("seconds", [0, 1, 4e9])
def test_a_clock_that_is_set_hides_no_change(tmp_path: Path, seconds: float) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(job_id(1))])
    file.path.write_text(file.path.read_text().replace("0001", "0002"))
    os.utime(file.path, (seconds, seconds))
    assert file.changed()
    assert [job.id for job in file.load().jobs] == [job_id(2)]
    file.add([Job(job_id(3))])
    assert len(file.load().jobs) == 2
    assert not file.changed()
