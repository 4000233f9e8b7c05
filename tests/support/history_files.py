"""History files that a test opens and leaves as a killed program does: closed without a word to the file."""

from collections.abc import Callable
from pathlib import Path

from tui.core.reading import Moment
from tui.storage.history import HistoryFile

_opened: list[HistoryFile] = []


def opened(path: Path, now: Callable[[], Moment]) -> HistoryFile:
    """Opens the file; the end of the test closes it."""
    _opened.append(HistoryFile(path, now))
    return _opened[-1]


def close_opened() -> None:
    while _opened:
        _opened.pop()._connection.close()
