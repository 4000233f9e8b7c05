"""What a command gives back: data, sentences, a progress line, an exit code."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from io import TextIOWrapper
from typing import TextIO

from tui.core.errors import UserError
from tui.core.text import clean, cut


class ExitCode(IntEnum):
    """A command that a signal ended has 128 and the signal's number."""

    DONE = 0
    """All were read; of `wait`, all (or with --any one) came to where they were awaited."""
    UNREAD = 1
    """At least one could not be read, or of `add` not be taken."""
    USAGE = 2
    """The command line, the settings or the watchlist are wrong."""
    NOT_SIGNED_IN = 3
    NOT_PASSED = 4
    """With `--outcome`: at least one build ended and did not pass."""
    NO_ANSWER = 5
    """Of `wait`: the deadline came, and at least one job gave no answer."""
    TIMED_OUT = 124
    """Of `wait`: the deadline came, and all that is awaited answered and was not there yet."""
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Output:
    """Either stream may be missing, as after `>&-`. What one of them cannot encode is written as an escape."""

    data: TextIO | None
    talk: TextIO | None

    @classmethod
    def standard(cls) -> "Output":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(sys.stdout, sys.stderr)

    @property
    def is_for_a_person(self) -> bool:
        """Whether the data goes to a terminal."""
        return self.data is not None and self.data.isatty()

    @property
    def encodes_everything(self) -> bool:
        return (getattr(self.data, "encoding", "") or "").lower().replace("-", "") == "utf8"

    def line(self, text: str) -> None:
        """One line of data, out at once. Raises BrokenPipeError where nobody reads, Problem where it cannot be kept."""
        self.lines([text])

    def lines(self, texts: list[str]) -> None:
        if texts:
            self.text("\n".join([*texts, ""]))

    def flush(self) -> None:
        """Raises as `line` does."""
        self.text("")

    def text(self, text: str) -> None:
        """Raises as `line` does."""
        if not self.data:
            return
        try:
            self.data.write(text)
            self.data.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            drop()
            raise UserError(f"The output cannot be written: {clean(error.strerror, 100)}.") from None

    def say(self, text: str) -> None:
        """A sentence for the person."""
        if self.talk:
            with suppress(OSError):
                self.talk.write(f"codearts-watch: {clean(text, 2000)}\n")
                self.talk.flush()


def drop() -> None:
    """Let what is still unwritten go nowhere: the interpreter would complain about it when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def is_abandoned(stream: TextIO | None) -> bool:
    """Whether the stream is a pipe that nobody reads any more: nothing needs to be written to learn it."""
    from select import POLLERR, POLLHUP, poll

    with suppress(OSError, ValueError, AttributeError):
        looking = poll()
        looking.register(stream.fileno() if stream else -1, 0)
        return any(event & (POLLERR | POLLHUP) for _, event in looking.poll(0))
    return False


class Progress:
    """Silent where the stream is no terminal, or one that cannot take back a line."""

    def __init__(self, stream: TextIO | None) -> None:
        is_able = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._stream = stream if is_able else None
        self._shown = ""

    def show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self._write(cut(text, self._columns() - 1))

    def clear(self) -> None:
        """Take the line back, before something else is written."""
        if self._shown:
            self._shown = ""
            self._write("")

    def _columns(self) -> int:
        """Of the terminal that it writes to; standard output may be another one, or none."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns if self._stream else 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        if self._stream:
            with suppress(OSError):
                self._stream.write(f"\r\x1b[K{text}")
                self._stream.flush()
