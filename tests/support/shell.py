"""A shell of a user with a home of their own."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.contract_server import TOKEN

SETTINGS = "[polling]\nrunning = 1\nidle = 1\nrequests_per_second = 100\n"


class Shell:
    """A user with a home of their own, and `codearts-watch` on the path."""

    def __init__(self, folder: Path, url: str, token: str = TOKEN) -> None:
        program = folder / "bin" / "codearts-watch"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tui "$@"\n')
        program.chmod(0o755)
        self.config = folder / "config" / "codearts-watch"
        self.config.mkdir(parents=True)
        (self.config / "settings.toml").write_text(SETTINGS)
        self.env = {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "CODEARTS_ENDPOINT": url,
            "CODEARTS_TOKEN": token,
        }

    def watch(self, labels: Mapping[str, str]) -> None:
        """Write a watchlist: labels by job ID, empty for none."""
        jobs = (
            f'[[jobs]]\nid = "{job}"\n' + (f"label = {json.dumps(label, ensure_ascii=False)}\n" if label else "")
            for job, label in labels.items()
        )
        (self.config / "watchlist.toml").write_text("version = 1\n" + "".join(jobs))

    def run(self, script: str, given: str = "", env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        done = subprocess.run(
            ["bash", "-c", script],
            input=given.encode(),
            capture_output=True,
            timeout=60,
            env={**self.env, **(env or {})},
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["codearts-watch", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env
        )
