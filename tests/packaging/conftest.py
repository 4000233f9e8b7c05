"""What is built once for all tests of it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.build_hosts import ROOT, build
from tests.support.long_run import by_length


def built_once(factory: pytest.TempPathFactory, name: str, script: str) -> Path:
    """Returns the folder that the script has built; of several test processes, the first one builds for all."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            build(script, folder.with_suffix(".new"))
            folder.with_suffix(".new").rename(folder)
    return folder


@pytest.fixture(scope="session")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_once(tmp_path_factory, "one_file", ".ci/build_pyz.py") / "codearts-watch.pyz"


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = by_length("-m hatchling build -d", "-m build --no-isolation --outdir")  # a tool of every day is quicker
    return built_once(tmp_path_factory, "distributions", script)


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    """A checkout like this one, with files called `stray` lying about in it."""
    checkout = tmp_path / "untidy"
    kept = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, checkout, ignore=kept)
    for arguments in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)
    for folder in ("tui", "themes", "tests"):
        (checkout / folder / "a stray.toml").touch()
    return checkout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Empty."""
    home = tmp_path / "home"
    home.mkdir()
    return home
