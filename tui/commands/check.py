"""`check`: what works and what does not, step by step. The steps are in check_steps.py; what the screen would complain
about when it opens is here, since `config` says it, too.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from os.path import lexists
from typing import TYPE_CHECKING, NamedTuple

from tui.commands.output import ExitCode, Output
from tui.core.errors import UserError
from tui.core.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from tui.context import Context

HELP = "what works and what does not, step by step"
DESCRIPTION = (
    "Look at settings, network, credential, one job and this terminal, a line each.\n"
    "Exit codes: 0 all that is needed works, 1 something does not, 2 wrong usage or settings, 3 not signed in."
)
EXAMPLES = ["check", "check --profile prod"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes the common arguments alone. Tries a log-in even if it was refused before."""
    parser.set_defaults(heeds_refusals=False)


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner

    return runner.run(check(context, Output.standard()))


async def check(context: "Context", output: Output) -> ExitCode:
    """Print each step as soon as it is done."""
    from tui.commands.check_steps import all_steps
    from tui.terminal.capabilities import unicode_ok

    has_unicode = unicode_ok(context.environ, getattr(output.data, "encoding", None))
    steps = []
    async for step in all_steps(context, has_unicode):
        steps.append(step)
        output.line(step.line(has_unicode), hang=15)
    return next((step.code for step in steps if step.verdict is StepResult.FAILS), ExitCode.DONE)


class StepResult(Enum):
    """How a step ended. The values are its marks: in Unicode, and in ASCII."""

    WORKS = "✓", "+"
    FAILS = "✗", "x"
    ADVICE = "!", "!"
    """It works, but could be better."""
    UNKNOWN = "-", "-"
    """Not checked, since something that it needs is missing."""


@dataclass(frozen=True, slots=True)
class Step:
    verdict: StepResult
    name: str
    text: str
    code: ExitCode = ExitCode.UNREAD
    """The exit code if this step failed."""

    def line(self, has_unicode: bool) -> str:
        return f"{self.verdict.value[0 if has_unicode else 1]} {self.name:<12} {clean(self.text, 1000)}"


def works(name: str, text: str) -> Step:
    return Step(StepResult.WORKS, name, text)


def fails(name: str, text: str, code: ExitCode = ExitCode.UNREAD) -> Step:
    return Step(StepResult.FAILS, name, text, code)


def advice(name: str, text: str) -> Step:
    return Step(StepResult.ADVICE, name, text)


def unknown(name: str, text: str) -> Step:
    return Step(StepResult.UNKNOWN, name, text)


class Finding(NamedTuple):
    """What is wrong with something that the screen reads; `is_refused` where the screen does not open with it."""

    name: str
    text: str
    is_refused: bool


def screen_findings(context: "Context") -> Iterator[Finding]:
    """About all that the screen reads besides the settings' own values: keys, themes and the watchlist."""
    from tui.ui.edited_files import screen_checks

    settings = context.settings
    for name, check_it in screen_checks(settings):
        try:
            check_it()
        except UserError as problem:
            yield Finding(name, str(problem), True)
    yield from (Finding("theme", text, False) for text in _about_themes(settings.ui.theme, context.locations.themes))
    try:
        yield from (Finding("watchlist", warning, False) for warning in context.watchlist.load().warnings)
    except UserError as problem:
        yield Finding("watchlist", str(problem), True)


def _about_themes(wanted: str, folder: "Path | None") -> Iterator[str]:
    from tui.ui.themes import load_themes

    themes = load_themes(folder)
    if wanted not in ("", *themes.names):
        yield themes.no_such(wanted)
    if folder and lexists(folder):
        yield from themes.problems
