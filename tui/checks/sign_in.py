"""The credential, and one job that answers to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import TypeVar

from tui.checks.step import LIMIT, Step, advice, fails, unknown, works
from tui.codearts.renewal import Issued
from tui.core.job import Job
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind, Retry
from tui.headless.codes import ExitCode
from tui.profiles.profile import SOME_JOB, Profile

Answer = TypeVar("Answer")
_JOBS = 3
"""So many are asked until one answers."""
OWN_LIMITS = 20.0
"""Seconds: a command and a log-in end by themselves before, and say more."""
LINE_OF_A_TERMINAL = 4095
"""Characters: what is pasted into `cat > file` is cut there."""
_THEIRS = (FailureKind.NOT_FOUND, FailureKind.BAD_JOB_ID)


async def credential_steps(profile: Profile) -> AsyncIterator[Step]:
    """Ends after the first that fails."""
    credential = profile.credential
    url = f"{profile.endpoint.url}/v3/jobs/{SOME_JOB}/status"
    proof = await _bounded(credential.prove("GET", url), OWN_LIMITS)
    if isinstance(proof, Failure):
        hint = " Or press i on the screen and give it there." if proof.kind is FailureKind.NO_CREDENTIAL else ""
        yield fails("credential", f"{proof.summary}{hint}", _code(proof))
        return
    credential.answered(proof, None)
    origin = next((offer.origin for offer in profile.offers if offer.credential.source == proof.source), "")
    yield works("credential", f"{proof.source} ({origin})" if origin not in ("", proof.source) else proof.source)
    if len(proof.headers.get("X-Auth-Token", "")) == LINE_OF_A_TERMINAL:
        yield advice(
            "token",
            f"It has exactly {LINE_OF_A_TERMINAL} characters, as many as a terminal takes in one line: it was probably "
            "cut there. Press i on the screen and paste it, or write the file with an editor.",
        )
    yield await _accepted(profile)


async def _accepted(profile: Profile) -> Step:
    try:
        told = await _bounded(profile.look())
    except Problem as problem:
        return fails("accepted", str(problem))
    match told:
        case Issued():
            scope = f"for project {told.project or told.project_id}"
            return works("accepted", f"by IAM, {scope}{_end(profile, told)}")
        case Failure() if told.kind.retry is Retry.SIGN_IN:
            return fails("accepted", told.summary, ExitCode.NOT_SIGNED_IN)
        case Failure():
            return advice("accepted", f"IAM could not be asked: {told.summary}")
        case _:
            return unknown("accepted", "IAM is not asked here: a job's answer shows it")


async def job_step(profile: Profile, jobs: tuple[Job, ...]) -> Step:
    """The first of the profile's jobs that answers."""
    if not jobs:
        outcome = (await profile.reader.read(SOME_JOB)).outcome
        if isinstance(outcome, Failure) and outcome.kind not in _THEIRS:
            return fails("job", f"asked about one that there is not: {outcome.summary}", _code(outcome))
        return unknown("job", "the watchlist has none of this profile: add one with codearts-watch add ID")
    failed = []
    for job in jobs[:_JOBS]:
        outcome = (await profile.reader.read(job.id)).outcome
        if not isinstance(outcome, Failure):
            return works("job", f"{job.name} is {outcome}")
        said = f" ({outcome.code})" if outcome.code else ""
        failed.append(fails("job", f"{job.name}: {outcome.summary}{said}", _code(outcome)))
        if outcome.kind not in _THEIRS:
            break
    return failed[-1]


def _end(profile: Profile, told: Issued) -> str:
    if not told.expires_at:
        return ""
    left = told.expires_at - profile.service.clock.now()
    minutes = max(0, round(left / timedelta(minutes=1)))
    renewal = "renewed by itself" if profile.credential.renewable else "not renewed by itself"
    return f", ends in {minutes // 60} h {minutes % 60} min ({told.expires_at:%Y-%m-%d %H:%M} UTC), {renewal}"


def _code(failure: Failure) -> ExitCode:
    return ExitCode.NOT_SIGNED_IN if failure.kind.retry is Retry.SIGN_IN else ExitCode.UNREAD


async def _bounded(asking: Awaitable[Answer], limit: float = LIMIT) -> Answer | Failure:
    try:
        async with asyncio.timeout(limit):
            return await asking
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, f"There was no answer within {limit:g} s.")
