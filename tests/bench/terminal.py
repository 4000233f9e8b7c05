"""A program in a pseudo-terminal, watched from outside: when it writes what, and what it costs."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ROWS, COLUMNS = 40, 120
PATIENCE = 60.0
"""Seconds that a program may take to show something."""
ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
"""Questions that this terminal answers: yes, it can show a frame at once."""


def processor_seconds(pid: int) -> float:
    """User and system time of all threads so far, from the kernel's nanosecond clock of that process (Linux)."""
    return time.clock_gettime((~pid << 3) | 2)


class Terminal:
    """Runs `argv` on a terminal of 120 by 40. Leaving the `with` block kills it."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.bytes_read = 0
        self._recent = bytearray()
        """What came since the last wait began."""
        self._ended = False
        self.started = time.monotonic()
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            try:
                signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also under nohup
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
                os.chdir(cwd)
                os.execve(argv[0], list(argv), dict(env))
            finally:
                os._exit(127)
        os.set_inheritable(self._descriptor, False)  # a program started later would keep this terminal open
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    @property
    def cpu(self) -> float:
        return processor_seconds(self.pid)

    @property
    def peak_memory(self) -> float:
        """Megabytes resident, at the most."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    def take(self) -> bytes:
        """What there is to read now; nothing when the program has closed the terminal."""
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            return b""
        self.bytes_read += len(data)
        for question, answer in ANSWERS.items():
            if question in data:
                self.send(answer)
        return data

    def send(self, data: bytes) -> None:
        os.write(self._descriptor, data)

    def wait_for(self, pattern: bytes, patience: float = PATIENCE, also_before: bool = False) -> float:
        """When it was written (monotonic seconds); a text must come in one piece, not cell by cell.

        `also_before` looks at what the wait before this one read, too. Raises TimeoutError.
        """
        if not also_before:
            self._recent.clear()
        wanted = re.compile(pattern)
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            if wanted.search(self._recent):
                return time.monotonic()
            if select.select([self._descriptor], [], [], left)[0]:
                at = time.monotonic()
                data = self.take()
                self._recent += data
                if wanted.search(self._recent):
                    return at
                if not data:
                    break
        shown = bytes(self._recent[-400:])
        raise TimeoutError(f"{pattern!r} was not shown; the last that came is {shown!r}")

    def leave(self, keys: bytes = b"", number: int = 0) -> float:
        """Ask the program to end by keys or by a signal; answers the seconds until it has. Raises TimeoutError."""
        asked = time.monotonic()
        if keys:
            self.send(keys)
        else:
            os.kill(self.pid, number)
        while time.monotonic() - asked < PATIENCE:
            if select.select([self._descriptor], [], [], 0.002)[0] and not self.take():
                time.sleep(0.001)  # closed: the end itself is a moment away
            with suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    self._ended = True
                    return time.monotonic() - asked
        raise TimeoutError(f"the program did not end, asked by {keys!r} or signal {number}")


def idle_with(terminals: Sequence[Terminal], seconds: float) -> None:
    """Read what they write, and do nothing else."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        for terminal in select.select(terminals, [], [], left)[0]:
            if not terminal.take():
                raise RuntimeError("a program ended while it was measured")
