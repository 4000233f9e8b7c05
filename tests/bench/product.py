"""The product as it is started here: on a list of so many jobs, with files of its own."""

import sys
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


def full_speed(port: int, profiles: int) -> str:
    """Settings of profiles that ask one question after another, 100 a second at the most each.

    Each has a token of its own, since profiles with the same one share a budget.
    """
    each = (
        f'[profiles.p{number}]\nendpoint = "http://127.0.0.1:{port}"\ntoken_env = "TOKEN_{number}"\n'
        for number in range(profiles)
    )
    polling = "[polling]\nrunning = 1\nidle = 1\nrequests_per_second = 100\nconcurrency = 1\n"
    return 'default_profile = "p0"\n' + polling + "".join(each)


class Home:
    """One user's files, made anew under `folder`. If there are profiles, `p0` and on, the jobs are theirs in turn.

    `sort` is the order that the user chose; empty for the automatic one.
    """

    def __init__(
        self, folder: Path, jobs: int, port: int, settings: str = "", profiles: int = 0, sort: str = ""
    ) -> None:
        config = folder / "config" / "codearts-watch"
        config.mkdir(parents=True)
        (config / "settings.toml").write_text(settings)
        entries = []
        for number in range(1, jobs + 1):
            entries.append(f'\n[[jobs]]\nid = "{job_id(number)}"\nlabel = "{label(number)}"\n')
            if profiles:
                entries.append(f'profile = "p{number % profiles}"\n')
        (config / "watchlist.toml").write_text("version = 1\n" + "".join(entries))
        state = folder / "state" / "codearts-watch"
        state.mkdir(parents=True, mode=0o700)
        (state / "screen.toml").write_text(f'sort = "{sort}"\n')
        self.env: dict[str, str] = {
            **ENVIRONMENT,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_STATE_HOME": str(folder / "state"),
            "CODEARTS_TOKEN": "x",
            **{f"TOKEN_{number}": f"x{number}" for number in range(profiles)},
            **({} if profiles else {"CODEARTS_ENDPOINT": f"http://127.0.0.1:{port}"}),
        }

    def open(self) -> Terminal:
        """The screen."""
        return Terminal(COMMAND, self.env, ROOT)
