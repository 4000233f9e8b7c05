"""Running the app from a bare terminal to a bare terminal."""

import os
import sys
from collections.abc import Callable

from tui.core.problem import Problem
from tui.core.text import A_BUG
from tui.ui.app import WatchApp
from tui.ui.keys import check_keys
from tui.ui.leaving import Leaving
from tui.ui.setup import Setup
from tui.ui.terminal import mouse_wanted


def run(setup: Setup, mouse: bool | None, hide: Callable[[str], str] = str) -> int:
    """Shows the screen until it is left; returns the exit code, 1 for a bug of ours, which is printed.

    `hide` takes the secrets out of it.
    """
    check_keys(setup.keys)
    app = WatchApp(setup)
    leaving = Leaving(app.exit_from_thread)
    app.leaving = leaving.guard_exit
    leaving.install()
    try:
        app.run(mouse=mouse_wanted(os.environ, mouse))
    finally:
        leaving.uninstall()
    if app.board_screen.problem:
        raise app.board_screen.problem
    if app.lacking:
        raise Problem(f"{app.lacking[0].upper()}{app.lacking[1:]}.")
    if app.crash:
        print(f"{A_BUG}\n{hide(app.crash)}", file=sys.stderr)
    return leaving.code or app.return_code or 0
