"""Where a profile asks: the build service and IAM, and whether they may be given a secret at all."""

from typing import NamedTuple

from tui.codearts.endpoints import Endpoint, endpoint_of_region, parse_endpoint
from tui.codearts.iam_endpoints import check_host, iam_endpoint, is_of_its_region, is_vendors, parse_iam_endpoint
from tui.core.problem import Problem
from tui.core.text import clean
from tui.profiles.surroundings import Found, Surroundings
from tui.storage.profiles import ProfileSettings

_REGIONS = ("HW_REGION_NAME", "OS_REGION_NAME")
"""Terraform's and OpenStack's names."""
_NOWHERE = (
    "It is not said where to ask: give --region ID (for example --region cn-north-4) or --endpoint URL, "
    "or set CODEARTS_REGION or CODEARTS_ENDPOINT, or choose a profile of your settings with --profile "
    "or default_profile. To look around first: codearts-watch --demo."
)
DERIVED = "of the region"


class Place(NamedTuple):
    """Two endpoints that passed the check of their hosts; `iam` is None where it is not known."""

    endpoint: Endpoint
    iam: Endpoint | None = None
    found: tuple[Found, ...] = ()


def place_of(settings: ProfileSettings, around: Surroundings, is_in_charge: bool, path: str) -> Place:
    """Flag before environment before settings, of which the profile in charge alone takes the first two.

    `path` is where the settings have the profile. Raises Problem for what cannot be used: then nothing may be sent.
    """
    allow_http = settings.allow_http or (is_in_charge and around.flags.allow_http)
    allowed = (*settings.allow_host, *(around.flags.allow_host if is_in_charge else ()))
    endpoint, found = _build_service(settings, around, is_in_charge, path, allow_http)
    check_host(endpoint, allowed)
    iam, origin = _iam(settings, around, is_in_charge, path, allow_http, endpoint)
    if iam:
        check_host(iam, allowed)
    found.append(Found("iam_endpoint", iam.url if iam else "", origin))
    if allowed:
        origins = [f"settings: {path}allow_host"] * bool(settings.allow_host)
        origins += ["--allow-host"] * (len(allowed) > len(settings.allow_host))
        found.append(Found("allow_host", clean(", ".join(allowed)), " and ".join(origins)))
    return Place(endpoint, iam, tuple(found))


def _build_service(
    settings: ProfileSettings, around: Surroundings, is_in_charge: bool, path: str, allow_http: bool
) -> tuple[Endpoint, list[Found]]:
    """The first that says a place, an endpoint or a region."""
    flags, variable = around.flags, around.variable
    said = [(settings.endpoint, f"settings: {path}endpoint", settings.region, f"settings: {path}region")]
    if is_in_charge:
        environment = (
            variable("CODEARTS_ENDPOINT"),
            "CODEARTS_ENDPOINT",
            variable("CODEARTS_REGION"),
            "CODEARTS_REGION",
        )
        said = [(flags.endpoint, "--endpoint", flags.region, "--region"), environment, *said]
    said += [("", "", variable(name), name) for name in _REGIONS]
    for url, url_origin, region, region_origin in said:
        if url:
            endpoint = parse_endpoint(url, allow_http)
            if region and not endpoint.region:
                endpoint = endpoint._replace(region=clean(region, 50))
            origin = region_origin if region and endpoint.region == region else "of the endpoint"
            return endpoint, [
                Found("endpoint", endpoint.url, url_origin),
                Found("region", endpoint.region, origin if endpoint.region else "not known"),
            ]
        if region:
            endpoint = endpoint_of_region(region)
            return endpoint, [Found("endpoint", endpoint.url, DERIVED), Found("region", region, region_origin)]
    raise Problem(_NOWHERE)


def _iam(
    settings: ProfileSettings, around: Surroundings, is_in_charge: bool, path: str, allow_http: bool, endpoint: Endpoint
) -> tuple[Endpoint | None, str]:
    """The vendor's IAM is taken unasked for the vendor's hosts alone: it would be shown the token of another place."""
    said = [(settings.iam_endpoint, f"settings: {path}iam_endpoint")]
    if is_in_charge:
        said = [(around.variable("CODEARTS_IAM_ENDPOINT"), "CODEARTS_IAM_ENDPOINT"), *said]
        if is_vendors(endpoint):
            said.append((around.variable("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "HUAWEICLOUD_SDK_IAM_ENDPOINT"))
    for url, origin in said:
        if url:
            try:
                return parse_iam_endpoint(url, allow_http), origin
            except Problem as problem:
                raise Problem(f"{origin}: {problem}") from None
    try:
        return (iam_endpoint(endpoint.region), DERIVED) if is_of_its_region(endpoint) else (None, "not known")
    except Problem:
        return None, "not known"
