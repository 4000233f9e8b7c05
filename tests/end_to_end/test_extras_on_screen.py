"""The calls beside the status call, as the real program makes them: what they show, and that they harm nothing."""

from pathlib import Path

import pytest

from tests.support.contract_extras import TRUTHS, tell
from tests.support.contract_server import ContractServer, Reply, Script, refusal
from tests.support.program import Home, row

HARM: dict[str, Script] = {
    "refused": refusal(403, "CB.00020001"),
    "nonsense": Reply(200, "\x1b[2J\x00{"),
    "web page": Reply(200, "<html><title>log in</title>", {"Content-Type": "text/html"}),
    "empty list with a total": Reply(200, {"result": {"total": 7, "job_list": []}, "status": "success"}),
    "failing": refusal(500, "CB.00030000"),
    "hang": "hang",
}


def start(folder: Path, server: ContractServer) -> Home:
    home = Home(folder, server.url)
    home.watch({truth.id: "" if truth.name == "ledger" else truth.name for truth in TRUTHS})
    return home


def test_every_outcome_the_failing_step_and_names_are_on_the_screen(tmp_path: Path) -> None:
    with ContractServer({truth.id: truth.name == "search" for truth in TRUTHS}) as server:
        tell(server, TRUTHS)
        with start(tmp_path, server).start(rows=24, columns=110) as terminal:
            text = terminal.wait_for(
                r"(?s)1 running  2 failed  1 timed out  1 aborted  1 passed.*step Sign ipa.*ledger"
            )
            marks = {
                "payments-api": "✓ passed",
                "mobile-ios": "● failed",
                "ledger": "○ aborted",
                "fraud": "○ timed out",
            }
            marks |= {"search": "▸ running", "legacy": "◦ idle", "events": "◦ idle", "web": "● failed"}
            for name, mark in marks.items():
                assert mark in row(text, name), text


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_whatever_they_do_the_statuses_are_shown_as_fast(tmp_path: Path, harm: Script) -> None:
    with ContractServer({truth.id: truth.name == "search" for truth in TRUTHS}) as server:
        server.every_extra = harm
        with start(tmp_path, server).start(rows=24, columns=110) as terminal:
            terminal.wait_for("1 running  7 idle")
            server.wait_for(lambda requests: any("/list" in request.path for request in requests))
            server.answers[TRUTHS[0].id] = True
            text = terminal.wait_for("2 running  6 idle")
            assert "▸ running" in row(text, "payments-api")
            assert "no answer" not in text
        asked = [request.path.partition("?")[0] for request in server.requests if "/status" not in request.path]
        kinds = ["/".join(part for part in path.split("/") if len(part) != 32 and not part.isdigit()) for path in asked]
        assert all(kinds.count(kind) <= 3 for kind in kinds), kinds
