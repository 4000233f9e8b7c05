"""A profile ready for use."""

from collections.abc import Callable
from typing import NamedTuple

from tui.codearts.auth.chain import CredentialChain
from tui.codearts.auth.credentials import Credential, ReadyToken, Secret
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import NO_JOB
from tui.core.reading import Failure, Moment
from tui.core.text import clean
from tui.polling.extras_share import ExtrasBudget
from tui.polling.policy import Policy
from tui.polling.rate_limiter import AdaptiveRateLimiter
from tui.profiles.credential_chain import Candidate, CandidateInput, find_candidates
from tui.profiles.extras import Extras
from tui.profiles.lazy import LazyClient
from tui.profiles.resolve import ConnectionOptions, Context, Endpoints, connection_options, endpoints_of, warning_of
from tui.profiles.sign_in import OverrideCredential, SignIn, SignInService, TypedToken
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
    extras: Extras | None = None
    """None where nothing but the status call may be sent."""

    async def close(self) -> None:
        await self.reader.close()
        if self.extras:
            await self.extras.close()

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
        told = await self.service.inspect(auth_headers.secret)
        if isinstance(told, Token) and told.expires_at:
            for candidate in self.candidates:
                if isinstance(candidate.credential, ReadyToken) and candidate.credential.source == auth_headers.source:
                    candidate.credential.learn(auth_headers.secret, told.expires_at)
        return told

    def secrets(self) -> list[Secret]:
        """Those that are held now."""
        held = [candidate.held() for candidate in self.candidates]
        return [*self.sign_in.secrets, *(secret for some in held if not isinstance(some, Failure) for secret in some)]


def build_profile(
    name: str,
    settings: ProfileSettings,
    polling: PollingSettings,
    context: Context,
    is_in_charge: bool,
    url_in_charge: str = "",
    has_extras: bool = True,
) -> Profile:
    """`url_in_charge` is where the profile in charge asks; without extras it sends nothing but the status call.

    Raises Problem, which names the profile, for what can never work: then nothing is sent anywhere.
    """
    path = f"profiles.{name}." if name else ""
    clock = ServerClock(context.now)
    options = connection_options(settings, context.file)
    try:
        endpoints = endpoints_of(settings, context, is_in_charge, path)
        shares_host = is_in_charge or endpoints.endpoint.url == url_in_charge
        candidates = find_candidates(
            CandidateInput(name, path, settings, endpoints, options, clock, context), is_in_charge, shares_host
        )
    except UserError as problem:
        raise UserError(f"Profile {clean(name, 60)}: {problem}" if name else str(problem)) from None
    credentials = [candidate.credential for candidate in candidates]
    credential = credentials[0] if len(credentials) == 1 else CredentialChain(credentials)
    profile = _put_together(
        name, SignInService(endpoints, options, clock, context.now), credential, polling, tuple(candidates)
    )
    return profile._replace(warning=warning_of(settings), extras=profile.extras if has_extras else None)


def make_profile(
    name: str, endpoint: Endpoint, credential: Credential, polling: PollingSettings, now: Callable[[], Moment]
) -> Profile:
    """With a credential that is there already."""
    return _put_together(
        name, SignInService(Endpoints(endpoint), ConnectionOptions(), ServerClock(now), now), credential, polling
    )


def _put_together(
    name: str, service: SignInService, own: Credential, polling: PollingSettings, candidates: tuple[Candidate, ...] = ()
) -> Profile:
    typed = TypedToken()
    credential = OverrideCredential(typed, own)
    together = min(MOST_TOGETHER, polling.concurrency)
    policy = Policy(polling.running, polling.idle, polling.requests_per_second, polling.concurrency, together=together)
    endpoint = service.endpoints.endpoint
    reader = LazyClient(endpoint, credential, service.now, service.options, service.clock)
    by_password = next((candidate for candidate in candidates if candidate.password), None)
    sign_in = SignIn(
        service, typed, by_password.password if by_password else None, by_password.iam if by_password else None
    )
    budget = ExtrasBudget(AdaptiveRateLimiter(policy.requests_per_second), lambda: service.now().at)
    extras = Extras(endpoint, credential, service.now, service.options, service.clock, budget)
    return Profile(name, endpoint, credential, reader, policy, sign_in, service, candidates, extras=extras)
