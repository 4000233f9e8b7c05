"""The filter language: `word`, `!word`, `is:running`, `tag:x`, `/regular expression/`. All terms must match."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tui.core.condition import NOT_RUNNING, PROBLEMS, Condition
from tui.core.job import Job, is_part_of_id
from tui.core.text import did_you_mean, normal

LONGEST_FILTER = 200
"""Number of characters of a filter at most."""
EXAMPLES = "words, !word, is:changed, since:10m, tag:x, /pattern/"
"""What a filter takes, in one line."""
STATE_PART = 3
"""Characters of a word that may be meant for a state."""
MOST_REPEATED = 4
"""So many repetitions may be in a pattern: each multiplies the time of a search by the length of a name."""
_REPEATABLE = r"(?:\\.|\[\^?\]?[^]]*\]|[^\\\[\]{}|*+?])"
"""What a sign of repetition repeats, groups aside: a character, an escaped one, or a class in brackets."""
_REPEATED, _OPTIONAL = rf"(?:{_REPEATABLE}(?:[*+]|\{{\d*,\d*\}})[?+]?)", rf"(?:{_REPEATABLE}\?[?+]?)"
_NESTED = r"(?:[*+}|]|(?<!\()\?)[^()]*\)+[*+{]|\)[*+?{][^()]*\)+[*+{]"
"""A repetition, a choice or an optional part inside a repeated group."""
_SLOW = (
    (rf"{_REPEATED}(?:{_OPTIONAL}*{_REPEATED}){{2}}", "it has three repetitions side by side"),
    (rf"{_OPTIONAL}{{9}}", "it has nine optional parts side by side"),
)
"""What else makes a search slow, and why. Looked for in the pattern without the brackets of its groups."""
_GROUP = r"(\\.)|\((?:\?(?:P?<\w+>|<?[=!:>]))?|\)"


class FilterSubject(NamedTuple):
    """What a filter has to know of a row."""

    job: Job
    condition: Condition
    late: bool = False
    """Whether its run takes longer than usual."""
    changed: bool = False
    """Whether it has changed and that was not seen, or only just."""
    changed_ago: float | None = None
    """Seconds since its last start or stop; None if neither is known."""
    armed: bool = False
    """Whether the user armed it for an alert."""


Predicate = Callable[[FilterSubject], bool]

STATES: dict[str, frozenset[Condition]] = {
    "running": frozenset({Condition.RUNNING}),
    "idle": NOT_RUNNING,
    "failed": frozenset({Condition.FAILED}),
    "passed": frozenset({Condition.PASSED}),
    "aborted": frozenset({Condition.ABORTED}),
    "timed-out": frozenset({Condition.TIMED_OUT}),
    "no-answer": frozenset({Condition.NO_ANSWER}),
    "stale": frozenset({Condition.STALE}),
    "slow": frozenset(),
    "changed": frozenset(),
    "problem": frozenset(PROBLEMS),
    "unread": frozenset({Condition.UNREAD}),
    "paused": frozenset({Condition.PAUSED}),
    "armed": frozenset(),
}
"""The values of `is:`. `is:slow` and `is:problem` also match a run that takes longer than usual, `is:changed` a start
or stop that was not seen yet or is recent, `is:armed` a job of whose end there is an alert by `b`."""
_OLD_NAMES = {"error": STATES["no-answer"], "failing": STATES["no-answer"]}
"""Names that `no-answer` had before; they are still understood."""


class Filter(NamedTuple):
    """A parsed filter. `problem` is a sentence if a term was not understood."""

    text: str = ""
    terms: tuple[Predicate, ...] = ()
    problem: str = ""
    by_condition: bool = False
    """Whether a new reading or time alone can change which rows match."""

    def matches(self, candidate: FilterSubject) -> bool:
        """Returns whether all terms match."""
        return all(term(candidate) for term in self.terms)


def parse_filter(text: str) -> Filter:
    """Returns the filter that a text stands for. Never raises: a term that is not understood matches every row and is
    named in `problem`."""
    terms: list[Predicate] = []
    problem, by_condition = "", False
    for negated, pattern, typed in re.findall(_TERM, text) if text else ():
        word = unicodedata.normalize("NFKC", typed)  # full-width characters become ASCII
        by_condition = by_condition or word.casefold().startswith(("is:", "since:"))
        try:
            term = _pattern_term(pattern) if pattern else _word_term(word)
        except ValueError as error:
            problem = str(error)
        else:
            terms += [_opposite(term) if len(negated) % 2 else term] if term else []
    return Filter(text, tuple(terms), problem, by_condition)


_TERM = r"([!\uff01]*)(?:[/\uff0f](\S.*?)[/\uff0f](?!\S)|([^\s!\uff01]\S*))"
"""A pattern, which may have spaces in it, or a word; either may have `!` before it."""


def _opposite(term: Predicate) -> Predicate:
    return lambda candidate: not term(candidate)


def _word_term(word: str) -> Predicate | None:
    """Returns the test for one word; None while it is incomplete (`is:`)."""
    name, colon, value = word.partition(":")
    if colon and name.casefold() == "is":
        return _state_term(value)
    if colon and name.casefold() == "since":
        return _since_term(value)
    if colon and name.casefold() == "tag":
        wanted = _folded(value)
        return (lambda candidate: any(wanted in _folded(tag) for tag in candidate.job.tags)) if wanted else None
    needle = _folded(word)
    return (lambda candidate: _has(candidate.job, needle)) if needle else None


def _has(job: Job, needle: str) -> bool:
    return needle in _folded("\n".join(map(normal, (job.label, *job.tags)))) or is_part_of_id(needle, job.id)


def _state_term(value: str) -> Predicate | None:
    if not value:
        return None
    typed, every = value.casefold(), STATES | _OLD_NAMES
    known = [typed] if typed in every else _begun(typed, STATES) or _begun(typed, _OLD_NAMES)
    if not known:
        every_state = f"known states: {', '.join(STATES)}"
        near = did_you_mean(typed, {name: f"is:{name}" for name in STATES})
        raise ValueError(f"is:{value} is unknown; {near or every_state}")
    wanted = {condition for name in known for condition in every[name]}
    tests = [_OTHER_STATES[name] for name in known if name in _OTHER_STATES]
    return lambda candidate: candidate.condition in wanted or any(test(candidate) for test in tests)


def _begun(typed: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(typed)]


def said_while_typed(text: str) -> str:
    """Returns what of the filter is not understood, or the states that `is:` at its end may become; else nothing."""
    if problem := parse_filter(text).problem:
        return problem
    word = unicodedata.normalize("NFKC", text).rpartition(" ")[2].lstrip("!").casefold()
    states = _begun(word.removeprefix("is:"), STATES) if word.startswith("is:") else []
    return f"is: {', '.join(states)}" if states and f"is:{states[0]}" != word else ""


def what_it_may_mean(text: str) -> str:
    """Returns a sentence for a filter that finds nothing: that it has a state without `is:`, or an unknown word before
    a colon; empty if it has neither."""
    for _, _, typed in re.findall(_TERM, text):
        word, _, value = unicodedata.normalize("NFKC", typed).casefold().partition(":")
        if word in ("is", "since", "tag") or value.startswith("//"):
            continue
        if states := _meant(value or word):
            return f"For the state type is:{states[0] if states[0] in STATES else 'no-answer'}."
        if value:
            return f"There are is:, since: and tag:, but no {word}:."
    return ""


def _meant(word: str) -> list[str]:
    """The states that may be meant by a word, such as `fail` or `answer`."""
    is_long = len(word) >= STATE_PART
    return [name for name in STATES | _OLD_NAMES if is_long and _begun(word, name.split("-"))]


_OTHER_STATES: dict[str, Predicate] = {
    "slow": lambda candidate: candidate.late,
    "problem": lambda candidate: candidate.late,
    "changed": lambda candidate: candidate.changed,
    "armed": lambda candidate: candidate.armed,
}
"""What else the values of `is:` match."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TIME = r"([0-9]{1,6})([smhdSMHD])"


