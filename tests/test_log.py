"""`--log FILE`: a line an event, readable by its owner alone, and no secret in it."""

import asyncio
import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.builders import failure, reading
from tests.support.credential_fakes import TOKEN
from tests.support.scripted_reader import failed, job, polling
from tests.support.user_home import NO_WORD, User
from tests.support.virtual_time import in_virtual_time
from tui.alerts import Alerts
from tui.cli import main
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.core.transitions import Change, Event
from tui.demo.service import DemoService
from tui.logs import LogFile, open_log
from tui.storage.watchlist import WatchlistFile

JOB = JobId("901878212b1a49be9c1a1054c272762a")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")
_log = logging.getLogger("tui.tested")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.log"


@pytest.fixture
def log(path: Path) -> Iterator[LogFile]:
    log = open_log(path, tuple)
    yield log
    log.close()


def lines(path: Path) -> list[str]:
    return [TIME.sub("", line) for line in path.read_text().splitlines()]


def test_it_is_for_its_owner_alone_and_goes_on(path: Path) -> None:
    path.write_text("before\n")
    path.chmod(0o644)
    log = open_log(path, tuple)
    _log.info("after\nit \x1b[31m")
    log.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert lines(path) == ["before", "INFO tui.tested: after·it \N{REPLACEMENT CHARACTER}[31m"]
    assert TIME.match(path.read_text().splitlines()[1])


def test_a_link_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder", "none/at/all", "a\0b"):
        with pytest.raises(UserError, match="--log"):
            open_log(tmp_path / name, tuple)
    with pytest.raises(UserError, match="not a regular file"):
        open_log(Path("/dev/null"), tuple)
    assert not (tmp_path / "elsewhere").exists()


def test_secrets_that_are_in_memory_at_the_write_are_redacted(path: Path) -> None:
    held = [TOKEN]
    log = open_log(path, lambda: held)
    _log.info("the token is %s, is it not", TOKEN)
    held[0] = "another-secret-of-today"
    _log.warning("and another-secret-of-today")
    logging.getLogger("httpcore").error("header %r", {"x": held[0]})
    log.close()
    assert lines(path) == [
        "INFO tui.tested: the token is ***, is it not",
        "WARNING tui.tested: and ***",
        "ERROR httpcore: header {'x': '***'}",
    ]


@in_virtual_time
async def test_a_job_is_logged_when_it_fails_anew_or_otherwise_and_when_it_can_be_read_again(
    log: LogFile, path: Path
) -> None:
    outcomes: list[Status | Failure] = [Status.IDLE, failure(), failed(FailureKind.TIMEOUT), Status.RUNNING]
    async with polling(1) as bench:
        for outcome in outcomes:
            bench.answer = partial(lambda outcome, _: outcome, outcome)
            await asyncio.sleep(900)
    assert lines(path) == [
        f"WARNING tui.polling.poller: job {job(0)}: server error: {failure().summary} | CB.00060101 | internal error",
        f"WARNING tui.polling.poller: job {job(0)}: timed out: it failed: timed out",
        f"INFO tui.polling.poller: job {job(0)} can be read again: running",
    ]


def test_saves_and_failures_to_save_are_logged(log: LogFile, path: Path, tmp_path: Path) -> None:
    store = WatchlistFile(tmp_path / "watchlist.toml")
    edit = store.add([Job(JOB)])
    store.edit({JOB: {"label": "label"}})
    store.remove([JOB])
    store.undo(edit)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError):
        WatchlistFile(tmp_path / "folder").add([Job(JOB)])
    assert lines(path)[:3] == [
        "INFO tui.storage.watchlist: add: 0 jobs before, 1 after",
        "INFO tui.storage.watchlist: edit: 1 jobs before, 1 after",
        "INFO tui.storage.watchlist: remove: 1 jobs before, 0 after",
    ]
    assert lines(path)[-1].startswith(
        "WARNING tui.storage.watchlist: add failed: Not saved: the file cannot be used: it is a folder"
    )


async def test_a_failing_alert_command_is_logged_without_its_arguments(log: LogFile, path: Path) -> None:
    alerts = Alerts(["false", TOKEN], lambda sentence: None)
    alerts.tell(Change(Job(JOB), Event.STOPPED, reading(JOB, Status.IDLE, 0)))
    await alerts.finish(20)
    assert lines(path) == ["WARNING tui.alerts: the command false ended with exit status 1"]


