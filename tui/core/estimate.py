"""How long a run usually takes, and the outlook for a run in progress.

The rule was chosen on 18,660 real CI runs: the median of the last twenty complete runs was off by 12 % (mean over
projects), the last duration by 16 %, the mean of three by 15 %; the 10th to 90th percentile held 79 % of the next ones.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

WINDOW = 20
"""Number of runs that an estimate uses at most. 15 to 60 gave the same error."""
OLDEST = 90 * 86_400.0
"""Runs that ended more than this many seconds ago do not count."""
FEWEST_FOR_POINT = 3
FEWEST_FOR_RANGE = 9
"""With fewer, not even the whole span of the runs covers 80 % of the next ones."""
MIXTURE = 3.0
"""Above this ratio of 90th to 10th percentile there are two kinds of runs, and the median is typical of neither."""
FULLEST = 0.95
"""The largest share of a progress bar that is filled while the run goes on."""


class PastRun(NamedTuple):
    """A run whose start and end are both known."""

    ended_at: float
    """Epoch seconds."""
    duration: float
    """Seconds."""
    failed: bool = False
    """Whether it is known to have failed, or to have been aborted or timed out."""
    is_told: bool = False
    """Whether the service told of it, and it was not observed closely enough."""


def is_precise(start_width: float, end_width: float, duration: float, interval: float) -> bool:
    """Returns whether a run was observed closely enough to learn from.

    `start_width` is the time between the two readings between which the run began, `end_width` the same for its end,
    and `interval` the polling interval; all in seconds.
    """
    widest = max(start_width, end_width)
    return widest <= 2 * interval and widest <= duration / 4


class Estimate(NamedTuple):
    """The duration of a run as estimated from past runs; in seconds."""

    runs: int
    """Number of runs that were used."""
    point: float | None
    """The usual duration; None if there are two kinds of runs."""
    least: float
    most: float
    """The 10th and the 90th percentile; with fewer than nine runs the shortest and the longest."""
    includes_failed: bool = False
    told: int = 0
    """How many of the runs are known from the service alone."""

    @property
    def has_range(self) -> bool:
        """Whether `least` and `most` may be shown as the range that four of five runs fall into."""
        return self.runs >= FEWEST_FOR_RANGE

    @property
    def too_long(self) -> float:
        """Seconds beyond which a run takes longer than usual; about one in a hundred successful runs does."""
        return max(1.25 * self.most, self.most + 60)


def estimate(runs: Iterable[PastRun], now: float) -> Estimate | None:
    """Returns the estimate from the runs that ended by `now` (epoch seconds).

    Failed runs count only if there are not enough others. Returns None for fewer than three runs, and if fewer than
    nine runs are too different for a point.
    """
    known = sorted(run for run in runs if now - OLDEST <= run.ended_at <= now and run.duration > 0)
    good = [run for run in known if not run.failed]
    includes_failed = len(good) < FEWEST_FOR_POINT
    used = (known if includes_failed else good)[-WINDOW:]
    chosen = sorted(run.duration for run in used)
    if len(chosen) < FEWEST_FOR_POINT:
        return None
    least, most = percentile(chosen, 0.1), percentile(chosen, 0.9)
    is_mixture = most > MIXTURE * least
    if is_mixture and len(chosen) < FEWEST_FOR_RANGE:
        return None
    told = sum(run.is_told for run in used)
    return Estimate(len(chosen), None if is_mixture else percentile(chosen, 0.5), least, most, includes_failed, told)


def percentile(ordered: list[float], share: float) -> float:
    """Returns the `share` quantile of a sorted list: interpolated between two neighbours, never outside the list."""
    position = min(max(share * (len(ordered) + 1), 1), len(ordered))
    below = int(position) - 1
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position % 1) * (ordered[above] - ordered[below])


class RunProgress(StrEnum):
    """How far a run is, compared with the estimate."""

    UNKNOWN = "unknown"
    ON_ITS_WAY = "on its way"
    ANY_MOMENT = "any moment"
    LONGER_THAN_THE_FEW = "longer than the few"
    """Longer than all of the few runs that are known, which is not enough to call it unusual."""
    LONGER_THAN_USUAL = "longer than usual"


class Outlook(NamedTuple):
    """How far a run in progress is, and how long it still takes."""

    progress: RunProgress
    left: float | None = None
    """Seconds until it usually ends; only while ON_ITS_WAY."""
    share: float | None = None
    """How much of a progress bar to fill, 0 to 0.95; None if the estimate has no point."""

    @property
    def is_late(self) -> bool:
        return self.progress is RunProgress.LONGER_THAN_USUAL


def outlook(elapsed: float, start_seen: bool, usual: Estimate | None) -> Outlook:
    """Returns the outlook `elapsed` seconds after the middle of the interval in which the run began.

    If its start was not seen, `elapsed` is a lower bound: enough to call the run late, not to predict its end.
    """
    if usual is None:
        return Outlook(RunProgress.UNKNOWN)
    is_over = elapsed > usual.too_long
    share = FULLEST if usual.point and start_seen else None
    if is_over and usual.has_range:
        return Outlook(RunProgress.LONGER_THAN_USUAL, share=share)
    if not start_seen:
        return Outlook(RunProgress.UNKNOWN)
    if is_over:
        return Outlook(RunProgress.LONGER_THAN_THE_FEW, share=share)
    if usual.point is None:
        return Outlook(RunProgress.ANY_MOMENT if elapsed > usual.least else RunProgress.ON_ITS_WAY)
    share = min(max(elapsed, 0) / usual.point, FULLEST)
    if elapsed < usual.point:
        return Outlook(RunProgress.ON_ITS_WAY, usual.point - max(elapsed, 0), share)
    return Outlook(RunProgress.ANY_MOMENT, share=share)


def rounded(seconds: float) -> int:
    """Returns a duration rounded to 1 s up to a minute, to 15 s up to ten minutes, then to a minute."""
    step = 1 if seconds < 60 else 15 if seconds < 600 else 60
    return max(step, round(seconds / step) * step) if seconds > 0 else 0
