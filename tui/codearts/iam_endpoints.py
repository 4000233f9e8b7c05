"""Where IAM is: its regions, which are more than those of CodeArts Build, and which hosts may be given a secret."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from urllib.parse import urlsplit

from tui.codearts.endpoints import REGIONS, Endpoint, is_loopback, parse_endpoint
from tui.core.problem import Problem
from tui.core.text import clean

GLOBAL = "https://iam.myhuaweicloud.com"
"""Its tokens are good in all regions of the main site."""
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

    Raises Problem for a region outside the tables: no host is guessed.
    """
    if url := _EUROPE.get(region):
        return Endpoint(url, region)
    if region in _REGIONS:
        return Endpoint(f"https://iam.{region}.myhuaweicloud.com", region)
    if region in REGIONS:
        return Endpoint(GLOBAL, region)
    near = get_close_matches(region[:50], sorted({*_REGIONS, *_EUROPE, *REGIONS}), n=1, cutoff=0.0)
    raise Problem(
        f'The IAM of region "{clean(region, 50)}" is not known (did you mean {near[0]}?); '
        "for one outside the list give its address as iam_endpoint."
    )


def parse_iam_endpoint(text: str, allow_http: bool = False) -> Endpoint:
    """As `parse_endpoint`; a `/v3` at its end, as Terraform and OpenStack write it, is dropped. Raises Problem."""
    return parse_endpoint(_VERSION.sub("", text.strip()), allow_http)


def check_host(endpoint: Endpoint, allowed: Collection[str] = ()) -> None:
    """A secret goes to the vendor's hosts over https, to this machine, or to a host that the user allowed by name.

    A name without a port allows all ports of the host.

    Raises Problem: then nothing may be sent.
    """
    parts = urlsplit(endpoint.url)
    host, whole = parts.hostname or "", parts.netloc
    if is_loopback(host) or {host, f"[{host}]", whole} & {name.strip().lower() for name in allowed}:
        return
    if parts.scheme == "https" and any(host.endswith(f".{domain}") for domain in VENDOR_DOMAINS):
        return
    raise Problem(
        f"{clean(whole, 300)} is no host of Huawei Cloud ({', '.join(VENDOR_DOMAINS)}), so nothing is sent there: "
        f"correct the endpoint, or allow it by name: --allow-host {clean(whole, 300)}, or allow_host = "
        f'["{clean(whole, 300)}"] in its profile.'
    )
