"""From the command line, the environment and the user's files to the parts that a command works with.

What talks to the service is loaded only when it is needed: the screen is drawn before, and some commands never need it.
"""

import os
from collections.abc import Callable, MutableMapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui.core.errors import NO_PROFILE, UserError
from tui.core.job import JobId
from tui.core.paths import expanded
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.core.text import clean
from tui.storage.files import Locations, default_locations, may_be_there
from tui.storage.settings import PollingSettings, Settings, load_settings
from tui.storage.watchlist import WatchlistFile

if TYPE_CHECKING:
    import logging
    from argparse import Namespace

    from tui.polling.outcomes import FactReports
    from tui.polling.poller import Poller, PollerGroup
    from tui.profiles.extras import Extras, JobFacts
    from tui.profiles.profile import Profile
    from tui.profiles.resolve import ProfileInputs
    from tui.storage.learned import KeptNames, KeptRefusals, KeptUnits, RememberedLimits
    from tui.storage.profile_settings import ProfileSettings
    from tui.storage.recorder import Recorder
    from tui.storage.shared_budget import SharedBudget


class App(NamedTuple):
    """The profiles that are ready to ask the service, and their pollers."""

    profiles: "dict[str, Profile]"
    default: str
    now: Callable[[], Moment]
    unknown: "dict[str, Profile]"
    """Profiles that only the watchlist names, made when first wanted: none yet."""
    kept_names: "KeptNames"
    log: "logging.Handler | None" = None
    peers: "Callable[[Profile], SharedBudget] | None" = None
    """What finds the other instances that use a profile's credential; None where nothing is shared."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the profiles, that of the default one first."""
        return (self.default, *(name for name in self.profiles if name != self.default))

    def profile(self, name: str) -> "Profile":
        """Returns the profile of this name. One that only the watchlist names has a credential that always fails."""
        if name in self.profiles:
            return self.profiles[name]
        if name not in self.unknown:
            self.unknown[name] = self._make_unknown(name)
        return self.unknown[name]

    def _make_unknown(self, name: str) -> "Profile":
        from tui.codearts.auth.credentials import FixedToken
        from tui.profiles.profile import make_profile

        failure = Failure(FailureKind.NO_CREDENTIAL, NO_PROFILE.format(clean(name, 60)))
        endpoint = self.profiles[self.default].endpoint
        made = make_profile(name, endpoint, FixedToken("none", failure), PollingSettings(), self.now)
        return made._replace(extras=None)

    def pollers(self, report: Callable[[list[Reading]], None]) -> "PollerGroup":
        """The pollers of all profiles. They call `report` with what they read."""
        from tui.polling.poller import PollerGroup

        return PollerGroup(lambda name: self._poller(name, report), self.default)

    def _poller(self, name: str, report: Callable[[list[Reading]], None]) -> "Poller":
        import random

        from tui.clock import seconds
        from tui.polling.poller import Poller

        profile = self.profile(name)
        peers = self.peers(profile) if self.peers else None
        poller = Poller(
            profile.reader,
            report,
            profile.policy,
            clock=seconds,
            uniform=random.uniform,
            lists=profile.extras if profile.policy.lists else None,
            peers=peers,
        )
        if profile.extras:
            profile.extras.use(poller.extras_budget(), lambda: poller.asks_lists)
        return poller

    def facts(self, profile_of: Callable[[JobId], str], reports: "FactReports") -> "JobFacts":
        """What asks for names and outcomes, and reports them."""
        from tui.profiles.extras import JobFacts

        def extras(name: str) -> "Extras | None":
            return self.profile(name).extras

        return JobFacts(extras, profile_of, self.kept_names, self.now, reports)

    def held(self) -> list[str]:
        """The secrets that are in memory now."""
        from tui.codearts.tls_and_proxy import proxy_passwords

        secrets = [secret.reveal() for profile in self.profiles.values() for secret in profile.secrets()]
        return [*secrets, *proxy_passwords()]

    async def close(self) -> None:
        for profile in self.profiles.values():
            await profile.close()
        if self.log:
            self.log.close()


