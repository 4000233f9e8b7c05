"""Log-ins that were refused: other runs of the program, such as those of cron, do not send them again for a while.

Accounts, access keys and proxies' users lock after a few refusals.
"""

from datetime import datetime
from typing import NamedTuple, Protocol


class Login(NamedTuple):
    """What is sent to log in."""

    whose: str
    """The user and the service, without a secret."""
    content: bytes
    """All of it, with the password or secret key."""


class Refusal(NamedTuple):
    """A log-in's refusal."""

    at: datetime
    """In local time."""
    ago: float
    """Seconds."""


class RefusedLogins(Protocol):
    """Keeps the refused log-ins of all runs of the program."""

    async def refused(self, whose: str, content: bytes) -> tuple[datetime, float] | None:
        """Returns when this log-in was refused, in local time, and how many seconds ago; None if it was not.

        Never raises.
        """

    async def keep(self, whose: str, content: bytes) -> None:
        """Remembers that this log-in was refused. Never raises."""

    async def forget(self, whose: str, content: bytes) -> None:
        """Forgets that this log-in was refused: it was accepted. Never raises."""


class LoginMemory:
    """What this run of the program learns of a log-in from others, and tells them.

    It is learned once, before the log-in is first sent: then this run itself knows what became of it.
    """

    def __init__(self, refused: RefusedLogins | None, rest: float) -> None:
        """A refused log-in rests for `rest` seconds. Without `refused` nothing is learned or told."""
        self._refused, self._rest = refused, rest
        self._learned: Login | None = None
        self._accepted: Login | None = None

    async def recall(self, login: Login) -> Refusal | None:
        """Returns the refusal because of which another run's log-in rests; None from the second call on."""
        if not self._refused or login == self._learned:
            return None
        self._learned = login
        known = await self._refused.refused(*login)
        return Refusal(*known) if known and known[1] < self._rest else None

    async def on_refused(self, login: Login) -> None:
        """Tells other runs of a refusal."""
        if self._refused:
            self._accepted = None
            await self._refused.keep(*login)

    async def on_accepted(self, login: Login) -> None:
        """Tells other runs that it need not rest. May be called for each request."""
        if self._refused and login != self._accepted:
            self._accepted = login
            await self._refused.forget(*login)
