"""The simulated jobs: when they run, what their builds are, and how their status calls fail."""

import string
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate
from random import Random

from tui.core.job import Job, JobId
from tui.demo.web import DROPPED, Answer, gateway_error, service_error, status_answer, web_page

SLOWNESS = 3.0
"""Seconds until the slow job is answered."""
GOOD_SPELL, BAD_SPELL = 60.0, 90.0
"""Seconds: long enough for a status to age, become stale and become fresh again."""
THROTTLED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """One status request for a job."""

    at: float
    """Seconds since the service started."""
    draw: float
    """A random number from 0 up to 1, for this request."""
    is_running: bool


Fault = Callable[[DemoRequest], Answer]


def always(answer: Answer) -> Fault:
    return lambda _: answer


def now_and_then_throttled(request: DemoRequest) -> Answer:
    if request.draw >= THROTTLED_SHARE:
        return status_answer(request.is_running)
    reason = "policy app over ratelimit,limit:20,time:1 second"  # above the clients' rates: no reason to slow down
    return gateway_error(429, "0308", f"The throttling threshold has been reached: {reason}")


def slow(request: DemoRequest) -> Answer:
    return replace(status_answer(request.is_running), delay=SLOWNESS)


def flapping(request: DemoRequest) -> Answer:
    if request.at % (GOOD_SPELL + BAD_SPELL) < GOOD_SPELL:
        return status_answer(request.is_running)
    return gateway_error(503, "0613", "The IAM service is unavailable.")


_NESTED = {"error": {"code": "DEV.CB.032011", "reason": "The task ID is invalid."}, "status": "error"}

FAULTS: dict[str, Fault] = {
    "bad request": always(service_error(400, "CB.00060200", "Invalid param")),
    "invalid job ID": always(service_error(400, "CB.00060201", "The task ID is invalid.")),
    "app refused": always(gateway_error(401, "0303", "Incorrect app authentication information: app not found")),
    "forbidden": always(gateway_error(403, "0306", "API access denied.")),
    "wrong region": always(gateway_error(403, "0802", "The IAM user is forbidden in the current region.")),
    "not found (404)": always(service_error(404, "CB.00060214", "The URL is not found or is illegal.")),
    "not found (422)": always(service_error(422, "CB.00031006", "The job does not exist.")),
    "throttled now and then": now_and_then_throttled,
    "server error (500)": always(service_error(500, "CB.00060101", "Internal error.")),
    "proxy page (502)": always(web_page(502, "502 Bad Gateway", "The proxy got no valid answer.")),
    "gateway time-out (504)": always(gateway_error(504, "0201", "Backend timeout.")),
    "error inside a 200": always(Answer(200, _NESTED)),
    "web page inside a 200": always(web_page(200, "Sign in", "Sign in to the console to go on.")),
    "slow": slow,
    "connection closed": always(DROPPED),
    "flapping (503)": flapping,
}
"""By the label of the job that has this fault."""


SPELLS = 24
"""Spells of running and idling until a job's rhythm repeats itself."""


