"""`list`: prints the watchlist. Sends no request."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.commands.job_selection import EMPTY, NO_NAMES, Names, shown_name
from tui.commands.output import ExitCode, Output, print_json
from tui.commands.render import aligned, job_document, listing_line
from tui.core.errors import UserError
from tui.core.job import Job

if TYPE_CHECKING:
    from tui.context import Context
    from tui.storage.watchlist import WatchlistStore

HELP = "print the watchlist"
DESCRIPTION = (
    "Print the watchlist, without asking the service. Into a file or pipe it goes with a tab between ID, label, "
    "tags and profile."
)
EXAMPLES = [
    "list",
    "list | grep payments | codearts-watch status -",
    "list | codearts-watch add --watchlist other.toml -",
]

HEADS = ("ID", "LABEL", "TAGS", "PROFILE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--complete", action="store_true", help=argparse.SUPPRESS)


def run(context: "Context", arguments: argparse.Namespace) -> int:
    store, output = context.watchlist, Output.standard()
    names = context.kept_names.names
    return words(store, output, names) if arguments.complete else show(store, output, arguments.json, names)


def show(store: "WatchlistStore", output: Output, as_json: bool, names: Names = NO_NAMES) -> ExitCode:
    """Print the list in its order."""
    watchlist = store.load()
    for warning in watchlist.warnings:
        output.say(warning)
    if as_json:
        print_json([job_document(job) for job in watchlist.jobs], output)
    else:
        output.lines(job_lines(watchlist.jobs, output, names))
        if not watchlist.jobs and output.is_for_a_person:
            output.say(EMPTY)
    return ExitCode.DONE


def words(store: "WatchlistStore", output: Output, names: Names) -> ExitCode:
    """For the shell's completion: print each label with its ID, and each ID with its label; of a job without one the
    service's name. Errors print nothing.

    Labels like options are left out: the shell would insert them as options.
    """
    try:
        jobs = store.load().jobs
    except UserError:
        return ExitCode.DONE
    shown = [(job.id, shown_name(job, names)) for job in jobs]
    labels = [f"{name}\t{job}" for job, name in shown if name and name[0] != "-"]
    output.as_it_is([*labels, *(f"{job}\t{name}" for job, name in shown)])
    return ExitCode.DONE


def job_lines(jobs: Sequence[Job], output: Output, names: Names = NO_NAMES) -> list[str]:
    """Columns on a terminal, where the service's names stand in place of missing labels; elsewhere lines that `add -`
    reads with labels, tags and profiles."""
    if not output.is_for_a_person:
        return [listing_line(job) for job in jobs]
    return aligned([(job.id, shown_name(job, names), " ".join(job.tags), job.profile) for job in jobs], HEADS)
