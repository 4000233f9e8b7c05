"""The failing steps of a build, and its log: in pieces of plain text, all that there is, and what is added; and the
log of a job's newest build.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tui.codearts.extra_call import (
    CallKind,
    ExtraCall,
    Fetcher,
    Members,
    checked_build,
    has_no_log,
    not_understood,
    result_of,
)
from tui.core.job import JobId
from tui.core.log_tail import LogTail
from tui.core.reading import Failure, Retry
from tui.core.run import FailedStep, RunRecord
from tui.core.text import DETAIL
from tui.threads import in_thread

MOST_STEPS = 100
PIECE = 1_000_000
"""Characters that one call for a log asks for."""
LONGEST_PIECE = 2 * 1024 * 1024
"""Characters that are kept of one answer: the last ones."""
HIGHEST_OFFSET = 2_147_483_647


class Analysis(NamedTuple):
    """The failing steps of a build, in the service's order; there may be none."""

    number: int
    steps: tuple[FailedStep, ...]


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Part of a log, with its line ends and without control sequences and secrets."""

    text: str
    next_offset: int | None = None
    """Where the next piece begins; None if the service does not say, or names what no call can ask for."""
    has_more: bool | None = None
    without_secrets: Callable[[str], str] = field(default=str, compare=False)
    """Hides the secrets in a line that began in the piece before."""


def analysis_call(job: JobId, number: int) -> ExtraCall[Analysis]:
    path = f"/v1/log/{job}/{checked_build(number)}/analysis?limit={MOST_STEPS}&offset=0"
    return ExtraCall(CallKind.LOG_ANALYSIS, path, lambda body, secrets: parse_analysis(body, secrets, number))


def log_call(job: JobId, number: int, start: int = 0) -> ExtraCall[LogPiece]:
    """A piece of a build's log, by the newer of the two calls. What its offsets count, and how far they go, is not
    documented."""
    query = f"start_offset={_offset(start)}&end_offset=0&sort=AES&size=1000"  # AES: as the vendor spells it
    path = f"/v1/log/{job}/{checked_build(number)}/real-time-log?{query}"
    return ExtraCall(CallKind.LOG, path, parse_log)


def log_v3_call(job: JobId, number: int, offset: int = 0) -> ExtraCall[LogPiece]:
    """A piece of a build's log, by the older call, which was seen to return the whole log from offset 0."""
    query = f"offset={_offset(offset)}&length={PIECE}"
    return ExtraCall(CallKind.LOG_V3, f"/v3/jobs/{job}/{checked_build(number)}/real-time-log?{query}", parse_log_v3)


def parse_analysis(body: bytes, secrets: Sequence[str], number: int) -> Analysis | Failure:
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if not result.has_list("error_nodes"):
        return not_understood("there is no list of steps in it")
    if result.build_number("build_no") not in (None, number):
        return not_understood("it is about another build")
    steps = [_step(one) for one in result.each("error_nodes", MOST_STEPS)]
    return Analysis(number, tuple(step for step in steps if any(step)))


def parse_log(body: bytes, secrets: Sequence[str]) -> LogPiece | Failure:
    result = result_of(body, secrets)
    return result if isinstance(result, Failure) else _piece(result, "log", "end_offset", "has_more")


def parse_log_v3(body: bytes, secrets: Sequence[str]) -> LogPiece | Failure:
    result = result_of(body, secrets, has_status=False)
    return result if isinstance(result, Failure) else _piece(result, "content", "offset", "has_more_data")


def _step(members: Members) -> FailedStep:
    error = members.inner("error_info")
    return FailedStep(
        members.text("step", "node_id", limit=200),
        error.text("error_code", limit=100),
        error.text("error_message", limit=DETAIL),
        error.text("faq", limit=DETAIL),
    )


def _piece(result: Members, text: str, offset: str, has_more: str) -> LogPiece | Failure:
    """Returns the piece in an answer; an empty one means that there is nothing new yet."""
    raw = result.plain_text(text, LONGEST_PIECE)
    if raw is None:
        return not_understood("there is no text in it")
    next_offset = result.number(offset)
    is_usable = next_offset is not None and next_offset <= HIGHEST_OFFSET
    return LogPiece(raw, next_offset if is_usable else None, result.flag(has_more), result.without_secrets)


def _offset(offset: int) -> int:
    if not 0 <= offset <= HIGHEST_OFFSET:
        raise ValueError(f"an offset is from 0 to {HIGHEST_OFFSET}")
    return offset


MOST_PIECES = 16
"""Requests at a time: a longer log is read on at the next time."""
_SHORT = 4096
"""Characters. A shorter piece of a log that grows is its end for now: else each line that is added while this is asked
would be asked for by itself, without end."""
_IN_A_THREAD = 64 * 1024
"""Characters. A longer piece is split in a thread, so that the screen does not wait for it."""


