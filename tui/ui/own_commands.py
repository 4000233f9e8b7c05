"""The user's own commands on a job: what they are given, how they run, and what is said when they have ended."""

import asyncio
import os
import select
import termios
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial

from textual.notifications import SeverityLevel

from tui.alerts import as_variables, filled
from tui.core.board import JobState
from tui.core.errors import UserError
from tui.core.text import clean
from tui.processes import Ended, begin, ending, run, run_in_terminal, why_refused
from tui.storage.settings import TERMINAL, CommandSettings
from tui.terminal.shutdown import AFTER_ANOTHER
from tui.ui.keys import RESERVED, keys_in, meanings, shown

AT_ONCE = 4
"""Commands that run at the same time in the background."""
TIME_LIMIT = 600.0
"""Seconds that a command in the background may take."""
OUTPUT_LIMIT = 1 << 20
"""Bytes that a command in the background may print."""
_SHOWN = 200
"""Characters of its output that are shown."""


def check_commands(commands: Mapping[str, CommandSettings], keymap: Mapping[str, str]) -> None:
    """Raises UserError if a command has a key that is none, or that something else has."""
    taken = meanings(keymap)
    for name, command in commands.items():
        if not command.key:
            continue
        found = keys_in(command.key)
        path = f"commands.{name}.key in the settings is {clean(command.key, 40)!r}"
        if not found:
            raise UserError(f"{path}, and that is no key that terminals send; write a character, or a name such as f6.")
        for key in found:
            other = "a fixed meaning of its own" if key in RESERVED else taken.get(key, "")
            if other:
                meaning = other if key in RESERVED else f"the meaning {other!r}"
                raise UserError(f"{path}, and {shown(key)} has {meaning} already; give {name!r} another key.")
            taken[key] = name


def values_of(state: JobState) -> dict[str, str]:
    """What a command is given: the names are those of `COMMAND_FIELDS`. Empty where it is not known."""
    run = state.last_run
    return {
        "id": str(state.job.id),
        "label": state.job.label,
        "name": clean(state.name),
        "number": str(run.number) if run and run.number else "",
        "outcome": str(run.outcome) if run else "",
    }


class CommandRunner:
    """Runs the commands of one screen."""

    def __init__(
        self, say: Callable[[str, SeverityLevel], None], suspended: Callable[[], AbstractAsyncContextManager[None]]
    ) -> None:
        """`suspended` makes the terminal free for another program."""
        self._say = say
        self._suspended = suspended
        self._running = 0
        self._terminal_is_lent = False

    async def run(self, name: str, command: CommandSettings, state: JobState) -> None:
        """Run the command on this job until it has ended, and say how that went."""
        values = values_of(state)
        arguments = filled(command.command, values)
        more = as_variables(values)
        try:
            if command.run == TERMINAL:
                await self._in_front(name, arguments, more)
            else:
                await self._behind(name, arguments, more, clean(state.name, 60))
        except (OSError, ValueError, termios.error) as error:
            self._say(f"{name} cannot be run: {clean(arguments[0], 100)}: {why_refused(error)}.", "error")

    async def _behind(self, name: str, arguments: list[str], more: Mapping[str, str], job: str) -> None:
        if self._running >= AT_ONCE:
            self._say(f"{AT_ONCE} commands are still running: wait for one of them to end.", "warning")
            return
        self._running += 1
        self._say(f"{name}: running for {job}.", "information")
        try:
            ended = await run(arguments, TIME_LIMIT, OUTPUT_LIMIT, more)
        finally:
            self._running -= 1
        text = how_it_ended(name, ended)
        self._say(text, "information" if ended.status == 0 else "error")

    async def _in_front(self, name: str, arguments: list[str], more: Mapping[str, str]) -> None:
        """The event loop goes on: jobs are asked meanwhile."""
        if self._terminal_is_lent:  # the key was pressed twice
            self._say(f"{name} was not run: another command had the terminal.", "warning")
            return
        cancelled = threading.Event()
        self._terminal_is_lent = True
        try:
            async with self._suspended():
                running = begin(None, partial(_in_terminal, name, arguments, more, cancelled), cancelled)
                try:
                    await asyncio.wait([running])
                except asyncio.CancelledError:
                    cancelled.set()
                    await asyncio.wait([running])
                    raise
        finally:
            self._terminal_is_lent = False
        running.result()


def how_it_ended(name: str, ended: Ended) -> str:
    """One sentence, with the end of what the program wrote."""
    wrote = _last_lines(ended.complaint if ended.status and ended.complaint.strip() else ended.output)
    if len(ended.output) > OUTPUT_LIMIT:
        return f"{name} wrote more than {OUTPUT_LIMIT >> 20} MiB and was stopped."
    if ended.status is None:
        return f"{name} did not end within {TIME_LIMIT / 60:g} minutes and was stopped."
    return f"{_named_ending(name, ended.status)}{f': {wrote}' if wrote else '.'}"


def _named_ending(name: str, status: int) -> str:
    return f"{name} {ending(status)}" if status else f"{name}: done"


def _last_lines(written: bytes) -> str:
    lines = [line.strip() for line in written[-4000:].decode("utf-8", "replace").splitlines() if line.strip()]
    return clean(" · ".join(lines[-3:])[-_SHOWN:])


def _in_terminal(name: str, arguments: list[str], more: Mapping[str, str], cancelled: threading.Event) -> None:
    """Runs the program, then waits for a key, so that what it wrote can be read. Puts the terminal's modes back."""
    if cancelled.is_set():
        return
    modes = termios.tcgetattr(0)
    try:
        _switch_off_suspending()
        status = run_in_terminal(arguments, more, cancelled)
        how = "" if cancelled.is_set() else f"\r\n{_named_ending(name, status)}. Press a key to go back."
        with suppress(termios.error):
            _wait_for_a_key(f"{AFTER_ANOTHER}{how}", modes, cancelled)
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, modes)


def _switch_off_suspending() -> None:
    """Gives ctrl+z no meaning: there is no shell that could resume the program."""
    attributes = termios.tcgetattr(0)
    attributes[6][termios.VSUSP] = bytes([os.fpathconf(0, "PC_VDISABLE") & 0xFF])
    termios.tcsetattr(0, termios.TCSADRAIN, attributes)


def _wait_for_a_key(text: str, modes: list[object], cancelled: threading.Event) -> None:
    """Shows `text` first. Any key counts, ctrl+c too: here it must not end this program."""
    quiet = list(termios.tcgetattr(0))
    quiet[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    termios.tcsetattr(0, termios.TCSAFLUSH, quiet)
    os.write(2, text.encode())
    while not cancelled.is_set():
        if select.select([0], [], [], 0.1)[0]:
            termios.tcflush(0, termios.TCIFLUSH)  # the rest of a paste is not for the screen, either
            os.write(2, b"\r\n")  # what is written next does not stand behind the text
            return
