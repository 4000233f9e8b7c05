"""The program in one file: unpacked once, into a folder of the user's own where Python can keep what it compiled.

Where there can be no such folder it runs out of the file itself, and starts slower.
Python 3.6 must be able to read this: it then looks for a newer one.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

DIGEST = "@digest@"
"""Of everything in the file: another build has another folder."""
ARCHIVE = Path(sys.path[0]).absolute()
NEWEST, OLDEST = 13, 11


def start() -> int:
    if sys.version_info < (3, OLDEST):
        return start_newer()
    folder = unpacked()
    if folder:
        sys.dont_write_bytecode = False  # compiled files are what the folder is for
        for name in [name for name in sys.modules if name.partition(".")[0] == "tui"]:
            del sys.modules[name]  # from now on all is loaded out of the folder
    sys.path[0] = folder or str(ARCHIVE)
    from tui.__main__ import main

    return main()


def start_newer() -> int:
    """On with a newer Python of this host, if there is one."""
    for minor in range(NEWEST, OLDEST - 1, -1):
        python = shutil.which(f"python3.{minor}")
        if python and subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(python, [python, *sys.argv])
    found = "{}.{}".format(*sys.version_info)
    sys.stderr.write(f"codearts-watch: needs Python 3.{OLDEST} or newer; this is {found}\n")
    return 2


def unpacked() -> str:
    """Returns the unpacked folder, or an empty text if every place for it could be written by other users."""
    from tui.storage.files import is_closed, leads_safely  # out of the file

    try:
        base = cache()
        base.mkdir(0o700, exist_ok=True)
        if not (is_closed(base) and leads_safely(base.parent)):
            return ""
        folder = base.parent.resolve() / base.name / DIGEST
        if not folder.is_dir():
            unpack(folder)
        return str(folder) if is_closed(folder) else ""
    except (OSError, RuntimeError):  # RuntimeError: nobody knows the home
        return ""


def cache() -> Path:
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not chosen.is_absolute():
        chosen = Path("~/.cache").expanduser()
        chosen.mkdir(0o700, exist_ok=True)
    return chosen / "codearts-watch"


def unpack(folder: Path) -> None:
    """All or nothing, also when several start at once. Raises OSError."""
    from tempfile import mkdtemp
    from zipfile import ZipFile

    beside = mkdtemp(dir=str(folder.parent))
    try:
        with ZipFile(str(ARCHIVE)) as archive:
            archive.extractall(beside)
        Path(beside).rename(folder)
    except OSError:
        if not folder.is_dir():  # else another one was first
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


sys.exit(start())
