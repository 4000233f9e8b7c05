"""What happened, in words: a line for each event, and the line above the table that sums up a time without keys."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from tui.core.condition import Condition
from tui.core.job import JobId
from tui.core.past_events import Digest, EventKind, Matter, PastEvent
from tui.core.text import width
from tui.terminal.capabilities import Glyphs
from tui.ui.formatting import fit
from tui.ui.list_dialog import ListLine
from tui.ui.row import look_of
from tui.ui.run_lines import clock, condition_of_run, lasted, outcome_word

NAME = 26
"""Cells of a job's name at most."""


def event_lines(
    events: Sequence[PastEvent], read_until: float, name_of: Callable[[JobId], str], today: datetime, glyphs: Glyphs
) -> list[ListLine]:
    """One line for each event; the key of a line is its job. What is newer than `read_until` has a mark."""
    clocks = [clock(event.at, today) for event in events]
    when = max(map(len, clocks), default=0)
    names = [name_of(event.job) for event in events]
    wide = min(NAME, max(map(width, names), default=0))
    lines = []
    for event, at, name in zip(events, clocks, names, strict=True):
        condition = _condition(event)
        is_new = event.at > read_until
        begin = f"{glyphs.mark if is_new else ' '} {at:>{when}} {fit(name, wide, glyphs.ellipsis)} "
        what = f"{glyphs.condition[condition]} {_what(event, glyphs)}"
        lines.append(ListLine(event.job, ((begin, "new" if is_new else "dim"), (what, look_of(condition)))))
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


def _what(event: PastEvent, glyphs: Glyphs) -> str:
    run = event.run
    if run is None:
        return f"{event.kind}: {event.reason}" if event.reason else str(event.kind)
    number = f"#{run.number}" if run.number else ""
    if event.kind is not EventKind.ENDED:
        return " ".join(filter(None, (event.kind, number)))
    took = lasted(run, glyphs)
    return " ".join(filter(None, (outcome_word(run), number, took and f"after {took}")))


def digest_text(
    digest: Digest, name_of: Callable[[JobId], str], cells: int, keys: tuple[str, str], today: datetime
) -> str:
    """The sum in one line of so many cells; empty if nothing happened. `keys` go to the next job, and close it.

    Urgent jobs are named, as many as there is room for. If there is less, what is least urgent is left out.
    """
    if not digest.counts:
        return ""
    more = "+" if digest.at_least else ""
    sums = [f"{number}{more if matter in _MANY else ''} {matter}" for matter, number in digest.counts]
    begin = f"Since {clock(digest.since, today)}: {', '.join(sums)}"
    how = f"{keys[0]}: next, {keys[1]}: close"
    texts = [f"{begin}{named}. {how}" for named in _named([name_of(job) for job in digest.urgent])]
    texts += [f"{begin.removesuffix(', '.join(sums[least:]))}... {how}" for least in range(len(sums) - 1, 0, -1)]
    return next((text for text in texts if width(text) <= cells), texts[-1])


_MANY = frozenset({Matter.FAILED, Matter.TIMED_OUT, Matter.ABORTED, Matter.PASSED, Matter.ENDED})


def _named(names: Sequence[str]) -> Iterable[str]:
    """The names in brackets, from most to none of them."""
    for number in range(min(len(names), 6), 0, -1):
        rest = f" and {len(names) - number} more" if number < len(names) else ""
        yield f" ({', '.join(names[:number])}{rest})"
    yield ""
