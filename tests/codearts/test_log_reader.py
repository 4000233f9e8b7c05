"""A log that grows, read by calls of which nobody knows for certain what their offsets mean."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.builders import failure, job_id
from tests.support.threads import none_more
from tui.codearts.extra_call import CallKind, ExtraCall
from tui.codearts.log_api import LogPiece, LogReader
from tui.core.reading import FailureKind

SHORT = "hunter2-and-more"
"""A secret of which a half is too short to be known as a part of it."""
LOG = "".join(f"line {number}\n" for number in range(40))


class Service:
    """Has a log, and gives pieces of it."""

    def __init__(self, give: Callable[[str, int], object], refuses: CallKind | None = None) -> None:
        self.log = ""
        self._refuses = refuses
        self.asked: list[CallKind] = []
        self._give = give

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        self.asked.append(call.kind)
        if call.kind is self._refuses:
            return failure(FailureKind.NOT_FOUND)
        query = dict(part.split("=") for part in call.path.partition("?")[2].split("&"))
        return self._give(self.log, int(query.get("offset", query.get("start_offset", "0"))))


def by_offset(log: str, offset: int) -> LogPiece:
    piece = log[offset : offset + 100]
    return LogPiece(piece, offset + len(piece), offset + len(piece) < len(log))


SERVICES: dict[str, Callable[[str, int], object]] = {
    "offset of the next piece": by_offset,
    "offset that was asked for": lambda log, offset: LogPiece(log[offset:], offset, False),
    "no offset": lambda log, offset: LogPiece(log, None, None),
}


@pytest.mark.parametrize("give", SERVICES.values(), ids=SERVICES.keys())
async def test_each_line_is_read_once_while_the_log_grows(give: Callable[[str, int], object]) -> None:
    service = Service(give)
    reader = LogReader(service, job_id(1), 7)
    for end in (0, 130, 130, 200, len(LOG)):
        service.log = LOG[:end]
        assert await reader.read_on() is None
        assert "\n".join(reader.tail.lines) == LOG[:end].removesuffix("\n")
    assert len(service.asked) <= 12


@pytest.mark.parametrize(
    "end", ["", " and more\n", pytest.param(" and more\n" + 70 * f"{999 * '-'}\n", id="a long piece")]
)
@pytest.mark.parametrize("cut", [6, 8])
async def test_a_short_secret_that_is_cut_by_two_pieces_is_hidden(cut: int, end: str) -> None:
    log, middle = f"first\nuses {SHORT}{end}", len("first\nuses ") + cut

    class Cutting(Service):
        async def fetch(self, call: ExtraCall[Any]) -> Any:
            piece: LogPiece = await super().fetch(call)
            content = {"content": piece.text, "offset": piece.next_offset, "has_more_data": piece.has_more}
            return call.parse(json.dumps({"result": content}).encode(), (SHORT,))

    def give(log: str, offset: int) -> LogPiece:
        return LogPiece(log[offset:], len(log), False) if offset else LogPiece(log[:middle], middle, True)

    service = Cutting(give)
    service.log = log
    reader = LogReader(service, job_id(1), 7)
    assert await reader.read_on() is None
    assert reader.tail.lines == f"first\nuses ***{end}".splitlines()


async def test_no_line_is_read_twice_where_an_answer_has_less_of_the_log_than_the_one_before() -> None:
    service = Service(SERVICES["no offset"])
    reader = LogReader(service, job_id(1), 7)
    for end in (130, 60, 200):
        service.log = LOG[:end]
        assert await reader.read_on() is None
    assert reader.tail.lines == LOG[:200].splitlines()


async def test_where_the_older_call_brings_nothing_the_newer_is_asked() -> None:
    service = Service(by_offset, refuses=CallKind.LOG_V3)
    service.log = LOG
    reader = LogReader(service, job_id(1), 7)
    assert await reader.read_on() is None
    assert reader.tail.lines == LOG.splitlines()


async def test_a_long_piece_is_read_also_where_no_thread_can_be_had() -> None:
    service = Service(lambda log, offset: LogPiece(log))
    service.log = 5000 * LOG
    reader = LogReader(service, job_id(1), 7)
    with pytest.MonkeyPatch.context() as patched:
        none_more(patched)
        assert await reader.read_on() is None
    assert reader.tail.lines[-1] == "line 39"


async def test_where_both_are_refused_the_older_call_says_why() -> None:
    refused = failure(FailureKind.FORBIDDEN)
    reader = LogReader(Service(lambda log, offset: refused), job_id(1), 7)
    assert await reader.read_on() == refused
    assert reader.tail.lines == []


async def test_an_endless_log_is_left_after_some_requests() -> None:
    service = Service(lambda log, offset: LogPiece("x\n" * 50, offset + 100, True))
    reader = LogReader(service, job_id(1), 7)
    await reader.read_on()
    assert len(service.asked) == 16


@pytest.mark.parametrize(("line", "asked"), [("x\n", 1), ("x" * 5000 + "\n", 16)], ids=["slowly", "fast"])
async def test_a_log_that_grows_while_it_is_read_is_not_asked_for_line_by_line(line: str, asked: int) -> None:
    def with_a_line(log: str, offset: int) -> LogPiece:
        return LogPiece(line, offset + len(line), True)

    service, came = Service(with_a_line), list[int]()
    reader = LogReader(service, job_id(1), 7)
    await reader.read_on(grows=True, came=lambda: came.append(reader.tail.count))
    assert len(service.asked) == asked
    assert came == list(range(1, asked + 1))
    await reader.read_on()
    assert len(service.asked) == asked + 16  # a build that has ended has its whole log


async def test_a_service_that_sends_the_whole_log_again_and_says_so_is_not_believed_twice() -> None:
    service = Service(lambda log, offset: LogPiece(log, len(log), False))
    reader = LogReader(service, job_id(1), 7)
    service.log = LOG
    for _round in range(3):
        await reader.read_on()
    assert reader.tail.lines == LOG.splitlines()
