"""Running the app from a bare terminal to a bare terminal."""

import os
import sys

from tui.core.problem import Problem
from tui.core.text import A_BUG
from tui.ui.app import WatchApp
from tui.ui.keys import check_keys
from tui.ui.leaving import Leaving
from tui.ui.setup import Setup
from tui.ui.terminal import mouse_wanted


def run(setup: Setup, mouse: bool | None) -> int:
    """Show the screen until it is left; answers the exit code. A bug of ours is printed without secrets, code 1."""
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
        print(f"{A_BUG}\n{app.crash}", file=sys.stderr)
    return leaving.code or app.return_code or 0
