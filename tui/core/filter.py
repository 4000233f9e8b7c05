"""The filter language: words, `!word`, `is:running`, `tag:x`, `/regular expression/`; all of them must match."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tui.core.condition import PROBLEMS, Condition
from tui.core.job import Job

Predicate = Callable[[Job, Condition], bool]

STATES: dict[str, Callable[[Condition], bool]] = {
    "running": lambda condition: condition is Condition.RUNNING,
    "idle": lambda condition: condition is Condition.IDLE,
    "error": lambda condition: condition is Condition.FAILING,
    "failing": lambda condition: condition is Condition.FAILING,
    "stale": lambda condition: condition is Condition.STALE,
    "problem": lambda condition: condition in PROBLEMS,
    "unread": lambda condition: condition is Condition.UNREAD,
    "paused": lambda condition: condition is Condition.PAUSED,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter: `matches` for the rows, `problem` (a sentence) where a term was not understood."""

    text: str = ""
    terms: tuple[Predicate, ...] = ()
    problem: str = ""
    by_condition: bool = False
    """Whether a new reading can change what matches."""

    def matches(self, job: Job, condition: Condition) -> bool:
        return all(term(job, condition) for term in self.terms)


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
        return (lambda job, condition: not inner(job, condition)) if inner else None
    name, colon, value = word.partition(":")
    if colon and name == "is":
        return _state_term(value)
    if colon and name == "tag":
        wanted = value.casefold()
        return (lambda job, _: any(wanted in tag.casefold() for tag in job.tags)) if wanted else None
    if len(word) > 2 and word.startswith("/") and word.endswith("/"):
        return _pattern_term(word[1:-1])
    needle = word.casefold()
    return (lambda job, _: needle in _haystack(job)) if needle else None


def _state_term(value: str) -> Predicate | None:
    if not value:
        return None
    known = next((name for name in STATES if name.startswith(value.casefold())), None)
    if known:
        return lambda _, condition: STATES[known](condition)
    raise ValueError(f"is:{value} is not known; there are {', '.join(STATES)}")


def _pattern_term(pattern: str) -> Predicate:
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise ValueError(f"/{pattern}/ is no regular expression: {error}") from None
    return lambda job, _: bool(compiled.search(_haystack(job)))


def _haystack(job: Job) -> str:
    return "\n".join((job.label, job.id, *job.tags)).casefold()
