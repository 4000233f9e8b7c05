"""What all extra calls, those beside the status call, have in common. Pure.

None of them could be tried against the real service, so their answers are parsed leniently: numbers may be texts,
members may be missing. An answer that cannot be used becomes a `Failure`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import inf, isfinite
from typing import Generic, NamedTuple, Protocol, TypeVar

from tui.codearts.json_body import fields_of, parse_json
from tui.codearts.redaction import redact, redact_lines
from tui.codearts.status_api import failure_of
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Retry
from tui.core.text import CELL, JOINERS, clean, plain_paste

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


class CallKind(StrEnum):
    """One for each call, since the service may refuse any of them alone. The value is shown to the user."""

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

    def __init__(self, value: object, secrets: Sequence[str] = ()) -> None:
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
                return tidy(value.strip(), self._secrets, limit)
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
                with suppress(ValueError):
                    return JobId(value.strip())
                return None
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
        """The objects of a list, at most so many."""
        value = self._members.get(name)
        found = value if isinstance(value, list) else []
        return [Members(one, self._secrets) for one in found[:most] if isinstance(one, dict)]

    def has_list(self, name: str) -> bool:
        """Whether the member is a list; null counts as an empty one."""
        return isinstance(self._members.get(name, 0), list | None)


def result_of(
    body: bytes, secrets: Sequence[str] = (), *, has_status: bool = True, bare: str = ""
) -> Members | Failure:
    """The `result` of an answer that claims no failure; with `has_status`, its `status` must also claim success.

    `bare` names a member that marks an answer without an envelope.
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
    if has_status and Members(value).text("status").lower() != "success":
        return not_understood("the answer does not say that it succeeded")
    if not isinstance(value.get("result"), dict):
        return not_understood("the answer has no result")
    return Members(value["result"], secrets)


def not_understood(why: str) -> Failure:
    """The answer does not fit this call; `why` is a clause of our own."""
    return Failure(FailureKind.BAD_REPLY, f"The answer cannot be used: {why}.")


def withheld(what: str) -> Failure:
    """An empty list with a total above 0: seen in the wild, and likely to pass."""
    return Failure(FailureKind.SERVER_ERROR, f"The list of {what} is empty, although it claims to have some.")


def checked_build(number: int) -> int:
    """The number, checked so that it can be put into a path. Raises ValueError."""
    if not 1 <= number <= HIGHEST_BUILD:
        raise ValueError(f"a build number is from 1 to {HIGHEST_BUILD}")
    return number