class DemoPace(Enum):
    """The shortest and longest running spell of a job, then idle spell, in seconds."""

    BUSY = (20.0, 360.0), (30.0, 600.0)
    LONG = (3600.0, 10800.0), (300.0, 600.0)
    RESTING = (0.0, 0.0), (3600.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Alternating running and idle spells, repeated endlessly. Any time can be looked up, in any order."""

    ends: tuple[float, ...]
    """The end of each spell, in seconds from the beginning of the first, which is a running one."""
    offset: float

    def is_running(self, at: float) -> bool:
        position = (at + self.offset) % self.ends[-1]
        return bisect_right(self.ends, position) % 2 == 0


@dataclass(frozen=True, slots=True)
class DemoJob:
    """A job and how it behaves."""

    job: Job
    rhythm: Rhythm
    seed: int
    fault: Fault | None = None

    def answer(self, at: float, number: int) -> Answer:
        """Returns the answer to request `number` for this job, `at` seconds after the start."""
        is_running = self.rhythm.is_running(at)
        if self.fault is None:
            return status_answer(is_running)
        return self.fault(DemoRequest(at, Random(f"{self.seed} {self.job.id} {number}").random(), is_running))


_WELL: tuple[tuple[str, str, DemoPace], ...] = (
    ("payments-api nightly", "payments", DemoPace.BUSY),
    ("payments-api release", "payments", DemoPace.BUSY),
    ("payments-ledger", "payments", DemoPace.BUSY),
    ("payments-fraud-model training", "payments", DemoPace.LONG),
    ("web-frontend", "web", DemoPace.BUSY),
    ("web-frontend preview", "web", DemoPace.BUSY),
    ("web-checkout", "web", DemoPace.BUSY),
    ("web-design-system", "web", DemoPace.BUSY),
    ("web-browser-tests", "web", DemoPace.LONG),
    ("mobile-android", "mobile", DemoPace.BUSY),
    ("mobile-ios", "mobile", DemoPace.BUSY),
    ("mobile-ios beta", "mobile", DemoPace.BUSY),
    ("mobile-sdk", "mobile", DemoPace.BUSY),
    ("infra-base-images", "infra", DemoPace.BUSY),
    ("infra-terraform plan", "infra", DemoPace.BUSY),
    ("infra-cluster-addons", "infra", DemoPace.RESTING),
    ("infra-certificates", "infra", DemoPace.RESTING),
    ("data-warehouse load", "data", DemoPace.LONG),
    ("data-events", "data", DemoPace.BUSY),
    ("data-quality checks", "data", DemoPace.BUSY),
    ("auth-service", "platform", DemoPace.BUSY),
    ("search-indexer", "platform", DemoPace.BUSY),
    ("reports 每日报表", "platform", DemoPace.BUSY),
    ("legacy-billing", "platform", DemoPace.RESTING),
)
_EXAMPLE = {"payments-api nightly": JobId("901878212b1a49be9c1a1054c272762a")}
"""The example ID in Huawei's documentation of the status call."""


def demo_jobs(seed: int) -> tuple[DemoJob, ...]:
    """The healthy jobs, then one for every fault. IDs and labels do not depend on the seed."""
    well = [DemoJob(_job(label, tag), rhythm(seed, label, pace), seed) for label, tag, pace in _WELL]
    troubled = [DemoJob(_job(name, "faults"), rhythm(seed, name), seed, fault) for name, fault in FAULTS.items()]
    return (*well, *troubled)


def rhythm(seed: int, label: str, pace: DemoPace = DemoPace.BUSY) -> Rhythm:
    """Short spells are more likely than long ones, so that something changes every few seconds.

    The builds of a job take about the same time, but for one in twelve that may take much longer.
    """
    random = Random(f"{seed} {label}")
    shortest, longest = pace.value[0]
    usual = _spell(random, 1.25 * shortest, longest / 1.25)
    lengths = [
        _spell(random, *pace.value[1]) if number % 2 else usual * _spell(random, 0.8, 1.25) for number in range(SPELLS)
    ]
    lengths[0] = min(longest, usual * random.uniform(1.25, 4.0))
    ends = tuple(accumulate(lengths))
    return Rhythm(ends, random.uniform(0.0, ends[-1]))


def _spell(random: Random, shortest: float, longest: float) -> float:
    return shortest * (longest / shortest) ** random.random() if shortest else 0.0


def _job(label: str, tag: str) -> Job:
    return Job(_EXAMPLE.get(label) or _id_of(label), label, (tag,))


def _id_of(label: str) -> JobId:
    """An ID of the documented pattern: lower-case letters and digits, not only hexadecimal ones."""
    return JobId("".join(Random(label).choices(string.digits + string.ascii_lowercase, k=32)))


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
