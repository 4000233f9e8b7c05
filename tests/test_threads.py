"""Work beside the event loop where no thread can be had."""

import asyncio

import pytest

from tests.support.threads import none_more
from tui.commands import runner
from tui.core.errors import UserError
from tui.threads import DiskThread, in_thread


def test_a_command_ends_with_its_own_code_where_no_thread_can_be_had_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def command() -> int:
        await asyncio.to_thread(bool)  # such as the look-up of a host's name
        none_more(monkeypatch)
        return 4

    assert runner.run(command()) == 4


def test_a_command_says_why_it_failed_where_no_thread_can_be_had_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def command() -> int:
        await asyncio.to_thread(bool)
        none_more(monkeypatch)
        raise UserError("why")

    with pytest.raises(UserError, match="why"):
        runner.run(command())


async def test_small_work_is_done_where_no_thread_can_be_had() -> None:
    with pytest.MonkeyPatch.context() as patched:
        none_more(patched)
        assert await in_thread(abs, -1) == 1


async def test_what_the_work_raises_is_no_lack_of_threads() -> None:
    def work() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await in_thread(work)


async def test_the_thread_for_files_needs_no_process_that_can_no_longer_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = DiskThread()
    try:
        none_more(monkeypatch)
        assert await disk.run(abs, -1) == 1
    finally:
        disk.close()
