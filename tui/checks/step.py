"""One step of the check, and how it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tui.core.text import clean
from tui.headless.codes import ExitCode

LIMIT = 10.0
"""Seconds that a step may take."""


class Verdict(Enum):
    """Its marks: with all characters, and in ASCII."""

    WORKS = "✓", "+"
    FAILS = "✗", "x"
    ADVICE = "!", "!"
    """Nothing that is needed, but somebody may want to know."""
    UNKNOWN = "-", "-"
    """Not looked at, since something before it is missing."""


@dataclass(frozen=True, slots=True)
class Step:
    verdict: Verdict
    name: str
    text: str
    code: ExitCode = ExitCode.UNREAD
    """What the command ends with where this step failed."""

    def line(self, has_unicode: bool) -> str:
        return f"{self.verdict.value[0 if has_unicode else 1]} {self.name:<12} {clean(self.text, 1000)}"


def works(name: str, text: str) -> Step:
    return Step(Verdict.WORKS, name, text)


def fails(name: str, text: str, code: ExitCode = ExitCode.UNREAD) -> Step:
    return Step(Verdict.FAILS, name, text, code)


def advice(name: str, text: str) -> Step:
    return Step(Verdict.ADVICE, name, text)


def unknown(name: str, text: str) -> Step:
    return Step(Verdict.UNKNOWN, name, text)


def exit_code(steps: Iterable[Step]) -> ExitCode:
    """0 only if all that is needed works; otherwise of the first that does not."""
    return next((step.code for step in steps if step.verdict is Verdict.FAILS), ExitCode.DONE)
