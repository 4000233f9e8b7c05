"""Which file systems belong to another computer, as the kernel's table of mounts says."""

import os
import re
from pathlib import Path

_REMOTE = re.compile(r"nfs4?|cifs|smb3?|smbfs|9p|fuse\..*|lustre|gpfs|beegfs|ceph|afs")


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
    return bool(_REMOTE.fullmatch(kind))


def mounts() -> str:
    """Returns the kernel's table; empty where there is none."""
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""
