"""The output of the user's command: one line, in a limited time, without a shell."""

import asyncio
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tui.codearts.redaction import redact_complaint
from tui.core.problem import Problem
from tui.core.text import clean

TIME_LIMIT = 10.0
"""Seconds that a command may take."""
LARGEST_OUTPUT = 128 * 1024
"""Bytes."""
_GLANCE = 0.1
"""Seconds between two looks whether it ended: another process may keep its output open."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a command went; `status` is None for one that had to be stopped."""

    status: int | None
    output: str = field(repr=False)
    complaint: str = field(repr=False)


class Command:
    """A program and its arguments. Raises Problem where there is none."""

    def __init__(self, name: str, arguments: Sequence[str], time_limit: float = TIME_LIMIT) -> None:
        if not arguments or not arguments[0]:
            raise Problem(f'{name} is empty: write a list of arguments, like ["pass", "show", "codearts"].')
        self.source = f"{name} {clean(Path(arguments[0]).name, 50)}"
        """Shows the program only: an argument may be secret."""
        self._arguments = tuple(arguments)
        self._time_limit = time_limit

    async def line(self) -> str:
        """The one line that it prints. Raises Problem, whose sentence never shows what was printed."""
        cancelled = threading.Event()
        try:
            ended = await asyncio.to_thread(self._run, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        except (OSError, ValueError) as error:
            reason = clean(getattr(error, "strerror", None) or "such a name is not possible", 100)
            raise Problem(f"It cannot be run: {reason}.") from None
        return _judge(ended, self._time_limit)

    def _run(self, cancelled: threading.Event) -> _Ended:
        """Ends its whole process group, however it went."""
        process = subprocess.Popen(
            self._arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            is_over, output, complaint = _read(process, time.monotonic() + self._time_limit, cancelled)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return _Ended(process.returncode if is_over else None, output, complaint)


def _read(process: subprocess.Popen[bytes], until: float, cancelled: threading.Event) -> tuple[bool, str, str]:
    """Whether it ended by itself, and what it wrote; no more than it may."""
    assert process.stdout and process.stderr
    with process.stdout as output, process.stderr as complaint, selectors.DefaultSelector() as selector:
        written: dict[IO[bytes], bytearray] = {output: bytearray(), complaint: bytearray()}
        for pipe in written:
            selector.register(pipe, selectors.EVENT_READ, pipe)
        is_over = False
        while not is_over and time.monotonic() < until and not cancelled.is_set():
            has_ended = process.poll() is not None  # before the pipes: what it wrote last is still in them
            is_silent = not _take(selector, written)
            is_over = (has_ended and is_silent) or len(written[output]) > LARGEST_OUTPUT
        return is_over, written[output].decode(errors="replace"), written[complaint].decode(errors="replace")


def _take(selector: selectors.BaseSelector, written: dict[IO[bytes], bytearray]) -> bool:
    """What has come meanwhile; whether there was any."""
    if not selector.get_map():
        time.sleep(_GLANCE)
        return False
    ready = selector.select(_GLANCE)
    for key, _ in ready:
        if chunk := os.read(key.fd, 4096):
            room = LARGEST_OUTPUT + 1 - len(written[key.data])
            written[key.data] += chunk[:room]
        else:
            selector.unregister(key.fileobj)
    return bool(ready)


def _judge(ended: _Ended, time_limit: float) -> str:
    """Raises Problem."""
    lines = ended.output.strip("\r\n").splitlines()
    if ended.status is None:
        raise Problem(f"It did not end within {time_limit:g} seconds and was stopped.")
    if len(ended.output) > LARGEST_OUTPUT:
        raise Problem(f"It printed more than {LARGEST_OUTPUT // 1024} KiB: it must print one line.")
    if ended.status < 0:
        raise Problem(f"It was ended by signal {-ended.status}.")
    if ended.status:
        complaint = next((line for line in ended.complaint.splitlines() if line.strip()), "")
        complaint = clean(redact_complaint(complaint, ended.output), 200)
        said = f": {complaint}" if complaint else ", without a word."
        raise Problem(f"It ended with exit status {ended.status}{said}")
    if not ended.output.strip():
        raise Problem("It printed nothing: it must print one line.")
    if len(lines) != 1:
        raise Problem("It printed more than one line: it must print just one.")
    return lines[0]
