"""When a run usually ends, in words: the time column of a running job, and the sentence in the details."""

from collections.abc import Iterator

from tui.core.estimate import Estimate, RunProgress
from tui.core.run_progress import Course
from tui.core.text import width
from tui.terminal.capabilities import Glyphs
from tui.ui import formatting
from tui.ui.formatting import brief

BAR = 6
"""Cells of a progress bar."""
ELAPSED = 5
"""Cells of the elapsed time before a bar, so that all bars begin in one column."""
IN_SECONDS = 180.0
"""Up to so many seconds a run's time left is shown in steps of 15 s, later in minutes: it changes with the elapsed."""


def running_time(course: Course, cells: int, glyphs: Glyphs) -> str:
    """As much as fits of `4m    ━━━━── ≈3m left`; the elapsed time alone if nothing else is known."""
    elapsed = formatting.duration(course.elapsed) if course.start_seen else formatting.at_least(course.elapsed)
    texts = list(_texts(course, elapsed, glyphs))
    return next((text for text in texts if width(text) <= cells), elapsed)


def _texts(course: Course, elapsed: str, glyphs: Glyphs) -> Iterator[str]:
    """The texts from the longest to the shortest."""
    said = ahead(course, glyphs)
    if said and course.outlook.share is not None and not course.is_late:
        yield f"{elapsed:<{ELAPSED}} {bar(course.outlook.share, glyphs)} {said}"
    if said:
        yield f"{elapsed:<{ELAPSED}} {said}".strip()
        yield f"{elapsed} {said}".strip()
    if course.is_late:
        yield f"{elapsed} > usual"
        yield "> usual"
    yield elapsed


def bar(share: float, glyphs: Glyphs) -> str:
    """A bar that is never full."""
    done = min(BAR - 1, int(share * BAR))
    return glyphs.bar[0] * done + glyphs.bar[1] * (BAR - done)


def ahead(course: Course, glyphs: Glyphs) -> str:
    """What is still to come: `≈3m left`, `any moment`, `longer than usual`; empty if that cannot be said."""
    usual = course.usual
    if usual is None:
        return ""
    match course.outlook.progress:
        case RunProgress.LONGER_THAN_USUAL:
            return "longer than usual"
        case RunProgress.UNKNOWN:
            return ""
        case RunProgress.LONGER_THAN_THE_FEW:
            return f"usually {usual_length(usual, glyphs)}"
    if usual.point is None:
        return f"usually {usual_length(usual, glyphs)}"
    if course.outlook.left is None:
        return "any moment"
    step = 15 if course.elapsed < IN_SECONDS else 60
    return f"{glyphs.about}{brief(max(step, round(course.outlook.left / step) * step))} left"


def usual_length(usual: Estimate, glyphs: Glyphs) -> str:
    """The usual duration: `≈9m`, or the range if there are two kinds of runs: `2m-14m`."""
    if usual.point is None:
        return f"{brief(usual.least)}-{brief(usual.most)}"
    return f"{glyphs.about}{brief(usual.point)}"


def usual_in_words(usual: Estimate, glyphs: Glyphs) -> str:
    """The usual duration and its ground: `≈9m, four of five runs 7m-12m (20 runs)`."""
    length = usual_length(usual, glyphs)
    if usual.point is None:
        length = f"four of five runs {length}, of two kinds"
    elif usual.has_range:
        length += f", four of five runs {brief(usual.least)}-{brief(usual.most)}"
    ground = [f"{usual.runs} runs"]
    ground += ["incl. failed"] if usual.includes_failed else []
    if usual.told:
        number = f"{usual.told} " if usual.told < usual.runs else ""
        ground.append(f"{number}from the service")
    return f"{length} ({', '.join(ground)})"
