"""The command line: one function a command; each answers its exit code."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from functools import cache, partial
from typing import TYPE_CHECKING

from tui.clock import now
from tui.commands import entry_points
from tui.commands.arguments import DEFAULTS, CommandFunction, parser
from tui.core.errors import UserError, shortage
from tui.core.text import A_BUG, clean, crash_text
from tui.startup import gc_paused

if TYPE_CHECKING:
    from pathlib import Path

    from tui.context import App
    from tui.storage.files import Locations
    from tui.storage.settings import Settings
    from tui.storage.watchlist import Watchlist, WatchlistStore

USAGE = 2
"""Exit code: the command line or the settings are wrong."""
INTERRUPTED = 130

logging.getLogger("tui").addHandler(logging.NullHandler())  # else warnings go to standard error without --log


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; answers the exit code."""
    from tui.commands.output import Output, drop

    try:
        code = run(sys.argv[1:] if argv is None else argv)
        Output.standard().flush()
        return code
    except BrokenPipeError:
        drop()
        return 0
    except UserError as problem:
        say(str(problem))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as bug:
        if shortage(bug):
            raise
        if sys.stderr:
            print(f"{A_BUG}\n{crash_text(bug)}", file=sys.stderr)
        return 1


def run(given: Sequence[str]) -> int:
    """The exit code of the command; of the parser, where it printed help or an error."""
    arguments = copy(DEFAULTS)
    try:
        if given:
            parser(COMMANDS).parse_args(given, arguments)
        else:  # the screen, as it is opened most: the parsers of all commands cost 5 ms
            arguments.command = watch
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    command: CommandFunction = arguments.command
    if arguments.demo and command is not watch:
        raise UserError("--demo opens the screen; for commands start codearts-watch demo-service and do what it says.")
    return command(arguments)


def say(text: str) -> None:
    """A sentence for the person, beside the data on standard output; nothing where standard error is closed."""
    with suppress(OSError):
        if sys.stderr:
            print(f"codearts-watch: {clean(text, 2000)}", file=sys.stderr)


@gc_paused()
def watch(arguments: argparse.Namespace) -> int:
    """Open the screen, on the user's watchlist or on the demo."""
    from tui.terminal.capabilities import prepare

    prepare(os.environ)
    if arguments.demo:
        return watch_demo()
    from tui.files import files_of
    from tui.storage.watchlist import MemoryWatchlist, Watchlist, WatchlistBroken

    files = files_of(arguments)
    store: WatchlistStore = files.watchlist
    watchlist = Watchlist()
    warning = ""
    try:
        watchlist = store.load()
    except WatchlistBroken as broken:
        say(str(broken))
        if not agreed("Start with an empty list, in memory only?"):
            return USAGE
        store = MemoryWatchlist()
        warning = "This list is in memory only: nothing is saved, and your file stays as it is."

    def service() -> "App":
        from tui.context import build_app

        return build_app(files, arguments, os.environ)

    return open_screen(service, files.settings, files.locations, store, watchlist, warning, files.settings_file)


def agreed(question: str) -> bool:
    """Whether the person says yes; anything else, also the end of the input, is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, UnicodeDecodeError):
        print(file=sys.stderr)
        return False


def watch_demo() -> int:
    """The screen on a simulated service: no file of the user's is read or written."""
    from tui.codearts.auth.credentials import EnvironmentToken
    from tui.codearts.endpoints import parse_endpoint
    from tui.context import App
    from tui.demo.service import DemoService
    from tui.profiles.profile import make_profile
    from tui.storage.settings import Settings
    from tui.storage.watchlist import MemoryWatchlist

    with DemoService() as service:
        settings = Settings()
        endpoint = parse_endpoint(service.url)
        profile = make_profile("demo", endpoint, EnvironmentToken(service.token, "the demo"), settings.polling, now)
        app = App({"demo": profile}, "demo")
        store = MemoryWatchlist(service.jobs)
        return open_screen(lambda: app, settings, None, store, store.load())


def open_screen(
    service: "Callable[[], App]",
    settings: "Settings",
    locations: "Locations | None",
    store: "WatchlistStore",
    watchlist: "Watchlist",
    warning: str = "",
    settings_file: "Path | None" = None,
) -> int:
    """Run the app; without `locations` no file of the user's is touched."""
    from tui.storage.screen_state import ScreenState, load_state, save_state
    from tui.terminal.capabilities import glyphs_for
    from tui.ui.app import run
    from tui.ui.screen_deps import ScreenDeps

    state_file = locations.state if locations else None
    state = load_state(state_file) if state_file else ScreenState()
    service = cached = cache(service)

    def hide(text: str) -> str:
        from tui.codearts.redaction import redact

        return redact(text, cached().held() if cached.cache_info().currsize else ())

    if state.profile:  # which rows there are depends on the profiles: they cannot be loaded later
        service()
    return run(
        ScreenDeps(
            service=service,
            store=store,
            jobs=watchlist.jobs,
            now=now,
            state=state,
            save_state=partial(save_state, state_file) if state_file else lambda state: None,
            themes=locations.themes if locations else None,
            glyphs=glyphs_for(os.environ),
            environ=os.environ,
            keys=settings.keys,
            alert=settings.alerts.command,
            theme=settings.ui.theme,
            address=settings.ui.address,
            notices=watchlist.warnings,
            warning=warning,
            settings_file=settings_file,
            settings=settings,
        ),
        mouse=settings.ui.mouse,
        hide=hide,
    )


def demo_service(arguments: argparse.Namespace) -> int:
    """Serve the simulated service until interrupted."""
    from tui.commands.output import Output
    from tui.demo.service import serve

    serve(arguments.port, Output.standard().line)
    return 0


def show_configuration(arguments: argparse.Namespace) -> int:
    """Every effective value and where it came from."""
    from tui.commands.config import run_config

    return run_config(arguments)


def check(arguments: argparse.Namespace) -> int:
    """What works and what does not, step by step."""
    from tui.commands.check import run_check

    return run_check(arguments)


COMMANDS: dict[str, CommandFunction] = {
    "watch": watch,
    "demo-service": demo_service,
    "status": entry_points.status,
    "wait": entry_points.wait,
    "follow": entry_points.follow,
    "add": entry_points.add,
    "remove": entry_points.remove,
    "list": entry_points.show,
    "config": show_configuration,
    "check": check,
    "completion": lambda arguments: entry_points.completion(arguments, parser(COMMANDS)),
}
