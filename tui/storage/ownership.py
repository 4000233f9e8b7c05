"""Who may change a file: the rules that ssh has for its own.

The one-file program uses it before it is unpacked: it imports the standard library alone.
"""

import grp
import os
import pwd
import stat
from pathlib import Path


def is_open_to_all(found: os.stat_result) -> bool:
    """Whether everybody may put files into this folder and take away those of others."""
    return bool(found.st_mode & stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX


def is_ours(found: os.stat_result) -> bool:
    """Whether this user owns it, or root."""
    return found.st_uid in (0, os.geteuid())


def is_written_by_others(found: os.stat_result) -> bool:
    """Whether everybody may write it, or a group with somebody else in it."""
    return bool(found.st_mode & stat.S_IWOTH) or (bool(found.st_mode & stat.S_IWGRP) and not is_private(found.st_gid))


def is_private(group: int) -> bool:
    """Whether this user is alone in the group but for root: Debian and RHEL give every user such a group.

    Not every host can list its users, so the group must also be named or numbered like the user.
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


def is_closed(folder: Path) -> bool:
    """Whether it is a real folder of this user's, and nobody else may write into it."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def leads_safely(folder: Path) -> bool:
    """Whether nobody but this user and root can put another folder in its place: neither where its name leads through,
    nor where its links end."""
    real = folder.resolve()
    return all(_is_safe_step(step.lstat()) for path in (folder, real) for step in (path, *path.parents))


def _is_safe_step(found: os.stat_result) -> bool:
    if stat.S_ISLNK(found.st_mode):  # of a link the mode means nothing
        return is_ours(found)
    return is_ours(found) and (bool(found.st_mode & stat.S_ISVTX) or not is_written_by_others(found))
