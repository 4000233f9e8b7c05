"""Reads whole files, puts file errors into words, and knows which folders are on another computer."""

import errno
import grp
import os
import pwd
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from platformdirs import PlatformDirs

from tui.core.errors import file_error
from tui.core.paths import expanded
from tui.core.text import clean

END_OF_TIME = 1e11
"""Epoch seconds that stand in a file must be fewer: no date can be made of more."""
Signature = tuple[int, ...] | None
"""Inode, size and time of change of a file's content, owner, type and permissions; None if there is no file."""


class FileRefused(OSError):
    """This program refuses the file; `strerror` says why."""


class FileError(Exception):
    """Why the text of a file cannot be used; line and column count from 1 and are 0 if unknown."""

    def __init__(self, reason: str, line: int = 0, column: int = 0, may_pass: bool = False) -> None:
        """`may_pass`: the system refused the read; a later read of the unchanged file may succeed."""
        super().__init__(reason)
        self.may_pass = may_pass
        self.reason = clean(reason)
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """' at line 3, column 7', or nothing."""
        return f" at line {self.line}, column {self.column}" if self.line else ""


def reason(error: OSError) -> str:
    """Returns the error in words, and what to do about it."""
    return clean(error.strerror or str(error)) if isinstance(error, FileRefused) else file_error(error)


def signature(path: Path) -> Signature:
    """Returns a value that differs after each change of the file, its owner and its permissions."""
    try:
        return signature_of(path.stat())
    except (OSError, ValueError):
        return None


def signature_of(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_uid, found.st_mode


def may_be_there(path: Path) -> bool:
    """Returns False only where there is surely no file: one that the system does not let us look at may be there."""
    try:
        path.stat()
    except OSError as error:
        return not isinstance(error, FileNotFoundError | NotADirectoryError)
    return True


def read_text(path: Path, limit: int, check: Callable[[os.stat_result], None] = lambda _: None) -> str | None:
    """Returns the text as it is on disk with a byte order mark, or None if there is no file. Raises FileError.

    A link into a folder that is not there, such as one of a disk that is not mounted, is an error, no missing file.
    `check` is called with the status of the open file, and may raise FileError.
    """
    try:
        content = _read(path, limit, check)
    except OSError as error:
        raise FileError(reason(error), may_pass=True) from None
    except ValueError as error:
        raise FileError(str(error)) from None
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[start : error.start].decode(errors="replace")) + 1
        line = content.count(b"\n", 0, error.start) + 1
        raise FileError("it is not UTF-8: save it in that encoding", line, column) from None


def _leads_nowhere(path: Path) -> bool:
    """Returns whether a link on the path leads into a folder that is not there."""
    is_dangling = any(folder.is_symlink() and not folder.exists() for folder in path.parents)
    return is_dangling or (path.is_symlink() and not Path(os.path.realpath(path)).parent.is_dir())


def _read(path: Path, limit: int, check: Callable[[os.stat_result], None]) -> bytes | None:
    try:
        opened_file = opened(path, os.O_NONBLOCK)  # a pipe must not block
    except FileNotFoundError:
        if _leads_nowhere(path):
            raise
        return None
    with opened_file as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileError("it is not a regular file: name one")
        check(found)
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileError(f"it is larger than {limit >> 20} MiB: that cannot be right, look into it")
    return content


def opened(path: Path | str, flags: int, folder: int | None = None) -> BinaryIO:
    """Opens a file for reading with these flags, relative to an open folder if there is one. Raises OSError.

    Unlike `os.fdopen` it leaves nothing open where there is a folder instead of a file.
    """

    def open_it(name: str, usual: int) -> int:
        return os.open(name, usual | flags, dir_fd=folder)

    return open(path, "rb", opener=open_it)


def check_invented(found: os.stat_result) -> None:
    """Raises FileError for a file that other users may have written: only this program writes those that it invents."""
    if not is_ours(found) or is_written_by_others(found):
        raise FileError("other users may have written it: remove it")


