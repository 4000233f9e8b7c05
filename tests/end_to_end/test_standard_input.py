"""What is typed or pasted into a terminal for `-` arrives whole, and the terminal is as it was afterwards."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.program import Home, command
from tests.support.terminal import Terminal

IDS = [str(job_id(number)) for number in range(1, 201)]
READY = "paste or type, then press ctrl\\+d"


@pytest.mark.parametrize("between", [" ", "\r"], ids=["one line of 6,600 characters", "200 lines"])
def test_a_long_line_pasted_for_add_arrives_whole(tmp_path: Path, between: str) -> None:
    home = Home(tmp_path)
    with home.start("add", "-", rows=50) as terminal:
        terminal.wait_for(READY)
        terminal.send(between.join(IDS) + "\r\x04")
        assert terminal.wait_exit() == 0
        assert terminal.restored()
    assert [job in home.watchlist.read_text() for job in IDS] == [True] * 200


def test_what_is_erased_while_typing_does_not_count(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.start("add", "-") as terminal:
        terminal.wait_for(READY)
        terminal.send(f"nothing here\x15{IDS[0]}\r{IDS[1]}0\x7f\r每\x7f\x04")
        assert terminal.wait_exit() == 0
        assert "每" not in terminal.text
    text = home.watchlist.read_text()
    assert f'"{IDS[0]}"' in text
    assert f'"{IDS[1]}"' in text


def test_a_paste_that_came_too_early_is_refused_and_not_cut(tmp_path: Path) -> None:
    home, gate = Home(tmp_path), tmp_path / "gate"
    os.mkfifo(gate)
    with Terminal(["sh", "-c", f'read -r go < {gate}; exec "$@"', "sh", *command("add", "-")], home.env) as terminal:
        terminal.send((" ".join(IDS) + "\r")[:4095])
        gate.write_text("the program may begin\n")
        terminal.wait_for("paste again")
        assert terminal.wait_exit() == 2
        assert terminal.restored()
    assert not home.watchlist.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_reads_leaves_the_terminal_as_it_was(tmp_path: Path, number: signal.Signals) -> None:
    with Home(tmp_path).start("status", "-") as terminal:
        terminal.wait_for(READY)
        terminal.kill(number)
        assert terminal.wait_exit() == 128 + number
        assert terminal.restored()
