"""Ends the program in time even if it hangs: on a signal, when the terminal goes away, and after a normal quit.

The loop may be blocked in output to a slow terminal, so nothing here relies on it or on the main thread: a thread
receives the signal, asks the app to end, waits, then restores the terminal and ends the process itself.
"""

import os
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from types import FrameType
from typing import Any

from tui.processes import end_all, is_in_front, never_stopped

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
UNINSTALLED = 0
"""Sent instead of a signal's number by `uninstall`."""
PATIENCE = 3.0
"""Seconds that the app has for an orderly end."""
LOOK = 1000
"""Milliseconds between two checks of the terminal, for systems that do not report at once that it has gone."""


class Shutdown:
    """Ends the program in time on a signal and after a normal quit. `app_exit` is called with the exit code, from a
    thread; it must ask the app to end and not wait for it."""

    def __init__(
        self,
        app_exit: Callable[[int], None],
        patience: float = PATIENCE,
        title: Callable[[], str] = str,
        lost: Callable[[], str] = str,
    ) -> None:
        """`title` returns the sequence that puts the terminal's title back, where it has another one; `lost`, what is
        lost if the app does not end in time, in a sentence."""
        self._title = title
        self._lost = lost
        self._app_exit = app_exit
        self._patience = patience
        self._previous: dict[signal.Signals, Any] = {}
        self._previous_wakeup = -1
        self._modes: Modes | None = None
        self._shown_on: list[int] = []
        self._listen = self._tell = -1
        self._terminal_is_ours = False
        self._asked: SimpleQueue[int | None] = SimpleQueue()
        """What `guard_exit` was given; None when the app has ended."""
        self.code: int | None = None
        """The exit code of the signal or the hang-up that ended the app; None if neither did."""

    def install(self) -> None:
        """Call it before the app starts, in the main thread. Saves the terminal's modes.

        A SIGHUP that was ignored at the start stays ignored, as `nohup` needs; a lost terminal is still detected.
        """
        self._modes = terminal_modes()
        self._shown_on = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
        self._terminal_is_ours = True
        self._listen, self._tell = os.pipe()
        os.set_blocking(self._tell, False)
        self._previous_wakeup = signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)
        for number in SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._previous[number] = signal.signal(number, self._note)
        for name, work in ("leaving", self._watch), ("guard", self._guard):  # later there may be too many threads
            Thread(target=work, name=name, daemon=True).start()

    def uninstall(self) -> None:
        """Call it after the app has ended and restored the terminal. An armed guard stays armed."""
        for number, handler in self._previous.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._previous.clear()
        signal.set_wakeup_fd(self._previous_wakeup)
        self._terminal_is_ours = False
        self._let_go_of_a_lost_terminal()
        finish(self._modes)
        os.write(self._tell, bytes([UNINSTALLED]))
        self._asked.put(None)

    def guard_exit(self, code: int) -> None:
        """The process ends with `code` unless it ends by itself within the patience. Only the first call counts."""
        self._asked.put(code)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """The signal handler. Usually the wake-up descriptor has reported the signal already, and must: Python runs no
        handler while the main thread waits for a lock. Takes no lock and starts no thread: it may interrupt anything.
        """
        with suppress(OSError):
            os.write(self._tell, bytes([number]))

    def _watch(self) -> None:
        number = self._next_signal()
        if number == UNINSTALLED:
            os.close(self._listen)
            os.close(self._tell)
            return
        self.code = 128 + number
        self.guard_exit(self.code)
        self._let_go_of_a_lost_terminal()
        with suppress(Exception):  # an app that cannot be asked is ended by the guard
            self._app_exit(self.code)

    def _next_signal(self) -> int:
        """Waits for a signal. Returns SIGHUP also if the terminal has gone."""
        poll = select.poll()
        poll.register(self._listen, select.POLLIN)
        poll.register(0, 0)  # hang-ups and errors are reported unasked
        while True:
            reported = dict(poll.poll(LOOK))
            if self._listen in reported:
                number = os.read(self._listen, 1)[0]
                if number in (UNINSTALLED, *SIGNALS):
                    return number
            if 0 in reported or self._terminal_is_lost():
                return signal.SIGHUP

    def _terminal_is_lost(self) -> bool:
        return self._modes is not None and terminal_modes() is None

    def _let_go_of_a_lost_terminal(self) -> None:
        """Discards output to a lost terminal: a failing write would delay the end and change the exit code to 120."""
        if self._terminal_is_lost():
            silence(self._shown_on)

    def _guard(self) -> None:
        if (code := self._asked.get()) is None:
            return
        time.sleep(self._patience)
        end_all()
        lost = f"{lost}\r\n" if (lost := self._lost()) else ""
        if self._terminal_is_ours:
            take_back(self._modes, f"{self._title()}{lost}")
        elif lost:
            with _ours() as terminal:
                _push(terminal, lost)
        os._exit(code)


