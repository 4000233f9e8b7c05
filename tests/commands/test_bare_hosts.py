"""Hosts that lack something: one sentence says what, and nothing is made where it does not belong."""

import errno
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.contract_server import ContractServer
from tests.support.credential_fakes import TOKEN
from tests.support.long_run import by_length
from tests.support.other_users import EVE, needs_root, public_folder
from tests.support.program import Home, numbered
from tests.support.terminal import Terminal
from tests.support.user_home import User
from tui.commands.watch import watch
from tui.core.errors import shortage
from tui.storage.files import Locations
from tui.storage.screen_state import ScreenState
from tui.ui.screen_deps import ScreenDeps

JOB = job_id(1)
NOWHERE = "http://127.0.0.1:9"


def run(
    *arguments: str, cwd: Path, env: Mapping[str, str], user: int | None = None, files: int = 0
) -> subprocess.CompletedProcess[str]:
    """`files`: how many the program may have open at once."""
    limit = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (files, files)) if files else None
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        cwd=cwd,
        env={"PATH": os.defpath, **env},
        capture_output=True,
        text=True,
        preexec_fn=limit,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """One where a user without a name may write."""
    with public_folder() as top:
        os.chown(top, EVE, EVE)
        try:
            command = [sys.executable, "-c", "import tui"]
            runs = subprocess.run(command, user=EVE, group=EVE, extra_groups=[], cwd=top, check=False)
        except PermissionError:
            pytest.skip("other users cannot run this Python")
        if runs.returncode:
            pytest.skip("other users cannot run this Python")
        yield top


HOMELESS = ["list", "check", f"add {JOB}", "status", "follow", "remove x", "wait"]


@needs_root
@pytest.mark.parametrize("command", by_length(HOMELESS[:3], HOMELESS))
def test_a_user_without_a_home_is_told_what_to_name(folder: Path, command: str) -> None:
    done = run(*command.split(), cwd=folder, env={"CODEARTS_ENDPOINT": NOWHERE}, user=EVE)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).count("Your home folder is not known: set HOME, or name the list with") == 1
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


@needs_root
def test_a_user_without_a_home_can_work_with_files_that_are_named(folder: Path) -> None:
    env = {"CODEARTS_ENDPOINT": NOWHERE, "CODEARTS_TOKEN": TOKEN}
    at = ["--watchlist", "list.toml"]
    for command in (["add", JOB], ["list"], ["config"]):
        done = run(*command, *at, cwd=folder, env=env, user=EVE)
        assert (done.stderr, done.returncode) == ("", 0), command
    assert "The host refused the connection" in run("status", *at, cwd=folder, env=env, user=EVE).stderr
    assert {path.name for path in folder.iterdir()} == {"list.toml", "list.toml.lock"}


@pytest.mark.parametrize("files", by_length([6], [5, 6, 8]))
@pytest.mark.parametrize("command", [f"status {JOB}", "follow", "check"])
def test_too_few_files_are_one_sentence(tmp_path: Path, files: int, command: str) -> None:
    (tmp_path / "watchlist.toml").write_text(f'[[jobs]]\nid = "{JOB}"\n')
    arguments = ["--watchlist", "watchlist.toml", *command.split()]
    env = {"HOME": str(tmp_path), "CODEARTS_ENDPOINT": NOWHERE, "CODEARTS_TOKEN": TOKEN}
    done = run(*arguments, cwd=tmp_path, env=env, files=files)
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert said.lower().count("too many files are open: raise the limit (ulimit -n)") == 1
    assert "Traceback" not in said
    assert "Warning" not in said


