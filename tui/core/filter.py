"""The filter language: words, `!word`, `is:running`, `tag:x`, `/regular expression/`; all of them must match."""

import re
from collections.abc import Callable
from typing import NamedTuple

from tui.core.condition import PROBLEMS, Condition
from tui.core.job import Job

LONGEST = 200
"""Characters of a filter at the most."""
_ENDLESS = re.compile(r"[*+}|][^()]*\)+[*+{]|\)[*+{][^()]*\)+[*+{]")
"""A repetition or a choice inside a repeated group: the time that it takes may double with every character."""

Predicate = Callable[[Job, Condition, bool], bool]
"""Of a job, its condition, and whether its last good answer is stale."""

STATES: dict[str, frozenset[Condition]] = {
    "running": frozenset({Condition.RUNNING}),
    "idle": frozenset({Condition.IDLE}),
    "error": frozenset({Condition.FAILING}),
    "failing": frozenset({Condition.FAILING}),
    "stale": frozenset({Condition.STALE}),
    "problem": PROBLEMS,
    "unread": frozenset({Condition.UNREAD}),
    "paused": frozenset({Condition.PAUSED}),
}
"""A failing job whose last good answer is stale is stale, too."""


class Filter(NamedTuple):
    """A parsed filter: `matches` for the rows, `problem` (a sentence) where a term was not understood."""

    text: str = ""
    terms: tuple[Predicate, ...] = ()
    problem: str = ""
    by_condition: bool = False
    """Whether a new reading can change what matches."""

    def matches(self, job: Job, condition: Condition, stale: bool) -> bool:
        """`stale`: its last good answer is, whatever came after that."""
        return all(term(job, condition, stale) for term in self.terms)


def parse_filter(text: str) -> Filter:
    """Never raises: a term that is not understood matches everything and is named in `problem`."""
    terms: list[Predicate] = []
    problem = ""
    for word in text.split():
        try:
            if term := _term(word):
                terms.append(term)
        except ValueError as error:
            problem = str(error)
    return Filter(text, tuple(terms), problem, "is:" in text)


def _term(word: str) -> Predicate | None:
    """The test that one word asks for; None while it is still incomplete."""
    if word.startswith("!"):
        inner = _term(word[1:])
        return (lambda job, condition, stale: not inner(job, condition, stale)) if inner else None
    name, colon, value = word.partition(":")
    if colon and name == "is":
        return _state_term(value)
    if colon and name == "tag":
        wanted = value.casefold()
        return (lambda job, *_: any(wanted in tag.casefold() for tag in job.tags)) if wanted else None
    if len(word) > 2 and word.startswith("/") and word.endswith("/"):
        return _pattern_term(word[1:-1])
    needle = word.casefold()
    return (lambda job, *_: needle in _haystack(job)) if needle else None


def _state_term(value: str) -> Predicate | None:
    if not value:
        return None
    known = next((name for name in STATES if name.startswith(value.casefold())), None)
    if known:
        wanted, also_stale = STATES[known], known == "stale"
        return lambda _, condition, stale: condition in wanted or (also_stale and stale)
    raise ValueError(f"is:{value} is not known; there are {', '.join(STATES)}")


def _pattern_term(pattern: str) -> Predicate:
    if _ENDLESS.search(pattern):
        raise ValueError(f"/{pattern}/ repeats what repeats, which may take for ever: write it plainer")
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"/{pattern}/ is no regular expression: {error}") from None
    return lambda job, *_: bool(compiled.search(_haystack(job)))


def _haystack(job: Job) -> str:
    return "\n".join((job.label, job.id, *job.tags)).casefold()
