"""What a job is: its ID, and what the user says about it."""

import re
from dataclasses import dataclass
from datetime import datetime

_SHAPE = re.compile(r"[0-9A-Za-z]{32}")


class JobId(str):
    """The 32 letters and digits that name a build task, case kept as given (api: job_id).

    A `str`, so that it hashes, sorts and is written like one. Raises ValueError for any other text: whoever holds a
    `JobId` may put it into a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "JobId":
        if not _SHAPE.fullmatch(text):
            raise ValueError("a job ID is 32 letters and digits")
        return super().__new__(cls, text)

    @property
    def short(self) -> str:
        """Enough to tell jobs apart at a glance."""
        return self[:8]


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the watchlist."""

    id: JobId
    label: str = ""
    tags: tuple[str, ...] = ()
    profile: str = ""
    address: str = ""
    """The page that the ID was taken from, when it was pasted as an address."""
    added: datetime | None = None

    @property
    def name(self) -> str:
        """What the user calls it; the short ID where it has no label."""
        return self.label or self.id.short
