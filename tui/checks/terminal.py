"""What this terminal can show, and what gets out of it."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping

from tui.checks.step import Step, advice, unknown, works
from tui.ui.sizes import COLUMNS, ROWS


def terminal_steps(environ: Mapping[str, str], has_unicode: bool, size: tuple[int, int] | None) -> Iterator[Step]:
    """`size` in columns and lines; None where standard error is no terminal."""
    term = environ.get("TERM", "")
    if size is None or term in ("", "dumb", "unknown"):
        yield unknown("terminal", "none here that could show the screen: over ssh, ssh -t gives one")
        return
    columns, lines = size
    shown = f"{columns} columns, {lines} lines, TERM={term}"
    fits = columns >= COLUMNS and lines >= ROWS
    yield works("terminal", shown) if fits else advice("terminal", f"{shown}: too small, {COLUMNS}×{ROWS} is enough")
    yield works("colours", _colours(environ))
    text = "UTF-8" if has_unicode else "ASCII only: for better signs choose a UTF-8 locale, like LC_ALL=C.UTF-8"
    yield works("characters", text) if has_unicode else advice("characters", text)
    yield _clipboard(environ)
    yield works("alerts", "only the command of [alerts] in the settings: it runs when a job starts or stops")


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "none, as NO_COLOR asks for"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "all (COLORTERM)"
    return "256" if "256" in environ.get("TERM", "") else "16: set COLORTERM=truecolor if your terminal has more"


def _clipboard(environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Step:
    if environ.get("TMUX"):
        if which("tmux"):
            return works("clipboard", "through tmux (load-buffer -w), if the terminal outside takes it")
        return advice("clipboard", "tmux is around, but its program is not found: `set -g set-clipboard on` may help")
    if environ.get("STY"):
        return works("clipboard", "through screen, if the terminal outside takes it")
    return works("clipboard", "by the terminal (OSC 52), where its settings allow that")


def size_of_terminal() -> tuple[int, int] | None:
    """Of standard error, where the screen goes."""
    try:
        columns, lines = os.get_terminal_size(2)
    except OSError:
        return None
    return columns, lines
