"""`find`: the jobs of the user's projects, to look at or to put on the watchlist."""

import argparse
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from tui.commands.output import ExitCode, Output, Progress, asking, print_json
from tui.commands.render import aligned, listing_line
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Failure
from tui.core.text import clean, normal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tui.codearts.job_list_api import JobEntry, Listed, ListedProjects, Project
    from tui.context import Context
    from tui.profiles.extras import Extras
    from tui.storage.watchlist import WatchlistStore

HELP = "find jobs in your projects, and add them to the watchlist"
DESCRIPTION = (
    "Print the jobs that you may see in CodeArts: all, or those whose name or project has the text. A + stands "
    "before those that are on your watchlist. Into a file or pipe only ID and name go, as add - takes them.\n"
    "Exit code 1: at least one page of the service could not be read."
)
EXAMPLES = [
    "find payments",
    "find --project Payments --add",
    "find --json nightly | jq -r '.[] | select(.watched | not).id'",
]

HEADS = ("", "ID", "LAST BUILD", "NAME")


class Wanted(NamedTuple):
    """What is looked for."""

    text: str
    project: str
    """A name or an ID; empty for all projects."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="?", default="", help="part of a job's or project's name")
    parser.add_argument("--project", metavar="NAME|ID", default="", help="only the jobs of this project")
    parser.add_argument(
        "--add", action="store_true", help="add all that is found, with its name, to the watchlist; print the new ones"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import extras_of

    store, app = context.watchlist, context.app()
    extras = extras_of(app, app.default)
    wanted = Wanted(arguments.text, arguments.project)
    added = (app.default, context.now().wall) if arguments.add else None
    return runner.run(find(extras, store, wanted, Output.standard(), arguments.json, added), app.close)


async def find(
    extras: "Extras",
    store: "WatchlistStore",
    wanted: Wanted,
    output: Output,
    as_json: bool = False,
    added: "tuple[str, datetime] | None" = None,
) -> ExitCode:
    """Print what is found; with `added`, a profile and the moment, put it on the list and print what is new there."""
    from tui.codearts.job_list_api import to_watch
    from tui.commands.session import refused

    with asking(output) as progress:
        listed = await _listed(extras, wanted.project, progress)
    if isinstance(listed, Failure):
        return refused(output, listed)
    if listed.failure and not listed.entries:
        return refused(output, listed.failure)
    found = sorted((entry for entry in listed.entries.values() if entry.is_found(wanted.text)), key=_order)
    watched = {job.id for job in store.load().jobs}
    new = [entry for entry in found if entry.id not in watched]
    if added and new:
        store.add([to_watch(entry, *added) for entry in new])
    _show(new if added else found, watched, output, as_json)
    if not found:
        output.say("No job was found.")
    elif added and not new:
        output.say(f"All {len(found)} are on the watchlist already.")
    if listed.failure:
        output.say(f"Not all pages could be read: {listed.failure.summary}")
    elif not listed.is_whole:
        advice = "" if wanted.project else " Name one project: --project."
        output.say(f"There are more than the {len(listed.entries):,} jobs that were read.{advice}")
    return ExitCode.DONE if listed.is_whole else ExitCode.UNREAD


async def _listed(extras: "Extras", project: str, progress: Progress) -> "Listed | Failure":
    """Returns all jobs of the user by one list; where that is refused, by the lists of all projects."""
    from tui.codearts.job_list_api import Listed, jobs_of_project, jobs_of_user, projects_of_user

    of_user = None if project else await jobs_of_user(extras)
    if of_user and (of_user.entries or not of_user.failure):
        return of_user
    known = await projects_of_user(extras)
    chosen = _named(known.projects, project)
    if not chosen and (refusal := known.failure or (of_user and of_user.failure)):
        return refusal
    if not chosen:
        raise UserError(_no_project(known, project))
    entries: dict[JobId, JobEntry] = {}
    failure, is_whole = (None, True) if project else (known.failure, known.is_whole)
    for one in chosen:
        progress.count(len(chosen), "project")
        listed = await jobs_of_project(extras, one)
        entries, failure = {**listed.entries, **entries}, failure or listed.failure
        is_whole = is_whole and listed.is_whole
    return Listed(entries, failure, is_whole)


def _named(projects: "Sequence[Project]", text: str) -> "Sequence[Project]":
    """Those with this ID or name; all without a text."""
    wanted = normal(text).casefold()
    return [one for one in projects if not text or one.id == text.strip() or normal(one.name).casefold() == wanted]


def _no_project(known: "ListedProjects", text: str) -> str:
    names = ", ".join(one.name or one.id for one in known.projects[:10])
    among = "" if known.is_whole else f" among the {len(known.projects):,} that were read"
    return f"There is no project {clean(text, 60)!r}{among}; there are: {names or 'none that you may see'}."


def _order(entry: "JobEntry") -> tuple[str, str]:
    return normal(entry.project).casefold(), normal(entry.name).casefold()


def _show(entries: "Sequence[JobEntry]", watched: set[JobId], output: Output, as_json: bool) -> None:
    if as_json:
        print_json([document(entry, entry.id in watched) for entry in entries], output)
    elif output.is_for_a_person:
        output.lines(_table(entries, watched))
        if any(one.id in watched for one in entries):
            output.say("+ is before jobs that are on your watchlist.")
    else:
        output.lines([listing_line(Job(entry.id, entry.name)) for entry in entries])


def _table(entries: "Sequence[JobEntry]", watched: set[JobId]) -> list[str]:
    """The name of each project, and below it the jobs."""
    rows = [("+" if one.id in watched else "", one.id, one.last_build, one.name) for one in entries]
    lines = aligned(rows, HEADS)
    shown = lines[:1]
    for project, some in groupby(zip(entries, lines[1:], strict=True), lambda pair: pair[0].project):
        shown += [*([f"{project}:"] if project else []), *(line for _, line in some)]
    return shown


def document(entry: "JobEntry", is_watched: bool) -> dict[str, object]:
    """The object of `find --json`."""
    return {
        "id": str(entry.id),
        "name": entry.name,
        "project": {"id": str(entry.project_id or ""), "name": entry.project},
        "last_build_status": entry.last_build_status,
        "watched": is_watched,
    }
