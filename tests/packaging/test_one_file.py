"""The program in one file, as somebody carries it to a host without internet."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.end_to_end.terminal import Terminal
from tui import __version__

from .hosts import ROOT, alone, build, python, run

VERSION = f"codearts-watch {__version__}\n"


@pytest.fixture
def carried(one_file: Path, tmp_path: Path) -> str:
    """Alone in a folder."""
    return str(shutil.copy(one_file, tmp_path / "carried.pyz"))


def unpacked(home: Path) -> Path:
    """Where it unpacked itself; there must be nothing else in the home."""
    (folder,) = home.glob(".cache/codearts-watch/*")
    assert list(home.iterdir()) == [home / ".cache"]
    return folder


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_its_screen_opens_on_a_host_with_nothing_but_python(carried: str, home: Path, minor: int) -> None:
    command = alone([python(minor), "-S", carried, "--demo"])  # -S: nothing installed on the host can help
    for _ in ("first start", "from the folder"):
        with Terminal(command, {"HOME": str(home)}, rows=40, columns=110, cwd=home) as terminal:
            terminal.wait_for(r"▸ running")
            terminal.press("T")
            terminal.wait_for("high-contrast")
            terminal.press("escape")
            terminal.gone("high-contrast")
            terminal.press("q")
            assert terminal.wait_exit() == 0
            assert terminal.left_behind() == ()
    folder = unpacked(home)
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert list(folder.glob(f"tui/__pycache__/cli.cpython-3{minor}.pyc"))


def test_the_same_sources_give_the_same_bytes(one_file: Path, tmp_path: Path) -> None:
    build(".ci/build_pyz.py", tmp_path, PYTHONHASHSEED="1", TZ="Asia/Shanghai")
    assert (tmp_path / "codearts-watch.pyz").read_bytes() == one_file.read_bytes()


def test_it_has_what_the_wheel_has(one_file: Path, distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    with ZipFile(one_file) as ours, ZipFile(wheel) as theirs:
        names = [name for name in ours.namelist() if name.startswith("tui/")]
        assert names == sorted(name for name in theirs.namelist() if name.startswith("tui/"))
        assert all(ours.read(name) == theirs.read(name) for name in names)


def test_it_has_the_releases_that_the_project_asks_for() -> None:
    pins = [Requirement(line.split()[0]) for line in (ROOT / ".ci/bundle.lock").read_text().splitlines()]
    locked = {pin.name.lower().replace("_", "-"): next(iter(pin.specifier)).version for pin in pins}
    for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(locked[wanted.name]), f"{text}: run .ci/lock.py"


def test_without_a_home_it_runs_out_of_the_file(carried: str, tmp_path: Path) -> None:
    done = run([python(11), carried, "--version"], tmp_path, HOME="/dev/null")
    assert (done.stdout, done.stderr, done.returncode) == (VERSION, "", 0)
    with Terminal([python(11), "-S", carried, "--demo"], {"HOME": "/dev/null"}) as terminal:
        terminal.wait_for("▸ running")


def test_a_folder_that_others_can_write_is_not_used(carried: str, home: Path) -> None:
    command = [python(11), carried, "--version"]
    assert run(command, home).stdout == VERSION
    (unpacked(home) / "tui/cli.py").write_text("raise SystemExit('planted')")
    assert run(command, home).stderr == "planted\n"
    (home / ".cache/codearts-watch").chmod(0o777)
    assert run(command, home).stdout == VERSION


def test_many_first_starts_at_once(carried: str, home: Path) -> None:
    command = [python(11), carried, "--version"]
    env = {"HOME": str(home)}
    started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[0] for process in started] == [VERSION] * 4
    assert (unpacked(home) / "tui/ui/app.tcss").is_file()


@pytest.mark.parametrize("minor", [6, 8, 10])
def test_an_older_python_looks_for_a_newer_one_or_says_what_is_missing(carried: str, home: Path, minor: int) -> None:
    command = [python(minor), carried, "--version"]
    told = run(command, home, PATH=str(home))
    assert (told.stdout, told.returncode) == ("", 2)
    assert told.stderr == f"codearts-watch: needs Python 3.11 or newer; this is 3.{minor}\n"
    (home / "python3.13").write_text("#!/bin/sh\necho not installed >&2\nexit 127\n")
    (home / "python3.13").chmod(0o755)
    (home / "python3.11").symlink_to(python(11))
    found = run(command, home, PATH=str(home))
    assert (found.stdout, found.stderr) == (VERSION, "")
