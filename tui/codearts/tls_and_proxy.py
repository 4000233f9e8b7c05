"""How a connection verifies the host, and how it gets there: certificate authorities and proxies."""

import asyncio
import ipaddress
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from math import inf
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from tui.codearts.auth.refused_logins import Login, LoginMemory, RefusedLogins
from tui.codearts.endpoints import PORTS, address_of, is_loopback
from tui.codearts.transport_errors import ProxyLoginRefused, refuses_login
from tui.core.errors import UserError
from tui.core.text import HIDDEN, clean

LOGINS_APART = 600.0
"""Seconds between two attempts with a proxy's log-in that was refused: five in half an hour lock many an account."""
SHORT_REST = 60.0
"""Seconds until the next attempt with a log-in that the proxy has accepted before, or that the user asks for."""
CONNECT_WITHIN = 5.0
"""Seconds that each step of making a connection may take: to the proxy, through it, TLS."""
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def tls_context(ca_file: Path | None, verify: bool) -> ssl.SSLContext:
    """Trusts `ca_file`, else SSL_CERT_FILE or SSL_CERT_DIR, else certifi's authorities and this machine's.

    Cached. Without `verify` it trusts any host. Raises UserError if a file cannot be used.
    """
    cert_file, cert_directory = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    return _context(str(ca_file or ""), cert_file, cert_directory) if verify else _trusting()


def untrusting_context() -> ssl.SSLContext:
    """Trusts no authority, so that no TLS connection can be made."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def authorities(ca_file: Path | None, verify: bool) -> str:
    """Describes what `tls_context` trusts."""
    if not verify:
        return "whoever answers: verification is switched off"
    if ca_file:
        return f"the CA file {clean(str(ca_file), 200)}"
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(variable):
            return f"{variable}, {clean(value, 200)}"
    return "the usual authorities (certifi) and this machine's own"


@dataclass(frozen=True, slots=True)
class ProxyRoute:
    """How requests get to one host: through a proxy, or directly."""

    proxy: str = ""
    """`SCHEME://HOST:PORT (ORIGIN)` for the user, without any other part of the address; empty for a direct way."""
    origin: str = ""
    """Where the proxy is set: a variable, or `settings`."""
    why_direct: str = ""
    """Empty if no proxy is set at all."""
    address: str = field(default="", repr=False)
    """With user name and password: only for the HTTP client."""


def proxy_route(url: str, own: str | None, environ: Mapping[str, str]) -> ProxyRoute:
    """Decides the way to a host. Nothing else reads the proxy variables: connections, errors and `check` call this.

    `own` is the profile's proxy: None if the environment decides, empty for no proxy. Raises UserError for a proxy
    that cannot be used; its text never repeats the address, which may hold a password.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return ProxyRoute(why_direct="this machine")
    if own == "":
        return ProxyRoute(why_direct="settings")
    variable, value = ("settings", own) if own else _variable(parts.scheme, environ)
    if not value:
        return ProxyRoute()
    no_proxy = next((name for name in ("no_proxy", "NO_PROXY") if environ.get(name)), "")
    if not own and (entry := _direct_entry(host, parts.port or PORTS.get(parts.scheme), environ.get(no_proxy, ""))):
        return ProxyRoute(why_direct=f"{no_proxy} has {clean(entry, 100)}")
    address = _proxy_address(value)
    if not address:
        raise proxy_problem(variable)
    return ProxyRoute(f"{shown_proxy(value)} ({variable})", variable, address=address)


class ProxyLogin:
    """The log-in in a proxy's address. One that was refused is sent again seldom, since accounts lock after a few.

    It is sent for each connection that is made. Of several that are wanted at once the first is made alone: if the
    password was changed, all of them would be refused. Until the proxy has accepted it, requests go one at a time, too.
    """

    def __init__(self, address: str, refused: RefusedLogins | None) -> None:
        """`refused` are those of earlier runs of the program; None if they are not remembered."""
        parts = urlsplit(address)
        whose = f"{parts.scheme}://{parts.username}@{parts.hostname}:{parts.port}"
        self._login = Login(whose, address.encode())
        self._memory = LoginMemory(refused, LOGINS_APART)
        self._is_accepted = False
        self._one_at_a_time = asyncio.Lock()
        self._accepted_at = self._refused_at = self._rests_until = -inf
        """Seconds of the event loop's clock."""

    def hurry(self) -> None:
        """Shortens the rest to a minute; to be called when the user asks for a reading."""
        self._rests_until = min(self._rests_until, self._refused_at + SHORT_REST)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator["ProxyAttempt"]:
        """Encloses a request, and learns from its exception. Raises ProxyLoginRefused while the log-in rests."""
        clock = asyncio.get_running_loop().time
        async with AsyncExitStack() as alone:
            attempt = ProxyAttempt(self, alone)
            if self._is_accepted:
                self.check()
            else:
                await attempt.before_login()
            try:
                yield attempt
            except httpx.ProxyError as error:
                if not refuses_login(error):
                    raise
                if not self._rests(now := clock()):  # else it was sent before another request learned the same
                    self._refused_at = now
                    self._rests_until = now + (SHORT_REST if self._is_accepted else LOGINS_APART)
                    self._is_accepted = False
                    await self._memory.on_refused(self._login)
                raise ProxyLoginRefused(self._rests_until - now) from error

    async def turn(self, alone: AsyncExitStack) -> None:
        """Waits until no other log-in is under way. `alone` holds up the others, unless it was accepted meanwhile.

        Raises httpx.ConnectTimeout if that takes too long, as with a proxy that gives no answer.
        """
        since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await alone.enter_async_context(self._one_at_a_time)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("another log-in is under way") from error
        if self._is_accepted and self._accepted_at >= since:
            await alone.aclose()
        if refusal := await self._memory.recall(self._login):
            self._refused_at = asyncio.get_running_loop().time() - refusal.ago
            self._rests_until = self._refused_at + LOGINS_APART

    def check(self) -> None:
        """Raises ProxyLoginRefused while the log-in rests."""
        if self._rests(now := asyncio.get_running_loop().time()):
            raise ProxyLoginRefused(self._rests_until - now)

    async def accept(self) -> None:
        """The proxy made a connection by this log-in."""
        self._accepted_at = now = asyncio.get_running_loop().time()
        self._is_accepted = not self._rests(now)
        if self._is_accepted:
            await self._memory.on_accepted(self._login)

    def _rests(self, now: float) -> bool:
        return now < self._rests_until


