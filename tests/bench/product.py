"""The product as it is started here: on a list of so many jobs, with files of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.bench.places import ENVIRONMENT, ROOT, job_id, label
from tests.bench.terminal import Terminal

COMMAND = [sys.executable, "-m", "tui"]


def pace(per_second: float, jobs: int) -> str:
    """Settings that ask `per_second` questions: every job as often as may be, stretched to the budget."""
    interval = max(1.0, jobs / per_second)
    return (
        f"[polling]\nrunning = {interval:.3f}\nidle = {interval:.3f}\n"
        f"requests_per_second = {per_second:g}\nconcurrency = 8\n"
    )


class Home:
    """One user's files, made anew under `folder`."""

    def __init__(self, folder: Path, jobs: int, port: int, settings: str = "") -> None:
        config = folder / "config" / "codearts-watch"
        config.mkdir(parents=True)
        (config / "settings.toml").write_text(settings)
        entries = (f'\n[[jobs]]\nid = "{job_id(n)}"\nlabel = "{label(n)}"\n' for n in range(1, jobs + 1))
        (config / "watchlist.toml").write_text("version = 1\n" + "".join(entries))
        self.env: Mapping[str, str] = {
            **ENVIRONMENT,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "CODEARTS_ENDPOINT": f"http://127.0.0.1:{port}",
            "CODEARTS_TOKEN": "x",
        }

    def open(self) -> Terminal:
        """The screen."""
        return Terminal(COMMAND, self.env, ROOT)
