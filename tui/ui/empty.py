"""What stands in place of the rows: no jobs yet, nothing matches, could not ask. Three different things."""

from tui.core.reading import Failure, Retry
from tui.core.text import clean
from tui.storage.state import ScreenState


def empty_text(watched: int, shown: int, state: ScreenState, trouble: Failure | None) -> str:
    """The text, empty when the rows speak for themselves. `trouble` only where nothing was ever read."""
    if not watched:
        return (
            "No jobs yet.\n\n"
            "Press a to add some, or paste here what you have: IDs, addresses of build tasks, a whole message.\n"
            "The ID is the 32 letters and digits at the end of the address of the build task's page."
        )
    if not shown and state.problems_only and not state.filter:
        return "No problems.\n\nNo job fails, none is stale. ! shows all jobs again."
    if not shown and not state.filter:
        return f"No job of the profile {clean(state.profile)!r}.\n\nF shows all profiles again."
    if not shown:
        return f"Nothing matches the filter {clean(state.filter)!r}.\n\nesc drops it; / changes it."
    if trouble:
        jobs = "the job" if watched == 1 else f"any of the {watched} jobs"
        way = (
            "r tries again once the credential is right; a changed token file is noticed by itself."
            if trouble.kind.retry is Retry.SIGN_IN
            else "It is tried again by itself; r tries now."
        )
        return f"Could not ask about {jobs}.\n\n{trouble.summary}\n{way}"
    return ""