def test_too_few_files_for_a_connection_are_no_fault_of_the_network(tmp_path: Path) -> None:
    """With so few the program starts; how many connections they suffice for depends on the host's libraries."""
    labels, answers = numbered(8, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        for files in range(7, 12):
            done = run("status", cwd=tmp_path, env=home.env, files=files)
            if done.returncode == 1:
                assert re.search(
                    r"jobs?( \d+)?: Too many files are open: raise the limit \(ulimit -n\)\.\n", done.stderr
                )
                assert "network" not in done.stderr
                assert "shortage here" in done.stdout
                return
        raise AssertionError("no limit lets the program start and keeps it from making connections")


def test_a_screen_with_too_few_files_is_one_sentence(tmp_path: Path) -> None:
    command = ["sh", "-c", 'ulimit -n 8; exec "$@"', "sh", sys.executable, "-m", "tui"]
    with Terminal(command, {"HOME": str(tmp_path), "CODEARTS_ENDPOINT": NOWHERE}, cwd=tmp_path) as terminal:
        assert terminal.wait_exit() == 2
        terminal.wait_for("codearts-watch: Too many files are open: raise the limit")
        assert b"Traceback" not in terminal.raw


FEW_THREADS = """
import sys, threading
left = int(sys.argv.pop(1))
start = threading.Thread.start

def few(thread):
    global left
    if not left:
        raise RuntimeError("can't start new thread")
    left -= 1
    start(thread)

threading.Thread.start = few
from tui.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("threads", range(6))
def test_a_screen_with_too_few_threads_is_one_sentence(tmp_path: Path, threads: int) -> None:
    command = [sys.executable, "-c", FEW_THREADS, str(threads)]
    env = {"HOME": str(tmp_path), "CODEARTS_ENDPOINT": NOWHERE, "PYTHONPATH": str(Path(__file__).parents[2])}
    with Terminal(command, env, cwd=tmp_path) as terminal:
        assert terminal.wait_exit() == 2
        terminal.wait_for("codearts-watch: Too many processes run: raise the limit")
        assert b"Traceback" not in terminal.raw


def test_on_the_screen_of_a_user_without_a_home_the_rows_have_the_usual_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[ScreenDeps] = []
    monkeypatch.setattr("tui.ui.app.run", shown.append)
    context = User(tmp_path).context()
    context.locations = Locations(None, None, None, None)
    watch(context)
    assert [deps.state.sort for deps in shown] == [ScreenState().sort]


@pytest.mark.parametrize("option", ["--watchlist=~/x.toml", "--watchlist=~nobody-of-this-name/x.toml"])
def test_a_tilde_that_no_shell_expanded_is_the_home_or_refused(tmp_path: Path, option: str) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    done = run("add", JOB, option, cwd=here, env={"HOME": str(home)})
    assert list(here.iterdir()) == []
    if "nobody" in option:
        assert done.returncode == 2
        assert "the home folder that ~ stands for is unknown: write the path in full" in done.stderr
    else:
        assert JOB in (home / "x.toml").read_text()


@pytest.mark.parametrize("command", by_length(["list", "check"], ["list", "config", "check"]))
def test_every_option_and_variable_may_have_a_tilde(tmp_path: Path, command: str) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    (home / "cfg/codearts-watch").mkdir(parents=True)
    (home / "cfg/codearts-watch/watchlist.toml").write_text(f'[[jobs]]\nid = "{JOB}"\n')
    (home / "settings.toml").write_text('[profiles.mine]\nregion = "cn-north-4"\ntoken_command = ["~/token"]\n')
    env = {"HOME": str(home), "XDG_CONFIG_HOME": "~/cfg", "CODEARTS_ENDPOINT": NOWHERE}
    done = run(command, "--settings=~/settings.toml", "--log=~/watch.log", cwd=here, env=env)
    assert {path.name for path in here.iterdir()} == set()
    if command == "list":
        assert JOB in done.stdout
    if command == "config":
        assert f"{home}/settings.toml" in done.stdout
        assert f"{home}/watch.log" in done.stdout
        assert f"{home}/cfg/codearts-watch/watchlist.toml" in done.stdout
    if command == "check":
        assert f"{home}/settings.toml is read" in done.stdout


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "not enough memory"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (ExceptionGroup("", [ValueError(), BlockingIOError(errno.EAGAIN, "")]), "ulimit -u"),
        (OSError(errno.ENOSPC, ""), "disk is full"),
        (OSError(errno.ENOENT, ""), ""),
        (RuntimeError("a bug"), ""),
    ],
)
def test_a_shortage_is_told_from_a_bug(error: Exception, said: str) -> None:
    found = shortage(error)
    assert said in found
    assert bool(said) == bool(found)
    hidden = AttributeError("half made")
    hidden.__context__ = error
    assert shortage(hidden) == found


def test_a_bug_in_a_group_that_is_also_the_bugs_context_is_no_shortage() -> None:
    """So asyncio's task groups raise errors of tasks that were cancelled because of one another."""
    bug = ValueError()
    bug.__context__ = group = ExceptionGroup("", [bug])
    assert shortage(group) == ""
