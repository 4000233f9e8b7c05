"""What went wrong on the way, in our own words: httpx leaves many texts empty, and some hold the token."""

import errno
import socket
import ssl
from collections.abc import Iterator

import httpcore
import httpx

from tui.core.reading import Failure
from tui.core.reading import FailureKind as Kind

_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_HOST = (62, 64)
_UNKNOWN_CA = (18, 19, 20, 21)
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
)


class AnswerTooLarge(httpcore.RemoteProtocolError):
    """An answer has more bytes than it may have, whatever they are: to parse them could cost seconds of CPU."""


class ProxyFailed(httpx.ProxyError):
    """No connection to the proxy, or through it, could be made; `proxy` names it in words, without its password."""

    def __init__(self, proxy: str) -> None:
        super().__init__(proxy)
        self.proxy = proxy


def fault(error: Exception) -> Failure:
    """The failure that an exception of a request stands for; its text is not used."""
    match error:
        case httpx.ConnectTimeout():
            return Failure(Kind.TIMEOUT, "No connection to the host stood in time.")
        case httpx.PoolTimeout():
            return Failure(Kind.TIMEOUT, "No connection became free in time.")
        case httpx.WriteTimeout():
            return Failure(Kind.TIMEOUT, "The request could not be sent in time.")
        case httpx.TimeoutException() | TimeoutError():
            return Failure(Kind.TIMEOUT, "The connection stood, but the answer was not complete in time.")
        case ProxyFailed():
            return _proxy_fault(error)
        case httpx.ProxyError():
            return Failure(Kind.PROXY, "The proxy refused to connect to the service.")
        case httpx.ConnectError():
            return _connect_fault(list(_causes(error)), "the host")
        case httpx.RemoteProtocolError():
            return _protocol_fault(error)
        case httpx.NetworkError():
            return _network_fault(list(_causes(error)))
        case _:
            return Failure(Kind.INTERNAL, f"Something unexpected happened in this program: {_name(error)}.")


def _name(error: BaseException) -> str:
    """Of the first exception in a group: that it came in a group says nothing."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


def _proxy_fault(error: ProxyFailed) -> Failure:
    if isinstance(error.__cause__, httpx.ConnectTimeout):  # to it, or from it to the host: nobody says
        return Failure(Kind.TIMEOUT, f"No connection through the proxy {error.proxy} stood in time.")
    failure = _connect_fault(list(_causes(error)), f"the proxy {error.proxy}")
    return failure if failure.kind is Kind.TLS else failure._replace(kind=Kind.PROXY)


def _connect_fault(causes: list[BaseException], whom: str) -> Failure:
    name = whom[0].upper() + whom[1:]
    for cause in causes:
        match cause:
            case socket.gaierror():
                return Failure(Kind.DNS, f"The name of {whom} was not found.")
            case ssl.SSLError():
                return _tls_fault(cause)
            case ConnectionRefusedError():
                return Failure(Kind.UNREACHABLE, f"{name} refused the connection: nothing listens at this port.")
            case OSError(errno=errno.ENETUNREACH):
                return Failure(Kind.UNREACHABLE, f"There is no network that leads to {whom}.")
            case OSError(errno=errno.EHOSTUNREACH):
                return Failure(Kind.UNREACHABLE, f"No way leads to {whom}.")
            case TimeoutError():
                return Failure(Kind.TIMEOUT, f"No connection to {whom} stood in time.")
            case ConnectionResetError():
                return Failure(Kind.UNREACHABLE, "The connection was reset while it was being made.")
    return Failure(Kind.UNREACHABLE, f"No connection to {whom} could be made.")


def _tls_fault(error: ssl.SSLError) -> Failure:
    """OpenSSL's errors have a number or a reason, those that Python makes itself have none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(Kind.TLS, _certificate_fault(getattr(error, "verify_code", 0)))
    if getattr(error, "reason", "") in _NOT_TLS:
        return Failure(Kind.TLS, "The port does not speak TLS; it may be one for plain http.")
    return Failure(Kind.TLS, "The host broke off the TLS handshake.")


def _certificate_fault(verify_code: int) -> str:
    if verify_code == _EXPIRED:
        return "The host's certificate has expired, or this machine's clock is ahead."
    if verify_code == _NOT_YET_VALID:
        return "The host's certificate is not valid yet: check this machine's clock."
    if verify_code in _WRONG_HOST:
        return "The host's certificate is for another name."
    if verify_code in _UNKNOWN_CA:
        return "The host's certificate comes from an authority that is not known here: set SSL_CERT_FILE to its file."
    return "The host's certificate was refused."


def _protocol_fault(error: httpx.RemoteProtocolError) -> Failure:
    if isinstance(error.__cause__, AnswerTooLarge):
        return Failure(Kind.BAD_REPLY, "The answer is too large, counting all its headers and chunks.")
    if "disconnected" in str(error) or "peer closed" in str(error):
        return Failure(Kind.BROKEN_CONNECTION, "The connection was closed before the answer was complete.")
    return Failure(Kind.BAD_REPLY, "The answer is not proper HTTP.")


def _network_fault(causes: list[BaseException]) -> Failure:
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return _tls_fault(cause)
    return Failure(Kind.BROKEN_CONNECTION, "The connection was reset before the answer was complete.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all behind it: one attempt to connect for each address of a host may have failed."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    if behind := error.__cause__ or error.__context__:
        yield from _causes(behind)
