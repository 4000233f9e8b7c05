"""Opens the screen: what the program does if no command is named."""

import sys
from functools import cache, partial
from typing import TYPE_CHECKING

from tui.commands.output import ExitCode, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui.context import App, Context
    from tui.core.job import JobId
    from tui.core.observed_run import ObservedRun
    from tui.storage.settings import Settings
    from tui.storage.watchlist import Watchlist, WatchlistStore
    from tui.ui.screen_deps import ScreenDeps


def run(context: "Context", demo: bool) -> int:
    """Open the screen, on a simulated service if `demo`."""
    from tui.terminal.capabilities import prepare

    prepare(context.environ)
    return watch_demo(context) if demo else watch(context)


def watch(context: "Context") -> int:
    """The screen on the user's list; on an empty one in memory, where the file cannot be used and the user agrees."""
    from tui.storage.watchlist import MemoryWatchlist, Watchlist, WatchlistBroken

    settings = context.settings
    store: WatchlistStore = context.watchlist
    watchlist = Watchlist()
    warning = ""
    try:
        watchlist = store.load()
    except WatchlistBroken as broken:
        Output.standard().say(str(broken))
        if not agreed("Start with an empty list, in memory only?"):
            return ExitCode.USAGE
        store = MemoryWatchlist()
        warning = "This list is in memory only: nothing is saved, and your file stays as it is."
    recorder = context.recorder()  # reads while the rest is loaded
    try:
        deps = _with_files(context, screen_deps(context, context.app, settings, store, watchlist))
        return open_screen(deps._replace(warning=warning, recorder=recorder))
    except BaseException:  # the screen closes it, if there is one: its thread must not be left to the end of Python
        if recorder:
            recorder.close()
        raise


def agreed(question: str) -> bool:
    """Whether the user types yes; anything else, also the end of the input, is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, UnicodeDecodeError):
        sys.stderr.write("\n")
        return False


def watch_demo(context: "Context") -> int:
    """The screen on a simulated service. No file of the user's is read or written."""
    from tui.codearts.auth.credentials import EnvironmentToken
    from tui.codearts.endpoints import parse_endpoint
    from tui.context import App
    from tui.demo.service import DemoService
    from tui.profiles.profile import make_profile
    from tui.storage.learned import KeptNames
    from tui.storage.screen_state import ScreenState
    from tui.storage.settings import Settings
    from tui.storage.watchlist import MemoryWatchlist

    with DemoService() as service:
        settings = Settings()
        token = EnvironmentToken(service.token, "the demo")
        profile = make_profile("demo", parse_endpoint(service.url), token, settings.polling, context.now)
        app = App({"demo": profile}, "demo", context.now, {}, KeptNames(None))
        store = MemoryWatchlist(service.jobs)
        deps = screen_deps(context, lambda: app, settings, store, store.load())
        # The list begins with what goes well; in the automatic order its many faults would fill the first page.
        return open_screen(deps._replace(state=ScreenState(sort="list"), is_demo=True))


def screen_deps(
    context: "Context",
    make_app: "Callable[[], App]",
    settings: "Settings",
    store: "WatchlistStore",
    watchlist: "Watchlist",
) -> "ScreenDeps":
    """What the screen needs. No file of the user's but the watchlist given is read or written."""
    from tui.storage.screen_state import ScreenState
    from tui.terminal.capabilities import glyphs_for
    from tui.ui.screen_deps import ScreenDeps

    return ScreenDeps(
        service=cache(make_app),
        store=store,
        jobs=watchlist.jobs,
        now=context.now,
        state=ScreenState(),
        save_state=lambda state: None,
        themes=None,
        glyphs=glyphs_for(context.environ),
        environ=context.environ,
        settings=settings,
        notices=watchlist.warnings,
        thread_exits=context.thread_exits,
    )


def _with_files(context: "Context", deps: "ScreenDeps") -> "ScreenDeps":
    """Adds what is in the user's files, and what writes them."""
    from tui.storage.screen_state import load_state, save_state
    from tui.storage.settings import save_view

    settings_file, state_file = context.settings_file, context.locations.state
    deps = deps._replace(
        themes=context.locations.themes,
        save_view=partial(save_view, settings_file) if settings_file else None,
        settings_file=settings_file,
        job_names=context.kept_names.names,
    )
    if not state_file:
        return deps

    def older_runs(job: "JobId", before: float) -> "Sequence[ObservedRun]":
        from tui.storage.history_file import read_older

        return read_older(state_file.parent, job, before)

    return deps._replace(
        state=load_state(state_file), save_state=partial(save_state, state_file), older_runs=older_runs
    )


def open_screen(deps: "ScreenDeps") -> int:
    """Run the screen. Returns the exit code."""
    from tui.ui.app import run

    if deps.state.profile:  # which rows there are depends on the profiles: they cannot be loaded later
        deps.service()
    return run(deps)