class Context:
    """What every command starts from. The user's files are opened when a command first asks for them."""

    def __init__(
        self,
        flags: "Namespace",
        environ: MutableMapping[str, str],
        now: Callable[[], Moment],
        thread_exits: Sequence[int] = (),
    ) -> None:
        """`flags` are the common arguments: see `DEFAULTS` in tui/cli.py. `thread_exits` gets an exit code for each
        thread that a bug ends."""
        self.flags = flags
        self.environ = environ
        self.now = now
        self.thread_exits = thread_exits
        self._app: App | None = None

    @cached_property
    def locations(self) -> Locations:
        return default_locations()

    @property
    def settings_file(self) -> Path | None:
        """None without a home folder, unless --settings names a file."""
        return self.flags.settings or self.locations.settings

    @cached_property
    def settings(self) -> Settings:
        """Raises UserError for settings that cannot be used."""
        path = self.settings_file
        if self.flags.settings and not may_be_there(self.flags.settings):
            raise UserError(f"There is no {clean(str(path))}: name the file that --settings means.")
        return load_settings(path) if path else Settings()

    @property
    def watchlist_path(self) -> Path | None:
        """None without a home folder, unless --watchlist names a file."""
        return self.flags.watchlist or self.locations.watchlist

    @cached_property
    def watchlist(self) -> WatchlistFile:
        """Raises UserError where there is no place for a watchlist."""
        if not self.watchlist_path:
            raise UserError("Your home folder is not known: set HOME, or name the list with --watchlist FILE.")
        return WatchlistFile(self.watchlist_path)

    @property
    def in_charge(self) -> str:
        """The name of the profile that the flags and the environment are about; empty for the one without a name."""
        return self._choice[0]

    @property
    def why(self) -> str:
        """Where the choice of the profile in charge came from."""
        return self._choice[1]

    @cached_property
    def _choice(self) -> tuple[str, str]:
        from tui.profiles.resolve import choose_profile

        return choose_profile(self._inputs.flags, self.environ, self.settings)

    @property
    def wanted(self) -> "dict[str, ProfileSettings]":
        """The profiles of the settings, and the one in charge if it has no name."""
        from tui.storage.profile_settings import ProfileSettings

        return {**({} if self.in_charge else {"": ProfileSettings()}), **self.settings.profiles}

    def build(self, name: str) -> "Profile":
        """One of `wanted`, ready for use. Raises UserError."""
        from tui.profiles.profile import build_profile

        is_in_charge = name == self.in_charge
        url_in_charge = "" if is_in_charge else self._url_in_charge()
        polling, has_extras = self.settings.polling, self.settings.service.extras and not self.flags.status_only
        wanted = self.wanted[name]
        profile = build_profile(name, wanted, polling, self._inputs, is_in_charge, url_in_charge, has_extras)
        if profile.extras and self._units:
            profile.extras.keep_units(self._units)
        return profile

    @cached_property
    def _units(self) -> "KeptUnits | None":
        from tui.storage.learned import KeptUnits

        folder = self.locations.state_folder
        return KeptUnits(folder / "units.json") if folder else None

    @cached_property
    def kept_names(self) -> "KeptNames":
        from tui.storage.learned import KeptNames

        folder = self.locations.state_folder
        return KeptNames(folder and folder / "names.json")

    @cached_property
    def limits(self) -> "RememberedLimits | None":
        """None without a home folder."""
        from tui.storage.learned import RememberedLimits

        folder = self.locations.state_folder
        return RememberedLimits(folder / "limits.json") if folder else None

    def _url_in_charge(self) -> str:
        """Empty where the endpoint cannot be used; building the profile in charge raises the reason."""
        from tui.profiles.resolve import endpoints_of

        try:
            return endpoints_of(self.wanted[self.in_charge], self._inputs, True, "").endpoint.url
        except UserError:
            return ""

    @cached_property
    def _inputs(self) -> "ProfileInputs":
        """With the environment as it is before secrets are taken out of it."""
        from tui.profiles.resolve import Flags, ProfileInputs

        flags = Flags(
            self.flags.profile or "",
            self.flags.region or "",
            self.flags.endpoint or "",
            self.flags.allow_http,
            tuple(self.flags.allow_host or ()),
            self.flags.token_file,
        )
        folder = (self.settings_file or Path()).parent  # without a settings file no name in it needs a folder
        return ProfileInputs(flags, dict(self.environ), _home(), folder, self.now, self._refused)

    @property
    def _refused(self) -> "KeptRefusals | None":
        from tui.storage.learned import KeptRefusals

        if not (folder := self.locations.state_folder):
            return None
        return KeptRefusals(folder / "refused.json", lambda: self.now().wall, self.flags.heeds_refusals)

    def app(self) -> App:
        """All profiles, built. Opens the log of --log. Raises UserError for what cannot be used.

        Takes every secret out of `environ`.
        """
        profiles = {name: self.build(name) for name in self.wanted}
        app = App(
            profiles,
            self.in_charge,
            self.now,
            {},
            self.kept_names,
            peers=self.peers,
        )
        self._app = app
        self.hide_secrets()
        if not self.flags.log:
            return app
        from tui.logs import open_log

        return app._replace(log=open_log(self.flags.log, app.held))

    def held(self) -> list[str]:
        """The secrets that are in memory now; none before `app` was called."""
        return self._app.held() if self._app else []

    def recorder(self) -> "Recorder | None":
        """What keeps the history, opened in the background; None without a home folder."""
        from tui.storage.history import open_history
        from tui.storage.recorder import Recorder

        folder = self.locations.state_folder
        return Recorder(open_history(folder, self.now), self.now) if folder else None

    def peers(self, profile: "Profile") -> "SharedBudget":
        """What tells other instances of this user what is spent of the profile's budget."""
        import time

        from tui.clock import seconds
        from tui.storage.shared_budget import SharedBudget, open_budget

        opener = partial(open_budget, self.locations.state_folder, self.environ)
        return SharedBudget(opener, self.limits, profile.identity, seconds, time.time)

    def hide_secrets(self) -> None:
        """Take out of `environ` every variable that holds a secret: programs that are started inherit the rest."""
        from tui.processes import SECRETS
        from tui.storage.profile_settings import secret_variables

        for name in SECRETS.union(*map(secret_variables, self.wanted.values())):
            self.environ.pop(name, None)


def _home() -> Path:
    """Returns the home folder; if there is none, a path below which no file can be."""
    try:
        return expanded("~")
    except UserError:
        return Path(os.devnull)
