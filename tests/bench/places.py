"""What the programs that are measured share: folder, environment, and the jobs' names."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
}
"""Nothing of the person who measures: no proxy, no colour setting, no wish to do without compiled files."""

THIRD_ROW = rb"build-00003"
"""What is written when the list is on the screen."""
CURSOR = "›".encode()


def job_id(number: int) -> str:
    return f"{number:032x}"


def label(number: int) -> str:
    return f"build-{number:05} {('linux', 'macos', 'docs', 'lint')[number % 4]}"


def floor(module: str, *arguments: object) -> list[str]:
    """The command of one of our floors."""
    return [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
