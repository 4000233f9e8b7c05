"""The program in a home of its own, whose settings make it ask every second."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.support.builders import job_id
from tests.support.contract_server import TOKEN, Answers
from tests.support.history_files import fill
from tests.support.terminal import Terminal
from tui.clock import now

SETTINGS = "[polling]\nrunning = 1\nidle = 1\nrequests_per_second = 50\n"
ASKED_ONCE = "[polling]\nrunning = 3600\nidle = 3600\nrequests_per_second = 100\n"
"""For tests in which nothing happens at the service: each job is read at the start, and then when a key asks for it."""


class Home:
    """A user's files under `folder`, and the program as that user starts it."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9", settings: str = SETTINGS) -> None:
        self.folder = folder
        self.config = folder / "config" / "codearts-watch"
        self.watchlist = self.config / "watchlist.toml"
        self.settings = self.config / "settings.toml"
        self.token = self.config / "token"
        self.config.mkdir(parents=True)
        self.settings.write_text(settings)
        self.sign_in(TOKEN)
        self.env = {
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "CODEARTS_ENDPOINT": url,
            "CODEARTS_TOKEN_FILE": str(self.token),
        }

    def sign_in(self, token: str) -> None:
        """Put a new token file in the old one's place."""
        new = self.token.with_name("token.new")
        new.write_text(token)
        new.chmod(0o600)
        new.replace(self.token)

    def watch(self, labels: Mapping[str, str]) -> None:
        """Write a watchlist: labels by job ID."""
        jobs = (f'\n[[jobs]]\nid = "{job}"\nlabel = "{label}"\n' for job, label in labels.items())
        self.watchlist.write_text("version = 1\n" + "".join(jobs))

    def keep_order(self) -> None:
        """The rows keep the order of the watchlist, whatever wants attention."""
        state = self.folder / "state" / "codearts-watch" / "screen.toml"
        state.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        state.write_text('sort = "list"\n')

    def remember(self, jobs: Iterable[str]) -> None:
        """Write a history of these jobs."""
        fill(self.folder / "state", jobs, now)

    def start(
        self,
        *arguments: str,
        rows: int = 24,
        columns: int = 80,
        env: Mapping[str, str] | None = None,
        told: tuple[int, int] | None = None,
    ) -> Terminal:
        return Terminal(command(*arguments), {**self.env, **(env or {})}, rows, columns, told=told)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui", *arguments]


def numbered(count: int, script: bool = False) -> tuple[dict[str, str], Answers]:
    """So many jobs called `job 001`, `job 002`…: their labels, and answers that are all the same."""
    jobs = [str(job_id(number)) for number in range(1, count + 1)]
    return {job: f"job {number:03}" for number, job in enumerate(jobs, 1)}, dict.fromkeys(jobs, script)


def row(text: str, name: str) -> str:
    """The line of this job; empty when it is not shown."""
    return next((line for line in text.splitlines() if name in line), "")


def flowing(text: str) -> str:
    """What a dialog says, without its frame and line ends."""
    return " ".join(text.replace("│", " ").split())
