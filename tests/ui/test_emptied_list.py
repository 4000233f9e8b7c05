"""A watchlist that another hand empties: the watching goes on until the user agrees, and nothing is lost for good."""

from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import jobs, screen
from tui.storage.watchlist import WatchlistFile

QUESTION = "The watchlist's file has no jobs any more"


def written(folder: Path) -> WatchlistFile:
    file = WatchlistFile(folder / "watchlist.toml")
    file.add(jobs(3))
    return file


def backup(folder: Path) -> list[str]:
    return [job.label for job in WatchlistFile(folder / "watchlist.toml.bak").load().jobs]


@pytest.mark.parametrize("emptied", by_length(["cut off"], ["empty", "missing", "cut off"]))
async def test_an_emptied_file_stops_nothing_unasked(tmp_path: Path, emptied: str) -> None:
    file = written(tmp_path)
    async with screen(store=file) as shown:
        if emptied == "missing":
            file.path.unlink()
        else:
            file.path.write_text("" if emptied == "empty" else file.load().text.partition("[[jobs]]")[0])
        await shown.until(lambda: QUESTION in shown.text)
        assert len(shown.board.state.board.states) == 3
        assert backup(tmp_path) == ["job 001", "job 002", "job 003"]
        await shown.press("enter")
        await shown.until(lambda: len(WatchlistFile(file.path).load().jobs) == 3)
        assert "job 003" in shown.text


async def test_the_user_may_agree(tmp_path: Path) -> None:
    file = written(tmp_path)
    async with screen(store=file) as shown:
        file.path.write_text("")
        await shown.until(lambda: QUESTION in shown.text)
        await shown.press("j", "enter")
        await shown.until(lambda: "No jobs yet" in shown.text)
        assert file.path.read_text() == ""


async def test_a_question_that_was_closed_is_asked_again_before_anything_is_written(tmp_path: Path) -> None:
    file = written(tmp_path)
    async with screen(store=file) as shown:
        file.path.write_text("")
        await shown.until(lambda: QUESTION in shown.text)
        await shown.press("escape")
        await shown.until(lambda: QUESTION not in shown.text)
        await shown.press("L", *"z", "enter")
        await shown.until(lambda: QUESTION in shown.text)
        assert len(shown.board.state.board.states) == 3
        await shown.press("enter")
        await shown.until(lambda: len(WatchlistFile(file.path).load().jobs) == 3)
        assert "job 001z" in shown.text  # what was typed is still there
        await shown.press("enter")
        await shown.until(lambda: WatchlistFile(file.path).load().jobs[0].label == "job 001z")


async def test_a_file_that_is_filled_again_asks_no_more(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = file.load().text
    async with screen(store=file) as shown:
        file.path.write_text("")
        await shown.until(lambda: QUESTION in shown.text)
        await shown.press("escape", "x")
        await shown.until(lambda: f"Not saved: {QUESTION[0].lower()}{QUESTION[1:]}" in shown.text)
        file.path.write_text(text.replace("job 002", "by hand"))
        await shown.until(lambda: QUESTION not in shown.text and "by hand" in shown.text)
        assert shown.board.is_current
        assert "Not saved" not in shown.text


async def test_an_open_dialog_is_not_interrupted_by_the_question(tmp_path: Path) -> None:
    file = written(tmp_path)
    async with screen(store=file) as shown:
        await shown.press("a")
        file.path.write_text("")
        await shown.until(lambda: not file.changed())
        assert "Add jobs" in shown.text
        await shown.press("escape")
        await shown.until(lambda: QUESTION in shown.text)


async def test_a_dialog_that_was_open_before_the_question_writes_nothing_until_it_is_answered(tmp_path: Path) -> None:
    file = written(tmp_path)
    async with screen(store=file) as shown:
        await shown.press("a")
        file.path.write_text("")
        await shown.until(lambda: not file.changed())
        await shown.type(job_id(9))
        await shown.press("enter")
        await shown.until(lambda: QUESTION in shown.text)
        assert len(shown.board.state.board.states) == 3
        assert file.path.read_text() == ""
        await shown.press("enter")
        await shown.until(lambda: len(WatchlistFile(file.path).load().jobs) == 3)
        await shown.press("enter")
        await shown.until(lambda: len(WatchlistFile(file.path).load().jobs) == 4)


async def test_removing_the_last_job_oneself_asks_nothing(tmp_path: Path) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add(jobs(1))
    async with screen(store=file) as shown:
        await shown.press("x")
        await shown.until(lambda: "No jobs yet" in shown.text)
        assert backup(tmp_path) == ["job 001"]


def test_the_backup_is_what_was_there_before_jobs_went(tmp_path: Path) -> None:
    file = written(tmp_path)
    before = file.path.read_bytes()
    file.path.write_bytes(before[: before.index(b"job 002")] + b'"')
    saved = file.add(jobs(9)[8:])
    assert len(saved.after.jobs) == 3
    assert (tmp_path / "watchlist.toml.bak").read_bytes() == before
    file.add(jobs(20))
    assert (tmp_path / "watchlist.toml.bak").read_bytes() == before


def test_a_backup_that_cannot_be_written_holds_up_nothing(tmp_path: Path) -> None:
    file = written(tmp_path)
    (tmp_path / "watchlist.toml.bak").mkdir()
    file.remove([jobs(1)[0].id])
    assert len(file.load().jobs) == 2


async def test_a_file_that_is_mended_by_hand_takes_what_was_not_saved_off_the_screen(tmp_path: Path) -> None:
    file = written(tmp_path)
    text = file.load().text
    async with screen(store=file) as shown:
        file.path.write_text("jobs = [")
        await shown.until(lambda: "The list below" in shown.text)
        await shown.press("x")
        await shown.until(lambda: "Not saved: the file cannot" in shown.text)
        file.path.write_text(text.replace("job 002", "by hand"))
        await shown.until(lambda: "by hand" in shown.text)
        assert "Not saved" not in shown.text


async def test_a_file_that_was_out_of_reach_and_comes_back_as_it_was_takes_the_banner_off(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    file = written(folder)
    async with screen(store=file) as shown:
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(folder)
        await shown.until(lambda: "lead in a circle" in shown.text)
        folder.unlink()
        (tmp_path / "elsewhere").rename(folder)
        await shown.until(lambda: "lead in a circle" not in shown.text)
        assert "job 003" in shown.text
