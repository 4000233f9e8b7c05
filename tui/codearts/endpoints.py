"""Addresses of the build service and of IAM: parsed, checked, derived from regions."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from tui.core.errors import UserError
from tui.core.text import clean, did_you_mean, looks_secret


class Region(NamedTuple):
    """A region that has CodeArts Build."""

    id: str
    name: str
    host: str


class Endpoint(NamedTuple):
    """The service's origin, `https://host[:port]`, and its region if that is known."""

    url: str
    region: str = ""


_ROWS = (
    # ID, name, and the host if it does not follow the pattern.
    ("cn-north-1", "Beijing 1", ""),
    ("cn-north-4", "Beijing 4", ""),
    ("cn-northeast-1", "Dalian", ""),
    ("cn-east-2", "Shanghai 2", ""),
    ("cn-east-3", "Shanghai 1", ""),
    ("cn-south-1", "Guangzhou", ""),
    ("cn-south-2", "Shenzhen", ""),
    ("cn-southwest-2", "Guiyang 1", ""),
    ("ap-southeast-3", "Singapore", ""),
    ("la-north-2", "Mexico City 2", ""),
    ("la-south-2", "Santiago", ""),
    ("sa-brazil-1", "Sao Paulo 1", ""),
    ("tr-west-1", "Istanbul", ""),
    ("eu-west-101", "Dublin", "build-backend.eu-west-101.myhuaweicloud.eu"),
)

REGIONS: Mapping[str, Region] = {
    region: Region(region, name, host or f"cloudbuild-ext.{region}.myhuaweicloud.com") for region, name, host in _ROWS
}

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_CONSOLE = re.compile(r"devcloud\.(?:([a-z0-9-]+)\.)?huaweicloud\.com")
PORTS = {"https": 443, "http": 80}


def endpoint_of_region(region: str) -> Endpoint:
    """Returns the endpoint of a region. Raises UserError for one outside the table: no host is guessed."""
    if known := REGIONS.get(region):
        return Endpoint(f"https://{known.host}", region)
    raise UserError(
        f'Region "{clean(region, 50)}" is not known ({did_you_mean(region, list(REGIONS), least=0.0)}); '
        "for a new region give the service's address with --endpoint."
    )


def parse_endpoint(text: str, allow_http: bool = False) -> Endpoint:
    """`https://host[:port]`, checked before any token goes there; plain http only to this machine, or if allowed.

    Raises UserError, whose text never repeats a user name or password.
    """
    text = text.strip()
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise UserError(
            "The endpoint has a space, a backslash, a control character or a letter outside ASCII: write https://HOST."
        )
    if looks_secret(text):
        raise UserError("The endpoint looks like a secret: write https://HOST.")
    parts, port = _split(text)
    if parts.username is not None or parts.password is not None:
        raise UserError("The endpoint must not hold a user name or password: write https://HOST.")
    if parts.scheme not in PORTS or "://" not in text:
        raise UserError(f'The endpoint "{clean(text, 100)}" must begin with https://.')
    host = _checked_host(parts.hostname or "")
    whole = host if port in (None, PORTS[parts.scheme]) else f"{host}:{port}"
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise UserError(f"The endpoint must end after the host: write {parts.scheme}://{whole}.")
    if parts.scheme == "http" and not (allow_http or is_loopback(host)):
        raise UserError(f"Over http:// anybody on the way could read the token: write https://{whole}.")
    if console := _CONSOLE.fullmatch(host):
        region = console[1] if console[1] in REGIONS else "REGION"
        raise UserError(f"{host} is the console, a web page for people: use --region {region} instead.")
    region = next((region.id for region in REGIONS.values() if region.host == host), "")
    return Endpoint(f"{parts.scheme}://{whole}", region)


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
    except ValueError:
        raise UserError("The endpoint is not an address: write https://HOST.") from None
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise UserError("The endpoint's port must be a number from 1 to 65535.")
    return parts, port


