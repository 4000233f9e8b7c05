"""The terminal's title: sent when a count changes, and put back however the program is left."""

import re
import signal
from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.program import SETTINGS, Home, command, numbered
from tests.support.terminal import Terminal

PUSH, POP = b"\x1b[22;2t", b"\x1b[23;2t"
TITLES = re.compile(rb"\x1b\]2;([^\x1b]*)\x1b\\")
ON = f"{SETTINGS}[alerts]\ntitle = true\n"


def test_the_title_shows_the_counts_and_is_put_back(tmp_path: Path) -> None:
    labels, answers = numbered(2, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url, ON)
        home.watch(labels)
        script = "$WATCH; echo the shell is back; read -r line; fg >/dev/null; echo left with $?"
        shell = ["bash", "--norc", "--noprofile", "-mc", script]
        with Terminal(shell, {**home.env, "WATCH": " ".join(command())}) as terminal:
            terminal.wait_for("2 running")
            server.answers[next(iter(labels))] = False
            terminal.wait_for("1 running")
            home.settings.write_text(f"{SETTINGS}[alerts]\ntitle = false\n")
            terminal.wait_for("in effect")
            terminal.wait_for(lambda text: _depths(terminal.raw) == [1, 0])
            home.settings.write_text(ON)
            terminal.wait_for(lambda text: _depths(terminal.raw) == [1, 0, 1])
            terminal.press("ctrl+z")
            terminal.wait_for("the shell is back")
            assert _depths(terminal.raw) == [1, 0, 1, 0]
            terminal.press("enter")
            terminal.wait_for("1 running")
            terminal.press("q")
            terminal.wait_for("left with 0")
            assert _depths(terminal.raw) == [1, 0, 1, 0, 1, 0]
            shown = [text.decode() for text in TITLES.findall(terminal.raw)]
            assert shown[-4:] == ["2 running", "1 running", "1 running", "1 running"]


def test_a_signal_puts_the_title_back(tmp_path: Path) -> None:
    labels, answers = numbered(2, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url, ON)
        home.watch(labels)
        with home.start() as terminal:
            terminal.wait_for("2 running")
            terminal.kill(signal.SIGTERM)
            assert terminal.wait_exit() == 128 + signal.SIGTERM
            assert _depths(terminal.raw) == [1, 0]


def _depths(raw: bytes) -> list[int]:
    """How many titles are saved after each push and pop."""
    depth, depths = 0, []
    for found in re.findall(re.escape(PUSH) + b"|" + re.escape(POP), raw):
        depth += 1 if found == PUSH else -1
        depths.append(depth)
    return depths
