"""A job: its ID, and what the user has written about it."""

from datetime import datetime
from typing import NamedTuple, Self

from tui.core.text import clean

LABEL_LONGEST = 100
TAG_LONGEST = 40
"""Numbers of characters: more are not drawn, and a new label or tag may not have more."""


class JobId(str):
    """The 32 letters and digits that name a build task, case kept as given (api: job_id).

    A `str`, so that it is hashed, sorted and written like one. Raises ValueError for any other text: a `JobId` is safe
    in a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not (len(text) == 32 and text.isascii() and text.isalnum()):
            raise ValueError("a job ID is 32 letters and digits")
        return str.__new__(cls, text)

    @property
    def short(self) -> str:
        """The first eight characters: enough to tell jobs apart."""
        return self[:8]


class ServiceName(NamedTuple):
    """What the service calls a job, and the project that it belongs to; empty where that is not known."""

    name: str = ""
    project_id: str = ""
    project: str = ""


NO_JOB = JobId("0" * 32)
"""A valid ID that no job has: for a URL whose job does not matter."""


class Job(NamedTuple):  # not a dataclass: takes a third of the time to make, and there may be thousands
    """One entry of the watchlist."""

    id: JobId
    given_label: str = ""
    """As the user wrote it, uncleaned: for storing, editing and comparing only."""
    given_tags: tuple[str, ...] = ()
    """As the user wrote them."""
    profile: str = ""
    address: str = ""
    """The page that the ID was taken from, if it was pasted as an address."""
    added: datetime | None = None

    @property
    def label(self) -> str:
        """The label, cleaned for the terminal."""
        return clean(self.given_label, LABEL_LONGEST) if self.given_label else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, cleaned for the terminal."""
        return tuple(clean(tag, TAG_LONGEST) for tag in self.given_tags)

    @property
    def name(self) -> str:
        """The label, or the short ID if there is none."""
        return self.label or self.id.short
