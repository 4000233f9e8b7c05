"""`python3.11 .ci/lock.py`: write bundle.lock anew, with the newest releases that pyproject.toml allows.

On Python 3.11, because the newer ones need less.
"""

import argparse
import json
import subprocess
import sys
import tomllib

from bundle import ANY_PYTHON, LOCK, ROOT


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    if sys.version_info[:2] != (3, 11):
        sys.exit("Run this with Python 3.11: newer ones need less than 3.11 does.")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed", "--target=unused"]
    command = [*pip, *ANY_PYTHON, "--report=-", *wanted]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    LOCK.write_text("".join(sorted(map(_line, report["install"]), key=str.lower)), "utf-8")
    return 0


def _line(release: dict[str, dict[str, dict[str, dict[str, str]]]]) -> str:
    metadata, sha256 = release["metadata"], release["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{metadata['name']}=={metadata['version']} --hash=sha256:{sha256}\n"


sys.exit(main())
