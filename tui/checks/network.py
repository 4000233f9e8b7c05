"""The way to the service: name, connection, certificate, and its clock."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from tui.checks.step import LIMIT, Step, Verdict, advice, fails, unknown, works
from tui.codearts.endpoints import Endpoint, is_loopback
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind
from tui.profiles.profile import Profile

_SKEW = 60.0
"""Seconds between two clocks that are worth a word; the vendor refuses signatures that are 15 minutes off."""
_EXPECTED = (401, 403)


async def network_steps(profile: Profile, environ: Mapping[str, str]) -> AsyncIterator[Step]:
    from tui.codearts.tls_and_proxy import route

    host = urlsplit(profile.endpoint.url).hostname or ""
    try:
        way = route(profile.endpoint.url, profile.service.link.proxy, environ)
    except Problem as problem:
        yield fails("proxy", str(problem))
        return
    why = f" ({way.why_direct})" if way.why_direct else ""
    yield works("proxy", way.proxy or f"none: the connection is direct{why}")
    if not way.proxy:
        step = await _resolves(host)
        yield step
        if step.verdict is Verdict.FAILS:
            return
    async for step in _reaches(profile):
        yield step


async def _resolves(host: str) -> Step:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LIMIT):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return fails("name", f"{host} was not looked up within {LIMIT:g} s: check the name servers of this machine.")
    except (OSError, UnicodeError):
        return fails("name", f"{host} was not found: check its spelling and the name servers, or set HTTPS_PROXY.")
    addresses = sorted({str(address[0]) for *_, address in found})
    return works("name", f"{host} is {', '.join(addresses[:4])}")


async def _reaches(profile: Profile) -> AsyncIterator[Step]:
    """One call without a credential tells how far it came."""
    from tui.codearts.probe import probe
    from tui.codearts.tls_and_proxy import authorities

    link, endpoint = profile.service.link, profile.endpoint
    answer = await probe(link.opener(endpoint.url), endpoint, LIMIT)
    is_tls = endpoint.url.startswith("https:")
    trusted = f"trusted: {authorities(link.ca_file, link.verify)}"
    if isinstance(answer, Failure):
        if answer.kind is FailureKind.TLS:
            yield works("connection", f"{endpoint.url} takes connections")
            yield fails("TLS", f"{answer.summary} Now {trusted}; a profile's ca_file or SSL_CERT_FILE may name others.")
        else:
            yield fails("connection", f"{answer.summary} {_what_to_do(answer)}")
        return
    yield works("connection", f"{endpoint.url} answers")
    host = urlsplit(endpoint.url).hostname or ""
    if not is_tls and is_loopback(host):
        yield works("TLS", "not used, and not needed on this machine")
    elif not is_tls:
        yield advice("TLS", "not used: anyone on the way can read the token")
    else:
        yield works("TLS", f"the certificate is good; {trusted}") if link.verify else advice("TLS", trusted)
    if answer.http_status not in _EXPECTED:
        yield advice("service", f"HTTP {answer.http_status} to a call without a token: this may not be CodeArts Build.")
    yield _clock(profile, answer.date)


def _what_to_do(failure: Failure) -> str:
    match failure.kind:
        case FailureKind.PROXY:
            return "Check HTTPS_PROXY, or the proxy of the profile."
        case FailureKind.SETTINGS:
            return ""
        case _:
            return "Check the endpoint, the firewall, and whether this machine needs a proxy (HTTPS_PROXY)."


def _clock(profile: Profile, date: str) -> Step:
    clock = profile.service.clock
    clock.learn(date)
    if clock.skew is None:
        return unknown("clock", "the service does not say its time")
    seconds = clock.skew.total_seconds()
    if abs(seconds) <= _SKEW:
        return works("clock", f"within {_SKEW:g} s of the service's")
    way = "behind" if seconds > 0 else "ahead of"
    return advice("clock", f"{abs(seconds):.0f} s {way} the service's: set it right. Signatures and ends allow for it.")


def where(endpoint: Endpoint, iam: Endpoint | None) -> str:
    """Region and hosts in words."""
    region = f"region {endpoint.region}, " if endpoint.region else ""
    return f"{region}{endpoint.url}, IAM {iam.url if iam else 'not known'}"
