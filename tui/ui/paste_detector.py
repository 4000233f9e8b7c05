"""Tells a paste from typing where the terminal does not: keys that come faster than fingers are text, not commands."""

from dataclasses import dataclass, field
from math import inf

from textual.events import Key

BURST = 8
"""So many printable keys ..."""
WITHIN = 0.05
"""... in so many seconds are a paste."""
QUIET = 0.15
"""Seconds without a key that end a paste ..."""
REST = 1.0
"""... but for its rest, which may be late: what comes within so many seconds of its last key belongs to it, unless it
is a single key."""


@dataclass
class PasteDetector:
    """Holds keys that do something for `WITHIN` seconds, to see whether they are the start of a paste.

    `moving` are keys that act at once because they only move: a burst of nothing else is a key held down over a line
    that stalled. Time is the events' own, so a busy program does not mistake queued keys for slow ones.
    """

    moving: frozenset[str]
    held: list[Key] = field(default_factory=list)
    _recent: list[Key] = field(default_factory=list)
    pasting: bool = False
    _pasted_at: float = -inf

    def take(self, key: Key) -> bool:
        """Whether the guard keeps the key for now; otherwise it may act at once."""
        text = _text(key)
        if text is None:
            self._pasted_at = -inf
        if self.pasting or key.time - self._pasted_at <= REST:
            self.pasting = True
            self.held.append(key)
            return True
        self._recent = [known for known in self._recent if key.time - known.time <= WITHIN]
        if text is not None:
            self._recent.append(key)
        if len(self._recent) >= BURST and not all(known.key in self.moving for known in self._recent):
            self.pasting = True
            self.held += [known for known in self._recent if known not in self.held]
            self.held.sort(key=lambda known: known.time)
            return True
        if self.held or (text is not None and key.key not in self.moving):
            self.held.append(key)
            return True
        return False

    def left(self, now: float) -> float:
        """Seconds until `release` is due, counted from the last key."""
        wait = QUIET if self.pasting else WITHIN
        return self.held[-1].time + wait - now if self.held else 0.0

    def release(self) -> tuple[str, list[Key]]:
        """What was held: the text of a paste, or keys that may act now."""
        held, pasting = self.held, self.pasting and len(self.held) > 1
        self.held, self._recent, self.pasting = [], [], False
        if pasting:
            self._pasted_at = held[-1].time
            return "".join(_text(key) or "" for key in held), []
        return "", held


def _text(key: Key) -> str | None:
    """What the key would have put into a text."""
    if key.is_printable:
        return key.character
    return {"enter": "\n", "ctrl+j": "\n", "tab": "\t"}.get(key.key)
