"""How commands read jobs: the pollers of all profiles and their readings as they come; and what those commands share
that ask more than the status.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tui.commands.job_selection import named, read_input, select_jobs
from tui.commands.output import ExitCode, Output, asking, code_of
from tui.commands.render import advice
from tui.core.errors import NEEDS_EXTRAS, NO_PROFILE, UserError
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Moment, Reading
from tui.core.run import Outcome, RunRecord
from tui.core.text import clean
from tui.polling.policy import Policy
from tui.polling.poller import PollerGroup
from tui.storage.watchlist import WatchlistStore

if TYPE_CHECKING:
    from tui.context import App, Context
    from tui.profiles.extras import Extras
    from tui.storage.learned import KeptNames


Report = Callable[[list[Reading]], None]
Adjust = Callable[[Policy], Policy]


@dataclass(frozen=True, slots=True)
class Session:
    """What a command needs to read jobs."""

    store: WatchlistStore
    pollers: Callable[[Report, Adjust], PollerGroup]
    """Makes pollers with adjusted policies; they call the report function."""
    close: Callable[[], Awaitable[None]]
    """Closes the connections."""
    now: Callable[[], Moment]
    kept_names: "KeptNames"
    extras: "Callable[[str], Extras | None]"
    """The calls beside the status call of a profile; None where they are switched off."""
    output: Output = field(default_factory=Output.standard)


def open_session(
    context: "Context", given: Sequence[str] = (), goes_on: bool = False
) -> tuple[Session, tuple[Job, ...]]:
    """The session, and the jobs that `given` names: see `select_jobs`. Prints the watchlist's warnings.

    In a session that goes on, the calls beside the status call take their share of the pollers' rate.
    """
    app, store = context.app(), context.watchlist

    def pollers(report: Report, adjust: Adjust) -> PollerGroup:
        profiles = {name: one._replace(policy=adjust(one.policy)) for name, one in app.profiles.items()}
        return app._replace(profiles=profiles).pollers(report)

    session = Session(
        store,
        pollers,
        app.close,
        context.now,
        context.kept_names,
        (lambda name: app.profile(name).extras) if goes_on else quick_extras(app),
    )
    watchlist = store.load()
    for warning in watchlist.warnings:
        session.output.say(warning)
    return session, select_jobs(given, watchlist.jobs, read_input, session.output.say, session.kept_names.names)


class PollSession:
    """Running pollers of these jobs, and their readings."""

    def __init__(self, session: Session, jobs: Sequence[Job], adjust: Adjust) -> None:
        self._came: list[Reading] = []
        self._news = asyncio.Event()
        self.pollers = session.pollers(self._take, adjust)
        self.pollers.watch(jobs)
        self._work = asyncio.create_task(self.pollers.run())
        self._work.add_done_callback(lambda _: self._news.set())

    def _take(self, readings: list[Reading]) -> None:
        self._came += readings
        self._news.set()

    async def next(self, within: float) -> list[Reading]:
        """The readings since the last call; empty after `within` seconds. Raises what failed in a poller."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(within, 0.0)):
                await self._news.wait()
        if self._work.done():
            self._work.result()
        self._news.clear()
        came, self._came = self._came, []
        return came

    async def stop(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work])


@asynccontextmanager
async def poll_session(
    session: Session, jobs: Sequence[Job], adjust: Adjust = lambda policy: policy
) -> AsyncIterator[PollSession]:
    """Poll these jobs while the block runs."""
    polls = PollSession(session, jobs, adjust)
    try:
        yield polls
    finally:
        await polls.stop()
        await session.close()


BURST, BURST_MOST = 10, 50.0
"""How many times faster than the screen a command that asks once may be, and the most requests a second."""
PAUSE_MOST = 30.0
"""Seconds that such a command waits where the service asked for a pause."""
EXTRAS_LIMIT = 120.0
"""Seconds that all names, or all outcomes, of a command may take together."""


def one_shot(policy: Policy) -> Policy:
    """The policy for one round. A lower rate in the settings lowers this one too; throttling slows it as usual."""
    rate = policy.requests_per_second
    burst = max(rate, min(BURST * rate, BURST_MOST))
    return policy._replace(requests_per_second=burst, together=policy.concurrency, lists=False)


def quick_extras(app: "App") -> "Callable[[str], Extras | None]":
    """Returns a function from a profile's name to its extras, on the budget of a command that asks once and ends."""

    @cache
    def of_profile(name: str) -> "Extras | None":
        from tui.polling.rate_limiter import SHARE, AdaptiveRateLimiter, ExtrasBudget

        profile = app.profile(name)
        if profile.extras:
            limiter = AdaptiveRateLimiter(SHARE * one_shot(profile.policy).requests_per_second)
            peers = app.peers(profile) if app.peers else None
            budget = ExtrasBudget(limiter, lambda: app.now().at, part=1.0, peers=peers, patience=PAUSE_MOST)
            profile.extras.use(budget)
        return profile.extras

    return of_profile