def _checked_host(host: str) -> str:
    """The host as written in an address: IPv6 in brackets."""
    if not host:
        raise UserError("The endpoint names no host: write https://HOST.")
    if ":" in host and "%" not in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            host = ""
    if not _HOST.fullmatch(host):
        raise UserError("The endpoint's host is not a host name or address: write https://HOST.")
    return host


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, which needs no https, no proxy and no --allow-host."""
    address = address_of(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The host as an IP address; None for a name. An IPv4 address inside an IPv6 one is returned as IPv4."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


GLOBAL = "https://iam.myhuaweicloud.com"
"""Its tokens are valid in all regions of the main site."""
VENDOR_DOMAINS = ("myhuaweicloud.com", "myhuaweicloud.cn", "myhuaweicloud.eu")

_LIST = (
    "cn-north-1 cn-north-2 cn-north-4 cn-north-9 cn-north-12 cn-east-2 cn-east-3 cn-east-4 cn-east-5 cn-south-1 "
    "cn-south-2 cn-southwest-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 af-south-1 sa-brazil-1 "
    "la-south-2 la-north-2 na-mexico-1 eu-west-0 my-kualalumpur-1 ru-moscow-1 me-east-1 ae-ad-1 tr-west-1"
)
_REGIONS = frozenset(_LIST.split())
_EUROPE = {"eu-west-101": "https://iam.eu-west-101.myhuaweicloud.eu"}
"""A site of its own: the global IAM does not know its users."""
_VERSION = re.compile(r"/v3/?\Z|/\Z")


def iam_endpoint(region: str) -> Endpoint:
    """The region's own IAM; the global one for a build region that has none (Dalian).

    Raises UserError for a region outside the tables: no host is guessed.
    """
    if url := _EUROPE.get(region):
        return Endpoint(url, region)
    if region in _REGIONS:
        return Endpoint(f"https://iam.{region}.myhuaweicloud.com", region)
    if region in REGIONS:
        return Endpoint(GLOBAL, region)
    known = sorted({*_REGIONS, *_EUROPE, *REGIONS})
    raise UserError(
        f'The IAM of region "{clean(region, 50)}" is not known ({did_you_mean(region, known, least=0.0)}); '
        "for a new region give its address as iam_endpoint."
    )


def is_of_its_region(endpoint: Endpoint) -> bool:
    """Whether the endpoint is the vendor's in that region: only then may the region's IAM see its token."""
    known = REGIONS.get(endpoint.region)
    host = urlsplit(endpoint.url).hostname or ""
    return (known is not None and host == known.host) or (
        bool(endpoint.region) and is_vendors(endpoint) and f".{endpoint.region}." in host
    )


def is_vendors(endpoint: Endpoint) -> bool:
    """Whether this is one of Huawei Cloud's own hosts, over https."""
    parts = urlsplit(endpoint.url)
    return parts.scheme == "https" and any((parts.hostname or "").endswith(f".{domain}") for domain in VENDOR_DOMAINS)


def parse_iam_endpoint(text: str, allow_http: bool) -> Endpoint:
    """Like `parse_endpoint`, but drops a `/v3` at the end, as Terraform and OpenStack write it. Raises UserError."""
    return parse_endpoint(_VERSION.sub("", text.strip()), allow_http)


def check_host(endpoint: Endpoint, allowed: Collection[str]) -> None:
    """Checks that secrets may be sent there: to the vendor over https, to this machine, or to an allowed host.

    An allowed name without a port allows all ports of the host.

    Raises UserError; then nothing may be sent.
    """
    parts = urlsplit(endpoint.url)
    host, whole = parts.hostname or "", parts.netloc
    named = {host, f"[{host}]", whole} & {name.strip().lower() for name in allowed}
    if is_loopback(host) or is_vendors(endpoint) or named:
        return
    raise UserError(
        f"{clean(whole, 300)} is no host of Huawei Cloud ({', '.join(VENDOR_DOMAINS)}), so nothing is sent there: "
        f"correct the endpoint, or allow it by name: --allow-host {clean(whole, 300)}, or allow_host = "
        f'["{clean(whole, 300)}"] in its profile.'
    )