def test_the_libraries_warnings_are_logged_without_tracebacks(log: LogFile, path: Path) -> None:
    try:
        raise ValueError(TOKEN)
    except ValueError:
        logging.getLogger("httpcore").warning("odd", exc_info=True, stack_info=True)
    logging.getLogger("httpx").info("HTTP Request: GET")
    assert lines(path) == ["WARNING httpcore: odd"]


@pytest.mark.parametrize(("message", "values"), [("%d files", ("many",)), ("%s and %s", ("one",)), ("%(a)s", ({},))])
def test_a_message_that_does_not_fit_its_values_is_logged_as_it_is(
    log: LogFile, path: Path, message: str, values: tuple[object, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("httpx").warning(message, *values)
    assert lines(path) == [f"WARNING httpx: {message}"]
    assert capfd.readouterr().err == ""


def test_a_disk_that_is_full_ends_the_log_alone(capfd: pytest.CaptureFixture[str]) -> None:
    log = LogFile(os.open("/dev/full", os.O_WRONLY), Path("/dev/full"))
    logging.getLogger().addHandler(log)
    _log.warning("nobody reads this")
    log.close()
    _log.warning("nor this")
    assert capfd.readouterr().err == ""


def test_without_a_log_warnings_do_not_go_to_standard_error() -> None:
    """Python's `logging` writes them there if no handler takes them."""
    program = "import logging, tui.cli; logging.getLogger('tui.tested').warning('unseen')"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert ended.stderr == ""


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
        parts = user.app("--log", str(path))
        assert isinstance(parts.log, LogFile)
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
    assert f"INFO tui.codearts.auth.refreshable: IAM user {service.user} gave a token, good until 20" in written
    assert re.search(rf"WARNING tui.polling.poller: job {unknown}: not found: .* \| HTTP \d+ \| request \w+", written)
    assert f" IAM user {service.user} gave no token: IAM refuses the user name or password" in written
    assert "APIGW.0301" in written
    for secret in (service.password, "guessed-password", NO_WORD, "MIIDkg"):
        assert secret not in written
    assert not any(isinstance(handler, LogFile) for handler in logging.getLogger().handlers)


@pytest.mark.parametrize("how", ["renamed", "removed", "renamed and made anew"])
def test_a_log_that_was_rotated_is_opened_anew(log: LogFile, path: Path, how: str) -> None:
    old = path.with_suffix(".1")
    _log.info("before")
    path.rename(old)
    if how == "removed":
        old.unlink()
    if how == "renamed and made anew":
        path.touch(0o640)
    _log.info("after")
    _log.info("and after that")
    assert lines(path) == ["INFO tui.tested: after", "INFO tui.tested: and after that"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert how == "removed" or lines(old) == ["INFO tui.tested: before"]


def test_a_log_goes_on_in_the_old_file_where_none_can_be_opened(log: LogFile, path: Path, tmp_path: Path) -> None:
    old = path.with_suffix(".1")
    path.rename(old)
    path.symlink_to(tmp_path / "elsewhere")
    _log.info("after")
    assert lines(old) == ["INFO tui.tested: after"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_log_that_is_closed_stays_closed(log: LogFile, path: Path) -> None:
    log.close()
    path.unlink()
    _log.info("late")
    assert not path.exists()


def test_a_log_is_written_into_no_file_of_others(tmp_path: Path) -> None:
    path = tmp_path / "watch.log"
    (tmp_path / "bashrc").touch()
    path.hardlink_to(tmp_path / "bashrc")
    with pytest.raises(UserError, match="has a second name"):
        open_log(path, tuple)
    path.unlink()
    if os.geteuid() == 0:
        path.touch()
        os.chown(path, 40_003, 40_003)
        with pytest.raises(UserError, match="belongs to another user"):
            open_log(path, tuple)
        path.unlink()
    tmp_path.chmod(0o777)
    with pytest.raises(UserError, match=r"everybody may write into .*: use another, or run chmod o-w on it"):
        open_log(path, tuple)
    assert not path.exists()
