"""Waits until an app has nothing left to do, however slow the machine is."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import pytest
import textual.app
import textual.pilot

_in_threads: WeakKeyDictionary[AbstractEventLoop, set[asyncio.Future[Any]]] = WeakKeyDictionary()
"""What each loop has threads work on now."""


async def wait_until_idle(min_sleep: float = 0) -> None:
    """Returns once no callback is ready and no thread works for the loop; timers may be pending.

    Replaces Textual's own, which takes a process for idle that used little CPU time in the last milliseconds: on a busy
    machine, that is one that got no CPU time. Like Textual's, waits a second at most: some threads work until the end.
    """
    loop: Any = asyncio.get_running_loop()
    await asyncio.sleep(min_sleep)
    until = loop.time() + 1
    while (busy := _in_threads.get(loop)) or loop._ready:
        await asyncio.sleep(0)
        if busy and not loop._ready:
            await asyncio.wait(set(busy), timeout=0.01, return_when=asyncio.FIRST_COMPLETED)
        if loop.time() > until:
            break


def noting(run_in_executor: Callable[..., asyncio.Future[Any]]) -> Callable[..., asyncio.Future[Any]]:
    def run(loop: AbstractEventLoop, *given: Any) -> asyncio.Future[Any]:
        future = run_in_executor(loop, *given)
        busy = _in_threads.setdefault(loop, set())
        busy.add(future)
        future.add_done_callback(busy.discard)
        return future

    return run


@contextmanager
def idle_is_certain() -> Iterator[None]:
    """Within this, Textual's pilot waits with `wait_until_idle`."""
    loop = asyncio.BaseEventLoop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "run_in_executor", noting(loop.run_in_executor))
        for module in (textual.app, textual.pilot):
            patch.setattr(module, "wait_for_idle", wait_until_idle)
        yield
