"""Programs that this one runs: without our terminal and our secrets, bounded in time and output, and gone in time."""

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import tui
from tui.codearts.auth import access_key
from tui.processes import NO_TERMINAL, SECRETS, Ended, end_all, environment, run, run_bounded
from tui.profiles import candidates

HELD = "import os, sys, time; held = open(sys.argv[1], 'w'); print('x', flush=True); time.sleep(600)"
"""Holds a pipe open for as long as it lives."""


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


class Pipe:
    """Shows whether any process that opened it is still alive."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = str(path)
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer = os.open(path, os.O_WRONLY)

    def is_let_go(self) -> bool:
        os.close(self._writer)
        readable, _, _ = select.select([self._reader], [], [], 20)
        os.close(self._reader)
        return bool(readable)  # at its end


@pytest.fixture
def pipe(tmp_path: Path) -> Pipe:
    return Pipe(tmp_path / "pipe")


def test_a_program_that_was_cancelled_before_is_not_begun() -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert run_bounded(["/nowhere/program"], 20, cancelled=cancelled) == Ended(None)


def test_a_program_has_no_terminal_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GPG_TTY", "SSH_TTY", "TTY"):
        monkeypatch.setenv(name, "/dev/pts/0")
    program = "import os; print(os.getsid(0), *(value for name, value in os.environ.items() if 'TTY' in name))"
    session, *names = run_bounded(python(program), 20, 999).output.decode().split()
    assert int(session) != os.getsid(0)
    assert names == ["/dev/null/none"]  # what gpg has its agent open, which knows our terminal from elsewhere


OPENS = """
import os, sys
for name in ("/dev/tty", os.environ.get("GPG_TTY", "")):
    try:
        open(name, "w").close()
    except OSError:
        continue
    open(sys.argv[1], "w").close()
print("done")
"""
"""What pinentry does: opens the terminal by its name. Leaves a file where it could."""
ON_A_TERMINAL = """
import asyncio, fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
open("/dev/tty").close()
os.environ["GPG_TTY"] = os.ttyname(0)
child = sys.argv[1:]
"""
ROUTES = {
    "a command of the settings": "from tui.codearts.auth.providers import SecretCommand\n"
    "asyncio.run(SecretCommand('token_command', child).line())",
    "the clipboard": "from tui.terminal.clipboard import run_program\nassert run_program(child, 'x', 20.0)",
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_program_cannot_open_the_terminal_that_we_are_on(route: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    opened = tmp_path / "opened"
    command = python(ON_A_TERMINAL + route, *python(OPENS, str(opened)))
    ended = subprocess.run(command, check=False, stdin=theirs, start_new_session=True, timeout=60, capture_output=True)
    os.close(ours)
    os.close(theirs)
    assert ended.returncode == 0, ended.stderr
    assert not opened.exists()


def test_every_variable_that_can_hold_a_secret_is_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        f"{vendor}_{part}" for vendor, parts in access_key._NAMES.items() for part in parts if "PROJECT" not in part
    }
    known |= {"CODEARTS_TOKEN", "OS_PASSWORD", *candidates._READY}
    assert known <= SECRETS
    for name in known:
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("HW_REGION_NAME", "cn-north-4")
    shown = run_bounded(python("import os; print(dict(os.environ))"), 20, 1 << 20).output.decode()
    assert "hunter2" not in shown
    assert "HW_REGION_NAME" in shown
    assert environment({"A": "1", "CODEARTS_TOKEN": "2", "TTY": "/dev/pts/0"}) == {"A": "1"} | NO_TERMINAL


def test_output_and_exit_status_come_back() -> None:
    program = "import sys; sys.stderr.write(sys.stdin.read()); print('out'); sys.exit(3)"
    assert run_bounded(python(program), 20, 100, b"given") == Ended(3, b"out\n", b"given")
    assert run_bounded(python("print('x')"), 20) == Ended(0)


def test_all_that_it_wrote_before_it_ended_comes_back_and_all_that_it_is_given_arrives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = b"x" * 300_000  # more than the pipes hold
    assert run_bounded(["cat"], 60, 1 << 20, given) == Ended(0, given)
    monkeypatch.setattr("tui.processes._CHUNK", 10)  # it has ended long before the last of it is read
    assert run_bounded(python("print('x' * 60_000, end='')"), 60, 100_000) == Ended(0, b"x" * 60_000)


def test_what_it_is_to_have_goes_before_what_it_inherits_and_no_output_is_in_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CODEARTS_LABEL", "inherited")
    ended = run_bounded(["sh", "-c", 'echo "$CODEARTS_LABEL"'], 20, 100, more={"CODEARTS_LABEL": "hunter2"})
    assert ended.output == b"hunter2\n"
    assert "hunter2" not in repr(ended)


def test_what_it_leaves_behind_in_its_group_ends_with_it(pipe: Pipe) -> None:
    program = (
        f"import subprocess, sys; inner = [sys.executable, '-c', {HELD!r}, sys.argv[1]]\n"
        "subprocess.Popen(inner, stdout=subprocess.PIPE).stdout.readline()"
    )
    assert run_bounded(python(program, pipe.path), 60, 100).status == 0
    assert pipe.is_let_go()


def test_one_that_prints_too_much_is_stopped(pipe: Pipe) -> None:
    ended = run_bounded(python(HELD.replace("'x'", "'x' * 5000"), pipe.path), 60, 1000)
    assert len(ended.output) == 1001
    assert pipe.is_let_go()


def test_one_that_reads_little_of_what_it_is_given_is_stopped_in_time(tmp_path: Path) -> None:
    later = tmp_path / "later"
    program = python("import os, sys, time; os.read(0, 9000); time.sleep(3); open(sys.argv[1], 'w')", str(later))
    assert run_bounded(program, 1.0, given=b"x" * (1 << 20)).status is None
    assert not later.exists()


def test_much_complaint_stops_nothing() -> None:
    ended = run_bounded(python("import sys; sys.stderr.write('x' * 300_000); print('out')"), 60, 1000)
    assert (ended.status, ended.output, len(ended.complaint)) == (0, b"out\n", 1001)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose child a process is")
@pytest.mark.parametrize("start_new_session", [False, True], ids=["in its group", "in a session of its own"])
def test_nothing_outlives_the_time_limit(pipe: Pipe, start_new_session: bool) -> None:
    program = (
        f"import subprocess, sys; inner = [sys.executable, '-c', {HELD!r}, sys.argv[1]]\n"
        f"subprocess.run(inner, start_new_session={start_new_session})"
    )
    assert run_bounded(python(program, pipe.path), 1.5, 100).status is None
    assert pipe.is_let_go()


async def test_a_program_has_ended_when_its_cancelled_run_returns(pipe: Pipe) -> None:
    task = asyncio.create_task(run(python(HELD, pipe.path), 600))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await task
    assert pipe.is_let_go()


def test_a_process_that_ends_at_once_takes_them_along(pipe: Pipe) -> None:
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(run_bounded(python(HELD, pipe.path), 20, 100)))
    thread.start()
    while thread.is_alive():
        end_all()
        thread.join(0.05)
    assert pipe.is_let_go()
    assert ended[0].status == -9


def test_programs_are_run_in_one_place_only() -> None:
    package = Path(tui.__file__).parent
    ways = re.compile(r"subprocess|\bos\.(?:system|popen|exec|spawn|fork)|\bpty\.")
    found = {path.name for path in package.rglob("*.py") if ways.search(path.read_text())}
    assert found == {"processes.py"}
