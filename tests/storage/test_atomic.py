"""Files on a real disk: other writers, killed writers, full disks, links and modes."""

import os
import resource
from pathlib import Path

import pytest

from tests.support.scripts import mode, names, python
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.storage.atomic import locked, try_to_write, write_text
from tui.storage.files import FileError, read_text, signature
from tui.storage.watchlist import WatchlistFile


def test_a_lock_that_is_held_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.toml"
    with locked(path, 0), pytest.raises(UserError, match="another codearts-watch"):
        WatchlistFile(path, lock_wait=0).add([Job(JobId("a" * 32))])
    assert not path.exists()
    WatchlistFile(path, lock_wait=0).add([Job(JobId("a" * 32))])


def test_where_the_lock_cannot_be_used_a_trial_says_so(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.toml"
    path.with_name("watchlist.toml.lock").symlink_to("elsewhere")
    with pytest.raises(UserError, match=r"watchlist\.toml\.lock: it is a link"):
        try_to_write(path, b"x")
    assert names(tmp_path) == {"watchlist.toml.lock"}


def test_no_file_stays_open_after_a_write_a_trial_or_a_refusal(tmp_path: Path) -> None:
    path, opened = tmp_path / "watchlist.toml", names(Path("/dev/fd"))
    for jobs in ([Job(JobId("a" * 32))], [Job(JobId("b" * 32))]):
        WatchlistFile(path).add(jobs)
        try_to_write(path, b"x")
    path.with_name("watchlist.toml.lock").unlink()
    os.mkfifo(path.with_name("watchlist.toml.lock"))
    with pytest.raises(UserError):
        try_to_write(path, b"x")
    assert names(Path("/dev/fd")) <= opened


def test_new_files_and_folders_are_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "watchlist.toml"
    WatchlistFile(path).add([Job(JobId("a" * 32))])
    assert mode(path) == 0o600
    assert mode(path.with_name("watchlist.toml.lock")) == 0o600
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o640)
    path.chmod(0o640)
    write_text(path, "x")
    assert mode(path) == 0o640


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(UserError, match="permission denied"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == {"file"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, real = tmp_path / "link.toml", tmp_path / "real" / "watchlist.toml"
    link.symlink_to(real)
    WatchlistFile(link).add([Job(JobId("a" * 32))])
    WatchlistFile(real).add([Job(JobId("b" * 32))])
    assert link.is_symlink()
    assert len(WatchlistFile(link).load().jobs) == 2
    assert names(real.parent) == {"watchlist.toml", "watchlist.toml.lock"}


def test_links_in_a_circle_are_a_problem(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(UserError, match="circle"):
        WatchlistFile(one).add([Job(JobId("a" * 32))])


def test_the_part_of_the_path_that_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link.toml").symlink_to("none/watchlist.toml")
    (tmp_path / "through.toml").symlink_to("file/watchlist.toml")
    for path, said in (
        (
            tmp_path / "file" / "a" / "watchlist.toml",
            f"{tmp_path}/file: a part of its path is not a folder: mend the path",
        ),
        (tmp_path / "link.toml", "none: there is no such folder: make it, or mend the link"),
        (tmp_path / "through.toml", f"{tmp_path}/file/watchlist.toml.lock: a part of its path is not a folder"),
    ):
        with pytest.raises(UserError) as caught:
            WatchlistFile(path).add([Job(JobId("a" * 32))])
        assert str(caught.value).startswith(f"Not saved: {said}")
        assert str(caught.value).endswith(f" ({path})")


def test_a_file_with_the_name_of_a_lock_that_holds_something_keeps_its_mode(tmp_path: Path) -> None:
    path, lock = tmp_path / "watchlist.toml", tmp_path / "watchlist.toml.lock"
    path.touch()
    path.chmod(0o664)
    lock.write_text("mine")
    lock.chmod(0o600)
    WatchlistFile(path).add([Job(JobId("a" * 32))])
    assert (mode(lock), lock.read_text()) == (0o600, "mine")


@pytest.mark.parametrize("name", ["folder", "pipe", "nul\0"])
def test_only_files_are_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name == "pipe":
        os.mkfifo(path)
    with pytest.raises(UserError, match="Not saved"):
        write_text(path, "x")
    with pytest.raises(FileError):
        read_text(path, 100)
    assert name == "nul\0" or names(tmp_path) == {name}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(UserError, match=r"Not saved: the limit for the size of a file") as caught:
            write_text(path, "new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert names(tmp_path) == {"file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="permission denied"):
            WatchlistFile(tmp_path / "watchlist.toml").add([Job(JobId("a" * 32))])
    finally:
        tmp_path.chmod(0o700)


def test_leftovers_of_dead_writers_go(tmp_path: Path) -> None:
    with python("pass") as process:
        process.wait()
    old = [f".file.{process.pid}.00000000.tmp", f".file.{os.getpid()}.00000000.tmp", ".file.x.tmp", "file.tmp"]
    of_another_file, fresh = f".other.{process.pid}.00000000.tmp", f".file.{process.pid}.11111111.tmp"
    (tmp_path / "now").touch()
    now = (tmp_path / "now").stat().st_mtime
    for name, age in (*((name, 3700) for name in (*old, of_another_file)), (fresh, 3500)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - age, now - age))
    write_text(tmp_path / "file", "x")
    assert names(tmp_path) == {"file", "now", fresh, of_another_file, *old[1:]}


def test_what_was_written_has_its_signature(tmp_path: Path) -> None:
    path = tmp_path / "file"
    first = write_text(path, "one")
    assert first == signature(path)
    assert write_text(path, "two") == signature(path) != first
    assert signature(tmp_path / "none") is None


def test_each_change_of_a_file_its_owner_and_its_permissions_is_another_signature(tmp_path: Path) -> None:
    path, other, at = tmp_path / "file", tmp_path / "other", 1_780_000_000
    seen = {signature(path)}

    def note(file: Path, when: int = at) -> None:
        os.utime(file, (when, when))
        file.replace(path)
        assert signature(path) not in seen
        seen.add(signature(path))

    for text in ("one", "three"):
        path.write_text(text)
        note(path)
    other.write_text("other")
    note(other)  # as long, and as old
    note(path, at + 1)
    path.chmod(0o600 if mode(path) != 0o600 else 0o644)
    note(path, at + 1)
    if os.geteuid() == 0:
        os.chown(path, 40_001, -1)
        note(path, at + 1)


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfab\r\n")
    assert read_text(path, 7) == "\ufeffab\r\n"
    with pytest.raises(FileError, match="larger"):
        read_text(path, 6)
    assert read_text(tmp_path / "none", 1) is None
