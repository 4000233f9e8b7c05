"""Calls beside the status call that the user waits for. No widgets."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from tui.core.job import JobId
from tui.core.reading import Failure, Retry
from tui.core.run import RunRecord

if TYPE_CHECKING:
    from tui.codearts.extra_call import ExtraCall
    from tui.codearts.log_api import BuildSource

T = TypeVar("T")
LOOK_EVERY = 0.5
"""Seconds between two looks at what keeps a call from being sent."""


class AwaitedExtras:
    """Sends extras for a dialog. In the background they wait until sign-in and network are well again; here the reason
    is returned instead, and a refused sign-in with the key that helps."""

    def __init__(self, extras: "BuildSource", trouble: Callable[[], Failure | None], sign_in_key: str) -> None:
        """`trouble` returns why no call is sent now; None if calls are sent."""
        self._extras = extras
        self._trouble = trouble
        self._sign_in_key = sign_in_key

    async def fetch(self, call: "ExtraCall[T]") -> T | Failure:
        """Returns what the call brings, or why it brings nothing."""
        return await self._brought(self._extras.fetch(call))

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""
        return await self._brought(self._extras.last_run(job))

    async def _brought(self, asking: Coroutine[Any, Any, T | Failure]) -> T | Failure:
        brought = await self._unless_in_trouble(asking)
        if isinstance(brought, Failure) and brought.kind.retry is Retry.SIGN_IN:
            return brought._replace(summary=f"{brought.summary} Press esc, then {self._sign_in_key} to sign in.")
        return brought

    async def _unless_in_trouble(self, asking: Coroutine[Any, Any, T | Failure]) -> T | Failure:
        task = asyncio.ensure_future(asking)
        try:
            while not task.done():
                if trouble := self._trouble():
                    return trouble
                await asyncio.wait([task], timeout=LOOK_EVERY)
            return task.result()
        finally:
            task.cancel()