class ProxyAttempt:
    """A request through a proxy that wants a log-in. Its transport tells when a connection is made for it."""

    def __init__(self, login: ProxyLogin, alone: AsyncExitStack) -> None:
        self._login, self._alone = login, alone
        self._had_its_turn = False

    async def before_login(self) -> None:
        """To be called before the log-in is sent. Raises ProxyLoginRefused while it rests."""
        if not self._had_its_turn:
            await self._login.turn(self._alone)
            self._had_its_turn = True
        self._login.check()

    async def on_tunnel(self) -> None:
        """The proxy made the connection: others need not wait for this request's answer."""
        await self._login.accept()
        await self._alone.aclose()


_LOGINS: dict[str, ProxyLogin] = {}
"""By the address of the proxy."""


def proxy_login(address: str, refused: RefusedLogins | None = None) -> ProxyLogin | None:
    """The one of all connections through this proxy; None if the address has no log-in."""
    return _LOGINS.setdefault(address, ProxyLogin(address, refused)) if "@" in address else None


def proxy_passwords() -> list[str]:
    """Returns the passwords of the proxies that connections were made for: as sent, as in the address, and decoded."""
    forms = []
    for parts in map(urlsplit, _LOGINS):
        if parts.password:
            password = unquote(parts.password)
            forms += [f"{unquote(parts.username or '')}:{password}", parts.password, password]
    return forms


def shown_proxy(text: str) -> str:
    """`SCHEME://HOST:PORT` only, since the rest may be secret; `***` if the text is no address of a proxy."""
    scheme, _, rest = _proxy_address(text).partition("://")
    return f"{scheme}://{clean(rest.rpartition('@')[2], 200)}" if rest else HIDDEN


def proxy_problem(origin: str) -> UserError:
    """Names where the proxy is set, never its address."""
    whose = "The profile's proxy" if origin == "settings" else origin
    return UserError(f"{whose} is no proxy that can be used: write http://HOST:PORT or socks5://HOST:PORT.")


def _variable(scheme: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable that sets the proxy, and its value; empty texts if there is none."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := environ.get(variable, "").strip():
                return variable, value
    return "", ""


def _proxy_address(text: str) -> str:
    """Scheme, log-in, host and port; empty if the text is no address of a proxy."""
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return ""
    is_proxy = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and is_port and text.isprintable()
    # an @ after the host ends a log-in that contains / ? or #
    has_split_login = "@" in parts.path + parts.query + parts.fragment
    return f"{parts.scheme}://{parts.netloc}" if is_proxy and " " not in text and not has_split_login else ""


def _direct_entry(host: str, port: int | None, no_proxy: str) -> str:
    """The entry of NO_PROXY that matches this host; empty for none. Malformed entries are skipped."""
    return next((entry for entry in re.split(r"[,\s]+", no_proxy) if _matches(entry.lower(), host, port)), "")


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry matches: `*`, a name (with all names below it), an address or a network; a port may follow."""
    name, only_port = _name_and_port(entry.rpartition("://")[2])
    if only_port and only_port != str(port):
        return False
    if name == "*":
        return True
    if address := address_of(host):
        try:
            return address in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    name = name.removeprefix("*").lstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _name_and_port(entry: str) -> tuple[str, str]:
    """Splits an entry. IPv6 may be in brackets, and must be if a port follows."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return (name, rest[1:]) if rest.startswith(":") else (name + rest, "")
    name, _, port = entry.partition(":")
    return (entry, "") if ":" in port else (name, port)


@cache
def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.keylog_filename = os.devnull
    return context


@cache
def _context(own: str, cert_file: str, cert_directory: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=own) if own else httpx.create_ssl_context()
        if not (own or cert_file or cert_directory):
            context.load_default_certs()
    except OSError as error:
        if error.filename:
            raise UserError("SSLKEYLOGFILE names a file that cannot be written: unset it.") from None
        source = f"The CA file {clean(own, 200)}" if own else "SSL_CERT_FILE" if cert_file else "SSL_CERT_DIR"
        raise UserError(f"{source} cannot be used: name a readable file of PEM certificates.") from None
    context.keylog_filename = os.devnull  # SSLKEYLOGFILE would let others read the token from a capture
    return context
