"""The client of a profile, opened at the first reading: importing httpx takes 60 ms."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.codearts.auth.credentials import Credential
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.profiles.resolve import ConnectionOptions

if TYPE_CHECKING:
    from tui.codearts.client import StatusClient


class LazyClient:
    """Opens a `StatusClient` at the first reading, so that the first paint does not wait for httpx.

    If it cannot be opened, for example because of a bad proxy variable, each reading is that failure.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        options: ConnectionOptions,
        clock: ServerClock | None,
    ) -> None:
        self._endpoint, self._credential = endpoint, credential
        self._now = now
        self._options = options
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
