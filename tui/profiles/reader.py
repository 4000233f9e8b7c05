"""A profile's reader, which opens its client late."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.codearts.credentials import Credential
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.core.job import JobId
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind, Moment, Reading
from tui.profiles.link import Link

if TYPE_CHECKING:
    from tui.codearts.client import StatusClient


class LateClient:
    """Opens the client at the first reading, since httpx costs 60 ms that a first paint need not wait for.

    What keeps it from opening, such as a bad proxy variable, is a failure of each reading.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        link: Link | None = None,
        clock: ServerClock | None = None,
    ) -> None:
        self._endpoint, self._credential = endpoint, credential
        self._now = now
        self._link = link or Link()
        self._clock = clock
        self._client: StatusClient | None = None

    async def read(self, job: JobId) -> Reading:
        try:
            client = self._client or self._open()
        except Problem as problem:
            at = self._now()
            return Reading(job, Failure(FailureKind.SETTINGS, str(problem)), at, at)
        return await client.read(job)

    def _open(self) -> "StatusClient":
        from tui.codearts.client import StatusClient

        opener = self._link.opener(self._endpoint.url)
        self._client = StatusClient(opener, self._endpoint, self._credential, self._now, clock=self._clock)
        return self._client

    def credential_changed(self) -> bool:
        return self._client is not None and self._client.credential_changed()

    def may_show_again(self) -> bool:
        return self._client is not None and self._client.may_show_again()

    def try_again(self) -> None:
        self._credential.try_again()

    async def close(self) -> None:
        if self._client:
            await self._client.close()
