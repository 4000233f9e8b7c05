"""Turns exceptions of a request into failures with texts of our own: many of httpx's are empty, some hold the token."""

import errno
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Iterable
from typing import TypeVar

import httpcore
import httpx

from tui.core.errors import UserError, causes, own_shortage
from tui.core.reading import Failure
from tui.core.reading import FailureKind as Kind
from tui.core.text import capitalised

T = TypeVar("T")

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


WANTS_LOGIN = 407
"""The HTTP status of a proxy that wants a log-in, or another one."""


class AnswerTooLarge(httpcore.RemoteProtocolError):
    """An answer has more bytes than allowed, of whatever kind: parsing them could take seconds of CPU."""


class ProxyFailed(httpx.ProxyError):
    """No connection to the proxy, or through it, was made: its cause is httpx's error.

    `proxy` names the proxy for the user, without its password.
    """

    def __init__(self, proxy: str) -> None:
        super().__init__(proxy)
        self.proxy = proxy


class ProxyLoginRefused(httpx.ProxyError):
    """The proxy refused the log-in in its address. It is not sent again for `rests_for` seconds."""

    def __init__(self, rests_for: float) -> None:
        super().__init__("the log-in was refused")
        self.rests_for = rests_for


def refuses_login(error: httpx.ProxyError) -> bool:
    """Whether httpx raised this error because the proxy wants a log-in, or another one."""
    return str(error).startswith(f"{WANTS_LOGIN}") or "username/password" in str(error)


def speaks_no_socks(error: Exception) -> bool:
    """Whether a SOCKS proxy's answer is none of SOCKS. The optional package that raises this is known by its name."""
    return type(error).__module__.startswith("socksio")


def is_too_large(error: BaseException) -> bool:
    """Whether httpx raised this error because of AnswerTooLarge."""
    return isinstance(error.__cause__, AnswerTooLarge)


async def result_or_failure(work: Awaitable[T]) -> T | Failure:
    """What `work` returns, or the failure that stands for its exception. Every client catches its errors here."""
    try:
        return await work
    except Exception as error:
        return fault(error)


def fault(error: Exception) -> Failure:
    """The failure that stands for an exception of a request. Only the text of a UserError is used."""
    if lacking := _lacking(causes(error)):
        own_words = capitalised(f"{lacking}.")
        return Failure(Kind.SHORTAGE, str(error) if isinstance(error, UserError) else own_words)
    match error:
        case UserError():
            return Failure(Kind.SETTINGS, str(error))
        case httpx.ConnectTimeout():
            return Failure(Kind.TIMEOUT, "No connection to the host was made in time.")
        case httpx.PoolTimeout():
            return Failure(Kind.TIMEOUT, "No connection became free in time.")
        case httpx.WriteTimeout():
            return Failure(Kind.TIMEOUT, "The request could not be sent in time.")
        case httpx.TimeoutException() | TimeoutError():
            return Failure(Kind.TIMEOUT, "The connection stood, but the answer was not complete in time.")
        case ProxyFailed():
            return _proxy_fault(error)
        case httpx.ConnectError():
            return _connect_fault(list(causes(error)), "the host")
        case httpx.RemoteProtocolError():
            return _protocol_fault(error)
        case httpx.NetworkError():
            return _network_fault(list(causes(error)))
        case _:
            return Failure(Kind.INTERNAL, f"Something unexpected happened in this program: {_name(error)}.")


_NONE_OF_SOCKETS = (errno.EAGAIN, errno.ENOSPC, errno.EDQUOT)
"""Shortages elsewhere: a socket raises the first where it would have to wait, and the others are about disks."""


def _lacking(errors: Iterable[BaseException]) -> str:
    """What this computer lacks, and what to do; empty if that is not why the request failed."""
    for cause in errors:
        if isinstance(cause, OSError) and cause.errno in _NONE_OF_SOCKETS:
            continue
        if isinstance(cause, socket.gaierror):  # it does not say that it could open no file to find the name with
            return _lacking_files()
        if found := own_shortage(cause):
            return found
    return ""


