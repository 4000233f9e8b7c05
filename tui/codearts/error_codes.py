"""The known error codes: what each means, and what to do. To add one, add a row to `_CODES`."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from tui.core.reading import Failure
from tui.core.reading import FailureKind as Kind


class Advice(NamedTuple):
    """What a failure means, in a short clause, and what to do about it, in one sentence."""

    kind: Kind
    meaning: str
    action: str


class _CodeRow(NamedTuple):
    """One error code. Without an action, that of its kind is used."""

    kind: Kind
    meaning: str
    action: str = ""


SAYS_WHAT_TO_DO = frozenset({Kind.NO_CREDENTIAL, Kind.SETTINGS, Kind.SHORTAGE})
"""Of these failures the summary says what to do."""


def advise(failure: Failure) -> Advice:
    """Returns what the failure means and what to do: by its code if that is known, else by its kind."""
    row = _row_of(failure.code)
    kind_meaning, kind_action = _KINDS[failure.kind]
    if not row:
        return Advice(failure.kind, kind_meaning, kind_action)
    if row is _CODES["0301"]:
        row = _refine(row, failure.message)
    return Advice(failure.kind, row.meaning, row.action or kind_action)


def kind_of(http_status: int, code: str, message: str) -> Kind:
    """Returns the kind of a failure: by the code first, by the HTTP status second; `code` and `message` are from the
    service's JSON."""
    if row := _row_of(code):
        return row.kind
    if http_status == 404 and not code and not message:
        return Kind.WRONG_ENDPOINT  # the service always sends a code or message
    if kind := _STATUSES.get(http_status):
        return kind
    match http_status // 100:
        case 3:
            return Kind.REDIRECTED
        case 4:
            return Kind.BAD_REQUEST
        case 5:
            return Kind.SERVER_ERROR
        case _:
            return Kind.BAD_REPLY


_GATEWAY_CODE = re.compile(r"(?:APIGW|APIG|APIC)\.(\d{4})", re.ASCII)
_BUILD_CODE = re.compile(r"(?:DEV\.?)?CB\.(\d{8})", re.ASCII)


def _row_of(code: str) -> _CodeRow | None:
    """The row of a code. Prefixes vary by site and age, the digits do not."""
    if match := _GATEWAY_CODE.fullmatch(code):
        return _CODES.get(match[1])
    if match := _BUILD_CODE.fullmatch(code):
        return _CODES.get(f"CB.{match[1]}")
    return _CODES.get(code) if "." in code else None


def _refine(row: _CodeRow, message: str) -> _CodeRow:
    """The gateway's 0301 gives its reason only in the message."""
    message = message.lower()
    for words, meaning, action in _SIGN_IN_VARIANTS:
        if words in message:
            return _CodeRow(row.kind, meaning, action)
    return row


_NEW_TOKEN = "Fetch a new token for this region's project and put it where the old one was."
_NEW_CREDENTIAL = "Put a new token for this region's project where the old one was, or correct access key or password."

