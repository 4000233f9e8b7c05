"""`history`: the runs of jobs, as observed and as the service recorded them."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.commands.job_selection import add_jobs, read_input, select_jobs
from tui.commands.output import ExitCode, Output, columns, print_json
from tui.commands.parser import whole_number
from tui.commands.render import advice, aligned, reasons, stamp
from tui.commands.wait import timeout_seconds
from tui.core.board import Board
from tui.core.job import Job, JobId, ServiceName
from tui.core.known_runs import KnownRun, known_runs, without_doubles
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, Retry
from tui.core.run import RunRecord, numbered, outcome_word
from tui.core.text import DETAIL, clean, width

if TYPE_CHECKING:
    from tui.context import App, Context
    from tui.profiles.extras import Extras
    from tui.terminal.capabilities import Glyphs

HELP = "the runs of jobs, also those from before"
DESCRIPTION = (
    "Print the runs of jobs in the order of their starts: those that the screen or follow observed, and the "
    "last 30 that the service recorded. A run that both know is printed once; with --status-only the service is "
    "not asked.\n"
    "Exit code 1: the service could not be asked about a job."
)
EXAMPLES = [
    "history --since 24h",
    "history payments-api --limit 20",
    "history --json | jq '.[] | select(.outcome == \"failed\")'",
]

LIMIT = 20
"""Runs that are printed if neither --since nor --limit is given: they fit on a screen."""
Cells = tuple[str, ...]
"""One for each head."""
HEADS: Cells = ("START", "LASTED", "OUTCOME", "BUILD", "JOB", "NOTE")
BUILD, JOB = HEADS.index("BUILD"), HEADS.index("JOB")
LEAST = {JOB: 18, BUILD: 14}
"""Cells that are left of a text that is cut."""


class JobRun(NamedTuple):
    """A run, and whose it is."""

    job: Job
    name: str
    known: KnownRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_jobs(parser)
    parser.add_argument("--since", metavar="TIME", type=timeout_seconds, help="only the last 90m, 24h or 7d")
    parser.add_argument(
        "--limit", metavar="N", type=whole_number(1, 999999), help=f"only the last N runs; default: {LIMIT}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.storage.history_file import read_runs
    from tui.terminal.capabilities import glyphs_for

    output = Output.standard()
    watched = context.watchlist.load().jobs
    jobs = select_jobs(arguments.jobs, watched, read_input, output.say, context.kept_names.names)
    now = context.now().wall.timestamp()
    since = now - arguments.since if arguments.since else 0.0
    folder = context.locations.state_folder
    observed = read_runs(folder, [job.id for job in jobs], since) if folder else {}
    records, code = _records(context, jobs, output)
    if code > ExitCode.TIMED_OUT:  # a signal ended it
        return code
    most = arguments.limit or (None if arguments.since else LIMIT)
    found = runs_of(jobs, context.kept_names.names, observed, records)
    every = [one for one in found if one.known.at >= since]
    if since:
        _say_undated(sum(not one.known.at for one in found), output)
    known = sorted(every[-(most or 0) :], key=_began)
    if arguments.json:
        print_json([document(one) for one in known], output)
    else:
        glyphs = glyphs_for(context.environ)
        rows = [_cells(one, context.now().wall, glyphs) for one in known]
        if output.is_for_a_person:
            output.lines(aligned(*_narrowed(rows, columns(output.data), glyphs)))
        else:
            output.lines(aligned(rows, ()))
    if not known and not arguments.json and output.is_for_a_person:
        output.say("No run since then is known." if since else "No run of these jobs is known yet.")
    if len(known) < len(every) and not arguments.limit and output.is_for_a_person:
        output.say(f"These are the last {LIMIT} of {len(every)} runs: --limit {len(every)} prints all.")
    return code


def _say_undated(number: int, output: Output) -> None:
    if number:
        left_out, they = ("1 build is", "it") if number == 1 else (f"{number} builds are", "they")
        output.say(f"{left_out} left out: the service does not say when {they} ran.")


def runs_of(
    jobs: Sequence[Job],
    names: Mapping[JobId, ServiceName],
    observed: Mapping[JobId, Sequence[ObservedRun]],
    records: Mapping[JobId, Sequence[RunRecord]],
) -> list[JobRun]:
    """Returns the runs of these jobs in the order of their ends; those whose times are not known come first, in the
    order of their numbers."""
    states = Board.unread(jobs, names).states
    found = [
        JobRun(job, states[job.id].name, known)
        for job in jobs
        for known in without_doubles(known_runs(observed.get(job.id, ()), records.get(job.id, ())))
    ]
    return sorted(found, key=lambda one: (one.known.at, one.known.number or 0))


def _began(one: JobRun) -> float:
    """Returns when the run began, for sorting: by the service if it tells, as in the line of the run; epoch seconds."""
    started_at, _ = one.known.service_times
    if started_at or one.known.run is None:
        return started_at.timestamp() if started_at else one.known.at
    return one.known.run.start.middle


def document(one: JobRun) -> dict[str, Any]:
    """The object of `history --json`; `start` and `end` are null for a run that was not observed."""
    known, observed = one.known, one.known.run
    started_at, ended_at = known.service_times
    duration = known.duration
    return {
        "id": str(one.job.id),
        "label": clean(one.job.given_label, DETAIL, joiners=True),
        "number": known.number,
        "outcome": str(known.outcome),
        "outcome_as_sent": known.outcome_as_sent,
        "start": _between(observed.start) if observed else None,
        "end": _between(observed.end) if observed and observed.end else None,
        "started_at": stamp(started_at) if started_at else None,
        "ended_at": stamp(ended_at) if ended_at else None,
        "duration_s": {"least": _rounded(duration[0]), "most": _rounded(duration[1])} if duration else None,
        "source": str(known.source),
    }


def _between(between: Between) -> dict[str, str | None]:
    return {"after": None if between.after is None else _at(between.after), "by": _at(between.by)}


def _at(at: float) -> str:
    return stamp(datetime.fromtimestamp(at, UTC))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _cells(one: JobRun, today: datetime, glyphs: "Glyphs") -> Cells:
    from tui.ui.formatting import clock
    from tui.ui.run_lines import lasted, started

    known, observed = one.known, one.known.run
    started_at, _ = known.service_times
    return (
        clock(started_at.timestamp(), today) if started_at else started(observed, today) if observed else "",
        lasted(known, glyphs),
        _outcome(known),
        numbered(known.number, known.record.branch if known.record else ""),
        one.name,
        _note(observed),
    )


def _narrowed(rows: Sequence[Cells], room: int, glyphs: "Glyphs") -> tuple[Sequence[Cells], Cells]:
    """The rows with shorter names, then with shorter builds, where not each of them is one line of `room` cells; and
    their heads. If that is not enough, they are one line without their notes, which are folded then."""
    tried, heads = rows, HEADS
    for heads in (HEADS, HEADS[:-1]):
        tried = rows
        for column, least in LEAST.items():
            if (excess := _excess(tried, heads, room)) > 0:
                cells = max(least, max(width(row[column]) for row in rows) - excess)
                tried = _shortened(tried, column, cells, glyphs)
        if _excess(tried, heads, room) <= 0:
            break
    return tried, heads


def _excess(rows: Sequence[Cells], heads: Sequence[str], room: int) -> int:
    """Returns by how many cells the longest line with the columns of these heads is too long."""
    return max(map(width, aligned([row[: len(heads)] for row in rows], heads)), default=0) - room


def _shortened(rows: Sequence[Cells], column: int, cells: int, glyphs: "Glyphs") -> Sequence[Cells]:
    from tui.ui.formatting import fit
    from tui.ui.short_names import told_apart

    texts = [row[column] for row in rows]
    names = told_apart(texts, cells, glyphs.ellipsis) if column == JOB else {}
    short = {text: names.get(text) or fit(text, min(cells, width(text)), glyphs.ellipsis) for text in texts}
    return [(*row[:column], short[row[column]], *row[column + 1 :]) for row in rows]


def _outcome(known: KnownRun) -> str:
    if not known.is_over:
        return "running" if known.run is None or known.record else "was running"
    return outcome_word(known.outcome, known.outcome_as_sent) or "ended"


def _note(observed: ObservedRun | None) -> str:
    if observed is None:
        return "not observed"
    two = "perhaps two builds" if observed.maybe_two else ""
    return ", ".join(filter(None, (two, f"seen by {observed.source}" if observed.source else "")))


def _records(context: "Context", jobs: Sequence[Job], output: Output) -> tuple[dict[JobId, Sequence[RunRecord]], int]:
    """What the service recorded of these jobs; nothing is asked with --status-only, or extras = false."""
    if context.flags.status_only or not context.settings.service.extras:
        return {}, ExitCode.DONE
    from tui.commands import runner

    app = context.app()
    records: dict[JobId, Sequence[RunRecord]] = {}
    code = runner.run(_ask(app, jobs, records, output), app.close)
    return records, code


async def _ask(app: "App", jobs: Sequence[Job], records: dict[JobId, Sequence[RunRecord]], output: Output) -> ExitCode:
    """Put what the service recorded into `records`, and say for each reason why jobs are missing there."""
    from tui.commands.session import ask_each, quick_extras

    failures: dict[JobId, Failure] = {}

    async def ask(extras: "Extras", job: JobId) -> bool:
        told = await extras.records(job)
        if isinstance(told, Failure):
            failures[job] = told
            return told.kind.retry is not Retry.SIGN_IN
        records[job] = [extras.by_this_machine(record) for record in told]
        return True

    await ask_each({job.id: job.profile or app.default for job in jobs}, quick_extras(app), ask, output)
    missing = sum(job.id not in records for job in jobs)
    if not missing:
        return ExitCode.DONE
    note = f"{missing} of {len(jobs)} jobs: only what was observed is listed."
    causes = reasons([(job, failures[job.id]) for job in jobs if job.id in failures])
    if len(causes) < 2:
        why = next(map(advice, failures.values()), "There was no time for all.")
        output.say(f"{note} {why}")
    else:
        for text in (note, *causes):
            output.say(text)
    refused = any(failure.kind.retry is Retry.SIGN_IN for failure in failures.values())
    return ExitCode.NOT_SIGNED_IN if refused else ExitCode.UNREAD
