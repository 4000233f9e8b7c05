"""A job whose runs are known, and whether what was recorded of it is true."""

from tests.support.builders import moment
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Status

NOON = moment(0).wall.timestamp()


class Truth:
    """A job that starts and stops at given moments."""

    def __init__(self, flips: list[float]) -> None:
        self.flips = flips

    def status(self, at: float) -> Status:
        return Status.RUNNING if sum(flip <= at for flip in self.flips) % 2 else Status.IDLE

    def runs(self) -> list[tuple[float, float]]:
        ends = [*self.flips, float("inf")]
        return [(ends[at], ends[at + 1]) for at in range(0, len(self.flips), 2)]


def holds(between: Between, at: float) -> bool:
    return (between.after is None or between.after <= NOON + at) and NOON + at <= between.by


def is_true(run: ObservedRun, truth: Truth) -> bool:
    """Returns whether one of the true runs began and ended within the bounds of `run`, or `run` may be several."""
    if run.maybe_two:
        return any(holds(run.start, start) for start, _ in truth.runs())
    for start, end in truth.runs():
        if holds(run.start, start) and (run.end is None or holds(run.end, end)):
            if run.end is None or run.duration is None:
                return True
            least, most = run.duration
            return least <= end - start and (most is None or end - start <= most)
    return False
