"""Reads standard input. A terminal cuts pasted lines at 4,095 bytes in its line mode, so that is switched off."""

import fcntl
import os
import signal
import struct
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from tui.core.errors import UserError
from tui.core.text import width

_CUT = 4095
"""Bytes of a line that a terminal in line mode keeps; Linux and the others drop the rest in silence."""
_END, _ERASE, _ERASE_LINE = "\x04", ("\x7f", "\b"), "\x15"
_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCONT)


def read_input() -> str:
    """All of it; invalid UTF-8 is replaced. Raises UserError if it is closed, or was cut by the terminal."""
    if sys.stdin is None:
        raise UserError("Standard input is closed: there is nothing to read.")
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read().decode(errors="replace")
    descriptor = sys.stdin.fileno()
    with _character_mode(descriptor):
        if _waiting(descriptor) >= _CUT:
            raise UserError(
                "This was pasted too early, and the terminal may have cut it: wait for the prompt, paste again."
            )
        _show(descriptor, "codearts-watch: paste or type, then press ctrl+d.\n")
        return _typed(descriptor)


def _typed(descriptor: int) -> str:
    """What the user types or pastes until ctrl+d; backspace and ctrl+u work as in line mode."""
    decode = getincrementaldecoder("utf-8")(errors="replace").decode
    typed: list[str] = []
    while True:
        try:
            chunk = os.read(descriptor, 4096)
        except OSError:  # the terminal was closed
            chunk = b""
        shown = "".join(_echo(typed, character) for character in decode(chunk).partition(_END)[0])
        _show(descriptor, shown)
        if not chunk or _END.encode() in chunk:
            return "".join(typed)


def _echo(typed: list[str], character: str) -> str:
    """Apply the character to `typed`, and return what the terminal shows for it."""
    if character in _ERASE or character == _ERASE_LINE:
        gone = ""
        while typed and typed[-1] != "\n":
            gone = typed.pop() + gone
            if character != _ERASE_LINE:
                break
        cells = width(gone) if gone.isprintable() else 0
        return "\b" * cells + " " * cells + "\b" * cells
    typed.append(character)
    return character if character.isprintable() or character == "\n" else ""


def _show(descriptor: int, text: str) -> None:
    with suppress(OSError):
        os.write(descriptor, text.encode(errors="replace"))


def _waiting(descriptor: int) -> int:
    """Bytes typed before the mode was changed."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


@contextmanager
def _character_mode(descriptor: int) -> Iterator[None]:
    """Switch line mode off, also again after ctrl+z and fg; restored however the block ends."""
    before = termios.tcgetattr(descriptor)
    ours = termios.tcgetattr(descriptor)
    ours[3] &= ~(termios.ICANON | termios.ECHO)

    def handle(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCONT:
            sys.exit(128 + number)
        termios.tcsetattr(descriptor, termios.TCSANOW, ours)

    handlers = {number: signal.signal(number, handle) for number in _HANDLED}
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, ours)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
