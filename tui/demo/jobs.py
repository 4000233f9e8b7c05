"""The simulated jobs: what they are called, and when they run."""

import string
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from random import Random

from tui.core.job import Job, JobId
from tui.demo.answers import Answer, status_answer
from tui.demo.faults import FAULTS, Asked, Fault

SPELLS = 24
"""How many spells of running and idling a job goes through before it repeats itself."""


class Pace(Enum):
    """How long a job runs and idles: shortest and longest spell of each, in seconds."""

    BUSY = (20.0, 360.0), (30.0, 600.0)
    LONG = (3600.0, 10800.0), (300.0, 600.0)
    RESTING = (0.0, 0.0), (3600.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Running and idle spells in turn, repeated for ever: any moment can be asked for, in any order."""

    ends: tuple[float, ...]
    """Where each spell ends, in seconds from the first one's beginning; the first is a running one."""
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
        """What the question `number` about this job gets, `at` seconds after the start."""
        is_running = self.rhythm.is_running(at)
        if self.fault is None:
            return status_answer(is_running)
        return self.fault(Asked(at, Random(f"{self.seed} {self.job.id} {number}").random(), is_running))


_WELL: tuple[tuple[str, str, Pace], ...] = (
    ("payments-api nightly", "payments", Pace.BUSY),
    ("payments-api release", "payments", Pace.BUSY),
    ("payments-ledger", "payments", Pace.BUSY),
    ("payments-fraud-model training", "payments", Pace.LONG),
    ("web-frontend", "web", Pace.BUSY),
    ("web-frontend preview", "web", Pace.BUSY),
    ("web-checkout", "web", Pace.BUSY),
    ("web-design-system", "web", Pace.BUSY),
    ("web-browser-tests", "web", Pace.LONG),
    ("mobile-android", "mobile", Pace.BUSY),
    ("mobile-ios", "mobile", Pace.BUSY),
    ("mobile-ios beta", "mobile", Pace.BUSY),
    ("mobile-sdk", "mobile", Pace.BUSY),
    ("infra-base-images", "infra", Pace.BUSY),
    ("infra-terraform plan", "infra", Pace.BUSY),
    ("infra-cluster-addons", "infra", Pace.RESTING),
    ("infra-certificates", "infra", Pace.RESTING),
    ("data-warehouse load", "data", Pace.LONG),
    ("data-events", "data", Pace.BUSY),
    ("data-quality checks", "data", Pace.BUSY),
    ("auth-service", "platform", Pace.BUSY),
    ("search-indexer", "platform", Pace.BUSY),
    ("reports 每日报表", "platform", Pace.BUSY),
    ("legacy-billing", "platform", Pace.RESTING),
)
_EXAMPLE = {"payments-api nightly": JobId("901878212b1a49be9c1a1054c272762a")}
"""Huawei's page on the status call has this ID as its example."""


def demo_jobs(seed: int) -> tuple[DemoJob, ...]:
    """Those that answer well, then one for every fault. IDs and labels are the same for every seed."""
    well = [DemoJob(_job(label, tag), rhythm(seed, label, pace), seed) for label, tag, pace in _WELL]
    troubled = [DemoJob(_job(name, "faults"), rhythm(seed, name), seed, fault) for name, fault in FAULTS.items()]
    return (*well, *troubled)


def rhythm(seed: int, label: str, pace: Pace = Pace.BUSY) -> Rhythm:
    """Short spells are likelier than long ones, so that something changes every few seconds."""
    random = Random(f"{seed} {label}")
    lengths = [_spell(random, *pace.value[number % 2]) for number in range(SPELLS)]
    ends = tuple(accumulate(lengths))
    return Rhythm(ends, random.uniform(0.0, ends[-1]))


def _spell(random: Random, shortest: float, longest: float) -> float:
    return shortest * (longest / shortest) ** random.random() if shortest else 0.0


def _job(label: str, tag: str) -> Job:
    return Job(_EXAMPLE.get(label) or _id_of(label), label, (tag,))


def _id_of(label: str) -> JobId:
    """The documented pattern: lower-case letters and digits, not only hexadecimal ones."""
    return JobId("".join(Random(label).choices(string.digits + string.ascii_lowercase, k=32)))
