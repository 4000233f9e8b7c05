"""A run or an event in one line, and the line above the table that sums up a time without keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from tui.core.board import JobState
from tui.core.condition import Condition, condition_after
from tui.core.job import JobId
from tui.core.known_runs import KnownRun
from tui.core.observed_run import ObservedRun
from tui.core.past_events import Count, Digest, EventKind, Matter, PastEvent
from tui.core.run import RunRecord, numbered, outcome_word
from tui.core.text import width
from tui.terminal.capabilities import Glyphs
from tui.ui.formatting import brief, clock, coarse, exact, fit, local
from tui.ui.row import look_of, who_of
from tui.ui.short_names import told_apart

if TYPE_CHECKING:
    from tui.ui.list_dialog import ListLine

EXACT = 0.05
"""A duration that may be off by this share, or by a second, is shown with a sign for about and no bounds."""


TOLD = "~"
"""Behind the number of a run that only the service tells of. Most runs of a new watchlist are such: a word in each line
would take the room of the branch."""
STARTS, DURATIONS = 17, 11
"""Cells of a start and of a duration at most."""


def time_cells(
    runs: Iterable[ObservedRun], today: datetime, glyphs: Glyphs, records: Mapping[int, RunRecord]
) -> tuple[int, int]:
    """Cells that the starts and the durations of these runs need. `records` are the service's by number."""
    texts = [
        (_first(_starts(run, today), STARTS), _first(_durations(run, record_of(run, records), glyphs), DURATIONS))
        for run in runs
    ]
    return max((len(start) for start, _ in texts), default=0), max((len(took) for _, took in texts), default=0)


def run_line(
    run: ObservedRun,
    today: datetime,
    glyphs: Glyphs,
    record: RunRecord | None = None,
    cells: tuple[int, int] = (STARTS, DURATIONS),
) -> str:
    """The run in columns. `record` is the service's record of it, if known; `today` any aware time of today; `cells`
    those of start and duration."""
    number = fit(numbered(run.number), 6, glyphs.ellipsis).rstrip() + (TOLD if run.is_told else "")
    parts = [
        fit(f"{glyphs.condition[condition_of_run(run)]} {word_of(run)}", 11, glyphs.ellipsis),
        _first(_starts(run, today), STARTS).ljust(cells[0]),
        _first(_durations(run, record, glyphs), DURATIONS).ljust(cells[1]),
        " · ".join(_branch_and_who(record)),
        *(["perhaps two builds"] if run.maybe_two else []),
        *([f"seen by {run.source}"] if run.source and not run.is_told else []),
    ]
    return f"{number:<7}{' '.join(filter(None, parts))}".rstrip()


def short_run_line(run: ObservedRun, today: datetime, glyphs: Glyphs, record: RunRecord | None = None) -> str:
    """The run in fewer cells: mark, number, start, duration, branch and who."""
    number = numbered(run.number)
    parts = [
        glyphs.condition[condition_of_run(run)],
        fit(number, 6, glyphs.ellipsis),
        _first(_starts(run, today), 12).ljust(12),
        _first(_durations(run, record, glyphs), 10).ljust(10),
        " · ".join(_branch_and_who(record)),
    ]
    return " ".join(parts).rstrip()


def _first(texts: Iterable[str], cells: int) -> str:
    """The first of the texts that fits into `cells` cells. No text is cut: `before 11-2…` would be another day."""
    return next((text for text in texts if len(text) <= cells), "")


def _branch_and_who(record: RunRecord | None) -> Iterable[str]:
    return filter(None, (record.branch, who_of(record))) if record else ()


def records_of(state: JobState) -> dict[int, RunRecord]:
    """The service's records of the job's runs, by their numbers."""
    return {record.number: record for record in (*state.records, *filter(None, (state.last_run,)))}


def record_of(run: ObservedRun, records: Mapping[int, RunRecord]) -> RunRecord | None:
    """The service's record with the number of the run."""
    return records.get(run.number) if run.number else None


