"""The user's own command, run when a job starts or stops: without a shell, bounded in time and number."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Sequence
from contextlib import suppress

from tui.core.text import clean
from tui.core.transitions import Change, deserves_alert

AT_ONCE = 4
"""Commands that run at the same time."""
WAITING = 200
"""Changes that wait for their command at most; what comes on top is dropped, and said."""
TIME_LIMIT = 30.0
"""Seconds that a command may take."""
PLACES = ("id", "label", "status", "change", "profile")
"""What may stand in braces in an argument."""

_PLACE = re.compile(rf"\{{({'|'.join(PLACES)})\}}")


def filled(command: Sequence[str], change: Change, profile: str) -> list[str]:
    """The arguments with the job in place of its `{label}` and so on; other braces stay as they are."""
    job = change.job
    values = {
        "id": str(job.id),
        "label": clean(job.name),
        "status": str(change.status or "unknown"),
        "change": str(change.event),
        "profile": clean(profile),
    }
    return [_PLACE.sub(lambda place: values[place[1]], argument) for argument in command]


class Alerts:
    """Belongs to one event loop. Its commands see no terminal: input and output are the null device."""

    def __init__(
        self,
        command: Sequence[str],
        say: Callable[[str], None],
        *,
        at_once: int = AT_ONCE,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        """`say` is told, once for each way in which it can fail, that the command failed. Without a command: silent."""
        self._command = tuple(command)
        self._say = say
        self._said: set[str] = set()
        self._time_limit = time_limit
        self._free = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, change: Change, profile: str = "") -> None:
        """Run the command for this change, soon, if it deserves an alert."""
        if not self._command or not deserves_alert(change):
            return
        if len(self._tasks) >= WAITING:
            self._complain(
                f"is too slow: more than {WAITING} changes wait for it, and those that come now are left out"
            )
            return
        task = asyncio.get_running_loop().create_task(self._run(filled(self._command, change, profile)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float = 0.0) -> None:
        """Give the commands so much time to end, then end them."""
        if self._tasks and seconds:
            await asyncio.wait(self._tasks, timeout=seconds)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, arguments: list[str]) -> None:
        async with self._free:
            try:
                process = await asyncio.create_subprocess_exec(
                    *arguments, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
                )
            except (OSError, ValueError) as error:
                reason = clean(getattr(error, "strerror", None) or "such an argument is not possible", 100)
                self._complain(f"cannot be run: {reason}")
                return
            await self._watch(process)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(self._time_limit):
                status = await process.wait()
        except TimeoutError:
            self._complain(f"did not end within {self._time_limit:g} seconds and was stopped")
        else:
            if status:
                self._complain(f"ended with exit status {status}")
        finally:
            if process.returncode is None:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)  # and whatever it started
                await process.wait()

    def _complain(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(f"The command of [alerts], {clean(self._command[0], 100)}, {what}.")
