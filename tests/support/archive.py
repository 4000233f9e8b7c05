"""A history in memory."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from tui.core.job import JobId
from tui.core.remembered import Notes, Remembered


@dataclass
class FakeArchive:
    known: Remembered | None = field(default_factory=Remembered)
    """None while it does not open."""
    notes: list[Notes] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    asked: list[AbstractSet[JobId]] = field(default_factory=list)
    waited: float | None = None
    """How long it was given at the end."""

    def remembered(self, jobs: AbstractSet[JobId], wait: float = 0.0) -> Remembered | None:
        known = self.known
        self.known = known and Remembered()
        return known

    def notice(self) -> str:
        return self.notices.pop(0) if self.notices else ""

    def note(self, notes: Notes) -> None:
        self.notes.append(notes)

    def ask(self, jobs: AbstractSet[JobId]) -> None:
        self.asked.append(jobs)

    def close(self, wait: float) -> None:
        self.waited = wait
