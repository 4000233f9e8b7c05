"""What all extra calls, those beside the status call, have in common. Pure.

None of them could be tried against the real service, so their answers are parsed leniently: numbers may be texts,
members may be missing. An answer that cannot be used becomes a `Failure`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Generic, NamedTuple, Protocol, TypeVar

from tui.codearts.json_body import fields_of, parse_json
from tui.codearts.redaction import redact_lines, redacted_line
from tui.codearts.status_api import failure_of
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind
from tui.core.text import CELL, JOINERS, plain_paste

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

HIGHEST_BUILD = 1_000_000_000
_LARGEST_LIST = 2 * 1024 * 1024
_LARGEST_LOG = 8 * 1024 * 1024
_MOST_LINES = 20_000
"""Lines of a text that are kept."""
_LARGEST_ERROR = 64 * 1024
"""Bytes of an error that are looked into."""
_RAW = 60
"""Characters of a text that is compared only."""
_LONGEST_NUMBER = 18
"""Digits."""
_MILLISECONDS_FROM = 100_000_000_000
"""As seconds this would be the year 5138, as milliseconds it is 1973."""
_YEARS = range(2000, 2101)
_WITHOUT_JOINERS = dict.fromkeys(map(ord, JOINERS))
_NEVER_BUILT = re.compile(r"(?:DEV\.?)?CB\.00031059", re.ASCII)
_NO_SUCH_LOG = re.compile(r"(?:DEV\.?)?CB\.00030004", re.ASCII)
"""The older log call returns this with HTTP 500 for a build that never ran."""


class CallKind(StrEnum):
    """Which call it is: the service may refuse any of them alone. The value is shown to the user."""

    JOB_LIST = "list of jobs"
    WHOLE_JOB_LIST = "list of jobs in one piece"
    PROJECT_JOB_LIST = "jobs of a project"
    BUILDING_JOBS = "list of building jobs"
    PROJECTS = "projects"
    RECORD_LIST = "records of builds"
    RECORD_INFO = "times of a build"
    JOB_INFO = "name of a job"
    RUNNING_STATUS = "number of the last build"
    LOG_ANALYSIS = "failing step"
    LOG = "log"
    LOG_V3 = "log by the older call"

    @property
    def is_log(self) -> bool:
        return self in (CallKind.LOG, CallKind.LOG_V3)

    @property
    def largest_body(self) -> int:
        """Bytes of an answer's body."""
        return _LARGEST_LOG if self.is_log else _LARGEST_LIST

    @property
    def time_limit(self) -> float:
        """Seconds that a call may take."""
        return 30.0 if self.is_log else 10.0


class ExtraCall(NamedTuple, Generic[T_co]):
    """One GET: its path, and how its answer is parsed."""

    kind: CallKind
    path: str
    """The path and its query, percent-encoded."""
    parse: Callable[[bytes, Sequence[str]], T_co | Failure]
    """Parses the body of an answer with HTTP 200, and keeps the secrets out of all texts. Never raises."""


class Fetcher(Protocol):
    """Who sends extras."""

    async def fetch(self, call: ExtraCall[T]) -> T | Failure:
        """Returns what the call brings, or why it brings nothing. Never raises for what network or service do."""


