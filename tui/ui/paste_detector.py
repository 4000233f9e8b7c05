"""Recognises a paste on terminals that do not mark it: keys faster than any typist are text, not commands."""

from itertools import dropwhile
from math import inf

from textual.events import Key

BURST = 8
"""So many printable keys ..."""
WITHIN = 0.05
"""... in so many seconds are a paste."""
HELD_DOWN = 3
"""So many times the same moving key at the start of them are a key held down."""
QUIET = 0.15
"""Seconds without a key that end a paste ..."""
REST = 1.0
"""... but its end may come late: keys within so many seconds of its last key belong to it, unless it is only one."""


class PasteDetector:
    """Holds printable keys for `WITHIN` seconds, in case they are the start of a paste.

    `moving` are keys that only move the cursor. They act at once. Many of them alone are no paste but a key held down
    on a slow line, also with a few other keys behind them, and so are line ends and blanks alone. Uses the times of the
    events, so that a busy program does not take queued keys for slow ones.
    """

    def __init__(self, moving: frozenset[str]) -> None:
        self.moving = moving
        self.held: list[Key] = []
        self.pasting = False
        self._recent: list[Key] = []
        self._pasted_at = -inf

    def take(self, key: Key, into_text: bool = False) -> bool:
        """Returns whether the key is held; if not, it may act at once. In a field for text no key only moves."""
        text = _text(key)
        moving = frozenset[str]() if into_text else self.moving
        if text is None:
            self._pasted_at = -inf
        if self.pasting or key.time - self._pasted_at <= REST:
            self.pasting = True
            self.held.append(key)
            return True
        self._recent = [known for known in self._recent if key.time - known.time <= WITHIN]
        if text is not None:
            self._recent.append(key)
        typed = self._after_held_down(moving)
        is_text = any(known.key not in moving and (_text(known) or "").strip() for known in typed)
        if len(typed) >= BURST and is_text:
            self.pasting = True
            self.held += [known for known in self._recent if known not in self.held]
            self.held.sort(key=lambda known: known.time)
            return True
        if self.held or (text is not None and key.key not in moving):
            self.held.append(key)
            return True
        return False

    def _after_held_down(self, moving: frozenset[str]) -> list[Key]:
        """The recent keys without those of a moving key that was held down before them."""
        first = self._recent[0].key if self._recent else ""
        others = list(dropwhile(lambda known: known.key == first, self._recent))
        is_held_down = first in moving and len(self._recent) - len(others) >= HELD_DOWN
        return others if is_held_down else self._recent

    def left(self, now: float) -> float:
        """Seconds until `release` is due."""
        wait = QUIET if self.pasting else WITHIN
        return self.held[-1].time + wait - now if self.held else 0.0

    def release(self) -> tuple[str, list[Key]]:
        """The held keys: as the text of a paste, or as keys that may act now."""
        held, pasting = self.held, self.pasting and len(self.held) > 1
        self.held, self._recent, self.pasting = [], [], False
        if pasting:
            self._pasted_at = held[-1].time
            return "".join(_text(key) or "" for key in held), []
        return "", held


def _text(key: Key) -> str | None:
    """The text that the key would insert; None if none."""
    if key.is_printable:
        return key.character
    return {"enter": "\n", "ctrl+j": "\n", "tab": "\t"}.get(key.key)
