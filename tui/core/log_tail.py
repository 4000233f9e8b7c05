"""The end of a growing log: a bounded number of lines, each plain and bounded."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from tui.core.text import DETAIL, clean

MOST_LINES = 5000
MOST_CHARACTERS = 8 * 1024 * 1024
READ_EVERY = 5.0
"""Seconds between two calls for a log that grows."""


class LogLines(NamedTuple):
    """A piece of a log, split into lines that are plain and bounded."""

    ended: list[str]
    unfinished: str
    """What follows the last line end."""
    dropped: int
    """How many lines before these were too many for one piece."""


_STAMP = re.compile(r"\[(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)\.\d{1,6} GMT([+-]\d\d:\d\d)\] ?", re.ASCII)


def with_short_stamp(line: str, today: datetime) -> str:
    """The line with `01:33:06`, in local time as all times on the screen, in place of the service's 35 cells.

    The day stands before it, if that is not today. `today` is any aware time of today.
    """
    if not (stamp := _STAMP.match(line)):
        return line
    try:
        at = datetime.strptime(" ".join(stamp.groups()), "%Y/%m/%d %H:%M:%S %z").astimezone()
    except (ValueError, OverflowError):
        return line
    day = "" if at.date() == today.astimezone().date() else f"{at:%m-%d} "
    return f"{day}{at:%H:%M:%S} {line[stamp.end() :]}"


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

    def add(self, text: str, without_secrets: Callable[[str], str] = str) -> None:
        """Appends the next piece: see `split`."""
        self.take(self.split(text, without_secrets))

    def split(self, text: str, without_secrets: Callable[[str], str] = str) -> LogLines:
        """Returns the next piece ready for `take`. Its line ends are line feeds, and it has no secrets; one that began
        in the piece before is hidden by `without_secrets`.

        Changes nothing, so that a thread can do it: a large piece takes a while.
        """
        first, *others = text.split("\n")
        *whole, unfinished = (without_secrets(self._unfinished + first), *others)
        dropped = max(0, len(whole) - self._most_lines)
        ended = [clean(line.replace("\t", "    "), DETAIL) for line in whole[dropped:]]
        return LogLines(ended, unfinished[: DETAIL + 1], dropped)

    def take(self, piece: LogLines) -> None:
        """Appends what `split` returned."""
        self.dropped += piece.dropped
        self._unfinished = piece.unfinished
        self._keep(piece.ended)

    @property
    def count(self) -> int:
        """How many lines have ended so far, with those that were dropped."""
        return self.dropped + len(self._lines)

    @property
    def size(self) -> int:
        """How many lines there are to show: those kept, and the one that has not ended yet."""
        return len(self._lines) + self.has_open_line

    def line(self, at: int) -> str:
        """One of the lines to show, from 0."""
        return self._lines[at] if at < len(self._lines) else self._open_line

    @property
    def has_open_line(self) -> bool:
        """Whether the last of `lines` has not ended yet."""
        return bool(self._unfinished)

    def after(self, count: int) -> list[str]:
        """The lines that ended after the first `count`; those of them that were dropped are missing."""
        return list(islice(self._lines, max(0, count - self.dropped), None))

    @property
    def lines(self) -> list[str]:
        """All lines kept; the last one may be incomplete."""
        last = [self._open_line] if self._unfinished else []
        return [*self._lines, *last][-self._most_lines :]

    @property
    def _open_line(self) -> str:
        return clean(self._unfinished.replace("\t", "    "), DETAIL)

    def find(self, text: str, shown: Callable[[str], str] = str) -> list[int]:
        """The positions in `lines` of those that contain the text as they are shown, ignoring case."""
        wanted = text.casefold()
        return [at for at, line in enumerate(self.lines) if wanted and wanted in shown(line).casefold()]

    def _keep(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines.append(line)
            self._characters += len(line)
            while len(self._lines) > self._most_lines or self._characters > self._most_characters:
                self._characters -= len(self._lines.popleft())
                self.dropped += 1
