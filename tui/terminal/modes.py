"""Saves the terminal's modes before the app starts, and restores them without the app's help.

Every function here may be called from a thread, in the background, and while output is stuck.
"""

import os
import signal
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

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
    """Restores after an orderly end what the app may have left changed."""
    with _ours() as terminal:
        _set(modes)
        _push(terminal, MOUSE_PIXELS_OFF)


def take_back(modes: Modes | None, title: str = "") -> None:
    """Restores everything while the app hangs, perhaps in output, and stops the app from writing any more. `title`
    is the sequence that puts the terminal's title back."""
    with _ours() as terminal:
        silence([2])
        with suppress(termios.error):
            termios.tcflow(terminal, termios.TCOON)
            termios.tcflush(terminal, termios.TCOFLUSH)
        _set(modes)  # Linux wakes a stuck write now, which fails or is done soon
        time.sleep(PAUSE)
        with suppress(termios.error):
            termios.tcflush(terminal, termios.TCOFLUSH)
        _push(terminal, RESET + title)


def silence(descriptors: list[int]) -> None:
    """Discards from now on what is written to these descriptors."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def _ours() -> Iterator[int]:
    """Yields the terminal behind standard error; writes to it never block, and never stop a background process."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    with suppress(OSError):
        terminal = os.dup(2)
        blocking = os.get_blocking(terminal)
        os.set_blocking(terminal, False)
        try:
            yield terminal
        finally:
            os.set_blocking(terminal, blocking)
            os.close(terminal)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
