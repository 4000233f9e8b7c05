"""Two instances on one watchlist: both add at the same time, and each shows what the other added."""

import tomllib
from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.long_run import by_length
from tests.support.program import Home, numbered


def test_nothing_that_either_adds_is_lost(tmp_path: Path) -> None:
    labels, answers = numbered(by_length(4, 24), script=True)
    jobs = list(labels)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        with home.start() as left, home.start() as right:
            for terminal in (left, right):
                terminal.wait_for("No jobs yet")
            for pair in range(0, len(jobs), 2):
                both = ((left, jobs[pair]), (right, jobs[pair + 1]))
                for terminal, job in both:
                    terminal.paste(job)
                    terminal.wait_for("1 new")
                for terminal, _ in both:
                    terminal.press("enter")
                for terminal, _ in both:
                    terminal.gone("Add jobs")
            for terminal in (left, right):
                terminal.wait_for(f"{len(jobs)} running")
            left.press("g", "x")  # g: on a row that came under the cursor by itself x would only say so
            right.wait_for(f"{len(jobs) - 1} running")
            left.press("u")
            right.wait_for(f"{len(jobs)} running")
        kept = [job["id"] for job in tomllib.loads(home.watchlist.read_text())["jobs"]]
        assert sorted(kept) == sorted(jobs)
