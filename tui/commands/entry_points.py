"""The commands without a screen: from arguments to what `tui.commands` needs, and to its exit code."""

import argparse
import os
from collections.abc import Coroutine
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from tui.clock import now
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.text import clean
from tui.files import files_of, watchlist_of
from tui.storage.files import default_locations
from tui.storage.settings import Settings, load_settings
from tui.storage.watchlist import WatchlistStore

if TYPE_CHECKING:
    from tui.commands.session import Adjust, Report, Session
    from tui.polling.poller_group import PollerGroup


def status(arguments: argparse.Namespace) -> int:
    from tui.commands.status import status

    _, session, jobs = _asking(arguments)
    return _run(status(session, jobs, arguments.json))


def wait(arguments: argparse.Namespace) -> int:
    from tui.commands.wait import Until, wait

    _, session, jobs = _asking(arguments)
    timeout = inf if arguments.timeout is None else arguments.timeout
    return _run(wait(session, jobs, Until(arguments.until), arguments.any_one, timeout))


def follow(arguments: argparse.Namespace) -> int:
    from tui.alerts import Alerts
    from tui.commands.follow import follow

    arguments.jobs = []
    settings, session, jobs = _asking(arguments)

    async def alerting() -> int:
        alerts = Alerts(settings.alerts.command, session.output.say)
        try:
            return await follow(session, jobs, arguments.json, alerts.tell)
        finally:
            await alerts.finish(ALERTS_LAST)

    return _run(alerting())


def add(arguments: argparse.Namespace) -> int:
    from tui.commands.output import Output
    from tui.commands.standard_input import read_input
    from tui.commands.watchlist import add

    model = Job(_ANY, arguments.label, tuple(arguments.tags), _known_profile(arguments))
    return add(_store(arguments), Output.standard(), arguments.pasted, model, read_input, now().wall)


def remove(arguments: argparse.Namespace) -> int:
    from tui.commands.output import Output
    from tui.commands.watchlist import remove

    return remove(_store(arguments), Output.standard(), arguments.jobs)


def show(arguments: argparse.Namespace) -> int:
    from tui.commands.output import Output
    from tui.commands.watchlist import show, words

    store, output = _store(arguments), Output.standard()
    return words(store, output) if arguments.complete else show(store, output, arguments.json)


def completion(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from tui.commands.completion import SHELLS, command_specs
    from tui.commands.output import Output

    Output.standard().line(SHELLS[arguments.shell](command_specs(parser)).rstrip("\n"))
    return 0


def _known_profile(arguments: argparse.Namespace) -> str:
    """The one that --profile names; it is written into the list. Raises Problem where the settings have none such."""
    name: str = arguments.profile or ""
    settings = arguments.settings or default_locations().settings
    known = load_settings(settings).profiles if name and settings else ()
    if name and name not in known:
        raise UserError(f"The settings have no profile {clean(name, 60)}; there are: {', '.join(known) or 'none'}.")
    return name


ALERTS_LAST = 1.0
"""Seconds that commands of [alerts] have to end when `follow` does."""
_ANY = JobId("0" * 32)


def _store(arguments: argparse.Namespace) -> WatchlistStore:
    return watchlist_of(arguments, default_locations())


def _asking(arguments: argparse.Namespace) -> "tuple[Settings, Session, tuple[Job, ...]]":
    """The settings, what asks, and the jobs that are meant."""
    from tui.commands.job_selection import select_jobs
    from tui.commands.session import Session
    from tui.commands.standard_input import read_input
    from tui.context import build_app

    files = files_of(arguments)
    app, store = build_app(files, arguments, os.environ), files.watchlist

    def pollers(report: "Report", adjust: "Adjust") -> "PollerGroup":
        profiles = {name: one._replace(policy=adjust(one.policy)) for name, one in app.profiles.items()}
        return replace(app, profiles=profiles).pollers(report)

    session = Session(store, pollers, app.close, now)
    watchlist = store.load()
    for warning in watchlist.warnings:
        session.output.say(warning)
    return files.settings, session, select_jobs(arguments.jobs, watchlist.jobs, read_input, session.output.say)


def _run(command: Coroutine[Any, Any, int]) -> int:
    from tui.commands.runner import run

    return run(command)
