"""The builds of a simulated job: its running spells, each with a number, an outcome and a log."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tui.demo.jobs import SPELLS, DemoJob

PER_ROUND = SPELLS // 2
"""Builds until the job's rhythm repeats itself."""
STEPS = {
    "mobile": ("Checkout", "Restore cache", "Compile", "Unit tests", "Sign ipa", "Upload"),
    "infra": ("Checkout", "Lint", "Plan", "Policy check", "Publish plan"),
    "data": ("Checkout", "Extract", "Transform", "Quality gate", "Load"),
}
_USUAL_STEPS = ("Checkout", "Restore cache", "Compile", "Unit tests", "Package image", "Push image")
_STATES = ("SUCCESS",) * 15 + ("FAILURE",) * 4 + ("ABORTED", "timeout")
"""In the documented spelling. A state that is listed more often is more likely."""
_OCCASIONS = (("MANUAL", "lin"), ("MANUAL", "zhang"), ("TIMER", "timer"), ("TIMER", "timer"), ("WEBHOOK", "webhook"))
_BRANCHES = ("main", "main", "main", "release/2.1", "develop", "feature/retry-after")
_ERRORS = {
    "Compile": (
        "CB.2001",
        "The command ended with exit status 2: 1 error in 214 files.",
        "Look for error: in the log.",
    ),
    "Unit tests": ("CB.2001", "The command ended with exit status 1: 3 tests failed.", "Look for FAILED in the log."),
    "Sign ipa": ("CB.2017", "The signing certificate has expired.", "Upload a new certificate to the project's files."),
    "Quality gate": ("CB.2023", "The gate asks for 80 % coverage, the build has 74 %.", "See the gate's report."),
}
_USUAL_ERROR = ("CB.2004", "The connection to the other side was reset.", "Check the address in the step's settings.")
_TALK = ("resolving", "fetching", "compiling", "linking", "testing", "checking", "packing", "writing")
_LINES_APART = 0.5, 2.0
"""Seconds between two lines of a log: of short builds, and of builds that take an hour."""
_ENOUGH_LINES = 2000


@dataclass(frozen=True, slots=True)
class Build:
    """One running spell. Times are seconds since the service started, negative for earlier builds."""

    number: int
    began: float
    ends: float
    state: str
    """The state after the build."""
    trigger: str
    executor: str
    branch: str
    commit: str
    steps: tuple[str, ...]
    failed_step: int
    error: tuple[str, str, str]
    """Code, message and help of the failed step."""

    @property
    def duration(self) -> float:
        return self.ends - self.began

    def is_over(self, at: float) -> bool:
        return at >= self.ends

    def log(self, at: float) -> Iterator[tuple[float, str, str, str]]:
        """Time, level, step and text of each line that is written by then."""
        apart = _LINES_APART[0] if self.duration < _ENOUGH_LINES * _LINES_APART[0] else _LINES_APART[1]
        done = self.failed_step + 1 if self.state == "FAILURE" else len(self.steps)
        count = int((min(at, self.ends) - self.began) / apart)
        for line in range(count):
            when = self.began + line * apart
            step = self.steps[min(done - 1, int(done * (when - self.began) / self.duration))]
            yield when, "INFO", step, f"{_TALK[line % len(_TALK)]} part {line + 1}"
        if self.is_over(at):
            yield (self.ends, *self._last_line())

    def _last_line(self) -> tuple[str, str, str]:
        match self.state:
            case "FAILURE":
                return "ERROR", self.steps[self.failed_step], f"{self.error[0]}: {self.error[1]}"
            case "ABORTED":
                return "WARN", self.steps[-1], f"The build was stopped by {self.executor}."
            case "timeout":
                return "ERROR", self.steps[-1], "The build took longer than it may."
        return "INFO", self.steps[-1], "The build is done."


def builds(job: DemoJob, at: float) -> Iterator[Build]:
    """The builds that have begun by then, newest first; none for a job that never runs."""
    ends, offset = job.rhythm.ends, job.rhythm.offset
    if ends[0] == 0.0:
        return
    rounds, position = divmod(at + offset, ends[-1])
    last = int(rounds) * PER_ROUND + min(bisect_right(ends, position), SPELLS - 1) // 2
    first = Random(f"first {job.job.id}").randint(20, 1500)
    for index in range(last, -first, -1):
        yield _build(job, first + index, *divmod(index, PER_ROUND))


def _build(job: DemoJob, number: int, turn: int, spell: int) -> Build:
    ends, offset = job.rhythm.ends, job.rhythm.offset
    began = ends[2 * spell - 1] if spell else 0.0
    random = Random(f"{job.seed} {job.job.id} build {number}")
    steps = STEPS.get(job.job.tags[0] if job.job.tags else "", _USUAL_STEPS)
    trigger, executor = random.choice(_OCCASIONS)
    failed_step = random.randrange(1, len(steps))
    return Build(
        number,
        turn * ends[-1] + began - offset,
        turn * ends[-1] + ends[2 * spell] - offset,
        random.choice(_STATES),
        trigger,
        executor,
        random.choice(_BRANCHES),
        f"{random.getrandbits(160):040x}",
        steps,
        failed_step,
        _ERRORS.get(steps[failed_step], _USUAL_ERROR),
    )
