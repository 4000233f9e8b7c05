"""`alerts test`: sends one alert by every route, and prints what becomes of it between here and the user's screen."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from tui.commands.output import ExitCode, Output
from tui.core.alert_policy import USUALLY_ON, AlertOn, Happening
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.text import clean

if TYPE_CHECKING:
    from tui.context import Context
    from tui.storage.settings import AlertSettings
    from tui.terminal.notifications import AlertRoute

HELP = "try the bell, the notification, the title and the command"
DESCRIPTION = (
    "Send one alert by every route, and say of each whether it passes tmux or screen, and which line in which file "
    "would let it through. Needs no credential."
)
EXAMPLES = ["alerts test"]

TEST = "codearts-watch: this is a test"
TITLE_LASTS = 2.0
"""Seconds for which the title of the test is shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="test", choices=["test"], help="send one alert by every route")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner

    settings = context.settings.alerts
    context.hide_secrets()
    return runner.run(try_all(settings, context, Output.standard()))


async def try_all(settings: "AlertSettings", context: "Context", output: Output) -> ExitCode:
    """Print each route as soon as it was tried."""
    from tui.terminal.notifications import alert_routes, look_outside

    seen = await look_outside(context.environ)
    terminal = next((stream for stream in (sys.stderr, sys.stdout) if stream and stream.isatty()), None)
    for route in alert_routes(settings.desktop, settings.title, seen, TEST):
        if terminal is None:
            _print(output, route.name, "not sent: this is no terminal")
            continue
        await _send(route, terminal, context.environ)
        _print(output, route.name, route.verdict, route.remedy)
    _print(output, "command", *await _command(settings))
    for row in _when(settings, context):
        _print(output, *row)
    if context.settings_file:
        _print(output, "settings", f"[alerts] stands in {clean(str(context.settings_file))}")
    return ExitCode.DONE


def _print(output: Output, name: str, text: str, remedy: str = "") -> None:
    output.line(f"{name:<8} {text}", hang=9)
    if remedy:
        output.line(f"{'':<8} to change that: {remedy}", hang=9)


async def _send(route: "AlertRoute", terminal: TextIO, environ: Mapping[str, str]) -> None:
    """The terminal has its own title back when the test ends, also if that is interrupted."""
    import asyncio

    from tui.terminal.notifications import saved_title

    if not route.sent:
        return
    push, pop = saved_title(environ) if route.name == "title" else ("", "")
    terminal.write(f"{push}{route.sent}")
    terminal.flush()
    if pop:
        try:
            await asyncio.sleep(TITLE_LASTS)
        finally:
            terminal.write(pop)
            terminal.flush()


async def _command(settings: "AlertSettings") -> tuple[str, str]:
    """What became of it, and what would set it."""
    from tui.alerts import Alerts

    if not settings.command:
        return "not set", '[alerts] command = ["notify-send", "{label} {change}"]'
    said: list[str] = []
    alerts = Alerts(settings.command, said.append)
    alerts.tell_all((Happening(NO_JOB, TEST, AlertOn.STOPPED, 0.0, outcome="passed"),), lambda job: "")
    await alerts.finish()
    return (said[0] if said else "ran, as for a build that passed"), ""


def _when(settings: "AlertSettings", context: "Context") -> Iterator[tuple[str, str, str]]:
    """Which events cause an alert, about which jobs, and what would change that."""
    kinds = ", ".join(kind for kind in AlertOn if kind in settings.on)
    only_failures = '[alerts] on = ["failed"]   # failures only' if settings.on == USUALLY_ON else ""
    yield "when", kinds or "nothing but the end of jobs that b armed", only_failures
    try:
        jobs = context.watchlist.load().jobs
    except UserError:
        jobs = ()
    armed = sum(job.alert for job in jobs)
    if settings.bell:
        yield "jobs", f"all {len(jobs)}", ""
    else:
        about = f"those that b armed: {armed} of {len(jobs)} for always; the screen knows which for once"
        yield "jobs", about, "[alerts] bell = true   # all jobs"
    if settings.quiet:
        is_quiet = settings.rules.is_quiet(context.now().wall.astimezone().time())
        yield "quiet", f"{settings.quiet}{': now, so alerts wait' if is_quiet else ''}", ""
