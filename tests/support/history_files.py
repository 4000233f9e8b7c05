"""History files that a test opens and leaves as a killed program does: closed without a word to the file."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tui.core.job import JobId
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Moment, Status
from tui.core.remembered import LastSeen, Notes
from tui.core.run import Outcome
from tui.storage.history_file import HistoryFile

_opened: list[HistoryFile] = []


def opened(path: Path, now: Callable[[], Moment]) -> HistoryFile:
    """Opens the file; the end of the test closes it."""
    _opened.append(HistoryFile(path, now))
    return _opened[-1]


IDLE = 3.5 * 3600


def fill(folder: Path, jobs: Iterable[str], now: Callable[[], Moment]) -> None:
    """Writes a history of twelve runs of each job into the state folder; each job is idle for three hours and a half.

    No test lasts until that is four hours.
    """
    file, end = HistoryFile(folder / "codearts-watch" / "history.db", now), now().wall.timestamp()
    runs, seen = [], {}
    for job in map(JobId, jobs):
        for number in range(1, 13):
            at = end - IDLE - (12 - number) * 3600
            outcome = Outcome.FAILED if number % 5 == 0 else Outcome.PASSED
            begin = Between(at - 135 - 2 * number, at - 120 - 2 * number)
            runs.append(
                ObservedRun(job, begin, at - 15, Between(at - 15, at), interval=15, number=number, outcome=outcome)
            )
        seen[job] = LastSeen(
            Status.IDLE, end - 301, end - 300, end - IDLE, end - IDLE - 15, 12, Outcome.PASSED, "SUCCESS"
        )
    file.write(Notes(tuple(runs), seen=seen))
    file.close()


def close_opened() -> None:
    while _opened:
        _opened.pop()._connection.close()
