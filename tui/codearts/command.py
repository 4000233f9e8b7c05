"""The output of the user's command: one line, in a limited time, without a shell."""

from collections.abc import Sequence
from pathlib import Path

from tui.codearts.redaction import redact_complaint
from tui.core.problem import Problem
from tui.core.text import clean
from tui.processes import Ended, run

TIME_LIMIT = 10.0
"""Seconds that a command may take."""
LARGEST_OUTPUT = 128 * 1024
"""Bytes."""


class Command:
    """A program and its arguments. Raises Problem where there is none."""

    def __init__(self, name: str, arguments: Sequence[str], time_limit: float = TIME_LIMIT) -> None:
        if not arguments or not arguments[0]:
            raise Problem(f'{name} is empty: write a list of arguments, like ["pass", "show", "codearts"].')
        self.source = f"{name} {clean(Path(arguments[0]).name, 50)}"
        """Shows the program only: an argument may be secret."""
        self._arguments = tuple(arguments)
        self._time_limit = time_limit

    async def line(self) -> str:
        """The one line that it prints. Raises Problem, whose sentence never shows what was printed."""
        try:
            ended = await run(self._arguments, self._time_limit, LARGEST_OUTPUT)
        except (OSError, ValueError) as error:
            reason = clean(getattr(error, "strerror", None) or "such a name is not possible", 100)
            raise Problem(f"It cannot be run: {reason}.") from None
        return _judge(ended, self._time_limit)


def _judge(ended: Ended, time_limit: float) -> str:
    """Raises Problem."""
    output, complained = ended.output.decode(errors="replace"), ended.complaint.decode(errors="replace")
    lines = output.strip("\r\n").splitlines()
    if ended.status is None:
        raise Problem(f"It did not end within {time_limit:g} seconds and was stopped.")
    if len(ended.output) > LARGEST_OUTPUT:
        raise Problem(f"It printed more than {LARGEST_OUTPUT // 1024} KiB: it must print one line.")
    if ended.status < 0:
        raise Problem(f"It was ended by signal {-ended.status}.")
    if ended.status:
        complaint = next((line for line in complained.splitlines() if line.strip()), "")
        complaint = clean(redact_complaint(complaint, output), 200)
        said = f": {complaint}" if complaint else ", without a word."
        raise Problem(f"It ended with exit status {ended.status}{said}")
    if not output.strip():
        raise Problem("It printed nothing: it must print one line.")
    if len(lines) != 1:
        raise Problem("It printed more than one line: it must print just one.")
    return lines[0]