def condition_of_run(run: ObservedRun) -> Condition:
    """The condition whose mark and look the run has."""
    if run.end is None:
        return Condition.RUNNING
    return condition_after(run.outcome)


def word_of(run: ObservedRun) -> str:
    """What became of it, or `running`."""
    if run.end is None:
        return "running"
    return outcome_word(run.outcome, run.outcome_as_sent) or "ended"


def started(run: ObservedRun, today: datetime) -> str:
    """When it began: `14:05`, `11-20 14:05`; `14:05-14:20` if it may have been any time between, `before 14:05`; empty
    if nothing is known."""
    if run.start.by == inf:
        return ""
    if run.start.after is None:
        return f"before {clock(run.start.by, today)}"
    if run.start.is_close:
        return clock(run.start.middle, today)
    return f"{clock(run.start.after, today)}-{local(run.start.by):%H:%M}"


def _starts(run: ObservedRun, today: datetime) -> Iterable[str]:
    """The same, then without the time of day, then the year alone."""
    whole = started(run, today)
    yield whole
    if not whole:
        return
    begin, at = ("before ", run.start.by) if run.start.after is None else ("", run.start.after)
    day = clock(at, today).rpartition(" ")[0]
    yield begin + day
    yield begin + day.partition("-")[0]


def lasted(known: KnownRun, glyphs: Glyphs) -> str:
    """How long it took: `4m08s` where the service tells; else `≈4m15s`, `4m ±30s`; `12m+` if its start was not seen;
    empty while it goes on."""
    if known.told_duration is not None:
        return exact(known.told_duration)
    if known.duration is None:
        return ""
    least, most = known.duration
    if most == 0:  # the service tells only when it began
        return ""
    if most is None:
        return f"{brief(least)}+" if least >= 1 else ""
    middle, off = (least + most) / 2, (most - least) / 2
    if off <= max(1.0, EXACT * middle):
        return f"{glyphs.about}{brief(middle)}"
    return f"{brief(middle)} {glyphs.plus_minus}{brief(off)}"


def _durations(run: ObservedRun, record: RunRecord | None, glyphs: Glyphs) -> Iterable[str]:
    """The same, then in whole minutes, hours or days."""
    yield lasted(KnownRun(run, record if run.end else None), glyphs)
    if run.duration and run.duration[1]:
        least, most = run.duration[0], run.duration[1]
        yield f"{coarse((least + most) / 2)} {glyphs.plus_minus}{coarse((most - least) / 2)}"


NAME, SHORT_NAME = 26, 13
"""The most cells of a job's name, and the fewest."""
WITHOUT_NAME = 40
"""Cells of the screen that a line of events needs for all but the name."""


def event_lines(
    events: Sequence[PastEvent],
    read_until: float,
    name_of: Callable[[JobId], str],
    today: datetime,
    glyphs: Glyphs,
    cells: int,
    step_of: Callable[[PastEvent], str],
) -> "list[ListLine]":
    """One line for each event on a screen of `cells` cells; the key of a line is its job. What is newer than
    `read_until` has a mark. `step_of` returns the step in which the event's build failed, if that is known."""
    from tui.ui.list_dialog import ListLine  # the command `history` needs no Textual

    clocks = [clock(event.at, today) for event in events]
    when = max(map(len, clocks), default=0)
    names = [name_of(event.job) for event in events]
    room = max(SHORT_NAME, min(NAME, cells - WITHOUT_NAME))
    wide = min(room, max(map(width, names), default=0))
    short = told_apart(names, wide, glyphs.ellipsis)
    lines = []
    for event, at, name in zip(events, clocks, names, strict=True):
        condition = _condition(event)
        is_new = event.at > read_until
        begin = f"{glyphs.new if is_new else ' '} {at:>{when}} {fit(short[name], wide)} "
        what = f"{glyphs.condition[condition]} {_what(event, step_of(event), glyphs)}"
        lines.append(ListLine(event.job, ((begin, "strong" if is_new else "dim"), (what, look_of(condition)))))
    return lines


