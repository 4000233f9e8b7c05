"""`status`: reads each job once and prints the results."""

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.commands.job_selection import add_jobs
from tui.commands.output import ExitCode, Output
from tui.commands.render import Result, advice, outcome_of, result_document
from tui.commands.table import aligned
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Reading, Retry

if TYPE_CHECKING:
    from tui.commands.session import Session
    from tui.context import Context
    from tui.polling.policy import Policy
    from tui.polling.poller_group import PollerGroup

HELP = "ask once, print, exit"
DESCRIPTION = (
    "Read each job once and print its status.\n"
    "Exit codes: 0 all were read, 1 at least one could not be read, 2 wrong usage or settings, 3 not signed in."
)
EXAMPLES = [
    "status",
    "status payments-api 901878212b1a49be9c1a1054c272762a",
    "status --json | jq -r '.[] | select(.status == \"running\") | .label'",
]

BURST, BURST_MOST = 10, 50.0
"""How many times faster than the screen one round may be, and the most requests a second."""
LOOK = 0.1
"""Seconds between two checks of whether a profile can still send requests."""
THROTTLED_MOST = 30.0
"""Seconds that a round waits for a service that throttles."""
HEADS = ("STATUS", "ID", "LABEL", "TAGS", "PROFILE", "FAILURE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_jobs(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import open_session

    session, jobs = open_session(context, arguments.jobs)
    return runner.run(status(session, jobs, arguments.json))


async def status(session: "Session", jobs: Sequence[Job], as_json: bool) -> ExitCode:
    """Print the status of each job, in the order given."""
    results, profiles = await one_round(session, jobs)
    rows = [(job, results[job.id], profiles[job.id]) for job in jobs]
    if as_json:
        documents = [result_document(*row) for row in rows]
        session.output.line(json_text(documents, session.output))
    else:
        session.output.lines(_table(rows, session.output.is_for_a_person))
    failures = [outcome for outcome in map(outcome_of, results.values()) if isinstance(outcome, Failure)]
    if refused := next((failure for failure in failures if failure.kind.retry is Retry.SIGN_IN), None):
        session.output.say(advice(refused))
        return ExitCode.NOT_SIGNED_IN
    return ExitCode.UNREAD if failures else ExitCode.DONE


async def one_round(session: "Session", jobs: Sequence[Job]) -> tuple[dict[JobId, Result], dict[JobId, str]]:
    """Each job's result and its profile's name. No job is read twice.

    Once a profile's credential is refused, or it is throttled for long, its other jobs get the same failure unread.
    """
    from tui.commands.session import poll_session

    results: dict[JobId, Result] = {}
    async with poll_session(session, jobs, one_shot) as polls:
        while len(results) < len(jobs):
            readings: list[Reading] = await polls.next(LOOK)
            results |= {reading.job: reading for reading in readings}
            polls.pollers.pause(reading.job for reading in readings)
            given_up = _given_up(polls.pollers, session.now().at)
            for job in jobs:
                if failure := given_up.get(polls.pollers.profile(job.id)):
                    results.setdefault(job.id, failure)
        return results, {job.id: polls.pollers.profile(job.id) for job in jobs}


def one_shot(policy: "Policy") -> "Policy":
    """The policy for one round. A lower rate in the settings lowers this one too; throttling slows it as usual."""
    rate = policy.requests_per_second
    return policy._replace(requests_per_second=max(rate, min(BURST * rate, BURST_MOST)), together=policy.concurrency)


def json_text(documents: object, output: Output, indent: int | None = 2) -> str:
    return json.dumps(documents, ensure_ascii=not output.encodes_everything, indent=indent)


def _given_up(pollers: "PollerGroup", now: float) -> dict[str, Failure]:
    """Profiles that cannot be read soon, and why."""
    failures = {}
    for profile, pace in pollers.paces().items():
        waits_long = pace.waiting_until is not None and pace.waiting_until - now > THROTTLED_MOST
        if pace.signed_out or waits_long:
            failures[profile] = pace.trouble or Failure(FailureKind.NO_CREDENTIAL, "The profile is not signed in.")
    return failures


def _table(rows: Sequence[tuple[Job, Result, str]], with_heads: bool) -> list[str]:
    lines = []
    for job, result, profile in rows:
        outcome = outcome_of(result)
        word, why = ("failing", outcome.summary) if isinstance(outcome, Failure) else (str(outcome), "")
        lines.append((word, job.id, job.label, " ".join(job.tags), profile, why))
    return aligned(lines, HEADS if with_heads else ())