class LogReader:
    """Reads the log of a build, piece by piece: by the older call, which is known to work, and by the newer one where
    that brings nothing."""

    def __init__(self, fetcher: Fetcher, job: JobId, number: int) -> None:
        self.tail = LogTail()
        self.number = number
        self._fetcher = fetcher
        self._job = job
        self._offset = 0
        self._seen = 0
        """Characters of the piece at this offset that were taken already: not every answer says where to go on."""
        self._is_newer = False
        self.has_more = False
        """Whether the last `read_on` ended before the log did."""

    async def read_on(self, grows: bool = False, came: Callable[[], object] = lambda: None) -> Failure | None:
        """Adds to `tail` what is new, and calls `came` after each piece; returns why nothing could be read.

        `grows`: whether the build goes on.
        """
        self.has_more = False
        for _ in range(MOST_PIECES):
            piece = await self._next_piece()
            if isinstance(piece, Failure):
                return piece
            is_end = piece.next_offset is None or piece.next_offset <= self._offset
            if is_end and self._offset:
                return None  # it said before where to go on, and says now that it is there
            await self._add(piece.text[self._seen :], piece.without_secrets)
            came()
            if piece.next_offset is None or is_end:
                self._seen = max(self._seen, len(piece.text))
                return None
            self._offset, self._seen = piece.next_offset, 0
            if not piece.text or not piece.has_more or (grows and len(piece.text) < _SHORT):
                return None
        self.has_more = True
        return None

    async def _add(self, text: str, without_secrets: Callable[[str], str]) -> None:
        if len(text) > _IN_A_THREAD:
            self.tail.take(await in_thread(self.tail.split, text, without_secrets))
        else:
            self.tail.add(text, without_secrets)

    async def _next_piece(self) -> LogPiece | Failure:
        if self._is_newer:
            return await self._fetcher.fetch(log_call(self._job, self.number, self._offset))
        piece = await self._fetcher.fetch(log_v3_call(self._job, self.number, self._offset))
        if not isinstance(piece, Failure) or self._offset:
            return piece
        newer = await self._fetcher.fetch(log_call(self._job, self.number))
        self._is_newer = not isinstance(newer, Failure)
        return newer if self._is_newer else piece


SOUGHT_AGAIN = 12
"""So often a running build without a record is sought; until it is there the log of the build before is shown."""


class BuildSource(Fetcher, Protocol):
    """Who asks for a job's builds."""

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""


class BuildLog:
    """Reads the log of one build, or of the one that is running, or of the last one; `tail` has what was read."""

    def __init__(self, source: BuildSource, job: JobId, known_number: int, number: int) -> None:
        """`known_number` is the number of the last build, for a service that refuses to list builds. With `number` that
        build is read, and no other."""
        self.tail = LogTail()
        self.number = 0
        """Of the build whose log is read; 0 until that is known."""
        self.is_older = False
        """Whether the running build has no record yet: what is read is about the one before."""
        self._source = source
        self._job = job
        self._known_number = known_number
        self._reader: LogReader | None = None
        self._sought = 0
        if number:
            self._read(number)

    @property
    def has_more(self) -> bool:
        """Whether the log was not read to its end yet: there is more to read at once."""
        return self._reader is not None and self._reader.has_more

    async def read_on(self, is_running: bool, came: Callable[[], object] = lambda: None) -> str:
        """Adds to `tail` what is new, and calls `came` after each piece. Returns why nothing could be read, and what to
        do; empty if it could.

        `is_running`: whether the job runs now.
        """
        is_sought = self._reader is None or (is_running and self.is_older and self._sought < SOUGHT_AGAIN)
        if is_sought and (problem := await self._choose(is_running)):
            return problem
        reader = self._reader
        failure = await reader.read_on(is_running, came) if reader else None
        return _sentence(failure, self.number) if failure else ""

    async def _choose(self, is_running: bool) -> str:
        """Finds the number of the newest build. A known build stays if it cannot be found now."""
        self._sought += 1
        last = await self._source.last_run(self._job)
        if isinstance(last, Failure):
            if self._reader:
                return ""
            if not self._known_number:
                return _sentence(last, 0)
            number = self._known_number
        elif last is None:
            return "This job was never built: there is no log yet."
        else:
            number = last.number
            self.is_older = is_running and last.is_finished is True
        if number != self.number:
            self._read(number)
        return ""

    def _read(self, number: int) -> None:
        self.number = number
        self._reader = LogReader(self._source, self._job, number)
        self.tail = self._reader.tail


def _sentence(failure: Failure, number: int) -> str:
    if has_no_log(failure):
        return f"Build #{number} has no log: it never ran."
    match failure.kind.retry:
        case Retry.SIGN_IN:  # its summary says what to do
            what_to_do = ""
        case Retry.LASTING:
            what_to_do = "The job's page has the log, too."
        case _:
            what_to_do = "Press r to ask again."
    return f"{failure.summary} {what_to_do}".rstrip()
