"""`status`: reads each job once and prints the results."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.commands.job_selection import NO_NAMES, Names, add_jobs, add_outcome, shown_name
from tui.commands.output import ExitCode, Output, Progress, asking, print_json
from tui.commands.render import RoundResult, aligned, outcome_members, reasons, result_document, status_of
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, FailureKind, Reading, Retry, Status
from tui.core.run import RunRecord, numbered

if TYPE_CHECKING:
    from tui.commands.session import NewestBuilds, PollSession, Session
    from tui.context import Context
    from tui.polling.poller import PollerGroup

HELP = "ask once, print, exit"
DESCRIPTION = (
    "Read each job once and print its status; with --outcome also what became of its last build.\n"
    "Exit codes: 1 a job could not be read; with --outcome 4 a build ended and did not pass, 1 also where an "
    "outcome is not known."
)
EXAMPLES = [
    "status",
    "status payments-api 901878212b1a49be9c1a1054c272762a",
    "status --json | jq -r '.[] | select(.status==\"running\").label'",
]

LOOK = 0.1
"""Seconds between two checks of whether a profile can still send requests."""
SAID_AFTER, LONG_ROUND = 10.0, 45.0
"""Seconds after which a round says how long it still takes, if that is more than this many."""
ResultRow = tuple[Job, RoundResult, str]
"""A job, its result, and its profile's name."""
OUTCOME_HEADS = ("STATUS", "OUTCOME", "BUILD", "ID", "LABEL", "TAGS", "PROFILE", "FAILURE")
HEADS = ("STATUS", "ID", "LABEL", "TAGS", "PROFILE", "FAILURE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_jobs(parser)
    add_outcome(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import open_session

    session, jobs = open_session(context, arguments.jobs)
    return runner.run(status(session, jobs, arguments.json, arguments.outcome))


async def status(session: "Session", jobs: Sequence[Job], as_json: bool, with_outcome: bool = False) -> ExitCode:
    """Print the status of each job, in the order given."""
    from tui.commands.session import one_shot, outcome_code, poll_session

    told = None
    async with poll_session(session, jobs, one_shot) as polls:
        with asking(session.output) as progress:
            rows = await one_round(polls, session, jobs, progress)
            if with_outcome:
                told = await _outcomes(session, rows)
    if as_json:
        documents = [{**result_document(*row), **_members(row[0], told)} for row in rows]
        print_json(documents, session.output)
    else:
        kept = session.kept_names.names if session.output.is_for_a_person else NO_NAMES
        names = {**kept, **told.names} if told else kept
        session.output.lines(_table(rows, session.output.is_for_a_person, told, names))
    failures = [(job, failed) for job, result, _ in rows if isinstance(failed := status_of(result), Failure)]
    refused = [one for one in failures if one[1].kind.retry is Retry.SIGN_IN]
    for reason in reasons(refused if as_json else failures):
        session.output.say(reason)
    code = outcome_code(session, _last_builds(rows, told.runs)) if told else ExitCode.DONE
    if refused:
        return ExitCode.NOT_SIGNED_IN
    return code if code is ExitCode.NOT_PASSED or not failures else ExitCode.UNREAD


async def one_round(
    polls: "PollSession", session: "Session", jobs: Sequence[Job], progress: Progress
) -> list[ResultRow]:
    """Returns each job's result. No job is read twice.

    Once a profile's credential is refused, or it is throttled for long, its other jobs get the same failure unread.
    """
    results: dict[JobId, RoundResult] = {}
    began, is_said = session.now().at, False
    while len(results) < len(jobs):
        if not is_said and session.now().at > began + SAID_AFTER:
            is_said = True
            progress.clear()
            _say_if_long(polls.pollers, [job for job in jobs if job.id not in results], session.output)
        readings: list[Reading] = await polls.next(LOOK)
        results |= {reading.job: reading for reading in readings}
        progress.show(f"asking the service: {len(results)} of {len(jobs)} read")
        polls.pollers.pause(reading.job for reading in readings)
        given_up = _given_up(polls.pollers, session.now().at)
        for job in jobs:
            if failure := given_up.get(polls.pollers.profile(job.id)):
                results.setdefault(job.id, failure)
    return [(job, results[job.id], polls.pollers.profile(job.id)) for job in jobs]


def _say_if_long(pollers: "PollerGroup", left: Sequence[Job], output: Output) -> None:
    """Says when these jobs will have been read, unless that is soon."""
    paces = pollers.paces()
    counts = Counter(pollers.profile(job.id) for job in left)
    seconds = max((count / paces[profile].rate for profile, count in counts.items()), default=0.0)
    if seconds > LONG_ROUND:
        shared = max(pace.shared_by for pace in paces.values())
        why = f", which {shared} instances share" if shared > 1 else ""
        output.say(f"{len(left)} jobs are still to be read: about {seconds / 60:.0f} min within the budget{why}.")


class PrintedOutcomes(NamedTuple):
    """What the service told besides: names, and the newest build of each job that could be read."""

    names: Mapping[JobId, ServiceName]
    runs: "NewestBuilds"


async def _outcomes(session: "Session", rows: Sequence[ResultRow]) -> PrintedOutcomes:
    """Jobs that could not be read are not asked about."""
    from tui.commands.session import known_names, newest_builds

    readable = {job.id: profile for job, result, profile in rows if not isinstance(status_of(result), Failure)}
    return PrintedOutcomes(await known_names(session, readable), await newest_builds(session, readable))


def _members(job: Job, told: PrintedOutcomes | None) -> dict[str, object]:
    if told is None:
        return {}
    run = told.runs.get(job.id)
    return outcome_members(told.names.get(job.id, ServiceName()), None if isinstance(run, Failure) else run)


def _last_builds(rows: Sequence[ResultRow], runs: "NewestBuilds") -> list[tuple[str, object]]:
    """The profile of each idle job, and what came when its last build was asked for; never built ones are left out."""
    idle = [(job.id, profile) for job, result, profile in rows if status_of(result) is Status.IDLE]
    return [(profile, runs.get(job)) for job, profile in idle if job not in runs or runs[job]]


def _given_up(pollers: "PollerGroup", now: float) -> dict[str, Failure]:
    """Profiles that cannot be read soon, and why."""
    from tui.commands.session import PAUSE_MOST

    failures = {}
    for profile, pace in pollers.paces().items():
        waits_long = pace.waiting_until is not None and pace.waiting_until - now > PAUSE_MOST
        if pace.signed_out or waits_long:
            failures[profile] = pace.trouble or Failure(FailureKind.NO_CREDENTIAL, "The profile is not signed in.")
    return failures


def _table(rows: Sequence[ResultRow], with_heads: bool, told: PrintedOutcomes | None, names: Names) -> list[str]:
    lines = []
    for job, result, profile in rows:
        outcome = status_of(result)
        word, why = ("no answer", str(outcome.kind)) if isinstance(outcome, Failure) else (str(outcome), "")
        label = shown_name(job, names)
        became = _became(told.runs.get(job.id)) if told else ()
        lines.append((word, *became, job.id, label, " ".join(job.tags), profile, why))
    if told and with_heads:  # where 80 columns have no room for all, the IDs go to a second line
        return aligned([_id_last(line) for line in lines], _id_last(OUTCOME_HEADS))
    return aligned(lines, HEADS if with_heads else ())


def _id_last(row: Sequence[str]) -> Sequence[str]:
    at = OUTCOME_HEADS.index("ID")
    return (*row[:at], *row[at + 1 :], row[at])


def _became(run: RunRecord | Failure | None) -> tuple[str, str]:
    """Outcome and build in words. Both are empty if nothing was learned; a build that goes on has no outcome."""
    if run is None or isinstance(run, Failure):
        return "", ""
    return run.word if run.is_finished is not False else "", numbered(run.number, run.branch)
