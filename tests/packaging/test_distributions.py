"""The wheel and the source distribution: complete, installable, and the same bytes for the same sources."""

import os
import subprocess
import sys
import tarfile
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from tests.support.build_hosts import ROOT, build, run
from tests.support.long_run import takes_minutes
from tests.support.terminal import Terminal
from tui import __version__

MANUAL = "share/man/man1/codearts-watch.1"


def sources(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_every_file_of_the_program(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = message_from_bytes(archive.read(f"codearts_watch-{__version__}.dist-info/METADATA"))
    program = {f"tui/{name}" for name in sources("tui")}
    themes = {f"tui/bundled_themes/{name}" for name in sources("themes")}
    assert names == program | themes | {f"codearts_watch-{__version__}.data/data/{MANUAL}"}
    assert {"tui/ui/app.tcss", "tui/bundled_themes/codearts-dark.toml"} <= names
    assert (metadata["Name"], metadata["Version"]) == ("codearts-watch", __version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Programming Language :: Python :: 3.13" in metadata.get_all("Classifier", [])


@takes_minutes
def test_nothing_untracked_goes_into_a_distribution(untidy: Path, tmp_path: Path) -> None:
    build("-m build --no-isolation --outdir", tmp_path, checkout=untidy)
    (sdist,), (wheel,) = tmp_path.glob("*.tar.gz"), tmp_path.glob("*.whl")
    with tarfile.open(sdist) as archive:
        entries = archive.getmembers()
    assert entries
    assert not [entry.name for entry in entries if "stray" in entry.name]
    assert {(entry.uid, entry.gid) for entry in entries} == {(0, 0)}
    assert not [name for name in ZipFile(wheel).namelist() if "stray" in name]


def test_the_source_distribution_has_what_it_takes_to_build_and_to_test(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("tui", "themes", "tests", ".ci"):
        assert {f"{folder}/{name}" for name in sources(folder)} <= names
    assert {"pyproject.toml", "README.md"} <= names


@takes_minutes
def test_the_same_sources_give_the_same_bytes(distributions: Path, tmp_path: Path) -> None:
    build("-m build --no-isolation --outdir", tmp_path, PYTHONHASHSEED="1", TZ="Asia/Shanghai")
    for first in distributions.iterdir():
        assert (tmp_path / first.name).read_bytes() == first.read_bytes()


@takes_minutes
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_installed_anywhere_it_finds_all_its_files(distributions: Path, tmp_path: Path, home: Path, kind: str) -> None:
    (distribution,) = distributions.glob(kind)
    environment = installed(distribution, tmp_path / "environment")
    for command in (["codearts-watch"], ["python", "-m", "tui"]):
        assert (
            run([f"{environment}/bin/{command[0]}", *command[1:], "--version"], home).stdout
            == f"codearts-watch {__version__}\n"
        )
    assert "CODEARTS" in (environment / MANUAL).read_text()
    with Terminal([str(environment / "bin/codearts-watch"), "--demo"], {"HOME": str(home)}, cwd=home) as terminal:
        terminal.wait_for(r"▸ running")
        terminal.press("T")
        terminal.wait_for("high-contrast")


def installed(distribution: Path, environment: Path) -> Path:
    """A virtual environment that borrows what the program needs from the one of the tests, but not the program."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python3.*/site-packages")
    (packages / "borrowed.pth").write_text(str(Path(httpx.__file__).parents[1]))
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "install", "-q", "--no-index", "--no-deps"]
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([*pip, "--ignore-installed", "--no-build-isolation", str(distribution)], check=True, env=env)
    return environment
