"""What the user can mend."""

from tui.core.text import clean


class Problem(Exception):
    """One sentence that says what happened and what to do next; ends a command with exit code 2, never the screen."""


def lack(error: BaseException) -> str:
    """What the system had none of, in its own words: memory, files, threads, room. Empty for any other error."""
    if isinstance(error, BaseExceptionGroup):
        reasons = [lack(inner) for inner in error.exceptions]
        return reasons[0] if all(reasons) else ""
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError):
        return clean(f"{error.strerror or type(error).__name__}{f' ({error.filename})' if error.filename else ''}", 300)
    return "it starts no more threads" if "start new thread" in str(error) else ""
