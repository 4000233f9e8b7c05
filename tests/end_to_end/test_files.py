"""What the files may do to the program, and the program to the files."""

import random
import signal
import tomllib
from functools import partial
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.contract_server import ContractServer
from tests.support.long_run import by_length, takes_minutes
from tests.support.program import Home, numbered

BROKEN = '# mine\nversion = 1\n\n[[jobs]]\nid = "901878212b1a49be9c1a1054c272762a\n'


def test_a_broken_watchlist_is_left_as_it_is_and_the_place_named(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.watchlist.write_text(BROKEN)
    with home.start(columns=160) as terminal:
        text = terminal.wait_for(r"\[y/N\]")
        assert "watchlist.toml cannot be used" in text
        assert "line 5, column" in text
        terminal.press("n", "enter")
        assert terminal.wait_exit() == 2
        assert b"\x1b[?1049h" not in terminal.raw
    assert home.watchlist.read_text() == BROKEN


def test_beside_a_broken_watchlist_an_empty_one_in_memory_serves(tmp_path: Path) -> None:
    labels, answers = numbered(1, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watchlist.write_text(BROKEN)
        with home.start(columns=120) as terminal:
            terminal.wait_for(r"\[y/N\]")
            terminal.press("y", "enter")
            terminal.wait_for("No jobs yet")
            terminal.wait_for("in memory only")
            terminal.paste(next(iter(labels)))
            terminal.wait_for("1 new")
            terminal.press("enter")
            terminal.wait_for("1 running")
            terminal.press("q")
            assert terminal.wait_exit() == 0
        assert home.watchlist.read_text() == BROKEN


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("[polling]\nruning = 5\n", "did you mean polling.running"),
        pytest.param("[poling]\nrunning = 5\n", "did you mean polling", marks=takes_minutes),
        pytest.param('[keys]\nrefrsh = "f5"\n', "did you mean refresh?", marks=takes_minutes),
        ("[polling]\nidle = 0\n", "polling.idle must be a number from 1 to 3600"),
    ],
)
def test_settings_that_are_wrong_are_named_before_any_screen(tmp_path: Path, settings: str, named: str) -> None:
    with Home(tmp_path, settings=settings).start(columns=240) as terminal:
        assert terminal.wait_exit() == 2
        assert named in terminal.text
        assert b"\x1b[?1049h" not in terminal.raw


def test_a_hand_edit_shows_and_its_notes_are_kept(tmp_path: Path) -> None:
    labels, answers = numbered(2, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(columns=120) as terminal:
            terminal.wait_for("2 running")
            edited = home.watchlist.read_text().replace("job 002", "by hand") + 'owner = "me"  # ask her\n'
            home.watchlist.write_text(edited)
            terminal.wait_for("running .*by hand")
            terminal.press("x")
            terminal.wait_for("Removed job 001")
            assert 'owner = "me"  # ask her' in home.watchlist.read_text()
            home.watchlist.write_text(BROKEN)
            terminal.wait_for("line 5, column")
            terminal.press("x")
            terminal.wait_for("Not saved: the file cannot be used at line 5")
            assert home.watchlist.read_text() == BROKEN


def written_since(path: Path, saved: int, _: str) -> bool:
    return path.stat().st_mtime_ns != saved


def test_the_list_stays_whole_however_the_program_is_killed_while_it_saves(tmp_path: Path) -> None:
    labels, answers = numbered(40, script=True)
    dice = random.Random(1)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        for _ in range(by_length(1, 4)):
            home.watch(labels)
            with home.start() as terminal:
                terminal.wait_for("40 running")
                terminal.press("x", "x", "u", "x", "x")
                wanted = dice.randrange(1, 4)
                changes = 0
                while changes < wanted and terminal.process.poll() is None:
                    saved = home.watchlist.stat().st_mtime_ns
                    terminal.press("u", "x")
                    terminal.wait_for(partial(written_since, home.watchlist, saved))
                    changes += 1
                terminal.kill(signal.SIGKILL)
                assert terminal.wait_exit() == -signal.SIGKILL
            jobs = [job["id"] for job in tomllib.loads(home.watchlist.read_text())["jobs"]]
            assert len(jobs) >= 36
            assert jobs == [job for job in labels if job in jobs]
        with home.start() as terminal:
            terminal.wait_for(r"^ *\d\d running")
            terminal.press("j", "x")
            terminal.wait_for("Removed")
    assert job_id(40) in home.watchlist.read_text()
