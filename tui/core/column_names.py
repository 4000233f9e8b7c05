"""What the columns of the table are called in the settings and in the saved look of the screen."""

COLUMNS = ("state", "time", "age", "job", "runs", "build", "tags", "project", "profile", "id")
"""All of them, from left to right."""
USUAL = ("state", "time", "job", "runs", "build", "tags")
"""Those that are shown if no others are chosen."""
