"""Work beside the event loop, also where no thread can be had: too many processes may run at any time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from tui.core.errors import own_shortage

if TYPE_CHECKING:
    import asyncio

Result = TypeVar("Result")


async def in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """Calls `work`, which takes a moment and may be done twice, in a thread; in this one where no other can be had."""
    import asyncio  # 30 ms of a start, which commands that only read names do without

    try:
        return await asyncio.to_thread(work, *arguments)
    except RuntimeError as error:
        if not own_shortage(error):
            raise
    return work(*arguments)


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
        try:
            runner.close()
        except RuntimeError as error:
            if not own_shortage(error):
                raise