def extras_of(app: "App", name: str) -> "Extras":
    """Returns the extras of a profile. Raises UserError for one that has none."""
    if name not in app.profiles:
        raise UserError(NO_PROFILE.format(clean(name, 60)))
    if extras := quick_extras(app)(name):
        return extras
    raise UserError(NEEDS_EXTRAS.format("This needs"))


def open_job(context: "Context", text: str) -> "tuple[App, Job, Extras]":
    """The one job that is meant, on the list or not, and what asks about it. Raises UserError."""
    watched = context.watchlist.load().jobs
    job = named(text, watched, context.kept_names.names)
    app = context.app()
    return app, job, extras_of(app, job.profile or app.default)


def refused(output: Output, failure: Failure) -> ExitCode:
    """Says why there is nothing to print."""
    output.say(advice(failure))
    return code_of(failure)


NewestBuilds = Mapping[JobId, RunRecord | Failure | None]
"""The newest build of each job; None for a job that was never built."""


async def newest_builds(session: "Session", profiles: Mapping[JobId, str]) -> NewestBuilds:
    """The last runs of these jobs, each with its profile's name; what is not learned in time is missing."""
    runs: dict[JobId, RunRecord | Failure | None] = {}

    async def ask(extras: "Extras", job: JobId) -> bool:
        runs[job] = await extras.last_run(job, with_duration=True)
        return True

    await ask_each(profiles, session.extras, ask, session.output)
    return runs


def ended_build(came: object) -> RunRecord | None:
    """Returns what the service told of a job's last build; None if it told nothing of a build that ended."""
    return came if isinstance(came, RunRecord) and came.is_finished is not False else None


def outcome_code(session: Session, builds: Sequence[tuple[str, object]]) -> ExitCode:
    """4 before 1 before 0. Says how many outcomes were not learned, and why.

    `builds` has for each job its profile's name, and what came when its last build was asked for.
    """
    missing = [(profile, came) for profile, came in builds if _outcome(came) is Outcome.UNKNOWN]
    if missing:
        why = _why_not_learned([came for _, came in missing])
        if all(session.extras(profile) is None for profile, _ in missing):
            why = "Outcomes are off, by --status-only or in the settings."
        whose = "1 job" if len(missing) == 1 else f"{len(missing)} jobs"
        session.output.say(f"The outcome of {whose} was not learned. {why}")
    if any(_outcome(came).did_not_pass for _, came in builds):
        return ExitCode.NOT_PASSED
    return ExitCode.UNREAD if missing else ExitCode.DONE


def _outcome(came: object) -> Outcome:
    return build.outcome if (build := ended_build(came)) else Outcome.UNKNOWN


def _why_not_learned(came: Sequence[object]) -> str:
    """Returns the first reason, a failure before a word that this program does not know."""
    if failures := [one for one in came if isinstance(one, Failure)]:
        return advice(failures[0])
    if builds := list(filter(None, map(ended_build, came))):
        word = builds[0].word
        return f"The service's word for it is not known: {word}." if word else "The service told only that it ended."
    return "The service did not tell it in time."


async def ask_each(
    profiles: Mapping[JobId, str],
    extras_of: "Callable[[str], Extras | None]",
    ask: "Callable[[Extras, JobId], Awaitable[bool]]",
    output: Output,
) -> None:
    """Calls `ask` for each of these jobs, each with its profile's name; gives up what is not done in time.

    The jobs of a profile go one by one, since the unit of all durations is learned from the first; `ask` returns
    whether to go on with them. A terminal sees how far it is.
    """

    async def ask_profile(profile: str) -> None:
        if extras := extras_of(profile):
            for job in (job for job in profiles if profiles[job] == profile):
                progress.count(len(profiles))
                if not await ask(extras, job):
                    return

    with asking(output) as progress, suppress(TimeoutError):
        async with asyncio.timeout(EXTRAS_LIMIT), asyncio.TaskGroup() as tasks:
            for profile in dict.fromkeys(profiles.values()):
                tasks.create_task(ask_profile(profile))


async def known_names(session: "Session", profiles: Mapping[JobId, str]) -> dict[JobId, ServiceName]:
    """The names of these jobs: the kept ones, and those that have to be asked for, which are kept then."""
    from tui.profiles.extras import names_in

    kept, now = session.kept_names, session.now().wall
    wanted = kept.unnamed(profiles, now)
    for profile in dict.fromkeys(profiles[job] for job in wanted):
        theirs = [job for job in wanted if profiles[job] == profile]
        with suppress(TimeoutError):
            async with asyncio.timeout(EXTRAS_LIMIT):
                if (extras := session.extras(profile)) and not (listed := await extras.listed(theirs)).failure:
                    kept.learn(theirs, names_in(listed), now)
    if wanted:
        await kept.save()
    return {job: name for job, name in kept.names.items() if job in profiles}
