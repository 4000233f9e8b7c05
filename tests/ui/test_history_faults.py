"""Whatever is wrong with the history file: the screen is there, reads its jobs, and says so once."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builders import moment
from tests.support.long_run import takes_minutes
from tests.support.screen_harness import screen
from tui.core.reading import Status
from tui.storage.history import History
from tui.storage.history_file import HistoryFile
from tui.storage.recorder import Recorder


def read_only(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("no folder can be made here")


def link(path: Path) -> None:
    path.symlink_to("/dev/full")


def damaged(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def newer(path: Path) -> None:
    HistoryFile(path, lambda: moment(0)).close()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()


def locked(path: Path) -> None:
    HistoryFile(path, lambda: moment(0)).close()
    HOLDERS.append(sqlite3.connect(path, isolation_level=None))
    HOLDERS[-1].execute("begin exclusive")


HOLDERS: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (read_only, "No history: "),
        (link, "history.db is a link"),
        (damaged, "was set aside as history.db.corrupt-2026-11-23"),
        (newer, "No history: a newer codearts-watch has written its file: update this one"),
        pytest.param(locked, "No history: another program holds its file", marks=takes_minutes),
    ],
)
async def test_the_screen_works_without_the_file_and_says_so_once(
    tmp_path: Path, fault: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "state" / "history.db"
    path.parent.mkdir()
    fault(path)
    history = History(lambda: HistoryFile(path, lambda: moment(0)), batch=0.01, retry=0.05)
    async with screen(3, recorder=Recorder(history, lambda: moment(0))) as shown:
        assert all(state.status is Status.IDLE for state in shown.board.state.board.states.values())

        def is_said() -> bool:
            shown.board.tick()
            return words in shown.said

        await shown.until(is_said)
        shown.app.clear_notifications()
        for _ in range(10):
            shown.board.tick()
            await shown.settle()
        assert shown.said == ""
        shown.reader.outcomes[next(iter(shown.board.state.board.states))] = Status.RUNNING
        await shown.ask_all()
        assert "1 running" in shown.lines[0]
    while HOLDERS:
        HOLDERS.pop().close()
