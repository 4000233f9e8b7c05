"""A command's output: data, messages, a progress line, an exit code."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from io import TextIOWrapper
from select import POLLERR, POLLHUP, poll
from typing import NamedTuple, TextIO

from tui.core.errors import UserError
from tui.core.reading import Failure, Retry
from tui.core.text import clean, cut, folded


class ExitCode(IntEnum):
    """The exit codes of the commands. One that a signal ended returns 128 plus the signal's number."""

    DONE = 0
    """All jobs were read; for `wait`: all (with --any: one) reached the awaited state."""
    UNREAD = 1
    """At least one job could not be read; for `add`: could not be added."""
    BUG = UNREAD
    """The command or the screen was ended by a bug of this program."""
    USAGE = 2
    """The command line, the settings or the watchlist are wrong."""
    NOT_SIGNED_IN = 3
    NOT_PASSED = 4
    """With `--outcome`: at least one build ended and did not pass."""
    NO_ANSWER = 5
    """For `wait`: it timed out, and at least one job could not be read."""
    TIMED_OUT = 124
    """For `wait`: it timed out; every job was read, but not all reached the awaited state."""
    INTERRUPTED = 130


def code_of(failure: Failure) -> ExitCode:
    """The exit code of a command that this failure has ended."""
    return ExitCode.NOT_SIGNED_IN if failure.kind.retry is Retry.SIGN_IN else ExitCode.UNREAD


HANG = 4
"""Blanks before the parts of a folded line after the first."""


def columns(stream: TextIO | None) -> int:
    """The width of the terminal that the stream is; standard output may be another one, or none."""
    try:
        return (os.get_terminal_size(stream.fileno()).columns if stream else 0) or 80
    except OSError:
        return 80


def fitting(text: str, stream: TextIO | None, hang: int = HANG) -> list[str]:
    """The line folded at blanks to the width of the terminal; as it is where the stream is none."""
    return folded(text, columns(stream), hang) if stream and stream.isatty() else [text]


class Output(NamedTuple):
    """Where data and messages go. Either stream may be missing, as after `>&-`; characters that it cannot encode are
    written as escapes."""

    data: TextIO | None
    talk: TextIO | None

    @classmethod
    def standard(cls) -> "Output":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                try:
                    stream.reconfigure(errors="backslashreplace")
                except OSError:  # argparse's error is still to be written, and cannot be
                    drop(stream)
        return cls(sys.stdout, sys.stderr)

    @property
    def is_for_a_person(self) -> bool:
        """Whether the data goes to a terminal."""
        return self.data is not None and self.data.isatty()

    @property
    def encodes_everything(self) -> bool:
        return (getattr(self.data, "encoding", "") or "").lower().replace("-", "") == "utf8"

    def line(self, text: str, hang: int = HANG) -> None:
        """Write one line of data and flush it; on a terminal it is folded to its width.

        Raises UserError if it cannot be written, as on a full disk. Without a reader it is discarded: the exit code
        still says what became of the command.
        """
        self.lines([text], hang)

    def lines(self, texts: list[str], hang: int = HANG) -> None:
        self.as_it_is([part for text in texts for part in fitting(text, self.data, hang)])

    def as_it_is(self, texts: list[str]) -> None:
        """Write lines that a program reads, or that stood so in a log: they are never folded. Raises as `line` does."""
        if texts:
            self.text("\n".join([*texts, ""]))

    def flush(self) -> None:
        """Write what waits to be written. Raises as `line` does."""
        self.text("")

    def text(self, text: str) -> None:
        """Write a text as it is. Does nothing if the output has no reader any more; else raises as `line` does."""
        with suppress(BrokenPipeError):
            self.stream(text)

    def stream(self, text: str) -> None:
        """Write a text as it is. Raises as `line` does, and BrokenPipeError if the output has no reader: nothing else
        ends an endless one."""
        if not self.data:
            return
        try:
            self.data.write(text)
            self.data.flush()
        except BrokenPipeError:
            drop(self.data)
            raise
        except OSError as error:
            drop(self.data)
            raise UserError(f"The output cannot be written: {clean(error.strerror, 100)}.") from None

    def say(self, text: str) -> None:
        """Write a message for the user to standard error."""
        if self.talk:
            with suppress(OSError):
                said = fitting(f"codearts-watch: {clean(text, 2000)}", self.talk)
                self.talk.write("\n".join([*said, ""]))
                self.talk.flush()


def json_text(documents: object, output: Output, indent: int | None = 2) -> str:
    import json  # few commands print any

    return json.dumps(documents, ensure_ascii=not output.encodes_everything, indent=indent)


def print_json(documents: object, output: Output) -> None:
    """Print the documents. Raises UserError if it cannot be written."""
    output.as_it_is([json_text(documents, output)])


def drop(stream: TextIO) -> None:
    """Discard what is not written yet, and what will be: the interpreter would print an error about it at the end."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def is_abandoned(stream: TextIO | None) -> bool:
    """Whether the stream is a pipe without a reader. Writes nothing to find out."""
    with suppress(OSError, ValueError, AttributeError):
        looking = poll()
        looking.register(stream.fileno() if stream else -1, 0)
        return any(event & (POLLERR | POLLHUP) for _, event in looking.poll(0))
    return False


class Progress:
    """A line that is replaced in place. Writes nothing unless the stream is a terminal that can erase a line, and never
    in the background: there the line is one that the user is typing."""

    def __init__(self, stream: TextIO | None) -> None:
        is_able = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._stream = stream if is_able else None
        self._shown = ""
        self._counted = 0

    def count(self, total: int, what: str = "job") -> None:
        """Show that one more of `total` is asked about."""
        self._counted += 1
        self.show(f"asking the service about {what} {self._counted} of {total}")

    def show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self._write(cut(text, columns(self._stream) - 1))

    def clear(self) -> None:
        """Erase the line, before something else is written."""
        if self._shown:
            self._shown = ""
            self._write("")

    def _write(self, text: str) -> None:
        if self._stream and not _is_behind(self._stream):
            with suppress(OSError):
                self._stream.write(f"\r\x1b[K{text}")
                self._stream.flush()


def _is_behind(stream: TextIO) -> bool:
    """Whether the stream is our terminal, and another program has it in front."""
    from tui.processes import is_in_front

    with suppress(OSError):
        return is_in_front(stream.fileno()) is False
    return False


@contextmanager
def asking(output: Output) -> Iterator[Progress]:
    """Says on a terminal that the service is being asked, until the block is left or the progress shows something
    else."""
    progress = Progress(output.talk)
    progress.show("asking the service")
    try:
        yield progress
    finally:
        progress.clear()
