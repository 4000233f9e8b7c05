"""The first moments: what is typed before the first frame, and what turns out wrong after it."""

from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.program import Home, numbered
from tests.support.terminal import Terminal

NEW = "901878212b1a49be9c1a1054c272762a"


def opened(terminal: Terminal) -> None:
    """The terminal is the program's, and nothing has been drawn yet."""
    terminal.wait_for(lambda text: b"\x1b[?1049h" in terminal.raw)


def test_keys_typed_before_the_first_frame_act_when_it_is_there(tmp_path: Path) -> None:
    labels, answers = numbered(9)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start() as terminal:
            opened(terminal)
            terminal.press("j", "j")
            terminal.wait_for("› .*job 003")
            terminal.wait_for("9 idle")
            terminal.press("q")
            assert terminal.wait_exit() == 0


def test_a_paste_before_the_first_frame_opens_the_preview(tmp_path: Path) -> None:
    with ContractServer({NEW: True}) as server, Home(tmp_path, server.url).start() as terminal:
        opened(terminal)
        terminal.paste(NEW)
        terminal.wait_for("1 new")
        terminal.press("enter")
        terminal.wait_for("1 running")


def test_a_profile_that_can_never_work_ends_it_with_a_sentence(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for variable, said in (("CODEARTS_PROFILE", "nowhere"), ("CODEARTS_ENDPOINT", "http://build.example.com")):
        with home.start(env={variable: said}) as terminal:
            terminal.wait_for(said.removeprefix("http://"))
            assert terminal.wait_exit() == 2
            assert terminal.left_behind() == ()
            assert "Traceback" not in terminal.text
