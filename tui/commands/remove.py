"""`remove`: takes jobs off the watchlist. Sends no request."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.commands.job_selection import JOB, Names, listed, read_input
from tui.commands.list import job_lines
from tui.commands.output import ExitCode, Output

if TYPE_CHECKING:
    from tui.context import Context
    from tui.storage.watchlist import WatchlistStore

HELP = "remove jobs from the watchlist"
DESCRIPTION = "Remove jobs from the watchlist and print them. If one of those given is not on it, none is removed."
EXAMPLES = [
    "remove 'payments nightly'",
    "remove web | codearts-watch add --watchlist other.toml -",
    "list | grep tag:old | codearts-watch remove -",
]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", metavar="ID", nargs="+", help=f"{JOB}; - reads stdin")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    return remove(context.watchlist, Output.standard(), arguments.jobs, context.kept_names.names)


def remove(store: "WatchlistStore", output: Output, given: Sequence[str], names: Names) -> ExitCode:
    """Remove all jobs named, or none if one is not on the list. Prints the removed ones for `add -`."""
    jobs = listed(given, store.load().jobs, read_input, output.say, names)
    store.remove([job.id for job in jobs])
    output.lines(job_lines(jobs, output, names))
    return ExitCode.DONE
