"""What the user can mend."""


class Problem(Exception):
    """One sentence that says what happened and what to do next; ends a command with exit code 2, never the screen."""
