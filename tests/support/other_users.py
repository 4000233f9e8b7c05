"""Other users of this host. Only root can become one: tests that need them are left out for anybody else."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tui.core.errors import UserError

ALICE, BOB, EVE = 40_001, 40_002, 40_003
"""Users without names; each is alone in the group of the same number."""
TEAM = 40_100

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def _python_runs_for_others() -> bool:
    """False where this Python is installed below a folder that is closed to others, such as root's home."""
    if os.geteuid() != 0:
        return True
    try:
        subprocess.run([sys.executable, "-c", ""], user=EVE, group=EVE, extra_groups=[], check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


needs_public_python = pytest.mark.skipif(not _python_runs_for_others(), reason="other users cannot run this Python")


def _open_to_others(folder: Path) -> bool:
    return folder.is_dir() and all(one.stat().st_mode & stat.S_IXOTH for one in (folder, *folder.parents))


@contextmanager
def public_folder() -> Iterator[Path]:
    """pytest's own are for one user only, and so is `/tmp` on some hosts. Skips the test where there is no other."""
    places = filter(_open_to_others, map(Path, (tempfile.gettempdir(), "/var/tmp")))
    if not (place := next(places, None)):
        pytest.skip("no folder for temporary files is open to other users")
    folder = Path(tempfile.mkdtemp(dir=place))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def as_user(user: int, work: Callable[[], object], *groups: int) -> str:
    """What `work` returned, or the words of what it raised, when this user did it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        said = "an error of another kind"
        try:
            os.setgroups(groups)
            os.setgid(user)
            os.setuid(user)
            said = str(work())
        except (OSError, UserError) as error:
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


def give(path: Path, user: int, group: int, mode: int) -> None:
    os.chown(path, user, group)
    path.chmod(mode)
