"""`log`: the end of a build's log, and what is added to it while the build runs."""

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tui.commands.job_selection import add_build
from tui.commands.output import ExitCode, Output, asking, is_abandoned
from tui.commands.parser import whole_number
from tui.core.log_tail import MOST_LINES, READ_EVERY
from tui.core.reading import Failure, Retry, Status

if TYPE_CHECKING:
    from tui.codearts.log_api import LogReader
    from tui.context import Context
    from tui.core.job import JobId
    from tui.profiles.extras import Extras

HELP = "the end of a build's log"
DESCRIPTION = (
    "Print the last lines of the log of a job's last build; with --follow also what is added until the build "
    "ends.\n"
    "Exit code 1: it could not be read, or there is none."
)
EXAMPLES = ["log mobile-ios", "log mobile-ios --build 88 --lines 5000 | grep -i error", "log --follow mobile-ios"]

LINES = 100
MOST_ROUNDS = 64
"""So often the reader is asked to go on, by up to 16 pieces each time: a log that has not ended then never does."""

IsRunning = Callable[[], Awaitable[bool]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_build(parser)
    parser.add_argument(
        "--lines",
        metavar="N",
        type=whole_number(0, MOST_LINES),
        default=LINES,
        help=f"how many, {MOST_LINES} at most; default: {LINES}",
    )
    parser.add_argument("--follow", action="store_true", help="go on until the build ends")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import open_job

    app, job, extras = open_job(context, arguments.job)
    reader = app.profile(job.profile or app.default).reader

    async def is_running() -> bool:
        result = (await reader.read(job.id)).result
        if isinstance(result, Failure):
            return result.kind.retry in (Retry.PASSING, Retry.THROTTLED)
        return result is Status.RUNNING

    command = log(
        extras, job.id, arguments.build, arguments.lines, is_running if arguments.follow else None, Output.standard()
    )
    return runner.run(command, app.close)


async def log(
    extras: "Extras", job: "JobId", number: int | None, most: int, is_running: IsRunning | None, output: Output
) -> ExitCode:
    """Print the last lines; while `is_running` returns True, also what is added."""
    from tui.codearts.log_api import LogReader
    from tui.commands.session import refused

    if number is None:
        with asking(output):
            last = await extras.last_run(job)
        if isinstance(last, Failure):
            return refused(output, last)
        if last is None:
            output.say("This job was never built: there is no log.")
            return ExitCode.UNREAD
        number = last.number
    reader = LogReader(extras, job, number)
    with asking(output):
        failure = await _read_to_end(reader, output, grows=is_running is not None)
    if failure and (is_running is None or not reader.tail.count):
        return refused(output, failure)
    if is_running is None:
        output.as_it_is(reader.tail.lines[-most:] if most else [])
        return ExitCode.DONE
    return await _follow(reader, most, is_running, output)


async def _follow(reader: "LogReader", most: int, is_running: IsRunning, output: Output) -> ExitCode:
    """A piece that cannot be read is asked for again until the build ends; the status call alone tells that."""
    import asyncio

    from tui.commands.session import refused

    failure = None
    tail = reader.tail
    printed = max(0, tail.count - most)

    def show() -> None:
        nonlocal printed
        if (lost := tail.dropped - printed) > 0:
            output.say(f"{lost} lines are left out: more than {MOST_LINES} came at once.")
        output.as_it_is(tail.after(printed))
        printed = tail.count

    goes_on = True
    while goes_on and not is_abandoned(output.data):
        show()
        goes_on = await is_running()
        if goes_on:
            await asyncio.sleep(READ_EVERY)
        failure = await _read_to_end(reader, output, goes_on, show)
    show()
    output.as_it_is(tail.lines[-1:] if tail.has_open_line else [])
    return refused(output, failure) if failure and not goes_on else ExitCode.DONE


async def _read_to_end(
    reader: "LogReader", output: Output, grows: bool, came: Callable[[], None] = lambda: None
) -> Failure | None:
    """Reads the log as far as it goes now, and calls `came` after each piece. Stops if the output is closed. Returns
    why the end could not be read."""
    from tui.codearts.extra_call import not_understood

    for _ in range(MOST_ROUNDS):
        failure = await reader.read_on(grows, came)
        if failure or not reader.has_more or is_abandoned(output.data):
            return failure
    return not_understood("the log does not end")
