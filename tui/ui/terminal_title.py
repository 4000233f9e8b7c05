"""The terminal's title, such as `2 running · 1 failed`: sent when a count changes, and never else."""

from collections.abc import Callable

from tui.core.condition import Condition, Summary
from tui.terminal.capabilities import ASCII, Glyphs
from tui.ui.header import counts_of

SHOWN = (Condition.RUNNING, Condition.FAILED, Condition.NO_ANSWER, Condition.STALE)


def title_text(summary: Summary, glyphs: Glyphs) -> str:
    """What runs, what failed, and what these counts leave out; empty while nothing was read."""
    if summary.counts[Condition.UNREAD] == summary.total:
        return ""
    parts = [f"{number} {condition}" for condition, number in counts_of(summary) if condition in SHOWN]
    return (", " if glyphs is ASCII else " · ").join(parts)


class TerminalTitle:
    """Remembers what was sent. `send` returns whether the terminal has taken it; empty is the terminal's own title."""

    def __init__(self, send: Callable[[str], bool]) -> None:
        self._send = send
        self._shown = ""

    def show(self, text: str) -> None:
        if text != self._shown and self._send(text):
            self._shown = text
