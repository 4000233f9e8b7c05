"""The client of the status call: one GET becomes one `Reading`, whatever network, server and credential do."""

from collections.abc import Callable
from typing import NamedTuple, TypeGuard

import httpx

from tui.codearts.auth.credentials import AuthHeaders, Credential
from tui.codearts.connections import Connections, Get, Response
from tui.codearts.endpoints import Endpoint
from tui.codearts.server_clock import ServerClock
from tui.codearts.status_api import interpret, request_id, status_path
from tui.codearts.transport_errors import fault
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Moment, Reading, Retry, Status


class _Attempt(NamedTuple):
    result: Status | Failure
    http_status: int | None = None
    request_id: str = ""


class StatusClient:
    """Reads the status of jobs from one endpoint with one credential.

    `open_http` makes an HTTP client of one connection: now, and whenever none is free. `deadline` bounds each request,
    in seconds. `credential` and `clock` learn from every answer.
    """

    def __init__(
        self,
        open_http: Callable[[], httpx.AsyncClient],
        endpoint: Endpoint,
        credential: Credential,
        now: Callable[[], Moment],
        deadline: float = 15.0,
        clock: ServerClock | None = None,
    ) -> None:
        self._connections = Connections(open_http, open_http())
        self._endpoint = endpoint
        self.credential = credential
        self._now = now
        self._deadline = deadline
        self._clock = clock or ServerClock(now)
        self._refused: AuthHeaders | Failure | None = None

    async def read(self, job: JobId) -> Reading:
        """Reads the status of a job. Never raises for what network, server or credential do."""
        sent = self._now()
        try:
            answer = await self._ask(self._endpoint.url + status_path(job))
        except Exception as error:
            answer = _Attempt(fault(error))
        return Reading(job, answer.result, sent, self._now(), answer.http_status, answer.request_id)

    def credential_changed(self) -> bool:
        """Whether the credential was renewed since it was last refused or missing."""
        return self._refused is not None and self.credential.has_changed_since(self._refused)

    def may_show_again(self) -> bool:
        """Whether a ready token was refused: the service may accept it later, and showing it again locks nothing."""
        return isinstance(self._refused, AuthHeaders) and self.credential.is_ready

    def reset(self) -> None:
        """Allows one more try of a sign-in that failed. To be called before a reading that the user asks for."""
        self.credential.reset()

    def hurry(self) -> None:
        """Ends the wait for a sign-in that no refusal prevented, and shortens that for a log-in that a proxy refused.

        To be called when the user asks for a reading.
        """
        self.credential.hurry()
        self._connections.hurry()

    async def close(self) -> None:
        """Closes the connections. To be called when no reading is under way."""
        await self._connections.close()

    async def _ask(self, url: str, has_renewed: bool = False) -> _Attempt:
        """Sends once more if the service refused the credential and there is another one now."""
        auth_headers = await self.credential.authenticate("GET", url)
        if isinstance(auth_headers, Failure):
            self._refused = auth_headers if _is_refusal(auth_headers) else self._refused
            return _Attempt(auth_headers)
        answer = await self._send(url, auth_headers)
        if not _is_refusal(answer.result):
            return answer
        reason = await self.credential.on_unauthorized(auth_headers, answer.result)
        if reason is None and not has_renewed:
            return await self._ask(url, has_renewed=True)
        self._refused = auth_headers
        return answer._replace(result=reason or answer.result)

    async def _send(self, url: str, auth_headers: AuthHeaders) -> _Attempt:
        """Passes the result to the credential: None if the request was cancelled."""
        response, secrets = Response(), auth_headers.secrets
        result: Status | Failure | None = None
        try:
            await self._connections.get(Get(url, auth_headers.headers, self._deadline), response)
            status = response.http_status or 0
            defect = response.defect if status == 200 else None
            result = defect or interpret(status, response.headers, response.body, secrets)
            if isinstance(result, Failure) and result.kind is FailureKind.BAD_REPLY:
                await self._connections.close()  # the rest of a broken answer must not be taken for the next one
        except Exception as error:
            result = fault(error)
        finally:
            self._clock.learn(response.date)  # first: the credential may need the service's time
            self.credential.on_response(auth_headers, result)
        return _Attempt(result, response.http_status, request_id(response.headers, response.body, secrets))


def _is_refusal(result: Status | Failure) -> TypeGuard[Failure]:
    return isinstance(result, Failure) and result.kind.retry is Retry.SIGN_IN
