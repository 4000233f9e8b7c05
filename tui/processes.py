"""Runs other programs (the user's commands, tmux): without a shell, bounded, and in a session of their own."""

import asyncio
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from tui.core.errors import own_shortage
from tui.core.text import clean
from tui.threads import NoThread, thread_wanted

Result = TypeVar("Result")

SECRETS = frozenset(
    {
        "CODEARTS_TOKEN",
        "HW_AUTH_TOKEN",
        "OS_AUTH_TOKEN",
        "OS_PASSWORD",
        *(f"HUAWEICLOUD_SDK_{part}" for part in ("AK", "SK", "SECURITY_TOKEN")),
        *(f"HW_{part}" for part in ("ACCESS_KEY", "SECRET_KEY", "SECURITY_TOKEN")),
    }
)
"""Variables that hold secrets, whether this program uses them or not."""
TERMINAL = frozenset({"GPG_TTY", "SSH_TTY", "TTY"})
"""Variables that name our terminal: gpg's pinentry opens it by such a name."""
NO_TERMINAL = {"GPG_TTY": f"{os.devnull}/none"}
"""Names no file. Without it, the pinentry of a gpg-agent that was started on our terminal would ask there."""
_MOST = 16
"""Most programs that run at the same time."""
_GLANCE = 0.05
"""Seconds between two checks whether a program has ended: another process may keep its output open."""
_CHUNK = 16384


class Ended(NamedTuple):
    """The result of a program; `status` is None if it had to be stopped."""

    status: int | None
    output: bytes = b""
    complaint: bytes = b""

    def __repr__(self) -> str:
        """Without the output, which may hold a secret."""
        return f"Ended(status={self.status})"


def ending(status: int) -> str:
    """How a program ended that was not stopped by this one: `ended with exit status 3`, `was ended by signal 9`."""
    return f"ended with exit status {status}" if status >= 0 else f"was ended by signal {-status}"


def run_bounded(
    arguments: Sequence[str],
    time_limit: float,
    output_limit: int = 0,
    given: bytes = b"",
    more: Mapping[str, str] | None = None,
    cancelled: threading.Event | None = None,
) -> Ended:
    """Runs a program and ends it with all that it started, after `time_limit` seconds at the latest.

    It has a session of its own, so no terminal, and an environment without secrets, with the variables of `more`
    added. It reads `given`. A program that prints more than `output_limit` bytes is stopped; `output` then has one
    byte more than the limit, and `complaint` is cut likewise. Blocks: in an event loop use `run`. Raises OSError and
    ValueError.
    """
    if cancelled and cancelled.is_set():
        return Ended(None)
    pipe = subprocess.PIPE if output_limit else subprocess.DEVNULL
    process = subprocess.Popen(
        list(arguments),
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        bufsize=0,
        start_new_session=True,
        env={**environment(os.environ), **(more or {})},
    )
    _RUNNING.add(process.pid)
    try:
        return _Exchange(process, output_limit, given).until(time.monotonic() + time_limit, cancelled)
    finally:
        if process.returncode is None:
            _end(process.pid)
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind
        process.wait()
        _RUNNING.discard(process.pid)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


async def run(
    arguments: Sequence[str], time_limit: float, output_limit: int = 0, more: Mapping[str, str] | None = None
) -> Ended:
    """Runs `run_bounded` in a thread. If cancelled, it ends the program before it raises CancelledError."""
    cancelled = threading.Event()
    work = partial(run_bounded, arguments, time_limit, output_limit, more=more, cancelled=cancelled)
    running = begin(_threads(), work, cancelled)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        cancelled.set()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # retrieved, else asyncio logs it
        raise


def begin(pool: Executor | None, work: Callable[[], Result], cancelled: threading.Event) -> asyncio.Future[Result]:
    """Begins this work in a thread of the pool, or of the event loop's own. The work does nothing once `cancelled`.

    Raises NoThread.
    """
    try:
        with thread_wanted():
            return asyncio.get_running_loop().run_in_executor(pool, work)
    except NoThread:
        cancelled.set()  # the pool keeps the work for its next thread
        raise


def why_refused(error: Exception) -> str:
    """Returns in words why a program cannot be run: with what to do, where the computer is short of something."""
    return own_shortage(error) or clean(getattr(error, "strerror", None) or "invalid argument", 100)


