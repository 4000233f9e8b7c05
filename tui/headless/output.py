"""Data for standard output, talk for standard error."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TextIO

from tui.core.problem import Problem
from tui.core.text import clean


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
            raise Problem(f"The output cannot be written: {clean(error.strerror, 100)}.") from None

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
