"""A profile: what is needed to read jobs of one endpoint with one credential."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.codearts.auth.credentials import Credential, CredentialChain, ReadyToken, Secret, TypedToken
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.codearts.status_api import status_path
from tui.core.budget import Identity
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.reading import Failure, Moment
from tui.core.text import clean
from tui.polling.policy import Policy
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasBudget
from tui.profiles.access import Access, LazyClient
from tui.profiles.candidates import Candidate, find_candidates, identity_of
from tui.profiles.extras import Extras
from tui.profiles.resolve import (
    ConnectionOptions,
    Endpoints,
    ProfileInputs,
    connection_options,
    endpoints_of,
    warning_of,
)
from tui.profiles.sign_in import SignIn
from tui.storage.profile_settings import ProfileSettings
from tui.storage.settings import PollingSettings

MOST_TOGETHER = 4
"""Requests sent together at most. Their responses arrive together and take 2 ms each, during which a key waits."""


class Profile(NamedTuple):
    """An endpoint, a credential for it, and the client that uses both."""

    name: str
    """Empty for the profile that only flags and environment describe."""
    credential: Credential
    reader: LazyClient
    policy: Policy
    sign_in: SignIn
    access: Access
    candidates: tuple[Candidate, ...] = ()
    warning: str = ""
    """A warning that the screen always shows; empty if there is none."""
    extras: Extras | None = None
    """None where nothing but the status call may be sent."""

    @property
    def endpoint(self) -> Endpoint:
        return self.access.endpoint

    async def close(self) -> None:
        await self.reader.close()
        if self.extras:
            await self.extras.close()

    async def look(self) -> Token | Failure | None:
        """Asks IAM about the token in use; from then on its end is known.

        Returns None for keys, and if no IAM endpoint is known. May log in, as the first reading would. Raises
        UserError if no connection can be set up.
        """
        auth_headers = await self.credential.authenticate("GET", self.endpoint.url + status_path(NO_JOB))
        if isinstance(auth_headers, Failure):
            return auth_headers
        self.credential.on_response(auth_headers, None)
        if "X-Auth-Token" not in auth_headers.headers:
            return None
        inspected = await self.access.inspect(auth_headers.secret)
        if isinstance(inspected, Token) and inspected.expires_at:
            for candidate in self.candidates:
                if isinstance(candidate.credential, ReadyToken) and candidate.credential.source == auth_headers.source:
                    candidate.credential.learn(auth_headers.secret, inspected.expires_at)
        return inspected

    def identity(self) -> Identity | None:
        """Returns whose budget the requests are taken from; None while that is not known."""
        used, typed = self.credential.source, self.sign_in.typed
        known = (one.identity() for one in self.candidates if one.credential.source == used)
        whose = identity_of(typed) if typed.source == used else next(known, "")
        user = whose.partition(" ")[0] if whose.startswith("token ") else whose
        url = self.endpoint.url
        return Identity(f"{url} {whose}", f"{url} {user}") if whose else None

    def secrets(self) -> list[Secret]:
        """Returns the secrets that are in memory now."""
        held = [candidate.held() for candidate in self.candidates]
        return [*self.sign_in.secrets, *(secret for some in held if not isinstance(some, Failure) for secret in some)]


def build_profile(
    name: str,
    settings: ProfileSettings,
    polling: PollingSettings,
    inputs: ProfileInputs,
    is_in_charge: bool,
    url_in_charge: str,
    has_extras: bool,
) -> Profile:
    """`url_in_charge` is the endpoint of the profile in charge.

    Without extras the profile sends nothing but the status call.

    Raises UserError, which names the profile, for what can never work: then nothing is sent anywhere.
    """
    options = connection_options(settings, inputs)
    clock = ServerClock(inputs.now)
    try:
        endpoints = endpoints_of(settings, inputs, is_in_charge, name)
        access = Access(endpoints, options, clock, inputs.now)
        shares_host = is_in_charge or endpoints.endpoint.url == url_in_charge
        candidates = find_candidates(name, settings, access, inputs, is_in_charge, shares_host)
    except UserError as problem:
        raise UserError(f"Profile {clean(name, 60)}: {problem}" if name else str(problem)) from None
    credentials = [candidate.credential for candidate in candidates]
    profile = _put_together(name, access, credentials, polling, tuple(candidates))
    return profile._replace(warning=warning_of(settings), extras=profile.extras if has_extras else None)


def make_profile(
    name: str, endpoint: Endpoint, credential: Credential, polling: PollingSettings, now: Callable[[], Moment]
) -> Profile:
    """Makes a profile with a given credential."""
    access = Access(Endpoints(endpoint), ConnectionOptions(), ServerClock(now), now)
    return _put_together(name, access, [credential], polling)


def _put_together(
    name: str,
    access: Access,
    credentials: Sequence[Credential],
    polling: PollingSettings,
    candidates: tuple[Candidate, ...] = (),
) -> Profile:
    typed = TypedToken()
    credential = CredentialChain(credentials, typed)
    together = min(MOST_TOGETHER, polling.concurrency)
    policy = Policy(polling.running, polling.idle, polling.requests_per_second, polling.concurrency, together=together)
    reader = LazyClient(access, credential)
    passwords = ((candidate.password, candidate.iam) for candidate in candidates if candidate.password)
    sign_in = SignIn(access, typed, *next(passwords, (None, None)))
    budget = ExtrasBudget(AdaptiveRateLimiter(policy.requests_per_second), lambda: access.now().at)
    extras = Extras(access, credential, budget)
    return Profile(name, credential, reader, policy, sign_in, access, candidates, extras=extras)