def run_in_terminal(arguments: Sequence[str], more: Mapping[str, str], cancelled: threading.Event) -> int:
    """Runs a program in the foreground of the terminal behind standard input, and returns its exit status.

    Its process group gets what the terminal's keys send: ctrl+c ends the program, and not this one. Its environment
    has no secrets. It cannot be suspended, because no shell is there to resume it. Blocks until it has ended or
    `cancelled` is set, which ends it. Raises OSError and ValueError.
    """
    process = subprocess.Popen(
        list(arguments), stdin=0, stdout=2, stderr=2, process_group=0, env={**_without_secrets(os.environ), **more}
    )
    _RUNNING.add(process.pid)
    try:
        _give_terminal(process.pid)
        status = None
        while status is None and not cancelled.is_set():
            found, ended = os.waitpid(process.pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(ended):  # it read the terminal before it had it, or the user pressed ctrl+z
                os.killpg(process.pid, signal.SIGCONT)
            elif found:
                status = process.returncode = os.waitstatus_to_exitcode(ended)
            cancelled.wait(0 if found else _GLANCE)
        return -signal.SIGKILL if status is None else status
    finally:
        if process.returncode is None:
            _end(process.pid)
            process.wait()
        _RUNNING.discard(process.pid)
        _give_terminal(os.getpgrp())


def _give_terminal(group: int) -> None:
    """Puts this process group into the foreground."""
    with never_stopped(), suppress(OSError):  # standard input is not the terminal of our session
        os.tcsetpgrp(0, group)


@contextmanager
def never_stopped() -> Iterator[None]:
    """Lets this thread change the terminal, also in the background, where that would stop the process."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def is_in_front(terminal: int = 0) -> bool | None:
    """Whether our process group is in the foreground of this terminal, by default the one behind standard input; None
    if it is not the terminal of our session."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return None


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns `environ` for a program: without secrets and without terminals."""
    kept = {name: value for name, value in _without_secrets(environ).items() if name not in TERMINAL}
    return kept | NO_TERMINAL


def _without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name not in SECRETS}


def end_all() -> None:
    """Ends all running programs. Call it before `os._exit`."""
    for pid in list(_RUNNING):
        _end(pid)


_RUNNING: set[int] = set()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST, "programs")


class _Exchange:
    """Writes to a program and reads from it."""

    def __init__(self, process: "subprocess.Popen[bytes]", limit: int, given: bytes) -> None:
        self._process = process
        self._limit = limit
        self._given = memoryview(given)
        self._written: dict[int, bytearray] = {}

    def until(self, deadline: float, cancelled: threading.Event | None) -> Ended:
        process, written = self._process, self._written
        with selectors.DefaultSelector() as selector:
            for stream in (process.stdout, process.stderr):
                if stream:
                    written[stream.fileno()] = bytearray()
                    selector.register(stream, selectors.EVENT_READ)
            if process.stdin:
                os.set_blocking(process.stdin.fileno(), False)
                selector.register(process.stdin, selectors.EVENT_WRITE)
            is_over = False
            while not is_over and time.monotonic() < deadline and not (cancelled and cancelled.is_set()):
                has_ended = process.poll() is not None  # before the pipes: what it wrote last is still in them
                is_silent = not self._step(selector)
                is_over = (has_ended and is_silent) or len(next(iter(written.values()), b"")) > self._limit
        status = process.poll() if is_over else None
        if is_over and status is None:  # it wrote too much
            status = -signal.SIGKILL
        return Ended(status, *map(bytes, written.values()))

    def _step(self, selector: selectors.BaseSelector) -> bool:
        """Returns whether anything was read or written."""
        if not selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GLANCE)
            return False
        ready = selector.select(_GLANCE)
        for key, events in ready:
            is_open = self._feed(key.fd) if events & selectors.EVENT_WRITE else self._take(key.fd)
            if not is_open:
                selector.unregister(key.fileobj)
        return bool(ready)

    def _take(self, descriptor: int) -> bool:
        text = self._written[descriptor]
        chunk = os.read(descriptor, _CHUNK)
        text += chunk[: self._limit + 1 - len(text)]
        return bool(chunk)

    def _feed(self, descriptor: int) -> bool:
        """Returns whether there is more to write."""
        try:
            self._given = self._given[os.write(descriptor, self._given[:_CHUNK]) :]
        except OSError:  # it reads no more
            self._given = self._given[:0]
        if not self._given and self._process.stdin:
            self._process.stdin.close()
        return bool(self._given)


def _end(pid: int) -> None:
    """Kills its process group, and its descendants in other groups."""
    with suppress(OSError):
        groups = _descendants(pid)
        os.killpg(pid, signal.SIGKILL)
        for group in groups:
            with suppress(OSError):
                os.kill(group, signal.SIGKILL)


def _descendants(pid: int) -> set[int]:
    """Returns all descendants on Linux, none on other systems."""
    parents = dict(filter(None, map(_parent, Path("/proc").glob("[0-9]*/stat"))))
    found, waiting = set[int](), {pid}
    while waiting:
        waiting = {child for child, parent in parents.items() if parent in waiting} - found
        found |= waiting
    return found


def _parent(stat: Path) -> tuple[int, int] | None:
    with suppress(OSError, ValueError, IndexError):
        return int(stat.parent.name), int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
    return None
