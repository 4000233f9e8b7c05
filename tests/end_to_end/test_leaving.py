"""However it is left, the terminal is as it was and the exit code says why."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer
from tests.support.long_run import by_length, takes_minutes
from tests.support.program import SETTINGS, Home, command, numbered
from tests.support.terminal import Terminal, base_environment
from tests.test_processes import Pipe
from tui.storage.atomic import locked

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    labels, answers = numbered(2, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        yield home


def open_dialog(terminal: Terminal) -> None:
    """With a half-typed word in it."""
    terminal.press("a")
    terminal.wait_for("Add jobs")
    terminal.press("4", "d")
    terminal.wait_for("4d")


def shell(home: Home, script: str) -> Terminal:
    """A shell with job control, as the one a person starts the program from; `$WATCH` is the program."""
    watch = " ".join(command())
    return Terminal(["bash", "--norc", "--noprofile", "-mc", script], {**home.env, "WATCH": watch})


@pytest.mark.parametrize("number", by_length(list(SIGNALS)[:1], list(SIGNALS)))
@pytest.mark.parametrize("place", by_length(["dialog"], ["table", "dialog"]))
def test_a_signal_ends_it_in_order(home: Home, number: signal.Signals, place: str) -> None:
    with home.start() as terminal:
        terminal.wait_for("2 running")
        if place == "dialog":
            open_dialog(terminal)
        terminal.kill(number)
        assert terminal.wait_exit() == 128 + number
        assert terminal.left_behind() == ()
        assert "Traceback" not in terminal.text


def test_a_terminal_that_goes_away_ends_it(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for("2 running")
        terminal.hang_up()
        assert terminal.wait_exit() == 128 + signal.SIGHUP


@pytest.mark.parametrize("place", by_length(["dialog"], ["table", "dialog"]))
def test_keys_that_leave(home: Home, place: str) -> None:
    for keys in (["ctrl+c", "ctrl+c"], ["ctrl+q"]):
        with home.start() as terminal:
            terminal.wait_for("2 running")
            if place == "dialog":
                open_dialog(terminal)
                terminal.press("q")  # a letter there
                terminal.wait_for("4dq")
            terminal.press(*keys)
            assert terminal.wait_exit() == 0, keys
            assert terminal.left_behind() == (), keys


@takes_minutes
def test_who_leaves_while_a_change_cannot_be_saved_is_told_that_it_is_lost(home: Home) -> None:
    with home.start() as terminal, locked(home.watchlist, 0):
        terminal.wait_for("2 running")
        terminal.press("x", "q")
        terminal.wait_for("the last change was not saved")
        assert terminal.wait_exit() == 0
        assert terminal.left_behind() == ()
    assert "job 001" in home.watchlist.read_text()


def test_one_interrupt_key_only_says_what_quits(home: Home) -> None:
    with home.start() as terminal:
        terminal.wait_for("2 running")
        terminal.press("ctrl+c")
        terminal.wait_for("Press ctrl\\+c again to quit")
        terminal.press("down")
        terminal.wait_for("› .*job 002")
        open_dialog(terminal)
        terminal.press("escape")
        terminal.gone("Add jobs")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.left_behind() == ()


@pytest.mark.parametrize(("keys", "word"), by_length([("L", "Label of")], [("", "2 running"), ("L", "Label of")]))
def test_suspending_gives_the_shell_its_terminal_and_coming_back_draws_anew(home: Home, keys: str, word: str) -> None:
    with shell(home, "$WATCH; echo the shell is back; read -r line; fg >/dev/null; echo left with $?") as terminal:
        terminal.wait_for("2 running")
        terminal.press(*keys)
        terminal.wait_for(word)
        terminal.press("ctrl+z")
        terminal.wait_for("the shell is back")
        assert terminal.left_behind() == ()
        terminal.press("enter")
        terminal.wait_for(word)
        drawn = terminal.bytes_of_whole_frames()
        terminal.press("ctrl+l")
        terminal.wait_for(lambda _: word.encode() in terminal.raw[drawn:])
        if keys:
            terminal.press("escape")
            terminal.gone(word)
        terminal.press("q")
        terminal.wait_for("left with 0")
        assert terminal.left_behind() == ()


def test_going_on_in_the_background_stops_it_again_until_it_is_fetched(home: Home) -> None:
    fetched = "bg >/dev/null; wait %1; fg >/dev/null; echo left with $?"
    with shell(home, f"$WATCH; echo the shell is back; read -r line; {fetched}") as terminal:
        terminal.wait_for("2 running")
        terminal.press("ctrl+z")
        terminal.wait_for("the shell is back")
        terminal.press("enter")
        terminal.wait_for("2 running")
        terminal.press("q")
        terminal.wait_for("left with 0")
        assert terminal.left_behind() == ()


@pytest.mark.parametrize("number", by_length(["TERM"], ["HUP", "INT", "TERM"]))
def test_a_signal_ends_it_while_it_is_suspended_and_the_shell_has_the_terminal(home: Home, number: str) -> None:
    kill = f"stty -echo; kill -{number} %1; bg >/dev/null; wait %1; echo left with $?; stty -a | grep -o -- '-echo '"
    with shell(home, f"$WATCH; echo the shell is back; read -r line; {kill}") as terminal:
        terminal.wait_for("2 running")
        terminal.press("ctrl+z")
        terminal.wait_for("the shell is back")
        terminal.press("enter")
        terminal.wait_for(f"left with {128 + signal.Signals[f'SIG{number}']}\n-echo")


KILLER = """
[commands.killer]
key = "f6"
run = "terminal"
command = ["sh", "-c", "trap '' HUP TERM; exec 3> '{}'; stty raw; kill -{} $PPID; exec sleep 600"]
"""


@pytest.mark.parametrize("number", by_length(["TERM"], ["HUP", "INT", "TERM"]))
def test_a_signal_ends_it_while_a_command_has_the_terminal(home: Home, tmp_path: Path, number: str) -> None:
    pipe = Pipe(tmp_path / "pipe")
    home.settings.write_text(SETTINGS + KILLER.format(pipe.path, number))
    with shell(home, "$WATCH; echo left with $?") as terminal:
        terminal.wait_for("2 running")
        terminal.press("down", "f6")
        terminal.wait_for(f"left with {128 + signal.Signals[f'SIG{number}']}")
        assert terminal.left_behind() == ()
        assert pipe.is_let_go()


@pytest.mark.parametrize("signal_name", by_length(["TERM"], ["INT", "TERM"]))
def test_the_demo_service_alone_ends_on_a_signal(signal_name: str) -> None:
    number = signal.Signals[f"SIG{signal_name}"]
    with Terminal(command("demo-service"), rows=60, columns=120) as terminal:
        terminal.wait_for("http://127.0.0.1:")
        terminal.kill(number)
        assert terminal.wait_exit() in (128 + number, -number)
        assert "Traceback" not in terminal.text


def test_without_a_terminal_it_says_so_in_one_sentence(home: Home) -> None:
    environment = {**base_environment(), **home.env}
    done = subprocess.run(
        command(), env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"\x1b" not in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"codearts-watch: The screen needs a terminal")
