"""`wait`: until the jobs have stopped, or started, or both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from tui.commands.output import ExitCode, Progress
from tui.commands.render import advice
from tui.commands.session import PATIENCE, PollSession, Session, poll_session, waiting
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Reading, Retry, Status

LOOK = 2.0
"""Seconds between two looks at the clock at most: a suspended machine does not move the loop's."""
NAMED = 5
"""Jobs named in a sentence at most."""


class Until(StrEnum):
    """What is awaited of a job."""

    IDLE = "idle"
    STARTED = "started"
    CYCLE = "cycle"
    """Seen running, and then idle."""


@dataclass(slots=True)
class Awaited:
    """One job, and how far it is."""

    job: Job
    until: Until
    reached: bool = False
    status: Status | None = None
    failure: Failure | None = None
    was_running: bool = False
    answered_at: float | None = None

    def take(self, reading: Reading) -> None:
        if isinstance(reading.outcome, Failure):
            self.failure = reading.outcome
            return
        self.failure, self.status, self.answered_at = None, reading.outcome, reading.received.at
        is_running = self.status is Status.RUNNING
        self.was_running = self.was_running or is_running
        match self.until:
            case Until.IDLE:
                self.reached = not is_running
            case Until.STARTED:
                self.reached = is_running
            case Until.CYCLE:
                self.reached = self.was_running and not is_running

    def gives_no_answer(self, now: float) -> bool:
        """Nothing was ever heard of it, or nothing but failures for longer than a question may wait here."""
        if self.reached:
            return False
        return self.answered_at is None or (self.failure is not None and now - self.answered_at > PATIENCE)

    @property
    def is_refused(self) -> bool:
        return self.failure is not None and self.failure.kind.retry is Retry.SIGN_IN

    @property
    def is_lost(self) -> bool:
        """It failed for a reason that waiting does not mend."""
        return self.failure is not None and self.failure.kind.retry in (Retry.LASTING, Retry.SIGN_IN)

    @property
    def state(self) -> str:
        """For the progress line."""
        return f"{self.job.name} {self.failure.kind if self.failure else self.status or 'not read yet'}"


async def wait(
    session: Session, jobs: Sequence[Job], until: Until, any_one: bool = False, patience: float = inf
) -> ExitCode:
    """Print each job that came where it was awaited; `patience` in seconds.

    Passing failures are waited out. A lasting one ends the wait, with `any_one` only when no job is left.
    """
    awaited = {job.id: Awaited(job, until) for job in jobs}
    everyone = list(awaited.values())
    deadline = session.now().at + patience
    progress = Progress(session.output.talk)
    code = None
    try:
        async with poll_session(session, jobs, waiting) as polls:
            while code is None:
                arrived = _learn(awaited, await polls.next(min(LOOK, deadline - session.now().at)))
                if arrived:
                    progress.clear()
                    session.output.lines([f"{one.status:7}  {one.job.id}  {one.job.label}".rstrip() for one in arrived])
                    polls.pollers.pause(one.job.id for one in arrived)
                code = _verdict(everyone, any_one, _signed_out(polls, everyone))
                if code is None and (now := session.now().at) >= deadline:
                    is_silent = any(one.gives_no_answer(now) for one in everyone)
                    code = ExitCode.NO_ANSWER if is_silent else ExitCode.TIMED_OUT
                progress.show(f"{sum(one.reached for one in everyone)} of {len(everyone)} {until}: {_rest(everyone)}")
    finally:
        progress.clear()
    for sentence in _sentences(everyone, code):
        session.output.say(sentence)
    return code


def _learn(awaited: Mapping[JobId, Awaited], readings: Iterable[Reading]) -> list[Awaited]:
    """Those that have come where they were awaited; what they do afterwards does not count."""
    arrived: list[Awaited] = []
    for reading in readings:
        one = awaited[reading.job]
        if not one.reached:
            one.take(reading)
            if one.reached:
                arrived.append(one)
    return arrived


def _signed_out(polls: PollSession, everyone: Sequence[Awaited]) -> frozenset[JobId]:
    """Jobs of profiles that ask nothing any more, because the credential was refused for one of them."""
    out = {profile for profile, pace in polls.pollers.paces().items() if pace.signed_out}
    return frozenset(one.job.id for one in everyone if out and polls.pollers.profile(one.job.id) in out)


def _verdict(everyone: Sequence[Awaited], any_one: bool, out: frozenset[JobId]) -> ExitCode | None:
    """How the wait ends; None while it goes on."""
    enough = any if any_one else all
    if enough(one.reached for one in everyone):
        return ExitCode.DONE
    hopeless = all if any_one else any
    if not hopeless(one.is_lost or one.job.id in out for one in everyone):
        return None
    return ExitCode.NOT_SIGNED_IN if any(one.is_refused for one in everyone) else ExitCode.UNREAD


def _rest(everyone: Sequence[Awaited]) -> str:
    """The jobs that are still awaited, and how they are."""
    rest = [one.state for one in everyone if not one.reached]
    more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
    return ", ".join(rest[:NAMED]) + more


def _sentences(everyone: Sequence[Awaited], code: ExitCode) -> list[str]:
    """For the person, where the wait ended without what was awaited."""
    match code:
        case ExitCode.TIMED_OUT:
            return [f"Timed out; still waiting for {_rest(everyone)}."]
        case ExitCode.NO_ANSWER:
            return [f"Timed out, and not every job gave an answer: {_rest(everyone)}."]
        case ExitCode.UNREAD | ExitCode.NOT_SIGNED_IN:
            lost = [(one.job, one.failure) for one in everyone if one.is_lost and one.failure]
            return [f"{job.name}: {advice(failure)}" for job, failure in lost[:NAMED]]
        case _:
            return []
