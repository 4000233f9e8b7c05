"""Running a command's coroutine until it ends or a signal ends it."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any

LEAVING = 2.0
"""Seconds after which the process goes, whatever still hangs: looking up a host's name cannot be cancelled."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(command: Coroutine[Any, Any, int]) -> int:
    """The exit code of the command, or 128 and the number of the signal that ended it. Needs the main thread."""
    watchdogs: list[threading.Timer] = []

    def leave(code: int) -> None:
        watchdogs.append(threading.Timer(LEAVING, os._exit, (code,)))
        watchdogs[-1].daemon = True
        watchdogs[-1].start()

    try:
        with asyncio.Runner() as runner:
            code = runner.run(_until_signal(command, leave))
            leave(code)
    finally:
        for watchdog in watchdogs:
            watchdog.cancel()
    return code


async def _until_signal(command: Coroutine[Any, Any, int], leave: Callable[[int], None]) -> int:
    loop = asyncio.get_running_loop()
    work = loop.create_task(command)
    came: list[int] = []

    def end(number: int) -> None:
        came.append(number)
        leave(128 + number)
        work.cancel()

    caught = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup, and `… &`
    for number in caught:
        loop.add_signal_handler(number, end, number)
    try:
        return await work
    except asyncio.CancelledError:
        if not came:
            raise
        return 128 + came[0]
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