def read_json(path: Path, limit: int) -> Mapping[str, Any]:
    """Returns the object in a file that this program invented; empty if it cannot be used. Never raises."""
    try:
        if not (text := read_text(path, limit, check_invented)):
            return {}
        import json  # the first frame does not wait for it where there is no such file yet

        content = json.loads(text)
    except (FileError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


# Who may change a file: the rules that ssh has for its own.
#
# The one-file program uses it before it is unpacked: it imports the standard library alone.


def check_folder(folder: Path, called: str = "this folder") -> None:
    """Raises FileRefused if every user may add files to the folder and remove those of others, and so replace ours."""
    mode = folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        advice = "use another, or run chmod o-w on it"
        raise FileRefused(errno.EPERM, f"everybody may write into {called}: {advice}", str(folder))


def is_ours(found: os.stat_result) -> bool:
    """Returns whether this user or root owns it."""
    return found.st_uid in (0, os.geteuid())


def is_written_by_others(found: os.stat_result) -> bool:
    """Returns whether every user may write it, or a group that has other members."""
    return bool(found.st_mode & stat.S_IWOTH) or (bool(found.st_mode & stat.S_IWGRP) and not is_private(found.st_gid))


def is_private(group: int) -> bool:
    """Returns whether the group has no member but this user and root: Debian and RHEL give every user such a group.

    Some hosts cannot list their users, so the group must also have the user's name or number.
    """
    me = os.geteuid()
    try:
        name = pwd.getpwuid(me).pw_name
    except KeyError:
        name = ""
    try:
        entry = grp.getgrgid(group)
    except KeyError:
        return group == me
    if group not in (0, me) and entry.gr_name != name:
        return False
    return not {*entry.gr_mem, *(user.pw_name for user in pwd.getpwall() if user.pw_gid == group)} - {name, "root"}


def host_name(name: str) -> str:
    """Returns the name of this host, or `name` if that is not empty, so that it can be a part of a file's name."""
    import socket  # few need it

    return re.sub(r"[^0-9A-Za-z.-]", "-", name or socket.gethostname())[:64] or "host"


def is_closed(folder: Path) -> bool:
    """Returns whether it is a folder, no link, that this user owns and no other user may write into. Never raises."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def leads_safely(folder: Path) -> bool:
    """Returns whether only this user and root could replace it: each folder on its path is checked, and on the path
    to which its links lead."""
    real = folder.resolve()
    return all(_is_safe_step(step.lstat()) for path in (folder, real) for step in (path, *path.parents))


def _is_safe_step(found: os.stat_result) -> bool:
    if stat.S_ISLNK(found.st_mode):  # the mode of a link has no effect
        return is_ours(found)
    return is_ours(found) and (bool(found.st_mode & stat.S_ISVTX) or not is_written_by_others(found))


NAME = "codearts-watch"


class Locations(NamedTuple):
    """The files and folders of one user. None of them needs to exist; all are None for a user without a home."""

    watchlist: Path | None
    settings: Path | None
    state: Path | None
    themes: Path | None

    @property
    def state_folder(self) -> Path | None:
        return self.state and self.state.parent


def default_locations() -> Locations:
    """Returns the locations that are used unless a flag names others."""
    folders = PlatformDirs(NAME, appauthor=False)
    config = _folder("XDG_CONFIG_HOME", lambda: folders.user_config_path)
    state = _folder("XDG_STATE_HOME", lambda: folders.user_state_path)
    return Locations(
        watchlist=config and config / "watchlist.toml",
        settings=config and config / "settings.toml",
        state=state and state / "screen.toml",
        themes=config and config / "themes",
    )


def _folder(variable: str, usual: Callable[[], Path]) -> Path | None:
    """Returns None if the user has no home, as in some containers."""
    if (chosen := os.environ.get(variable, "")).startswith("~"):  # quoted, so that no shell expanded it
        return expanded(chosen) / NAME
    try:
        folder = usual()
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb", "smb3", "smbfs", "9p", "lustre", "gpfs", "beegfs", "ceph", "afs"})


def is_remote(folder: Path, mountinfo: str) -> bool:
    """Returns whether the folder is on a file system of another computer."""
    path, longest, kind = os.path.realpath(folder), -1, ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = fields[4].encode().decode("unicode_escape") if "\\" in fields[4] else fields[4]
        if len(point) > longest and (path == point or path.startswith(point.rstrip("/") + "/")):
            longest, kind = len(point), after.split(" ")[0]
    return kind in _REMOTE or kind.startswith("fuse.")


def mounts() -> str:
    """Returns the kernel's table; empty where there is none."""
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
