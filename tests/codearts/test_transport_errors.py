"""What goes wrong on the way has a kind and words of its own."""

import asyncio
import errno
import socket
import ssl
from unittest.mock import Mock

import httpx
import pytest

from tests.support.clients import failure_of
from tests.support.credential_fakes import TOKEN
from tui.codearts.transport_errors import fault
from tui.core.errors import UserError
from tui.core.reading import FailureKind as K


class Unverified(ssl.SSLCertVerificationError):
    """A certificate that OpenSSL refused, for the reason with this number."""

    def __init__(self, verify_code: int) -> None:
        super().__init__("certificate verify failed")
        self.verify_code = verify_code


class Handshake(ssl.SSLError):
    reason = "WRONG_VERSION_NUMBER"


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no"), K.DNS, "The name of the host was not found."),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), K.UNREACHABLE, "refused the connection"),
        (ConnectionResetError(errno.ECONNRESET, "no"), K.UNREACHABLE, "reset"),
        (OSError(errno.ENETUNREACH, "no"), K.UNREACHABLE, "no network"),
        (OSError(errno.EHOSTUNREACH, "no"), K.UNREACHABLE, "No way"),
        (TimeoutError(errno.ETIMEDOUT, "no"), K.TIMEOUT, "in time"),
        (ExceptionGroup("all", [OSError("x"), ConnectionRefusedError()]), K.UNREACHABLE, "refused"),
        (RuntimeError("what"), K.UNREACHABLE, "No connection"),
        (Unverified(10), K.TLS, "expired"),
        (Unverified(9), K.TLS, "not valid yet"),
        (Unverified(62), K.TLS, "another name"),
        (Unverified(20), K.TLS, "SSL_CERT_FILE"),
        (Unverified(66), K.TLS, "refused"),
        (Handshake(1, "wrong version number"), K.TLS, "plain http"),
        (ssl.SSLError(1, "alert"), K.TLS, "handshake"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), K.UNREACHABLE, "reset"),
        (OSError(errno.EMFILE, "no"), K.SHORTAGE, "Too many files are open: raise the limit (ulimit -n)."),
        (ExceptionGroup("all", [OSError(errno.ENFILE, "no")]), K.SHORTAGE, "Too many files are open on this computer"),
        (RuntimeError("can't start new thread"), K.SHORTAGE, "Too many processes run: raise the limit (ulimit -u)"),
        (OSError(errno.ENOMEM, "no"), K.SHORTAGE, "There is not enough memory"),
    ],
)
async def test_every_way_of_not_connecting_has_its_own_words(cause: Exception, kind: K, words: str) -> None:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = OSError("outer")
    error.__cause__.__cause__ = cause
    found = await failure_of(error)
    assert found.kind is kind
    assert words in found.summary


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (
            socket.gaierror(socket.EAI_NONAME, "no"),
            K.PROXY,
            "The name of the proxy http://p:1 (HTTPS_PROXY) was not found.",
        ),
        (ConnectionRefusedError(), K.PROXY, "The proxy http://p:1 (HTTPS_PROXY) refused the connection"),
        (OSError(errno.EHOSTUNREACH, "no"), K.PROXY, "No way leads to the proxy http://p:1 (HTTPS_PROXY)."),
        (PermissionError(errno.EACCES, "no"), K.PROXY, "This computer permits no connection to the proxy http://p:1"),
        (PermissionError(errno.EPERM, "no"), K.PROXY, "This computer permits no connection to the proxy http://p:1"),
        (Unverified(10), K.TLS, "The host's certificate has expired"),
    ],
)
async def test_a_proxy_that_cannot_be_reached_is_no_service_that_cannot(
    cause: Exception, kind: K, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@p:1")
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    found = await failure_of(error)
    assert found.kind is kind
    assert found.summary.startswith(words)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (f"407 {TOKEN}", "wants a log-in (HTTP 407)."),
        ("403 Forbidden\x1b[31m", "refused to connect to the service (HTTP 403)."),
        (f"302 http://portal/?{TOKEN}", "refused to connect to the service (HTTP 302)."),
        ("Proxy Server could not connect: Host unreachable.", "refused to connect to the service."),
        ("", "refused to connect to the service."),
    ],
)
async def test_what_a_proxy_refuses_is_the_proxys_and_says_whether_it_wants_a_log_in(
    answer: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    found = await failure_of(httpx.ProxyError(answer))
    assert found.kind is K.PROXY
    assert found.summary == f"The proxy http://p:1 (HTTPS_PROXY) {said}"


async def test_no_connection_in_time_may_be_the_proxys_fault_or_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    found = await failure_of(httpx.ConnectTimeout(""))
    assert found.kind is K.TIMEOUT
    assert found.summary == "No connection through the proxy http://p:1 (HTTPS_PROXY) was made in time."


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectTimeout(""), K.TIMEOUT),
        (httpx.ReadTimeout(""), K.TIMEOUT),
        (httpx.WriteTimeout(""), K.TIMEOUT),
        (httpx.PoolTimeout(""), K.TIMEOUT),
        (httpx.ReadError(""), K.BROKEN_CONNECTION),
        (httpx.WriteError(""), K.BROKEN_CONNECTION),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), K.BROKEN_CONNECTION),
        (httpx.RemoteProtocolError("illegal header line"), K.BAD_REPLY),
        (httpx.LocalProtocolError(f"Illegal header value {TOKEN}"), K.INTERNAL),
        (UnicodeEncodeError("ascii", TOKEN, 0, 1, TOKEN), K.INTERNAL),
        (ExceptionGroup(TOKEN, [ValueError(TOKEN)]), K.INTERNAL),
        (RuntimeError(TOKEN), K.INTERNAL),
    ],
)
async def test_every_fault_has_its_kind_and_keeps_its_text_to_itself(error: Exception, kind: K) -> None:
    found = await failure_of(error)
    assert found.kind is kind
    assert TOKEN[:16] not in repr(found)
    assert found.summary.endswith(".")
    if kind is K.INTERNAL:
        inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        assert type(inner).__name__ in found.summary


