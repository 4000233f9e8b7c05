"""The failing steps of a build, and its log in pieces of plain text."""

from collections.abc import Sequence
from typing import NamedTuple

from tui.codearts.extra_call import CallKind, ExtraCall, Members, checked_build, not_understood, result_of
from tui.core.job import JobId
from tui.core.reading import Failure
from tui.core.run import FailedStep
from tui.core.text import DETAIL

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


class LogPiece(NamedTuple):
    """Part of a log, with its line ends and without control sequences."""

    text: str
    next_offset: int | None = None
    """Where the next piece begins; None if the service does not say."""
    has_more: bool | None = None


def analysis_call(job: JobId, number: int) -> ExtraCall[Analysis]:
    path = f"/v1/log/{job}/{checked_build(number)}/analysis?limit={MOST_STEPS}&offset=0"
    return ExtraCall(CallKind.LOG_ANALYSIS, path, lambda body, secrets: parse_analysis(body, secrets, number))


def log_call(job: JobId, number: int, start: int = 0, end: int = 0, newest_first: bool = False) -> ExtraCall[LogPiece]:
    """The newer call. What its offsets count, and how far they go, is not documented."""
    sort = "DESC" if newest_first else "AES"  # as the vendor spells it
    query = f"start_offset={_offset(start)}&end_offset={_offset(end)}&sort={sort}&size=1000"
    path = f"/v1/log/{job}/{checked_build(number)}/real-time-log?{query}"
    return ExtraCall(CallKind.LOG, path, parse_log)


def log_v3_call(job: JobId, number: int, offset: int = 0) -> ExtraCall[LogPiece]:
    """The older call, which was seen to return the whole log from offset 0."""
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


def parse_log(body: bytes, secrets: Sequence[str] = ()) -> LogPiece | Failure:
    result = result_of(body, secrets)
    return result if isinstance(result, Failure) else _piece(result, "log", "end_offset", "has_more")


def parse_log_v3(body: bytes, secrets: Sequence[str] = ()) -> LogPiece | Failure:
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
    """An empty piece means that there is nothing new yet."""
    raw = result.plain_text(text, LONGEST_PIECE)
    if raw is None:
        return not_understood("there is no text in it")
    return LogPiece(raw, result.number(offset), result.flag(has_more))


def _offset(offset: int) -> int:
    if not 0 <= offset <= HIGHEST_OFFSET:
        raise ValueError(f"an offset is from 0 to {HIGHEST_OFFSET}")
    return offset
