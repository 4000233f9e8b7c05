"""A pseudo-terminal that runs a program: type into it, wait for what it shows, see how it leaves."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.terminal_keys import key_bytes, paste_bytes
from tests.support.terminal_screen import TerminalScreen

PATIENCE = 20.0
"""Seconds that anything may take on a busy machine."""

Wanted = str | re.Pattern[str] | Callable[[str], bool]
"""A regular expression to find in the screen's text, or a test of that text."""

_LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_ASKS_TO_MARK, _MARK = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""The question of a program that would mark the ends of its frames, and the answer that it should."""
_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
_FRAME_END = re.compile(rb"\x1b\[\d+;\d+H(?:\x1b\[\?2026l)?\Z")
_KEYBOARD = re.compile(rb"\x1b\[([<>])[0-9;]*u")
_OFF_AT_REST = {
    "the alternate screen": (47, 1047, 1049),
    "application cursor keys": (1,),
    "the mouse": (1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016),
    "focus reports": (1004,),
    "bracketed paste": (2004,),
    "synchronised output": (2026,),
    "in-band resizing": (2048,),
}
_ON_AT_REST = {"the hidden cursor": (25,), "lines that do not wrap": (7,)}


def read_until(descriptor: int, wanted: bytes, timeout: float = PATIENCE) -> None:
    """Take what comes until it has these bytes, and nothing after that; fails if they do not come."""
    deadline, output = time.monotonic() + timeout, b""
    while wanted not in output:
        left = max(0.0, deadline - time.monotonic())
        assert select.select([descriptor], [], [], left)[0], output
        output += os.read(descriptor, 4096)


def base_environment() -> dict[str, str]:
    """Nothing of the person who runs the tests but the path: no home, proxy, token or multiplexer."""
    ours = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent", **ours}


class Terminal:
    """Runs `argv` in a session of its own, whose controlling terminal this is; `env` is laid over a bare environment.

    What it shows is a whole frame, as on any terminal that knows their marks: a read may end in the middle of one.
    Leaving the `with` block ends that program, and no other.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
        cwd: Path | None = None,
        told: tuple[int, int] | None = None,
    ) -> None:
        """`told` are the rows and columns that the program is told, where they are not the true ones."""
        self._screen = TerminalScreen(rows, columns)
        self._raw = bytearray()
        self._answered = 0
        self._ended = False
        self._news = threading.Condition()
        self._takes = threading.Event()
        self._takes.set()
        self._ours, theirs = pty.openpty()
        self._stop, self._stopped = os.pipe()
        os.set_blocking(self._ours, False)
        self._set_size(*(told or (rows, columns)))
        self._settings_at_rest = termios.tcgetattr(self._ours)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCH, *argv],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env={**base_environment(), **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill(signal.SIGKILL)
        self.process.wait()
        self.hang_up()
        for descriptor in (self._stop, self._stopped):
            os.close(descriptor)

    @property
    def lines(self) -> tuple[str, ...]:
        with self._news:
            self._news.wait_for(self._is_whole, PATIENCE)
            return self._screen.lines

    @property
    def cells(self) -> tuple[tuple[Any, ...], ...]:
        with self._news:
            return self._screen.cells

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def title(self) -> str:
        return self._screen.title

    @property
    def raw(self) -> bytes:
        """Every byte that came so far."""
        with self._news:
            return bytes(self._raw)

    def send(self, data: bytes | str, timeout: float = PATIENCE) -> None:
        """Raises TimeoutError when the program does not take it."""
        left = data.encode() if isinstance(data, str) else data
        while left:
            if not select.select([], [self._ours], [], timeout)[1]:
                raise TimeoutError(f"the program took no more input; it shows\n{self.text}")
            with suppress(BlockingIOError):
                left = left[os.write(self._ours, left) :]

    def press(self, *names: str) -> None:
        """All at once, as fast fingers do: wait for something between `escape` and the next key, or they are one."""
        self.send(b"".join(map(key_bytes, names)))

    def paste(self, text: str) -> None:
        self.send(paste_bytes(text))

    def wait_for(self, wanted: Wanted, timeout: float = PATIENCE) -> str:
        """The text as soon as it has what is wanted; AssertionError with the text when that never comes."""
        return self._wait(_test(wanted), timeout, f"{wanted!r} did not appear")

    def gone(self, unwanted: Wanted, timeout: float = PATIENCE) -> str:
        """The text as soon as it has this no more."""
        is_there = _test(unwanted)
        return self._wait(lambda text: not is_there(text), timeout, f"{unwanted!r} did not go")

    def bytes_of_whole_frames(self) -> int:
        """How many bytes came so far, once the frame that is being drawn is whole: its end places the cursor."""
        self.wait_for(lambda text: bool(_FRAME_END.search(self._raw)))
        return len(self.raw)

    def resize(self, rows: int, columns: int) -> None:
        """The program gets SIGWINCH, as from a person who drags the window."""
        with self._news:
            self._screen.resize(rows, columns)
        self._set_size(rows, columns)

    def kill(self, number: int = signal.SIGTERM) -> None:
        """Nothing happens when the program has already ended."""
        self.process.send_signal(number)

    def stall(self) -> None:
        """Take no more output, as a connection does whose other end has gone without a word."""
        self._takes.clear()

    def take_again(self) -> None:
        self._takes.set()

    def hang_up(self) -> None:
        """The terminal goes away, as when a connection drops; the program gets SIGHUP."""
        self.take_again()
        if self._reader.is_alive():
            os.write(self._stopped, b"x")
            self._reader.join()
        if self._ours >= 0:
            os.close(self._ours)
            self._ours = -1

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """The exit code, negative for a signal, once all output has been read; AssertionError when it does not end."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program did not end; it shows\n{self.text}") from None
        with self._news:
            self._news.wait_for(lambda: self._ended, timeout)
        return code

    def left_behind(self) -> tuple[str, ...]:
        """What the program switched on and did not put back."""
        raw = self.raw
        state: dict[int, bool] = {}
        for numbers, act in _MODE.findall(raw):
            state.update(dict.fromkeys(map(int, numbers.split(b";")), act == b"h"))
        names = [name for name, modes in _OFF_AT_REST.items() if any(state.get(mode) for mode in modes)]
        names += [name for name, modes in _ON_AT_REST.items() if not all(state.get(mode, True) for mode in modes)]
        keyboard = _KEYBOARD.findall(raw)
        if keyboard.count(b">") > keyboard.count(b"<"):
            names.append("keyboard reports")
        if self._ours >= 0 and termios.tcgetattr(self._ours)[:4] != self._settings_at_rest[:4]:
            names.append("echo and line editing")
        return tuple(names)

    def restored(self) -> bool:
        """Whether alternate screen, mouse, cursor, paste mode, keyboard and line settings are as they were."""
        return not self.left_behind()

    def _wait(self, is_met: Callable[[str], bool], timeout: float, complaint: str) -> str:
        text = ""

        def look() -> bool:
            nonlocal text
            text = "\n".join(self._screen.lines)
            return is_met(text)

        with self._news:
            if not self._news.wait_for(lambda: self._is_whole() and (look() or self._ended), timeout) or not look():
                ending = " and the program ended" if self._ended else f" within {timeout:g} s"
                raise AssertionError(f"{complaint}{ending}; the screen shows\n{text}")
        return text

    def _is_whole(self) -> bool:
        """Whether no frame is half drawn, but for one whose rest never comes."""
        return self._ended or self._raw.rfind(_FRAME_BEGINS) <= self._raw.rfind(_FRAME_ENDS)

    def _answer(self) -> None:
        if (asked := self._raw.find(_ASKS_TO_MARK, self._answered)) >= 0:
            self._answered = asked + len(_ASKS_TO_MARK)
            with suppress(OSError):  # it has gone
                os.write(self._ours, _MARK)

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while output := self._next_output():
            with self._news:
                self._raw += output
                self._answer()
                self._screen.feed(output)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _next_output(self) -> bytes:
        """Nothing at the end: the program closed the terminal (Linux says EIO then), or we hang up."""
        while True:
            ready = select.select([self._ours, self._stop], [], [])[0]
            if self._stop in ready:
                return b""
            self._takes.wait()
            try:
                return os.read(self._ours, 65536)
            except BlockingIOError:
                continue
            except OSError:
                return b""


def _test(wanted: Wanted) -> Callable[[str], bool]:
    if callable(wanted):
        return wanted
    pattern = re.compile(wanted, re.MULTILINE) if isinstance(wanted, str) else wanted
    return lambda text: bool(pattern.search(text))
