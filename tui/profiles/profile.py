"""A profile ready for use."""

from collections.abc import Callable
from typing import NamedTuple

from tui.codearts.credentials import Credential, ReadyToken, Secret
from tui.codearts.endpoints import Endpoint
from tui.codearts.renewal import Issued
from tui.codearts.server_clock import ServerClock
from tui.codearts.sources import FirstOf
from tui.core.job import JobId
from tui.core.problem import Problem
from tui.core.reading import Failure, Moment
from tui.core.text import clean
from tui.polling.schedule import Policy
from tui.profiles.link import Link, link_of, warning_of
from tui.profiles.offers import Bench, Offer, offers
from tui.profiles.place import Place, place_of
from tui.profiles.reader import LateClient
from tui.profiles.sign_in import Service, SignIn, TypedFirst, TypedToken
from tui.profiles.surroundings import Surroundings
from tui.storage.profiles import ProfileSettings
from tui.storage.settings import PollingSettings

SOME_JOB = JobId("0" * 32)
"""For a request that is proved and never sent."""


MOST_TOGETHER = 4
"""Requests that leave together at most: a key waits until the answers that come together have been read, 2 ms each."""


class Profile(NamedTuple):
    """Where and as whom to ask, ready for use."""

    name: str
    """Empty when nobody gave it one."""
    endpoint: Endpoint
    credential: Credential
    reader: LateClient
    policy: Policy
    sign_in: SignIn
    service: Service
    offers: tuple[Offer, ...] = ()
    warning: str = ""
    """What the screen says as long as it is open; empty where all is well."""

    async def look(self) -> Issued | Failure | None:
        """What IAM says of the token in use, whose end is known from then on.

        None for keys, and where it is not known where IAM is. May log in, as the first reading would. Raises Problem
        where no connection can be set up.
        """
        proof = await self.credential.prove("GET", f"{self.endpoint.url}/v3/jobs/{SOME_JOB}/status")
        if isinstance(proof, Failure):
            return proof
        self.credential.answered(proof, None)
        if "X-Auth-Token" not in proof.headers:
            return None
        told = await self.service.inspect(proof.secret)
        if isinstance(told, Issued) and told.expires_at:
            for offer in self.offers:
                if isinstance(offer.credential, ReadyToken) and offer.credential.source == proof.source:
                    offer.credential.learn(proof.secret, told.expires_at)
        return told

    def secrets(self) -> list[Secret]:
        """Those that are held now."""
        held = [offer.held() for offer in self.offers]
        return [*self.sign_in.secrets, *(secret for some in held if not isinstance(some, Failure) for secret in some)]


def build_profile(
    name: str,
    settings: ProfileSettings,
    polling: PollingSettings,
    around: Surroundings,
    is_in_charge: bool,
    url_in_charge: str = "",
) -> Profile:
    """`url_in_charge` is where the profile in charge asks.

    Raises Problem, which names the profile, for what can never work: then nothing is sent anywhere.
    """
    path = f"profiles.{name}." if name else ""
    clock = ServerClock(around.now)
    link = link_of(settings, around.file)
    try:
        place = place_of(settings, around, is_in_charge, path)
        shares_host = is_in_charge or place.endpoint.url == url_in_charge
        offered = offers(Bench(name, path, settings, place, link, clock, around), is_in_charge, shares_host)
    except Problem as problem:
        raise Problem(f"Profile {clean(name, 60)}: {problem}" if name else str(problem)) from None
    credentials = [offer.credential for offer in offered]
    credential = credentials[0] if len(credentials) == 1 else FirstOf(credentials)
    profile = _put_together(name, Service(place, link, clock, around.now), credential, polling, tuple(offered))
    return profile._replace(warning=warning_of(settings))


def make_profile(
    name: str, endpoint: Endpoint, credential: Credential, polling: PollingSettings, now: Callable[[], Moment]
) -> Profile:
    """With a credential that is there already."""
    return _put_together(name, Service(Place(endpoint), Link(), ServerClock(now), now), credential, polling)


def _put_together(
    name: str, service: Service, own: Credential, polling: PollingSettings, offered: tuple[Offer, ...] = ()
) -> Profile:
    typed = TypedToken()
    credential = TypedFirst(typed, own)
    together = min(MOST_TOGETHER, polling.concurrency)
    policy = Policy(polling.running, polling.idle, polling.requests_per_second, polling.concurrency, together=together)
    endpoint = service.place.endpoint
    reader = LateClient(endpoint, credential, service.now, service.link, service.clock)
    by_password = next((offer for offer in offered if offer.password), None)
    sign_in = SignIn(
        service, typed, by_password.password if by_password else None, by_password.iam if by_password else None
    )
    return Profile(name, endpoint, credential, reader, policy, sign_in, service, offered)
