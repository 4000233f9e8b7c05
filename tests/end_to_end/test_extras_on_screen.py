"""The calls beside the status call, as the real program makes them: what they show, and that they harm nothing."""

from pathlib import Path

import pytest

from tests.support.contract_extras import HARM, TRUTHS, TrueJob, one_after_the_other, tell
from tests.support.contract_server import ContractServer, Script
from tests.support.hostile_texts import OBEYED, PLAIN_HOSTILE, control_characters
from tests.support.long_run import takes_minutes
from tests.support.program import Home, row

QUIET = 1500
"""Bytes that five readings of each job may cause: times that go by, and nothing else."""


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
            terminal.press("e")
            terminal.wait_for("› ● failed .* mobile-ios")
            terminal.press("e")
            terminal.wait_for("(?s)Why the build failed.*failed +#12.*Sign ipa.*expired.*Renew it.*CB.2017")
            terminal.press("escape")
            terminal.gone("Why the build failed")
            terminal.press("l")
            terminal.wait_for("(?s)Log of mobile-ios, build #12, failed.*bad")
            terminal.press("escape")
            terminal.gone("Log of mobile-ios")
            terminal.press("O")
            terminal.wait_for("Payments")
            terminal.press("down", "enter")
            terminal.wait_for("(?s)Find jobs: Payments.*payments-api +watched.*8 jobs")


@pytest.mark.parametrize(
    "harm",
    [one_after_the_other(), *(pytest.param(harm, marks=takes_minutes) for harm in HARM.values())],
    ids=["all together", *HARM],
)
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
            drawn, asked = terminal.bytes_of_whole_frames(), len(server.requests)
            server.wait_for(lambda requests: len(requests) >= asked + 5 * len(TRUTHS))
            assert terminal.bytes_of_whole_frames() - drawn < QUIET
        paths = [request.path.partition("?")[0] for request in server.requests if "/status" not in request.path]
        kinds = ["/".join(part for part in path.split("/") if len(part) != 32 and not part.isdigit()) for path in paths]
        assert all(kinds.count(kind) <= 3 for kind in kinds), kinds


def test_hostile_names_branches_messages_and_logs_stay_in_their_places(tmp_path: Path) -> None:
    text, log = PLAIN_HOSTILE, f"first\n{PLAIN_HOSTILE}\nlast\n"
    truth = TrueJob(f"{2:032x}", text, "FAILURE", 12, log=log)
    truth = truth._replace(step=text, code=text, message=text, faq=text, branch=text, by=text)
    with ContractServer({truth.id: False}) as server:
        tell(server, [truth])
        home = Home(tmp_path, server.url)
        home.watch({truth.id: ""})
        with home.start(rows=30, columns=120) as terminal:
            terminal.wait_for("1 failed")
            for key, shown in (("d", "last run +"), ("e", "Why the build failed"), ("l", "Log of (?s:.*)last")):
                terminal.press(key)
                terminal.wait_for(shown)
                assert not control_characters("".join(terminal.lines))
                assert not OBEYED.findall(terminal.raw.replace(b"\x1b]8;;\x1b\\", b""))
                terminal.press("escape")
                terminal.gone(shown)
            terminal.press("O")
            terminal.wait_for("Payments")
            terminal.press("enter")
            terminal.wait_for("watched")
            assert terminal.title == ""
            assert not OBEYED.findall(terminal.raw.replace(b"\x1b]8;;\x1b\\", b""))
