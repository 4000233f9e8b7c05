"""From arguments, environment and settings to the parts that a command needs."""

import argparse
import random
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tui.codearts.credentials import FixedToken
from tui.codearts.private_file import expanded
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.core.text import clean
from tui.log import Log, NotedStore, open_log
from tui.polling.desk import Desk
from tui.polling.poller import Poller
from tui.profiles.profile import Profile, build_profile, make_profile
from tui.profiles.surroundings import Flags, Surroundings, choose
from tui.storage.locations import Locations, default_locations
from tui.storage.profiles import ProfileSettings
from tui.storage.settings import PollingSettings, Settings, load_settings
from tui.storage.watchlist import WatchlistFile, WatchlistStore

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> Moment:
    """This instant; the first clock also counts the time that the machine was suspended."""
    return Moment(time.clock_gettime(_CLOCK), datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Parts:
    """What the settings come to."""

    settings: Settings
    locations: Locations | None
    """None where no file of the user's may be touched."""
    store: WatchlistStore
    profiles: dict[str, Profile]
    default: str
    log: Log | None = None
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

    def desk(self, report: Callable[[list[Reading]], None]) -> Desk:
        """The pollers of all profiles, telling `report` what they read."""
        heard = self.log.hearing(report) if self.log else report
        return Desk(lambda name: self._poller(name, heard), self.default)

    def _poller(self, name: str, report: Callable[[list[Reading]], None]) -> Poller:
        profile = self.profile(name)
        return Poller(profile.reader, report, profile.policy, clock=lambda: now().at, uniform=random.uniform)

    async def close(self) -> None:
        for profile in self.profiles.values():
            await profile.reader.close()
        if self.log:
            self.log.close()


@dataclass(frozen=True, slots=True)
class Plan:
    """What profiles are going to be made from, before any of them is."""

    settings: Settings
    locations: Locations
    settings_file: Path
    around: Surroundings
    in_charge: str
    why: str
    """Where the choice of the profile in charge came from."""

    @property
    def wanted(self) -> dict[str, ProfileSettings]:
        """The profiles of the settings, and the one in charge where it has no name."""
        return {**({} if self.in_charge else {"": ProfileSettings()}), **self.settings.profiles}

    def build(self, name: str) -> Profile:
        """Raises Problem."""
        is_in_charge = name == self.in_charge
        return build_profile(name, self.wanted[name], self.settings.polling, self.around, is_in_charge)

    def hide(self, environ: MutableMapping[str, str]) -> None:
        """Take out the secrets that profiles hold now: the commands that this program starts need not see them."""
        for name in self.around.taken:
            environ.pop(name, None)


def plan(arguments: argparse.Namespace, environ: Mapping[str, str], note: Callable[[str], None]) -> Plan:
    """Raises Problem for settings that cannot be used, and for a profile that is not there."""
    locations = default_locations()
    path = arguments.settings or locations.settings
    if arguments.settings and not path.exists():
        raise Problem(f"There is no {clean(str(path))}: name the file that --settings means.")
    settings = load_settings(path)
    flags = Flags(
        arguments.profile or "",
        arguments.region or "",
        arguments.endpoint or "",
        arguments.allow_http,
        tuple(arguments.allow_host or ()),
        arguments.token_file,
    )
    around = Surroundings(flags, dict(environ), expanded("~"), path.parent, now, note)
    return Plan(settings, locations, path, around, *choose(flags, environ, settings))


def gather(arguments: argparse.Namespace, environ: MutableMapping[str, str]) -> Parts:
    """Flag before environment before settings before default.

    Takes out of `environ` the secrets that are in use now. Raises Problem for what cannot be used.
    """
    log = open_log(arguments.log, now) if arguments.log else None
    planned = plan(arguments, environ, log.note if log else _unheard)
    profiles = {name: planned.build(name) for name in planned.wanted}
    planned.hide(environ)
    store: WatchlistStore = watchlist_of(arguments, planned.locations)
    if log:
        log.keep_out(lambda: [secret.reveal() for profile in profiles.values() for secret in profile.secrets()])
        store = NotedStore(store, log.note)
    return Parts(planned.settings, planned.locations, store, profiles, planned.in_charge, log)


def watchlist_of(arguments: argparse.Namespace, locations: Locations) -> WatchlistFile:
    return WatchlistFile(arguments.watchlist or locations.watchlist)


def _unheard(text: str) -> None:
    """Without `--log`."""
