"""Runs the user's own command for an alert: without a shell, bounded in time and number."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence

from tui.core.alert_policy import ALERT_FIELDS, AlertOn, Happening, counts
from tui.core.job import JobId
from tui.core.text import clean
from tui.core.transitions import Change, deserves_alert
from tui.processes import ending, run, why_refused

_log = logging.getLogger(__name__)

AT_ONCE = 4
"""Commands that run at the same time."""
WAITING = 200
"""Most changes that wait for their command; further ones are dropped with a warning."""
TIME_LIMIT = 30.0
"""Seconds that a command may take."""

_PLACE = re.compile(r"\{([a-z]+)\}")


def values_of_change(change: Change, profile: str) -> dict[str, str]:
    """Returns the values for the command, by the names of `ALERT_FIELDS`."""
    job = change.job
    return dict.fromkeys(ALERT_FIELDS, "") | {
        "id": str(job.id),
        "label": clean(job.name),
        "status": str(change.status),
        "change": str(change.event),
        "profile": clean(profile),
        "count": "1",
    }


def _status_after(kind: AlertOn) -> str:
    """Returns the status that a job has once this has happened."""
    match kind:
        case AlertOn.STARTED | AlertOn.LONGER_THAN_USUAL:
            return "running"
        case AlertOn.STOPPED | AlertOn.FAILED:
            return "idle"
        case AlertOn.NO_ANSWER:
            return "unknown"


def values_of_alert(happenings: Sequence[Happening], profile_of: Callable[[JobId], str]) -> dict[str, str]:
    """Returns the values for one call about all of these. About more than one job, what only one job has is empty."""
    profiles = {profile_of(what.job) for what in happenings}
    values = dict.fromkeys(ALERT_FIELDS, "") | {"count": str(len(happenings))}
    if len(profiles) == 1:
        values["profile"] = clean(profiles.pop())
    if len(happenings) > 1:
        return values | {"label": f"{len(happenings)} jobs", "change": counts(happenings)}
    (what,) = happenings
    return values | {
        "id": str(what.job),
        "label": clean(what.name),
        "status": _status_after(what.kind),
        "change": what.word,
        "outcome": what.outcome,
        "number": str(what.number or ""),
        "branch": clean(what.branch),
        "step": clean(what.step),
    }


def filled(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Returns the arguments with values instead of `{label}` and so on; other braces stay as they are.

    A value must not become an option: one that begins an argument with - or @ gets a space before it, unless an
    earlier argument is --.
    """
    arguments: list[str] = []
    for argument in command:
        text = _PLACE.sub(lambda place: values.get(place[1], place[0]), argument)
        is_new = text[:1] in ("-", "@") and text[:1] != argument[:1] and "--" not in arguments
        arguments.append(f" {text}" if is_new else text)
    return arguments


def as_variables(values: Mapping[str, str]) -> dict[str, str]:
    """The same values as the command finds them in its environment."""
    return {f"CODEARTS_{name.upper()}": value for name, value in values.items()}


class Alerts:
    """Runs the commands of one event loop. They have no input, no output and no terminal."""

    def __init__(
        self,
        command: Sequence[str],
        say: Callable[[str], None],
        *,
        at_once: int = AT_ONCE,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        """Calls `say` once for each kind of failure of the command. Does nothing without a command."""
        self._command = tuple(command)
        self._say = say
        self._said: set[str] = set()
        self._time_limit = time_limit
        self._free = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, change: Change, profile: str = "") -> None:
        """Starts the command for this change if it is a start or a stop."""
        if deserves_alert(change):
            self._start(values_of_change(change, profile))

    def tell_all(self, happenings: Sequence[Happening], profile_of: Callable[[JobId], str]) -> None:
        """Starts the command once for all of these."""
        self._start(values_of_alert(happenings, profile_of))

    def _start(self, values: Mapping[str, str]) -> None:
        if not self._command:
            return
        if len(self._tasks) >= WAITING:
            self._complain(
                f"is too slow: more than {WAITING} changes wait for it, and those that come now are left out"
            )
            return
        task = asyncio.get_running_loop().create_task(self._run(values))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float | None = None) -> None:
        """Waits for the commands, at most `seconds` if that is given, then ends them."""
        if self._tasks and seconds != 0:
            await asyncio.wait(self._tasks, timeout=seconds)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, values: Mapping[str, str]) -> None:
        async with self._free:
            try:
                ended = await run(filled(self._command, values), self._time_limit, more=as_variables(values))
            except (OSError, ValueError) as error:
                self._complain(f"cannot be run: {why_refused(error)}")
                return
        if ended.status is None:
            self._complain(f"did not end within {self._time_limit:g} seconds and was stopped")
        elif ended.status:
            self._complain(ending(ended.status))

    def _complain(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            _log.warning("the command %s %s", self._command[0], what)
            self._say(f"The command of [alerts], {clean(self._command[0], 100)}, {what}.")
