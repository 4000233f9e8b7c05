"""What became of a run, from the words of several calls: an open vocabulary, compared without case."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a run. The service's own word is kept beside it."""

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
    """The outcome that a record's `state` or a list's colour stands for; `Finished` says only that a run is over."""
    return _OUTCOMES.get(word.strip().lower(), Outcome.UNKNOWN)


def is_finished(word: str) -> bool | None:
    """What a running word such as `InQueue` or `Finished` says; None where it is not known."""
    word = word.strip().lower()
    if word == "finished":
        return True
    return False if word in _GOING_ON else None


def is_never_built(word: str) -> bool:
    """Whether a list says with its `last_build_status` that there is no build yet."""
    return word.strip().lower() == _NEVER_BUILT