MOUSE_PIXELS_OFF = "\x1b[?1016l"
"""Textual turns these reports on and never off again."""
RESET = (
    "\x18\x1b\\"  # out of a sequence that was cut off
    "\x1b[?2026l\x1b[?2048l\x1b[?2004l\x1b[?1004l"  # synchronised output, size reports, bracketed paste, focus
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the mouse
    "\x1b[<u\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[0m"  # keyboard, alternate screen, wrapping, cursor, colours
)
AFTER_ANOTHER = (
    f"\x18\x1b\\\x1b7\x1b[r{RESET}\x1b8"  # all lines scroll; the cursor stays where it is
    "\x1b[?1l\x1b>\x1b[4l\x1b(B\x0f\x1b[0m"  # cursor keys, keypad, insertion, characters, colours
)
"""Undoes what another program may have left in the terminal, such as one that was killed."""
TRIES = 20
PAUSE = 0.02
"""Seconds between two tries to write: half a second in all."""

Modes = list[Any]
"""A terminal's attributes as termios returns them."""


def terminal_modes() -> Modes | None:
    """Returns None if standard input is no terminal, or one that has gone."""
    try:
        return termios.tcgetattr(0)
    except (OSError, termios.error):
        return None


def finish(modes: Modes | None) -> None:
    """Restores after an orderly end what the app may have left changed, unless the terminal is the shell's now."""
    if is_in_front() is False:
        return
    with _ours() as terminal:
        _set(modes)
        _push(terminal, MOUSE_PIXELS_OFF)


def take_back(modes: Modes | None, last: str) -> None:
    """Restores everything while the app hangs, perhaps in output, and stops the app from writing any more. `last` is
    written when the screen is the shell's again."""
    with _ours() as terminal:
        silence([2])
        with suppress(termios.error):
            termios.tcflow(terminal, termios.TCOON)
            termios.tcflush(terminal, termios.TCOFLUSH)
        _set(modes)  # Linux wakes a stuck write now, which fails or is done soon
        time.sleep(PAUSE)
        with suppress(termios.error):
            termios.tcflush(terminal, termios.TCOFLUSH)
        _push(terminal, RESET + last)


def silence(descriptors: list[int]) -> None:
    """Discards from now on what is written to these descriptors."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def _ours() -> Iterator[int]:
    """Yields the terminal behind standard error; writes to it never block, and never stop a background process."""
    with never_stopped(), suppress(OSError):
        terminal = os.dup(2)
        blocking = os.get_blocking(terminal)
        os.set_blocking(terminal, False)
        try:
            yield terminal
        finally:
            os.set_blocking(terminal, blocking)
            os.close(terminal)


def _set(modes: Modes | None) -> None:
    with suppress(OSError, termios.error):
        if modes is not None:
            termios.tcsetattr(0, termios.TCSANOW, modes)


def _push(terminal: int, text: str) -> None:
    data = text.encode()
    for _ in range(TRIES):
        try:
            data = data[os.write(terminal, data) :]
        except BlockingIOError:
            time.sleep(PAUSE)
        if not data:
            return
