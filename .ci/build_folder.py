"""`python3 .ci/build_folder.py [FOLDER]`: FOLDER/codearts-watch-linux-MACHINE, by default in dist/; it needs no Python.

It holds this Python, every shared library that it uses, and the C library with its loader: those of the host may be of
any age. What is printed at the end is the oldest kernel it runs on. Beside the folder is the same as .tar.gz.
"""

import compileall
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from pathlib import Path
from py_compile import PycInvalidationMode

from bundle import bundle, wanted_folder

LEFT_OUT = """
    site-packages dist-packages __pycache__ ensurepip idlelib lib2to3 test tests tkinter turtledemo
    config-* _tkinter* _test* _ctypes_test* _xxtest* xxlimited* nis.* readline.* _dbm.* _gdbm.*
"""
OPENED_BY_C = ("libgcc_s.so.1", "libnss_dns.so.2", "libnss_files.so.2")
"""What the C library opens by itself: no program names them."""

START = """import sys

from tui.__main__ import main

sys.exit(main())
"""
LAUNCHER = """#!/bin/sh
# Starts the Python beside it through the loader beside it: no variable is set that other programs would inherit.
self=$0
while [ -h "$self" ]; do
    link=$(readlink "$self")
    case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
here=$(cd "$(dirname "$self")" && pwd -P)
exec "$here/lib/codearts-watch" --library-path "$here/lib" "$here/python/bin/{python}" -I -S "$here/app" "$@"
"""


def main(folder: Path) -> int:
    """Print where the folder and the archive are, and where they run."""
    target = folder / f"codearts-watch-linux-{platform.machine()}"
    if platform.libc_ver()[0] != "glibc":
        sys.exit("Build this on a Linux with the GNU C library.")
    shutil.rmtree(target, ignore_errors=True)
    python = copy_python(target / "python")
    for name, content in {"__main__.py": START.encode(), **bundle()}.items():
        path = target / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    compileall.compile_dir(
        target, quiet=1, workers=0, stripdir=target, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    libc = copy_libraries(target / "lib", [python, *target.rglob("lib-dynload/*.so")])
    launcher = target / "codearts-watch"
    launcher.write_text(LAUNCHER.format(python=python.name))
    launcher.chmod(0o755)
    print(target, archive(target), sep="\n")
    inside = os.confstr("CS_GNU_LIBC_VERSION")
    print(
        f"Runs on {platform.machine()} with Linux {kernel(libc)} or newer; {inside} is inside, the host's may be any."
    )
    return 0


def archive(folder: Path) -> Path:
    """Everything in it belongs to root: unpacked as root, no file belongs to another user of that host."""
    path = folder.with_name(f"{folder.name}.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, folder.name, filter=as_roots)
    return path


def as_roots(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode &= ~0o022
    return entry


def copy_python(target: Path) -> Path:
    """Returns the interpreter's new path. Tests, windows, building, and libraries under the GPL are left out."""
    library = Path(sysconfig.get_path("stdlib"))
    binary = target / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    binary.parent.mkdir(parents=True)
    shutil.copy(Path(sys.base_prefix, "bin", binary.name).resolve(), binary)
    place = target / library.relative_to(sys.base_prefix)
    shutil.copytree(library, place, ignore=shutil.ignore_patterns(*LEFT_OUT.split()))
    return binary


def copy_libraries(target: Path, programs: Iterable[Path]) -> Path:
    """Returns the C library's new path. The loader gets the program's name, which `ps` and tmux then show."""
    target.mkdir()
    loader = target / "codearts-watch"
    libraries: dict[str, str] = {}
    for program in programs:
        listed = subprocess.run(["ldd", program], check=True, text=True, stdout=subprocess.PIPE).stdout
        libraries.update(re.findall(r"^\s*(\S+) => (/\S+) \(", listed, re.MULTILINE))
        for found in re.findall(r"^\s*(/\S*/ld-\S+) \(", listed, re.MULTILINE):
            shutil.copy(found, loader)
        if missing := re.findall(r"(\S+) => not found", listed):
            sys.exit(f"{program}: this host lacks {', '.join(missing)}")
    for name in OPENED_BY_C:
        beside = Path(libraries["libc.so.6"]).with_name(name)
        if beside.is_file():
            libraries[name] = str(beside)
    for name, path in libraries.items():
        shutil.copy(path, target / name)
    return target / "libc.so.6"


def kernel(libc: Path) -> str:
    """Returns the oldest kernel that this C library runs on, from its ELF note."""
    mark = struct.pack("<3I4sI", 4, 16, 1, b"GNU\0", 0)
    found = libc.read_bytes().partition(mark)[2]
    return ".".join(map(str, struct.unpack("<3I", found[:12])))


if __name__ == "__main__":
    sys.exit(main(wanted_folder(__doc__)))
