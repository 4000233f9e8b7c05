"""Which build's log is read, and what is said where there is none."""

from typing import Any

import pytest

from tests.support.builders import failure, job_id
from tui.codearts.extra_call import ExtraCall
from tui.codearts.log_api import BuildLog, LogPiece
from tui.core.reading import Failure, FailureKind
from tui.core.run import RunRecord


class Service:
    """Has one log for each build."""

    def __init__(self, last: RunRecord | Failure | None) -> None:
        self.last = last
        self.refusal: Failure | None = None
        self.asked: list[str] = []

    async def last_run(self, job: object, with_duration: bool = False) -> RunRecord | Failure | None:
        self.asked.append("record")
        return self.last

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        number = call.path.split("/")[4]
        self.asked.append(number)
        return self.refusal or LogPiece(f"log of {number}\n", None, None)


def log_of(service: Any, known: int = 0) -> BuildLog:
    return BuildLog(service, job_id(1), known, 0)


async def test_it_is_the_log_of_the_newest_build() -> None:
    service = Service(RunRecord(7, is_finished=True))
    log = log_of(service)
    assert not await log.read_on(is_running=False)
    assert (log.number, log.tail.lines) == (7, ["log of 7"])
    assert not await log.read_on(is_running=False)
    assert service.asked == ["record", "7", "7"]


async def test_a_running_build_without_a_record_is_sought_and_its_log_takes_over() -> None:
    service = Service(RunRecord(7, is_finished=True))
    log = log_of(service)
    await log.read_on(is_running=True)
    assert (log.number, log.is_older) == (7, True)
    service.last = RunRecord(8, is_finished=False)
    await log.read_on(is_running=True)
    assert (log.number, log.is_older, log.tail.lines) == (8, False, ["log of 8"])
    for _ in range(3):
        await log.read_on(is_running=True)
    assert service.asked.count("record") == 2


async def test_it_is_not_sought_for_ever() -> None:
    service = Service(RunRecord(7, is_finished=True))
    log = log_of(service)
    for _ in range(40):
        assert not await log.read_on(is_running=True)
    assert service.asked.count("record") <= 12


async def test_where_builds_are_not_listed_the_known_one_is_read() -> None:
    log = log_of(Service(failure(FailureKind.FORBIDDEN)), known=5)
    assert not await log.read_on(is_running=False)
    assert log.tail.lines == ["log of 5"]


@pytest.mark.parametrize(
    ("last", "refusal", "says"),
    [
        (None, None, "never built"),
        (RunRecord(3), Failure(FailureKind.SERVER_ERROR, "x", "CB.00030004"), "#3 has no log: it never ran"),
        (RunRecord(3), failure(FailureKind.FORBIDDEN), "page has the log, too"),
        (RunRecord(3), failure(FailureKind.TIMEOUT), "Press r to ask again"),
        (failure(FailureKind.TIMEOUT), None, "Press r to ask again"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(
    last: RunRecord | Failure | None, refusal: Failure | None, says: str
) -> None:
    service = Service(last)
    service.refusal = refusal
    assert says in await log_of(service).read_on(is_running=False)


async def test_what_failed_once_is_asked_for_again() -> None:
    service = Service(failure(FailureKind.TIMEOUT))
    log = log_of(service)
    assert await log.read_on(is_running=False)
    service.last = RunRecord(3)
    assert not await log.read_on(is_running=False)
    assert log.tail.lines == ["log of 3"]
