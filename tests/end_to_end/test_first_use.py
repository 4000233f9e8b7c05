"""A first day: jobs are added as people have them, watched, named, removed and found again the next morning."""

from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.long_run import SIZES
from tests.support.program import Home, flowing
from tests.support.terminal import Terminal

NIGHTLY = "901878212b1a49be9c1a1054c272762a"
RELEASE = "4d1b6c0f2a8e4c7f9b3d5e6f7a8b9c0d"
LINT = "b7e2a91c4f0d4e3a8c6b5d2f1e0a9876"
PROJECT = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
ADDRESS = f"https://devcloud.cn-north-4.huaweicloud.com/codeci/project/{PROJECT}/codeci/detail/history/{NIGHTLY}?tab=1"
PASTES = (ADDRESS, RELEASE, f"project {PROJECT}, job {LINT}")


def add(terminal: Terminal, text: str, also: str = "1 new") -> None:
    """Paste it onto the table and take the preview's offer, once that says this too."""
    terminal.paste(text)
    terminal.wait_for("1 new")
    terminal.wait_for(lambda shown: also in flowing(shown))
    terminal.press("enter")
    terminal.gone("Add jobs")


def name(terminal: Terminal, label: str) -> None:
    terminal.press("L")
    terminal.wait_for("Label of")
    terminal.press(*label, "enter")
    terminal.gone("Label of")
    terminal.wait_for(f"(running|idle) .*{label}")


@SIZES
def test_from_the_first_paste_to_the_next_start(tmp_path: Path, rows: int, columns: int) -> None:
    with ContractServer({NIGHTLY: True, RELEASE: False, LINT: True}) as server:
        home = Home(tmp_path, server.url)
        with home.start(rows=rows, columns=columns) as terminal:
            terminal.wait_for("No jobs yet")
            reasons = ("1 new", "1 new", "labelled as a project's ID")
            for text, label, reason in zip(PASTES, ("nightly", "release", "lint"), reasons, strict=True):
                add(terminal, text, reason)
                name(terminal, label)
            terminal.wait_for(r"^ *2 running +1 idle")

            server.answers |= {NIGHTLY: False, RELEASE: True}
            terminal.wait_for(r"◦ idle +just now +nightly")
            terminal.wait_for(r"▸ running +\d+s +release")

            terminal.press("up")
            terminal.wait_for("› .*release")
            before = home.watchlist.read_bytes()
            terminal.press("x")
            terminal.wait_for("Removed release")
            assert "release" not in home.watchlist.read_text()
            terminal.press("u")
            terminal.wait_for("running .*release")
            assert home.watchlist.read_bytes() == before
            terminal.press("q")
            assert terminal.wait_exit() == 0
            assert terminal.left_behind() == ()

        with home.start(rows=rows, columns=columns) as terminal:
            terminal.wait_for(r"(?s)idle .*nightly.*running .*release.*running .*lint")
            assert home.watchlist.read_bytes() == before
            assert {request.method for request in server.requests} == {"GET"}


def test_what_the_page_was_is_kept_with_the_job(tmp_path: Path) -> None:
    with ContractServer({NIGHTLY: True}) as server, Home(tmp_path, server.url).start() as terminal:
        terminal.wait_for("No jobs yet")
        add(terminal, ADDRESS)
        terminal.wait_for("running")
        terminal.press("o")
        terminal.wait_for("(?s)Page of.*devcloud.cn-north-4")
        terminal.press("escape")
        terminal.gone("Page of")
        assert b"\x1b]8;" in terminal.raw
