"""Resolves a profile: flags and environment, its endpoints, its proxy and TLS options."""

from collections.abc import Callable, Iterator, Mapping
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

    from tui.codearts.auth.refused_logins import RefusedLogins


_REGIONS = ("HW_REGION_NAME", "OS_REGION_NAME")
"""Terraform's and OpenStack's names."""
_NOWHERE = (
    "No region or endpoint set: give --region ID (for example --region cn-north-4) or --endpoint URL, "
    "or set CODEARTS_REGION or CODEARTS_ENDPOINT, or choose a profile of your settings with --profile "
    "or default_profile. To look around first: codearts-watch --demo."
)
DERIVED = "of the region"


class Flags(NamedTuple):
    """The options of the command line for the profile in charge."""

    profile: str
    region: str
    endpoint: str
    allow_http: bool
    allow_host: tuple[str, ...]
    token_file: Path | None


class EffectiveValue(NamedTuple):
    """A setting in effect, as text, and where it came from. Contains no secret."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class ProfileInputs:
    """What profiles are made from, besides their settings."""

    flags: Flags
    environ: Mapping[str, str] = field(repr=False)
    """The environment at the start, with its secrets."""
    home: Path
    folder: Path
    """The folder of the settings file."""
    now: Callable[[], Moment]
    refused: "RefusedLogins | None"
    """Log-ins that earlier runs of the program were refused."""

    def variable(self, name: str) -> str:
        return self.environ.get(name, "").strip()

    def file(self, name: str) -> Path:
        """Returns the path of a file that the settings name: relative to their folder; `~` is the home folder."""
        return self.folder / expanded(name)


def choose_profile(flags: Flags, environ: Mapping[str, str], settings: Settings) -> tuple[str, str]:
    """Returns the name of the profile in charge, and where the choice came from.

    The name is empty for the profile that only flags and environment describe. Raises UserError for an unknown one.
    """
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
    """How a profile connects. `proxy` is None if the environment decides, and empty for no proxy."""

    ca_file: Path | None = None
    proxy: str | None = None
    verify: bool = True
    refused: "RefusedLogins | None" = None
    """Log-ins that earlier runs of the program were refused."""

    def opener(self, url: str) -> "Callable[[], httpx.AsyncClient]":
        """Returns a function that makes HTTP clients of one connection each to this URL."""
        return partial(self._open, url)

    def _open(self, url: str) -> "httpx.AsyncClient":
        """Imports httpx only here, since that takes 60 ms."""
        from tui.codearts.connections import open_http

        return open_http(url, self.ca_file, proxy=self.proxy, verify=self.verify, refused=self.refused)


def connection_options(settings: ProfileSettings, inputs: ProfileInputs) -> ConnectionOptions:
    return ConnectionOptions(
        inputs.file(settings.ca_file) if settings.ca_file else None,
        None if not settings.proxy else "" if settings.proxy == DIRECT else settings.proxy,
        not settings.unverified,
        inputs.refused,
    )


def warning_of(settings: ProfileSettings) -> str:
    """Returns the warning that the screen always shows; empty if TLS verification is on."""
    if not settings.unverified:
        return ""
    return "TLS certificates are not verified: anyone on the way can read the token."


class Endpoints(NamedTuple):
    """Endpoints whose hosts passed the check. `iam` is None if no IAM endpoint is known."""

    endpoint: Endpoint
    iam: Endpoint | None = None
    found: tuple[EffectiveValue, ...] = ()


def origin_of(name: str, key: str) -> str:
    """Returns where the settings have a key of this profile."""
    return f"settings: profiles.{name}.{key}" if name else f"settings: {key}"


def endpoints_of(settings: ProfileSettings, inputs: ProfileInputs, is_in_charge: bool, name: str) -> Endpoints:
    """A flag wins over the environment, and that over the settings; both are for the profile in charge alone.

    Raises UserError for what cannot be used: then nothing may be sent.
    """
    allow_http = settings.allow_http or (is_in_charge and inputs.flags.allow_http)
    allowed = (*settings.allow_host, *(inputs.flags.allow_host if is_in_charge else ()))
    endpoint, found = _build_service(settings, inputs, is_in_charge, name, allow_http)
    check_host(endpoint, allowed)
    iam, origin = _iam(settings, inputs, is_in_charge, name, allow_http, endpoint)
    if iam:
        check_host(iam, allowed)
    found.append(EffectiveValue("iam_endpoint", iam.url if iam else "", origin))
    if allowed:
        origins = [origin_of(name, "allow_host")] * bool(settings.allow_host)
        origins += ["--allow-host"] * (len(allowed) > len(settings.allow_host))
        found.append(EffectiveValue("allow_host", clean(", ".join(allowed)), " and ".join(origins)))
    return Endpoints(endpoint, iam, tuple(found))


def _build_service(
    settings: ProfileSettings, inputs: ProfileInputs, is_in_charge: bool, name: str, allow_http: bool
) -> tuple[Endpoint, list[EffectiveValue]]:
    """Takes the first source that names an endpoint or a region."""
    for url, url_origin, region, region_origin in _sources(settings, inputs, is_in_charge, name):
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


def _sources(
    settings: ProfileSettings, inputs: ProfileInputs, is_in_charge: bool, name: str
) -> Iterator[tuple[str, str, str, str]]:
    """Yields endpoint and region, each with its origin, of all that may name them; empty where it names none."""
    flags, variable = inputs.flags, inputs.variable
    if is_in_charge:
        yield flags.endpoint, "--endpoint", flags.region, "--region"
        yield variable("CODEARTS_ENDPOINT"), "CODEARTS_ENDPOINT", variable("CODEARTS_REGION"), "CODEARTS_REGION"
    yield settings.endpoint, origin_of(name, "endpoint"), settings.region, origin_of(name, "region")
    for region in _REGIONS:
        yield "", "", variable(region), region


def _iam(
    settings: ProfileSettings,
    inputs: ProfileInputs,
    is_in_charge: bool,
    name: str,
    allow_http: bool,
    endpoint: Endpoint,
) -> tuple[Endpoint | None, str]:
    """Derives the vendor's IAM for the vendor's hosts alone: otherwise IAM would receive another service's token."""
    said = [(settings.iam_endpoint, origin_of(name, "iam_endpoint"))]
    if is_in_charge:
        said = [(inputs.variable("CODEARTS_IAM_ENDPOINT"), "CODEARTS_IAM_ENDPOINT"), *said]
        if is_vendors(endpoint):
            said.append((inputs.variable("HUAWEICLOUD_SDK_IAM_ENDPOINT"), "HUAWEICLOUD_SDK_IAM_ENDPOINT"))
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