_CODES: Mapping[str, _CodeRow] = {
    # The API gateway's, by their four digits.
    "0101": _CodeRow(Kind.WRONG_ENDPOINT, "the gateway has no such API"),
    "0103": _CodeRow(Kind.WRONG_ENDPOINT, "the gateway has no service behind this API"),
    "0104": _CodeRow(Kind.GATEWAY_ERROR, "a plug-in of the gateway is set up wrongly"),
    "0105": _CodeRow(Kind.GATEWAY_ERROR, "the gateway's way to the service is set up wrongly"),
    "0106": _CodeRow(Kind.GATEWAY_ERROR, "the gateway's orchestration is set up wrongly"),
    # 0201 means something else with every HTTP status, so the status decides.
    "0301": _CodeRow(Kind.SIGN_IN, "the sign-in was refused", _NEW_CREDENTIAL),
    "0302": _CodeRow(Kind.FORBIDDEN, "this IAM user may not call the API"),
    "0303": _CodeRow(Kind.APP_REFUSED, "the app's authentication was refused"),
    "0304": _CodeRow(Kind.FORBIDDEN, "this app may not call the API"),
    "0305": _CodeRow(Kind.SIGN_IN, "the sign-in was refused", _NEW_CREDENTIAL),
    "0306": _CodeRow(Kind.FORBIDDEN, "access to the API is denied"),
    "0307": _CodeRow(Kind.SIGN_IN, "the token must be renewed, or belongs to another region", _NEW_TOKEN),
    "0308": _CodeRow(Kind.THROTTLED, "the gateway's request limit is reached"),
    "0310": _CodeRow(Kind.FORBIDDEN, "the project is not available"),
    "0311": _CodeRow(Kind.APP_REFUSED, "the debugging authentication was refused"),
    "0401": _CodeRow(Kind.FORBIDDEN, "this client's address is unknown to the gateway"),
    "0402": _CodeRow(Kind.FORBIDDEN, "this client's address is not authorised"),
    "0404": _CodeRow(Kind.FORBIDDEN, "the address behind the gateway is denied"),
    "0501": _CodeRow(Kind.APP_REFUSED, "the app's quota is used up"),
    "0502": _CodeRow(Kind.APP_REFUSED, "the app is frozen", "Have the account's balance checked."),
    "0601": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0602": _CodeRow(Kind.BAD_REQUEST, "the gateway calls the request bad"),
    "0605": _CodeRow(Kind.GATEWAY_ERROR, "the gateway cannot find the name of the service behind it"),
    "0606": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0607": _CodeRow(Kind.BAD_REQUEST, "the gateway does not support this protocol"),
    "0608": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0609": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0610": _CodeRow(Kind.GATEWAY_ERROR, "no service is available behind the gateway"),
    "0611": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0612": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0613": _CodeRow(Kind.GATEWAY_ERROR, "IAM is not available to the gateway"),
    "0705": _CodeRow(Kind.GATEWAY_ERROR, "the gateway has an internal error"),
    "0801": _CodeRow(Kind.WRONG_REGION, "the service is not offered in this region"),
    "0802": _CodeRow(Kind.WRONG_REGION, "this IAM user is barred from this region"),
    # CodeArts Build's own; DEVCB. and DEV.CB. with the same eight digits count as CB.
    "CB.00030000": _CodeRow(Kind.BAD_REQUEST, "the service could not do what was asked"),
    "CB.00030004": _CodeRow(Kind.SERVER_ERROR, "the back end of the service has an error"),
    "CB.00031006": _CodeRow(Kind.NOT_FOUND, "there is no such job"),
    "CB.00031059": _CodeRow(Kind.NOT_FOUND, "the job was never built, or its history was deleted"),
    "CB.00060100": _CodeRow(Kind.SERVER_ERROR, "the service's network is busy"),
    "CB.00060101": _CodeRow(Kind.SERVER_ERROR, "the service has an internal error"),
    "CB.00060200": _CodeRow(Kind.BAD_REQUEST, "a parameter is invalid"),
    "CB.00060201": _CodeRow(Kind.BAD_JOB_ID, "the job ID is invalid"),
    "CB.00060202": _CodeRow(Kind.BAD_JOB_ID, "the ID is invalid: lower-case letters and digits only"),
    "CB.00060211": _CodeRow(Kind.THROTTLED, "the service gets too many requests"),
    "CB.00060214": _CodeRow(Kind.WRONG_ENDPOINT, "the address is unknown to the service"),
    "DEV.CB.032011": _CodeRow(Kind.BAD_JOB_ID, "the job ID is invalid"),
    "DEV.CB.032302": _CodeRow(Kind.SERVER_ERROR, "the build's status moved on meanwhile"),
}

