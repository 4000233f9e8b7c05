"""`wait`: ends when the jobs have stopped, or started, or both."""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from tui.commands.job_selection import add_jobs, add_outcome
from tui.commands.output import ExitCode, Output, Progress
from tui.commands.render import reasons
from tui.core.board import JobState
from tui.core.errors import UserError
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Moment, Reading, Retry, Status
from tui.core.run import RunRecord, numbered

if TYPE_CHECKING:
    from tui.commands.session import PollSession, Session
    from tui.context import Context
    from tui.polling.policy import Policy

HELP = "wait until jobs have stopped, or started"
DESCRIPTION = (
    "Wait until the jobs no longer run; print each as soon as that is so. A failure that does not pass by itself ends "
    "it, after a minute if the job was read before. --outcome: waits up to 30 s more for what became of each build.\n"
    "Exit codes: 0 all stopped (--any: one; --outcome: and passed), 1 one cannot be read, 4 one did not pass, 5 "
    "or 124 the time is up (5: one gave no answer)."
)
EXAMPLES = [
    "wait --timeout 30m payments-api web-frontend && ./deploy",
    "wait --outcome payments-api && ./deploy",
]

PATIENCE = 60.0
"""Seconds of back-off at most while the user waits."""
LASTS_FOR = PATIENCE
"""If a job was read before, its lasting failures end the wait when they have come for this many seconds without another
answer: one bad node, or a log-in page of the network, causes some for a moment."""
LOOK = 2.0
"""Seconds between two clock checks at most: the event loop's clock stops while the machine is suspended."""
RECORD_WITHIN = 30.0
"""Seconds after the first request for the record of a run that stopped until it is given up."""
NAMED = 5
"""Jobs named in a message at most."""
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHAPE = re.compile("".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in _SECONDS), re.ASCII)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_jobs(parser)
    add_outcome(parser)
    parser.add_argument("--any", dest="any_one", action="store_true", help="one job is enough")
    parser.add_argument(
        "--until",
        choices=("idle", "started", "cycle"),
        default="idle",
        metavar="WHAT",
        help="idle (the default), started, or cycle (started, then idle)",
    )
    parser.add_argument(
        "--timeout", metavar="TIME", type=timeout_seconds, help="give up after 90s, 30m, 1h30m; default: never"
    )


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import open_session

    until = Until(arguments.until)
    if arguments.outcome and until is Until.STARTED:
        raise UserError("--outcome is for builds that end: leave it out, or wait --until idle or cycle.")
    session, jobs = open_session(context, arguments.jobs)
    timeout = inf if arguments.timeout is None else arguments.timeout
    return runner.run(wait(session, jobs, until, arguments.any_one, timeout, arguments.outcome))


def timeout_seconds(text: str) -> float:
    """Returns the seconds of `90s`, `30m`, `1h30m`, `1.5h`, or of a plain number. Raises argparse's error."""
    found = _SHAPE.fullmatch(f"{text}s" if text[-1:].isdecimal() else text)
    total = (
        sum(float(number or 0) * unit for number, unit in zip(found.groups(), _SECONDS.values(), strict=True))
        if found
        else 0
    )
    if total <= 0:
        raise argparse.ArgumentTypeError("it must be a time like 90s, 30m or 1h30m")
    return total


class Until(StrEnum):
    """The state that a job has to reach."""

    IDLE = "idle"
    STARTED = "started"
    CYCLE = "cycle"
    """First running, then idle."""


