"""`add`, `remove` and `list`: the watchlist without a screen. None of them asks the service."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tui.core.job import Job
from tui.core.paste import Paste, Preview, parse_paste, preview
from tui.core.problem import Problem
from tui.core.tags import unfit
from tui.core.text import clean
from tui.headless.choose import STANDARD_INPUT, listed, refusal
from tui.headless.codes import ExitCode
from tui.headless.documents import job_document
from tui.headless.output import Output
from tui.headless.status import json_text
from tui.headless.table import aligned
from tui.storage.watchlist import WatchlistStore

HEADS = ("ID", "LABEL", "TAGS", "PROFILE")


def add(
    store: WatchlistStore, output: Output, given: Sequence[str], model: Job, read: Callable[[], str], now: datetime
) -> ExitCode:
    """Add what is named; `model` has label, tags and profile for it; without a label the job has the one that stands
    beside its ID. Prints the new ones."""
    if problem := unfit(model.given_label, model.given_tags):
        raise Problem(problem)
    pastes = [parse_paste(read() if text == STANDARD_INPUT else text) for text in given]
    everything = Paste(tuple(one for paste in pastes for one in paste.found), any(paste.truncated for paste in pastes))
    found = preview(everything, {job.id for job in store.load().jobs})
    new = {
        one.job: Job(one.job, model.given_label or one.label, model.given_tags, model.profile, one.address, now)
        for one in found.new
        if one.job
    }
    if model.label and len(new) > 1:
        raise Problem(f"A label names one job, and there are {len(new)}: add them one by one, or without --label.")
    is_refused = _say_what_is_left_out(output, given, pastes, found)
    if not new and not found.known:
        raise Problem("There was nothing to add.")
    made = store.add(list(new.values())).after.jobs if new else ()
    output.lines(_table([job for job in made if job.id in new], with_heads=False))
    return ExitCode.UNREAD if is_refused else ExitCode.DONE


def _say_what_is_left_out(output: Output, given: Sequence[str], pastes: Sequence[Paste], found: Preview) -> bool:
    """Whether one of the arguments brought no job. In standard input, other words among the IDs are nothing unusual."""
    for one in (*found.ambiguous, *found.refused):
        output.say(refusal(one))
    for one in found.known:
        output.say(f"{one.job} is on the list already and stays as it is.")
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
    output.lines(_table(jobs, with_heads=False))
    return ExitCode.DONE


def show(store: WatchlistStore, output: Output, as_json: bool) -> ExitCode:
    """Print the list in its order."""
    watchlist = store.load()
    for warning in watchlist.warnings:
        output.say(warning)
    if as_json:
        output.line(json_text([job_document(job) for job in watchlist.jobs], output))
    else:
        output.lines(_table(watchlist.jobs, output.is_for_a_person))
    return ExitCode.DONE


def words(store: WatchlistStore, output: Output) -> ExitCode:
    """For the shell's completion: each ID and each label, a tab, and what it is. Silent whatever happens.

    A label that looks like an option would be taken for one.
    """
    try:
        jobs = store.load().jobs
    except Problem:
        return ExitCode.DONE
    labels = [f"{job.label}\t{job.id}" for job in jobs if job.label and job.label[0] != "-"]
    output.lines([*labels, *(f"{job.id}\t{job.label}" for job in jobs)])
    return ExitCode.DONE


def _table(jobs: Sequence[Job], with_heads: bool) -> list[str]:
    rows = [(job.id, job.label, " ".join(job.tags), job.profile) for job in jobs]
    return aligned(rows, HEADS if with_heads else ())
