"""The end of a growing log: a bounded number of lines, each plain and bounded."""

from collections import deque
from collections.abc import Iterable
from itertools import islice

from tui.core.text import DETAIL, clean

MOST_LINES = 5000
MOST_CHARACTERS = 8 * 1024 * 1024


class LogTail:
    """Collects pieces that may be split anywhere, and drops the oldest lines beyond its bounds."""

    def __init__(self, most_lines: int = MOST_LINES, most_characters: int = MOST_CHARACTERS) -> None:
        self._lines: deque[str] = deque()
        self._most_lines, self._most_characters = most_lines, most_characters
        self._characters = 0
        self._unfinished = ""
        """What follows the last line end."""
        self.dropped = 0
        """How many lines were dropped."""

    def add(self, text: str) -> None:
        """Appends the next piece, whose line ends are line feeds."""
        *whole, self._unfinished = (self._unfinished + text).split("\n")
        self._unfinished = self._unfinished[: DETAIL + 1]
        if (too_many := len(whole) - self._most_lines) > 0:
            self.dropped += too_many
            whole = whole[too_many:]
        self._keep(clean(line.replace("\t", "    "), DETAIL) for line in whole)

    @property
    def count(self) -> int:
        """How many lines have ended so far, with those that were dropped."""
        return self.dropped + len(self._lines)

    @property
    def has_open_line(self) -> bool:
        """Whether the last of `lines` has not ended yet."""
        return bool(self._unfinished)

    def after(self, count: int) -> list[str]:
        """The lines that ended after so many others; those of them that were dropped are missing."""
        return list(islice(self._lines, max(0, count - self.dropped), None))

    @property
    def lines(self) -> list[str]:
        """All lines kept; the last one may be incomplete."""
        last = [clean(self._unfinished.replace("\t", "    "), DETAIL)] if self._unfinished else []
        return [*self._lines, *last][-self._most_lines :]

    def find(self, text: str) -> list[int]:
        """The positions in `lines` of those that contain the text, ignoring case."""
        wanted = text.casefold()
        return [at for at, line in enumerate(self.lines) if wanted and wanted in line.casefold()]

    def _keep(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines.append(line)
            self._characters += len(line)
            while len(self._lines) > self._most_lines or self._characters > self._most_characters:
                self._characters -= len(self._lines.popleft())
                self.dropped += 1
