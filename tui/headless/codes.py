"""What the exit code of a command says."""

from enum import IntEnum


class ExitCode(IntEnum):
    """A command that a signal ended has 128 and the signal's number."""

    DONE = 0
    """All were read; of `wait`, all (or with --any one) came to where they were awaited."""
    UNREAD = 1
    """At least one could not be read, or of `add` not be taken."""
    USAGE = 2
    """The command line, the settings or the watchlist are wrong."""
    NOT_SIGNED_IN = 3
    NO_ANSWER = 5
    """Of `wait`: the deadline came, and at least one job gave no answer."""
    TIMED_OUT = 124
    """Of `wait`: the deadline came, and all that is awaited answered and was not there yet."""
    INTERRUPTED = 130
    TERMINATED = 143