@dataclass(slots=True)
class Awaited:
    """One job and its progress."""

    known: JobState
    until: Until
    lasting_since: Moment | None = None
    """When the first of the lasting failures in a row came; None if the last reading brought none."""
    came: "RunRecord | Failure | NeverBuilt | None" = None
    """What came when its build was asked for: its record, or why there is none; None if nothing came in time."""

    def take(self, reading: Reading) -> None:
        self.known = self.known.record(reading)
        is_lasting = reading.failure is not None and reading.failure.kind.retry is Retry.LASTING
        self.lasting_since = (self.lasting_since or reading.received) if is_lasting else None

    @property
    def reached(self) -> bool:
        """Whether it is in the awaited state; readings that come after that are not taken."""
        if self.until is Until.STARTED:
            return self.known.status is Status.RUNNING
        return self.known.status is Status.IDLE and (self.until is Until.IDLE or self.was_running)

    @property
    def was_running(self) -> bool:
        return bool(self.known.transitions)

    @property
    def was_built(self) -> bool:
        return not isinstance(self.came, NeverBuilt)

    def gives_no_answer(self, now: float) -> bool:
        """Whether it was never read, or only failed for longer than the longest back-off of a wait."""
        age = self.known.age(now)
        return age is None or (self.known.failure is not None and age > PATIENCE)

    @property
    def is_refused(self) -> bool:
        return self.known.failure is not None and self.known.failure.kind.retry is Retry.SIGN_IN

    @property
    def is_lost(self) -> bool:
        """Whether it fails with an error that waiting does not cure."""
        if not (self.lasting_since and self.known.last):
            return self.is_refused
        return self.known.good is None or self.known.last.received.at - self.lasting_since.at >= LASTS_FOR

    @property
    def state(self) -> str:
        """Its name and what is known of it, for the progress line."""
        failure = self.known.failure
        return f"{self.known.name} {failure.kind if failure else self.known.status or 'not read yet'}"


async def wait(
    session: "Session",
    jobs: Sequence[Job],
    until: Until,
    any_one: bool = False,
    patience: float = inf,
    with_outcome: bool = False,
) -> ExitCode:
    """Print each job as it reaches the awaited state, if wanted with its outcome; give up after `patience` seconds.

    Passing failures are waited out. A lasting one ends the wait, with `any_one` only when no job is left.
    """
    import asyncio

    from tui.commands.session import poll_session

    names, none = session.kept_names.names, ServiceName()
    awaited = {job.id: Awaited(JobState(job, service_name=names.get(job.id, none)), until) for job in jobs}
    everyone = list(awaited.values())
    deadline = session.now().at + patience
    progress = Progress(session.output.talk)
    code = None
    records: list[asyncio.Task[None]] = []
    try:
        async with poll_session(session, jobs, waiting) as polls:
            while code is None:
                arrived = _learn(awaited, await polls.next(min(LOOK, deadline - session.now().at)))
                polls.pollers.pause(one.known.job.id for one in arrived)
                if with_outcome:
                    profile = polls.pollers.profile
                    for one in arrived:
                        asking = _learn_outcome(session, one, profile(one.known.job.id), progress)
                        records.append(asyncio.create_task(asking))
                elif arrived:
                    progress.clear()
                    session.output.lines([_line(f"{one.known.status:7}", one, session.output) for one in arrived])
                code = _verdict(everyone, any_one, _signed_out(polls, everyone), session.now().at, deadline)
                progress.show(f"{sum(one.reached for one in everyone)} of {len(everyone)} {until}: {_rest(everyone)}")
            await asyncio.gather(*records)
    finally:
        progress.clear()
    for sentence in _sentences(everyone, code):
        session.output.say(sentence)
    if with_outcome and code is ExitCode.DONE:
        from tui.commands.session import outcome_code

        ended = (one for one in everyone if one.reached and one.was_built)
        return outcome_code(session, [(polls.pollers.profile(one.known.job.id), one.came) for one in ended])
    return code


async def _learn_outcome(session: "Session", one: Awaited, profile: str, progress: Progress) -> None:
    """Prints the job once the service tells what became of its build, or does not tell it in time."""
    from asyncio import timeout

    from tui.commands.session import ended_build
    from tui.polling.outcomes import AFTER_STOP

    with suppress(TimeoutError):
        async with timeout(RECORD_WITHIN + AFTER_STOP):
            one.came = await _record_of(session, one, profile)
    told = ended_build(one.came)
    word = told.word if told else one.known.status
    build = f"  {numbered(told.number, told.branch)}" if told else ""
    progress.clear()
    session.output.line(_line(f"{word:9}", one, session.output, build))


