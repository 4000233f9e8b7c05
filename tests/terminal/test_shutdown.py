"""Whatever hangs, the process is gone in time, with the right exit code, and the terminal is as it was."""

import os
import pty
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.long_run import by_length, takes_minutes
from tests.support.terminal import PATIENCE, Terminal, base_environment, read_until
from tui.terminal.shutdown import RESET

ROOT = Path(__file__).parents[2]
APP = """
import asyncio, os, signal, sys, threading, time
from types import SimpleNamespace
from textual.app import App
from textual.widgets import Static
from tui.terminal import shutdown
from tui.terminal.shutdown import Shutdown

hup, patience = sys.argv[1:]
ended = threading.Event()
signal.signal(signal.SIGHUP, signal.SIG_IGN if hup == "ignored" else signal.SIG_DFL)

def no_more(thread):
    raise RuntimeError("can't start new thread")

class Tiny(App):
    def compose(self):
        yield Static("ready")
    def show(self, text):  # behind each frame that is still to be written, which would paint over it
        self._driver.write("\\x1b[2;1H" + text)
    def on_key(self, event):
        if event.key == "b":  # the loop hangs
            self.show("blocked")
            while True:
                pass
        if event.key == "t":  # a thread hangs that the end of the loop waits for
            asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
            leaving.guard_exit(5)
            self.exit(return_code=5)
        if event.key == "n":  # a thread hangs that the end of the process waits for, after the app
            shutdown.time = SimpleNamespace(sleep=lambda seconds: ended.wait())
            threading.Thread(target=time.sleep, args=(3600,)).start()
            leaving.guard_exit(5)
            self.exit(return_code=5)
        if event.key == "q":  # no thread can be had, and one hangs that the end of the process waits for
            threading.Thread(target=time.sleep, args=(3600,)).start()
            threading.Thread.start = no_more
            leaving.guard_exit(5)
            self.exit(return_code=5)
        if event.key == "h":  # nor then, while the loop hangs
            threading.Thread.start = no_more
            self.show("blocked")
            while True:
                pass
        if event.key == "o":  # more output than a terminal takes that does not read
            while True:
                self._driver.write("x" * 4096)

app = Tiny()
leaving = Shutdown(lambda code: app.exit(return_code=code), float(patience), lambda: "\\x1b[23;2t")
leaving.install()
app.run()
leaving.uninstall()
print("orderly", leaving.code, flush=True)
ended.set()
sys.exit(app.return_code)
"""
LONG = "60"
"""Seconds that no test lasts: what ends within them has ended by itself."""


def argv(hup: str = "default", patience: str = LONG) -> list[str]:
    return [sys.executable, "-c", APP, hup, patience]


def tiny(hup: str = "default", patience: str = LONG) -> Terminal:
    return Terminal(argv(hup, patience), cwd=ROOT)


SIGNALS = [signal.SIGQUIT, signal.SIGHUP, signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", by_length(SIGNALS[:1], SIGNALS))
def test_a_signal_ends_the_app_in_good_order(number: signal.Signals) -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.kill(number)
        assert terminal.wait_exit() == 128 + number
        assert f"orderly {128 + number}" in terminal.text
        assert terminal.left_behind() == ()


@pytest.mark.parametrize("key", ["b", "h"], ids=["threads", "no more threads"])
def test_a_blocked_loop_does_not_hold_up_a_signal(key: str) -> None:
    with tiny(patience="0.3") as terminal:
        terminal.wait_for("ready")
        terminal.send(key)
        terminal.wait_for("blocked")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert terminal.left_behind() == ()
        assert terminal.raw.endswith(b"\x1b[23;2t")


def test_a_main_thread_that_never_comes_to_its_handlers_does_not_hold_up_a_signal() -> None:
    program = (
        "import signal, threading\n"
        "from tui.terminal.shutdown import Shutdown\n"
        "Shutdown(lambda code: None, patience=0.1).install()\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"  # another thread takes it
        "lock = threading.Lock()\n"
        "print('ready', flush=True)\n"
        "with lock, lock: pass\n"
    )
    with Terminal([sys.executable, "-c", program], cwd=ROOT) as terminal:
        terminal.wait_for("ready")
        terminal.kill(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM


@takes_minutes  # the program itself: tests/end_to_end/test_leaving.py
def test_a_closed_terminal_ends_the_app() -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.hang_up()
        assert terminal.wait_exit() == 128 + signal.SIGHUP


@pytest.mark.parametrize("key", ["", "b"], ids=["loop runs", "loop blocked"])
def test_a_closed_terminal_is_noticed_where_hang_ups_are_ignored(key: str) -> None:
    with tiny("ignored", patience="0.3") as terminal:
        terminal.wait_for("ready")
        terminal.send(key)
        terminal.wait_for("blocked" if key else "ready")
        terminal.hang_up()
        assert terminal.wait_exit() == 128 + signal.SIGHUP


def test_an_ignored_hang_up_alone_ends_nothing() -> None:
    with tiny("ignored") as terminal:
        terminal.wait_for("ready")
        terminal.kill(signal.SIGHUP)
        terminal.kill(signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM


@pytest.mark.parametrize("key", ["t", "n"], ids=["in the loop", "in the process"])
def test_a_quit_that_hangs_is_ended_with_its_own_code(key: str) -> None:
    with tiny(patience="0.3") as terminal:
        terminal.wait_for("ready")
        terminal.send(key)
        assert terminal.wait_exit() == 5
        assert terminal.left_behind() == ()
        if key == "n":  # a terminal that is right again is left alone
            assert terminal.raw.rstrip().endswith(b"orderly None")


def test_a_quit_needs_no_thread_that_cannot_be_had() -> None:
    with tiny(patience="0.3") as terminal:
        terminal.wait_for("ready")
        terminal.send("q")
        assert terminal.wait_exit() == 5
        assert terminal.left_behind() == ()


def read_all(descriptor: int) -> bytes:
    output = b""
    with suppress(BlockingIOError):
        while True:
            output += os.read(descriptor, 65536)
    return output


def test_a_terminal_that_does_not_read_does_not_hold_up_a_signal() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        argv(patience="0.3"), stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=base_environment()
    )
    try:
        read_until(ours, b"ready")
        os.write(ours, b"o")
        read_until(ours, b"xxxx")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert termios.tcgetattr(theirs)[:4] == before[:4]
        os.set_blocking(ours, False)
        assert read_all(ours).endswith(f"{RESET}\x1b[23;2t".encode())
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
