"""What the commands share that ask more than the status: for outcomes, names, logs and lists."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from tui.commands.job_selection import named
from tui.commands.output import ExitCode, Output
from tui.commands.render import advice
from tui.core.errors import UserError
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Retry
from tui.core.text import clean

if TYPE_CHECKING:
    from tui.commands.session import Session
    from tui.context import App, Context
    from tui.core.run import RunRecord
    from tui.profiles.extras import Extras

LIMIT = 120.0
"""Seconds that all names and outcomes of a command may take together."""


def quick_extras(app: "App") -> "Callable[[str], Extras | None]":
    """Returns a function from a profile's name to its extras, on the budget of a command that asks once and ends."""

    @cache
    def of_profile(name: str) -> "Extras | None":
        from tui.commands.status import one_shot
        from tui.polling.budget_share import ExtrasBudget
        from tui.polling.rate_limiter import SHARE, AdaptiveRateLimiter

        profile = app.profile(name)
        if profile.extras:
            limiter = AdaptiveRateLimiter(SHARE * one_shot(profile.policy).requests_per_second)
            peers = app.peers(profile) if app.peers else None
            profile.extras.use(ExtrasBudget(limiter, lambda: app.now().at, part=1.0, peers=peers))
        return profile.extras

    return of_profile


def extras_of(app: "App", name: str) -> "Extras":
    """Raises UserError for a profile that has none."""
    if name not in app.profiles:
        raise UserError(f"The settings have no profile {clean(name, 60)!r}.")
    if extras := quick_extras(app)(name):
        return extras
    raise UserError(
        "This needs more than the status call: leave out --status-only, and set extras = true in [service]."
    )


def open_job(context: "Context", text: str) -> "tuple[App, Job, Extras]":
    """The one job that is meant, on the list or not, and what asks about it. Raises UserError."""
    watched = context.watchlist.load().jobs
    job = named(text, watched)
    app = context.app()
    return app, job, extras_of(app, job.profile or app.default)


async def closing(command: Coroutine[Any, Any, ExitCode], app: "App") -> ExitCode:
    """The command, and after it the end of all connections."""
    try:
        return await command
    finally:
        await app.close()


def refused(output: Output, failure: Failure) -> ExitCode:
    """Says why there is nothing to print."""
    output.say(advice(failure))
    return ExitCode.NOT_SIGNED_IN if failure.kind.retry is Retry.SIGN_IN else ExitCode.UNREAD


LastRuns = Mapping[JobId, "RunRecord | Failure | None"]
"""The newest build of each job; None for a job that was never built."""


async def last_runs(session: "Session", profiles: Mapping[JobId, str]) -> LastRuns:
    """The last runs of these jobs, each with its profile's name; what is not learned in time is missing."""
    runs: dict[JobId, RunRecord | Failure | None] = {}

    async def ask(profile: str) -> None:
        if extras := session.extras(profile):
            for job in (job for job in profiles if profiles[job] == profile):
                runs[job] = await extras.last_run(
                    job, with_duration=True
                )  # one by one: the first tell the unit of all durations

    with suppress(TimeoutError):
        async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as tasks:
            for profile in dict.fromkeys(profiles.values()):
                tasks.create_task(ask(profile))
    return runs


async def known_names(session: "Session", profiles: Mapping[JobId, str]) -> dict[JobId, ServiceName]:
    """The names of these jobs: the kept ones, and those that have to be asked for, which are kept then."""
    from tui.profiles.extras import names_in
    from tui.storage.names import load_names, save_names, unnamed, with_names

    names, now = load_names(session.names_file), session.now().wall
    wanted = unnamed(profiles, names, now)
    for profile in dict.fromkeys(profiles[job] for job in wanted):
        theirs = [job for job in wanted if profiles[job] == profile]
        with suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                if (extras := session.extras(profile)) and not (listed := await extras.listed(theirs)).failure:
                    names = with_names(names, theirs, names_in(listed), now)
    if wanted:
        with suppress(UserError):  # they are asked for again then
            save_names(session.names_file, names)
    return {job: names[job].name for job in profiles if job in names}
