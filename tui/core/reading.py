"""A reading: one attempt to learn a job's status at one moment."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tui.core.job import JobId

NOTICED = timedelta(seconds=30)
"""Two clocks that differ by less count as one. A `Date` is rounded, and old by the time of the way."""
LONGEST_RETRY_AFTER = 3600.0
"""Seconds. A longer wait that the service asks for is cut to this."""


class Status(StrEnum):
    """Exactly the service's `result: true` or `false`. Idle says nothing about success."""

    RUNNING = "running"
    IDLE = "idle"


class Retry(StrEnum):
    """How to go on after a failure."""

    PASSING = "passing"
    """Likely to pass by itself: back off, keep trying."""
    THROTTLED = "throttled"
    """The service asks for fewer requests: the whole profile slows down."""
    LASTING = "lasting"
    """Needs a human: retry seldom."""
    SIGN_IN = "sign-in"
    """The credential is missing or refused: the profile pauses until it changes."""


class FailureKind(StrEnum):
    """Why a reading has no status."""

    BAD_JOB_ID = "bad job ID"
    NOT_FOUND = "not found"
    BAD_REQUEST = "bad request"
    SIGN_IN = "sign-in refused"
    NO_CREDENTIAL = "not signed in"
    TOKEN_TOO_LARGE = "token too large"
    NO_TOKEN = "no token now"
    """IAM limits sign-ins, has an error, or something else answered in its place."""
    APP_REFUSED = "app refused"
    FORBIDDEN = "forbidden"
    WRONG_REGION = "wrong region"
    WRONG_ENDPOINT = "wrong endpoint"
    THROTTLED = "throttled"
    SERVER_ERROR = "server error"
    GATEWAY_ERROR = "gateway error"
    BAD_REPLY = "unexpected answer"
    REDIRECTED = "redirected"
    DNS = "name not found"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timed out"
    TLS = "TLS refused"
    PROXY = "proxy refused"
    BROKEN_CONNECTION = "connection broken"
    SHORTAGE = "shortage here"
    """This computer lacks something, such as file descriptors or memory."""
    SETTINGS = "wrong setting"
    INTERNAL = "internal error"

    @property
    def retry(self) -> Retry:
        match self:
            case FailureKind.SIGN_IN | FailureKind.NO_CREDENTIAL | FailureKind.TOKEN_TOO_LARGE:
                return Retry.SIGN_IN
            case FailureKind.THROTTLED:
                return Retry.THROTTLED
            case (
                FailureKind.BAD_JOB_ID
                | FailureKind.NOT_FOUND
                | FailureKind.BAD_REQUEST
                | FailureKind.APP_REFUSED
                | FailureKind.FORBIDDEN
                | FailureKind.WRONG_REGION
                | FailureKind.WRONG_ENDPOINT
                | FailureKind.REDIRECTED
                | FailureKind.TLS
                | FailureKind.SETTINGS
            ):
                return Retry.LASTING
            case _:
                return Retry.PASSING


_ASKED_AGAIN = " It is asked again at "


class Failure(NamedTuple):
    """Why there is no status. All texts have passed `core.text.clean`."""

    kind: FailureKind
    summary: str
    """One sentence: what happened."""
    code: str = ""
    """`error_code` as sent."""
    message: str = ""
    """`error_msg` as sent."""
    retry_after: float | None = None
    """Seconds that the service asks to wait."""
    limit: tuple[float, float] | None = None
    """The limit that a throttling message names: requests, seconds."""

    def asked_again(self, at: datetime) -> "Failure":
        """Returns the failure with a summary that also says when it is asked again; `at` is local time."""
        return self._replace(summary=f"{self.summary}{_ASKED_AGAIN}{at:%H:%M:%S}.")

    @property
    def fact(self) -> str:
        """The summary without when it is asked again, for a command that ends before."""
        return self.summary.partition(_ASKED_AGAIN)[0]

    @property
    def cause(self) -> tuple[FailureKind, str]:
        """Equal for failures with the same reason: the wording may have a time or an address in it."""
        return self.kind, self.code


class Moment(NamedTuple):
    """One instant on two clocks: `at` in monotonic seconds for ages and intervals, `wall` (UTC) for display."""

    at: float
    wall: datetime

    def by(self, now: "Moment") -> datetime:
        """Returns its wall time by the clock of `now`, which may have been set since then."""
        set_by = timedelta(seconds=round((now.wall - self.wall).total_seconds() - (now.at - self.at)))
        return self.wall if abs(set_by) < NOTICED else self.wall + set_by


class Reading(NamedTuple):
    """The result of one request."""

    job: JobId
    result: Status | Failure
    sent: Moment
    received: Moment
    http_status: int | None = None
    request_id: str = ""

    @property
    def latency(self) -> float:
        """Seconds from sending to the answer."""
        return self.received.at - self.sent.at

    @property
    def failure(self) -> Failure | None:
        return self.result if isinstance(self.result, Failure) else None
