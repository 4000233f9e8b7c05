"""The outcome of a run, from the words of several calls: an open vocabulary, compared without case."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a run ended. The service's own word is kept beside it."""

    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"
    TIMED_OUT = "timed out"
    UNKNOWN = "unknown"


_OUTCOMES = {
    "success": Outcome.PASSED,
    "blue": Outcome.PASSED,
    "failure": Outcome.FAILED,
    "red": Outcome.FAILED,
    "schedule_failure": Outcome.FAILED,
    "aborted": Outcome.ABORTED,
    "timeout": Outcome.TIMED_OUT,
}
_GOING_ON = frozenset({"starting", "running", "inqueue", "building"})
_NEVER_BUILT = "none"


def outcome_of(word: str) -> Outcome:
    """The outcome for a record's `state` or a list's colour word; unknown for `Finished`, which says only that."""
    return _OUTCOMES.get(word.strip().lower(), Outcome.UNKNOWN)


def is_finished(word: str) -> bool | None:
    """Whether a word such as `InQueue` or `Finished` means that the run ended; None for an unknown word."""
    word = word.strip().lower()
    if word == "finished":
        return True
    return False if word in _GOING_ON else None


def is_never_built(word: str) -> bool:
    """Whether the `last_build_status` of a list means that there is no build yet."""
    return word.strip().lower() == _NEVER_BUILT
