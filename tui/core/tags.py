"""Tags as one line of text: words, in quotes where a tag has a blank or a comma in it."""

import re
from collections.abc import Iterable, Sequence

from tui.core.job import LABEL_LONGEST, TAG_LONGEST, Job
from tui.core.text import clean, normal

_PARTS = ",\uff0c\u3001"
"""Commas part tags, also those of Chinese keyboards."""
_TAG = re.compile(rf'"((?:[^"]|"")*)(?:"|$)|([^\s"{_PARTS}][^\s{_PARTS}]*)')
_PLAIN = re.compile(rf'[^\s"{_PARTS}][^\s{_PARTS}]*')


def split_tags(text: str) -> tuple[str, ...]:
    """Tags as typed: separated by blanks or commas, each once; quotes keep what is between them."""
    found = (quoted.replace('""', '"').strip() or word for quoted, word in _TAG.findall(text))
    return tuple({normal(tag): tag for tag in reversed([tag for tag in found if tag])}.values())[::-1]


def join_tags(tags: Iterable[str]) -> str:
    """The text from which `split_tags` makes these tags."""
    return " ".join(tag if _PLAIN.fullmatch(tag) else '"' + tag.replace('"', '""') + '"' for tag in tags)


def shared_tags(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Those that all of them have, in the first one's order and spelling."""
    others = [{normal(tag) for tag in job.given_tags} for job in jobs[1:]]
    return tuple(tag for tag in jobs[0].given_tags if all(normal(tag) in other for other in others))


def retagged(tags: tuple[str, ...], common: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """`tags` after `common` was edited to `wanted`; tags of its own stay behind those, and its spelling stays."""
    own = {normal(tag): tag for tag in tags}
    gone = {normal(tag) for tag in (*common, *wanted)}
    return tuple(own.get(normal(tag), tag) for tag in wanted) + tuple(tag for tag in tags if normal(tag) not in gone)


def unfit(label: str, tags: Iterable[str]) -> str:
    """Why these cannot be a new label and new tags, as a sentence; empty where they can."""
    for what, text, most in (("label", label, LABEL_LONGEST), *(("tag", tag, TAG_LONGEST) for tag in tags)):
        if len(text) > most:
            return f"The {what} {clean(text, 30)!r} has {len(text)} characters, and {most} is the most."
        if any("\ud800" <= one <= "\udfff" for one in text):
            return f"The {what} {clean(text, 30)!r} is not UTF-8."
    return ""
