"""`--log FILE`: a line an event, readable by its owner alone, and no secret in it."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import failure, moment, reading
from tests.support.user_home import NO_WORD, TOKEN, User
from tui.cli import main
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.demo.service import DemoService
from tui.logs import Log, NotedStore, open_log
from tui.storage.watchlist import MemoryWatchlist, WatchlistFile

JOB = JobId("901878212b1a49be9c1a1054c272762a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.log"


@pytest.fixture
def log(path: Path) -> Iterator[Log]:
    log = open_log(path, lambda: moment(0))
    yield log
    log.close()


def lines(path: Path) -> list[str]:
    return [line.removeprefix("2026-11-23T12:00:00.000000Z ") for line in path.read_text().splitlines()]


def test_it_is_for_its_owner_alone_and_goes_on(path: Path) -> None:
    path.write_text("before\n")
    path.chmod(0o644)
    log = open_log(path, lambda: moment(0))
    log.note("after\nit \x1b[31m")
    log.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert lines(path) == ["before", "after·it \N{REPLACEMENT CHARACTER}[31m"]


def test_a_link_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder", "none/at/all", "a\0b"):
        with pytest.raises(UserError, match="--log"):
            open_log(tmp_path / name, lambda: moment(0))
    with pytest.raises(UserError, match="not a regular file"):
        open_log(Path("/dev/null"), lambda: moment(0))
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_held_now_is_kept_out(log: Log, path: Path) -> None:
    held = [TOKEN]
    log.keep_out(lambda: held)
    log.note(f"the token is {TOKEN}, is it not")
    held[0] = "another-secret-of-today"
    log.note("and another-secret-of-today")
    assert lines(path) == ["the token is ***, is it not", "and ***"]


def test_a_job_is_heard_when_it_begins_to_fail_and_when_it_answers_again(log: Log, path: Path) -> None:
    seen: list[Reading] = []
    report = log.hearing(seen.extend)
    throttled = failure(FailureKind.THROTTLED, "Too many.")
    outcomes: list[Status | Failure] = [Status.IDLE, failure(), failure(), throttled, Status.RUNNING, Status.IDLE]
    for at, outcome in enumerate(outcomes):
        report([reading(JOB, outcome, at)])
    assert len(seen) == 6
    assert lines(path) == [
        f"reading: {JOB} server error: The service failed. | CB.00060101 | internal error | HTTP 200 | request c0ffee",
        f"reading: {JOB} throttled: Too many. | CB.00060101 | internal error | HTTP 200 | request c0ffee",
        f"reading: {JOB} answers again: running",
    ]


def test_saves_and_failures_to_save_are_noted(log: Log, path: Path, tmp_path: Path) -> None:
    store = NotedStore(MemoryWatchlist(), log.note)
    change = store.add([Job(JOB)])
    store.edit({JOB: {"label": "label"}})
    store.undo(change)
    assert not store.changed()
    store.remove([JOB])
    (tmp_path / "folder").mkdir()
    broken = NotedStore(WatchlistFile(tmp_path / "folder"), log.note)
    with pytest.raises(UserError):
        broken.add([Job(JOB)])
    assert lines(path)[0] == "watchlist: add is saved: 0 jobs before, 1 after"
    assert lines(path)[-1].startswith("watchlist: add failed: Not saved: the file cannot be used: it is a folder")


def test_the_libraries_are_heard_from_warnings_on(log: Log, path: Path) -> None:
    try:
        raise ValueError(TOKEN)
    except ValueError:
        logging.getLogger("httpcore").warning("odd", exc_info=True)
    logging.getLogger("httpx").info("HTTP Request: GET")
    assert lines(path) == ["httpcore: odd"]


def test_a_disk_that_is_full_ends_the_log_alone() -> None:
    log = Log(os.open("/dev/full", os.O_WRONLY), lambda: moment(0))
    log.note("nobody reads this")
    log.close()
    log.note("nor this")


def test_a_command_writes_down_renewals_and_failures_without_a_secret(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    user = User(tmp_path)
    with DemoService() as service:
        user.settings = (
            f'[profiles.demo]\nendpoint = "{service.url}"\niam_endpoint = "{service.url}"\nproject = "cn-north-4"\n'
            f'[profiles.demo.iam]\nuser = "{service.user}"\naccount = "{service.domain}"\npassword_env = "PASSWORD"\n'
        )
        user.environ = {"PASSWORD": service.password}
        parts = user.gather("--log", str(path))
        assert isinstance(parts.log, Log)
        parts.log.close()
        unknown = str(JobId("f" * 32))
        files = ["--settings", str(tmp_path / "settings.toml"), "--watchlist", str(tmp_path / "watchlist.toml")]
        for password in (service.password, "guessed-password"):
            monkeypatch.setenv("PASSWORD", password)
            main([*files, "--log", str(path), "status", unknown])
        monkeypatch.setenv("CODEARTS_TOKEN", TOKEN)
        assert main([*files, "--log", str(path), "status", unknown]) == 3
    capfd.readouterr()
    written = path.read_text()
    assert f"renewal: IAM user {service.user} gave a token, good until 20" in written
    assert f"reading: {unknown} not found: " in written
    assert f"renewal: IAM user {service.user} gave no token: IAM refuses the user name or password" in written
    assert "APIGW.0301" in written
    for secret in (service.password, "guessed-password", NO_WORD, "MIIDkg"):
        assert secret not in written
    assert not logging.getLogger("httpx").handlers


@pytest.mark.parametrize("how", ["renamed", "removed", "renamed and made anew"])
def test_a_log_that_was_rotated_is_opened_anew(log: Log, path: Path, how: str) -> None:
    old = path.with_suffix(".1")
    log.note("before")
    path.rename(old)
    if how == "removed":
        old.unlink()
    if how == "renamed and made anew":
        path.touch(0o640)
    log.note("after")
    log.note("and after that")
    assert lines(path) == ["after", "and after that"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert how == "removed" or lines(old) == ["before"]


def test_a_log_goes_on_in_the_old_file_where_none_can_be_opened(log: Log, path: Path, tmp_path: Path) -> None:
    old = path.with_suffix(".1")
    path.rename(old)
    path.symlink_to(tmp_path / "elsewhere")
    log.note("after")
    assert lines(old) == ["after"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_log_that_is_closed_stays_closed(log: Log, path: Path) -> None:
    log.close()
    path.unlink()
    log.note("late")
    assert not path.exists()


def test_a_log_is_written_into_no_file_of_others(tmp_path: Path) -> None:
    path = tmp_path / "watch.log"
    (tmp_path / "bashrc").touch()
    path.hardlink_to(tmp_path / "bashrc")
    with pytest.raises(UserError, match="has a second name"):
        open_log(path, lambda: moment(0))
    path.unlink()
    if os.geteuid() == 0:
        path.touch()
        os.chown(path, 40_003, 40_003)
        with pytest.raises(UserError, match="belongs to another user"):
            open_log(path, lambda: moment(0))
        path.unlink()
    tmp_path.chmod(0o777)
    with pytest.raises(UserError, match="everybody may write into .*: run chmod o-w on it"):
        open_log(path, lambda: moment(0))
    assert not path.exists()
