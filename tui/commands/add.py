"""`add`: puts jobs on the watchlist. Sends no request."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tui.commands.job_selection import STANDARD_INPUT, read_input, refusal
from tui.commands.list import job_lines
from tui.commands.output import ExitCode, Output
from tui.commands.render import read_listing
from tui.core.errors import UserError
from tui.core.job import NO_JOB, Job, JobId, unfit
from tui.core.paste import Found, Paste, Preview, Verdict, parse_paste, preview
from tui.core.text import clean

if TYPE_CHECKING:
    from tui.context import Context
    from tui.storage.watchlist import WatchlistStore

HELP = "add jobs to the watchlist"
DESCRIPTION = (
    "Add jobs to the watchlist and print the new ones; of a job that is on it already change what is given. "
    "What list and find print is taken with labels, tags and profiles.\n"
    "Exit codes: 0 all are on the watchlist now, 1 an argument holds no job, 2 there was nothing to add."
)
EXAMPLES = ["add 901878212b1a49be9c1a1054c272762a --label nightly", "add - < page.txt"]

MOST_NAMED = 10
"""If more of the given jobs are on the watchlist already, one line has their number, in place of a line for each."""
STAYS = "stays as it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pasted", metavar="ID", nargs="+", help="an ID or a page's address; - reads standard input")
    parser.add_argument("--label", metavar="TEXT", default="", help="what to call the job")
    parser.add_argument("--tag", metavar="TAG", dest="tags", action="append", default=[], help="may be repeated")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    model = Job(NO_JOB, arguments.label, tuple(arguments.tags), _known_profile(context))
    wall = context.now().wall
    return add(context.watchlist, Output.standard(), arguments.pasted, model, read_input, wall)


def _known_profile(context: "Context") -> str:
    """The profile that --profile names, for the list. Raises UserError if the settings do not have it."""
    name: str = context.flags.profile or ""
    known = context.settings.profiles if name else ()
    if name and name not in known:
        raise UserError(f"The settings have no profile {clean(name, 60)}; there are: {', '.join(known) or 'none'}.")
    return name


def add(
    store: "WatchlistStore", output: Output, given: Sequence[str], model: Job, read: Callable[[], str], now: datetime
) -> ExitCode:
    """Add the jobs that `given` names, and print the new ones. `model` has the label, tags and profile to set.

    Without a label, a job gets the one beside its ID in the text.
    """
    listed: dict[JobId, Job] = {}
    pastes = [_read(text, read, listed) for text in given]
    everything = Paste(tuple(one for paste in pastes for one in paste.found), any(paste.truncated for paste in pastes))
    watched = {job.id: job for job in store.load().jobs}
    found = preview(everything, watched)
    new = {one.job: _made(one, listed.get(one.job), model, now) for one in found.new if one.job}
    known = [watched[one.job] for one in found.known if one.job]
    for job in (model, *new.values()):
        if problem := unfit(job.given_label, job.given_tags):
            raise UserError(f"{problem} Nothing was added.")
    if model.given_label and (count := len(new) + len(known)) > 1:
        raise UserError(f"A label names one job, and there are {count}: add them one by one, or without --label.")
    is_refused = _say_what_is_left_out(output, given, pastes, found)
    if not new and not known:
        raise UserError("There was nothing to add; codearts-watch find NAME --add adds jobs by their names.")
    made = store.add(list(new.values())).after.jobs if new else ()
    _set(store, output, known, model)
    output.lines(job_lines([job for job in made if job.id in new], output))
    return ExitCode.UNREAD if is_refused else ExitCode.DONE


def _read(text: str, read: Callable[[], str], listed: dict[JobId, Job]) -> Paste:
    """The IDs in an argument. Jobs that `list` printed to standard input are put into `listed`."""
    if text != STANDARD_INPUT:
        return parse_paste(text)
    jobs, rest = read_listing(read())
    for job in jobs:
        listed.setdefault(job.id, job)
    paste = parse_paste(rest)
    return replace(paste, found=(*(Found(job.id, Verdict.JOB, job.id) for job in jobs), *paste.found))


def _made(found: Found, listed: Job | None, model: Job, now: datetime) -> Job:
    """The new job. The command's label, tags and profile take precedence over those of the list on standard input."""
    job = found.job or model.id
    said = listed or Job(job, address=found.address)
    tags = tuple(dict.fromkeys((*said.given_tags, *model.given_tags)))
    label = model.given_label or said.given_label or found.label
    return Job(job, label, tags, model.profile or said.profile, said.address, said.added or now)


def _set(store: "WatchlistStore", output: Output, known: Sequence[Job], model: Job) -> None:
    """Set the command's label, tags and profile on jobs that are on the watchlist already, and print what changed."""
    changes = {job.id: fields for job in known if (fields := _differences(job, model))}
    if changes:
        store.edit(changes)
    if len(known) <= MOST_NAMED:
        for job in known:
            what = f"; changed: {_changed(changes[job.id])}" if job.id in changes else f" and {STAYS}"
            named = f"{job.id} ({clean(job.name)})" if job.label else job.id
            output.say(f"{named} is on the watchlist already{what}.")
    else:
        number, kept = len(known), len(known) - len(changes)
        output.say(
            f"{number:,} of them are on the watchlist already; {kept:,} stay as they are, {number - kept:,} changed."
        )


def _changed(fields: Mapping[str, str | list[str]]) -> str:
    return ", ".join(f"{key} {one if isinstance(one, str) else ' '.join(one)}" for key, one in fields.items())


def _differences(job: Job, model: Job) -> dict[str, str | list[str]]:
    fields: dict[str, str | list[str]] = {}
    if model.given_label and model.given_label != job.given_label:
        fields["label"] = model.given_label
    if set(model.given_tags) - set(job.given_tags):
        fields["tags"] = list(dict.fromkeys((*job.given_tags, *model.given_tags)))
    if model.profile and model.profile != job.profile:
        fields["profile"] = model.profile
    return fields


def _say_what_is_left_out(output: Output, given: Sequence[str], pastes: Sequence[Paste], found: Preview) -> bool:
    """Print why IDs are left out. Returns whether an argument has no job ID; standard input may have other words."""
    for one in (*found.ambiguous, *found.refused):
        output.say(refusal(one))
    if any(paste.truncated for paste in pastes):
        output.say("There is more than can be taken at once: the rest is left out.")
    barren = [
        (text, paste)
        for text, paste in zip(given, pastes, strict=True)
        if text != STANDARD_INPUT and not any(one.job for one in paste.found)
    ]
    for text, paste in barren:
        if not paste.found:
            output.say(f"'{clean(text, 100)}' holds no job ID.")
    return bool(barren)
