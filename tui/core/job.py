"""What a job is: its ID, and what the user says about it."""

from datetime import datetime
from typing import NamedTuple

from tui.core.text import clean

LABEL_LONGEST = 100
TAG_LONGEST = 40
"""Characters that are drawn of a label and of a tag, and the most that a new one may have."""


class JobId(str):
    """The 32 letters and digits that name a build task, case kept as given (api: job_id).

    A `str`, so that it hashes, sorts and is written like one. Raises ValueError for any other text: whoever holds a
    `JobId` may put it into a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "JobId":
        if not (len(text) == 32 and text.isascii() and text.isalnum()):
            raise ValueError("a job ID is 32 letters and digits")
        return str.__new__(cls, text)

    @property
    def short(self) -> str:
        """Enough to tell jobs apart at a glance."""
        return self[:8]


NO_JOB = JobId("0" * 32)
"""A valid ID that no job has: for a URL whose job does not matter."""


class Job(NamedTuple):  # and no dataclass, as there may be thousands: it is made in a third of the time
    """One entry of the watchlist."""

    id: JobId
    given_label: str = ""
    """As the user gave it, with whatever it holds: for storing, editing and comparing only."""
    given_tags: tuple[str, ...] = ()
    """As given, too."""
    profile: str = ""
    address: str = ""
    """The page that the ID was taken from, when it was pasted as an address."""
    added: datetime | None = None

    @property
    def label(self) -> str:
        """The label as it may be drawn anywhere."""
        return clean(self.given_label, LABEL_LONGEST) if self.given_label else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags as they may be drawn anywhere."""
        return tuple(clean(tag, TAG_LONGEST) for tag in self.given_tags)

    @property
    def name(self) -> str:
        """What the user calls it; the short ID where it has no label."""
        return self.label or self.id.short
