"""From arguments, environment and settings to the parts that a command needs."""

import argparse
import logging
import os
import random
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from tui.clock import now, seconds
from tui.codearts.auth.credentials import FixedToken
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.reading import Failure, FailureKind, Reading
from tui.core.text import clean
from tui.files import Files
from tui.logs import open_log
from tui.polling.poller import Poller
from tui.polling.poller_group import PollerGroup
from tui.processes import SECRETS
from tui.profiles.profile import Profile, build_profile, make_profile
from tui.profiles.resolve import Flags, ProfileInputs, choose_profile, endpoints_of
from tui.storage.profile_settings import ProfileSettings, secret_variables
from tui.storage.settings import PollingSettings


@dataclass(frozen=True, slots=True)
class App:
    """Who asks the service: what the settings come to."""

    profiles: dict[str, Profile]
    default: str
    log: logging.Handler | None = None
    strangers: dict[str, Profile] = field(default_factory=dict)
    """Profiles that only the watchlist knows, once they were wanted."""

    @property
    def names(self) -> tuple[str, ...]:
        """The default profile's name first."""
        return (self.default, *(name for name in self.profiles if name != self.default))

    def profile(self, name: str) -> Profile:
        """One that only the watchlist knows can ask nothing, and says so."""
        if name in self.profiles:
            return self.profiles[name]
        if name not in self.strangers:
            default = self.profiles[self.default]
            unknown = Failure(FailureKind.NO_CREDENTIAL, f"The settings have no profile {clean(name, 60)!r}.")
            credential = FixedToken("none", unknown)
            self.strangers[name] = make_profile(name, default.endpoint, credential, PollingSettings(), now)
        return self.strangers[name]

    def pollers(self, report: Callable[[list[Reading]], None]) -> PollerGroup:
        """The pollers of all profiles, telling `report` what they read."""
        return PollerGroup(lambda name: self._poller(name, report), self.default)

    def _poller(self, name: str, report: Callable[[list[Reading]], None]) -> Poller:
        profile = self.profile(name)
        return Poller(profile.reader, report, profile.policy, clock=seconds, uniform=random.uniform)

    def held(self) -> list[str]:
        """The secrets that are in memory now."""
        return [secret.reveal() for profile in self.profiles.values() for secret in profile.secrets()]

    async def close(self) -> None:
        for profile in self.profiles.values():
            await profile.reader.close()
        if self.log:
            self.log.close()


class ProfilePlan(NamedTuple):
    """What profiles are going to be made from, before any of them is."""

    files: Files
    inputs: ProfileInputs
    in_charge: str
    why: str
    """Where the choice of the profile in charge came from."""

    @property
    def wanted(self) -> dict[str, ProfileSettings]:
        """The profiles of the settings, and the one in charge where it has no name."""
        return {**({} if self.in_charge else {"": ProfileSettings()}), **self.files.settings.profiles}

    def build(self, name: str) -> Profile:
        """Raises Problem."""
        is_in_charge = name == self.in_charge
        url_in_charge = "" if is_in_charge else self._url_in_charge()
        polling = self.files.settings.polling
        return build_profile(name, self.wanted[name], polling, self.inputs, is_in_charge, url_in_charge)

    def _url_in_charge(self) -> str:
        """Empty where it cannot be used; building the profile in charge says why."""
        try:
            return endpoints_of(self.wanted[self.in_charge], self.inputs, True, "").endpoint.url
        except UserError:
            return ""

    def hide(self, environ: MutableMapping[str, str]) -> None:
        """Take out every variable that holds a secret: what this program starts need not see them."""
        for name in SECRETS.union(*map(secret_variables, self.wanted.values())):
            environ.pop(name, None)


def profile_plan(files: Files, arguments: argparse.Namespace, environ: Mapping[str, str]) -> ProfilePlan:
    """Raises UserError if the settings have no such profile."""
    flags = Flags(
        arguments.profile or "",
        arguments.region or "",
        arguments.endpoint or "",
        arguments.allow_http,
        tuple(arguments.allow_host or ()),
        arguments.token_file,
    )
    folder = (files.settings_file or Path()).parent  # without a file there is no name in it either
    inputs = ProfileInputs(flags, dict(environ), _home(), folder, now)
    return ProfilePlan(files, inputs, *choose_profile(flags, environ, files.settings))


def build_app(files: Files, arguments: argparse.Namespace, environ: MutableMapping[str, str]) -> App:
    """A flag wins over the environment, that over the settings, those over the default. Opens the log of `--log`.

    Takes every secret out of `environ`. Raises UserError for what cannot be used.
    """
    planned = profile_plan(files, arguments, environ)
    profiles = {name: planned.build(name) for name in planned.wanted}
    planned.hide(environ)
    app = App(profiles, planned.in_charge)
    return replace(app, log=open_log(arguments.log, app.held)) if arguments.log else app


def _home() -> Path:
    """Where nobody knows it: a place that has nothing in it, and never will."""
    try:
        return expanded("~")
    except UserError:
        return Path(os.devnull)