def _line(word: str, one: Awaited, output: Output, build: str = "") -> str:
    """Returns the line about a job. On a terminal the service's name stands in place of a missing label."""
    job = one.known.named_job if output.is_for_a_person else one.known.job
    return f"{word}  {job.id}  {job.label}{build}".rstrip()


async def _record_of(session: "Session", one: Awaited, profile: str) -> "RunRecord | Failure | NeverBuilt | None":
    """Returns the record of the run that was seen to stop: it is asked for until it is there. Of a job that was idle
    from the first, that of the last run."""
    from asyncio import sleep

    from tui.polling.outcomes import AFTER_STOP

    extras, run = session.extras(profile), one.known.stopped_run
    if not extras:
        return None
    if run is None:
        return await extras.last_run(one.known.job.id) or NeverBuilt()
    while True:
        await sleep(AFTER_STOP)
        match = await extras.record_of(one.known.job.id, run)
        if isinstance(match, Failure) and match.kind.retry is not Retry.PASSING:
            return match
        if not isinstance(match, Failure) and match.is_final:
            return match.record


class NeverBuilt:
    """The job has no build at all."""


def waiting(policy: "Policy") -> "Policy":
    """The policy for a wait: after a failure, a job is read again within a minute."""
    return policy._replace(back_off_most=PATIENCE, lasting=PATIENCE)


def _learn(awaited: Mapping[JobId, Awaited], readings: Iterable[Reading]) -> list[Awaited]:
    """Record the readings, and return the jobs that just reached the awaited state; later readings do not count."""
    arrived: list[Awaited] = []
    for reading in readings:
        one = awaited[reading.job]
        if not one.reached:
            one.take(reading)
            if one.reached:
                arrived.append(one)
    return arrived


def _signed_out(polls: "PollSession", everyone: Sequence[Awaited]) -> frozenset[JobId]:
    """Jobs of profiles that stopped sending requests, because their credential was refused."""
    out = {profile for profile, pace in polls.pollers.paces().items() if pace.signed_out}
    jobs = (one.known.job.id for one in everyone)
    return frozenset(job for job in jobs if polls.pollers.profile(job) in out)


def _verdict(
    everyone: Sequence[Awaited], any_one: bool, out: frozenset[JobId], now: float, deadline: float
) -> ExitCode | None:
    """How the wait ends; None while it goes on."""
    enough = any if any_one else all
    if enough(one.reached for one in everyone):
        return ExitCode.DONE
    hopeless = all if any_one else any
    if hopeless(one.is_lost or one.known.job.id in out for one in everyone):
        return ExitCode.NOT_SIGNED_IN if any(one.is_refused for one in everyone) else ExitCode.UNREAD
    if now < deadline:
        return None
    return ExitCode.NO_ANSWER if any(one.gives_no_answer(now) for one in everyone) else ExitCode.TIMED_OUT


def _rest(everyone: Sequence[Awaited]) -> str:
    """The jobs still awaited, and their states."""
    rest = [one.state for one in everyone if not one.reached]
    more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
    return ", ".join(rest[:NAMED]) + more


def _sentences(everyone: Sequence[Awaited], code: ExitCode) -> list[str]:
    """Messages for a wait that ended without success."""
    match code:
        case ExitCode.TIMED_OUT:
            return [f"Timed out; still waiting for {_rest(everyone)}."]
        case ExitCode.NO_ANSWER:
            return [f"Timed out, and not every job gave an answer: {_rest(everyone)}.", *_reasons(everyone)]
        case ExitCode.UNREAD | ExitCode.NOT_SIGNED_IN:
            return _reasons(one for one in everyone if one.is_lost)
        case _:
            return []


def _reasons(some: Iterable[Awaited]) -> list[str]:
    """Why these give no answer, and what to do."""
    return reasons([(one.known.job, one.known.failure) for one in some if one.known.failure])[:NAMED]
