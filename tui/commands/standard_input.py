"""Standard input as text, also what is pasted into a terminal: in its line mode that cuts lines at 4,095 bytes."""

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
    """All of it, whatever bytes it has. Raises Problem where it is closed, or was cut by the terminal."""
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
    """What is typed or pasted until ctrl+d; backspace and ctrl+u work as they do in line mode."""
    decode = getincrementaldecoder("utf-8")(errors="replace").decode
    typed: list[str] = []
    while True:
        try:
            chunk = os.read(descriptor, 4096)
        except OSError:  # the terminal has gone
            chunk = b""
        shown = "".join(_echo(typed, character) for character in decode(chunk).partition(_END)[0])
        _show(descriptor, shown)
        if not chunk or _END.encode() in chunk:
            return "".join(typed)


def _echo(typed: list[str], character: str) -> str:
    """Takes the character into `typed`; returns what the terminal shows of it."""
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
    """Bytes that came before the mode was changed."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


@contextmanager
def _character_mode(descriptor: int) -> Iterator[None]:
    """The terminal without its line mode; put back whatever ends the block, and taken again after ctrl+z and fg."""
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