async def test_being_cancelled_is_no_reading() -> None:
    with pytest.raises(asyncio.CancelledError):
        await failure_of(asyncio.CancelledError())


async def test_of_a_group_the_first_exception_is_named() -> None:
    found = await failure_of(ExceptionGroup("several", [ExceptionGroup("one", [OverflowError()])]))
    assert found.summary == "Something unexpected happened in this program: OverflowError."


def _raised_by(cause: BaseException) -> httpx.ConnectError:
    """The error of httpx that this one caused."""
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return error


def test_a_name_that_is_not_found_for_lack_of_files_is_no_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    error = _raised_by(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    assert fault(error).kind is K.DNS
    monkeypatch.setattr("os.open", Mock(side_effect=OSError(errno.EMFILE, "Too many open files")))
    assert fault(error).summary == "Too many files are open: raise the limit (ulimit -n)."


def test_a_socket_that_had_to_wait_is_no_shortage() -> None:
    error = _raised_by(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    assert error.__cause__
    error.__cause__.__context__ = BlockingIOError(errno.EAGAIN, "would block")
    assert fault(error).kind is K.UNREACHABLE


def test_the_words_of_a_user_error_are_kept_also_where_a_shortage_caused_it() -> None:
    error = UserError("/x/ca.pem cannot be read: too many files are open.")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files")
    assert fault(error)[:2] == (K.SHORTAGE, "/x/ca.pem cannot be read: too many files are open.")


def test_errors_that_caused_each_other_end() -> None:
    error = _raised_by(ExceptionGroup("all", [OSError("x")]))
    assert isinstance(error.__cause__, ExceptionGroup)
    error.__cause__.exceptions[0].__context__ = error.__cause__
    assert fault(error).kind is K.UNREACHABLE
