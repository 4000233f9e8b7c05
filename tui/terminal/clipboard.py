"""Copies to the user's clipboard: through tmux's own command, or by an escape sequence. Terminals do not confirm it."""

import base64
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui.core.text import DETAIL, clean
from tui.processes import run_bounded
from tui.terminal.notifications import TMUX_LIMIT, Multiplexer, multiplexer, through_tmux

SURE = 74_994
"""Bytes of base64 that every terminal with a clipboard takes; beyond, some take nothing."""
SCREEN_STRING = 240
"""Bytes of a string that every version of screen passes on: 256 in old ones, 768 in newer ones."""

Run = Callable[[Sequence[str], str, float], bool]
"""Runs a program with a text on its standard input, for at most this many seconds; returns whether it succeeded."""


@dataclass(frozen=True, slots=True)
class ClipboardRoute:
    """What is between the program and the clipboard. `tmux` is the path of that program if it can be run."""

    between: Multiplexer = Multiplexer.NOTHING
    tmux: str = ""

    @property
    def name(self) -> str:
        return "your terminal" if self.between is Multiplexer.NOTHING else self.between


def clipboard_route(environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> ClipboardRoute:
    """tmux by default drops clipboard sequences and accepts texts by its own command only."""
    between = multiplexer(environ)
    return ClipboardRoute(between, (which("tmux") or "") if between is Multiplexer.TMUX else "")


def run_program(command: Sequence[str], text: str, seconds: float) -> bool:
    """Blocks: run it in a thread."""
    try:
        return run_bounded(command, seconds, given=text.encode()).status == 0
    except (OSError, ValueError):
        return False


def copy(text: str, route: ClipboardRoute, write: Callable[[str], None], run: Run = run_program) -> str:
    """Copies `text`. Returns by which route, such as `via tmux`; empty if there was no text. Blocks for 2 s at most.

    `write` sends a sequence to the terminal.
    """
    text = plain(text)
    if not text:
        return ""
    if route.tmux and run([route.tmux, "load-buffer", "-w", "-"], text, TMUX_LIMIT):
        return "via tmux"
    sequence = osc52(text)
    write(_wrapped(sequence, route.between))
    sent = f"via {route.name}"
    if route.between is Multiplexer.TMUX:
        return f"{sent}, which lets it out only with `set -g allow-passthrough on`"
    if len(sequence) > SURE:
        return f"{sent}, which may not take as much"
    return f"{sent}, if it allows that" if route.between is Multiplexer.NOTHING else sent


def plain(text: str) -> str:
    """Returns the text without control characters, and without a last line end, on which a shell would run it."""
    return "\n".join(clean(line.removesuffix("\r"), DETAIL) for line in text.rstrip().split("\n"))


def osc52(text: str) -> str:
    """Returns the sequence that asks a terminal to put `text` on the clipboard."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


def _wrapped(sequence: str, between: Multiplexer) -> str:
    if between is Multiplexer.TMUX:
        return through_tmux(sequence)
    if between is Multiplexer.SCREEN:
        pieces = (sequence[start : start + SCREEN_STRING] for start in range(0, len(sequence), SCREEN_STRING))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence
