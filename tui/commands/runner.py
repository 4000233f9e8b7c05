"""Runs a command's coroutine until it ends or a signal ends it."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tui.processes import end_all
from tui.threads import loop_runner

LEAVING = 2.0
"""Seconds after which the process exits even if something hangs: a host name lookup, or a full output pipe."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Leave = Callable[[int], None]


def run(command: Coroutine[Any, Any, int], close: Callable[[], Awaitable[None]] | None = None) -> int:
    """The exit code of the command, or 128 and the number of the signal that ended it. Needs the main thread.

    `close` is called when the command has ended.
    """
    whole = closing(command, close) if close else command
    try:
        with _watched() as leave, loop_runner() as runner:
            code = runner.run(_until_signal(whole, leave))
            leave(code)
        return code
    finally:
        whole.close()  # where it could not even start: too few descriptors, for example
        command.close()


async def closing(command: Coroutine[Any, Any, int], close: Callable[[], Awaitable[None]]) -> int:
    """Runs the command and then `close`. Returns the command's exit code."""
    try:
        return await command
    finally:
        await close()


@contextmanager
def _watched() -> Iterator[Leave]:
    """Yields a function that starts the countdown: the process exits with its code unless the block is left in time.

    The function takes no lock and starts no thread, so a signal's handler may call it. Only its first call counts.
    """
    listen, tell = os.pipe()
    os.set_blocking(tell, False)
    is_over = threading.Event()

    def guard() -> None:
        code = os.read(listen, 1)
        if code and not is_over.wait(LEAVING):
            end_all()
            os._exit(code[0])

    thread = threading.Thread(target=guard, name="leaving", daemon=True)
    thread.start()
    try:
        yield lambda code: _write(tell, code)
    finally:
        is_over.set()
        os.close(tell)
        thread.join()
        os.close(listen)


def _write(tell: int, code: int) -> None:
    os.write(tell, bytes([code]))


async def _until_signal(command: Coroutine[Any, Any, int], leave: Leave) -> int:
    """Uses signal.signal, not the loop's handlers: writing to a full pipe may block the loop."""
    loop = asyncio.get_running_loop()
    work = loop.create_task(command)
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        leave(128 + number)
        loop.call_soon_threadsafe(work.cancel)

    caught = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup, and `… &`
    before = {number: signal.signal(number, end) for number in caught}
    try:
        code = await work
        return 128 + came[0] if came else code
    except asyncio.CancelledError:
        if not came:
            raise
        return 128 + came[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
