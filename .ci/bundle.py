"""What the program is made of: its own files and those of everything it needs, by the names Python imports them by."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
LOCK = Path(__file__).with_name("bundle.lock")
ANY_PYTHON = ["--only-binary=:all:", "--python-version=3.11", "--implementation=py", "--abi=none", "--platform=any"]
"""pip's words for: pure Python only."""


def wanted_folder(description: str | None) -> Path:
    """The FOLDER of the command line, dist/ by default; prints the description for `--help`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, default=ROOT / "dist")
    return Path(parser.parse_args().folder).absolute()


def bundle() -> dict[str, bytes]:
    """Contents by path. Asks the package index; raises CalledProcessError where pip cannot get what the lock names."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps", *ANY_PYTHON]
        subprocess.run([*pip, "--require-hashes", "--requirement", LOCK, "--dest", folder], check=True)
        files = _program()
        for wheel in sorted(Path(folder).glob("*.whl")):
            _add(files, wheel)
    return files


def _program() -> dict[str, bytes]:
    """As the wheel has them: themes are inside the package."""
    files = {}
    for source, target in (("tui", "tui"), ("themes", "tui/bundled_themes")):
        for path in tracked(source):
            files[f"{target}/{path.relative_to(ROOT / source).as_posix()}"] = path.read_bytes()
    return files


def tracked(folder: str) -> list[Path]:
    """The files under version control; in a source distribution, which holds no others, all of them.

    What lies about in the checkout, such as an editor's copies or a try, does not belong on other hosts.
    """
    if not (ROOT / ".git").exists():
        return [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [ROOT / name for name in _git("ls-files", "-z", folder)]


def untracked() -> list[str]:
    """The other files of the checkout, but those that .gitignore names."""
    return _git("ls-files", "-z", "--others", "--exclude-standard") if (ROOT / ".git").exists() else []


def _git(*arguments: str) -> list[str]:
    listed = subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _add(files: dict[str, bytes], wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(("/", ".dist-info/RECORD")):
                continue
            if name in files or ".data/" in name:
                raise SystemExit(f"{wheel.name}: {name} has no place in one folder")
            files[name] = archive.read(name)
