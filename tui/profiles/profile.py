"""A profile ready for use."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tui.codearts.auth.chain import CredentialChain
from tui.codearts.auth.credentials import Credential, ReadyToken, Secret, TypedToken
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.reading import Failure, Moment
from tui.core.text import clean
from tui.polling.policy import Policy
from tui.profiles.credential_chain import Candidate, find_candidates
from tui.profiles.lazy import LazyClient
from tui.profiles.resolve import (
    ConnectionOptions,
    Endpoints,
    ProfileInputs,
    connection_options,
    endpoints_of,
    warning_of,
)
from tui.profiles.sign_in import SignIn, SignInService
from tui.storage.profile_settings import ProfileSettings
from tui.storage.settings import PollingSettings

MOST_TOGETHER = 4
"""Requests that leave together at most: a key waits until the answers that come together have been read, 2 ms each."""


class Profile(NamedTuple):
    """Where and as whom to ask, ready for use."""

    name: str
    """Empty when nobody gave it one."""
    endpoint: Endpoint
    credential: Credential
    reader: LazyClient
    policy: Policy
    sign_in: SignIn
    service: SignInService
    candidates: tuple[Candidate, ...] = ()
    warning: str = ""
    """What the screen says as long as it is open; empty where all is well."""

    async def look(self) -> Token | Failure | None:
        """What IAM says of the token in use, whose end is known from then on.

        None for keys, and where it is not known where IAM is. May log in, as the first reading would. Raises Problem
        where no connection can be set up.
        """
        auth_headers = await self.credential.authenticate("GET", f"{self.endpoint.url}/v3/jobs/{NO_JOB}/status")
        if isinstance(auth_headers, Failure):
            return auth_headers
        self.credential.on_response(auth_headers, None)
        if "X-Auth-Token" not in auth_headers.headers:
            return None
        inspected = await self.service.inspect(auth_headers.secret)
        if isinstance(inspected, Token) and inspected.expires_at:
            for candidate in self.candidates:
                if isinstance(candidate.credential, ReadyToken) and candidate.credential.source == auth_headers.source:
                    candidate.credential.learn(auth_headers.secret, inspected.expires_at)
        return inspected

    def secrets(self) -> list[Secret]:
        """Those that are held now."""
        held = [candidate.held() for candidate in self.candidates]
        return [*self.sign_in.secrets, *(secret for some in held if not isinstance(some, Failure) for secret in some)]


def build_profile(
    name: str,
    settings: ProfileSettings,
    polling: PollingSettings,
    inputs: ProfileInputs,
    is_in_charge: bool,
    url_in_charge: str = "",
) -> Profile:
    """`url_in_charge` is where the profile in charge asks.

    Raises Problem, which names the profile, for what can never work: then nothing is sent anywhere.
    """
    options = connection_options(settings, inputs.file)
    clock = ServerClock(inputs.now)
    try:
        endpoints = endpoints_of(settings, inputs, is_in_charge, name)
        service = SignInService(endpoints, options, clock, inputs.now)
        shares_host = is_in_charge or endpoints.endpoint.url == url_in_charge
        candidates = find_candidates(name, settings, service, inputs, is_in_charge, shares_host)
    except UserError as problem:
        raise UserError(f"Profile {clean(name, 60)}: {problem}" if name else str(problem)) from None
    credentials = [candidate.credential for candidate in candidates]
    profile = _put_together(name, service, credentials, polling, tuple(candidates))
    return profile._replace(warning=warning_of(settings))


def make_profile(
    name: str, endpoint: Endpoint, credential: Credential, polling: PollingSettings, now: Callable[[], Moment]
) -> Profile:
    """With a credential that is there already."""
    service = SignInService(Endpoints(endpoint), ConnectionOptions(), ServerClock(now), now)
    return _put_together(name, service, [credential], polling)


def _put_together(
    name: str,
    service: SignInService,
    credentials: Sequence[Credential],
    polling: PollingSettings,
    candidates: tuple[Candidate, ...] = (),
) -> Profile:
    typed = TypedToken()
    credential = CredentialChain(credentials, typed)
    together = min(MOST_TOGETHER, polling.concurrency)
    policy = Policy(polling.running, polling.idle, polling.requests_per_second, polling.concurrency, together=together)
    endpoint = service.endpoints.endpoint
    reader = LazyClient(endpoint, credential, service.now, service.options, service.clock)
    passwords = ((candidate.password, candidate.iam) for candidate in candidates if candidate.password)
    sign_in = SignIn(service, typed, *next(passwords, (None, None)))
    return Profile(name, endpoint, credential, reader, policy, sign_in, service, candidates)
