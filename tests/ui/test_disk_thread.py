"""The thread of the screen for files."""

import threading
from typing import NoReturn

import pytest

from tui.ui.watchlist_editor import DiskThread


async def test_the_thread_for_files_needs_no_process_that_can_no_longer_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    disk = DiskThread()
    try:
        monkeypatch.setattr(threading.Thread, "start", fail)
        assert await disk.run(abs, -1) == 1
    finally:
        disk.close()