class Members:
    """The members of a JSON object from the service. Each getter returns nothing for a member that cannot be used."""

    __slots__ = ("_members", "_secrets")

    def __init__(self, value: object, secrets: Sequence[str]) -> None:
        self._members: Mapping[str, object] = value if isinstance(value, dict) else {}
        self._secrets = secrets

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, *names: str, limit: int = CELL) -> str:
        """The first of these members that is a text or a number; empty if none is."""
        for name in names:
            value = self._members.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if isinstance(value, str) and value.strip():
                return redacted_line(value.strip(), self._secrets, limit)
        return ""

    def raw(self, name: str) -> str:
        """The beginning of a text or a number as it was sent: to be compared, never shown."""
        value = self._members.get(name)
        return str(value)[:_RAW] if isinstance(value, str | int | float) else ""

    def job_id(self) -> JobId | None:
        """The ID of an entry in a list of jobs; None for one that is none."""
        for name in ("id", "job_id"):
            value = self._members.get(name)
            if isinstance(value, str) and value.strip():
                return JobId.or_none(value.strip())
        return None

    def plain_text(self, name: str, most: int) -> str | None:
        """The last `most` characters of a text, without secrets and with line feeds; None if it is no text.

        Null counts as empty. Cleans each of the last lines by itself, so that no other thread waits long.
        """
        value = self._members.get(name, 0)
        if value is None:
            return ""
        if not isinstance(value, str):
            return None
        lines = value[-most:].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        text = "\n".join(map(plain_paste, redact_lines(lines[-_MOST_LINES:], self._secrets)))
        return text.translate(_WITHOUT_JOINERS)

    def without_secrets(self, line: str) -> str:
        """The line of a log without the secrets that are kept out of all texts."""
        return redact_lines([line], self._secrets)[0]

    def number(self, name: str) -> int | None:
        """A whole number from 0, or a text of one."""
        value = self._members.get(name)
        if isinstance(value, str):
            value = _whole(value.strip())
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if 0 <= value < 10**_LONGEST_NUMBER else None

    def amount(self, name: str) -> float | None:
        """A number from 0, whole or not, or a text of one."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            amount = float(value) if not isinstance(value, str) or len(value) <= 40 else -1.0
        except (ValueError, OverflowError):
            return None
        return amount if isfinite(amount) and amount >= 0 else None

    def flag(self, name: str) -> bool | None:
        value = self._members.get(name)
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def build_number(self, name: str) -> int | None:
        number = self.number(name)
        return number if number and number <= HIGHEST_BUILD else None

    def moment(self, name: str) -> datetime | None:
        """A number of milliseconds or seconds since 1970, told apart by size, or an ISO text with a time zone."""
        number = self.number(name)
        if number is None:
            return _dated(self._members.get(name))
        seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
        try:
            moment = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return moment if moment.year in _YEARS else None

    def inner(self, name: str) -> "Members":
        return Members(self._members.get(name), self._secrets)

    def each(self, name: str, most: int) -> list["Members"]:
        """The objects of a list, at most `most` of them."""
        value = self._members.get(name)
        found = value if isinstance(value, list) else []
        return [Members(one, self._secrets) for one in found[:most] if isinstance(one, dict)]

    def has_list(self, name: str) -> bool:
        """Whether the member is a list; null counts as an empty one."""
        return isinstance(self._members.get(name, 0), list | None)


def result_of(body: bytes, secrets: Sequence[str], *, has_status: bool = True, bare: str = "") -> Members | Failure:
    """The `result` of an answer that claims no failure; with `has_status`, its `status` must also claim success.

    An answer without `result` that has the member `bare` is the result itself.
    """
    try:
        value = parse_json(body)
    except ValueError:
        return failure_of(200, {}, body[:_LARGEST_ERROR], secrets)
    if not isinstance(value, dict):
        return not_understood("the answer is no object")
    if fields_of({name: member for name, member in value.items() if name != "result"}).failed:
        is_small = len(body) <= _LARGEST_ERROR
        return failure_of(200, {}, body, secrets) if is_small else not_understood("the answer reports an error")
    if bare and bare in value and "result" not in value:
        return Members(value, secrets)
    if has_status and Members(value, secrets).text("status").lower() != "success":
        return not_understood("the answer does not say that it succeeded")
    if not isinstance(value.get("result"), dict):
        return not_understood("the answer has no result")
    return Members(value["result"], secrets)


def not_understood(why: str) -> Failure:
    """The answer does not fit this call; `why` is a clause of our own."""
    return Failure(FailureKind.BAD_REPLY, f"The answer cannot be used: {why}.")


def withheld(what: str) -> Failure:
    """Returns the failure for an empty list with a total above 0: seen in the wild, and likely to pass."""
    return Failure(FailureKind.SERVER_ERROR, f"The list of {what} is empty, although the service counts some.")


def checked_build(number: int) -> int:
    """The number, checked so that it can be put into a path. Raises ValueError."""
    if not 1 <= number <= HIGHEST_BUILD:
        raise ValueError(f"a build number is from 1 to {HIGHEST_BUILD}")
    return number


def was_never_built(failure: Failure) -> bool:
    """Whether the service refused because the job has no build yet."""
    return _NEVER_BUILT.fullmatch(failure.code) is not None


def has_no_log(failure: Failure) -> bool:
    """Whether the older log call refused because the build never ran."""
    return _NO_SUCH_LOG.fullmatch(failure.code) is not None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _dated(value: object) -> datetime | None:
    """Returns the moment of an ISO text; None without a time zone, which would have to be guessed."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        return moment.astimezone(UTC) if moment and moment.tzinfo and moment.year in _YEARS else None
    except (ValueError, OverflowError):
        return None
