"""The program in one file, as somebody carries it to a host without internet."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.support.build_hosts import ROOT, alone, build, python, run
from tests.support.long_run import by_length, takes_minutes
from tests.support.other_users import ALICE, EVE, TEAM, give, needs_public_python, needs_root, public_folder
from tests.support.terminal import Terminal
from tui import __version__

GROUPS = [".cache", ".cache/codearts-watch", ".cache/codearts-watch/DIGEST"]
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


@takes_minutes
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


@takes_minutes
def test_the_same_sources_give_the_same_bytes(one_file: Path, tmp_path: Path) -> None:
    build(".ci/build_pyz.py", tmp_path, PYTHONHASHSEED="1", TZ="Asia/Shanghai")
    assert (tmp_path / "codearts-watch.pyz").read_bytes() == one_file.read_bytes()


def test_the_one_file_has_the_modules_of_the_wheel(one_file: Path, distributions: Path) -> None:
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


@takes_minutes
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


@takes_minutes
def test_many_first_starts_at_once_unpack_one_program(carried: str, home: Path) -> None:
    command = [python(11), carried, "--version"]
    env = {"HOME": str(home)}
    started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[0] for process in started] == [VERSION] * 4
    assert (unpacked(home) / "tui/ui/app.tcss").is_file()


@pytest.mark.parametrize("minor", by_length([8], [6, 8, 10]))
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


def plant(folder: Path) -> None:
    (folder / "tui/cli.py").write_text("raise SystemExit('planted')")


@takes_minutes
@pytest.mark.parametrize("place", GROUPS)
@needs_root
def test_a_folder_that_a_group_can_write_is_not_used(carried: str, home: Path, place: str) -> None:
    """A member of the group could have put anything there."""
    command = [python(11), carried, "--version"]
    assert run(command, home).stdout == VERSION
    folder = unpacked(home)
    plant(folder)
    assert run(command, home).stderr == "planted\n"
    give(home / place.replace("DIGEST", folder.name), 0, TEAM, 0o770)
    assert run(command, home).stdout == VERSION


@needs_root
@takes_minutes
def test_a_folder_of_another_user_is_not_used(carried: str, home: Path) -> None:
    command = [python(11), carried, "--version"]
    assert run(command, home).stdout == VERSION
    for place in (unpacked(home), unpacked(home).parent, home / ".cache"):
        plant(unpacked(home))
        give(place, EVE, EVE, 0o755)
        assert run(command, home).stdout == VERSION
        give(place, 0, 0, 0o700)
        assert run(command, home).stderr == "planted\n"


@takes_minutes
@pytest.mark.parametrize("place", ["", "DIGEST"])
def test_a_link_in_place_of_the_folder_is_not_followed(carried: str, home: Path, place: str) -> None:
    command = [python(11), carried, "--version"]
    assert run(command, home).stdout == VERSION
    folder = unpacked(home)
    plant(folder)
    moved = folder.parent / place.replace("DIGEST", folder.name)
    moved.rename(home / "elsewhere")
    moved.symlink_to(home / "elsewhere")
    assert run(command, home).stdout == VERSION


@needs_root
@pytest.mark.parametrize(("owner", "is_used"), [(0, True), (EVE, False)])
def test_a_cache_that_is_a_link_counts_as_what_it_leads_to(carried: str, home: Path, owner: int, is_used: bool) -> None:
    """To a larger disk, as on clusters: fine, as long as the link is the user's own."""
    (home / "scratch").mkdir()
    (home / ".cache").symlink_to("scratch")
    os.chown(home / ".cache", owner, owner, follow_symlinks=False)
    assert run([python(11), carried, "--version"], home).stdout == VERSION
    assert bool(list(home.glob("scratch/codearts-watch/*/tui"))) == is_used


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME"])
@needs_root
@needs_public_python
def test_a_private_group_may_write_the_cache(carried: str, variable: str) -> None:
    """As it does where the umask is 002: then a new .cache has the mode 775."""
    with public_folder() as top:
        shutil.copy(carried, top / "carried.pyz")
        cache = top / ".cache"
        cache.mkdir()
        for path in (top, cache):
            give(path, ALICE, ALICE, 0o775)
        (top / "carried.pyz").chmod(0o755)
        env = {"HOME": str(top), "PATH": os.defpath} | ({variable: str(cache)} if variable != "HOME" else {})
        done = subprocess.run(
            [sys.executable, str(top / "carried.pyz"), "--version"],
            env=env,
            cwd=top,
            capture_output=True,
            text=True,
            user=ALICE,
            group=ALICE,
            extra_groups=[],
            umask=0o002,
            check=False,
        )
        assert (done.stdout, done.stderr) == (VERSION, "")
        assert list(cache.glob("codearts-watch/*/tui"))


def test_only_files_under_version_control_go_into_it(untidy: Path) -> None:
    command = [sys.executable, "-c", "import bundle; print(sorted(bundle._program()))"]
    done = subprocess.run(command, cwd=untidy / ".ci", check=True, capture_output=True, text=True)
    assert "'tui/cli.py'" in done.stdout
    assert "'tui/bundled_themes/dusk.toml'" in done.stdout
    assert "stray" not in done.stdout


def test_everything_in_the_folders_archive_belongs_to_root(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "program").touch()
    if os.geteuid() == 0:
        give(folder / "program", EVE, TEAM, 0o775)
    script = "import build_folder, pathlib, sys; print(build_folder.archive(pathlib.Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", script, folder], cwd=ROOT / ".ci", check=True, capture_output=True, text=True
    )
    with tarfile.open(done.stdout.strip()) as archive:
        entries = archive.getmembers()
    assert [entry.name for entry in entries] == ["folder", "folder/program"]
    for entry in entries:
        assert (entry.uid, entry.gid, entry.uname, entry.gname) == (0, 0, "root", "root")
        assert not entry.mode & 0o022


def test_no_release_with_a_known_hole_is_taken() -> None:
    """Also where an old one is installed already, since pip replaces what a bound excludes."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (h11,) = (requirement for requirement in map(Requirement, wanted) if requirement.name == "h11")
    assert not h11.specifier.contains("0.14.0")
    assert not h11.specifier.contains("0.15.0")
