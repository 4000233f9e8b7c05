"""Resolves a profile: flags and environment, its endpoints, its proxy and TLS options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.codearts.endpoints import (
    Endpoint,
    check_host,
    endpoint_of_region,
    iam_endpoint,
    is_of_its_region,
    is_vendors,
    parse_endpoint,
    parse_iam_endpoint,
)
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.reading import Moment
from tui.core.text import clean
from tui.storage.profile_settings import DIRECT, ProfileSettings
from tui.storage.settings import Settings

if TYPE_CHECKING:
    import httpx


class Flags(NamedTuple):
    """What the command line says of the profile in charge."""

    profile: str = ""
    region: str = ""
    endpoint: str = ""
    allow_http: bool = False
    allow_host: tuple[str, ...] = ()
    token_file: Path | None = None


class EffectiveValue(NamedTuple):
    """One effective value, in words, and where it came from. Shows no secret."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Context:
    """`environ` is as it was at the start, `folder` that of the settings, `note` writes a line to the log."""

    flags: Flags
    environ: Mapping[str, str] = field(repr=False)
    home: Path
    folder: Path
    now: Callable[[], Moment]
    note: Callable[[str], None]

    def variable(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def file(self, name: str) -> Path:
        """`~` is the home; any other relative name counts from the settings' folder."""
        return self.folder / expanded(name)


def choose_profile(flags: Flags, environ: Mapping[str, str], settings: Settings) -> tuple[str, str]:
    """The profile in charge, and why it is. Empty: the one without a name. Raises Problem for an unknown one."""
    known = settings.profiles
    for name, origin in ((flags.profile, "--profile"), (environ.get("CODEARTS_PROFILE", ""), "CODEARTS_PROFILE")):
        if name in known:
            return name, origin
        if name:
            names = ", ".join(known) or "none yet: write [profiles.NAME] into settings.toml"
            raise UserError(f"{origin} names the profile {clean(name, 60)!r}, which is not in the settings ({names}).")
    if settings.default_profile:
        return settings.default_profile, "settings: default_profile"
    if len(known) == 1:
        return next(iter(known)), "settings: the only one"
    return "", "default"


class ConnectionOptions(NamedTuple):
    """`proxy` is None where the environment decides, and empty for none at all."""

    ca_file: Path | None = None
    proxy: str | None = None
    verify: bool = True

    def opener(self, url: str) -> "Callable[[], httpx.AsyncClient]":
        """Makes HTTP clients of one connection each, for this place. Loads httpx, which costs 60 ms."""
        from tui.codearts.connections import open_http

        return partial(open_http, url, self.ca_file, proxy=self.proxy, verify=self.verify)


def connection_options(settings: ProfileSettings, file: Callable[[str], Path]) -> ConnectionOptions:
    return ConnectionOptions(
        file(settings.ca_file) if settings.ca_file else None,
        None if not settings.proxy else "" if settings.proxy == DIRECT else settings.proxy,
        not settings.unverified,
    )


def warning_of(settings: ProfileSettings) -> str:
    """What the screen says as long as it is open; empty where all is well."""
    if not settings.unverified:
        return ""
    return "Whoever answers is believed, since TLS verification is off: anyone on the way can read the token."


_REGIONS = ("HW_REGION_NAME", "OS_REGION_NAME")
"""Terraform's and OpenStack's names."""
_NOWHERE = (
    "It is not said where to ask: give --region ID (for example --region cn-north-4) or --endpoint URL, "
    "or set CODEARTS_REGION or CODEARTS_ENDPOINT, or choose a profile of your settings with --profile "
    "or default_profile. To look around first: codearts-watch --demo."
)
DERIVED = "of the region"


class Endpoints(NamedTuple):
    """Two endpoints that passed the check of their hosts; `iam` is None where it is not known."""

    endpoint: Endpoint
    iam: Endpoint | None = None
    found: tuple[EffectiveValue, ...] = ()


def endpoints_of(settings: ProfileSettings, context: Context, is_in_charge: bool, path: str) -> Endpoints:
    """Flag before environment before settings, of which the profile in charge alone takes the first two.

    `path` is where the settings have the profile. Raises Problem for what cannot be used: then nothing may be sent.
    """
    allow_http = settings.allow_http or (is_in_charge and context.flags.allow_http)
    allowed = (*settings.allow_host, *(context.flags.allow_host if is_in_charge else ()))
    endpoint, found = _build_service(settings, context, is_in_charge, path, allow_http)
    check_host(endpoint, allowed)
    iam, origin = _iam(settings, context, is_in_charge, path, allow_http, endpoint)
    if iam:
        check_host(iam, allowed)
    found.append(EffectiveValue("iam_endpoint", iam.url if iam else "", origin))
    if allowed:
        origins = [f"settings: {path}allow_host"] * bool(settings.allow_host)
        origins += ["--allow-host"] * (len(allowed) > len(settings.allow_host))
        found.append(EffectiveValue("allow_host", clean(", ".join(allowed)), " and ".join(origins)))
    return Endpoints(endpoint, iam, tuple(found))


def _build_service(
    settings: ProfileSettings, context: Context, is_in_charge: bool, path: str, allow_http: bool
) -> tuple[Endpoint, list[EffectiveValue]]:
    """The first that says a place, an endpoint or a region."""
    flags, variable = context.flags, context.variable
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
                EffectiveValue("endpoint", endpoint.url, url_origin),
                EffectiveValue("region", endpoint.region, origin if endpoint.region else "not known"),
            ]
        if region:
            endpoint = endpoint_of_region(region)
            return endpoint, [
                EffectiveValue("endpoint", endpoint.url, DERIVED),
                EffectiveValue("region", region, region_origin),
            ]
    raise UserError(_NOWHERE)


def _iam(
    settings: ProfileSettings, context: Context, is_in_charge: bool, path: str, allow_http: bool, endpoint: Endpoint
) -> tuple[Endpoint | None, str]:
    """The vendor's IAM is taken unasked for the vendor's hosts alone: it would be shown the token of another place."""
    said = [(settings.iam_endpoint, f"settings: {path}iam_endpoint")]
    if is_in_charge:
        said = [(context.variable("CODEARTS_IAM_ENDPOINT"), "CODEARTS_IAM_ENDPOINT"), *said]
        if is_vendors(endpoint):
            said.append((context.variable("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "HUAWEICLOUD_SDK_IAM_ENDPOINT"))
    for url, origin in said:
        if url:
            try:
                return parse_iam_endpoint(url, allow_http), origin
            except UserError as problem:
                raise UserError(f"{origin}: {problem}") from None
    try:
        return (iam_endpoint(endpoint.region), DERIVED) if is_of_its_region(endpoint) else (None, "not known")
    except UserError:
        return None, "not known"
