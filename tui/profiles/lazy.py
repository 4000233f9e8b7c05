"""Clients that are loaded at their first use: importing httpx takes 60 ms."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.codearts.auth.credentials import Credential
from tui.codearts.auth.providers import PasswordSource
from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.core.text import clean
from tui.profiles.resolve import ConnectionOptions
from tui.storage.profile_settings import IamSettings

if TYPE_CHECKING:
    from tui.codearts.client import StatusClient


class LazyIam:
    """IAM's token call, which loads httpx only when it is made."""

    def __init__(
        self,
        settings: IamSettings,
        scope: tuple[str, str],
        endpoint: Endpoint,
        options: ConnectionOptions,
        password: PasswordSource,
        clock: ServerClock,
    ) -> None:
        """`scope`: the project's name and its ID, of which one is enough."""
        self.source = f"IAM user {clean(settings.user, 60)}"
        self._settings, self._scope, self._endpoint = settings, scope, endpoint
        self._options, self._password, self._clock = options, password, clock

    async def issue(self) -> Token | Failure:
        return await self.log_in(self._password)

    async def log_in(self, password: PasswordSource) -> Token | Failure:
        """With this password; a log-in that counts."""
        from tui.codearts.iam_api import IamTokens, LoginRequest

        login = LoginRequest(self._settings.user, self._settings.account, *self._scope)
        return await IamTokens(
            self._options.opener(self._endpoint.url), self._endpoint, login, password, self._clock
        ).issue()

    def changed(self) -> bool:
        return self._password.changed()


class LazyClient:
    """Opens the client at the first reading, since httpx costs 60 ms that a first paint need not wait for.

    What keeps it from opening, such as a bad proxy variable, is a failure of each reading.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        options: ConnectionOptions | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        self._endpoint, self._credential = endpoint, credential
        self._now = now
        self._options = options or ConnectionOptions()
        self._clock = clock
        self._client: StatusClient | None = None

    async def read(self, job: JobId) -> Reading:
        try:
            client = self._client or self._open()
        except UserError as problem:
            at = self._now()
            return Reading(job, Failure(FailureKind.SETTINGS, str(problem)), at, at)
        return await client.read(job)

    def _open(self) -> "StatusClient":
        from tui.codearts.client import StatusClient

        opener = self._options.opener(self._endpoint.url)
        self._client = StatusClient(opener, self._endpoint, self._credential, self._now, clock=self._clock)
        return self._client

    def credential_changed(self) -> bool:
        return self._client is not None and self._client.credential_changed()

    def may_show_again(self) -> bool:
        return self._client is not None and self._client.may_show_again()

    def reset(self) -> None:
        self._credential.reset()

    async def close(self) -> None:
        if self._client:
            await self._client.close()