def _lacking_files() -> str:
    """Why no file and no socket can be opened now; empty if they can."""
    opened: list[int] = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(2)]
    except OSError as error:
        return own_shortage(error)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return ""


def _name(error: BaseException) -> str:
    """The name of the exception, or of the first one in a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__


def _proxy_fault(error: ProxyFailed) -> Failure:
    if isinstance(error.__cause__, httpx.ConnectTimeout):  # to the proxy, or from it to the host
        return Failure(Kind.TIMEOUT, f"No connection through the proxy {error.proxy} was made in time.")
    if isinstance(error.__cause__, ProxyLoginRefused):
        said = (
            "refused the log-in in its address. To lock no account, it is sent again about every ten minutes, "
            "or once a minute if you ask for it."
        )
        return Failure(Kind.PROXY, f"The proxy {error.proxy} {said}", retry_after=error.__cause__.rests_for)
    if isinstance(error.__cause__, httpx.ProxyError):
        return Failure(Kind.PROXY, f"The proxy {error.proxy} {_refusal(error.__cause__)}.")
    failure = _connect_fault(list(causes(error)), f"the proxy {error.proxy}")
    return failure if failure.kind is Kind.TLS else failure._replace(kind=Kind.PROXY)


def _refusal(error: httpx.ProxyError) -> str:
    """Of the proxy's answer, which the error's text begins with, the HTTP status alone: a SOCKS proxy has none."""
    if isinstance(error.__cause__, Exception) and speaks_no_socks(error.__cause__):
        return "gave no answer of SOCKS: if it is an HTTP proxy, write http:// before its name"
    text = str(error)
    status = text[:3] if re.fullmatch("[1-9][0-9]{2}", text[:3], re.ASCII) else ""
    wants_login = refuses_login(error) or text.startswith("Requested NO AUTHENTICATION")
    what = "wants a log-in" if wants_login else "refused to connect to the service"
    return f"{what} (HTTP {status})" if status else what


def _connect_fault(errors: list[BaseException], peer: str) -> Failure:
    name = capitalised(peer)
    for cause in errors:
        match cause:
            case socket.gaierror():
                return Failure(Kind.DNS, f"The name of {peer} was not found.")
            case ConnectionResetError() | ssl.SSLEOFError() | ssl.SSLZeroReturnError():
                return Failure(Kind.UNREACHABLE, "The connection was reset while it was being made.")
            case ssl.SSLError():
                return _tls_fault(cause)
            case ConnectionRefusedError():
                return Failure(Kind.UNREACHABLE, f"{name} refused the connection: nothing listens at this port.")
            case OSError(errno=errno.ENETUNREACH):
                return Failure(Kind.UNREACHABLE, f"There is no network that leads to {peer}.")
            case OSError(errno=errno.EHOSTUNREACH):
                return Failure(Kind.UNREACHABLE, f"No way leads to {peer}.")
            case PermissionError():
                return Failure(
                    Kind.UNREACHABLE, f"This computer permits no connection to {peer}: look at its firewall."
                )
            case TimeoutError():
                return Failure(Kind.TIMEOUT, f"No connection to {peer} was made in time.")
    return Failure(Kind.UNREACHABLE, f"No connection to {peer} could be made.")


def _tls_fault(error: ssl.SSLError) -> Failure:
    """OpenSSL's errors have a number or a reason; Python's own have neither."""
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
    if is_too_large(error):
        return Failure(Kind.BAD_REPLY, "The answer is too large, counting all its headers and chunks.")
    if "disconnected" in str(error) or "peer closed" in str(error):
        return Failure(Kind.BROKEN_CONNECTION, "The connection was closed before the answer was complete.")
    return Failure(Kind.BAD_REPLY, "The answer is not proper HTTP.")


def _network_fault(errors: list[BaseException]) -> Failure:
    for cause in errors:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return _tls_fault(cause)
    return Failure(Kind.BROKEN_CONNECTION, "The connection was reset before the answer was complete.")
