"""Tags as one line of text: words, in quotes if a tag has a space or a comma in it."""

import re
from collections.abc import Iterable, Sequence

from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job
from tui.core.text import clean, normal

_PARTS = ",\uff0c\u3001"
"""Separators between tags: commas, also those of Chinese keyboards."""
_TAG = re.compile(rf'"((?:[^"]|"")*)(?:"|$)|([^\s"{_PARTS}][^\s{_PARTS}]*)')
_PLAIN = re.compile(rf'[^\s"{_PARTS}][^\s{_PARTS}]*')


def split_tags(text: str) -> tuple[str, ...]:
    """Splits tags at spaces and commas, but not within quotes. Each tag is returned once."""
    found = (quoted.replace('""', '"').strip() or word for quoted, word in _TAG.findall(text))
    return tuple({normal(tag): tag for tag in reversed([tag for tag in found if tag])}.values())[::-1]


def join_tags(tags: Iterable[str]) -> str:
    """Returns the text that `split_tags` splits into these tags."""
    return " ".join(tag if _PLAIN.fullmatch(tag) else '"' + tag.replace('"', '""') + '"' for tag in tags)


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
