"""Ends the program in time even if it hangs: on a signal, when the terminal goes away, and after a normal quit.

The loop may be blocked in output to a slow terminal, so nothing here relies on it or on the main thread: a thread
receives the signal, asks the app to end, waits, then restores the terminal and ends the process itself.
"""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from types import FrameType
from typing import Any

from tui.processes import end_all
from tui.terminal.modes import Modes, finish, silence, take_back, terminal_modes

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
UNINSTALLED = 0
"""Sent instead of a signal's number by `uninstall`."""
PATIENCE = 3.0
"""Seconds that the app has for an orderly end."""
LOOK = 1000
"""Milliseconds between two checks of the terminal, for systems that do not report at once that it has gone."""


class Shutdown:
    """`app_exit` is called with the exit code, from a thread; it must ask the app to end and not wait for it."""

    def __init__(
        self, app_exit: Callable[[int], None], patience: float = PATIENCE, title: Callable[[], str] = str
    ) -> None:
        """`title` returns the sequence that puts the terminal's title back, where it has another one."""
        self._title = title
        self._app_exit = app_exit
        self._patience = patience
        self._previous: dict[signal.Signals, Any] = {}
        self._previous_wakeup = -1
        self._modes: Modes | None = None
        self._shown_on: list[int] = []
        self._listen = self._tell = -1
        self._terminal_is_ours = False
        self.code: int | None = None
        """The exit code of the signal or the hang-up that ended the app; None when neither did."""

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
        Thread(target=self._watch, name="leaving", daemon=True).start()

    def uninstall(self) -> None:
        """Call it after the app has ended and restored the terminal. A running guard stays armed."""
        for number, handler in self._previous.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._previous.clear()
        signal.set_wakeup_fd(self._previous_wakeup)
        self._terminal_is_ours = False
        self._let_go_of_a_lost_terminal()
        finish(self._modes)
        os.write(self._tell, bytes([UNINSTALLED]))

    def guard_exit(self, code: int) -> None:
        """Ends the process with `code` unless it ends by itself within the patience."""
        Thread(target=self._end_after_patience, args=(code,), name="guard", daemon=True).start()

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

    def _end_after_patience(self, code: int) -> None:
        time.sleep(self._patience)
        end_all()
        if self._terminal_is_ours:
            take_back(self._modes, self._title())
        os._exit(code)
