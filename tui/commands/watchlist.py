"""`add`, `remove` and `list`: the watchlist without a screen. None of them asks the service."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from tui.commands.job_selection import STANDARD_INPUT, listed, refusal
from tui.commands.output import ExitCode, Output
from tui.commands.render import job_document
from tui.commands.status import json_text
from tui.commands.table import aligned
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.listing import listing_line, read_listing
from tui.core.paste import Found, Paste, Preview, Verdict, parse_paste, preview
from tui.core.tags import unfit
from tui.core.text import clean
from tui.storage.watchlist import WatchlistStore

HEADS = ("ID", "LABEL", "TAGS", "PROFILE")


def add(
    store: WatchlistStore, output: Output, given: Sequence[str], model: Job, read: Callable[[], str], now: datetime
) -> ExitCode:
    """Add what is named; `model` has label, tags and profile for it, also for what is there. Prints the new ones.

    Without a label the job has the one that stands beside its ID.
    """
    if problem := unfit(model.given_label, model.given_tags):
        raise UserError(problem)
    listed: dict[JobId, Job] = {}
    pastes = [_read(text, read, listed) for text in given]
    everything = Paste(tuple(one for paste in pastes for one in paste.found), any(paste.truncated for paste in pastes))
    watched = {job.id: job for job in store.load().jobs}
    found = preview(everything, watched)
    new = {one.job: _made(one, listed.get(one.job), model, now) for one in found.new if one.job}
    known = [watched[one.job] for one in found.known if one.job]
    if model.given_label and (count := len(new) + len(known)) > 1:
        raise UserError(f"A label names one job, and there are {count}: add them one by one, or without --label.")
    is_refused = _say_what_is_left_out(output, given, pastes, found)
    if not new and not known:
        raise UserError("There was nothing to add.")
    made = store.add(list(new.values())).after.jobs if new else ()
    _set(store, output, known, model)
    output.lines(_table([job for job in made if job.id in new], output))
    return ExitCode.UNREAD if is_refused else ExitCode.DONE


def _read(text: str, read: Callable[[], str], listed: dict[JobId, Job]) -> Paste:
    """What an argument holds; of standard input that is a list of ours, the jobs go into `listed`."""
    if text != STANDARD_INPUT:
        return parse_paste(text)
    jobs, rest = read_listing(read())
    for job in jobs:
        listed.setdefault(job.id, job)
    paste = parse_paste(rest)
    return replace(paste, found=(*(Found(job.id, Verdict.JOB, job.id) for job in jobs), *paste.found))


def _made(found: Found, listed: Job | None, model: Job, now: datetime) -> Job:
    """The new job: what the command says of it goes before what the list says."""
    job = found.job or model.id
    said = listed or Job(job, address=found.address)
    tags = tuple(dict.fromkeys((*said.given_tags, *model.given_tags)))
    label = model.given_label or said.given_label or found.label
    return Job(job, label, tags, model.profile or said.profile, said.address, said.added or now)


def _set(store: WatchlistStore, output: Output, known: Sequence[Job], model: Job) -> None:
    """Gives jobs that are on the list what the command says of them, and says so."""
    changes = {job.id: fields for job in known if (fields := _differences(job, model))}
    if changes:
        store.edit(changes)
    for job in known:
        if job.id in changes:
            told = ", ".join(f"{key} {_in_words(value)}" for key, value in changes[job.id].items())
            output.say(f"{job.id} is on the list already and has now: {told}.")
        else:
            output.say(f"{job.id} is on the list already and stays as it is.")


def _differences(job: Job, model: Job) -> dict[str, str | list[str]]:
    fields: dict[str, str | list[str]] = {}
    if model.given_label and model.given_label != job.given_label:
        fields["label"] = model.given_label
    if set(model.given_tags) - set(job.given_tags):
        fields["tags"] = list(dict.fromkeys((*job.given_tags, *model.given_tags)))
    if model.profile and model.profile != job.profile:
        fields["profile"] = model.profile
    return fields


def _in_words(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _say_what_is_left_out(output: Output, given: Sequence[str], pastes: Sequence[Paste], found: Preview) -> bool:
    """Whether one of the arguments brought no job. In standard input, other words among the IDs are nothing unusual."""
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
            output.say(f"{clean(text, 100)} holds no job ID.")
    return bool(barren)


def remove(store: WatchlistStore, output: Output, given: Sequence[str]) -> ExitCode:
    """Remove all that is named, or nothing where one is not on the list. Prints what is gone, fit for `add -`."""
    jobs = listed(given, store.load().jobs)
    store.remove([job.id for job in jobs])
    output.lines(_table(jobs, output))
    return ExitCode.DONE


def show(store: WatchlistStore, output: Output, as_json: bool) -> ExitCode:
    """Print the list in its order."""
    watchlist = store.load()
    for warning in watchlist.warnings:
        output.say(warning)
    if as_json:
        output.line(json_text([job_document(job) for job in watchlist.jobs], output))
    else:
        output.lines(_table(watchlist.jobs, output))
    return ExitCode.DONE


def words(store: WatchlistStore, output: Output) -> ExitCode:
    """For the shell's completion: each ID and each label, a tab, and what it is. Silent whatever happens.

    A label that looks like an option would be taken for one.
    """
    try:
        jobs = store.load().jobs
    except UserError:
        return ExitCode.DONE
    labels = [f"{job.label}\t{job.id}" for job in jobs if job.label and job.label[0] != "-"]
    output.lines([*labels, *(f"{job.id}\t{job.label}" for job in jobs)])
    return ExitCode.DONE


def _table(jobs: Sequence[Job], output: Output) -> list[str]:
    """Columns for a person; for a program lines that `add -` takes with all that is in them."""
    if not output.is_for_a_person:
        return [listing_line(job) for job in jobs]
    return aligned([(job.id, job.label, " ".join(job.tags), job.profile) for job in jobs], HEADS)
