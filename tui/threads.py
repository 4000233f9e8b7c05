"""Work beside the event loop, also where no thread can be had: too many processes may run at any time."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from tui.core.errors import UserError, own_shortage

if TYPE_CHECKING:
    import asyncio

Result = TypeVar("Result")


class NoThread(OSError):
    """The system's error for too many processes."""

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, os.strerror(errno.EAGAIN))


@contextmanager
def thread_wanted() -> Iterator[None]:
    """Raises NoThread where what is done here starts a thread and none can be had."""
    try:
        yield
    except RuntimeError as error:
        if not own_shortage(error):
            raise
        raise NoThread from None


async def in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Calls `work`, which takes a moment and may be done twice, in a thread; in this one where no other can be had."""
    import asyncio  # 30 ms of a start, which commands that only read names do without

    with suppress(NoThread), thread_wanted():
        return await asyncio.to_thread(work, *arguments)
    return work(*arguments)


async def in_own_thread(name: str, work: Callable[..., Result], *arguments: object) -> Result:
    """Calls `work` in a thread that the end of the program does not wait for: a file server may hang.

    Raises NoThread, and the UserError, OSError or MemoryError of `work`.
    """
    import asyncio  # as above
    from concurrent.futures import Future

    done: Future[Result] = Future()
    done.set_running_or_notify_cancel()  # from here on it cannot be cancelled: the thread always may set it

    def run() -> None:
        try:
            done.set_result(work(*arguments))
        except (UserError, OSError, MemoryError) as error:
            done.set_exception(error)

    with thread_wanted():
        threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(done)


class DiskThread:
    """One thread for all work that may block on the disk, so that the event loop never does. It is started at once:
    later too many processes may run, and the screen would end for that."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # as above

        self._pool = ThreadPoolExecutor(1, "files")
        self._pool.submit(bool)

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        import asyncio  # as above

        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def close(self) -> None:
        self._pool.shutdown(wait=False)


@contextmanager
def bugs_of_threads(tell: Callable[[Exception], object]) -> Iterator[None]:
    """Calls `tell` with each exception that ends a thread, in that thread, instead of printing it."""
    before = threading.excepthook

    def hook(ended: threading.ExceptHookArgs) -> None:
        if isinstance(ended.exc_value, Exception):
            tell(ended.exc_value)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


@contextmanager
def loop_runner() -> "Iterator[asyncio.Runner]":
    """Yields a runner of an event loop, and closes it.

    The end of a loop that had threads needs one more to wait for them. Where it cannot be had, the end of the process
    waits for them.
    """
    import asyncio  # as above

    runner = asyncio.Runner()
    try:
        yield runner
    finally:
        with suppress(NoThread), thread_wanted():
            runner.close()
