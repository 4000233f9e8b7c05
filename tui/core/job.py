"""A job: its ID, and what the user has written about it."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from tui.core.text import clean, normal

LABEL_LONGEST = 100
TAG_LONGEST = 40
"""Numbers of characters: more are not drawn, and a new label or tag may not have more."""


class ServiceId(str):
    """What the service calls an ID: 32 letters and digits, case kept as given.

    A `str`, so that it is hashed, sorted and written like one. Raises ValueError for any other text: an ID is safe in
    a path.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not (len(text) == 32 and text.isascii() and text.isalnum()):
            raise ValueError("an ID is 32 letters and digits")
        return str.__new__(cls, text)

    @classmethod
    def or_none(cls, value: object) -> Self | None:
        """The value as an ID; None if it is none."""
        try:
            return cls(value) if isinstance(value, str) else None
        except ValueError:
            return None


class JobId(ServiceId):
    """The ID of a build task."""

    __slots__ = ()

    @property
    def short(self) -> str:
        """The first eight characters: enough to tell jobs apart."""
        return self[:8]


ID_PART = 4
"""Characters of an ID that a search must have to find it: two or three are in many IDs by chance."""


def is_part_of_id(text: str, identifier: str) -> bool:
    """Whether a search for this text finds what has this ID, of a job or of a project."""
    return len(text) >= ID_PART and text.lower() in identifier.lower()


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
    alert: bool = False
    """Whether the user is always alerted when it ends."""

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


_PARTS = ",\uff0c\u3001"
"""Separators between tags: commas, also those of Chinese keyboards."""
_TAG = rf'"((?:[^"]|"")*)(?:"|$)|([^\s"{_PARTS}][^\s{_PARTS}]*)'
_PLAIN = rf'[^\s"{_PARTS}][^\s{_PARTS}]*'


def split_tags(text: str) -> tuple[str, ...]:
    """Splits tags at spaces and commas, but not within quotes. Each tag is returned once."""
    found = (quoted.replace('""', '"').strip() or word for quoted, word in re.findall(_TAG, text))
    return tuple({normal(tag): tag for tag in reversed([tag for tag in found if tag])}.values())[::-1]


def join_tags(tags: Iterable[str]) -> str:
    """Returns the text that `split_tags` splits into these tags."""
    return " ".join(tag if re.fullmatch(_PLAIN, tag) else '"' + tag.replace('"', '""') + '"' for tag in tags)


def shared_tags(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Returns the tags that all jobs have, in the order and spelling of the first job."""
    others = [{normal(tag) for tag in job.given_tags} for job in jobs[1:]]
    return tuple(tag for tag in jobs[0].given_tags if all(normal(tag) in other for other in others))


def retagged(tags: tuple[str, ...], common: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a job's tags after the user edited `common`, the shared ones, to `wanted`.

    The job's other tags follow; tags that it has already keep its spelling.
    """
    own = {normal(tag): tag for tag in tags}
    gone = {normal(tag) for tag in (*common, *wanted)}
    return tuple(own.get(normal(tag), tag) for tag in wanted) + tuple(tag for tag in tags if normal(tag) not in gone)


def unfit(label: str, tags: Iterable[str]) -> str:
    """Returns a sentence that says why these cannot be a new label and new tags; empty if they can."""
    for what, text, most in (("label", label, LABEL_LONGEST), *(("tag", tag, TAG_LONGEST) for tag in tags)):
        if len(text) > most:
            return f"The {what} {clean(text, 30)!r} has {len(text)} characters, and {most} is the most."
        if any("\ud800" <= one <= "\udfff" for one in text):
            return f"The {what} {clean(text, 30)!r} is not UTF-8."
    return ""