def tidy(text: str, secrets: Sequence[str] = (), limit: int = CELL) -> str:
    """One line without secrets. Cut first, a little beyond `limit`, so that no secret at the end is cut in two."""
    longest = max(map(len, secrets), default=0)
    return clean(redact(text[: limit + longest + CELL], secrets), limit)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _dated(value: object) -> datetime | None:
    """None for a text without a time zone, which would have to be guessed."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
        return moment.astimezone(UTC) if moment and moment.tzinfo and moment.year in _YEARS else None
    except (ValueError, OverflowError):
        return None


# Which extra calls may be sent: each kind is switched off when the service refuses it or fails. Pure.
#
# All times are seconds of the caller's clock. `check` shows the summary.

REFUSALS = 2
"""So many refusals in a row switch a kind off."""
FIRST_REST, LONGEST_REST = 600.0, 4 * 3600.0
"""Seconds that a kind rests after the service failed; doubled each time."""
THROTTLED_REST = 300.0
"""Seconds that all kinds rest after the service asked for fewer requests, or refused the sign-in of an extra call."""
NETWORK_REST = 60.0
"""Seconds that all kinds rest after no connection could be made."""

_ABOUT_A_JOB = re.compile(r"(?:DEV\.?)?CB\.(?:00031006|00031059|00060201|032011)", re.ASCII)
"""No such job, never built, or an invalid ID: says nothing about the call."""
_NEVER_BUILT = re.compile(r"(?:DEV\.?)?CB\.00031059", re.ASCII)
_NO_SUCH_LOG = re.compile(r"(?:DEV\.?)?CB\.00030004", re.ASCII)
"""The older log call returns this with HTTP 500 for a build that never ran."""
_ON_THE_WAY = (FailureKind.DNS, FailureKind.UNREACHABLE, FailureKind.TLS, FailureKind.PROXY, FailureKind.SETTINGS)


class SwitchState(StrEnum):
    ON = "on"
    RESTING = "resting"
    """Off for a while, after the service failed."""
    OFF = "off"
    """Until the credential or the endpoint changes."""


class KindSummary(NamedTuple):
    """The calls of one kind so far, for `check`."""

    kind: CallKind
    state: SwitchState
    asked: int
    answered: int
    """How many of them succeeded."""
    failure: Failure | None
    """The last one."""
    rests_until: float


@dataclass(slots=True)
class _Switch:
    is_off: bool = False
    refusals: int = 0
    rests: int = 0
    rests_until: float = -inf
    asked: int = 0
    answered: int = 0
    failure: Failure | None = None


class ExtrasSwitch:
    """The switches of one profile: one for each kind of call, and one for all kinds."""

    def __init__(self) -> None:
        self._switches = {kind: _Switch() for kind in CallKind}
        self._all_rest_until = -inf
        self._why: Failure | None = None

    def may_ask(self, kind: CallKind, now: float) -> bool:
        return self.state(kind, now) is SwitchState.ON

    def state(self, kind: CallKind, now: float) -> SwitchState:
        switch = self._switches[kind]
        if switch.is_off:
            return SwitchState.OFF
        return SwitchState.RESTING if now < max(switch.rests_until, self._all_rest_until) else SwitchState.ON

    def reason(self, kind: CallKind, now: float) -> Failure | None:
        """Why the kind is switched off; None if it is on."""
        if self.may_ask(kind, now):
            return None
        switch = self._switches[kind]
        rests_by_itself = switch.is_off or now < switch.rests_until
        return (switch.failure if rests_by_itself else None) or self._why or switch.failure

    def answered(self, kind: CallKind) -> None:
        """A call of this kind succeeded."""
        switch = self._switches[kind]
        switch.asked += 1
        switch.answered += 1
        switch.refusals = switch.rests = 0

    def failed(
        self, kind: CallKind, failure: Failure, http_status: int | None, now: float, is_about_one: bool = False
    ) -> None:
        """A call of this kind failed; `http_status` is None if no answer began.

        `is_about_one`: it says nothing of the next call, which may be about another job.
        """
        switch = self._switches[kind]
        switch.asked += 1
        switch.failure = failure
        if is_about_one or _says_nothing(kind, failure):
            return
        if failure.kind is FailureKind.THROTTLED:
            self._rest_all(failure, max(THROTTLED_REST, failure.retry_after or 0.0), now)
        elif http_status is None and failure.kind in _ON_THE_WAY:
            self._rest_all(failure, NETWORK_REST, now)
        elif _is_nonsense(failure, http_status):
            switch.is_off = True
        elif failure.kind.retry is Retry.PASSING:
            switch.rests_until = now + min(FIRST_REST * 2.0 ** min(switch.rests, 16), LONGEST_REST)
            switch.rests += 1
        else:
            self._refused(switch, failure, now)

    def reset(self) -> None:
        """Switches all kinds on; to be called when the credential changed."""
        for switch in self._switches.values():
            switch.is_off = False
            switch.refusals = switch.rests = 0
            switch.rests_until = -inf
        self._all_rest_until = -inf

    def summary(self, now: float) -> tuple[KindSummary, ...]:
        """The kinds that were called, in the order of `CallKind`."""
        return tuple(
            KindSummary(kind, self.state(kind, now), one.asked, one.answered, one.failure, one.rests_until)
            for kind, one in self._switches.items()
            if one.asked
        )

    def _refused(self, switch: _Switch, failure: Failure, now: float) -> None:
        """Extra calls whose sign-in is refused must stop: five refusals in a row lock an access key."""
        switch.refusals += 1
        switch.is_off = switch.refusals >= REFUSALS
        if failure.kind.retry is Retry.SIGN_IN:
            self._rest_all(failure, THROTTLED_REST, now)

    def _rest_all(self, failure: Failure, seconds: float, now: float) -> None:
        self._why = failure
        self._all_rest_until = max(self._all_rest_until, now + seconds)


def was_never_built(failure: Failure) -> bool:
    """Whether the service refused because the job has no build yet."""
    return _NEVER_BUILT.fullmatch(failure.code) is not None


def has_no_log(failure: Failure) -> bool:
    """Whether the older log call refused because the build never ran."""
    return _NO_SUCH_LOG.fullmatch(failure.code) is not None


def _says_nothing(kind: CallKind, failure: Failure) -> bool:
    return bool(_ABOUT_A_JOB.fullmatch(failure.code)) or (kind is CallKind.LOG_V3 and has_no_log(failure))


def _is_nonsense(failure: Failure, http_status: int | None) -> bool:
    """Whether no CodeArts Build can have sent this answer: an odd one with HTTP 200, or a redirection."""
    is_odd = failure.kind in (FailureKind.BAD_REPLY, FailureKind.WRONG_ENDPOINT) and http_status == 200
    return is_odd or (http_status is not None and failure.kind in (FailureKind.BAD_REPLY, FailureKind.REDIRECTED))
