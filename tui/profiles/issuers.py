"""Issuers of tokens as the profiles need them: made late, and heard in the log."""

from collections.abc import Callable

from tui.codearts.endpoints import Endpoint
from tui.codearts.renewal import Issued, Issuer
from tui.codearts.server_clock import ServerClock
from tui.codearts.sources import PasswordSource
from tui.core.reading import Failure
from tui.core.text import clean
from tui.profiles.link import Link
from tui.storage.profiles import IamSettings


class LateIam:
    """IAM's token call, which loads httpx only when it is made."""

    def __init__(
        self,
        settings: IamSettings,
        scope: tuple[str, str],
        endpoint: Endpoint,
        link: Link,
        password: PasswordSource,
        clock: ServerClock,
    ) -> None:
        """`scope`: the project's name and its ID, of which one is enough."""
        self.source = f"IAM user {clean(settings.user, 60)}"
        self._settings, self._scope, self._endpoint = settings, scope, endpoint
        self._link, self._password, self._clock = link, password, clock

    async def issue(self) -> Issued | Failure:
        return await self.log_in(self._password)

    async def log_in(self, password: PasswordSource) -> Issued | Failure:
        """With this password; a log-in that counts."""
        from tui.codearts.iam import IamTokens, Login

        login = Login(self._settings.user, self._settings.account, *self._scope)
        return await IamTokens(
            self._link.opener(self._endpoint.url), self._endpoint, login, password, self._clock
        ).issue()

    def changed(self) -> bool:
        return self._password.changed()


class NotedIssuer:
    """Tells the log of every token that was asked for."""

    def __init__(self, issuer: Issuer, note: Callable[[str], None]) -> None:
        self.source = issuer.source
        self._issuer, self._note = issuer, note

    async def issue(self) -> Issued | Failure:
        answer = await self._issuer.issue()
        if isinstance(answer, Failure):
            self._note(
                f"renewal: {self.source} gave no token: {answer.summary} {answer.code} {answer.message}".rstrip()
            )
        else:
            until = f", good until {answer.expires_at:%Y-%m-%d %H:%M:%S} UTC" if answer.expires_at else ""
            self._note(f"renewal: {self.source} gave a token{until}")
        return answer

    def changed(self) -> bool:
        return self._issuer.changed()
