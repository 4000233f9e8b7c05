"""The Pythons of this machine, and a host that reaches nothing but itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = str(Path.home())
"""Of who runs the tests, read before the tests have homes of their own: other Pythons and pip's settings are there."""


def python(minor: int) -> str:
    """A Python 3.`minor` that has nothing installed for the tests; skips the test where there is none."""
    for candidate in _candidates(f"python3.{minor}"):
        if subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    pytest.skip(f"no Python 3.{minor} on this machine")


def _candidates(name: str) -> Iterator[str]:
    yield from map(str, Path(sys.base_prefix, "bin").glob(name))
    yield from map(str, Path(HOME, ".pyenv/versions").glob(f"{name.removeprefix('python')}.*/bin/{name}"))
    if found := shutil.which(name):
        yield found


def alone(command: Sequence[str]) -> list[str]:
    """The command with no network but loopback, where this machine can cut it."""
    return [*_cut(), *command]


@cache
def _cut() -> tuple[str, ...]:
    cut = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if not all(map(shutil.which, ("unshare", "ip"))):
        return ()
    return cut if subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0 else ()


def run(command: Sequence[str], home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """As a user whose home this is."""
    bare = {"HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=bare | env, cwd=home, capture_output=True, text=True, check=False)


def build(script: str, *arguments: str | Path, checkout: Path = ROOT, **env: str) -> None:
    """What a maintainer runs in the checkout."""
    command = [sys.executable, *script.split(), *arguments]
    env = {**os.environ, "HOME": HOME, **env}
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
