"""The strip of a job's last runs: `▂▂▃✗▂ ▂▄`. One character for each run, as high as it was long; the newest last."""

from collections.abc import Sequence
from math import log2
from statistics import median
from typing import NamedTuple

from tui.core.observed_run import Gap, RecordedRun
from tui.core.run import Outcome
from tui.terminal.capabilities import StripGlyphs

LONGEST = 10
"""Characters of a strip."""
NOT_WATCHED = " "


class Mark(NamedTuple):
    """One character of a strip, and the name of its look."""

    text: str
    look: str = ""


def strip(runs: Sequence[RecordedRun], gaps: Sequence[Gap], glyphs: StripGlyphs) -> tuple[Mark, ...]:
    """The last runs and the gaps between and after them, oldest first; ten characters at most."""
    shown = list(runs[-LONGEST:])
    middles = [length for run in runs if (length := middle_duration(run))]
    usual = median(middles) if middles else 0.0
    marks: list[Mark] = []
    for at, run in enumerate(shown):
        marks.append(_mark(run, usual, glyphs))
        until = shown[at + 1].start.by if at + 1 < len(shown) else None
        if run.end and _was_unwatched(gaps, run.end.after or run.end.by, until):
            marks.append(Mark(NOT_WATCHED))
    marks = marks[-LONGEST:]
    return tuple(marks[1:] if marks and marks[0].text == NOT_WATCHED else marks)


def middle_duration(run: RecordedRun) -> float | None:
    """The middle of the shortest and the longest possible duration; None if the latter is not known."""
    if run.duration is None or run.duration[1] is None:
        return None
    return (run.duration[0] + run.duration[1]) / 2


def _was_unwatched(gaps: Sequence[Gap], after: float, until: float | None) -> bool:
    return any(gap.end > after and (until is None or gap.start < until) for gap in gaps)


def _mark(run: RecordedRun, usual: float, glyphs: StripGlyphs) -> Mark:
    match run.outcome:
        case Outcome.FAILED:
            return Mark(glyphs.failed, "error")
        case Outcome.ABORTED | Outcome.TIMED_OUT:
            return Mark(glyphs.aborted, "idle")
    length = middle_duration(run)
    if not length or run.maybe_two:
        return Mark(glyphs.no_duration, "dim")
    heights = glyphs.passed if run.outcome is Outcome.PASSED else glyphs.ended
    return Mark(heights[_level(length / usual, len(heights))], "idle" if run.outcome is Outcome.PASSED else "dim")


def _level(ratio: float, levels: int) -> int:
    """The index of the height. The usual duration is at a quarter; twice as long is about a fifth of all higher."""
    share = 0.25 + log2(ratio) / 5
    return max(0, min(levels - 1, round(share * (levels - 1))))