_SIGN_IN_VARIANTS = (
    (
        "decrypt token fail",
        "the token cannot be read: cut short, garbled, or from another region or site",
        "Fetch a token for this region and take care that it is stored whole.",
    ),
    (
        "x-auth-token not found",
        "the request arrived without a token",
        "Check whether a proxy on the way removes the X-Auth-Token header.",
    ),
    ("token expires", "the token has expired", "Fetch a new token; each is good for 24 hours."),
    (
        "verify aksk signature fail",
        "the request's signature does not match",
        "Check the secret key, and that this machine's clock is right.",
    ),
    (
        "failed to reach the limit",
        "the access key is locked after failed signatures",
        "Wait five minutes, then try again with the right secret key.",
    ),
    ("not exist", "the access key does not exist", "Use an access key that exists on this site."),
)

_STATUSES: Mapping[int, Kind] = {
    401: Kind.SIGN_IN,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    405: Kind.WRONG_ENDPOINT,
    407: Kind.PROXY,
    408: Kind.TIMEOUT,
    429: Kind.THROTTLED,
    431: Kind.TOKEN_TOO_LARGE,
    494: Kind.TOKEN_TOO_LARGE,
    502: Kind.GATEWAY_ERROR,
    503: Kind.GATEWAY_ERROR,
    504: Kind.GATEWAY_ERROR,
    511: Kind.PROXY,
}

_WAIT = "Nothing to do: it is asked again, less and less often, until it answers."
_SLOW_DOWN = "Nothing to do: requests slow down until it accepts them."
WHILE_ASKING = frozenset({_WAIT, _SLOW_DOWN})
"""What is to be done holds as long as the program goes on asking."""

_KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.BAD_JOB_ID: (
        "the service does not accept the job ID",
        "Copy the ID again from the address of the job's page.",
    ),
    Kind.NOT_FOUND: ("the job is not found", "Check the job ID and the region; the job may have been deleted."),
    Kind.BAD_REQUEST: (
        "the service does not accept the request",
        "Check the job ID, and read the message of the service.",
    ),
    Kind.SIGN_IN: ("the sign-in was refused", "Correct the sign-in, or give another credential."),
    Kind.NO_CREDENTIAL: ("there is no usable token", "Set CODEARTS_TOKEN, or name a file with --token-file."),
    Kind.TOKEN_TOO_LARGE: (
        "the request head is too large: the token is too long",
        "Fetch a token without its catalog.",
    ),
    Kind.NO_TOKEN: ("IAM gives no token now", _WAIT),
    Kind.APP_REFUSED: ("the app was refused", "Ask who runs the app in the API gateway."),
    Kind.FORBIDDEN: ("access is denied", "Ask for the right to view this job in its CodeArts project."),
    Kind.WRONG_REGION: ("this region is the wrong one", "Choose the job's region with --region."),
    Kind.WRONG_ENDPOINT: ("the build service is not at this address", "Check --region or --endpoint."),
    Kind.THROTTLED: ("the service asks for fewer requests", _SLOW_DOWN),
    Kind.SERVER_ERROR: ("the service has an error", _WAIT),
    Kind.GATEWAY_ERROR: ("the gateway in front of the service has an error", _WAIT),
    Kind.BAD_REPLY: (
        "the answer is not one that the service gives",
        "Check the endpoint, and what is on the way there.",
    ),
    Kind.REDIRECTED: ("the answer points to another address", "Check the endpoint; a network may also want a log-in."),
    Kind.DNS: ("the host's name is not found", "Check the spelling of the endpoint, and the name server."),
    Kind.UNREACHABLE: ("the host cannot be reached", "Check the network, the endpoint and its port."),
    Kind.TIMEOUT: ("there was no answer in time", _WAIT),
    Kind.TLS: ("no trusted connection could be made", "Check the endpoint, the CA file and this machine's clock."),
    Kind.PROXY: ("no way leads through the proxy", "Check HTTPS_PROXY or the profile's proxy, and its log-in."),
    Kind.BROKEN_CONNECTION: ("the connection broke", _WAIT),
    Kind.SHORTAGE: ("this computer is short of something", "Close some programs, or raise the limit (ulimit)."),
    Kind.SETTINGS: ("the settings cannot be used", "Correct what the sentence names, and start again."),
    Kind.INTERNAL: ("this program made a mistake", "Please report it with what the details say."),
}
