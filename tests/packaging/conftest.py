"""What is built once for all tests of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from .hosts import ROOT, build


@pytest.fixture(scope="session")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one_file")
    build(".ci/build_pyz.py", folder)
    return folder / "codearts-watch.pyz"


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("distributions")
    build("-m build --no-isolation --outdir", folder)
    return folder


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
