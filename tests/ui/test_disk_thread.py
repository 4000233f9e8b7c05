"""The thread of the screen for files."""

import pytest

from tests.support.threads import none_more
from tui.ui.watchlist_editor import DiskThread


async def test_the_thread_for_files_needs_no_process_that_can_no_longer_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = DiskThread()
    try:
        none_more(monkeypatch)
        assert await disk.run(abs, -1) == 1
    finally:
        disk.close()
