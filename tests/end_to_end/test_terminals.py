"""Terminals of every name, of every size, and one that does not read."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from tests.support.contract_server import ContractServer
from tests.support.long_run import by_length
from tests.support.program import Home, command, numbered
from tests.support.terminal import PATIENCE, base_environment, read_until

NAMES = by_length(("linux",), ("linux", "vt100", "screen", "screen-256color", "tmux-256color", "xterm"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    labels, answers = numbered(3, script=True)
    flapping = iter(range(1_000_000))
    answers |= {next(iter(labels)): lambda _: next(flapping) % 2 == 0}
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        yield home


def memory(process: int) -> float:
    """MB in use."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_terminal_of_any_name_shows_the_rows_and_is_left_as_it_was(home: Home) -> None:
    with ExitStack() as stack:
        for name in NAMES:
            terminal = stack.enter_context(home.start(env={"TERM": name, "COLORTERM": ""}))
            terminal.wait_for("▸ running .*job 003")
            assert b"8;2;" not in terminal.raw.replace(b"\x1b[8;2;", b""), name  # no colour it may not know
            terminal.press("q")
            assert terminal.wait_exit() == 0, name
            assert terminal.left_behind() == (), name


@pytest.mark.parametrize("name", ["", "unknown", "dumb"])
def test_a_terminal_without_a_usable_name_is_refused_in_a_sentence(home: Home, name: str) -> None:
    with home.start(env={"TERM": name}) as terminal:
        assert terminal.wait_exit() == 2
        said = " ".join(terminal.text.split())  # the sentence is folded to the width of the terminal
        assert "codearts-watch status" in said
        assert f"TERM is {name}" in said
        assert b"\x1b" not in terminal.raw


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_storm_of_sizes_leaves_the_same_screen_and_no_memory_behind(home: Home) -> None:
    dice = Random(4)
    with home.start() as terminal:
        terminal.wait_for("job 003")
        before = memory(terminal.process.pid)
        for _ in range(250):
            terminal.resize(dice.randint(1, 80), dice.randint(1, 250))
        terminal.resize(5, 20)
        terminal.wait_for("too small: 40x8 min")
        terminal.resize(1, 1)
        terminal.wait_for(r"\At\Z")
        terminal.resize(24, 80)
        terminal.wait_for("(?s)job 001.*job 003.*q quit")
        assert memory(terminal.process.pid) - before < 25
        terminal.press("q")
        assert terminal.wait_exit() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_terminal_that_does_not_read_costs_no_memory_and_is_left_in_time(home: Home) -> None:
    ours, theirs = pty.openpty()
    environment = {**base_environment(), **home.env}
    process = subprocess.Popen(command(), stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)  # so that reading ends with the program
    try:
        read_until(ours, b"job 003")
        before = memory(process.pid)
        for _ in range(400):  # each draws the whole screen, and nobody takes it
            os.write(ours, b"\x0c")
        assert memory(process.pid) - before < 20
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_while_nothing_changes_the_line_is_quiet(tmp_path: Path) -> None:
    labels, answers = numbered(20, script=False)
    with ContractServer(answers) as server:
        quiet = Home(tmp_path / "quiet", server.url)
        quiet.watch(labels)
        with quiet.start() as terminal:
            terminal.wait_for("20 idle .*all answers under")
            after(server, 20)
            sent = terminal.bytes_of_whole_frames()
            after(server, 80)
            assert terminal.bytes_of_whole_frames() - sent < 2000


def after(server: ContractServer, answers: int) -> None:
    """Wait until the program has asked so often again."""
    wanted = len(server.requests) + answers
    server.wait_for(lambda requests: len(requests) >= wanted)
