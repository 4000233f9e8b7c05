"""What is built once for all tests of it."""

from pathlib import Path

import pytest

from .hosts import build


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
def home(tmp_path: Path) -> Path:
    """Empty."""
    home = tmp_path / "home"
    home.mkdir()
    return home
