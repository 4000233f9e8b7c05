"""What the environment says about connections: certificate authorities and proxies."""

import os
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tui.codearts.endpoints import is_loopback
from tui.core.problem import Problem
from tui.core.text import clean

_PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")


def tls_context(ca_file: Path | None, verify: bool = True) -> ssl.SSLContext:
    """Trusts the CA file given, else SSL_CERT_FILE or SSL_CERT_DIR, else the usual authorities and this machine's own.

    Built once. Without `verify` it trusts whoever answers. Raises Problem where a file cannot be used.
    """
    cert_file, cert_directory = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    return _context(str(ca_file or ""), cert_file, cert_directory) if verify else _trusting()


def nobodys_context() -> ssl.SSLContext:
    """Trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def authorities(ca_file: Path | None, verify: bool = True) -> str:
    """Whom `tls_context` trusts, in words."""
    if not verify:
        return "whoever answers: verification is switched off"
    if ca_file:
        return f"the CA file {clean(str(ca_file), 200)}"
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if value := os.environ.get(variable):
            return f"{variable}, {clean(value, 200)}"
    return "the usual authorities (certifi) and this machine's own"


def route(url: str, own: str | None, environ: Mapping[str, str]) -> str:
    """The proxy that requests to this address go through, in words; empty where they go directly.

    `own` is the profile's: None where the environment decides, and empty for none at all.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if own == "" or is_loopback(host):
        return ""
    if own:
        return f"{clean(own, 200)} (settings)"
    variable, proxy = proxy_of(parts.scheme, host, environ)
    return f"{proxy} ({variable})" if proxy else ""


def proxy_of(scheme: str, host: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable of the proxy that a request goes through, and the proxy without its password; empty for none."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := environ.get(variable, "").strip():
                if _is_direct(host, environ.get("no_proxy") or environ.get("NO_PROXY", "")):
                    return "", ""
                return variable, clean(value.rpartition("@")[2].rpartition("//")[2], 200)
    return "", ""


def _is_direct(host: str, no_proxy: str) -> bool:
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    return any(entry in ("*", host) or host.endswith(f".{entry.lstrip('.')}") for entry in entries)


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
            raise Problem("SSLKEYLOGFILE names a file that cannot be written: unset it.") from None
        source = f"The CA file {clean(own, 200)}" if own else "SSL_CERT_FILE" if cert_file else "SSL_CERT_DIR"
        raise Problem(f"{source} cannot be used: name a readable file of PEM certificates.") from None
    context.keylog_filename = os.devnull  # SSLKEYLOGFILE would let others read the token from a capture
    return context


def proxy_problem(context: ssl.SSLContext, own: str | None = None) -> Problem:
    """Why httpx refused the proxy variables: names the one, never its value, which may hold a password."""
    if own:
        return Problem("The profile's proxy cannot be used: write http://HOST:PORT or socks5://HOST:PORT.")
    for name in _PROXY_VARIABLES:
        if proxy := os.environ.get(name):
            try:
                httpx.AsyncHTTPTransport(verify=context, proxy=proxy if "://" in proxy else f"http://{proxy}")
            except ImportError:
                return Problem(f"{name} names a SOCKS proxy, which needs the package socksio: install httpx[socks].")
            except (ValueError, httpx.InvalidURL):
                return Problem(f"{name} names no proxy that can be used: write http://HOST:PORT or socks5://HOST:PORT.")
    return Problem("NO_PROXY holds an entry that cannot be used: write host names and addresses with commas between.")