def _since_term(value: str) -> Predicate | None:
    """Returns the term of `since:1h`: the job started or stopped within the last hour. Incomplete without a unit."""
    if not value or value.isdecimal():
        return None
    if not (match := re.fullmatch(_TIME, value)):
        raise ValueError(f"since:{value} is no time; write since:30m, since:1h or since:2d")
    longest = int(match[1]) * _SECONDS[match[2].lower()]
    return lambda candidate: candidate.changed_ago is not None and candidate.changed_ago <= longest


def _pattern_term(pattern: str) -> Predicate:
    if slow := _why_slow(pattern):
        raise ValueError(f"/{pattern}/ can hang, since {slow}: simplify it")
    try:
        compiled = re.compile(normal(pattern), re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"/{pattern}/ is no regular expression: {error}") from None
    return lambda candidate: bool(compiled.search(_haystack(candidate.job)))


def _why_slow(pattern: str) -> str:
    if re.search(_NESTED, pattern):
        return "a repetition is nested in another"
    opened = re.sub(_GROUP, r"\1", pattern)
    if len(re.findall(_REPEATED, opened)) > MOST_REPEATED:
        return f"it has more than {MOST_REPEATED} repetitions"
    return next((why for slow, why in _SLOW if re.search(slow, opened)), "")


def _haystack(job: Job) -> str:
    """Returns the text that patterns are searched in, normalized."""
    return "\n".join(map(normal, (job.label, job.id, *job.tags)))


def _folded(text: str) -> str:
    """Returns the text without differences of case and width."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", normal(text.replace("\n", " ")).casefold()).casefold()