def _condition(event: PastEvent) -> Condition:
    match event.kind:
        case EventKind.NO_ANSWER:
            return Condition.NO_ANSWER
        case EventKind.STARTED | EventKind.LATE:
            return Condition.RUNNING
        case EventKind.ENDED if event.run:
            return condition_of_run(event.run)
        case _:
            return Condition.IDLE


def _what(event: PastEvent, step: str, glyphs: Glyphs) -> str:
    run = event.run
    if run is None:
        return f"{event.kind}: {event.reason}" if event.reason else str(event.kind)
    number = numbered(run.number)
    if event.kind is not EventKind.ENDED:
        return " ".join(filter(None, (event.kind, number)))
    took = lasted(KnownRun(run, None), glyphs)
    return " ".join(filter(None, (word_of(run), number, step and f"in {step}", took and f"after {took}")))


DIGEST_NAMES = 6
"""Most names in a digest."""


def digest_text(
    digest: Digest,
    name_of: Callable[[JobId], str],
    cells: int,
    keys: tuple[str, str],
    today: datetime,
    glyphs: Glyphs,
) -> str:
    """The sum in one line of `cells` cells. `keys` go to the next job, and close it.

    Urgent jobs are named behind their count, as many as there is room for, whole or cut. If there is less, the least
    urgent counts are left out, then the names; the keys are left out if there is no room for them even then.
    """
    how = f"  {keys[0]}: next, {keys[1]}: close"
    texts = list(_sums(digest, name_of, f"Since {clock(digest.since, today)}: ", glyphs))
    fitting = (text + end for end in (how, "") for text in texts if width(text + end) <= cells)
    return next(fitting, texts[-1])


def _sums(digest: Digest, name_of: Callable[[JobId], str], begin: str, glyphs: Glyphs) -> Iterable[str]:
    """The same from the longest text to the shortest."""
    jobs = [_jobs(count, count is digest.counts[0]) for count in digest.counts]
    more = "+" if digest.at_least else ""
    runs = [
        f"{text} in {count.times}{more} runs" if count.times > count.jobs else text
        for text, count in zip(jobs, digest.counts, strict=True)
    ]
    whole = [name_of(job) for job in digest.urgent[:DIGEST_NAMES]]
    cut = [list(map(told_apart(whole, cells, glyphs.ellipsis).__getitem__, whole)) for cells in (NAME, SHORT_NAME)]
    numbers = range(len(jobs), 0, -1)
    with_names = [(number, most) for number in numbers for most in range(len(whole), 0, -1)]
    for number, most in (*with_names, *((number, 0) for number in numbers)):
        end = "." if number == len(jobs) else f", {glyphs.ellipsis}"
        for names in (whole, *cut):
            named = list(_named(names[:most], digest.counts))
            for texts in (runs, jobs):
                parts = [text + its for text, its in zip(texts[:number], named, strict=False)]
                yield f"{begin}{', '.join(parts)}{end}"


def _jobs(count: Count, is_first: bool) -> str:
    """`5 jobs failed`, then `2 passed`."""
    if not is_first:
        return f"{count.jobs} {count.matter}"
    noun = "job" if count.jobs == 1 else "jobs"
    return f"{count.jobs} {noun} {'with ' if count.matter is Matter.NO_ANSWER else ''}{count.matter}"


def _named(names: Sequence[str], counts: Sequence[Count]) -> Iterable[str]:
    """For each count, those of the names that are its jobs', in brackets; the names have the order of the counts."""
    for count in counts:
        its, names = names[: count.jobs], names[count.jobs :]
        rest = f" and {count.jobs - len(its)} more" if len(its) < count.jobs else ""
        yield f" ({', '.join(its)}{rest})" if its else ""
