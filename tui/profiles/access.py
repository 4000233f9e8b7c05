"""How a profile reaches the build service and IAM, whatever the credential; and the client that reads its jobs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tui.codearts.auth.credentials import Credential, FixedToken, Secret, is_accepted
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.profiles.resolve import ConnectionOptions, Endpoints

if TYPE_CHECKING:
    from tui.codearts.client import StatusClient


class Access(NamedTuple):
    """A profile's endpoints, and how it connects to them; used with any credential."""

    endpoints: Endpoints
    options: ConnectionOptions
    clock: ServerClock
    now: Callable[[], Moment]

    @property
    def endpoint(self) -> Endpoint:
        """The build service's."""
        return self.endpoints.endpoint

    async def inspect(self, token: Secret) -> Token | Failure | None:
        """Asks IAM about a token. Returns None if no IAM endpoint is known. Raises UserError as the client does."""
        if not self.endpoints.iam:
            return None
        from tui.codearts.iam_api import inspect_token

        return await inspect_token(self.options.opener(self.endpoints.iam.url), self.endpoints.iam, token, self.clock)

    async def refusal(self, token: Secret, job: JobId) -> Failure | None:
        """Reads one job with this token. Returns None if the build service accepts it, else the failure."""
        reader = LazyClient(self, FixedToken("the token", token))
        try:
            result = (await reader.read(job)).result
        finally:
            await reader.close()
        lets_in = is_accepted(result) or (isinstance(result, Failure) and result.kind is FailureKind.FORBIDDEN)
        return result if isinstance(result, Failure) and not lets_in else None


class LazyClient:
    """Opens a `StatusClient` at the first reading, so that the first frame does not wait for httpx: that takes 60 ms.

    If it cannot be opened, for example because of a bad proxy variable, each reading is that failure.
    """

    def __init__(self, access: Access, credential: Credential) -> None:
        self._access, self._credential = access, credential
        self._client: StatusClient | None = None

    async def read(self, job: JobId) -> Reading:
        try:
            client = self._client or self._open()
        except UserError as problem:
            at = self._access.now()
            return Reading(job, Failure(FailureKind.SETTINGS, str(problem)), at, at)
        return await client.read(job)

    def _open(self) -> "StatusClient":
        from tui.codearts.client import StatusClient

        access = self._access
        opener = access.options.opener(access.endpoint.url)
        self._client = StatusClient(opener, access.endpoint, self._credential, access.now, clock=access.clock)
        return self._client

    def credential_changed(self) -> bool:
        return self._client is not None and self._client.credential_changed()

    def may_show_again(self) -> bool:
        return self._client is not None and self._client.may_show_again()

    def reset(self) -> None:
        self._credential.reset()

    def hurry(self) -> None:
        (self._client or self._credential).hurry()

    async def close(self) -> None:
        if self._client:
            await self._client.close()
